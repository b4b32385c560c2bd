/* stand_in.h - a web server on loopback that answers what a test tells it to, also what no sound
 * server would. One request a connection, one connection at a time. */
#ifndef STAND_IN_H
#define STAND_IN_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/arena.h"
#include "base/str.h"

struct stand_in_request {
    struct str method, path, head, body; /* head: all header lines */
    int number;                          /* 1 for the first request the server got */
};

struct stand_in {
    int port;
    atomic_int hits; /* requests that were read whole */
    int listener;
    pthread_t thread;
    /* Writes the answer; the connection is closed afterwards. Runs on the server's thread. */
    void (*answer)(void *ctx, int fd, const struct stand_in_request *r);
    void *ctx;
};

void stand_in_start(struct stand_in *s,
                    void (*answer)(void *ctx, int fd, const struct stand_in_request *r), void *ctx);
void stand_in_stop(struct stand_in *s);
struct str stand_in_url(const struct stand_in *s, struct arena *a, const char *path);

/* Both: false when the client has gone. */
bool stand_in_say(int fd, struct str bytes);
bool stand_in_printf(int fd, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Value of a request's header; STR_NONE without. */
struct str stand_in_header(const struct stand_in_request *r, const char *name);

#endif
