/* intake.h - what a client sends, on its way from the socket to libmicrohttpd: checked byte by byte
 * (wire.h), bound to deadlines (watch.h), and refused in our own words with the headers that every
 * answer has. Who is refused can still read why: what it goes on sending is thrown away for a
 * moment before the connection is closed. Threads: the connection's. */
#ifndef HTTP_INTAKE_H
#define HTTP_INTAKE_H

#include <stddef.h>
#include <stdint.h>

#include "http/tap.h"
#include "http/watch.h"
#include "http/wire.h"

struct exchange;

struct intake {
    struct tap tap;
    struct watched watched;
    struct wire wire;
    int fd;
    int64_t body_since; /* monotonic; 0: none is being read */
    size_t dropped;     /* bytes that came after the last word */
    bool used;          /* libmicrohttpd reads through us */
    bool crowded;       /* its address has too many connections; set before intake_open */
    bool said;          /* the last word is out */
};

/* From the accept to the close of the connection. */
void intake_open(struct exchange *x, int fd);
void intake_close(struct exchange *x);
/* Sends the answer that stands in x->rs past libmicrohttpd, which takes none before a request is
 * complete, and ends the connection. */
void intake_say(struct exchange *x);
/* The request is complete, its handler takes as long as it takes. */
void intake_pause(struct exchange *x);
/* So many bytes of an answer are on their way. */
void intake_answer(struct exchange *x, size_t n);
/* The answer is out; the next request may come. */
void intake_next(struct exchange *x);

#endif
