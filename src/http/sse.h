/* sse.h - server-sent events: one suspended connection per desk. Each stream has a bounded queue; a
 * client that does not read loses events and gets one "resync" instead, the sender never waits. A
 * comment goes out every 15 s, which is also how a client that left is noticed. Events carry ids
 * only; the page fetches what it needs. Threads: any.
 *
 * Nothing is lost between the making of a page and the opening of its stream, nor between two
 * streams: a page carries the position at which its request began, each event its own ("id:"), and
 * who opens a stream with one ("?from=") first hears what was told since, or a "resync" where that
 * is not known any more (another process, too long ago). */
#ifndef HTTP_SSE_H
#define HTTP_SSE_H

#include <stdint.h>

#include "http/request.h"

struct http_server;

/* Where the events were when this request began, that is before it read anything: an opaque word
 * for the query of an address. In the request's arena. */
struct str sse_position(const struct request *rq);
/* Makes the answer of this request an event stream that hears events of (brand, agent), from the
 * position of its query field "from" on; without one from now on. Sends "retry: 2000" with a little
 * jitter first. An agent who has as many as one may gets 429. The
 * handler returns right after. */
void sse_accept(struct request *rq, struct response *rs);
/* To all streams of the brand (agent 0) or to those of one agent; brand 0: of all brands. data: one
 * line of JSON. */
struct sse_news {
    int64_t brand, agent;
    const char *event;
    struct str data;
};
enum { SSE_NEWS_MAX = 32 };
/* In this order, and each stream is woken once for all of them: with thousands of streams it is the
 * waking that costs. n: at most SSE_NEWS_MAX. */
void sse_publish(struct http_server *s, const struct sse_news *news, size_t n);
/* Ends the streams of a session or an agent whose rights changed (0: any); the last that they hear
 * is a "resync". */
void sse_end(struct http_server *s, int64_t agent, int64_t session);

#endif
