/* fetch against a server that behaves, and one that does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <poll.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "net/fetch.h"
#include "stand_in.h"

static struct arena arena;
static struct stand_in server;
static struct fetch_response got;
static struct errinfo why;

/* The mark's view: how often it was called, and how many requests the server had read by then. */
struct marked {
    int calls;
    int hits;
    enum err answer;
};

static enum err mark(void *arg)
{
    struct marked *m = arg;
    m->calls++;
    m->hits = server.hits;
    return m->answer;
}

static enum err get(const char *path)
{
    struct fetch_request r = {
        .url = stand_in_url(&server, &arena, path), .net.allow_private = true, .total_ms = 5000};
    return fetch(&r, &arena, &got, &why);
}

static void say_gzip_bomb(int fd)
{
    /* gzip header, then a block of fixed codes: one literal 0 and "repeat 258 bytes" for ever */
    static const unsigned char head[] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3};
    unsigned char bits[64 * 1024] = {0};
    size_t at = 0;
    const char *start = "1"
                        "10"
                        "00110000",
               *repeat = "11000101"
                         "00000";
    for (const char *p = start; at < sizeof bits * 8; at++) {
        if (!*p)
            p = repeat;
        bits[at / 8] = (unsigned char)(bits[at / 8] | (*p++ == '1') << at % 8);
    }
    (void)(stand_in_printf(fd, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n") &&
           stand_in_say(fd, (struct str){(const char *)head, sizeof head}) &&
           stand_in_say(fd, (struct str){(const char *)bits, sizeof bits}));
}

/* The longer answers by path. */
static bool answer_long(int fd, struct str path)
{
    if (str_eq_z(path, "/endless")) {
        char block[4096];
        memset(block, 'x', sizeof block);
        bool on = stand_in_printf(fd, "HTTP/1.1 200 OK\r\n\r\n");
        while (on)
            on = stand_in_say(fd, (struct str){block, sizeof block});
    } else if (str_eq_z(path, "/endless-headers")) {
        bool on = stand_in_printf(fd, "HTTP/1.1 200 OK\r\n");
        while (on)
            on = stand_in_printf(fd, "X-More: %0500d\r\n", 1);
    } else if (str_eq_z(path, "/drip")) {
        bool on = stand_in_printf(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
        for (struct pollfd left = {fd, POLLIN, 0}; on && poll(&left, 1, 10) == 0;)
            on = stand_in_say(fd, STR("x"));
    } else if (str_eq_z(path, "/bomb")) {
        say_gzip_bomb(fd);
    } else if (str_eq_z(path, "/hang")) {
        char c;
        while (recv(fd, &c, 1, 0) > 0)
            ;
    } else {
        return false;
    }
    return true;
}

static void answer(void *ctx, int fd, const struct stand_in_request *r)
{
    static const struct {
        const char *path, *answer;
    } table[] = {
        {"/plain", "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nETag: \"e\"\r\ncache-control: "
                   "public, Max-Age=60\r\n"
                   "Content-Length: 5\r\n\r\nhello"},
        {"/permanent", "HTTP/1.1 301 Moved\r\nLocation: /plain\r\n\r\n"},
        {"/permanent2", "HTTP/1.1 308 Moved\r\nLocation: permanent\r\n\r\n"},
        {"/then-temporary", "HTTP/1.1 301 Moved\r\nLocation: /temporary\r\n\r\n"},
        {"/temporary", "HTTP/1.1 302 Found\r\nLocation: /pl ain\r\n\r\n"},
        {"/pl%20ain", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"},
        {"/loop", "HTTP/1.1 302 Found\r\nLocation: /loop\r\n\r\n"},
        {"/to-file", "HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\n\r\n"},
        {"/to-metadata", "HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\n\r\n"},
        {"/to-user", "HTTP/1.1 302 Found\r\nLocation: http://a:b@127.0.0.1/\r\n\r\n"},
        {"/429", "HTTP/1.1 429 Slow down\r\nRetry-After: 120\r\nContent-Length: 0\r\n\r\n"},
        {"/429-date", "HTTP/1.1 429 Slow down\r\nRetry-After: Sun, 22 Nov 2026 09:05:00 "
                      "GMT\r\nContent-Length: 0\r\n\r\n"},
        {"/429-past", "HTTP/1.1 429 Slow down\r\nRetry-After: Sun, 22 Nov 2020 09:05:00 "
                      "GMT\r\nContent-Length: 0\r\n\r\n"},
        {"/429-absurd", "HTTP/1.1 429 Slow down\r\nRetry-After: "
                        "99999999999999999999999\r\nContent-Length: 0\r\n\r\n"},
        {"/429-minus", "HTTP/1.1 429 Slow down\r\nRetry-After: -5\r\nContent-Length: 0\r\n\r\n"},
        {"/429-none", "HTTP/1.1 429 Slow down\r\nContent-Length: 0\r\n\r\n"},
        {"/chunked",
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"},
        {"/bad-chunk",
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n"},
        {"/cut-chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nabc"},
        {"/huge-chunk",
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000000\r\nabc"},
        {"/cut", "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nabc"},
        {"/bad-gzip", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc"},
        {"/nonsense", "SSH-2.0-OpenSSH\r\n\r\n"},
        {"/empty", ""},
    };
    (void)ctx;
    if (answer_long(fd, r->path))
        return;
    if (str_eq_z(r->path, "/echo")) {
        stand_in_printf(fd, "HTTP/1.1 200 OK\r\nX-Auth: %.*s\r\nX-Method: %.*s\r\n\r\n%.*s",
                        STR_FMT(stand_in_header(r, "authorization")), STR_FMT(r->method),
                        STR_FMT(r->body));
        return;
    }
    if (str_eq_z(r->path, "/other-host")) {
        stand_in_printf(fd, "HTTP/1.1 302 Found\r\nLocation: http://localhost:%d/echo\r\n\r\n",
                        server.port);
        return;
    }
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (str_eq_z(r->path, table[i].path))
            stand_in_say(fd, str_z(table[i].answer));
}

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena);
    stand_in_start(&server, answer, NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    stand_in_stop(&server);
    arena_deinit(&arena);
    return 0;
}

static void reads_an_answer(void **state)
{
    (void)state;
    assert_int_equal(get("/plain"), ERR_OK);
    assert_int_equal(got.status, 200);
    assert_true(str_eq_z(got.body, "hello"));
    assert_true(str_eq_z(fetch_header(&got, "etag"), "\"e\""));
    assert_true(str_eq_z(fetch_header(&got, "CONTENT-TYPE"), "text/plain"));
    assert_int_equal(got.max_age, 60000);
    assert_int_equal(got.retry_after, 0);
    assert_true(got.sent && got.moved_to.p == NULL);
    assert_int_equal(get("/chunked"), ERR_OK);
    assert_true(str_eq_z(got.body, "abcde"));
    assert_int_equal(got.max_age, -1);
}

static void follows_redirects_and_tells_which_last(void **state)
{
    (void)state;
    assert_int_equal(get("/permanent2"), ERR_OK);
    assert_true(str_eq_z(got.body, "hello"));
    assert_true(str_eq(got.moved_to, stand_in_url(&server, &arena, "/plain")));
    assert_int_equal(get("/then-temporary"), ERR_OK);
    assert_true(str_eq_z(got.body, "ok"));
    assert_true(str_eq(got.moved_to, stand_in_url(&server, &arena, "/temporary")));
    assert_true(str_eq(got.url, stand_in_url(&server, &arena, "/pl%20ain")));
    assert_int_equal(get("/temporary"), ERR_OK);
    assert_null(got.moved_to.p);
}

static void redirects_are_bounded_and_guarded(void **state)
{
    (void)state;
    int before = server.hits;
    assert_int_equal(get("/loop"), ERR_PEER);
    assert_int_equal(server.hits - before, 1 + FETCH_REDIRECTS_MAX);
    assert_int_equal(get("/to-file"), ERR_INVALID);
    assert_int_equal(get("/to-metadata"), ERR_DENIED);
    assert_int_equal(get("/to-user"), ERR_INVALID);
}

static void the_guard_holds_without_permission(void **state)
{
    (void)state;
    struct fetch_request r = {.url = stand_in_url(&server, &arena, "/plain")};
    int before = server.hits;
    assert_int_equal(fetch(&r, &arena, &got, &why), ERR_DENIED);
    r.url = arena_printf(&arena, "http://localhost:%d/plain", server.port);
    assert_int_equal(fetch(&r, &arena, &got, &why), ERR_DENIED);
    r.url = arena_printf(&arena, "http://[::ffff:127.0.0.1]:%d/plain", server.port);
    assert_int_equal(fetch(&r, &arena, &got, &why), ERR_DENIED);
    assert_int_equal(server.hits, before);
    assert_false(got.sent);
}

static void a_credential_stays_with_its_host(void **state)
{
    (void)state;
    const struct fetch_header auth = {STR("Authorization"), STR("Bearer geheim")};
    struct fetch_request r = {.url = stand_in_url(&server, &arena, "/echo"),
                              .headers = &auth,
                              .header_count = 1,
                              .net.allow_private = true};
    assert_int_equal(fetch(&r, &arena, &got, &why), ERR_OK);
    assert_true(str_eq_z(fetch_header(&got, "x-auth"), "Bearer geheim"));
    r.url = stand_in_url(&server, &arena, "/other-host");
    assert_int_equal(fetch(&r, &arena, &got, &why), ERR_OK);
    assert_true(str_eq_z(fetch_header(&got, "x-auth"), ""));
}

static void a_header_cannot_smuggle_another(void **state)
{
    (void)state;
    const struct fetch_header bad[] = {
        {STR("X-A"), STR("1\r\nX-B: 2")}, {STR("X A"), STR("1")}, {STR(""), STR("1")}};
    for (size_t i = 0; i < 3; i++) {
        struct fetch_request r = {.url = stand_in_url(&server, &arena, "/echo"),
                                  .headers = &bad[i],
                                  .header_count = 1,
                                  .net.allow_private = true};
        assert_int_equal(fetch(&r, &arena, &got, &why), ERR_INVALID);
    }
}

static void waits_are_read_in_every_form(void **state)
{
    (void)state;
    struct clock_fake clock;
    int64_t now;
    assert_true(clock_parse(STR("2026-11-22T09:04:00Z"), &now));
    clock_fake_init(&clock, now);
    static const struct {
        const char *path;
        int64_t wait;
    } table[] = {{"/429", 120000},           {"/429-date", 60000}, {"/429-past", 0},
                 {"/429-absurd", CLOCK_DAY}, {"/429-minus", 0},    {"/429-none", 0}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct fetch_request r = {.url = stand_in_url(&server, &arena, table[i].path),
                                  .clock = &clock.clock,
                                  .net.allow_private = true};
        assert_int_equal(fetch(&r, &arena, &got, &why), ERR_OK);
        assert_int_equal(got.status, 429);
        assert_int_equal(got.retry_after, table[i].wait);
    }
}

static void size_and_time_have_an_end(void **state)
{
    (void)state;
    struct fetch_request r = {.url = stand_in_url(&server, &arena, "/endless"),
                              .net.allow_private = true,
                              .body_max = 100000,
                              .total_ms = 5000};
    assert_int_equal(fetch(&r, &arena, &got, &why), ERR_LIMIT);
    assert_int_equal(got.status, 200);
    r.url = stand_in_url(&server, &arena, "/bomb");
    assert_int_equal(fetch(&r, &arena, &got, &why), ERR_LIMIT);
    r.url = stand_in_url(&server, &arena, "/endless-headers");
    assert_int_equal(fetch(&r, &arena, &got, &why), ERR_LIMIT);
    r.total_ms = 200;
    r.url = stand_in_url(&server, &arena, "/drip");
    int64_t before = clock_mono();
    assert_int_equal(fetch(&r, &arena, &got, &why), ERR_IO);
    r.url = stand_in_url(&server, &arena, "/hang");
    assert_int_equal(fetch(&r, &arena, &got, &why), ERR_IO);
    assert_true(clock_mono() - before < 3000);
    assert_true(got.sent);
}

static void broken_answers_are_errors(void **state)
{
    (void)state;
    const char *const paths[] = {"/bad-chunk", "/cut-chunk", "/huge-chunk", "/cut",
                                 "/bad-gzip",  "/nonsense",  "/empty"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        enum err err = get(paths[i]);
        if (err != ERR_PEER && err != ERR_IO)
            fail_msg("%s: %s", paths[i], err_code(err));
        assert_true(got.sent);
    }
}

static void the_mark_comes_once_and_before_the_body(void **state)
{
    (void)state;
    struct marked m = {0};
    struct fetch_request r = {.url = stand_in_url(&server, &arena, "/echo"),
                              .body = STR("{\"a\":1}"),
                              .net.allow_private = true,
                              .before_body = mark,
                              .arg = &m};
    int before = server.hits;
    assert_int_equal(fetch(&r, &arena, &got, &why), ERR_OK);
    assert_true(str_eq_z(got.body, "{\"a\":1}"));
    assert_true(str_eq_z(fetch_header(&got, "x-method"), "POST"));
    assert_int_equal(m.calls, 1);
    assert_int_equal(m.hits, before);
    r.url = stand_in_url(&server, &arena, "/permanent");
    r.body = STR_NONE;
    m.calls = 0;
    assert_int_equal(fetch(&r, &arena, &got, &why), ERR_OK);
    assert_int_equal(m.calls, 1);
}

static void a_mark_that_refuses_holds_everything_back(void **state)
{
    (void)state;
    struct marked m = {.answer = ERR_CONFLICT};
    struct fetch_request r = {.url = stand_in_url(&server, &arena, "/echo"),
                              .body = STR("x"),
                              .net.allow_private = true,
                              .before_body = mark,
                              .arg = &m};
    int before = server.hits;
    assert_int_equal(fetch(&r, &arena, &got, &why), ERR_CONFLICT);
    assert_false(got.sent);
    r.body = STR_NONE;
    assert_int_equal(fetch(&r, &arena, &got, &why), ERR_CONFLICT);
    assert_false(got.sent);
    r.body = (struct str){"", 0};
    assert_int_equal(fetch(&r, &arena, &got, &why), ERR_CONFLICT);
    assert_int_equal(m.calls, 3);
    assert_int_equal(get("/plain"), ERR_OK); /* the server worked off what came before this */
    assert_int_equal(server.hits, before + 1);
}

static void nothing_is_marked_without_a_connection(void **state)
{
    (void)state;
    struct marked m = {0};
    struct stand_in gone;
    stand_in_start(&gone, answer, NULL);
    struct fetch_request r = {.url = stand_in_url(&gone, &arena, "/echo"),
                              .body = STR("x"),
                              .net.allow_private = true,
                              .before_body = mark,
                              .arg = &m};
    stand_in_stop(&gone);
    assert_int_equal(fetch(&r, &arena, &got, &why), ERR_IO);
    assert_false(got.sent);
    assert_int_equal(m.calls, 0);
}

static void a_post_is_not_redirected(void **state)
{
    (void)state;
    struct fetch_request r = {.url = stand_in_url(&server, &arena, "/permanent"),
                              .body = STR("x"),
                              .net.allow_private = true};
    int before = server.hits;
    assert_int_equal(fetch(&r, &arena, &got, &why), ERR_OK);
    assert_int_equal(got.status, 301);
    assert_int_equal(server.hits, before + 1);
}

static bool at_once(const void *arg)
{
    (void)arg;
    return true;
}

static void giving_up_ends_a_wait(void **state)
{
    (void)state;
    struct fetch_request r = {.url = stand_in_url(&server, &arena, "/hang"),
                              .net = {.allow_private = true, .give_up = at_once}};
    int64_t before = clock_mono();
    assert_int_equal(fetch(&r, &arena, &got, &why), ERR_BUSY);
    assert_true(clock_mono() - before < 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_an_answer),
        cmocka_unit_test(follows_redirects_and_tells_which_last),
        {"case 35: redirects are bounded and guarded", redirects_are_bounded_and_guarded, NULL,
         NULL, NULL},
        {"case 33: the guard holds without permission", the_guard_holds_without_permission, NULL,
         NULL, NULL},
        cmocka_unit_test(a_credential_stays_with_its_host),
        {"case 28: a header cannot smuggle another", a_header_cannot_smuggle_another, NULL, NULL,
         NULL},
        cmocka_unit_test(waits_are_read_in_every_form),
        {"case 36: size and time have an end", size_and_time_have_an_end, NULL, NULL, NULL},
        cmocka_unit_test(broken_answers_are_errors),
        cmocka_unit_test(the_mark_comes_once_and_before_the_body),
        cmocka_unit_test(a_mark_that_refuses_holds_everything_back),
        cmocka_unit_test(nothing_is_marked_without_a_connection),
        cmocka_unit_test(a_post_is_not_redirected),
        cmocka_unit_test(giving_up_ends_a_wait),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
