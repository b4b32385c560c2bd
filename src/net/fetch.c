/* fetch.c - see fetch.h. Each hop of a redirect is a transfer of its own, so that address and
 * scheme are judged anew. */
#include "net/fetch.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/trouble.h"
#include "base/vec.h"
#include "net/easy.h"
#include "net/pace.h"
#include "net/url.h"

enum { HEADER_COUNT_MAX = 200 };

struct exchange {
    const struct fetch_request *request;
    struct fetch_response *out;
    struct arena *arena;
    struct easy easy;
    struct buf body;
    struct vec headers;
    size_t header_bytes;
    size_t body_at; /* bytes of the request's body already handed over */
    bool marked;
    enum err failed;  /* why a callback ended the transfer */
    int64_t deadline; /* clock_mono */
};

static enum err mark(struct exchange *x)
{
    if (x->marked)
        return ERR_OK;
    const struct fetch_request *r = x->request;
    enum err err = r->before_body ? r->before_body(r->arg) : ERR_OK;
    if (err != ERR_OK) {
        x->failed = err;
        return err;
    }
    x->marked = x->out->sent = true;
    return ERR_OK;
}

static int on_connected(void *arg, char *peer, char *own, int peer_port, int own_port)
{
    (void)peer;
    (void)own;
    (void)peer_port;
    (void)own_port;
    struct exchange *x = arg;
    if (x->request->body.n > 0)
        return CURL_PREREQFUNC_OK;
    return mark(x) == ERR_OK ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

static size_t on_body_wanted(char *to, size_t size, size_t n, void *arg)
{
    struct exchange *x = arg;
    if (mark(x) != ERR_OK)
        return CURL_READFUNC_ABORT;
    if (easy_given_up(&x->easy)) { /* a body that is not whole has no effect */
        x->failed = ERR_BUSY;
        return CURL_READFUNC_ABORT;
    }
    struct str rest = str_sub(x->request->body, x->body_at, x->request->body.n);
    size_t take = rest.n < size * n ? rest.n : size * n;
    if (take)
        memcpy(to, rest.p, take);
    x->body_at += take;
    return take;
}

static size_t on_header(char *p, size_t size, size_t n, void *arg)
{
    struct exchange *x = arg;
    struct str line = {p, size * n};
    x->header_bytes += line.n;
    if (x->header_bytes > FETCH_HEADERS_MAX || x->headers.n >= HEADER_COUNT_MAX) {
        x->failed = ERR_LIMIT;
        return 0;
    }
    if (str_starts(line, STR("HTTP/"))) { /* what came before was an interim answer */
        vec_init(&x->headers, x->arena, sizeof(struct fetch_header));
        return line.n;
    }
    ptrdiff_t colon = str_find_char(line, ':', 0);
    if (colon > 0) {
        struct fetch_header *h = vec_push(&x->headers);
        h->name = arena_str(x->arena, str_sub(line, 0, (size_t)colon));
        h->value = arena_str(x->arena, str_trim(str_sub(line, (size_t)colon + 1, line.n)));
    }
    return line.n;
}

static size_t on_body(char *p, size_t size, size_t n, void *arg)
{
    struct exchange *x = arg;
    buf_add(&x->body, (struct str){p, size * n});
    if (buf_ok(&x->body))
        return size * n;
    x->failed = ERR_LIMIT;
    return 0;
}

struct str fetch_header(const struct fetch_response *r, const char *name)
{
    for (size_t i = 0; i < r->header_count; i++)
        if (str_eq_nocase(r->headers[i].name, str_z(name)))
            return r->headers[i].value;
    return STR_NONE;
}

static bool is_credential(struct str name)
{
    return str_eq_nocase(name, STR("authorization")) || str_eq_nocase(name, STR("cookie"));
}

static bool header_is_sound(const struct fetch_header *h)
{
    for (size_t i = 0; i < h->value.n; i++)
        if ((unsigned char)h->value.p[i] < ' ' && h->value.p[i] != '\t')
            return false;
    for (size_t i = 0; i < h->name.n; i++)
        if (h->name.p[i] <= ' ' || h->name.p[i] == ':' || h->name.p[i] == 0x7f)
            return false;
    return h->name.n > 0;
}

static struct curl_slist *append(struct curl_slist *list, const char *line)
{
    struct curl_slist *longer = curl_slist_append(list, line);
    if (!longer)
        curl_slist_free_all(list);
    return longer;
}

static enum err request_headers(struct exchange *x, bool same_host, struct curl_slist **out,
                                struct errinfo *e)
{
    const struct fetch_request *r = x->request;
    struct curl_slist *list =
        append(NULL, "Expect:"); /* a wait of a second for servers that ignore it */
    for (size_t i = 0; list && i < r->header_count; i++) {
        const struct fetch_header *h = &r->headers[i];
        if (!header_is_sound(h)) {
            curl_slist_free_all(list);
            return err_set(e, ERR_INVALID, "header",
                           "a request header holds a character that is not allowed");
        }
        if (same_host || !is_credential(h->name))
            list = append(
                list, arena_printf(x->arena, "%.*s: %.*s", STR_FMT(h->name), STR_FMT(h->value)).p);
    }
    *out = list;
    return list ? ERR_OK : err_set(e, ERR_IO, "net", "out of memory");
}

static void set_method(struct exchange *x)
{
    CURL *c = x->easy.curl;
    const struct fetch_request *r = x->request;
    if (r->body.p) {
        curl_easy_setopt(c, CURLOPT_POST, 1L);
        curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.n);
        curl_easy_setopt(c, CURLOPT_READFUNCTION, on_body_wanted);
        curl_easy_setopt(c, CURLOPT_READDATA, x);
    }
    if (str_eq_z(r->method, "HEAD"))
        curl_easy_setopt(c, CURLOPT_NOBODY, 1L);
    else if (r->method.n)
        curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, arena_str(x->arena, r->method).p);
}

static enum err explain(struct exchange *x, CURLcode rc, struct errinfo *e)
{
    if (x->failed == ERR_LIMIT)
        return err_trouble(e, ERR_LIMIT, "answer", TROUBLE_TOO_LARGE, "%zu", x->body.max);
    if (x->failed != ERR_OK)
        return err_trouble(e, x->failed, "request", TROUBLE_HELD, NULL);
    return easy_explain(&x->easy, rc, "url", e);
}

static bool only_reads(const struct fetch_request *r)
{
    return !r->body.p &&
           (r->method.n == 0 || str_eq_z(r->method, "GET") || str_eq_z(r->method, "HEAD"));
}

/* What others made us ask for is asked for at a pace that harms nobody. */
static enum err keep_pace(struct exchange *x, CURLU *url, struct errinfo *e)
{
    const struct str parts[] = {url_part(url, CURLUPART_HOST, x->arena),
                                url_part(url, CURLUPART_PORT, x->arena)};
    if (!only_reads(x->request) ||
        pace_take(arena_join(x->arena, parts, 2, STR(":")), clock_mono()))
        return ERR_OK;
    return err_trouble(e, ERR_BUSY, "url", TROUBLE_PACE, "%d", PACE_MAX);
}

/* One request to one address. */
static enum err perform(struct exchange *x, CURLU *url, bool same_host, struct errinfo *e)
{
    struct curl_slist *headers = NULL;
    TRY(keep_pace(x, url, e));
    int64_t left = x->deadline - clock_mono();
    if (left <= 0)
        return err_trouble(e, ERR_IO, "url", TROUBLE_TIMEOUT, NULL);
    TRY(easy_init(&x->easy, &x->request->net, e));
    CURL *c = x->easy.curl;
    buf_clear(&x->body);
    x->header_bytes = 0;
    vec_init(&x->headers, x->arena, sizeof(struct fetch_header));
    enum err err = request_headers(x, same_host, &headers, e);
    if (err != ERR_OK)
        goto out;
    curl_easy_setopt(c, CURLOPT_CURLU, url);
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)left);
    curl_easy_setopt(c, CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
    curl_easy_setopt(c, CURLOPT_USERAGENT, "Zuruf/" ZURUF_VERSION);
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(c, CURLOPT_PREREQFUNCTION, on_connected);
    curl_easy_setopt(c, CURLOPT_PREREQDATA, x);
    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(c, CURLOPT_HEADERDATA, x);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, x);
    set_method(x);
    CURLcode rc = easy_perform(&x->easy);
    long status = 0;
    curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
    x->out->status = (int)status;
    x->out->headers = x->headers.p;
    x->out->header_count = x->headers.n;
    if (rc != CURLE_OK)
        err = explain(x, rc, e);
out:
    curl_slist_free_all(headers);
    easy_deinit(&x->easy);
    return err;
}

static bool is_redirect(const struct exchange *x)
{
    int s = x->out->status;
    return only_reads(x->request) && (s == 301 || s == 302 || s == 303 || s == 307 || s == 308) &&
           fetch_header(x->out, "location").n > 0;
}

/* Replaces *url by where the answer points; *same_host tells whether that is the same server. */
static enum err follow(struct exchange *x, CURLU **url, bool *same_host, struct errinfo *e)
{
    CURLU *next;
    TRY(url_parse(fetch_header(x->out, "location"), *url, URL_WEB, &next, e));
    if (str_eq_z(url_part(*url, CURLUPART_SCHEME, x->arena), "https") &&
        str_eq_z(url_part(next, CURLUPART_SCHEME, x->arena), "http")) {
        curl_url_cleanup(next);
        return err_trouble(e, ERR_PEER, "url", TROUBLE_DOWNGRADE, NULL);
    }
    *same_host =
        *same_host &&
        str_eq_nocase(url_part(*url, CURLUPART_HOST, x->arena),
                      url_part(next, CURLUPART_HOST, x->arena)) &&
        str_eq(url_part(*url, CURLUPART_PORT, x->arena), url_part(next, CURLUPART_PORT, x->arena));
    curl_url_cleanup(*url);
    *url = next;
    return ERR_OK;
}

/* A number of seconds as milliseconds, at most max; -1 when it is not a number. Absurdly many
 * digits are max. */
static int64_t seconds(struct str s, int64_t max)
{
    int64_t n;
    if (s.n == 0)
        return -1;
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > '9')
            return -1;
    return str_to_i64(s, &n) && n < max / CLOCK_SECOND ? n * CLOCK_SECOND : max;
}

static void read_waits(struct fetch_response *out, const struct clock *clock)
{
    struct str after = fetch_header(out, "retry-after");
    int64_t wait = seconds(after, FETCH_RETRY_AFTER_MAX);
    if (wait < 0 && after.n) { /* a date; arena_str ended it with a NUL */
        int64_t at = (int64_t)curl_getdate(after.p, NULL);
        wait = at < 0 ? 0 : at * CLOCK_SECOND - clock_now(clock);
    }
    if (wait > FETCH_RETRY_AFTER_MAX)
        wait = FETCH_RETRY_AFTER_MAX;
    out->retry_after = wait > 0 ? wait : 0;
    out->max_age = -1;
    struct str control = fetch_header(out, "cache-control"), piece;
    while (str_next(&control, ',', &piece)) {
        piece = str_trim(piece);
        if (str_starts_nocase(piece, STR("max-age=")))
            out->max_age = seconds(str_sub(piece, 8, piece.n), FETCH_MAX_AGE_MAX);
    }
}

static enum err run(struct exchange *x, struct errinfo *e)
{
    CURLU *url;
    bool same_host = true, permanent = true;
    TRY(url_parse(x->request->url, NULL, URL_WEB, &url, e));
    enum err err = perform(x, url, same_host, e);
    for (int hops = 0; err == ERR_OK && is_redirect(x); hops++) {
        permanent = permanent && (x->out->status == 301 || x->out->status == 308);
        if (hops == FETCH_REDIRECTS_MAX) {
            err = err_trouble(e, ERR_PEER, "url", TROUBLE_REDIRECTS, "%d", FETCH_REDIRECTS_MAX);
            break;
        }
        err = follow(x, &url, &same_host, e);
        if (err != ERR_OK)
            break;
        if (permanent)
            x->out->moved_to = url_part(url, CURLUPART_URL, x->arena);
        err = perform(x, url, same_host, e);
    }
    x->out->url = url_part(url, CURLUPART_URL, x->arena);
    curl_url_cleanup(url);
    return err;
}

enum err fetch(const struct fetch_request *request, struct arena *a, struct fetch_response *out,
               struct errinfo *e)
{
    struct exchange x = {.request = request, .out = out, .arena = a};
    *out = (struct fetch_response){.max_age = -1};
    x.deadline = clock_mono() + (request->total_ms > 0 ? request->total_ms : FETCH_TOTAL_MS);
    buf_init(&x.body, request->body_max ? request->body_max : FETCH_BODY_MAX);
    enum err err = run(&x, e);
    if (err == ERR_OK) {
        read_waits(out, request->clock ? request->clock : &clock_system);
        out->body = arena_str(a, buf_str(&x.body));
    }
    buf_deinit(&x.body);
    return err;
}
