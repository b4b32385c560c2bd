/* attack.c - how long an honest agent waits for the list of a brand with 1,000 posts (p99) while
 * clients that mean harm do what they do (bench/flood.h), beside the same without them; how much
 * memory the server takes meanwhile, and which sockets it still holds afterwards.
 * bench_attack ZURUF SOURCE [FOLDER [SECONDS]]    SECONDS: for each attack (12); exit 1 when a goal
 * is missed */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "flood.h"
#include "house.h"

enum { POSTS = 1000, BATCH = 100, SECONDS = 12, PATIENCE_S = 40 };
static const double MB = 1e6;

static const struct {
    const char *kind;
    int n;
} attacks[] = {{"silent", 5000},     {"slow-head", 5000},    {"slow-body", 5000},
               {"slow-read", 5000},  {"large-header", 50},   {"many-headers", 50},
               {"large-length", 50}, {"endless-chunks", 50}, {"pipeline", 4},
               {"logins", 200}};

static double probe_for(const struct house *h, double seconds, struct probe_figures *out)
{
    struct probe *p = probe_start(h->port, "/desk", h->cookie);
    house_wait(seconds);
    probe_stop(p, out);
    if (out->failed) {
        errno = 0;
        fail("an honest request was not answered");
    }
    return out->p99_ms;
}

static bool attack(const struct house *h, const char *kind, int n, double seconds, double quiet)
{
    struct memory before, during;
    struct flood_figures f;
    struct probe_figures p;
    char name[80];
    int sockets = house_sockets(h);
    house_memory(h, &before);
    struct flood *flood = flood_start(flood_find(kind), h->port, n, h->cookie);
    probe_for(h, seconds, &p);
    house_memory(h, &during);
    flood_stop(flood, &f);
    snprintf(name, sizeof name, "p99 during %s, %d connections", kind, n);
    bool good = report(name, p.p99_ms, 1, "ms", 100, true);
    printf(
        "  p50 %.2f ms, most %.1f ms of %d; in peace p99 %.2f ms; %lld answers to the attack: %lld "
        "of 2xx, %lld of 4xx, %lld of 5xx\n",
        p.p50_ms, p.most_ms, p.answers, quiet, (long long)f.answers, (long long)f.status[2],
        (long long)f.status[4], (long long)f.status[5]);
    snprintf(name, sizeof name, "memory during %s", kind);
    good = report(name, during.rss - before.rss, MB, "bytes / MB more", 100, true) && good;
    int64_t until = flood_micros() + PATIENCE_S * 1000000LL;
    while (house_sockets(h) > sockets && flood_micros() < until)
        house_wait(0.05);
    errno = 0;
    if (house_sockets(h) > sockets)
        fail("sockets of clients that left stay open");
    return good;
}

int main(int argc, char **argv)
{
    struct house h;
    struct texts t;
    struct buf scratch;
    struct probe_figures p;
    if (argc < 3) {
        fprintf(stderr, "usage: bench_attack ZURUF SOURCE [FOLDER [SECONDS]]\n");
        return 2;
    }
    double seconds = argc > 4 ? strtod(argv[4], NULL) : SECONDS;
    texts_read(&t, argv[2]);
    house_make(&h, argc > 3 ? argv[3] : "/tmp", NULL);
    house_serve(&h, argv[1]);
    buf_init(&scratch, REQUEST_MAX);
    int fd = house_connect(&h);
    for (int64_t n = 0; n < POSTS; n += BATCH)
        house_post(&h, fd, &t, n, BATCH, &scratch);
    close(fd);
    double quiet = probe_for(&h, seconds, &p);
    bool good = report("p99 in peace", quiet, 1, "ms", 100, true);
    for (size_t i = 0; i < sizeof attacks / sizeof *attacks; i++)
        good = attack(&h, attacks[i].kind, attacks[i].n, seconds, quiet) && good;
    house_remove(&h);
    buf_deinit(&scratch);
    texts_free(&t);
    return good ? 0 : 1;
}
