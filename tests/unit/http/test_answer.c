/* What answers carry: headers, redirects, cookies, static bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "site.h"

static struct client c;

static void every_answer_carries_the_safety_headers(void **state)
{
    (void)state;
    static const char *const requests[] = {GET("/"), HTML("/nothing"), GET("/a%2fb"),
                                           GET("/style.css"), "BREW / HTTP/1.1\r\nHost: x\r\n\r\n"};
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        assert_int_not_equal(site_ask(&c, requests[i]), 0);
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
        int status = site_ask(&c, request);
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
    assert_int_equal(site_ask(&c, GET("/inject?v=plain")), 200);
    assert_string_equal(client_header(&c, "X-Echo"), "plain");
    static const char *const bad[] = {GET("/inject?v=a%0d%0aSet-Cookie:%20x=y"),
                                      GET("/inject?v=a%0ab"),
                                      GET("/inject?v=a%0db"),
                                      GET("/inject-cookie?v=a;b"),
                                      GET("/inject-cookie?v=a%0d%0ab"),
                                      GET("/inject-cookie?v=a%20b")};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(site_ask(&c, bad[i]), 500);
        assert_null(client_header(&c, "Set-Cookie"));
        assert_null(client_header(&c, "X-Echo"));
    }
    assert_int_equal(site_ask(&c, GET("/inject-cookie?v=ok")), 200);
}

static void the_asker_is_known_by_what_a_proxy_says(void **state)
{
    (void)state;
#define ASKER                                                                                      \
    "GET /asker?q=a+b%26 HTTP/1.1\r\nHost: x\r\nX-Test: 7\r\nCookie: a; =b; sid=\"s1\"; "          \
    "sid=s2\r\n"
    assert_int_equal(site_ask(&c, ASKER "\r\n"), 200);
    assert_string_equal(client_body(&c), "127.0.0.1 plain q=a b& h=7 c=s1");
    assert_string_equal(client_header(&c, "Set-Cookie"),
                        "sid=abc; Path=/; HttpOnly; SameSite=Lax; Max-Age=60");
    assert_null(client_header(&c, "Strict-Transport-Security"));
    assert_non_null(strstr(c.in, "gone=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0") ? c.in : NULL);
    assert_int_equal(
        site_ask(&c, ASKER
                 "X-Forwarded-For: 6.6.6.6, 8.8.4.4, 10.0.0.1\r\nX-Forwarded-Proto: https\r\n\r\n"),
        200);
    assert_string_equal(client_body(&c), "8.8.4.4 secure q=a b& h=7 c=s1");
    assert_string_equal(client_header(&c, "Set-Cookie"),
                        "sid=abc; Path=/; HttpOnly; SameSite=Lax; Max-Age=60; Secure");
    assert_non_null(client_header(&c, "Strict-Transport-Security"));
    assert_int_equal(
        site_ask(&c, ASKER "X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 2001:DB8::1\r\n\r\n"),
        200);
    assert_non_null(strstr(client_body(&c), "2001:db8::1 plain"));
    assert_int_equal(site_ask(&c, ASKER "X-Forwarded-For: 1.2.3.4, rubbish\r\n\r\n"), 200);
    assert_non_null(strstr(client_body(&c), "127.0.0.1 plain"));
}

static void static_bytes_are_sent_once(void **state)
{
    (void)state;
    assert_int_equal(site_ask(&c, GET("/style.css")), 200);
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
        assert_int_equal(site_ask(&c, request), rows[i].status);
        if (rows[i].status == 304)
            assert_string_equal(client_body(&c), "");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_answer_carries_the_safety_headers),
        {"case 30: redirects stay at home", redirects_stay_at_home, NULL, NULL, NULL},
        {"case 28: a header stays one line", a_header_stays_one_line, NULL, NULL, NULL},
        {"case 06: the asker is known by what a proxy says",
         the_asker_is_known_by_what_a_proxy_says, NULL, NULL, NULL},
        cmocka_unit_test(static_bytes_are_sent_once),
    };
    return cmocka_run_group_tests(tests, site_start, site_stop);
}
