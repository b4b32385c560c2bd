/* acceptor.h - the thread that lets connections in. It is our own because libmicrohttpd, when the
 * process has no descriptor left, asks again and again without a pause (version 0.9.75: a thread
 * that has no connection yet keeps a processor busy). Ours waits a moment; who is not let in stays
 * in the kernel's queue and is let in later. Threads: start and stop by one. */
#ifndef HTTP_ACCEPTOR_H
#define HTTP_ACCEPTOR_H

#include <stdbool.h>
#include <sys/socket.h>

#include "base/err.h"

struct acceptor;

struct acceptor_house {
    bool (*full)(void *ctx); /* nobody more at the moment */
    /* A new connection: non-blocking, closed on exec; the callee owns it. */
    void (*enter)(void *ctx, int fd, const struct sockaddr *from, socklen_t from_n);
    void *ctx;
};

/* The listening socket stays the caller's. */
enum err acceptor_start(struct acceptor **out, int listen_fd,
                        const struct acceptor_house *house) MUST_CHECK;
/* Refuses who comes from now on, and ends the thread. */
void acceptor_stop(struct acceptor *a);

#endif
