/* Polling feeds from a server: what comes once, what comes again, and when to ask next. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "channels/channel.h"
#include "stand_in.h"

#define NOW INT64_C(1795338240000) /* 2026-11-22T09:04:00Z */

static struct arena arena;
static struct stand_in server;
static struct clock_fake now;
static struct poll_result got;
static struct errinfo why;

/* What the server does; set before a poll, read by its thread. */
static struct {
    const char *head;  /* status line and headers */
    const char *items; /* of an RSS document around them; NULL: body is sent instead */
    const char *body;
    char etag_asked[64], since_asked[64];
} plan;

static void answer(void *ctx, int fd, const struct stand_in_request *r)
{
    (void)ctx;
    struct str etag = stand_in_header(r, "if-none-match"),
               since = stand_in_header(r, "if-modified-since");
    snprintf(plan.etag_asked, sizeof plan.etag_asked, "%.*s", STR_FMT(etag));
    snprintf(plan.since_asked, sizeof plan.since_asked, "%.*s", STR_FMT(since));
    if (str_eq_z(r->path, "/moved")) {
        stand_in_printf(fd, "HTTP/1.1 301 Moved\r\nLocation: /feed\r\n\r\n");
        return;
    }
    if (str_eq_z(r->path, "/elsewhere")) {
        stand_in_printf(fd, "HTTP/1.1 302 Found\r\nLocation: /feed\r\n\r\n");
        return;
    }
    if (str_starts(plan.head ? str_z(plan.head) : STR(""), STR("304")) && !etag.n) {
        stand_in_printf(fd, "HTTP/1.1 500 304 without a question\r\n\r\n");
        return;
    }
    stand_in_printf(fd, "HTTP/1.1 %s\r\nConnection: close\r\n\r\n", plan.head);
    if (plan.items)
        stand_in_printf(fd,
                        "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>Blatt</title>"
                        "<link>http://blatt.test/</link>%s</channel></rss>",
                        plan.items);
    else if (plan.body)
        stand_in_say(fd, str_z(plan.body));
}

static enum err poll_path(const char *path, struct str cursor)
{
    struct map settings;
    struct str url = stand_in_url(&server, &arena, path);
    map_init(&settings, &arena);
    map_set(&settings, STR("url"), &url);
    const struct channel_ctx c = {
        .arena = &arena, .clock = &now.clock, .settings = &settings, .allow_private = true};
    why = (struct errinfo){0};
    return channel_find(STR("feed"))->poll(&c, cursor, &got, &why);
}

static enum err poll_feed(struct str cursor)
{
    return poll_path("/feed", cursor);
}

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena);
    clock_fake_init(&now, NOW);
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

#define ONE                                                                                        \
    "<item><guid>a</guid><title>Eins &amp; zwei</title><link>http://blatt.test/1</link>"           \
    "<author>ab@blatt.test (Aylin B)</author><pubDate>Sun, 22 Nov 2026 08:00:00 GMT</pubDate>"     \
    "<description>&lt;p&gt;Hallo "                                                                 \
    "&lt;b&gt;Welt&lt;/b&gt;&lt;/p&gt;&lt;script&gt;x()&lt;/script&gt;</description></item>"
#define TWO                                                                                        \
    "<item><guid>b</guid><title>Zwei</title><link>javascript:alert(1)</link>"                      \
    "<pubDate>Sun, 22 Nov 2030 08:00:00 GMT</pubDate></item>"

static void entries_become_items(void **state)
{
    (void)state;
    plan.head = "200 OK";
    plan.items = ONE TWO;
    assert_int_equal(poll_feed(STR_NONE), ERR_OK);
    assert_int_equal(got.count, 2);
    const struct item *i = &got.items[0];
    assert_true(str_eq_z(i->external_id, "a"));
    assert_true(str_eq_z(i->title, "Eins & zwei"));
    assert_true(str_eq_z(i->text, "Hallo Welt"));
    assert_true(str_eq_z(i->author_id, "ab@blatt.test"));
    assert_true(str_eq_z(i->author_name, "Aylin B"));
    assert_true(str_eq_z(i->url, "http://blatt.test/1"));
    assert_int_equal(i->published_at, NOW - 64 * CLOCK_MINUTE);
    assert_false(i->is_private || i->is_ours);
    assert_int_equal(got.items[1].published_at, NOW); /* the future is now */
    assert_int_equal(got.items[1].url.n, 0);          /* no javascript: link */
    assert_true(str_eq_z(got.items[1].text, "Zwei"));
    assert_true(str_eq_z(got.items[1].author_name, "Blatt"));
    assert_false(got.more || got.stopped);
    assert_null(got.moved_to.p);
}

static void what_is_known_does_not_come_again(void **state)
{
    (void)state;
    plan.head = "200 OK";
    plan.items = ONE;
    assert_int_equal(poll_feed(STR_NONE), ERR_OK);
    struct str cursor = got.cursor;
    plan.items = TWO ONE;
    assert_int_equal(poll_feed(cursor), ERR_OK);
    assert_int_equal(got.count, 1);
    assert_true(str_eq_z(got.items[0].external_id, "b"));
    assert_int_equal(poll_feed(got.cursor), ERR_OK);
    assert_int_equal(got.count, 0);
    assert_int_equal(poll_feed(STR("nonsense")), ERR_OK); /* a damaged cursor loses nothing */
    assert_int_equal(got.count, 2);
}

static void changing_ids_bring_no_flood(void **state)
{
    (void)state;
    struct str cursor = STR_NONE;
    size_t all = 0;
    plan.head = "200 OK";
    for (int round = 0; round < 20; round++) {
        struct str items =
            arena_printf(&arena,
                         "<item><guid>x%d</guid><title>Gleich</title><link>http://blatt.test/g"
                         "</link><description>immer</description></item>",
                         round);
        plan.items = items.p;
        assert_int_equal(poll_feed(cursor), ERR_OK);
        all += got.count;
        cursor = got.cursor;
    }
    assert_int_equal(all, 1);
}

static void what_the_cursor_keeps_is_bounded(void **state)
{
    (void)state;
    struct str cursor = STR_NONE;
    struct buf b;
    char *document;
    plan.head = "200 OK";
    plan.items = NULL;
    for (int round = 0; round < 3; round++) {
        buf_init_in(&b, &arena, 1 << 20);
        buf_add_z(&b, "<rss version=\"2.0\"><channel><title>t</title>");
        for (int i = 0; i < 1000; i++)
            buf_printf(&b, "<item><guid>%d-%d</guid><title>n%d</title></item>", round, i,
                       round * 1000 + i);
        buf_add_z(&b, "</channel></rss>");
        buf_add_char(&b, 0);
        document = b.p;
        plan.body = document;
        assert_int_equal(poll_feed(cursor), ERR_OK);
        assert_int_equal(got.count, 1000);
        assert_true(got.cursor.n < 64 * 1024);
        cursor = got.cursor;
        assert_int_equal(poll_feed(cursor), ERR_OK);
        assert_int_equal(got.count, 0);
    }
    plan.body = NULL;
}

static void validators_go_back_and_304_changes_nothing(void **state)
{
    (void)state;
    plan.head = "200 OK\r\nETag: \"v1\"\r\nLast-Modified: Sun, 22 Nov 2026 08:00:00 GMT";
    plan.items = ONE;
    assert_int_equal(poll_feed(STR_NONE), ERR_OK);
    assert_string_equal(plan.etag_asked, "");
    struct str cursor = got.cursor;
    plan.head = "304 Not Modified";
    plan.items = NULL;
    assert_int_equal(poll_feed(cursor), ERR_OK);
    assert_string_equal(plan.etag_asked, "\"v1\"");
    assert_string_equal(plan.since_asked, "Sun, 22 Nov 2026 08:00:00 GMT");
    assert_int_equal(got.count, 0);
    assert_true(str_eq(got.cursor, cursor));
}

static void a_feed_that_moved_or_ended_says_so(void **state)
{
    (void)state;
    plan.head = "200 OK";
    plan.items = ONE;
    assert_int_equal(poll_path("/moved", STR_NONE), ERR_OK);
    assert_int_equal(got.count, 1);
    assert_true(str_eq(got.moved_to, stand_in_url(&server, &arena, "/feed")));
    assert_int_equal(poll_path("/elsewhere", STR_NONE), ERR_OK);
    assert_null(got.moved_to.p);
    plan.head = "404 Not Found"; /* a move to something broken is not saved */
    assert_int_equal(poll_path("/moved", STR_NONE), ERR_PEER);
    assert_null(got.moved_to.p);
    plan.head = "410 Gone";
    assert_int_equal(poll_feed(STR("{}")), ERR_OK);
    assert_true(got.stopped);
    assert_true(str_eq_z(got.cursor, "{}"));
}

static void the_server_sets_the_rhythm(void **state)
{
    (void)state;
    static const struct {
        const char *head, *items;
        enum err err;
        int64_t wait; /* 0: the usual rhythm */
    } table[] = {
        {"200 OK", ONE, ERR_OK, 0},
        {"200 OK\r\nCache-Control: max-age=3600", ONE, ERR_OK, CLOCK_HOUR},
        {"200 OK\r\nCache-Control: max-age=1", ONE, ERR_OK, 5 * CLOCK_MINUTE},
        {"200 OK\r\nCache-Control: max-age=99999999", ONE, ERR_OK, CLOCK_DAY},
        {"200 OK", "<ttl>120</ttl>" ONE, ERR_OK, 2 * CLOCK_HOUR},
        {"200 OK", "<ttl>99999999999</ttl>" ONE, ERR_OK, CLOCK_DAY},
        {"200 OK", "<skipHours><hour>9</hour><hour>10</hour></skipHours>" ONE, ERR_OK,
         116 * CLOCK_MINUTE},
        {"429 Slow down\r\nRetry-After: 3600", NULL, ERR_PEER, CLOCK_HOUR},
        {"503 Down\r\nRetry-After: 3", NULL, ERR_PEER, 5 * CLOCK_MINUTE},
        {"503 Down", NULL, ERR_PEER, 0},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        plan.head = table[i].head;
        plan.items = table[i].items;
        plan.body = NULL;
        assert_int_equal(poll_feed(STR("{}")), table[i].err);
        int64_t wait = got.next_at ? got.next_at - NOW : 0;
        if (wait != table[i].wait)
            fail_msg("row %zu: %lld", i, (long long)wait);
    }
}

static void a_web_page_is_told_from_a_feed(void **state)
{
    (void)state;
    plan.head = "200 OK\r\nContent-Type: text/html";
    plan.items = NULL;
    plan.body = "<!doctype html><html><head><link rel=stylesheet href=x.css><link rel='stylesheet' "
                "href='y.css'>\n"
                "<LINK rel=\"alternate\" type=\"application/rss+xml\" "
                "href=\"http://blatt.test/rss?a=1&amp;b=2\"></head>"
                "<body>Hallo</body></html>";
    assert_int_equal(poll_feed(STR("{}")), ERR_INVALID);
    assert_non_null(strstr(why.what, "http://blatt.test/rss?a=1&b=2"));
    plan.body = "<!doctype html><html><body>Hallo</body></html>";
    assert_int_equal(poll_feed(STR("{}")), ERR_INVALID);
    assert_null(strstr(why.what, "blatt.test"));
    assert_true(str_eq_z(got.cursor, "{}"));
    plan.body = "";
    assert_int_equal(poll_feed(STR("{}")), ERR_INVALID);
    plan.body = NULL;
}

static void checking_reads_but_keeps_nothing(void **state)
{
    (void)state;
    struct map settings;
    struct str url = stand_in_url(&server, &arena, "/feed");
    map_init(&settings, &arena);
    const struct channel_ctx c = {
        .arena = &arena, .clock = &now.clock, .settings = &settings, .allow_private = true};
    assert_int_equal(channel_find(STR("feed"))->check(&c, &why), ERR_INVALID);
    map_set(&settings, STR("url"), &url);
    plan.head = "200 OK";
    plan.items = ONE;
    assert_int_equal(channel_find(STR("feed"))->check(&c, &why), ERR_OK);
    plan.head = "404 Not Found";
    assert_int_equal(channel_find(STR("feed"))->check(&c, &why), ERR_PEER);
    assert_non_null(strstr(why.what, "404"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_become_items),
        cmocka_unit_test(what_is_known_does_not_come_again),
        {"case 64: changing ids bring no flood", changing_ids_bring_no_flood, NULL, NULL, NULL},
        cmocka_unit_test(what_the_cursor_keeps_is_bounded),
        cmocka_unit_test(validators_go_back_and_304_changes_nothing),
        cmocka_unit_test(a_feed_that_moved_or_ended_says_so),
        cmocka_unit_test(the_server_sets_the_rhythm),
        cmocka_unit_test(a_web_page_is_told_from_a_feed),
        cmocka_unit_test(checking_reads_but_keeps_nothing),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
