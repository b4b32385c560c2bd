/* server.h - the HTTP server: the only place that knows libmicrohttpd. Handlers run in a pool of
 * blocking threads; a route with ROUTE_WORKER runs on the small worker pool while its connection is
 * suspended, so that password hashing, outgoing requests and uploads never hold a page thread (503
 * with Retry-After when the queue is full).
 *
 * What a client sends is checked byte by byte before anything else reads it (wire.h): framing that
 * two programs could read differently is a 400 and the end of the connection. Heads, bodies and the
 * taking of answers have deadlines (408), addresses, agents and bodies in flight have limits (429,
 * 503).
 *
 * The guard runs before the body is read. A slash at the end of a path is redirected (308), an
 * ambiguous path is a 400, HEAD is answered wherever GET is.
 *
 * Order of checks for each request: size of head and body -> route -> guard (session, right) ->
 * CSRF (POST, PUT, DELETE of a signed-in browser: Sec-Fetch-Site / Origin and the form's token) ->
 * handler. */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/histogram.h"
#include "base/threads.h"
#include "http/request.h"

typedef void (*http_handler)(struct request *rq, struct response *rs);

enum {
    ROUTE_WORKER = 1,  /* runs on the worker pool */
    ROUTE_NO_CSRF = 2, /* authenticated by something a foreign page cannot send (bearer token) */
    ROUTE_API = 4      /* errors are JSON, no redirect to the sign-in page */
};

struct route {
    enum method method;  /* GET answers HEAD too */
    const char *pattern; /* "/desk/case/:id"; a last segment "*name" takes the rest */
    enum right right;
    size_t body_max; /* bytes; 0: no body allowed */
    int flags;
    http_handler handler;
};

struct http_hooks {
    /* Fills rq->who. ERR_OK: may pass; ERR_DENIED: signed in but not allowed (who filled), or not
     * signed in (who.agent and who.account 0). Called for every route, also RIGHT_NONE. */
    enum err (*guard)(struct request *rq, enum right right);
    /* Told of each answer 401, 403 or 429 of a route, before it is sent. where: what stood in the
     * way, as in the error ("right", "session", CSRF_FIELD); "" where the handler said no. May be
     * NULL. */
    void (*denied)(struct request *rq, int status, const char *where);
    /* The token that forms of this asker must carry, as field "csrf" or header X-CSRF-Token;
     * compared in constant time. STR_NONE (signed out, no short-lived cookie either):
     * Sec-Fetch-Site and Origin alone decide. */
    struct str (*csrf_token)(struct request *rq);
    /* Writes a whole page for an error (HTML routes, and unknown paths of those that accept HTML);
     * rs->status is set (400, 403, 404, 405, 408, 413, 414, 429, 431, 500, 503) and stays.
     * ERR_DENIED of somebody who is not signed in: redirects to the sign-in page. rq->route is NULL
     * and rq->who empty when no route was found. */
    void (*error_page)(struct request *rq, struct response *rs, enum err code,
                       const struct errinfo *e);
};

struct http_options {
    const char *listen;                /* "127.0.0.1:8080", "[::1]:0"; port 0 takes a free one */
    const struct route *const *tables; /* several route tables */
    const size_t *table_counts;
    size_t table_count;
    struct http_hooks hooks;
    void *app;
    int threads;         /* 0: 16 */
    int connections_max; /* 0: 16000, RLIMIT_NOFILE is raised to fit */
    const char *const
        *proxies;            /* addresses whose X-Forwarded-* count; NULL-terminated; may be NULL */
    struct workers *workers; /* for ROUTE_WORKER */
    int64_t idle_timeout_s;  /* 0: 30 */
    int64_t heartbeat_ms;    /* of event streams; 0: 15000 */
    int per_address;         /* connections; behind a listed proxy, requests and streams; 0: 1000 */
    int streams_per_agent;   /* 0: 50 */
    int64_t bodies_max;      /* bytes of all bodies at a time; 0: 64 MB */
    /* For a whole head, a body, the taking of an answer; the latter two get a second more for each
     * 16 KB. 0: 10, 20, 30 s. */
    int64_t head_ms, body_ms, answer_ms;
    bool access_log; /* a line in the log for each request, not only for failures */
};

struct http_server;

enum err http_start(struct http_server **out, const struct http_options *o,
                    struct errinfo *e) MUST_CHECK;
int http_port(const struct http_server *s);
/* Refuses new connections, ends streams with a "retry", tells those that are still sending a
 * request that it is too late, waits up to wait_ms for running requests, stops. False: a handler
 * still runs. Then nothing is freed, and either the process ends without it or this is called
 * again. Stop the server before the workers. */
bool http_stop(struct http_server *s, int64_t wait_ms);

/* Figures for /metrics. */
enum { HTTP_CLASSES = 5 };
struct http_figures {
    uint64_t answers[HTTP_CLASSES]; /* by class of status: [0] is 1xx */
    int connections, streams;
    int64_t body_bytes; /* of bodies that are being received or worked on */
    /* From the first word of a request to its answer; of a stream, to its beginning. */
    struct histogram_figures took;
};
void http_figures(const struct http_server *s, struct http_figures *out);

#endif
