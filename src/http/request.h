/* request.h - one HTTP request as a handler sees it, and the answer it builds. Everything lives in
 * the request's arena. Threads: the one that runs the handler. */
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "domain/right.h"

enum method { METHOD_GET, METHOD_HEAD, METHOD_POST, METHOD_PUT, METHOD_DELETE, METHOD_COUNT };

struct route;
struct request_inner;

struct request {
    struct arena *arena;
    enum method method;
    struct str path;   /* decoded once, starts with '/', no dot segments */
    struct str target; /* as sent, with the query: for redirects back */
    struct str body;   /* whole, within the route's limit */
    struct str id;     /* request id, also in the log and in the answer's X-Request-Id */
    struct str remote; /* client address; X-Forwarded-For counts only from listed proxies */
    bool secure;       /* the client speaks TLS to us or to a listed proxy */
    const struct route *route;
    struct who who; /* filled by the guard */
    void *app;      /* what http_start was given */
    struct request_inner *inner;
};

/* Path parameter (":id"), query field, header, cookie: STR_NONE when absent. Names compare as HTTP
 * says. */
struct str request_param(const struct request *rq, const char *name);
bool request_param_i64(const struct request *rq, const char *name, int64_t *out);
struct str request_query(const struct request *rq, const char *name);
struct str request_header(const struct request *rq, const char *name);
struct str request_cookie(const struct request *rq, const char *name);

/* A field of the form in the body (urlencoded or multipart), checked to be UTF-8. */
struct form_file {
    struct str name, type, data;
};
struct str request_field(const struct request *rq, const char *name);
/* All values of a repeated field, in order. */
size_t request_fields(const struct request *rq, const char *name, struct str *out, size_t max);
bool request_file(const struct request *rq, const char *name, struct form_file *out);
/* A body that claims to be a form and is none was answered with 400 before the handler ran. */

struct response {
    int status;       /* 200 at start */
    const char *type; /* "text/html; charset=utf-8" at start */
    struct buf body;
    struct request_inner *inner;
    struct sse_stream *stream; /* set by sse_accept: the answer is an event stream */
};

/* Adds a header; refuses CR, LF and NUL in name and value (the answer becomes 500). */
void response_header(struct response *rs, const char *name, struct str value);
/* Set-Cookie with Path=/, HttpOnly, SameSite=Lax, and Secure when the client speaks TLS. max_age <
 * 0: session, 0: delete now. */
void response_cookie(const struct request *rq, struct response *rs, const char *name,
                     struct str value, int64_t max_age_s);
/* 303 to an own path; anything that is not an own path ("//x", "https:") goes to "/". */
void response_redirect(struct response *rs, struct str path);
/* {"error":{"code","message","where","request"}} with err's status; set rs->status behind it for
 * another. */
void response_json_error(const struct request *rq, struct response *rs, enum err code,
                         const struct errinfo *e);
/* Static bytes with a strong ETag (etag: its text without quotes, such as a hash) that outlive the
 * answer; sends 304 when the client has them. */
void response_static(const struct request *rq, struct response *rs, struct str bytes,
                     const char *type, struct str etag, bool immutable);

/* The answer is size bytes of an open file, in place of a body; fd becomes the request's. */
void response_file(const struct request *rq, struct response *rs, int fd, int64_t size);

#endif
