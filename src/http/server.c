/* server.c - the only place that knows libmicrohttpd (with sse.c for streams, tap.c and intake.c
 * for what it reads): starts and stops its threads, hands each request step by step to exchange.c,
 * and sends the answer.
 *
 * Stopping keeps to an order, because libmicrohttpd must not be stopped while a connection is
 * suspended: refuse new connections, end the streams, wait for what runs, and only then stop the
 * threads. */
#include "http/server.h"

#include <fcntl.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <microhttpd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "http/acceptor.h"
#include "http/exchange.h"
#include "http/sse_inner.h"

enum {
    THREADS = 16,
    CONNECTIONS = 16000,
    CONNECTIONS_PER_ADDRESS = 1000,
    STREAMS_PER_AGENT = 50,
    OTHER_FILES = 512, /* descriptors for everything else */
    TIMEOUT_S = 30,    /* of a connection that is silent between two requests, or does not read */
    HEAD_MS = 10000,   /* for a whole head, from its first byte on */
    BODY_MS = 20000,   /* for a body, and a second more for each 16 KB */
    ANSWER_MS = 30000, /* for taking an answer, and a second more for each 16 KB */
    BODIES_MAX = 64 << 20,
    HURRY_MS = 1500, /* for what is still being sent when we stop */
    HEARTBEAT_MS = 15000,
    POOL_BYTES = 9 << 10 /* of a connection: its head, and the answer's */
};

struct http_server {
    struct http_site site;
    struct workers *workers;
    struct MHD_Daemon *daemon;
    struct sse_hub *hub;
    struct acceptor *acceptor;
    int listen_fd, port, connections_max;
    atomic_int connections, running, handling; /* handling: handlers on page threads */
    atomic_bool stopping;
    pthread_mutex_t lock;
    pthread_cond_t quiet; /* fewer running or jobs; while stopping */
    int jobs;             /* suspended for a worker; under the lock */
};

struct sse_hub *http_sse_hub(struct http_server *s)
{
    return s->hub;
}

static void tell_quiet(struct http_server *s)
{
    pthread_mutex_lock(&s->lock);
    pthread_cond_broadcast(&s->quiet);
    pthread_mutex_unlock(&s->lock);
}

/* The library closes its descriptor with the answer, the request its own. */
static struct MHD_Response *file_answer(const struct request_inner *in)
{
    int fd = fcntl(in->file, F_DUPFD_CLOEXEC, 0);
    struct MHD_Response *r =
        fd < 0 ? NULL : MHD_create_response_from_fd64((uint64_t)in->file_size, fd);
    if (!r && fd >= 0)
        close(fd);
    return r;
}

static enum MHD_Result send_answer(struct exchange *x)
{
    struct http_server *s = x->server;
    exchange_finish(x);
    struct response *rs = x->rs;
    bool stream = rs->stream != NULL;
    struct str bytes = rs->inner->fixed.p ? rs->inner->fixed : buf_str(&rs->body);
    struct MHD_Response *r;
    bool file = rs->inner->has_file;
    if (stream) {
        r = sse_open(rs->stream, x->connection);
        rs->stream = NULL;
    } else if (file) {
        r = file_answer(rs->inner);
    } else {
        r = MHD_create_response_from_buffer(bytes.n, (void *)bytes.p, MHD_RESPMEM_PERSISTENT);
    }
    if (!r)
        return MHD_NO;
    if (stream)
        intake_pause(x);
    else
        intake_answer(x, bytes.n);
    bool ok = true;
    if (rs->type && (stream || file || bytes.n))
        ok = MHD_add_response_header(r, "Content-Type", rs->type) == MHD_YES;
    for (size_t i = 0; ok && i < rs->inner->answer_headers.n; i++) {
        const struct header *h = vec_at(&rs->inner->answer_headers, i);
        ok = MHD_add_response_header(r, h->name.p, h->value.p) == MHD_YES;
    }
    if (ok && (x->close || s->stopping))
        ok = MHD_add_response_header(r, "Connection", "close") == MHD_YES;
    ok = ok && MHD_queue_response(x->connection, (unsigned)rs->status, r) == MHD_YES;
    MHD_destroy_response(r);
    if (stream)
        exchange_release(x);
    return ok ? MHD_YES : MHD_NO;
}

static void work(void *p)
{
    struct exchange *x = p;
    struct http_server *s = x->server;
    exchange_handle(x);
    MHD_resume_connection(x->connection); /* from here on x belongs to its connection's thread */
    pthread_mutex_lock(&s->lock);
    s->jobs--;
    pthread_cond_broadcast(&s->quiet);
    pthread_mutex_unlock(&s->lock);
}

static void hand_to_worker(struct exchange *x)
{
    struct http_server *s = x->server;
    pthread_mutex_lock(&s->lock);
    s->jobs++;
    pthread_mutex_unlock(&s->lock);
    MHD_suspend_connection(x->connection);
    if (workers_run(s->workers, work, x) == ERR_OK)
        return;
    exchange_busy(x);
    MHD_resume_connection(x->connection);
    pthread_mutex_lock(&s->lock);
    s->jobs--;
    pthread_mutex_unlock(&s->lock);
}

struct header_reader {
    struct header *out;
    size_t n, max;
};

static enum MHD_Result read_header(void *cls, enum MHD_ValueKind kind, const char *name,
                                   size_t name_n, const char *value, size_t value_n)
{
    (void)kind;
    struct header_reader *r = cls;
    if (r->n < r->max)
        r->out[r->n++] = (struct header){{name, name_n}, {value ? value : "", value_n}};
    return MHD_YES;
}

static void read_headers(struct exchange *x)
{
    int n = MHD_get_connection_values_n(x->connection, MHD_HEADER_KIND, NULL, NULL);
    struct header_reader r = {.max = n > 0 ? (size_t)n : 0};
    r.out = arena_array(&x->arena, r.max, sizeof *r.out);
    MHD_get_connection_values_n(x->connection, MHD_HEADER_KIND, read_header, &r);
    x->inner->headers = r.out;
    x->inner->header_count = r.n;
}

static enum MHD_Result take(struct exchange *x, enum exchange_next next)
{
    switch (next) {
    case EXCHANGE_READ:
        return MHD_YES;
    case EXCHANGE_ANSWER:
        return send_answer(x);
    case EXCHANGE_WORK:
        hand_to_worker(x);
        return MHD_YES;
    case EXCHANGE_SAY:
        intake_say(x);
        return MHD_YES;
    }
    return MHD_NO;
}

static enum MHD_Result ready(struct exchange *x)
{
    struct http_server *s = x->server;
    intake_pause(x);
    s->handling++;
    enum exchange_next next = exchange_ready(x);
    s->handling--;
    if (s->stopping)
        tell_quiet(s);
    return take(x, next);
}

/* libmicrohttpd calls this with the head, with each piece of the body, at its end, and after a
 * resume. */
static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_size, void **context)
{
    (void)cls;
    (void)url;
    (void)version;
    struct exchange *x = *context;
    x->connection = connection;
    if (x->intake.said) { /* what it had read ahead; once that is all, nothing keeps us */
        bool more = *upload_size > 0;
        *upload_size = 0;
        return more ? MHD_YES : MHD_NO;
    }
    if (x->stage == STAGE_HEAD) {
        const union MHD_ConnectionInfo *from =
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
        read_headers(x);
        return take(x, exchange_head(x, str_z(method), from ? from->client_addr : NULL));
    }
    if (x->stage == STAGE_HANDLED)
        return send_answer(x);
    if (!*upload_size) {
        return ready(x);
    }
    struct str bytes = {upload, *upload_size};
    *upload_size = 0;
    return take(x, exchange_body(x, bytes));
}

/* The first word of a request, before libmicrohttpd touches the target. Its result becomes
 * *context. */
static void *on_target(void *cls, const char *target, struct MHD_Connection *connection)
{
    struct http_server *s = cls;
    struct exchange *x =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
    if (!x->intake.used)
        log_fatal("http", "libmicrohttpd reads past our checks; see tap.h");
    if (!x->running) {
        x->running = true;
        s->running++;
    }
    exchange_begin(x, str_z(target));
    return x;
}

static void end_running(struct exchange *x)
{
    struct http_server *s = x->server;
    if (!x->running)
        return;
    x->running = false;
    s->running--;
    if (s->stopping)
        tell_quiet(s);
}

static void on_completed(void *cls, struct MHD_Connection *connection, void **context,
                         enum MHD_RequestTerminationCode code)
{
    (void)cls;
    (void)connection;
    (void)code;
    struct exchange *x = *context;
    if (!x)
        return;
    exchange_end(x);
    end_running(x);
    intake_next(x);
    *context = NULL;
}

static struct exchange *open_exchange(struct http_server *s, struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *fd =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    const union MHD_ConnectionInfo *from =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    struct exchange *x = memory_bytes(sizeof *x);
    if (!fd || !from)
        log_fatal("http", "libmicrohttpd does not know the socket of a connection");
    exchange_init(x, s, &s->site);
    if (!peer_of_socket(&s->site.peers, from->client_addr, &x->address)) {
        x->entered = crowd_enter(s->site.connections, &x->address);
        x->intake.crowded = !x->entered;
    }
    intake_open(x, fd->connect_fd);
    s->connections++;
    return x;
}

static void close_exchange(struct exchange *x)
{
    struct http_server *s = x->server;
    end_running(x);
    intake_close(x);
    if (x->entered)
        crowd_leave(s->site.connections, &x->address);
    exchange_deinit(x);
    free(x);
    s->connections--;
}

static void on_connection(void *cls, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode code)
{
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        *context = open_exchange(cls, connection);
    } else if (*context) {
        close_exchange(*context);
        *context = NULL;
    }
}

/* The target is decoded once, by path.c. */
static size_t leave_escaped(void *cls, struct MHD_Connection *connection, char *text)
{
    (void)cls;
    (void)connection;
    return strlen(text);
}

static void log_library(void *cls, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));
static void log_library(void *cls, const char *fmt, va_list ap)
{
    (void)cls;
    char line[400];
    vsnprintf(line, sizeof line, fmt, ap);
    log_debug("http", "%s", line);
}

/* As many connections as wanted, or as the system lets us have. */
static int fit_connections(int wanted)
{
    struct rlimit limit;
    rlim_t need = (rlim_t)wanted + OTHER_FILES;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return wanted;
    if (limit.rlim_cur < need && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = need < limit.rlim_max ? need : limit.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || getrlimit(RLIMIT_NOFILE, &limit) != 0)
            return wanted;
    }
    if (limit.rlim_cur >= need)
        return wanted;
    int fits = limit.rlim_cur > 2 * OTHER_FILES ? (int)limit.rlim_cur - OTHER_FILES
                                                : (int)limit.rlim_cur / 2;
    log_warn("http", "%d connections instead of %d: raise the limit of open files (ulimit -n)",
             fits, wanted);
    return fits;
}

static bool is_full(void *ctx)
{
    struct http_server *s = ctx;
    return s->connections >= s->connections_max;
}

static void enter(void *ctx, int fd, const struct sockaddr *from, socklen_t from_n)
{
    struct http_server *s = ctx;
    if (MHD_add_connection(s->daemon, fd, from, from_n) != MHD_YES) /* it has closed fd */
        log_debug("http", "a connection could not be let in: %s", strerror(errno));
}

static enum err start_daemon(struct http_server *s, const struct http_options *o, struct errinfo *e)
{
    unsigned threads = o->threads > 0 ? (unsigned)o->threads : THREADS;
    int connections = fit_connections(o->connections_max > 0 ? o->connections_max : CONNECTIONS);
    s->connections_max = connections;
    unsigned timeout = o->idle_timeout_s > 0 ? (unsigned)o->idle_timeout_s : TIMEOUT_S;
    s->daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_SUSPEND_RESUME | MHD_USE_ERROR_LOG |
            MHD_USE_NO_LISTEN_SOCKET,
        0, NULL, NULL, on_request, s, MHD_OPTION_EXTERNAL_LOGGER, log_library,
        NULL, /* first, or it misses messages */
        MHD_OPTION_THREAD_POOL_SIZE, threads, MHD_OPTION_CONNECTION_LIMIT, (unsigned)connections,
        MHD_OPTION_CONNECTION_TIMEOUT, timeout, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)POOL_BYTES, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_URI_LOG_CALLBACK, on_target,
        s, MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, NULL, MHD_OPTION_NOTIFY_COMPLETED,
        on_completed, s, MHD_OPTION_NOTIFY_CONNECTION, on_connection, s, MHD_OPTION_END);
    const struct acceptor_house house = {is_full, enter, s};
    if (!s->daemon || acceptor_start(&s->acceptor, s->listen_fd, &house) != ERR_OK)
        return err_set(e, ERR_IO, "listen", "Cannot start the HTTP threads: %s.", strerror(errno));
    return ERR_OK;
}

static enum err check_options(const struct http_options *o, struct errinfo *e)
{
    for (size_t t = 0; t < o->table_count; t++)
        for (size_t i = 0; i < o->table_counts[t]; i++)
            if ((o->tables[t][i].flags & ROUTE_WORKER) && !o->workers)
                return err_set(e, ERR_INVALID, "route", "%s wants a worker, but there are none.",
                               o->tables[t][i].pattern);
    return ERR_OK;
}

static void free_server(struct http_server *s)
{
    if (s->daemon)
        MHD_stop_daemon(s->daemon);
    if (s->hub)
        sse_hub_free(s->hub);
    watch_free(s->site.watch);
    crowd_free(s->site.connections);
    crowd_free(s->site.forwarded);
    if (s->listen_fd >= 0)
        close(s->listen_fd);
    pthread_cond_destroy(&s->quiet);
    pthread_mutex_destroy(&s->lock);
    arena_deinit(&s->site.arena);
    free(s);
}

static void fill_site(struct http_site *site, const struct http_options *o)
{
    int most = o->per_address > 0 ? o->per_address : CONNECTIONS_PER_ADDRESS;
    site->hooks = o->hooks;
    site->app = o->app;
    site->access_log = o->access_log;
    site->connections = crowd_new(most);
    site->forwarded = crowd_new(most);
    site->head_ms = o->head_ms > 0 ? o->head_ms : HEAD_MS;
    site->body_ms = o->body_ms > 0 ? o->body_ms : BODY_MS;
    site->answer_ms = o->answer_ms > 0 ? o->answer_ms : ANSWER_MS;
    site->bodies_max = o->bodies_max > 0 ? o->bodies_max : BODIES_MAX;
    arena_init(&site->arena);
}

/* What runs beside the pages. */
static enum err start_helpers(struct http_server *s, const struct http_options *o,
                              struct errinfo *e)
{
    int streams = o->streams_per_agent > 0 ? o->streams_per_agent : STREAMS_PER_AGENT;
    enum err err = tap_init();
    if (err == ERR_OK)
        err = watch_new(&s->site.watch);
    if (err == ERR_OK)
        err = sse_hub_new(&s->hub, o->heartbeat_ms > 0 ? o->heartbeat_ms : HEARTBEAT_MS, streams);
    return err == ERR_OK ? ERR_OK
                         : err_set(e, err, "", "Cannot start the threads beside the pages.");
}

enum err http_start(struct http_server **out, const struct http_options *o, struct errinfo *e)
{
    TRY(check_options(o, e));
    struct http_server *s = calloc(1, sizeof *s);
    if (!s)
        return err_set(e, ERR_IO, "", "There is no memory for the server.");
    s->listen_fd = -1;
    s->workers = o->workers;
    fill_site(&s->site, o);
    pthread_mutex_init(&s->lock, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&s->quiet, &monotonic);
    pthread_condattr_destroy(&monotonic);
    enum err err = router_new(&s->site.arena, o, &s->site.router, e);
    if (err == ERR_OK)
        err = peers_new(&s->site.arena, o->proxies, &s->site.peers, e);
    if (err == ERR_OK)
        err = listen_open(o->listen, &s->listen_fd, &s->port, e);
    if (err == ERR_OK)
        err = start_helpers(s, o, e);
    if (err == ERR_OK)
        err = start_daemon(s, o, e);
    if (err != ERR_OK)
        free_server(s);
    else
        *out = s;
    return err;
}

int http_port(const struct http_server *s)
{
    return s->port;
}

/* False: handlers still run; their memory is in use, and they cannot be stopped. */
static bool wait_until_quiet(struct http_server *s, int64_t wait_ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += wait_ms / 1000;
    until.tv_nsec += wait_ms % 1000 * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&s->lock);
    int rc = 0;
    while (s->running + s->handling + s->jobs > 0 && rc == 0)
        rc = pthread_cond_timedwait(&s->quiet, &s->lock, &until);
    int handlers = s->handling + s->jobs;
    if (s->running > 0)
        log_warn("http", "stopping although %d requests are not done, %d of them being worked on",
                 (int)s->running, handlers);
    pthread_mutex_unlock(&s->lock);
    return handlers == 0;
}

bool http_stop(struct http_server *s, int64_t wait_ms)
{
    if (!s)
        return true;
    s->stopping = true;
    acceptor_stop(s->acceptor); /* who comes now is refused instead of kept waiting */
    s->acceptor = NULL;
    sse_hub_stop(s->hub);
    watch_hurry(s->site.watch, clock_mono() + HURRY_MS);
    if (!wait_until_quiet(s, wait_ms))
        return false;
    free_server(s);
    return true;
}

void http_figures(const struct http_server *s, struct http_figures *out)
{
    *out = (struct http_figures){.connections = s->connections,
                                 .streams = sse_hub_count(s->hub),
                                 .body_bytes = s->site.bodies};
    for (int i = 0; i < HTTP_CLASSES; i++)
        out->answers[i] = s->site.answers[i];
    histogram_read(&s->site.took, &out->took);
}
