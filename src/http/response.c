/* response.c - building the answer: headers, cookies, redirects, errors, static bytes; see
 * request.h. */
#include <unistd.h>

#include "base/log.h"
#include "http/cookie.h"
#include "http/inner.h"
#include "text/json.h"

/* An event stream carries the first only: the others are for documents, and each costs every idle
 * stream memory. */
static const struct {
    const char *name, *value;
} every_answer[] = {
    {"X-Content-Type-Options", "nosniff"},
    {"Content-Security-Policy",
     "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src "
     "'self'; "
     "connect-src 'self'; manifest-src 'self'; form-action 'self'; frame-ancestors 'none'; "
     "base-uri 'none'"},
    {"Referrer-Policy", "same-origin"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"},
};

void response_init(struct request *rq, struct response *rs)
{
    struct request_inner *in = rq->inner;
    vec_init(&in->answer_headers, rq->arena, sizeof(struct header));
    in->fixed = STR_NONE;
    in->has_file = in->header_refused = false;
    *rs = (struct response){.status = 200, .type = "text/html; charset=utf-8", .inner = in};
    buf_init_in(&rs->body, rq->arena, ANSWER_MAX);
}

const struct header *response_find_header(const struct response *rs, const char *name)
{
    const struct vec *headers = &rs->inner->answer_headers;
    struct str wanted = str_z(name);
    for (size_t i = 0; i < headers->n; i++) {
        const struct header *h = vec_at(headers, i);
        if (str_eq_nocase(h->name, wanted))
            return h;
    }
    return NULL;
}

void response_header(struct response *rs, const char *name, struct str value)
{
    struct request_inner *in = rs->inner;
    if (!header_token(str_z(name)) || !header_value(value)) {
        log_warn("http", "refused a header with a line end or a bad name: %s", name);
        in->header_refused = true;
        return;
    }
    struct arena *a = in->answer_headers.arena;
    struct header *h = NULL;
    if (!str_eq_nocase(str_z(name), STR("Set-Cookie")))
        h = (struct header *)response_find_header(rs, name);
    if (!h)
        h = vec_push(&in->answer_headers);
    *h = (struct header){arena_strz(a, name), arena_str(a, value)};
}

void response_cookie(const struct request *rq, struct response *rs, const char *name,
                     struct str value, int64_t max_age_s)
{
    struct str line = cookie_format(rq->arena, name, value, max_age_s, rq->secure);
    if (!line.p) {
        log_warn("http", "refused a cookie that cannot be written: %s", name);
        rs->inner->header_refused = true;
        return;
    }
    response_header(rs, "Set-Cookie", line);
}

static bool own_path(struct str path)
{
    if (!path.n || path.p[0] != '/')
        return false;
    if (path.n > 1 && (path.p[1] == '/' || path.p[1] == '\\'))
        return false;
    for (size_t i = 0; i < path.n; i++)
        if ((unsigned char)path.p[i] < 0x20 || path.p[i] == 0x7f || path.p[i] == '\\')
            return false;
    return true;
}

void response_redirect(struct response *rs, struct str path)
{
    struct buf line;
    buf_init_in(&line, rs->inner->answer_headers.arena, 3 * TARGET_MAX);
    if (!own_path(path))
        path = STR("/");
    for (size_t i = 0; i < path.n; i++) {
        unsigned char c = (unsigned char)path.p[i];
        if (c > 0x20 && c < 0x7f)
            buf_add_char(&line, path.p[i]);
        else
            buf_printf(&line, "%%%02X", c);
    }
    rs->status = 303;
    response_header(rs, "Location", buf_ok(&line) ? buf_str(&line) : STR("/"));
}

void response_json_error(const struct request *rq, struct response *rs, enum err code,
                         const struct errinfo *e)
{
    const struct err_row *row = &err_table[code < ERR_COUNT ? code : ERR_BUG];
    rs->status = row->http;
    rs->type = "application/json";
    buf_clear(&rs->body);
    rs->inner->fixed = STR_NONE;
    struct json_writer w;
    json_writer_init(&w, &rs->body);
    json_begin_object(&w);
    json_key(&w, "error");
    json_begin_object(&w);
    json_put_text(&w, "code", str_z(err_code(code)));
    json_put_text(&w, "message", str_z(e ? e->what : ""));
    json_put_text(&w, "where", str_z(e ? e->where : ""));
    json_put_text(&w, "request", rq->id);
    json_end_object(&w);
    json_end_object(&w);
    if (row->retry)
        response_header(rs, "Retry-After", STR("2"));
}

void response_fail(const struct http_hooks *hooks, struct request *rq, struct response *rs,
                   int status, enum err code, const char *where, const char *what)
{
    struct errinfo e;
    err_set(&e, code, where, "%s", what);
    response_init(rq, rs);
    rs->status = status;
    if (request_wants_json(rq)) {
        response_json_error(rq, rs, code, &e);
        rs->status = status;
        if (status == 401)
            response_header(rs, "WWW-Authenticate", STR("Bearer"));
    } else if (hooks->error_page) {
        hooks->error_page(rq, rs, code, &e);
    } else {
        rs->type = "text/plain; charset=utf-8";
        buf_printf(&rs->body, "%s\n", e.what);
    }
    if ((status == 503 || status == 429) && !response_find_header(rs, "Retry-After"))
        response_header(rs, "Retry-After", STR("2"));
}

/* If-None-Match: a list of tags, compared weakly (RFC 9110 section 13.1.2). */
static bool client_has(const struct request *rq, struct str tag)
{
    struct str rest = request_header(rq, "If-None-Match"), one;
    while (str_next(&rest, ',', &one)) {
        one = str_trim(one);
        if (str_starts(one, STR("W/")))
            one = str_sub(one, 2, one.n);
        if (str_eq(one, tag) || str_eq_z(one, "*"))
            return true;
    }
    return false;
}

void response_static(const struct request *rq, struct response *rs, struct str bytes,
                     const char *type, struct str etag, bool immutable)
{
    struct str tag = arena_printf(rq->arena, "\"%.*s\"", STR_FMT(etag));
    rs->type = type;
    response_header(rs, "ETag", tag);
    response_header(rs, "Cache-Control",
                    immutable ? STR("public, max-age=31536000, immutable") : STR("no-cache"));
    if (client_has(rq, tag))
        rs->status = 304;
    else
        rs->inner->fixed = bytes.n ? bytes : STR("");
}

static void close_file(void *p)
{
    close((int)(intptr_t)p);
}

void response_file(const struct request *rq, struct response *rs, int fd, int64_t size)
{
    arena_defer(rq->arena, close_file, (void *)(intptr_t)fd);
    rs->inner->has_file = true;
    rs->inner->file = fd;
    rs->inner->file_size = size;
}

void response_add_defaults(const struct request *rq, struct response *rs)
{
    size_t n = rs->stream ? 1 : sizeof every_answer / sizeof *every_answer;
    for (size_t i = 0; i < n; i++)
        if (!response_find_header(rs, every_answer[i].name))
            response_header(rs, every_answer[i].name, str_z(every_answer[i].value));
    if (rq->secure && !response_find_header(rs, "Strict-Transport-Security"))
        response_header(rs, "Strict-Transport-Security", STR("max-age=31536000"));
    bool private = rq->who.session || rs->status >= 400 || response_find_header(rs, "Set-Cookie");
    if (!response_find_header(rs, "Cache-Control"))
        response_header(rs, "Cache-Control", private ? STR("no-store") : STR("no-cache"));
    response_header(rs, "X-Request-Id", rq->id);
}
