/* tap.h - lets us see what a socket brings before libmicrohttpd does. Version 0.9.75 takes forms of
 * a request that it should not, shows nobody the raw bytes, and reads by calling recv; so this
 * program has a recv of its own, which asks the tap of a socket that has one and is the system's
 * for every other. Why and what else was weighed: docs/decisions. Threads: any. */
#ifndef HTTP_TAP_H
#define HTTP_TAP_H

#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

struct tap {
    /* Stands for recv(fd, to, n, 0): its result, its errno. */
    ssize_t (*read)(struct tap *t, int fd, void *to, size_t n);
};

/* Makes room for all descriptors that the process may have; once, before the first tap. */
enum err tap_init(void) MUST_CHECK;
/* t NULL: takes it off. Before the socket is read for the first time, and before it is closed. */
void tap_set(int fd, struct tap *t);

#endif
