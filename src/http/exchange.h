/* exchange.h - one request and its answer, step by step, without knowing where the bytes come from:
 * server.c calls the steps in order and sends what stands in rs at the end. One exchange belongs to
 * each connection and is used again for its next request. Threads: one at a time; exchange_handle
 * may run on a worker. */
#ifndef HTTP_EXCHANGE_H
#define HTTP_EXCHANGE_H

#include <sys/socket.h>

#include "http/inner.h"

/* What all exchanges of a server share; immutable after the start. */
struct http_site {
    struct arena arena;
    const struct router *router;
    struct peers peers;
    struct http_hooks hooks;
    void *app;
};

enum exchange_stage { STAGE_HEAD, STAGE_BODY, STAGE_HANDLED };

struct exchange {
    const struct http_site *site;
    struct http_server *server;
    void *connection; /* server.c's */
    struct arena arena;
    struct request *rq; /* these three live in the arena, from begin to end */
    struct response *rs;
    struct request_inner *inner;
    struct buf body;
    enum exchange_stage stage;
    int64_t length;  /* of the body; -1: chunked, known at its end */
    uint64_t seen;   /* bytes of the body so far */
    int64_t started; /* monotonic */
    bool refused;    /* rs holds an error already */
    bool close;      /* the connection must not be used again */
    bool running;    /* between begin and end */
    char id[17];
};

enum exchange_next {
    EXCHANGE_READ,   /* go on reading */
    EXCHANGE_ANSWER, /* send rs */
    EXCHANGE_WORK,   /* run exchange_handle on a worker, then send rs */
    EXCHANGE_ABORT   /* drop the connection */
};

void exchange_init(struct exchange *x, struct http_server *server, const struct http_site *site);
void exchange_deinit(struct exchange *x);
/* The request line has come. */
void exchange_begin(struct exchange *x, struct str target);
/* The head has come; inner.headers are filled and live as long as the request. */
enum exchange_next exchange_head(struct exchange *x, struct str method, bool http_1_1,
                                 const struct sockaddr *from);
enum exchange_next exchange_body(struct exchange *x, struct str bytes);
/* The body is complete: remaining checks, then the handler unless it wants a worker. */
enum exchange_next exchange_ready(struct exchange *x);
void exchange_handle(struct exchange *x);
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
