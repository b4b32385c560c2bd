/* request.c - what a handler asks a request for; see request.h. */
#include "http/request.h"

#include "http/cookie.h"
#include "http/inner.h"

struct str request_param(const struct request *rq, const char *name)
{
    const struct route_match *m = &rq->inner->match;
    for (size_t i = 0; i < m->param_count; i++)
        if (str_eq_z(m->params[i].name, name))
            return m->params[i].value;
    return STR_NONE;
}

bool request_param_i64(const struct request *rq, const char *name, int64_t *out)
{
    return str_to_i64(request_param(rq, name), out);
}

struct str request_query(const struct request *rq, const char *name)
{
    size_t at = 0;
    const struct form_part *part = form_next(&rq->inner->query, name, &at);
    return part ? part->value : STR_NONE;
}

struct str request_header(const struct request *rq, const char *name)
{
    const struct request_inner *in = rq->inner;
    struct str wanted = str_z(name);
    for (size_t i = 0; i < in->header_count; i++)
        if (str_eq_nocase(in->headers[i].name, wanted))
            return in->headers[i].value;
    return STR_NONE;
}

struct str request_cookie(const struct request *rq, const char *name)
{
    const struct request_inner *in = rq->inner;
    for (size_t i = 0; i < in->header_count; i++) {
        if (!str_eq_nocase(in->headers[i].name, STR("Cookie")))
            continue;
        struct str value = cookie_find(in->headers[i].value, name);
        if (value.p)
            return value;
    }
    return STR_NONE;
}

/* The next plain field of the posted form. */
static const struct form_part *next_field(const struct request *rq, const char *name, size_t *at)
{
    const struct form_part *part;
    do
        part = form_next(&rq->inner->form, name, at);
    while (part && part->is_file);
    return part;
}

struct str request_field(const struct request *rq, const char *name)
{
    size_t at = 0;
    const struct form_part *part = next_field(rq, name, &at);
    return part ? part->value : STR_NONE;
}

size_t request_fields(const struct request *rq, const char *name, struct str *out, size_t max)
{
    size_t at = 0, n = 0;
    const struct form_part *part;
    while (n < max && (part = next_field(rq, name, &at)))
        out[n++] = part->value;
    return n;
}

bool request_file(const struct request *rq, const char *name, struct form_file *out)
{
    size_t at = 0;
    const struct form_part *part;
    do
        part = form_next(&rq->inner->form, name, &at);
    while (part && !part->is_file);
    if (!part)
        return false;
    *out = (struct form_file){part->file_name, part->type, part->value};
    return true;
}

bool request_wants_json(const struct request *rq)
{
    if (rq->route)
        return rq->route->flags & ROUTE_API;
    return !str_contains_nocase(request_header(rq, "Accept"), STR("text/html"));
}
