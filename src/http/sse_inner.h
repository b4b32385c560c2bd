/* sse_inner.h - the event streams as the server sees them. Together with server.c the only user of
 * libmicrohttpd. */
#ifndef HTTP_SSE_INNER_H
#define HTTP_SSE_INNER_H

#include <stdint.h>

#include "base/err.h"

struct http_server;
struct MHD_Connection;
struct MHD_Response;
struct sse_hub;
struct sse_stream;

enum err sse_hub_new(struct sse_hub **out, int64_t heartbeat_ms, int per_agent) MUST_CHECK;
/* All streams must be gone. */
void sse_hub_free(struct sse_hub *hub);
/* Ends all streams with a longer retry, and each that comes from now on. */
void sse_hub_stop(struct sse_hub *hub);
int sse_hub_count(struct sse_hub *hub);
/* How many events were told so far. */
uint64_t sse_hub_told(struct sse_hub *hub);

/* Turns an accepted stream into an answer of that connection; the answer frees it. NULL: no memory,
 * and the stream is freed. */
struct MHD_Response *sse_open(struct sse_stream *stream, struct MHD_Connection *connection);
/* A stream that was accepted but never opened. */
void sse_drop(struct sse_stream *stream);

struct sse_hub *http_sse_hub(struct http_server *s);

#endif
