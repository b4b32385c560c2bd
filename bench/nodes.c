/* nodes.c - posts by API in batches of 100 into one account, a client for each node, on SQLite and
 * on PostgreSQL with one, two and three nodes, in turns in one run. Prints a line of TSV each:
 * engine, nodes, posts, seconds, posts a second.
 *   tests/with-pg --fsync bench_nodes ZURUF SOURCE [FOLDER] */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <libpq-fe.h>

#include "base/clock.h"
#include "base/threads.h"
#include "house.h"

enum { NODES_MAX = 3, SECONDS = 6, BATCH = 100, WARM = 3, TURNS = 2 };

struct client {
    const struct house *house;
    const struct texts *texts;
    pthread_t thread;
    int64_t from, until, start, posts;
};

static void *post_on(void *p)
{
    struct client *c = p;
    struct buf scratch;
    buf_init(&scratch, REQUEST_MAX);
    int fd = house_connect(c->house);
    for (int64_t n = 0; clock_mono() < c->until; n++) {
        house_post(c->house, fd, c->texts, c->from + n * BATCH, BATCH, &scratch);
        if (n >= WARM)
            c->posts += BATCH;
        if (n <= WARM)
            c->start = clock_mono();
    }
    close(fd);
    buf_deinit(&scratch);
    return NULL;
}

static void empty_database(const char *url)
{
    PGconn *c = PQconnectdb(url);
    PGresult *r = PQexec(c, "SET client_min_messages = error; DROP SCHEMA public CASCADE;"
                            " CREATE SCHEMA public");
    if (PQresultStatus(r) != PGRES_COMMAND_OK)
        fail(PQerrorMessage(c));
    PQclear(r);
    PQfinish(c);
}

static void measure(const char *zuruf, const char *folder, const struct texts *t, const char *url,
                    int nodes)
{
    struct house h[NODES_MAX];
    struct client clients[NODES_MAX];
    int64_t posts = 0, start = 0;
    if (url)
        empty_database(url);
    house_make(&h[0], folder, url);
    for (int i = 1; i < nodes; i++)
        house_join(&h[i], &h[0], folder);
    for (int i = 0; i < nodes; i++) {
        house_serve(&h[i], zuruf);
        clients[i] = (struct client){.house = &h[i],
                                     .texts = t,
                                     .from = (int64_t)i * 10000000,
                                     .until = clock_mono() + SECONDS * CLOCK_SECOND};
    }
    for (int i = 0; i < nodes; i++) {
        clients[i].until = clock_mono() + SECONDS * CLOCK_SECOND;
        if (thread_start(&clients[i].thread, "client", post_on, &clients[i]) != ERR_OK)
            fail("no thread");
    }
    for (int i = 0; i < nodes; i++) {
        pthread_join(clients[i].thread, NULL);
        posts += clients[i].posts;
        start = clients[i].start > start ? clients[i].start : start;
    }
    double seconds = (double)(clock_mono() - start) / 1000;
    printf("%s\t%d\t%lld\t%.1f\t%.0f\n", url ? "postgresql" : "sqlite", nodes, (long long)posts,
           seconds, (double)posts / seconds);
    fflush(stdout);
    for (int i = nodes - 1; i >= 0; i--) {
        house_stop(&h[i]);
        house_remove(&h[i]);
    }
}

int main(int argc, char **argv)
{
    const char *url = getenv("ZURUF_TEST_PG"), *folder = argc > 3 ? argv[3] : "/tmp";
    struct texts t;
    if (argc < 3 || !url) {
        fprintf(stderr, "usage: tests/with-pg --fsync bench_nodes ZURUF SOURCE [FOLDER]\n");
        return 2;
    }
    texts_read(&t, argv[2]);
    printf("engine\tnodes\tposts\tseconds\tposts/s\n");
    for (int turn = 0; turn < TURNS; turn++) {
        measure(argv[1], folder, &t, NULL, 1);
        for (int nodes = 1; nodes <= NODES_MAX; nodes++)
            measure(argv[1], folder, &t, url, nodes);
    }
    texts_free(&t);
    return 0;
}
