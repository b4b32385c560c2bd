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
    ARENA_KEPT = 64 << 10, /* a connection keeps no more for its next request */
    BODY_WORK = 8,         /* memory that reading a large body takes, in bodies */
    REQUEST_ID_MIN = 8,
    LOGGED_PATH = 300,
};

void exchange_init(struct exchange *x, struct http_server *server, struct http_site *site)
{
    *x = (struct exchange){.server = server, .site = site};
    arena_init(&x->arena);
    buf_init(&x->body, 0);
}

static void drop_body(struct exchange *x)
{
    x->site->bodies -= (long long)x->seen;
    x->seen = 0;
    buf_deinit(&x->body);
    buf_init(&x->body, 0);
}

void exchange_release(struct exchange *x)
{
    drop_body(x);
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
    x->started = clock_mono_us();
    struct str id = arena_printf(&x->arena, "%016llx", (unsigned long long)rand_u64());
    x->id = id.p;
    x->inner = ARENA_NEW(&x->arena, struct request_inner);
    x->inner->server = x->server;
    x->inner->told = sse_hub_told(http_sse_hub(x->server));
    x->rs = ARENA_NEW(&x->arena, struct response);
    x->rq = ARENA_NEW(&x->arena, struct request);
    *x->rq = (struct request){.arena = &x->arena,
                              .target = arena_str(&x->arena, target),
                              .id = id,
                              .app = x->site->app,
                              .inner = x->inner};
    x->stage = STAGE_HEAD;
    x->length = 0;
    x->seen = 0;
    x->refused = x->close = false;
    x->where = "";
    response_init(x->rq, x->rs);
}

void exchange_end(struct exchange *x)
{
    if (x->rs && x->rs->stream) /* accepted, but never sent */
        sse_drop(x->rs->stream);
    if (x->entered_forwarded)
        crowd_leave(x->site->forwarded, &x->forwarded);
    x->entered_forwarded = false;
    drop_body(x);
    x->rq = NULL;
    x->rs = NULL;
    x->inner = NULL;
    if (x->arena.used > ARENA_KEPT)
        arena_deinit(&x->arena);
    else
        arena_clear(&x->arena);
}

static void fail(struct exchange *x, int status, enum err code, const char *where, const char *what)
{
    response_fail(&x->site->hooks, x->rq, x->rs, status, code, where, what);
    x->refused = true;
    x->where = where;
}

void exchange_refuse(struct exchange *x, int status, enum err code, const char *where,
                     const char *what)
{
    if (!x->rq)
        exchange_begin(x, STR(""));
    x->close = true;
    drop_body(x); /* somebody else may need the room */
    fail(x, status, code, where, what);
}

/* What the head says of the body; wire.c has made sure that it says one thing only. */
static bool read_length(struct exchange *x)
{
    struct str length = request_header(x->rq, "Content-Length");
    x->length = request_header(x->rq, "Transfer-Encoding").p ? -1 : 0;
    return !length.p || str_to_i64(length, &x->length);
}

/* Behind a listed proxy an address may have so many requests and streams at a time, else so many
 * connections (server.c). */
static bool crowded(struct exchange *x, const struct sockaddr *from)
{
    bool forwarded = peer_fill(&x->site->peers, from, x->rq, &x->forwarded);
    x->entered_forwarded = forwarded && crowd_enter(x->site->forwarded, &x->forwarded);
    return forwarded && !x->entered_forwarded;
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

/* A proxy that we trust may have given the request a number already: then its log and ours have the
 * same one. A stranger's would let them write into our log as somebody else. */
static void take_id(struct exchange *x)
{
    struct str id = request_header(x->rq, "X-Request-Id");
    if (id.n < REQUEST_ID_MIN || id.n > LOG_REQUEST_MAX)
        return;
    for (size_t i = 0; i < id.n; i++)
        if (!((id.p[i] >= 'a' && id.p[i] <= 'z') || (id.p[i] >= 'A' && id.p[i] <= 'Z') ||
              (id.p[i] >= '0' && id.p[i] <= '9') || id.p[i] == '-' || id.p[i] == '_'))
            return;
    x->rq->id = arena_str(&x->arena, id);
    x->id = x->rq->id.p;
    log_set_request(x->id);
}

static void check_head(struct exchange *x, struct str method_name, const struct sockaddr *from)
{
    struct request *rq = x->rq;
    struct in6_addr by;
    enum method method = method_parse(method_name);
    rq->method = method < METHOD_COUNT ? method : METHOD_GET;
    if (peer_of_socket(&x->site->peers, from, &by))
        take_id(x);
    if (memory_low()) {
        x->close = true;
        exchange_busy(x);
    } else if (crowded(x, from)) {
        exchange_refuse(x, 429, ERR_LIMIT, "address", CROWDED);
    } else if (!read_length(x)) {
        exchange_refuse(x, 400, ERR_INVALID, "header", "Content-Length is no number.");
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

enum exchange_next exchange_head(struct exchange *x, struct str method, const struct sockaddr *from)
{
    log_set_request(x->id);
    check_head(x, method, from);
    log_set_request(NULL);
    x->stage = STAGE_BODY;
    if (x->refused && (x->close || x->length < 0 || x->length > SMALL_BODY)) {
        x->close = true; /* what follows of the body is not read */
        /* who waits to be asked for the body has sent nothing of it */
        bool coming = x->length != 0 && !request_header(x->rq, "Expect").p;
        return coming ? EXCHANGE_SAY : EXCHANGE_ANSWER;
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
    if (x->refused)
        return EXCHANGE_READ;
    x->seen += bytes.n;
    long long n = (long long)bytes.n;
    if (atomic_fetch_add(&x->site->bodies, n) + n > x->site->bodies_max) {
        exchange_refuse(x, 503, ERR_BUSY, "body",
                        "Too much is being sent at the moment; try again in a few seconds.");
        return EXCHANGE_SAY;
    }
    if (x->body.n == 0 && x->body.arena)
        (void)buf_reserve(&x->body, (size_t)x->length); /* once and for all */
    buf_add(&x->body, bytes);
    if (buf_ok(&x->body))
        return EXCHANGE_READ;
    if (memory_low())
        exchange_busy(x);
    else
        exchange_refuse(x, 413, ERR_LIMIT, "body", "The body of the request is too large.");
    return EXCHANGE_SAY;
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
    if (!x->refused && x->body.n > SMALL_BODY &&
        !memory_has((size_t)x->site->bodies * BODY_WORK)) /* for all that are being read */
        exchange_busy(x);
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

static void tell_denied(const struct exchange *x)
{
    const struct http_hooks *hooks = &x->site->hooks;
    int status = x->rs->status;
    if (hooks->denied && x->rq->route && (status == 401 || status == 403 || status == 429))
        hooks->denied(x->rq, status, x->where);
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
    return str_sub(rq->target, 0, query >= 0 && query < LOGGED_PATH ? (size_t)query : LOGGED_PATH);
}

static void log_answer(const struct exchange *x)
{
    char status[16], ms[24], bytes[24];
    const struct request *rq = x->rq;
    const struct response *rs = x->rs;
    enum log_level level = rs->status >= 500     ? LOG_WARN
                           : x->site->access_log ? LOG_INFO
                                                 : LOG_DEBUG;
    size_t size = rs->inner->fixed.p ? rs->inner->fixed.n : rs->body.n;
    snprintf(status, sizeof status, "%d", rs->status);
    snprintf(ms, sizeof ms, "%lld", (long long)(x->took / 1000));
    snprintf(bytes, sizeof bytes, "%zu", size);
    const struct log_field fields[] = {
        {"method", str_z(method_names[rq->method])},
        {"path", shown_path(rq)},
        {"status", str_z(status)},
        {"ms", str_z(ms)},
        {"bytes", str_z(bytes)},
        {"from", rq->remote}, /* in the access log only: it says who somebody is */
    };
    size_t n = sizeof fields / sizeof *fields;
    log_fields(level, "http", "request", fields, x->site->access_log ? n : n - 1);
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
    tell_denied(x);
    int class = x->rs->status / 100;
    x->took = clock_mono_us() - x->started;
    if (class >= 1 && class <= HTTP_CLASSES)
        x->site->answers[class - 1]++;
    histogram_add(&x->site->took, x->took);
    log_answer(x);
    log_set_request(NULL);
}
