/* router.c - see router.h. A few hundred rows sorted by precision; the first that fits wins. */
#include "http/router.h"

#include <stdlib.h>

enum segment_kind { SEGMENT_LITERAL, SEGMENT_PARAM, SEGMENT_REST };

struct segment {
    enum segment_kind kind;
    struct str text; /* the literal, or the parameter's name */
};

struct row {
    const struct route *route;
    struct segment segments[ROUTE_SEGMENTS_MAX];
    size_t n;
};

struct router {
    struct row *rows;
    size_t n;
};

const char *const method_names[METHOD_COUNT] = {
    [METHOD_GET] = "GET", [METHOD_HEAD] = "HEAD",     [METHOD_POST] = "POST",
    [METHOD_PUT] = "PUT", [METHOD_DELETE] = "DELETE",
};

enum method method_parse(struct str name)
{
    enum method m = METHOD_GET;
    while (m < METHOD_COUNT && !str_eq_z(name, method_names[m]))
        m++;
    return m;
}

static bool parse_pattern(const struct route *route, struct row *row)
{
    struct str rest = str_z(route->pattern), text;
    if (!rest.n || rest.p[0] != '/')
        return false;
    *row = (struct row){.route = route};
    rest = str_sub(rest, 1, rest.n);
    while (rest.n && str_next(&rest, '/', &text)) {
        struct segment s = {SEGMENT_LITERAL, text};
        if (row->n && row->segments[row->n - 1].kind == SEGMENT_REST)
            return false;
        if (!text.n || row->n == ROUTE_SEGMENTS_MAX)
            return false;
        if (text.p[0] == ':' || text.p[0] == '*') {
            s.kind = text.p[0] == ':' ? SEGMENT_PARAM : SEGMENT_REST;
            s.text = str_sub(text, 1, text.n);
        }
        row->segments[row->n++] = s;
    }
    return !row->n || !rest.p; /* no slash at the end */
}

/* 0 means that both take the same paths. */
static int compare_rows(const void *left, const void *right)
{
    const struct row *a = left, *b = right;
    size_t shared = a->n < b->n ? a->n : b->n;
    for (size_t i = 0; i < shared; i++) {
        const struct segment *x = &a->segments[i], *y = &b->segments[i];
        if (x->kind != y->kind)
            return x->kind < y->kind ? -1 : 1;
        int order = x->kind == SEGMENT_LITERAL ? str_cmp(x->text, y->text) : 0;
        if (order)
            return order;
    }
    if (a->n != b->n)
        return a->n < b->n ? -1 : 1;
    return (int)a->route->method - (int)b->route->method;
}

enum err router_new(struct arena *a, const struct http_options *o, const struct router **out,
                    struct errinfo *e)
{
    size_t total = 0;
    for (size_t t = 0; t < o->table_count; t++)
        total += o->table_counts[t];
    struct router *r = ARENA_NEW(a, struct router);
    r->rows = arena_array(a, total, sizeof *r->rows);
    for (size_t t = 0; t < o->table_count; t++)
        for (size_t i = 0; i < o->table_counts[t]; i++) {
            const struct route *route = &o->tables[t][i];
            if (!route->handler || route->method == METHOD_HEAD || route->method >= METHOD_COUNT ||
                !parse_pattern(route, &r->rows[r->n++]))
                return err_set(e, ERR_INVALID, "route", "%s is no sound route.", route->pattern);
        }
    qsort(r->rows, r->n, sizeof *r->rows, compare_rows);
    for (size_t i = 1; i < r->n; i++)
        if (compare_rows(&r->rows[i - 1], &r->rows[i]) == 0)
            return err_set(e, ERR_INVALID, "route", "%s and %s take the same requests.",
                           r->rows[i - 1].route->pattern, r->rows[i].route->pattern);
    *out = r;
    return ERR_OK;
}

static bool fits(const struct row *row, const struct str *parts, size_t n, struct str path,
                 struct route_match *out)
{
    bool takes_rest = row->n && row->segments[row->n - 1].kind == SEGMENT_REST;
    if (takes_rest ? n < row->n : n != row->n)
        return false;
    out->param_count = 0;
    for (size_t i = 0; i < row->n; i++) {
        const struct segment *s = &row->segments[i];
        if (s->kind == SEGMENT_LITERAL) {
            if (!str_eq(s->text, parts[i]))
                return false;
            continue;
        }
        struct str value = parts[i];
        if (s->kind == SEGMENT_REST)
            value.n = (size_t)(path.p + path.n - value.p);
        out->params[out->param_count++] = (struct route_param){s->text, value};
    }
    return true;
}

void router_find(const struct router *r, enum method method, struct str path,
                 struct route_match *out)
{
    *out = (struct route_match){0};
    if (path.n > 1 && path.p[path.n - 1] == '/')
        return; /* no pattern ends with a slash */
    /* one more than a pattern may have: deeper paths only fit a rest, which needs no more of them
     */
    struct str parts[ROUTE_SEGMENTS_MAX + 1], rest = str_sub(path, 1, path.n);
    size_t n = 0;
    while (rest.n && n <= ROUTE_SEGMENTS_MAX && str_next(&rest, '/', &parts[n]))
        n++;
    enum method wanted = method == METHOD_HEAD ? METHOD_GET : method;
    struct route_match found;
    for (size_t i = 0; i < r->n; i++) {
        if (!fits(&r->rows[i], parts, n, path, &found))
            continue;
        out->allowed |= 1u << r->rows[i].route->method;
        if (r->rows[i].route->method == wanted) {
            found.allowed = out->allowed;
            found.route = r->rows[i].route;
            *out = found;
            return;
        }
    }
}

struct str router_allow(struct arena *a, unsigned allowed)
{
    struct str names[METHOD_COUNT];
    size_t n = 0;
    if (allowed & (1u << METHOD_GET))
        allowed |= 1u << METHOD_HEAD;
    for (int m = 0; m < METHOD_COUNT; m++)
        if (allowed & (1u << m))
            names[n++] = str_z(method_names[m]);
    return arena_join(a, names, n, STR(", "));
}
