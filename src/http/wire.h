/* wire.h - the bytes that a client sends, checked before anything else reads them: a head is lines
 * that end with CR LF, of names, colons and values; a body is as long as its head says, in one way
 * only. Whatever another program could read as a different end of a request is a fault: bare LF,
 * NUL and other controls, folded lines, blanks before a colon, two lengths, a length beside a
 * coding, odd chunk sizes, trailers. It also keeps the caps of a head. A pure state machine, a few
 * dozen bytes for a connection. Sources: RFC 9112 sections 2 to 7 and 11, RFC 9110 section 5.
 * Threads: one at a time. */
#ifndef HTTP_WIRE_H
#define HTTP_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TARGET_MAX = 4096,
    HEADER_BYTES_MAX = 6144,
    /* What a head takes of libmicrohttpd's memory of a connection (server.c's POOL_BYTES): a row
     * for each header, cookie and field of the query, and a copy of the cookies; beside them the
     * bytes themselves; and the answer's head must have room. */
    HEAD_ROW = 64,
    HEAD_ROWS_MAX = 4352,
    HEAD_COST_MAX = 7400,
    METHOD_MAX = 16,
    LENGTH_DIGITS_MAX = 18,
    CHUNK_DIGITS_MAX = 8,
    CHUNK_EXTENSION_MAX = 256
};

enum wire_fault {
    WIRE_SOUND,
    WIRE_MALFORMED,   /* 400 */
    WIRE_TARGET_LONG, /* 414 */
    WIRE_HEAD_LARGE   /* 431 */
};

struct wire {
    uint8_t state;       /* wire.c's */
    uint8_t fault;       /* enum wire_fault; for good */
    uint8_t field;       /* which header the line is, as far as it counts for the framing */
    uint8_t name_n;      /* bytes of the name in name */
    char name[18];       /* its first bytes in lower case */
    bool http_1_0;       /* of this message, as all below */
    bool length, coding; /* has such a header */
    bool host, empty_line;
    uint16_t part;       /* bytes of the part that is being read */
    uint16_t head;       /* bytes of header lines */
    uint16_t rows, cost; /* see HEAD_ROW */
    uint64_t left;       /* of the body or of a chunk */
    uint64_t body;       /* bytes of the body so far */
    const char *why;     /* of a fault: one English sentence */
};

void wire_init(struct wire *w);
/* Reads on. Returns how many bytes are sound: n, or fewer, then w->fault says why the next one is
 * not. *whole: how many of them end the last complete message; 0 when none ended. */
size_t wire_take(struct wire *w, const char *p, size_t n, size_t *whole);
/* Between two messages; not even the first byte of the next has come. */
bool wire_is_idle(const struct wire *w);
/* The head is complete, the body is not. */
bool wire_in_body(const struct wire *w);

#endif
