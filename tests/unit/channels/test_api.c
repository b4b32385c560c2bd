/* Answers as signed webhooks, to a receiver with every mood. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <sys/socket.h>

#include <cmocka.h>

#include "base/arena.h"
#include "channels/channel.h"
#include "crypt/hmac.h"
#include "stand_in.h"
#include "text/json.h"

#define NOW INT64_C(1795338240000) /* 2026-11-22T09:04:00Z */

static struct arena arena;
static struct stand_in server;
static struct clock_fake now;
static struct str heard_body, heard_id, heard_stamp,
    heard_signature; /* copies in arena; read after send */
static struct arena heard;
static int marks, hits_at_mark;
static enum err mark_answer;

static void answer(void *ctx, int fd, const struct stand_in_request *r)
{
    (void)ctx;
    int64_t status = 0;
    heard_body = arena_str(&heard, r->body);
    heard_id = arena_str(&heard, stand_in_header(r, "x-zuruf-id"));
    heard_stamp = arena_str(&heard, stand_in_header(r, "x-zuruf-timestamp"));
    heard_signature = arena_str(&heard, stand_in_header(r, "x-zuruf-signature"));
    if (str_eq_z(r->path, "/named")) {
        stand_in_printf(
            fd,
            "HTTP/1.1 201 Created\r\nContent-Length: 27\r\n\r\n{\"external_id\":\"ticket-77\"}");
    } else if (str_eq_z(r->path, "/endless")) {
        char block[4096];
        memset(block, 'x', sizeof block);
        bool on = stand_in_printf(fd, "HTTP/1.1 200 OK\r\n\r\n");
        while (on)
            on = stand_in_say(fd, (struct str){block, sizeof block});
    } else if (str_eq_z(r->path, "/cut")) {
        return;
    } else if (str_eq_z(r->path, "/wait")) {
        stand_in_printf(fd, "HTTP/1.1 429 No\r\nRetry-After: 90\r\nContent-Length: 0\r\n\r\n");
    } else if (str_to_i64(str_sub(r->path, 1, r->path.n), &status)) {
        stand_in_printf(fd, "HTTP/1.1 %d X\r\nLocation: /200\r\nContent-Length: 0\r\n\r\n",
                        (int)status);
    }
}

static enum err mark(void *arg)
{
    (void)arg;
    marks++;
    hits_at_mark = server.hits;
    return mark_answer;
}

static const struct str thread[] = {{"first", 5}, {"second", 6}};

static struct sent_result send_to(struct str url, const char *secret, int attempt)
{
    struct map settings;
    struct str key = str_z(secret);
    struct sent_result result;
    map_init(&settings, &arena);
    map_set(&settings, STR("url"), &url);
    map_set(&settings, STR("secret"), &key);
    const struct channel_ctx c = {
        .arena = &arena, .clock = &now.clock, .settings = &settings, .allow_private = true};
    const struct outgoing m = {.id = 42,
                               .key = STR("m42"),
                               .text = STR("Grüße, \"wir\" kümmern uns. ^AB"),
                               .to_id = STR("@kunde"),
                               .parent_id = STR("second"),
                               .thread = thread,
                               .thread_count = 2,
                               .at = NOW - 1000,
                               .attempt = attempt};
    marks = 0;
    channel_find(STR("api"))->send(&c, &m, (struct sending_mark){mark, NULL}, &result);
    return result;
}

static struct sent_result send_path(const char *path)
{
    return send_to(stand_in_url(&server, &arena, path), "geheim", 1);
}

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena);
    arena_init(&heard);
    clock_fake_init(&now, NOW);
    stand_in_start(&server, answer, NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    stand_in_stop(&server);
    arena_deinit(&heard);
    arena_deinit(&arena);
    return 0;
}

static void the_message_is_whole_and_signed(void **state)
{
    (void)state;
    struct json *v;
    int before = server.hits;
    struct sent_result r = send_path("/200");
    assert_int_equal(r.sent, SENT_ACCEPTED);
    assert_int_equal(marks, 1);
    assert_int_equal(hits_at_mark, before);
    assert_int_equal(json_parse(&arena, heard_body, &v, NULL), ERR_OK);
    assert_true(str_eq_z(json_text(v, "id"), "42"));
    assert_true(str_eq_z(json_text(v, "key"), "m42"));
    assert_true(str_eq_z(json_text(v, "text"), "Grüße, \"wir\" kümmern uns. ^AB"));
    assert_true(str_eq_z(json_text(v, "to"), "@kunde"));
    assert_true(str_eq_z(json_text(v, "in_reply_to"), "second"));
    assert_true(str_eq_z(json_text(v, "at"), "2026-11-22T09:03:59Z"));
    assert_int_equal(json_count(json_get(v, "thread")), 2);
    assert_true(str_eq_z(heard_stamp, "1795338240"));
    assert_true(str_eq_z(heard_id, "m42"));
    struct str text = arena_printf(&arena, "%.*s.%.*s", STR_FMT(heard_stamp), STR_FMT(heard_body));
    assert_true(str_starts(heard_signature, STR("sha256=")));
    struct str hex = str_sub(heard_signature, 7, heard_signature.n);
    assert_true(hmac_sha256_verify_hex(STR("geheim"), text, hex));
    assert_false(hmac_sha256_verify_hex(STR("anders"), text, hex));
}

static void the_receiver_names_it(void **state)
{
    (void)state;
    struct sent_result r = send_path("/named");
    assert_int_equal(r.sent, SENT_ACCEPTED);
    assert_true(str_eq_z(r.external_id, "ticket-77"));
}

static void each_status_has_its_meaning(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        enum sent sent;
    } table[] = {{"/200", SENT_ACCEPTED}, {"/204", SENT_ACCEPTED},    {"/301", SENT_REFUSED},
                 {"/302", SENT_REFUSED},  {"/400", SENT_REFUSED},     {"/401", SENT_REFUSED},
                 {"/404", SENT_REFUSED},  {"/408", SENT_LATER},       {"/409", SENT_LATER},
                 {"/410", SENT_REFUSED},  {"/422", SENT_REFUSED},     {"/425", SENT_LATER},
                 {"/429", SENT_LATER},    {"/500", SENT_LATER},       {"/503", SENT_LATER},
                 {"/cut", SENT_LATER},    {"/endless", SENT_ACCEPTED}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        int before = server.hits;
        struct sent_result r = send_path(table[i].path);
        if (r.sent != table[i].sent)
            fail_msg("%s: %d, %s", table[i].path, r.sent, r.why.what);
        assert_int_equal(server.hits, before + 1); /* a redirect is not followed */
        assert_true(r.why.what[0]);
        assert_null(strstr(r.why.what, "geheim"));
    }
}

static void a_retry_has_the_same_id(void **state)
{
    (void)state;
    struct sent_result r = send_path("/500");
    assert_int_equal(r.sent, SENT_LATER);
    struct str id = heard_id, first = heard_signature;
    now.at += 60000;
    r = send_to(stand_in_url(&server, &arena, "/200"), "geheim", 2);
    now.at -= 60000;
    assert_int_equal(r.sent, SENT_ACCEPTED);
    assert_true(str_eq(heard_id, id));
    assert_false(str_eq(heard_signature, first)); /* a fresh time is signed */
}

static void a_receiver_that_asks_to_wait_is_obeyed(void **state)
{
    (void)state;
    struct sent_result r = send_path("/wait");
    assert_int_equal(r.sent, SENT_LATER);
    assert_int_equal(r.retry_at, NOW + 90000);
}

static void nothing_leaves_when_it_must_not(void **state)
{
    (void)state;
    int before = server.hits;
    mark_answer = ERR_CONFLICT;
    assert_int_equal(send_path("/200").sent, SENT_LATER);
    mark_answer = ERR_OK;
    struct sent_result r = send_to(STR_NONE, "geheim", 1);
    assert_int_equal(r.sent, SENT_REFUSED);
    assert_non_null(strstr(r.why.what, "address"));
    r = send_to(stand_in_url(&server, &arena, "/200"), "", 1);
    assert_int_equal(r.sent, SENT_REFUSED);
    assert_non_null(strstr(r.why.what, "secret"));
    assert_int_equal(send_to(STR("http://169.254.169.254/"), "geheim", 1).sent, SENT_REFUSED);
    assert_int_equal(send_to(STR("ftp://127.0.0.1/"), "geheim", 1).sent, SENT_REFUSED);
    assert_int_equal(marks, 0);
    assert_int_equal(server.hits, before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_message_is_whole_and_signed),
        cmocka_unit_test(the_receiver_names_it),
        {"case 56: each status has its meaning", each_status_has_its_meaning, NULL, NULL, NULL},
        {"case 56: a retry has the same id", a_retry_has_the_same_id, NULL, NULL, NULL},
        {"case 56: a receiver that asks to wait is obeyed", a_receiver_that_asks_to_wait_is_obeyed,
         NULL, NULL, NULL},
        cmocka_unit_test(nothing_leaves_when_it_must_not),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
