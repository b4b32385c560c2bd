/* A real server on a free port, spoken to over raw sockets: routing, limits, hostile requests,
 * workers, stopping. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/queue.h"
#include "client.h"
#include "http/server.h"

/* --- the site under test --- */

static struct http_server *server;
static struct workers *workers;
static struct queue *gate;    /* where a handler waits for the test */
static struct queue *arrived; /* a token for each that has come there */

static void say(struct response *rs, struct str text)
{
    rs->type = "text/plain; charset=utf-8";
    buf_add(&rs->body, text);
}

static void hello(struct request *rq, struct response *rs)
{
    (void)rq;
    say(rs, STR("hello"));
}

static void show_id(struct request *rq, struct response *rs)
{
    int64_t id;
    if (request_param_i64(rq, "id", &id))
        buf_add_i64(&rs->body, id);
    else
        say(rs, request_param(rq, "id"));
}

static void show_new(struct request *rq, struct response *rs)
{
    (void)rq;
    say(rs, STR("new"));
}

static void show_rest(struct request *rq, struct response *rs)
{
    say(rs, request_param(rq, "path"));
}

static void echo(struct request *rq, struct response *rs)
{
    say(rs, rq->body);
}

static void show_asker(struct request *rq, struct response *rs)
{
    buf_printf(&rs->body, "%.*s %s q=%.*s h=%.*s c=%.*s", STR_FMT(rq->remote),
               rq->secure ? "secure" : "plain", STR_FMT(request_query(rq, "q")),
               STR_FMT(request_header(rq, "x-test")), STR_FMT(request_cookie(rq, "sid")));
    response_cookie(rq, rs, "sid", STR("abc"), 60);
    response_cookie(rq, rs, "gone", STR(""), 0);
}

static void redirect(struct request *rq, struct response *rs)
{
    response_redirect(rs, request_query(rq, "next"));
}

static void inject(struct request *rq, struct response *rs)
{
    response_header(rs, "X-Echo", request_query(rq, "v"));
    say(rs, STR("fine"));
}

static void inject_cookie(struct request *rq, struct response *rs)
{
    response_cookie(rq, rs, "v", request_query(rq, "v"), -1);
    say(rs, STR("fine"));
}

static void style(struct request *rq, struct response *rs)
{
    response_static(rq, rs, STR("body{}"), "text/css", STR("v1"), true);
}

static void wait_at_gate(struct request *rq, struct response *rs)
{
    (void)rq;
    static int token;
    if (queue_push(arrived, &token) == ERR_OK)
        queue_pop(gate, 10000);
    say(rs, STR("worked"));
}

static const struct route pages[] = {
    {METHOD_GET, "/", RIGHT_NONE, 0, 0, hello},
    {METHOD_GET, "/case/:id", RIGHT_NONE, 0, 0, show_id},
    {METHOD_GET, "/case/new", RIGHT_NONE, 0, 0, show_new},
    {METHOD_DELETE, "/case/:id", RIGHT_NONE, 0, ROUTE_NO_CSRF, show_id},
    {METHOD_GET, "/files/*path", RIGHT_NONE, 0, 0, show_rest},
    {METHOD_POST, "/echo", RIGHT_NONE, 100000, ROUTE_NO_CSRF, echo},
    {METHOD_POST, "/small", RIGHT_NONE, 10, ROUTE_NO_CSRF, echo},
    {METHOD_GET, "/asker", RIGHT_NONE, 0, 0, show_asker},
    {METHOD_GET, "/redirect", RIGHT_NONE, 0, 0, redirect},
    {METHOD_GET, "/inject", RIGHT_NONE, 0, 0, inject},
    {METHOD_GET, "/inject-cookie", RIGHT_NONE, 0, 0, inject_cookie},
    {METHOD_GET, "/style.css", RIGHT_NONE, 0, 0, style},
    {METHOD_GET, "/desk", RIGHT_READ, 0, 0, hello},
    {METHOD_GET, "/work", RIGHT_NONE, 0, ROUTE_WORKER, wait_at_gate},
    {METHOD_GET, "/hold", RIGHT_NONE, 0, 0, wait_at_gate},
};
static const struct route api[] = {
    {METHOD_GET, "/api/posts", RIGHT_READ, 0, ROUTE_API, hello},
    {METHOD_POST, "/api/posts", RIGHT_NONE, 1000, ROUTE_API | ROUTE_NO_CSRF, echo},
};

/* "agent" may read, "viewer" is known but may nothing. */
static enum err guard(struct request *rq, enum right right)
{
    struct str user = request_cookie(rq, "user");
    if (user.n)
        rq->who.agent = rq->who.session = 1;
    return right == RIGHT_NONE || str_eq_z(user, "agent") ? ERR_OK : ERR_DENIED;
}

static void error_page(struct request *rq, struct response *rs, enum err code,
                       const struct errinfo *e)
{
    if (code == ERR_DENIED && !rq->who.agent)
        response_redirect(rs, STR("/sign-in"));
    else
        buf_printf(&rs->body, "<h1>%d %s</h1>", rs->status, e->what);
}

static int start(void **state)
{
    (void)state;
    static const struct route *const tables[] = {pages, api};
    static const size_t counts[] = {sizeof pages / sizeof *pages, sizeof api / sizeof *api};
    static const char *const proxies[] = {"127.0.0.1", "10.0.0.1", NULL};
    workers = workers_new("work", 1, 1);
    gate = queue_new(8);
    arrived = queue_new(64);
    struct http_options o = {.listen = "127.0.0.1:0",
                             .tables = tables,
                             .table_counts = counts,
                             .table_count = 2,
                             .hooks = {.guard = guard, .error_page = error_page},
                             .threads = 4,
                             .connections_max = 400,
                             .proxies = proxies,
                             .workers = workers};
    struct errinfo e = {0};
    if (http_start(&server, &o, &e) != ERR_OK) {
        print_error("%s: %s\n", e.where, e.what);
        return -1;
    }
    return 0;
}

static int stop(void **state)
{
    (void)state;
    http_stop(server, 1000);
    workers_free(workers);
    queue_free(gate);
    queue_free(arrived);
    return 0;
}

/* Sends the text on a new connection and reads one answer; the connection stays open in `c`. */
static struct client c;

static int ask(const char *request)
{
    client_open(&c, http_port(server));
    client_send_z(&c, request);
    bool head = strncmp(request, "HEAD", 4) == 0;
    bool came = client_wait_answer(&c, head);
    client_close(&c);
    return came ? client_status(&c) : 0;
}

#define GET(target) "GET " target " HTTP/1.1\r\nHost: x\r\n\r\n"
#define HTML(target) "GET " target " HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\n\r\n"

/* --- routing --- */

static void paths_find_their_handler(void **state)
{
    (void)state;
    static const struct {
        const char *request, *body;
        int status;
    } rows[] = {
        {GET("/"), "hello", 200},
        {GET("/case/17"), "17", 200},
        {GET("/case/new"), "new", 200}, /* a literal goes before a parameter */
        {GET("/case/%C3%BCber%20uns"),
         "\xc3\xbc"
         "ber uns",
         200},
        {GET("/case/%2575"), "%75", 200}, /* decoded once */
        {GET("/files/a/b/c.txt"), "a/b/c.txt", 200},
        {GET("/files/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15"), "1/2/3/4/5/6/7/8/9/10/11/12/13/14/15",
         200},
        {GET("/files"), NULL, 404},
        {GET("/case"), NULL, 404},
        {GET("/case/1/2"), NULL, 404},
        {GET("/Case/1"), NULL, 404},
        {"DELETE /case/9 HTTP/1.1\r\nHost: x\r\n\r\n", "9", 200},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(ask(rows[i].request), rows[i].status);
        if (rows[i].body)
            assert_string_equal(client_body(&c), rows[i].body);
    }
}

static void head_is_get_without_a_body(void **state)
{
    (void)state;
    assert_int_equal(ask("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n"), 200);
    assert_string_equal(client_header(&c, "Content-Length"), "5");
    assert_string_equal(client_body(&c), "");
}

static void a_wrong_method_is_told_the_right_ones(void **state)
{
    (void)state;
    assert_int_equal(ask("POST /case/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"), 405);
    assert_string_equal(client_header(&c, "Allow"), "GET, HEAD, DELETE");
    assert_int_equal(ask("BREW / HTTP/1.1\r\nHost: x\r\n\r\n"), 405);
    assert_int_equal(ask("OPTIONS /echo HTTP/1.1\r\nHost: x\r\n\r\n"), 405);
    assert_string_equal(client_header(&c, "Allow"), "POST");
    assert_int_equal(ask("BREW /nothing HTTP/1.1\r\nHost: x\r\n\r\n"), 404);
    /* headers that pretend another method are ignored */
    assert_int_equal(ask("POST /case/1 HTTP/1.1\r\nHost: x\r\nX-HTTP-Method-Override: DELETE\r\n"
                         "Content-Length: 0\r\n\r\n"),
                     405);
}

static void paths_that_two_programs_read_differently_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "/a%2fb",    "/a%2Fb",    "/files/..", "/files/../etc", "/./case",   "/files/%2e%2e/x",
        "//evil",    "/files//x", "/case/%00", "/case/%0a",     "/case/%ff", "/case/%C3",
        "/case/%zz", "/case/%4",  "/case/%",   "/case/%5c",     "/a\\b",     "http://x/",
        "*",         "/case/1#x", "/?q=%zz",   "/?q=%ff",       "/?q=%00",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char request[200];
        snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", bad[i]);
        int status = ask(request);
        if (status != 400)
            print_error("%s gave %d\n", bad[i], status);
        assert_int_equal(status, 400);
    }
}

static void a_slash_at_the_end_is_redirected(void **state)
{
    (void)state;
    assert_int_equal(ask(GET("/case/1/?a=b&c")), 308);
    assert_string_equal(client_header(&c, "Location"), "/case/1?a=b&c");
    assert_int_equal(ask("POST /echo/ HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"), 404);
}

static void errors_fit_the_asker(void **state)
{
    (void)state;
    assert_int_equal(ask(HTML("/nothing")), 404);
    assert_string_equal(client_header(&c, "Content-Type"), "text/html; charset=utf-8");
    assert_non_null(strstr(client_body(&c), "<h1>404 "));
    assert_int_equal(ask(GET("/nothing")), 404);
    assert_non_null(strstr(client_body(&c), "{\"error\":{\"code\":\"not_found\""));
    assert_non_null(strstr(client_body(&c), client_header(&c, "X-Request-Id")));
    assert_int_equal(ask(HTML("/desk")), 303);
    assert_string_equal(client_header(&c, "Location"), "/sign-in");
    assert_int_equal(ask(GET("/api/posts")), 401);
    assert_string_equal(client_header(&c, "WWW-Authenticate"), "Bearer");
    assert_int_equal(ask("GET /api/posts HTTP/1.1\r\nHost: x\r\nCookie: user=viewer\r\n\r\n"), 403);
    assert_int_equal(ask("GET /desk HTTP/1.1\r\nHost: x\r\nCookie: user=viewer\r\n\r\n"), 403);
    assert_int_equal(ask("GET /desk HTTP/1.1\r\nHost: x\r\nCookie: user=agent\r\n\r\n"), 200);
    assert_string_equal(client_header(&c, "Cache-Control"), "no-store");
}

/* --- sizes --- */

static void too_much_is_refused(void **state)
{
    (void)state;
    static char request[40000];
    char filler[20001];
    memset(filler, 'a', 20000);
    filler[20000] = 0;
    assert_int_equal(ask("POST /small HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n0123456789"),
                     200);
    assert_string_equal(client_body(&c), "0123456789");
    assert_int_equal(
        ask("POST /small HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n0123456789a"), 413);
    /* told by the length alone: nothing of the body was sent */
    assert_int_equal(ask("POST /small HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\n"),
                     413);
    assert_string_equal(client_header(&c, "Connection"), "close");
    assert_int_equal(ask("POST /small HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                         "8\r\n01234567\r\n8\r\n01234567\r\n0\r\n\r\n"),
                     413);
    assert_int_equal(ask("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx"), 413);
    snprintf(request, sizeof request, "GET /?a=%.4090s HTTP/1.1\r\nHost: x\r\n\r\n", filler);
    assert_int_equal(ask(request), 200);
    snprintf(request, sizeof request, "GET /?a=%.4095s HTTP/1.1\r\nHost: x\r\n\r\n", filler);
    assert_int_equal(ask(request), 414);
    snprintf(request, sizeof request, "GET / HTTP/1.1\r\nHost: x\r\nX-A: %.6000s\r\n\r\n", filler);
    assert_int_equal(ask(request), 200);
    snprintf(request, sizeof request, "GET / HTTP/1.1\r\nHost: x\r\nX-A: %.6200s\r\n\r\n", filler);
    assert_int_equal(ask(request), 431);
    snprintf(request, sizeof request, "GET / HTTP/1.1\r\nHost: x\r\nX-A: %s\r\n\r\n", filler);
    assert_int_equal(ask(request), 431);
    size_t n = (size_t)snprintf(request, sizeof request, "GET / HTTP/1.1\r\nHost: x\r\n");
    for (int i = 0; i < 100; i++)
        n += (size_t)snprintf(request + n, sizeof request - n, "A: b\r\n");
    snprintf(request + n, sizeof request - n, "\r\n");
    assert_int_equal(ask(request), 431);
}

/* Whatever fits our caps fits libmicrohttpd's memory, or is refused by us, never by it. */
static void heads_of_every_size_are_answered_by_us(void **state)
{
    (void)state;
    static char request[130000];
    static const char *const pieces[] = {"&a=b", "; a=b", "\r\nA: b", "a"};
    for (size_t kind = 0; kind < 4; kind++) {
        int answered = 0, refused = 0;
        for (int n = 0; n <= (kind < 3 ? 120 : 6160); n += kind < 3 ? 1 : 40) {
            size_t at = (size_t)snprintf(request, sizeof request, "POST /echo?x");
            for (int i = 0; kind == 0 && i < n; i++)
                at += (size_t)snprintf(request + at, sizeof request - at, "%s", pieces[kind]);
            at += (size_t)snprintf(request + at, sizeof request - at,
                                   " HTTP/1.1\r\nHost: x\r\nContent-Length: 50000\r\nCookie: x");
            for (int i = 0; kind > 0 && i < n; i++)
                at += (size_t)snprintf(request + at, sizeof request - at, "%s", pieces[kind]);
            at += (size_t)snprintf(request + at, sizeof request - at, "\r\n\r\n");
            memset(request + at, 'b', 50000);
            request[at + 50000] = 0;
            int status = ask(request);
            answered += status == 200;
            refused += status == 414 || status == 431;
            if ((status != 200 && status != 414 && status != 431) ||
                !client_header(&c, "Content-Security-Policy"))
                print_error("kind %zu, %d: status %d: %.300s\n", kind, n, status, c.in);
            assert_true(status == 200 || status == 414 || status == 431);
            assert_non_null(client_header(&c, "Content-Security-Policy"));
        }
        assert_true(answered > 40 && refused > 0);
    }
}

static void bodies_arrive_whole(void **state)
{
    (void)state;
    static char request[130000];
    assert_int_equal(ask("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                         "5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n"),
                     200);
    assert_string_equal(client_body(&c), "hello world");
    size_t n = (size_t)snprintf(request, sizeof request,
                                "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n");
    for (int i = 0; i < 100000; i++)
        request[n++] = (char)('a' + i % 26);
    request[n] = 0;
    assert_int_equal(ask(request), 200);
    assert_int_equal(c.n - (size_t)(client_body(&c) - c.in), 100000);
    assert_memory_equal(client_body(&c), request + n - 100000, 100000);
    client_open(&c, http_port(server));
    client_send_z(
        &c, "POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    assert_true(client_wait_for(&c, "100 Continue\r\n\r\n"));
    client_clear(&c);
    client_send_z(&c, "ok");
    assert_true(client_wait_answer(&c, false));
    assert_string_equal(client_body(&c), "ok");
    client_close(&c);
}

/* --- hostile framing --- */

/* Each of these would, where it is read in two ways, carry a second request, whose answer is the
 * word "hidden". Heads are not counted: libmicrohttpd 0.9.75 sends that of some of its own refusals
 * twice before it closes. */
static void no_request_hides_in_another(void **state)
{
    (void)state;
#define HIDDEN "GET /case/hidden HTTP/1.1\r\nHost: x\r\n\r\n"
#define POST "POST /echo HTTP/1.1\r\nHost: x\r\n"
    static const struct str bad[] = {
        STR(POST "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" HIDDEN),
        STR(POST "Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\n" HIDDEN),
        STR(POST "Content-Length: 0\r\nContent-Length: 38\r\n\r\n" HIDDEN),
        STR(POST "Content-Length: 0, 38\r\n\r\n" HIDDEN),
        STR(POST "Content-Length: +0\r\n\r\n" HIDDEN),
        STR(POST "Content-Length: 0x0\r\n\r\n" HIDDEN),
        STR(POST "Content-Length : 44\r\n\r\n" HIDDEN),
        STR(POST "Content-Length: -1\r\n\r\n" HIDDEN),
        STR(POST "Content-Length: 99999999999999999999999\r\n\r\n" HIDDEN),
        STR(POST "Content-Length:\r\n\r\n" HIDDEN),
        STR(POST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" HIDDEN),
        STR(POST "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" HIDDEN),
        STR(POST "Transfer-Encoding: identity\r\n\r\n0\r\n\r\n" HIDDEN),
        STR(POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n" HIDDEN),
        STR(POST "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" HIDDEN),
        STR(POST "Transfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n" HIDDEN),
        STR(POST "Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n" HIDDEN),
        STR(POST "Transfer-Encoding: chunked\r\n\r\n+0\r\n\r\n" HIDDEN),
        STR(POST "Transfer-Encoding: chunked\r\n\r\n1_0\r\n\r\n" HIDDEN),
        STR(POST "Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n\r\n" HIDDEN),
        STR(POST "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff0\r\n\r\n" HIDDEN),
        STR(POST "Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n" HIDDEN),
        STR("POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" HIDDEN),
        STR("GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n" HIDDEN),
        STR("GET / HTTP/1.1\r\nHost: x,y\r\n\r\n" HIDDEN),
        STR("GET / HTTP/1.1\r\n\r\n" HIDDEN),
        STR("GET / HTTP/1.1\r\nHost: x\r\nbad header\r\n\r\n" HIDDEN),
        STR("GET / HTTP/1.1\r\nHost: x\r\nA(b): c\r\n\r\n" HIDDEN),
        STR("GET / HTTP/1.1\r\n Host: x\r\n\r\n" HIDDEN),
        STR("GET /a b HTTP/1.1\r\nHost: x\r\n\r\n" HIDDEN),
        STR("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 38\r\n\r\n" HIDDEN),
        STR("DELETE /nothing HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
            "chunked\r\n\r\n0\r\n\r\n" HIDDEN),
        STR(POST "Transfer-Encoding: chunked\r\n\r\n0\r\nTrailer: t\r\n\r\n" HIDDEN),
        STR(POST "Transfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 38\r\n\r\n" HIDDEN),
        STR(POST "Transfer-Encoding: chunked\r\n\r\n1\na\r\n0\r\n\r\n" HIDDEN),
        STR(POST "Transfer-Encoding: chunked\r\n\r\n1\r\na\n0\r\n\r\n" HIDDEN),
        STR(POST "Transfer-Encoding: chunked\r\n\r\n1;a\nb\r\na\r\n0\r\n\r\n" HIDDEN),
        STR(POST "Transfer-Encoding: chunked\r\n\r\n\r\n" HIDDEN),
        STR(POST "Transfer-Encoding: chunked \r\n\r\n0\r\n\r\n" HIDDEN),
        STR(POST "Transfer-Encoding:\x0b"
                 "chunked\r\n\r\n0\r\n\r\n" HIDDEN),
        STR(POST "Content-Length: 1\r\n 0\r\n\r\na" HIDDEN),
        STR("GET / HTTP/1.1\nHost: x\r\n\r\n" HIDDEN),
        STR("GET / HTTP/1.1\r\nHost: x\n\r\n" HIDDEN),
        STR("GET / HTTP/1.1\r\nHost: x\r\n\n" HIDDEN),
        STR("GET / HTTP/1.1\r\nHost: x\r\nA: b\rC: d\r\n\r\n" HIDDEN),
        STR("GET / HTTP/1.1\r\nHost: x\r\nA: b\0\r\n\r\n" HIDDEN),
        STR("GET / HTTP/1.1\r\nHost: x\r\nA: b\0\nC: d\r\n\r\n" HIDDEN),
        STR("GET / HTTP/1.1\r\nHost: x\r\n\0A: b\r\n\r\n" HIDDEN),
        STR("GET / HTTP/1.1\r\nHost: x\r\n\0\r\n\r\n" HIDDEN),
        STR("GET / HTTP/1.1\r\nHost: x\r\nA\0b: c\r\n\r\n" HIDDEN),
        STR("GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n" HIDDEN),
        STR("GET / HTTP/1.1\r\nHost: x\r\n: c\r\n\r\n" HIDDEN),
        STR("GET / HTTP/1.1\r\nHost: x\r\nA\t: c\r\n\r\n" HIDDEN),
        STR("GET / HTTP/1.1\r\nHost: x/y\r\n\r\n" HIDDEN),
        STR("GET  / HTTP/1.1\r\nHost: x\r\n\r\n" HIDDEN),
        STR("GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n" HIDDEN),
        STR("GET / HTTP/1.1 \r\nHost: x\r\n\r\n" HIDDEN),
        STR("GET /\r\nHost: x\r\n\r\n" HIDDEN),
        STR("GET / HTTP/2.0\r\nHost: x\r\n\r\n" HIDDEN),
        STR("GET / http/1.1\r\nHost: x\r\n\r\n" HIDDEN),
        STR("\nGET / HTTP/1.1\r\nHost: x\r\n\r\n" HIDDEN),
        STR("\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n" HIDDEN),
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        client_open(&c, http_port(server));
        client_send(&c, bad[i].p, bad[i].n);
        bool ended = client_wait_end(&c);
        int status = client_status(&c);
        bool refused = status >= 400 && status < 500 && client_header(&c, "X-Request-Id");
        if (!ended || !refused || client_answers(&c) != 1)
            print_error("case %zu, ended %d: %s\n", i, ended, c.in);
        assert_true(ended);
        assert_true(refused);
        assert_int_equal(client_answers(&c), 1);
        client_close(&c);
    }
}

static void sound_requests_before_a_broken_one_are_answered(void **state)
{
    (void)state;
    client_open(&c, http_port(server));
    client_send_z(&c, GET("/case/1") GET("/case/2") "GET /case/3 HTTP/1.1\nHost: x\n\n" HIDDEN);
    assert_true(client_wait_end(&c));
    assert_int_equal(client_answers(&c), 3);
    assert_non_null(strstr(c.in, "HTTP/1.1 400 "));
    assert_null(strstr(c.in, "hidden"));
    client_close(&c);
}

static void an_answer_is_read_although_the_body_goes_on(void **state)
{
    (void)state;
    static char piece[1 << 16];
    static const char *const heads[] = {
        POST "Content-Length: 9000000000\r\n\r\n",
        "POST /small HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1000000\r\n"};
    memset(piece, 'a', sizeof piece);
    for (size_t i = 0; i < 2; i++) {
        client_open(&c, http_port(server));
        client_send_z(&c, heads[i]);
        for (int j = 0; j < 30; j++)
            client_send(&c, piece, sizeof piece);
        assert_true(client_wait_answer(&c, false));
        assert_int_equal(client_status(&c), 413);
        assert_non_null(client_header(&c, "Content-Security-Policy"));
        client_close(&c);
    }
}

static void one_empty_line_before_a_request_is_passed_over(void **state)
{
    (void)state;
    assert_int_equal(ask("\r\n" GET("/case/1")), 200);
}

static void requests_in_a_row_are_answered_in_order(void **state)
{
    (void)state;
    client_open(&c, http_port(server));
    for (int i = 0; i < 50; i++)
        client_send_z(
            &c, GET("/case/1") "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc");
    client_send_z(&c, "GET /case/777 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assert_true(client_wait_end(&c));
    assert_int_equal(client_answers(&c), 101);
    assert_string_equal(c.in + c.n - 3, "777");
    client_close(&c);
}

static void a_slow_sender_holds_up_nobody(void **state)
{
    (void)state;
    static struct client slow[64];
    for (size_t i = 0; i < 64; i++) { /* sixteen times as many as there are threads */
        client_open(&slow[i], http_port(server));
        client_send_z(&slow[i],
                      i % 2 ? "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n123"
                            : "GET / HTTP/1.1\r\nHo");
    }
    for (int i = 0; i < 20; i++)
        assert_int_equal(ask(GET("/case/5")), 200);
    for (size_t i = 0; i < 64; i++) {
        client_send_z(&slow[i], i % 2 ? "456789" : "st: x\r\n\r\n");
        assert_true(client_wait_answer(&slow[i], false));
        assert_string_equal(client_body(&slow[i]), i % 2 ? "123456789" : "hello");
        client_close(&slow[i]);
    }
}

/* --- what answers carry --- */

static void every_answer_carries_the_safety_headers(void **state)
{
    (void)state;
    static const char *const requests[] = {GET("/"), HTML("/nothing"), GET("/a%2fb"),
                                           GET("/style.css"), "BREW / HTTP/1.1\r\nHost: x\r\n\r\n"};
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        assert_int_not_equal(ask(requests[i]), 0);
        const char *policy = client_header(&c, "Content-Security-Policy");
        assert_non_null(policy);
        assert_non_null(strstr(policy, "default-src 'none'"));
        assert_non_null(strstr(policy, "frame-ancestors 'none'"));
        assert_string_equal(client_header(&c, "X-Content-Type-Options"), "nosniff");
        assert_string_equal(client_header(&c, "Referrer-Policy"), "same-origin");
        assert_string_equal(client_header(&c, "Cross-Origin-Opener-Policy"), "same-origin");
        assert_non_null(client_header(&c, "Permissions-Policy"));
        assert_int_equal(strlen(client_header(&c, "X-Request-Id")), 16);
    }
}

static void redirects_stay_at_home(void **state)
{
    (void)state;
    static const struct {
        const char *next, *location;
    } rows[] = {
        {"/desk%3Fa%3Db", "/desk?a=b"},
        {"//evil", "/"},
        {"/%5Cevil", "/"},
        {"https:evil", "/"},
        {"https://evil", "/"},
        {"", "/"},
        {"/%09/evil", "/"},
        {"/a%0d%0aX: y", "/"},
        {"%20//evil", "/"},
        {"/%C3%BC", "/%C3%BC"},
        {"/a b", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char request[300];
        snprintf(request, sizeof request, "GET /redirect?next=%s HTTP/1.1\r\nHost: x\r\n\r\n",
                 rows[i].next);
        int status = ask(request);
        if (strchr(rows[i].next, ' ')) { /* a blank in the request line */
            assert_true(status == 400 || status == 0);
            continue;
        }
        assert_int_equal(status, 303);
        assert_string_equal(client_header(&c, "Location"), rows[i].location);
    }
}

static void a_header_stays_one_line(void **state)
{
    (void)state;
    assert_int_equal(ask(GET("/inject?v=plain")), 200);
    assert_string_equal(client_header(&c, "X-Echo"), "plain");
    static const char *const bad[] = {GET("/inject?v=a%0d%0aSet-Cookie:%20x=y"),
                                      GET("/inject?v=a%0ab"),
                                      GET("/inject?v=a%0db"),
                                      GET("/inject-cookie?v=a;b"),
                                      GET("/inject-cookie?v=a%0d%0ab"),
                                      GET("/inject-cookie?v=a%20b")};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(ask(bad[i]), 500);
        assert_null(client_header(&c, "Set-Cookie"));
        assert_null(client_header(&c, "X-Echo"));
    }
    assert_int_equal(ask(GET("/inject-cookie?v=ok")), 200);
}

static void the_asker_is_known_by_what_a_proxy_says(void **state)
{
    (void)state;
#define ASKER                                                                                      \
    "GET /asker?q=a+b%26 HTTP/1.1\r\nHost: x\r\nX-Test: 7\r\nCookie: a; =b; sid=\"s1\"; "          \
    "sid=s2\r\n"
    assert_int_equal(ask(ASKER "\r\n"), 200);
    assert_string_equal(client_body(&c), "127.0.0.1 plain q=a b& h=7 c=s1");
    assert_string_equal(client_header(&c, "Set-Cookie"),
                        "sid=abc; Path=/; HttpOnly; SameSite=Lax; Max-Age=60");
    assert_null(client_header(&c, "Strict-Transport-Security"));
    assert_non_null(strstr(c.in, "gone=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0") ? c.in : NULL);
    assert_int_equal(
        ask(ASKER
            "X-Forwarded-For: 6.6.6.6, 8.8.4.4, 10.0.0.1\r\nX-Forwarded-Proto: https\r\n\r\n"),
        200);
    assert_string_equal(client_body(&c), "8.8.4.4 secure q=a b& h=7 c=s1");
    assert_string_equal(client_header(&c, "Set-Cookie"),
                        "sid=abc; Path=/; HttpOnly; SameSite=Lax; Max-Age=60; Secure");
    assert_non_null(client_header(&c, "Strict-Transport-Security"));
    assert_int_equal(ask(ASKER "X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 2001:DB8::1\r\n\r\n"),
                     200);
    assert_non_null(strstr(client_body(&c), "2001:db8::1 plain"));
    assert_int_equal(ask(ASKER "X-Forwarded-For: 1.2.3.4, rubbish\r\n\r\n"), 200);
    assert_non_null(strstr(client_body(&c), "127.0.0.1 plain"));
}

static void static_bytes_are_sent_once(void **state)
{
    (void)state;
    assert_int_equal(ask(GET("/style.css")), 200);
    assert_string_equal(client_header(&c, "ETag"), "\"v1\"");
    assert_string_equal(client_header(&c, "Cache-Control"), "public, max-age=31536000, immutable");
    assert_string_equal(client_body(&c), "body{}");
    static const struct {
        const char *tags;
        int status;
    } rows[] = {{"\"v1\"", 304}, {"W/\"v1\"", 304}, {"\"a\", \"v1\"", 304},
                {"*", 304},      {"\"v2\"", 200},   {"v1", 200}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char request[200];
        snprintf(request, sizeof request,
                 "GET /style.css HTTP/1.1\r\nHost: x\r\nIf-None-Match: %s\r\n\r\n", rows[i].tags);
        assert_int_equal(ask(request), rows[i].status);
        if (rows[i].status == 304)
            assert_string_equal(client_body(&c), "");
    }
}

/* --- workers --- */

static void a_full_queue_of_work_says_so_at_once(void **state)
{
    (void)state;
    static struct client first, second;
    int token;
    struct http_figures before, after;
    http_figures(server, &before);
    client_open(&first, http_port(server));
    client_send_z(&first, GET("/work"));
    client_open(&second, http_port(server));
    client_send_z(&second, GET("/work"));
    /* one runs and one waits at most, so of four at least two are refused while page threads stay
     * free */
    static struct client more[2];
    enum { OPENED = 2 };
    for (int i = 0; i < OPENED; i++) {
        client_open(&more[i], http_port(server));
        client_send_z(&more[i], GET("/work"));
    }
    do {
        assert_int_equal(ask(GET("/")), 200);
        http_figures(server, &after);
    } while (after.answers[4] < before.answers[4] + 2);
    for (int i = 0; i < 2 + OPENED; i++)
        assert_int_equal(queue_push(gate, &token), ERR_OK);
    int worked = 0, busy = 0;
    struct client *all[2 + OPENED] = {&first, &second, &more[0], &more[1]};
    for (int i = 0; i < 2 + OPENED; i++) {
        assert_true(client_wait_answer(all[i], false));
        int status = client_status(all[i]);
        worked += status == 200;
        busy += status == 503;
        if (status == 503)
            assert_string_equal(client_header(all[i], "Retry-After"), "2");
        else
            assert_string_equal(client_body(all[i]), "worked");
        client_close(all[i]);
    }
    assert_int_equal(worked + busy, 2 + OPENED);
    assert_true(worked >= 1);
    assert_true(busy >= 2);
    http_figures(server, &after);
    assert_int_equal(after.answers[4] - before.answers[4], busy);
    while (queue_count(gate))
        queue_pop(gate, 0);
}

/* --- deadlines and crowds, with a server that has small ones --- */

enum { SHORT_MS = 300, PER_ADDRESS = 8, BODIES = 70000 };

static const char *const small_proxies[] = {"127.0.0.2", NULL};

/* A server of its own for the test. */
static struct http_server *start_small(void)
{
    static const struct route *const tables[] = {pages};
    static const size_t counts[] = {sizeof pages / sizeof *pages};
    struct http_options o = {.listen = "127.0.0.1:0",
                             .tables = tables,
                             .table_counts = counts,
                             .table_count = 1,
                             .threads = 2,
                             .workers = workers,
                             .proxies = small_proxies,
                             .per_address = PER_ADDRESS,
                             .bodies_max = BODIES,
                             .head_ms = SHORT_MS,
                             .body_ms = SHORT_MS,
                             .answer_ms = SHORT_MS};
    struct http_server *s = NULL;
    struct errinfo e = {0};
    assert_int_equal(http_start(&s, &o, &e), ERR_OK);
    return s;
}

static int open_connections(const struct http_server *s)
{
    struct http_figures f;
    http_figures(s, &f);
    return f.connections;
}

static void who_is_slow_is_told_and_let_go(void **state)
{
    (void)state;
    static const char *const beginnings[] = {
        "\r\n",
        "G",
        "GET / HT",
        "GET / HTTP/1.1\r\nHo",
        GET("/") "GET /",
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n1",
        "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n1"};
    struct http_server *s = start_small();
    for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++) {
        client_open(&c, http_port(s));
        client_send_z(&c, beginnings[i]);
        assert_true(client_wait_end(&c));
        if (!strstr(c.in, "HTTP/1.1 408 "))
            print_error("case %zu: %s\n", i, c.in);
        assert_non_null(strstr(c.in, "HTTP/1.1 408 "));
        assert_non_null(strstr(c.in, "X-Request-Id: "));
        client_close(&c);
    }
    /* who has said nothing is told nothing */
    client_open(&c, http_port(s));
    assert_true(client_wait_end(&c));
    assert_int_equal(c.n, 0);
    client_close(&c);
    /* a byte now and then does not help */
    client_open(&c, http_port(s));
    client_send_z(&c, "GET / HTTP/1.1\r\nX: ");
    while (send(c.fd, "a", 1, MSG_NOSIGNAL) == 1 && recv(c.fd, c.in, 1, MSG_DONTWAIT) < 0)
        usleep(20 * 1000);
    client_close(&c);
    /* after an answer, silence is none of that */
    client_open(&c, http_port(s));
    client_send_z(&c, GET("/"));
    assert_true(client_wait_answer(&c, false));
    usleep(3 * SHORT_MS * 1000);
    client_clear(&c);
    client_send_z(&c, GET("/"));
    assert_true(client_wait_answer(&c, false));
    assert_int_equal(client_status(&c), 200);
    client_close(&c);
    http_stop(s, 1000);
}

static void who_does_not_read_is_let_go(void **state)
{
    (void)state;
    struct http_server *s = start_small();
    static char request[100200];
    client_open(&c, http_port(s));
    int n = snprintf(request, sizeof request,
                     "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n");
    memset(request + n, 'a', 60000);
    for (int i = 0; i < 2000; i++) /* until neither side takes more */
        if (send(c.fd, request, (size_t)n + 60000, MSG_NOSIGNAL | MSG_DONTWAIT) != n + 60000)
            break;
    for (int turn = 0; open_connections(s) > 0 && turn < 1000; turn++)
        usleep(10 * 1000);
    assert_int_equal(open_connections(s), 0);
    client_close(&c);
    http_stop(s, 1000);
}

static void an_address_has_so_many_connections_and_no_more(void **state)
{
    (void)state;
    struct http_server *s = start_small();
    static struct client all[PER_ADDRESS];
    for (size_t i = 0; i < PER_ADDRESS; i++) {
        client_open(&all[i], http_port(s));
        client_send_z(&all[i], GET("/"));
        assert_true(client_wait_answer(&all[i], false));
    }
    client_open(&c, http_port(s));
    client_send_z(&c, GET("/"));
    assert_true(client_wait_end(&c));
    assert_int_equal(client_status(&c), 429);
    assert_string_equal(client_header(&c, "Retry-After"), "2");
    client_close(&c);
    client_open_from(&c, http_port(s), "127.0.0.3"); /* somebody else */
    client_send_z(&c, GET("/"));
    assert_true(client_wait_answer(&c, false));
    assert_int_equal(client_status(&c), 200);
    client_close(&c);
    for (size_t i = 0; i < PER_ADDRESS; i++)
        client_close(&all[i]);
    while (open_connections(s) > 0)
        usleep(1000);
    client_open(&c, http_port(s));
    client_send_z(&c, GET("/"));
    assert_true(client_wait_answer(&c, false));
    assert_int_equal(client_status(&c), 200);
    client_close(&c);
    http_stop(s, 1000);
}

static void behind_a_proxy_visitors_count_not_connections(void **state)
{
    (void)state;
    struct http_server *s = start_small();
    static struct client all[PER_ADDRESS + 2];
    static const char slow[] = "POST /echo HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 9.9.9.9\r\n"
                               "Content-Length: 9\r\n\r\n1";
    for (size_t i = 0; i < PER_ADDRESS + 2; i++)
        client_open_from(&all[i], http_port(s), "127.0.0.2");
    for (size_t i = 0; i < PER_ADDRESS; i++)
        client_send_z(&all[i], slow);
    /* of one visitor one more is too many; which one is refused depends on who was first */
    client_send_z(&all[PER_ADDRESS], slow);
    client_send_z(&all[PER_ADDRESS + 1],
                  "GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 9.9.9.8\r\n\r\n");
    assert_true(client_wait_answer(&all[PER_ADDRESS + 1], false));
    assert_int_equal(client_status(&all[PER_ADDRESS + 1]), 200);
    int refused = 0;
    for (size_t i = 0; i <= PER_ADDRESS; i++) {
        client_send_z(&all[i], "23456789");
        assert_true(client_wait_answer(&all[i], false));
        refused += client_status(&all[i]) == 429;
        client_close(&all[i]);
    }
    assert_int_equal(refused, 1);
    client_close(&all[PER_ADDRESS + 1]);
    http_stop(s, 1000);
}

static void all_bodies_together_have_a_limit(void **state)
{
    (void)state;
    struct http_server *s = start_small();
    static struct client first;
    static char request[60200];
    int n = snprintf(request, sizeof request,
                     "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n");
    memset(request + n, 'a', 60000);
    client_open(&first, http_port(s));
    client_send(&first, request, (size_t)n + 59999);
    struct http_figures f;
    do
        http_figures(s, &f);
    while (f.body_bytes < 59999);
    client_open(&c, http_port(s));
    client_send(&c, request, (size_t)n + 60000);
    assert_true(client_wait_answer(&c, false));
    assert_int_equal(client_status(&c), 503);
    client_close(&c);
    client_send_z(&first, "b");
    assert_true(client_wait_answer(&first, false));
    assert_int_equal(client_status(&first), 200);
    client_close(&first);
    http_stop(s, 1000);
}

/* --- stopping, and options that cannot be --- */

static void stopping_waits_for_what_runs(void **state)
{
    (void)state;
    client_open(&c, http_port(server));
    client_send_z(&c, GET("/work"));
    static struct client idle;
    client_open(&idle, http_port(server));
    client_send_z(&idle, GET("/"));
    assert_true(client_wait_answer(&idle, false));
    int token;
    assert_int_equal(queue_push(gate, &token), ERR_OK);
    http_stop(server, 5000);
    assert_true(client_wait_end(&c));
    assert_int_equal(client_status(&c), 200);
    assert_string_equal(client_body(&c), "worked");
    assert_true(client_wait_end(&idle));
    client_close(&c);
    client_close(&idle);
    workers_free(workers);
    queue_free(gate);
    queue_free(arrived);
    assert_int_equal(start(NULL), 0);
}

static void stopping_does_not_wait_for_ever(void **state)
{
    (void)state;
    static const char *const ways[] = {GET("/hold"), GET("/work")};
    for (size_t i = 0; i < 2; i++) {
        struct http_server *s = start_small();
        int token;
        while (queue_count(arrived))
            queue_pop(arrived, 0);
        client_open(&c, http_port(s));
        client_send_z(&c, ways[i]);
        assert_non_null(queue_pop(arrived, 10000));
        assert_false(http_stop(s, 50));
        assert_int_equal(queue_push(gate, &token), ERR_OK);
        assert_true(http_stop(s, 10000));
        assert_true(client_wait_end(&c));
        assert_string_equal(client_body(&c), "worked");
        client_close(&c);
    }
}

static void stopping_tells_who_is_still_sending(void **state)
{
    (void)state;
    struct http_figures f;
    client_open(&c, http_port(server));
    client_send_z(&c, POST "Content-Length: 5\r\n\r\n1");
    do
        http_figures(server, &f);
    while (f.body_bytes < 1);
    assert_true(http_stop(server, 60000));
    assert_true(client_wait_end(&c));
    assert_int_equal(client_status(&c), 408);
    client_close(&c);
    workers_free(workers);
    queue_free(gate);
    queue_free(arrived);
    assert_int_equal(start(NULL), 0);
}

static void options_that_cannot_be_are_refused(void **state)
{
    (void)state;
    static const struct route twice[] = {{METHOD_GET, "/a/:b", RIGHT_NONE, 0, 0, hello},
                                         {METHOD_GET, "/a/:c", RIGHT_NONE, 0, 0, hello}};
    static const struct route bad[] = {{METHOD_GET, "a", RIGHT_NONE, 0, 0, hello}};
    static const struct route worker[] = {{METHOD_GET, "/a", RIGHT_NONE, 0, ROUTE_WORKER, hello}};
    static const struct {
        const struct route *table;
        size_t n;
        const char *listen;
    } rows[] = {{twice, 2, "127.0.0.1:0"},
                {bad, 1, "127.0.0.1:0"},
                {worker, 1, "127.0.0.1:0"},
                {pages, 1, "nonsense"},
                {pages, 1, "127.0.0.1:"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct http_options o = {.listen = rows[i].listen,
                                 .tables = &rows[i].table,
                                 .table_counts = &rows[i].n,
                                 .table_count = 1};
        struct http_server *none = NULL;
        struct errinfo e = {0};
        assert_int_equal(http_start(&none, &o, &e), ERR_INVALID);
        assert_true(e.what[0]);
        assert_null(none);
    }
    const struct route *one = pages;
    size_t n = 1;
    char taken[32];
    snprintf(taken, sizeof taken, "127.0.0.1:%d", http_port(server));
    struct http_options o = {.listen = taken, .tables = &one, .table_counts = &n, .table_count = 1};
    struct http_server *none = NULL;
    struct errinfo e = {0};
    assert_int_equal(http_start(&none, &o, &e), ERR_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_find_their_handler),
        cmocka_unit_test(head_is_get_without_a_body),
        {"case 11: a wrong method is told the right ones", a_wrong_method_is_told_the_right_ones,
         NULL, NULL, NULL},
        {"case 11: paths that two programs read differently are refused",
         paths_that_two_programs_read_differently_are_refused, NULL, NULL, NULL},
        cmocka_unit_test(a_slash_at_the_end_is_redirected),
        cmocka_unit_test(errors_fit_the_asker),
        cmocka_unit_test(too_much_is_refused),
        cmocka_unit_test(heads_of_every_size_are_answered_by_us),
        cmocka_unit_test(bodies_arrive_whole),
        {"case 57: no request hides in another", no_request_hides_in_another, NULL, NULL, NULL},
        cmocka_unit_test(sound_requests_before_a_broken_one_are_answered),
        cmocka_unit_test(an_answer_is_read_although_the_body_goes_on),
        cmocka_unit_test(one_empty_line_before_a_request_is_passed_over),
        cmocka_unit_test(requests_in_a_row_are_answered_in_order),
        {"case 58: a slow sender holds up nobody", a_slow_sender_holds_up_nobody, NULL, NULL, NULL},
        cmocka_unit_test(every_answer_carries_the_safety_headers),
        {"case 30: redirects stay at home", redirects_stay_at_home, NULL, NULL, NULL},
        {"case 28: a header stays one line", a_header_stays_one_line, NULL, NULL, NULL},
        {"case 06: the asker is known by what a proxy says",
         the_asker_is_known_by_what_a_proxy_says, NULL, NULL, NULL},
        cmocka_unit_test(static_bytes_are_sent_once),
        cmocka_unit_test(a_full_queue_of_work_says_so_at_once),
        cmocka_unit_test(who_is_slow_is_told_and_let_go),
        cmocka_unit_test(who_does_not_read_is_let_go),
        cmocka_unit_test(an_address_has_so_many_connections_and_no_more),
        cmocka_unit_test(behind_a_proxy_visitors_count_not_connections),
        cmocka_unit_test(all_bodies_together_have_a_limit),
        cmocka_unit_test(stopping_waits_for_what_runs),
        cmocka_unit_test(stopping_does_not_wait_for_ever),
        cmocka_unit_test(stopping_tells_who_is_still_sending),
        cmocka_unit_test(options_that_cannot_be_are_refused),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
