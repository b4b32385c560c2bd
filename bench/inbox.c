/* inbox.c - the list of a brand with 10,000 open cases: requests a second over loopback as a share
 * of a hello page on the bare HTTP library with the same options, in turns in one run, and the
 * slowest of a hundred answers (p99). The load comes from wrk, 32 connections with the cookie of
 * one agent. Meanwhile nothing arrives ("quiet"), or posts come in by API at a steady pace
 * ("busy"), which changes cases all the time. bench_inbox ZURUF SOURCE [FOLDER]    exit 1 when a
 * goal is missed */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <microhttpd.h>

#include "base/clock.h"
#include "house.h"

enum {
    CASES = 10000,
    ROUNDS = 3,
    SECONDS = 3,
    CONNECTIONS = 32,
    BATCH = 100,
    PAUSE_MS = 500,
    BUSY_BATCH = 5
};
enum { THREADS = 16, POOL = 9 << 10, CONNECTIONS_MAX = 19000 }; /* as src/http/server.c has them */

static enum MHD_Result hello(void *cls, struct MHD_Connection *connection, const char *url,
                             const char *method, const char *version, const char *upload,
                             size_t *upload_size, void **context)
{
    (void)cls, (void)url, (void)method, (void)version, (void)upload, (void)upload_size;
    static int seen;
    if (!*context) {
        *context = &seen;
        return MHD_YES;
    }
    struct MHD_Response *r =
        MHD_create_response_from_buffer(5, (void *)"hello", MHD_RESPMEM_PERSISTENT);
    enum MHD_Result ok = MHD_queue_response(connection, 200, r);
    MHD_destroy_response(r);
    return ok;
}

struct load {
    double requests, per_second, p99_ms;
};

/* wrk says "  99%  12.34ms", "Requests/sec:  1234.56" and how many answers were not 2xx. */
static void wrk(int port, const char *what, const char *cookie, struct load *out)
{
    char command[600], line[300], unit[8];
    double v;
    snprintf(command, sizeof command,
             "wrk -t1 -c%d -d%ds --latency -H 'Cookie: %s' %s http://127.0.0.1:%d/desk",
             CONNECTIONS, SECONDS, cookie, what, port);
    FILE *f = popen(command, "r");
    *out = (struct load){0};
    while (f && fgets(line, sizeof line, f)) {
        if (sscanf(line, " 99%% %lf%7s", &v, unit) == 2)
            out->p99_ms = strncmp(unit, "us", 2) == 0   ? v / 1000
                          : strncmp(unit, "ms", 2) == 0 ? v
                                                        : v * 1000;
        sscanf(line, "Requests/sec: %lf", &out->per_second);
        errno = 0;
        if (strstr(line, "Non-2xx"))
            fail(line);
    }
    if (!f || pclose(f) != 0 || out->per_second <= 0)
        fail("wrk did not run; install the package wrk");
    out->requests = out->per_second * SECONDS;
}

struct feeder {
    const struct house *house;
    const struct texts *texts;
    int64_t next;
    atomic_bool stop;
};

static void *feed(void *p)
{
    struct feeder *f = p;
    struct buf scratch;
    int fd = house_connect(f->house);
    buf_init(&scratch, REQUEST_MAX);
    while (!f->stop) {
        house_post(f->house, fd, f->texts, f->next, BUSY_BATCH, &scratch);
        f->next += BUSY_BATCH;
        nanosleep(&(struct timespec){.tv_nsec = PAUSE_MS * 1000000L}, NULL);
    }
    buf_deinit(&scratch);
    close(fd);
    return NULL;
}

/* A query of its own for each request, so that nothing kept fits and each page is read and
 * rendered. */
static const char anew[] = "local n = 0\nrequest = function()\n  n = n + 1\n"
                           "  return wrk.format('GET', '/desk?n=' .. n)\nend\n";

static void write_script(const char *path)
{
    FILE *f = fopen(path, "w");
    if (!f || fputs(anew, f) < 0 || fclose(f))
        fail(path);
}

static double middle(const double v[ROUNDS])
{
    double low = v[0] < v[1] ? v[0] : v[1], high = v[0] < v[1] ? v[1] : v[0];
    return v[2] < low ? low : v[2] > high ? high : v[2];
}

/* more: further options of wrk. */
static bool measure(const struct house *h, int bare_port, const char *what, const char *more,
                    struct feeder *f)
{
    struct load one, bare = {0}, own = {0};
    char name[80];
    double cpu = 0, p99[ROUNDS], bare_p99[ROUNDS];
    pthread_t thread;
    if (f && pthread_create(&thread, NULL, feed, f))
        fail("no thread");
    for (int i = 0; i < ROUNDS; i++) { /* in turns, so that a noisy moment meets both */
        wrk(bare_port, "", h->cookie, &one);
        bare.per_second += one.per_second / ROUNDS;
        bare_p99[i] = one.p99_ms;
        double before = house_cpu(h);
        wrk(h->port, more, h->cookie, &one);
        cpu += house_cpu(h) - before;
        own.per_second += one.per_second / ROUNDS;
        own.requests += one.requests;
        p99[i] = one.p99_ms;
    }
    if (f) {
        f->stop = true;
        pthread_join(thread, NULL);
        f->stop = false;
    }
    snprintf(name, sizeof name, "inbox, %s / hello of the library", what);
    bool good = report(name, own.per_second, bare.per_second, "requests/s", 0.15, false);
    snprintf(name, sizeof name, "inbox, %s, p99 at %d connections", what, CONNECTIONS);
    good = report(name, middle(p99), 1, "ms, middle round", 25, true) && good;
    printf("  p99 of hello in the same rounds %34.2f ms\n", middle(bare_p99));
    snprintf(name, sizeof name, "inbox, %s, CPU of a page", what);
    return report(name, cpu * 1e6, own.requests, "us / pages", 1000, true) && good;
}

int main(int argc, char **argv)
{
    struct house h;
    struct texts t;
    struct buf scratch;
    if (argc < 3) {
        fprintf(stderr, "usage: bench_inbox ZURUF SOURCE [FOLDER]\n");
        return 2;
    }
    struct MHD_Daemon *bare = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_SUSPEND_RESUME, 0, NULL, NULL, hello, NULL,
        MHD_OPTION_THREAD_POOL_SIZE, THREADS, MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)POOL, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_END);
    if (!bare)
        fail("the bare server does not start");
    int bare_port = MHD_get_daemon_info(bare, MHD_DAEMON_INFO_BIND_PORT)->port;
    texts_read(&t, argv[2]);
    house_make(&h, argc > 3 ? argv[3] : "/tmp", NULL);
    house_serve(&h, argv[1]);
    buf_init(&scratch, REQUEST_MAX);
    struct feeder f = {.house = &h, .texts = &t};
    int fd = house_connect(&h);
    for (size_t cases = 0; cases < CASES; f.next += BATCH)
        cases += house_post(&h, fd, &t, f.next, BATCH, &scratch);
    char ask[300];
    snprintf(ask, sizeof ask, "GET /desk HTTP/1.1\r\nHost: bench\r\nCookie: %s\r\n\r\n", h.cookie);
    if (house_ask(fd, str_z(ask), &scratch) != 200)
        fail("no page");
    printf("%lld posts, at least %d open cases; the page has %zu bytes; busy: %d posts every %d ms "
           "by API\n",
           (long long)f.next, CASES, scratch.n, BUSY_BATCH, PAUSE_MS);
    close(fd);
    bool good = measure(&h, bare_port, "quiet", "", NULL);
    good = measure(&h, bare_port, "busy", "", &f) && good;
    char script[400], option[420];
    snprintf(script, sizeof script, "%s/anew.lua", h.dir);
    snprintf(option, sizeof option, "-s %s", script);
    write_script(script);
    good = measure(&h, bare_port, "each page anew", option, NULL) && good;
    house_remove(&h);
    buf_deinit(&scratch);
    texts_free(&t);
    MHD_stop_daemon(bare);
    return good ? 0 : 1;
}
