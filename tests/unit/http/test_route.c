/* Which handler a request gets, and what it is told when there is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "site.h"

static struct client c;

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
        assert_int_equal(site_ask(&c, rows[i].request), rows[i].status);
        if (rows[i].body)
            assert_string_equal(client_body(&c), rows[i].body);
    }
}

static void head_is_get_without_a_body(void **state)
{
    (void)state;
    assert_int_equal(site_ask(&c, "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n"), 200);
    assert_string_equal(client_header(&c, "Content-Length"), "5");
    assert_string_equal(client_body(&c), "");
}

static void a_wrong_method_is_told_the_right_ones(void **state)
{
    (void)state;
    assert_int_equal(site_ask(&c, "POST /case/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"),
                     405);
    assert_string_equal(client_header(&c, "Allow"), "GET, HEAD, DELETE");
    assert_int_equal(site_ask(&c, "BREW / HTTP/1.1\r\nHost: x\r\n\r\n"), 405);
    assert_int_equal(site_ask(&c, "OPTIONS /echo HTTP/1.1\r\nHost: x\r\n\r\n"), 405);
    assert_string_equal(client_header(&c, "Allow"), "POST");
    assert_int_equal(site_ask(&c, "BREW /nothing HTTP/1.1\r\nHost: x\r\n\r\n"), 404);
    /* headers that pretend another method are ignored */
    assert_int_equal(
        site_ask(&c, "POST /case/1 HTTP/1.1\r\nHost: x\r\nX-HTTP-Method-Override: DELETE\r\n"
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
        int status = site_ask(&c, request);
        if (status != 400)
            print_error("%s gave %d\n", bad[i], status);
        assert_int_equal(status, 400);
    }
}

static void a_slash_at_the_end_is_redirected(void **state)
{
    (void)state;
    assert_int_equal(site_ask(&c, GET("/case/1/?a=b&c")), 308);
    assert_string_equal(client_header(&c, "Location"), "/case/1?a=b&c");
    assert_int_equal(site_ask(&c, "POST /echo/ HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"),
                     404);
}

static void errors_fit_the_asker(void **state)
{
    (void)state;
    assert_int_equal(site_ask(&c, HTML("/nothing")), 404);
    assert_string_equal(client_header(&c, "Content-Type"), "text/html; charset=utf-8");
    assert_non_null(strstr(client_body(&c), "<h1>404 "));
    assert_int_equal(site_ask(&c, GET("/nothing")), 404);
    assert_non_null(strstr(client_body(&c), "{\"error\":{\"code\":\"not_found\""));
    assert_non_null(strstr(client_body(&c), client_header(&c, "X-Request-Id")));
    assert_int_equal(site_ask(&c, HTML("/desk")), 303);
    assert_string_equal(client_header(&c, "Location"), "/sign-in");
    assert_int_equal(site_ask(&c, GET("/api/posts")), 401);
    assert_string_equal(client_header(&c, "WWW-Authenticate"), "Bearer");
    assert_int_equal(
        site_ask(&c, "GET /api/posts HTTP/1.1\r\nHost: x\r\nCookie: user=viewer\r\n\r\n"), 403);
    assert_int_equal(site_ask(&c, "GET /desk HTTP/1.1\r\nHost: x\r\nCookie: user=viewer\r\n\r\n"),
                     403);
    assert_int_equal(site_ask(&c, "GET /desk HTTP/1.1\r\nHost: x\r\nCookie: user=agent\r\n\r\n"),
                     200);
    assert_string_equal(client_header(&c, "Cache-Control"), "no-store");
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
    };
    return cmocka_run_group_tests(tests, site_start, site_stop);
}
