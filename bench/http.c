/* http.c - what our HTTP layer costs: CPU of a hello page against the bare library with the same
 * options (goal: at most 2.0 times), memory of an idle event stream (goal: 12 kB), and the time
 * until one event has reached 1,000 streams (goal: 50 ms). The load comes from wrk in a process of
 * its own, so the CPU time of this process is the server's alone. Prints numerator, denominator and
 * ratio of each; exit 1 when a goal is missed. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <microhttpd.h>

#include "base/clock.h"
#include "http/server.h"
#include "http/sse.h"

enum { ROUNDS = 3, STREAMS = 1000, WARM = 200, THREADS = 16, POOL = 9 << 10, CONNECTIONS = 20000 };

static atomic_ullong bare_requests;

static enum MHD_Result bare_hello(void *cls, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_size, void **context)
{
    (void)cls, (void)url, (void)method, (void)version, (void)upload, (void)upload_size;
    static int seen;
    if (!*context) {
        *context = &seen;
        return MHD_YES;
    }
    bare_requests++;
    struct MHD_Response *r =
        MHD_create_response_from_buffer(5, (void *)"hello", MHD_RESPMEM_PERSISTENT);
    enum MHD_Result ok = MHD_queue_response(connection, 200, r);
    MHD_destroy_response(r);
    return ok;
}

static void hello(struct request *rq, struct response *rs)
{
    (void)rq;
    buf_add(&rs->body, STR("hello"));
}

static void listen_in(struct request *rq, struct response *rs)
{
    rq->who.brand = 1;
    sse_accept(rq, rs);
}

static const struct route routes[] = {{METHOD_GET, "/", RIGHT_NONE, 0, 0, hello},
                                      {METHOD_GET, "/events", RIGHT_NONE, 0, 0, listen_in}};

static double cpu_seconds(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void load(int port)
{
    char command[128];
    snprintf(command, sizeof command, "wrk -t1 -c64 -d2s http://127.0.0.1:%d/ >/dev/null", port);
    if (system(command) != 0) {
        fprintf(stderr, "bench_http: wrk did not run; install the package wrk\n");
        exit(2);
    }
}

static bool report(const char *what, double numerator, double denominator, const char *unit,
                   double goal)
{
    double ratio = numerator / denominator;
    printf("%-44s %10.2f / %10.2f %-12s = %.2f (goal %.2f)%s\n", what, numerator, denominator, unit,
           ratio, goal, ratio <= goal ? "" : "  MISSED");
    return ratio <= goal;
}

static bool measure_hello(struct http_server *s)
{
    struct MHD_Daemon *bare = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_SUSPEND_RESUME, 0, NULL, NULL, bare_hello, NULL,
        MHD_OPTION_THREAD_POOL_SIZE, THREADS, MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)POOL, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_END);
    if (!bare)
        return false;
    int bare_port = MHD_get_daemon_info(bare, MHD_DAEMON_INFO_BIND_PORT)->port;
    double bare_cpu = 0, own_cpu = 0;
    for (int i = 0; i < ROUNDS; i++) { /* in turns, so that a noisy moment meets both */
        double from = cpu_seconds();
        load(bare_port);
        double middle = cpu_seconds();
        load(http_port(s));
        bare_cpu += middle - from;
        own_cpu += cpu_seconds() - middle;
    }
    MHD_stop_daemon(bare);
    struct http_figures f;
    http_figures(s, &f);
    printf("requests: bare %llu, ours %llu\n", (unsigned long long)bare_requests,
           (unsigned long long)f.answers[1]);
    return report("CPU of a hello page, ours / bare library", own_cpu * 1e6 / (double)f.answers[1],
                  bare_cpu * 1e6 / (double)bare_requests, "us", 2.0);
}

static double resident_bytes(void)
{
    long all = 0, resident = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (!f || fscanf(f, "%ld %ld", &all, &resident) != 2)
        exit(2);
    fclose(f);
    return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

static void read_until(int fd, const char *text)
{
    char in[4096];
    size_t n = 0;
    while (n < sizeof in) {
        ssize_t got = recv(fd, in + n, sizeof in - n, 0);
        if (got <= 0)
            exit(2);
        n += (size_t)got;
        if (memmem(in, n, text, strlen(text)))
            return;
    }
    exit(2);
}

static int subscribe(int port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    static const char ask[] =
        "GET /events HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n"
        "User-Agent: Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0\r\n"
        "Cookie: session=0123456789012345678901234567890123456789012\r\n\r\n";
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) != 0 ||
        send(fd, ask, sizeof ask - 1, 0) != (ssize_t)sizeof ask - 1)
        exit(2);
    read_until(fd, "retry: ");
    return fd;
}

static bool measure_streams(struct http_server *s)
{
    static int fds[STREAMS];
    int first[WARM];
    for (int i = 0; i < WARM; i++) /* stacks and heaps of the threads are no stream's cost */
        first[i] = subscribe(http_port(s));
    double before = resident_bytes();
    for (int i = 0; i < STREAMS; i++)
        fds[i] = subscribe(http_port(s));
    bool good = report("memory of an idle event stream", (resident_bytes() - before) / STREAMS,
                       12000, "bytes", 1.0);
    int64_t best = INT64_MAX, publish = INT64_MAX;
    for (int round = 0; round < 5; round++) {
        int64_t from = clock_mono();
        sse_publish(s, 1, 0, "case", STR("{\"id\":\"123456789012345678\",\"version\":7}"));
        int64_t told = clock_mono() - from;
        for (int i = 0; i < STREAMS; i++)
            read_until(fds[i], "\"version\":7}\n\n");
        int64_t all = clock_mono() - from;
        best = all < best ? all : best;
        publish = told < publish ? told : publish;
    }
    good = report("one event to 1,000 streams, best of 5", (double)best, 50, "ms", 1.0) && good;
    printf("%-44s %10lld ms\n", "of that in sse_publish", (long long)publish);
    for (int i = 0; i < STREAMS; i++)
        close(fds[i]);
    for (int i = 0; i < WARM; i++)
        close(first[i]);
    return good;
}

int main(void)
{
    const struct route *tables[] = {routes};
    const size_t counts[] = {sizeof routes / sizeof *routes};
    struct http_options o = {.listen = "127.0.0.1:0",
                             .tables = tables,
                             .table_counts = counts,
                             .table_count = 1,
                             .threads = THREADS,
                             .connections_max = CONNECTIONS,
                             .per_address = CONNECTIONS};
    struct http_server *s;
    struct errinfo e;
    if (http_start(&s, &o, &e) != ERR_OK) {
        fprintf(stderr, "bench_http: %s\n", e.what);
        return 2;
    }
    bool good = measure_streams(s);
    good = measure_hello(s) && good;
    http_stop(s, 2000);
    return good ? 0 : 1;
}
