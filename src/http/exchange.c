/* exchange.c - the order of checks that server.h promises; see exchange.h. */
#include "http/exchange.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/rand.h"
#include "http/csrf.h"
#include "http/sse_inner.h"

enum {
    ARENA_KEPT = 64 << 10,  /* a connection keeps no more for its next request */
    OVERRUN_READ = 1 << 20, /* of a chunked body that is too large, read to be able to say so */
};

void exchange_init(struct exchange *x, struct http_server *server, const struct http_site *site)
{
    *x = (struct exchange){.server = server, .site = site};
    arena_init(&x->arena);
    buf_init(&x->body, 0);
}

void exchange_release(struct exchange *x)
{
    buf_deinit(&x->body);
    buf_init(&x->body, 0);
    arena_deinit(&x->arena);
    x->rq = NULL;
    x->rs = NULL;
    x->inner = NULL;
}

void exchange_deinit(struct exchange *x)
{
    exchange_end(x);
    exchange_release(x);
}

void exchange_begin(struct exchange *x, struct str target)
{
    exchange_end(x);
    x->started = clock_mono();
    snprintf(x->id, sizeof x->id, "%016llx", (unsigned long long)rand_u64());
    x->inner = ARENA_NEW(&x->arena, struct request_inner);
    x->inner->server = x->server;
    x->rs = ARENA_NEW(&x->arena, struct response);
    x->rq = ARENA_NEW(&x->arena, struct request);
    *x->rq = (struct request){.arena = &x->arena,
                              .target = arena_str(&x->arena, target),
                              .id = {x->id, sizeof x->id - 1},
                              .app = x->site->app,
                              .inner = x->inner};
    x->stage = STAGE_HEAD;
    x->length = 0;
    x->seen = 0;
    x->refused = x->close = false;
    response_init(x->rq, x->rs);
}

void exchange_end(struct exchange *x)
{
    if (x->rs && x->rs->stream) /* accepted, but never sent */
        sse_drop(x->rs->stream);
    x->rq = NULL;
    x->rs = NULL;
    x->inner = NULL;
    buf_deinit(&x->body);
    buf_init(&x->body, 0);
    if (x->arena.used > ARENA_KEPT)
        arena_deinit(&x->arena);
    else
        arena_clear(&x->arena);
}

static void fail(struct exchange *x, int status, enum err code, const char *where, const char *what)
{
    response_fail(&x->site->hooks, x->rq, x->rs, status, code, where, what);
    x->refused = true;
}

/* Whatever could make a proxy and us see different ends of a request is refused, and the connection
 * closed (RFC 9112 sections 6.1 and 11.2). */
static const char *framing_fault(struct exchange *x, bool http_1_1)
{
    const struct request_inner *in = x->inner;
    struct str length = STR_NONE, coding = STR_NONE, host = STR_NONE;
    for (size_t i = 0; i < in->header_count; i++) {
        const struct header *h = &in->headers[i];
        struct str *slot = NULL;
        if (!header_token(h->name) || !header_value(h->value))
            return "A header line is malformed.";
        if (str_eq_nocase(h->name, STR("Content-Length")))
            slot = &length;
        else if (str_eq_nocase(h->name, STR("Transfer-Encoding")))
            slot = &coding;
        else if (str_eq_nocase(h->name, STR("Host")))
            slot = &host;
        if (slot && slot->p)
            return "A header that may stand once stands twice.";
        if (slot)
            *slot = h->value;
    }
    if (coding.p && (length.p || !http_1_1 || !str_eq_nocase(coding, STR("chunked"))))
        return "The length of the body is not clear.";
    if (http_1_1 &&
        (!host.n || str_find_char(host, ',', 0) >= 0 || str_find_char(host, ' ', 0) >= 0))
        return "The Host header is missing or malformed.";
    x->length = coding.p ? -1 : 0;
    if (!length.p)
        return NULL;
    for (size_t i = 0; i < length.n; i++)
        if (length.p[i] < '0' || length.p[i] > '9')
            return "Content-Length is no number.";
    return str_to_i64(length, &x->length) ? NULL : "Content-Length is no number.";
}

static size_t head_size(const struct exchange *x)
{
    size_t n = 0;
    for (size_t i = 0; i < x->inner->header_count; i++)
        n += x->inner->headers[i].name.n + x->inner->headers[i].value.n + 4;
    return n;
}

static void refuse_unknown(struct exchange *x, enum method method)
{
    struct request *rq = x->rq;
    if (x->inner->match.allowed) {
        fail(x, 405, ERR_INVALID, "method", "This page does not take that method.");
        response_header(x->rs, "Allow", router_allow(rq->arena, x->inner->match.allowed));
        return;
    }
    struct str raw = x->inner->target.raw;
    bool reading = method == METHOD_GET || method == METHOD_HEAD;
    if (reading && raw.n > 1 && raw.p[raw.n - 1] == '/') {
        struct str query = x->inner->target.query;
        struct str to = arena_printf(rq->arena, "%.*s%s%.*s", (int)raw.n - 1, raw.p,
                                     query.p ? "?" : "", STR_FMT(query));
        response_redirect(x->rs, to);
        x->rs->status = 308;
        x->refused = true;
        return;
    }
    fail(x, 404, ERR_NOT_FOUND, "path", "There is nothing at this address.");
}

static void pass_guard(struct exchange *x)
{
    struct request *rq = x->rq;
    const struct http_hooks *hooks = &x->site->hooks;
    enum right right = rq->route->right;
    enum err err = hooks->guard          ? hooks->guard(rq, right)
                   : right == RIGHT_NONE ? ERR_OK
                                         : ERR_DENIED;
    if (err == ERR_OK)
        return;
    bool known = rq->who.agent || rq->who.account;
    int status = err_table[err < ERR_COUNT ? err : ERR_BUG].http;
    if (err != ERR_DENIED)
        fail(x, status, err, "", "The request could not be checked; try again.");
    else if (known)
        fail(x, status, err, "right", "Your role does not allow this.");
    else
        fail(x, rq->route->flags & ROUTE_API ? 401 : status, err, "session",
             "Please sign in first.");
}

static void check_head(struct exchange *x, struct str method_name, bool http_1_1,
                       const struct sockaddr *from)
{
    struct request *rq = x->rq;
    enum method method = method_parse(method_name);
    rq->method = method < METHOD_COUNT ? method : METHOD_GET;
    peer_fill(&x->site->peers, from, rq);
    const char *fault = framing_fault(x, http_1_1);
    if (memory_low()) {
        x->close = true;
        exchange_busy(x);
    } else if (fault) {
        x->close = true;
        fail(x, 400, ERR_INVALID, "header", fault);
    } else if (rq->target.n > TARGET_MAX) {
        fail(x, 414, ERR_LIMIT, "path", "The address is too long.");
    } else if (x->inner->header_count > HEADERS_MAX || head_size(x) > HEADER_BYTES_MAX) {
        fail(x, 431, ERR_LIMIT, "header", "The request's headers are too large.");
    } else if (path_parse(rq->arena, rq->target, &x->inner->target) != ERR_OK ||
               form_parse_urlencoded(rq->arena, x->inner->target.query, &x->inner->query) !=
                   ERR_OK) {
        fail(x, 400, ERR_INVALID, "path", "The address is malformed.");
    } else {
        rq->path = x->inner->target.path;
        router_find(x->site->router, method, rq->path, &x->inner->match);
        rq->route = x->inner->match.route;
        if (!rq->route)
            refuse_unknown(x, method);
        else if (x->length > 0 && (uint64_t)x->length > rq->route->body_max)
            fail(x, 413, ERR_LIMIT, "body", "The body of the request is too large.");
        else
            pass_guard(x);
    }
}

enum exchange_next exchange_head(struct exchange *x, struct str method, bool http_1_1,
                                 const struct sockaddr *from)
{
    log_set_request(x->id);
    check_head(x, method, http_1_1, from);
    log_set_request(NULL);
    x->stage = STAGE_BODY;
    if (x->refused && (x->close || x->length < 0 || x->length > SMALL_BODY)) {
        x->close = true; /* what follows of the body is not read */
        return EXCHANGE_ANSWER;
    }
    if (x->refused)
        return EXCHANGE_READ;
    if (x->length >= 0 && x->length <= SMALL_BODY)
        buf_init_in(&x->body, &x->arena, (size_t)x->length);
    else
        buf_init(&x->body, x->rq->route->body_max);
    return EXCHANGE_READ;
}

enum exchange_next exchange_body(struct exchange *x, struct str bytes)
{
    x->seen += bytes.n;
    if (x->refused)
        return x->seen > SMALL_BODY + OVERRUN_READ ? EXCHANGE_ABORT : EXCHANGE_READ;
    if (x->body.n == 0 && x->body.arena)
        (void)buf_reserve(&x->body, (size_t)x->length); /* once and for all */
    buf_add(&x->body, bytes);
    if (!buf_ok(&x->body)) {
        x->close = true;
        x->seen = 0;
        if (memory_low())
            exchange_busy(x);
        else
            fail(x, 413, ERR_LIMIT, "body", "The body of the request is too large.");
    }
    return EXCHANGE_READ;
}

/* The form is read before CSRF is checked, for the token may be one of its fields. */
static void check_body(struct exchange *x)
{
    struct request *rq = x->rq;
    rq->body = buf_str(&x->body);
    bool changes = rq->method != METHOD_GET && rq->method != METHOD_HEAD;
    enum err err =
        form_parse(rq->arena, request_header(rq, "Content-Type"), rq->body, &x->inner->form);
    if (err == ERR_INVALID || err == ERR_LIMIT)
        fail(x, 400, err, "body", "The form is malformed.");
    else if (changes && !(rq->route->flags & ROUTE_NO_CSRF) && !csrf_passes(rq, &x->site->hooks))
        fail(x, 403, ERR_DENIED, CSRF_FIELD,
             "This form does not come from a page of ours, or it is too old. Load the page again.");
}

enum exchange_next exchange_ready(struct exchange *x)
{
    log_set_request(x->id);
    if (!x->refused)
        check_body(x);
    bool work = !x->refused && (x->rq->route->flags & ROUTE_WORKER);
    if (!x->refused && !work)
        x->rq->route->handler(x->rq, x->rs);
    log_set_request(NULL);
    x->stage = STAGE_HANDLED;
    return work ? EXCHANGE_WORK : EXCHANGE_ANSWER;
}

void exchange_handle(struct exchange *x)
{
    log_set_request(x->id);
    x->rq->route->handler(x->rq, x->rs);
    log_set_request(NULL);
}

void exchange_busy(struct exchange *x)
{
    fail(x, 503, ERR_BUSY, "", "Too much is going on at the moment; try again in a few seconds.");
}

static bool sound_answer(const struct exchange *x)
{
    return buf_ok(&x->rs->body) && !x->inner->header_refused;
}

/* The address as the log may show it: without the query, and without a path that lets somebody in.
 */
static struct str shown_path(const struct request *rq)
{
    struct str pattern = rq->route ? str_z(rq->route->pattern) : STR_NONE;
    if (str_find(pattern, STR("/:token"), 0) >= 0)
        return pattern;
    ptrdiff_t query = str_find_char(rq->target, '?', 0);
    return query < 0 ? rq->target : str_sub(rq->target, 0, (size_t)query);
}

void exchange_finish(struct exchange *x)
{
    log_set_request(x->id);
    struct str path = shown_path(x->rq);
    for (int turn = 0; turn < 2 && !sound_answer(x); turn++) {
        if (x->rs->stream)
            sse_drop(x->rs->stream);
        log_error("http", "the answer to %.*s is broken or larger than %d bytes", STR_FMT(path),
                  ANSWER_MAX);
        if (turn == 0)
            fail(x, 500, ERR_BUG, "", "Something went wrong on our side.");
        else
            response_init(x->rq, x->rs), x->rs->status = 500;
    }
    response_add_defaults(x->rq, x->rs);
    long long took = (long long)(clock_mono() - x->started);
    const char *method = method_names[x->rq->method];
    if (x->rs->status >= 500)
        log_warn("http", "%s %.*s %d %lld ms", method, STR_FMT(path), x->rs->status, took);
    else
        log_debug("http", "%s %.*s %d %lld ms", method, STR_FMT(path), x->rs->status, took);
    log_set_request(NULL);
}
