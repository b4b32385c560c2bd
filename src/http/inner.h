/* inner.h - what the files of http/ share; nothing outside includes it. */
#ifndef HTTP_INNER_H
#define HTTP_INNER_H

#include "base/vec.h"
#include "http/form.h"
#include "http/header.h"
#include "http/path.h"
#include "http/peer.h"
#include "http/request.h"
#include "http/router.h"
#include "http/server.h"
#include "http/wire.h"

enum {
    ANSWER_MAX = 64 << 20, /* bytes of one answer */
    SMALL_BODY =
        64 << 10, /* a body up to here lives in the arena and is read even when it is refused */
};

/* What who is turned away is told. */
#define CROWDED "Your address has too many connections open; close some, then try again."

struct sse_hub;

/* The side of a request that handlers do not see. */
struct request_inner {
    struct http_server *server;
    struct header *headers;
    size_t header_count;
    uint64_t told; /* events when it began, for sse_position */
    struct target target;
    struct route_match match;
    struct form query, form;
    struct vec answer_headers; /* struct header */
    struct str fixed;          /* bytes of response_static; p NULL otherwise */
    bool has_file;             /* response_file: these two */
    int file;
    int64_t file_size;
    bool header_refused; /* the answer must become a 500 */
};

/* Whether errors of this request are told as JSON. */
bool request_wants_json(const struct request *rq);
/* Starts the answer over: status 200, no body, no headers. */
void response_init(struct request *rq, struct response *rs);
/* Turns the answer into an error with that status, by error page or as JSON. */
void response_fail(const struct http_hooks *hooks, struct request *rq, struct response *rs,
                   int status, enum err code, const char *where, const char *what);
/* The header of that name, or NULL. */
const struct header *response_find_header(const struct response *rs, const char *name);
/* Adds the headers that every answer carries where the handler has not set its own. */
void response_add_defaults(const struct request *rq, struct response *rs);

/* Opens the socket of "host:port", "[::1]:0", ":8080". Nothing is accepted yet. */
enum err listen_open(const char *where, int *fd, int *port, struct errinfo *e) MUST_CHECK;

#endif
