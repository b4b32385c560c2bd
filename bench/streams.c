/* streams.c - 2,000 and 10,000 desks that wait for news: memory of each (goal 20 kB), CPU of all
 * while nothing happens, time until one event has reached all (goal 1 s), and whether a descriptor
 * is left when all are gone. Then, with MINUTES, on a store that has 60,000 posts and on which all
 * threads have worked: posts come in, lists are asked for and desks come and go for so long, and
 * how fast memory grows after the first third (goal 1 MB an hour).
 * bench_streams ZURUF SOURCE [FOLDER [MINUTES]]    exit 1 when a goal is missed */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "flood.h"
#include "house.h"

enum {
    IDLE_S = 20,
    PATIENCE_S = 60,
    BATCH = 5,
    SLOPE_STREAMS = 500,
    FILL = 60000,
    FILL_BATCH = 100,
    WARM_CONNECTIONS = 64,
    WARM_TURNS = 50
};
static const double MB = 1e6;

struct bench {
    struct house h;
    struct texts t;
    struct buf scratch;
    int64_t next;
};

/* Over a new connection: the server ends one that was silent for long. */
static void post(struct bench *b)
{
    int fd = house_connect(&b->h);
    house_post(&b->h, fd, &b->t, b->next, BATCH, &b->scratch);
    close(fd);
    b->next += BATCH;
}

static void wait_streams(struct flood *f, int n)
{
    struct flood_figures g;
    int64_t until = flood_micros() + PATIENCE_S * 1000000LL;
    do {
        house_wait(0.02);
        flood_read(f, &g);
        errno = 0;
        if (flood_micros() > until)
            fail("not all event streams have begun");
    } while (g.streams < n);
}

/* Microseconds from the request that makes the event until the last stream has it. */
static int64_t one_event(struct bench *b, struct flood *f, int n)
{
    struct flood_figures g;
    int64_t from = flood_micros(), until = from + PATIENCE_S * 1000000LL;
    post(b);
    do {
        house_wait(0.001);
        flood_read(f, &g);
        errno = 0;
        if (flood_micros() > until)
            fail("not all event streams have had the event");
    } while (g.told < n);
    return g.told_last - from;
}

/* Until those that left are noticed: what is told to them shows it. */
static void wait_gone(struct bench *b, int sockets)
{
    int64_t until = flood_micros() + PATIENCE_S * 1000000LL;
    while (house_sockets(&b->h) > sockets) {
        post(b);
        house_wait(0.1);
        errno = 0;
        if (flood_micros() > until)
            fail("sockets of streams that left stay open");
    }
}

static bool streams(struct bench *b, int n)
{
    struct memory before, after;
    struct flood_figures g;
    char name[80];
    int sockets = house_sockets(&b->h);
    house_memory(&b->h, &before);
    struct flood *f = flood_start(flood_find("streams"), b->h.port, n, b->h.cookie);
    wait_streams(f, n);
    house_memory(&b->h, &after);
    snprintf(name, sizeof name, "memory of an idle event stream, of %d", n);
    bool good = report(name, after.rss - before.rss, n, "bytes / streams", 20000, true);
    double cpu = house_cpu(&b->h);
    house_wait(IDLE_S);
    snprintf(name, sizeof name, "CPU of %d idle event streams", n);
    good = report(name, (house_cpu(&b->h) - cpu) * 100, IDLE_S, "% of a core", 5, true) && good;
    snprintf(name, sizeof name, "one post's event to %d streams", n);
    good = report(name, (double)one_event(b, f, n) / 1000, 1, "ms", 1000, true) && good;
    flood_stop(f, &g);
    wait_gone(b, sockets);
    return good;
}

/* Least squares of memory over time, in bytes a second. */
static double slope(const double *at, const double *bytes, int n)
{
    double x = 0, y = 0, xx = 0, xy = 0;
    for (int i = 0; i < n; i++)
        x += at[i] / n, y += bytes[i] / n;
    for (int i = 0; i < n; i++)
        xx += (at[i] - x) * (at[i] - x), xy += (at[i] - x) * (bytes[i] - y);
    return xx > 0 ? xy / xx : 0;
}

static void get(struct bench *b, int fd, const char *path)
{
    char ask[400];
    snprintf(ask, sizeof ask, "GET %s HTTP/1.1\r\nHost: bench\r\nCookie: %s\r\n\r\n", path,
             b->h.cookie);
    errno = 0;
    if (house_ask(fd, str_z(ask), &b->scratch) != 200)
        fail(path);
}

/* So that each thread's connection to the store has read what it keeps, and each heap has grown to
 * what the work needs. */
static void fill_and_warm(struct bench *b)
{
    static const char *const pages[] = {"/desk", "/desk/search?q=rechnung", "/desk/search?q=app",
                                        "/desk?view=all"};
    int fd = house_connect(&b->h);
    for (int i = 0; i < FILL; i += FILL_BATCH, b->next += FILL_BATCH)
        house_post(&b->h, fd, &b->t, b->next, FILL_BATCH, &b->scratch);
    close(fd);
    int fds[WARM_CONNECTIONS];
    for (int i = 0; i < WARM_CONNECTIONS; i++)
        fds[i] = house_connect(&b->h);
    for (int turn = 0; turn < WARM_TURNS; turn++) {
        post(b); /* else a page is shown that was kept */
        for (int i = 0; i < WARM_CONNECTIONS; i++)
            get(b, fds[i], pages[(turn + i) % 4]);
    }
    for (int i = 0; i < WARM_CONNECTIONS; i++)
        close(fds[i]);
}

static bool growth(struct bench *b, double minutes)
{
    enum { SAMPLES = 4000 };
    static double at[SAMPLES], bytes[SAMPLES];
    struct memory m;
    struct flood_figures g;
    struct probe_figures p;
    int n = 0;
    fill_and_warm(b);
    struct probe *probe = probe_start(b->h.port, "/desk", b->h.cookie);
    int64_t from = flood_micros(), length = (int64_t)(minutes * 60e6);
    for (int turn = 0; flood_micros() - from < length; turn++) {
        struct flood *f = flood_start(flood_find("streams"), b->h.port, SLOPE_STREAMS, b->h.cookie);
        wait_streams(f, SLOPE_STREAMS);
        for (int i = 0; i < 10; i++) {
            post(b);
            house_wait(0.2);
        }
        house_memory(&b->h, &m);
        flood_stop(f, &g);
        if (flood_micros() - from > length / 3 && n < SAMPLES) {
            at[n] = (double)flood_micros() / 1e6;
            bytes[n++] = m.anonymous;
        }
    }
    probe_stop(probe, &p);
    printf("%lld posts, %d lists, memory of its own %.1f to %.1f MB in %d samples\n",
           (long long)b->next, p.answers, bytes[0] / MB, bytes[n ? n - 1 : 0] / MB, n);
    return report("growth of memory under load", slope(at, bytes, n) * 3600 / MB, 1, "MB an hour",
                  1, true);
}

int main(int argc, char **argv)
{
    struct bench b = {0};
    if (argc < 3) {
        fprintf(stderr, "usage: bench_streams ZURUF SOURCE [FOLDER [MINUTES]]\n");
        return 2;
    }
    setenv("ZURUF_STREAMS_PER_AGENT", "20000", 1);
    texts_read(&b.t, argv[2]);
    house_make(&b.h, argc > 3 ? argv[3] : "/tmp", NULL);
    house_serve(&b.h, argv[1]);
    buf_init(&b.scratch, REQUEST_MAX);
    post(&b);
    bool good = streams(&b, 2000);
    good = streams(&b, 10000) && good;
    if (argc > 4)
        good = growth(&b, strtod(argv[4], NULL)) && good;
    house_remove(&b.h);
    buf_deinit(&b.scratch);
    texts_free(&b.t);
    return good ? 0 : 1;
}
