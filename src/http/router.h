/* router.h - from method and path to a row of the route tables. Literal segments go before
 * parameters, parameters before the rest, whatever the order of the tables. Threads: immutable
 * after router_new. */
#ifndef HTTP_ROUTER_H
#define HTTP_ROUTER_H

#include "base/arena.h"
#include "base/err.h"
#include "http/request.h"
#include "http/server.h"

enum { ROUTE_SEGMENTS_MAX = 12 };

struct route_param {
    struct str name, value;
};

struct route_match {
    const struct route *route; /* NULL: no such path, or not with this method */
    unsigned allowed;          /* bit per enum method that the path knows; 0: no such path */
    struct route_param params[ROUTE_SEGMENTS_MAX];
    size_t param_count;
};

struct router;

/* In the arena. ERR_INVALID: a bad pattern, or two rows for the same method and paths. */
enum err router_new(struct arena *a, const struct http_options *o, const struct router **out,
                    struct errinfo *e) MUST_CHECK;
/* HEAD finds GET. */
void router_find(const struct router *r, enum method method, struct str path,
                 struct route_match *out);
/* "GET, HEAD, POST" */
struct str router_allow(struct arena *a, unsigned allowed);

extern const char *const method_names[METHOD_COUNT];
/* METHOD_COUNT when unknown; case counts. */
enum method method_parse(struct str name);

#endif
