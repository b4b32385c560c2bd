/* watch.h - deadlines of connections. libmicrohttpd ends a connection that is silent for long, but
 * one that brings or takes a byte now and then would live for ever; each step of a request has a
 * deadline here. When it is over, the socket's reading side is shut, so that the connection's
 * thread comes to read, finds the end, and can still say why; a connection that was being written
 * to, or that did not end so, is shut whole. Threads: any. */
#ifndef HTTP_WATCH_H
#define HTTP_WATCH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct watch;

/* One connection; belongs to it. */
struct watched {
    struct watched *previous, *next;
    int fd;
    _Atomic int64_t deadline; /* monotonic; WATCH_NEVER: none */
    atomic_bool writing;      /* nothing can be said any more: shut it whole */
    atomic_bool late;         /* the deadline was over */
};
#define WATCH_NEVER INT64_MAX

enum err watch_new(struct watch **out) MUST_CHECK;
/* Nothing is watched any more. */
void watch_free(struct watch *w);
void watch_add(struct watch *w, struct watched *one, int fd, int64_t deadline);
/* Before its socket is closed. */
void watch_remove(struct watch *w, struct watched *one);
/* How long it has from now on; writing: see above. */
void watch_until(struct watched *one, int64_t deadline, bool writing);

/* Whoever is still sending has until then at most; also those that come later. */
void watch_hurry(struct watch *w, int64_t deadline);

#endif
