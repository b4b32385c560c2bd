/* site.c - see site.h. */
#include "site.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct site site;

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
    if (queue_push(site.arrived, &token) == ERR_OK)
        queue_pop(site.gate, 10000);
    say(rs, STR("worked"));
}

const struct route site_pages[] = {
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
const size_t site_page_count = sizeof site_pages / sizeof *site_pages;
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

int site_start(void **state)
{
    (void)state;
    static const struct route *const tables[] = {site_pages, api};
    static const size_t counts[] = {sizeof site_pages / sizeof *site_pages,
                                    sizeof api / sizeof *api};
    static const char *const proxies[] = {"127.0.0.1", "10.0.0.1", NULL};
    site.workers = workers_new("work", 1, 1);
    site.gate = queue_new(8);
    site.arrived = queue_new(64);
    struct http_options o = {.listen = "127.0.0.1:0",
                             .tables = tables,
                             .table_counts = counts,
                             .table_count = 2,
                             .hooks = {.guard = guard, .error_page = error_page},
                             .threads = 4,
                             .connections_max = 400,
                             .proxies = proxies,
                             .workers = site.workers};
    struct errinfo e = {0};
    if (http_start(&site.server, &o, &e) != ERR_OK) {
        print_error("%s: %s\n", e.where, e.what);
        return -1;
    }
    return 0;
}

static void let_go(void)
{
    workers_free(site.workers);
    queue_free(site.gate);
    queue_free(site.arrived);
}

int site_stop(void **state)
{
    (void)state;
    http_stop(site.server, 1000);
    let_go();
    return 0;
}

void site_start_again(void)
{
    let_go();
    assert_int_equal(site_start(NULL), 0);
}

int site_ask(struct client *c, const char *request)
{
    client_open(c, http_port(site.server));
    client_send_z(c, request);
    bool came = client_wait_answer(c, strncmp(request, "HEAD", 4) == 0);
    client_close(c);
    return came ? client_status(c) : 0;
}
