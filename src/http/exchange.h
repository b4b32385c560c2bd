/* exchange.h - one request and its answer, step by step, without knowing where the bytes come from:
 * server.c calls the steps in order and sends what stands in rs at the end. One exchange belongs to
 * each connection and is used again for its next request. Threads: one at a time; exchange_handle
 * may run on a worker. */
#ifndef HTTP_EXCHANGE_H
#define HTTP_EXCHANGE_H

#include <stdatomic.h>
#include <sys/socket.h>

#include "http/crowd.h"
#include "http/inner.h"
#include "http/intake.h"

/* What all exchanges of a server share; immutable after the start but for what counts. */
struct http_site {
    struct arena arena;
    const struct router *router;
    struct peers peers;
    struct http_hooks hooks;
    struct watch *watch;
    struct crowd *connections; /* by address, of those that come without a listed proxy */
    struct crowd *forwarded;   /* requests and streams of those behind one */
    int64_t head_ms, body_ms, answer_ms;
    int64_t bodies_max; /* bytes of all bodies that are being read or worked on */
    void *app;
    atomic_llong bodies;
    bool access_log;
    atomic_ullong answers[HTTP_CLASSES]; /* figures: by class of status, and how long they took */
    struct histogram took;
};

enum exchange_stage { STAGE_HEAD, STAGE_BODY, STAGE_HANDLED };

struct exchange {
    struct http_site *site;
    struct http_server *server;
    void *connection; /* server.c's */
    struct arena arena;
    struct request *rq; /* these three live in the arena, from begin to end */
    struct response *rs;
    struct request_inner *inner;
    struct buf body;
    enum exchange_stage stage;
    int64_t length;                  /* of the body; -1: chunked, known at its end */
    uint64_t seen;                   /* bytes of the body so far */
    int64_t started;                 /* of clock_mono_us */
    int64_t took;                    /* in microseconds; set by exchange_finish */
    bool refused;                    /* rs holds an error already: */
    const char *where;               /* what stood in the way */
    bool close;                      /* the connection must not be used again */
    bool running;                    /* between begin and end */
    bool entered, entered_forwarded; /* counted in the site's crowds, as these: */
    struct in6_addr address, forwarded;
    struct intake intake;
    const char *id; /* of the request, in the arena */
};

enum exchange_next {
    EXCHANGE_READ,   /* go on reading */
    EXCHANGE_ANSWER, /* send rs */
    EXCHANGE_WORK,   /* run exchange_handle on a worker, then send rs */
    EXCHANGE_SAY     /* the body is not wanted: intake_say(x) */
};

void exchange_init(struct exchange *x, struct http_server *server, struct http_site *site);
void exchange_deinit(struct exchange *x);
/* The request line has come. */
void exchange_begin(struct exchange *x, struct str target);
/* The head has come; inner.headers are filled and live as long as the request. */
enum exchange_next exchange_head(struct exchange *x, struct str method,
                                 const struct sockaddr *from);
enum exchange_next exchange_body(struct exchange *x, struct str bytes);
/* The body is complete: remaining checks, then the handler unless it wants a worker. */
enum exchange_next exchange_ready(struct exchange *x);
void exchange_handle(struct exchange *x);
/* Turns the answer into an error, also of a request of which not even the head has come, and the
 * connection is not used again. */
void exchange_refuse(struct exchange *x, int status, enum err code, const char *where,
                     const char *what);
/* No room on the workers. */
void exchange_busy(struct exchange *x);
/* Before sending: default headers, log line; a broken answer becomes a 500. */
void exchange_finish(struct exchange *x);
/* Sent or given up: ready for the next request. */
void exchange_end(struct exchange *x);
/* An answer that lasts (a stream) needs none of the request's memory: it is freed, and with it all
 * that an idle stream does not need. */
void exchange_release(struct exchange *x);

#endif
