/* The wish for news at once: served by a poll that began after it, at a decent distance from the
 * last one, and never while the other side asked us to wait. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "account_sql.h"
#include "base/arena.h"
#include "feed_house.h"
#include "flow/flow.h"
#include "flow/setup.h"
#include "store/store.h"

static struct feed_house h;
static struct {
    bool refuses;        /* 429, wait an hour */
    bool wish_meanwhile; /* somebody wants news while it answers */
    int64_t wish;
} feed; /* what it does */

static int64_t want(enum err expected, const char *where)
{
    struct errinfo e = {0};
    int64_t wish = 0;
    assert_int_equal(flow_fetch(h.flow, h.brand, 7, h.account, &wish, &e), expected);
    assert_string_equal(e.where, where);
    return wish;
}

static struct account_sql_fetch_state_row state(void)
{
    struct account_sql_fetch_state_row row;
    assert_int_equal(
        account_sql_fetch_state(store_reader(h.store), &h.arena,
                                &(struct account_sql_fetch_state_in){h.brand, h.account}, &row),
        ERR_OK);
    return row;
}

static void answer(void *ctx, int fd, const struct stand_in_request *r)
{
    (void)ctx;
    (void)r;
    if (feed.wish_meanwhile)
        feed.wish = want(ERR_OK, "");
    feed.wish_meanwhile = false;
    if (feed.refuses)
        stand_in_printf(fd, "HTTP/1.1 429 Slow down\r\nRetry-After: 3600\r\n\r\n");
    else
        feed_house_empty(fd);
}

static int setup(void **unused)
{
    (void)unused;
    memset(&feed, 0, sizeof feed);
    feed_house_open(&h, answer, NULL);
    return 0;
}

static int teardown(void **unused)
{
    (void)unused;
    return feed_house_close(&h);
}

static int polls(void)
{
    int before = atomic_load(&h.feed.hits);
    flow_poll_due(h.flow);
    return atomic_load(&h.feed.hits) - before;
}

static void a_wish_is_served_at_a_distance(void **unused)
{
    (void)unused;
    assert_int_equal(polls(), 1);
    assert_int_equal(polls(), 0);
    int64_t wish = want(ERR_OK, "");
    assert_true(state().served < wish);
    assert_int_equal(polls(), 0); /* the last one is just over */
    h.clock.at += FETCH_GAP;
    assert_int_equal(polls(), 1);
    assert_int_equal(state().served, wish);
    assert_int_equal(polls(), 0); /* from now on its rhythm again */
    for (int i = 0; i < 50; i++)
        wish = want(ERR_OK, "");
    h.clock.at += FETCH_GAP;
    assert_int_equal(polls(), 1); /* many wishes are one poll */
    assert_int_equal(state().served, wish);
}

static void a_wish_during_a_poll_gets_another(void **unused)
{
    (void)unused;
    feed.wish_meanwhile = true;
    assert_int_equal(polls(), 1);
    assert_true(state().served < feed.wish);
    h.clock.at += FETCH_GAP;
    assert_int_equal(polls(), 1);
    assert_int_equal(state().served, feed.wish);
}

static void who_asks_for_peace_gets_it(void **unused)
{
    (void)unused;
    int64_t begin = h.clock.at;
    feed.refuses = feed.wish_meanwhile = true;
    assert_int_equal(polls(), 1);
    struct account_sql_fetch_state_row now = state();
    assert_true(now.held_until >= begin + CLOCK_HOUR);
    assert_true(now.error.n > 0);
    want(ERR_CONFLICT, "held");
    h.clock.at += CLOCK_HOUR - CLOCK_SECOND;
    assert_int_equal(polls(), 0);
    feed.refuses = false;
    h.clock.at = now.held_until;
    want(ERR_OK, "");
    assert_int_equal(polls(), 1);
    now = state();
    assert_int_equal(now.served, now.asked);
    assert_int_equal(now.held_until, 0);
}

static void nothing_is_fetched_where_nobody_listens(void **unused)
{
    struct errinfo e = {0};
    (void)unused;
    assert_int_equal(setup_account_state(h.flow, h.brand, 0, h.account, ACCOUNT_PAUSED, &e),
                     ERR_OK);
    want(ERR_CONFLICT, "state");
    assert_int_equal(polls(), 0);
    struct account_made made;
    struct account_new account = {.channel = STR("demo"), .name = STR("@acme")};
    map_init(&account.settings, &h.arena);
    assert_int_equal(setup_account(h.flow, &h.arena, h.brand, 0, &account, &made, &e), ERR_OK);
    h.account = made.id;
    want(ERR_INVALID, "channel");
    h.brand++; /* of another brand */
    want(ERR_NOT_FOUND, "account");
}

static void the_second_of_two_administrators_is_told(void **unused)
{
    struct errinfo e = {0};
    struct account before;
    struct account_new change = {.name = STR("Erster"), .is_public = true, .allow_private = true};
    (void)unused;
    assert_int_equal(setup_account_load(h.flow, &h.arena, h.brand, h.account, &before, &e), ERR_OK);
    change.settings = before.settings;
    change.version = before.version; /* both have the same form open */
    assert_int_equal(setup_account_change(h.flow, &h.arena, h.brand, 1, h.account, &change, &e),
                     ERR_OK);
    change.name = STR("Zweiter");
    assert_int_equal(setup_account_change(h.flow, &h.arena, h.brand, 2, h.account, &change, &e),
                     ERR_CONFLICT);
    assert_string_equal(e.where, "account");
    assert_int_equal(setup_account_load(h.flow, &h.arena, h.brand, h.account, &before, &e), ERR_OK);
    assert_true(str_eq_z(before.name, "Erster"));
}

#define FETCH(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FETCH(a_wish_is_served_at_a_distance),
        FETCH(a_wish_during_a_poll_gets_another),
        FETCH(who_asks_for_peace_gets_it),
        FETCH(nothing_is_fetched_where_nobody_listens),
        FETCH(the_second_of_two_administrators_is_told),
    };
    return cmocka_run_group_tests_name("flow/fetch", tests, NULL, NULL);
}
