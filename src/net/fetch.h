/* fetch.h - one outgoing HTTP exchange, guarded (guard.h) and bounded: time, size after
 * decompression, headers, redirects. A status of 400 and up is an answer, not an error. HTTP/1.1,
 * TLS always verified, no cookies, no proxy, gzip and deflate. Blocking: call it on pollers,
 * senders and workers only. Threads: any; one request at a time uses its arena. */
#ifndef NET_FETCH_H
#define NET_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"
#include "net/options.h"

struct arena;

enum {
    FETCH_TOTAL_MS = 10 * 1000,       /* whole exchange, redirects included */
    FETCH_BODY_MAX = 4 * 1024 * 1024, /* bytes of the answer's body, decompressed */
    FETCH_HEADERS_MAX = 64 * 1024,    /* bytes of the answer's headers */
    FETCH_REDIRECTS_MAX = 3
};
#define FETCH_RETRY_AFTER_MAX CLOCK_DAY
#define FETCH_MAX_AGE_MAX (365 * CLOCK_DAY)

struct fetch_header {
    struct str name, value;
};

struct fetch_request {
    struct str url;
    struct str method; /* absent: GET, or POST when there is a body */
    const struct fetch_header *headers;
    size_t header_count;
    struct str body; /* absent: none */
    struct net_options net;
    const struct clock *clock; /* for a Retry-After that is a date; NULL: the system's */
    int64_t total_ms;          /* 0: FETCH_TOTAL_MS */
    size_t body_max;           /* 0: FETCH_BODY_MAX */
    /* Called once, when the peer is connected and only just before it gets something to act on: the
     * first byte of the body, or the request where there is none. An error ends the exchange; the
     * peer cannot have acted. */
    enum err (*before_body)(void *arg);
    void *arg;
};

struct fetch_response {
    int status; /* set also when the answer broke off behind its head; 0: no head came */
    struct str body;
    struct str url;      /* where the answer came from, after redirects */
    struct str moved_to; /* the new address if every redirect up to it was permanent (301, 308) */
    const struct fetch_header *headers;
    size_t header_count;
    int64_t retry_after; /* ms to wait, at most FETCH_RETRY_AFTER_MAX; 0: not asked for */
    int64_t max_age;     /* ms, from Cache-Control; -1: not told */
    bool sent;           /* the peer may have acted: set also when fetch fails after that point */
};

/* GET and HEAD follow redirects (not from https to http; Authorization and Cookie only to the same
 * host); other methods get the 3xx as their answer. Results live in the arena. out->sent is right
 * in every case. ERR_INVALID: request or address wrong; ERR_DENIED: guard; ERR_LIMIT: answer too
 * large; ERR_IO: no connection, no answer in time; ERR_PEER: certificate, broken answer, too many
 * redirects; ERR_BUSY: stopping, or this host was asked too often (pace.h); what before_body
 * returned. */
enum err fetch(const struct fetch_request *request, struct arena *a, struct fetch_response *out,
               struct errinfo *e) MUST_CHECK;

/* First header of that name (case does not matter), STR_NONE without. */
struct str fetch_header(const struct fetch_response *r, const char *name);

#endif
