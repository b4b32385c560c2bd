/* How much a request may be, and where it ends: sizes, bodies, hostile and slow framing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "site.h"

static struct client c;

/* --- sizes --- */

static void too_much_is_refused(void **state)
{
    (void)state;
    static char request[40000];
    char filler[20001];
    memset(filler, 'a', 20000);
    filler[20000] = 0;
    assert_int_equal(
        site_ask(&c, "POST /small HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n0123456789"),
        200);
    assert_string_equal(client_body(&c), "0123456789");
    assert_int_equal(
        site_ask(&c, "POST /small HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n0123456789a"),
        413);
    /* told by the length alone: nothing of the body was sent */
    assert_int_equal(
        site_ask(&c, "POST /small HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\n"), 413);
    assert_string_equal(client_header(&c, "Connection"), "close");
    assert_int_equal(
        site_ask(&c, "POST /small HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                     "8\r\n01234567\r\n8\r\n01234567\r\n0\r\n\r\n"),
        413);
    assert_int_equal(site_ask(&c, "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx"), 413);
    snprintf(request, sizeof request, "GET /?a=%.4090s HTTP/1.1\r\nHost: x\r\n\r\n", filler);
    assert_int_equal(site_ask(&c, request), 200);
    snprintf(request, sizeof request, "GET /?a=%.4095s HTTP/1.1\r\nHost: x\r\n\r\n", filler);
    assert_int_equal(site_ask(&c, request), 414);
    snprintf(request, sizeof request, "GET / HTTP/1.1\r\nHost: x\r\nX-A: %.6000s\r\n\r\n", filler);
    assert_int_equal(site_ask(&c, request), 200);
    snprintf(request, sizeof request, "GET / HTTP/1.1\r\nHost: x\r\nX-A: %.6200s\r\n\r\n", filler);
    assert_int_equal(site_ask(&c, request), 431);
    snprintf(request, sizeof request, "GET / HTTP/1.1\r\nHost: x\r\nX-A: %s\r\n\r\n", filler);
    assert_int_equal(site_ask(&c, request), 431);
    size_t n = (size_t)snprintf(request, sizeof request, "GET / HTTP/1.1\r\nHost: x\r\n");
    for (int i = 0; i < 100; i++)
        n += (size_t)snprintf(request + n, sizeof request - n, "A: b\r\n");
    snprintf(request + n, sizeof request - n, "\r\n");
    assert_int_equal(site_ask(&c, request), 431);
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
            int status = site_ask(&c, request);
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
    assert_int_equal(site_ask(&c,
                              "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                              "5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n"),
                     200);
    assert_string_equal(client_body(&c), "hello world");
    size_t n = (size_t)snprintf(request, sizeof request,
                                "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n");
    for (int i = 0; i < 100000; i++)
        request[n++] = (char)('a' + i % 26);
    request[n] = 0;
    assert_int_equal(site_ask(&c, request), 200);
    assert_int_equal(c.n - (size_t)(client_body(&c) - c.in), 100000);
    assert_memory_equal(client_body(&c), request + n - 100000, 100000);
    client_open(&c, http_port(site.server));
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
        client_open(&c, http_port(site.server));
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
    client_open(&c, http_port(site.server));
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
        client_open(&c, http_port(site.server));
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
    assert_int_equal(site_ask(&c, "\r\n" GET("/case/1")), 200);
}

static void requests_in_a_row_are_answered_in_order(void **state)
{
    (void)state;
    client_open(&c, http_port(site.server));
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
        client_open(&slow[i], http_port(site.server));
        client_send_z(&slow[i],
                      i % 2 ? "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n123"
                            : "GET / HTTP/1.1\r\nHo");
    }
    for (int i = 0; i < 20; i++)
        assert_int_equal(site_ask(&c, GET("/case/5")), 200);
    for (size_t i = 0; i < 64; i++) {
        client_send_z(&slow[i], i % 2 ? "456789" : "st: x\r\n\r\n");
        assert_true(client_wait_answer(&slow[i], false));
        assert_string_equal(client_body(&slow[i]), i % 2 ? "123456789" : "hello");
        client_close(&slow[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(too_much_is_refused),
        cmocka_unit_test(heads_of_every_size_are_answered_by_us),
        cmocka_unit_test(bodies_arrive_whole),
        {"case 57: no request hides in another", no_request_hides_in_another, NULL, NULL, NULL},
        cmocka_unit_test(sound_requests_before_a_broken_one_are_answered),
        cmocka_unit_test(an_answer_is_read_although_the_body_goes_on),
        cmocka_unit_test(one_empty_line_before_a_request_is_passed_over),
        cmocka_unit_test(requests_in_a_row_are_answered_in_order),
        {"case 58: a slow sender holds up nobody", a_slow_sender_holds_up_nobody, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests(tests, site_start, site_stop);
}
