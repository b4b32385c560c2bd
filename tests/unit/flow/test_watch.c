/* What is wrong with an account becomes one incident, which ends by itself; what a person calls
 * fine is left alone. Over a real store, with a clock that is moved. */
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
#include "flow/flow_int.h"
#include "flow/setup.h"
#include "store/lease.h"
#include "store/store.h"
#include "watch_sql.h"

#define TURN (5 * CLOCK_MINUTE)

static struct feed_house h;
static int status; /* what the feed answers */

static void answer(void *ctx, int fd, const struct stand_in_request *r)
{
    (void)ctx;
    (void)r;
    if (status == 200)
        feed_house_empty(fd);
    else
        stand_in_printf(fd, "HTTP/1.1 %d No\r\nConnection: close\r\n\r\n", status);
}

static int setup(void **unused)
{
    (void)unused;
    status = 200;
    feed_house_open(&h, answer, NULL);
    return 0;
}

static int teardown(void **unused)
{
    (void)unused;
    return feed_house_close(&h);
}

/* The kind of the open incident; -1: all is well. */
static int wrong(void)
{
    struct watch_sql_open_of_row row;
    enum err err = watch_sql_open_of(store_reader(h.store), &h.arena,
                                     &(struct watch_sql_open_of_in){h.brand, h.account}, &row);
    assert_true(err == ERR_OK || err == ERR_NOT_FOUND);
    return err == ERR_OK ? (int)row.kind : -1;
}

static size_t incidents(void)
{
    struct watch_sql_last_row *rows;
    size_t n;
    assert_int_equal(watch_sql_last(store_reader(h.store), &h.arena,
                                    &(struct watch_sql_last_in){h.brand, h.account}, &rows, &n),
                     ERR_OK);
    return n;
}

static size_t mails(void)
{
    struct watch_sql_to_tell_row *rows;
    size_t n;
    assert_int_equal(watch_sql_to_tell(store_reader(h.store), &h.arena,
                                       &(struct watch_sql_to_tell_in){h.clock.at}, &rows, &n),
                     ERR_OK);
    return n;
}

static void watch(void)
{
    struct lease l;
    struct errinfo e = {0};
    assert_int_equal(lease_take(h.store, "job:watch", CLOCK_HOUR, &l), ERR_OK);
    assert_int_equal(watch_accounts(h.flow, &l, &e), ERR_OK);
    lease_release(&l);
}

/* NOBODY polls; POLLED by the feed, which takes so many requests a minute only; WELL: as if a poll
 * had found nothing new. */
enum way { NOBODY, POLLED, WELL };

static enum err write_well(struct tx *tx, void *arg, struct errinfo *e)
{
    (void)arg;
    (void)e;
    return account_sql_pulse_well(tx,
                                  &(struct account_sql_pulse_well_in){.brand = h.brand,
                                                                      .id = h.account,
                                                                      .at = h.clock.at,
                                                                      .next_at = h.clock.at + TURN,
                                                                      .asked = 0,
                                                                      .again = h.clock.at + TURN},
                                  NULL);
}

static void turn(int64_t ms, enum way way)
{
    struct errinfo e = {0};
    h.clock.at += ms;
    if (way == POLLED)
        flow_poll_due(h.flow);
    if (way == WELL)
        assert_int_equal(store_write(h.store, write_well, NULL, &e), ERR_OK);
    watch();
}

/* So much time in turns, polled when due or not at all. */
static void pass(int64_t ms, enum way way)
{
    for (int64_t end = h.clock.at + ms; h.clock.at < end;)
        turn(ms > CLOCK_HOUR ? CLOCK_HOUR / 2 : TURN, way);
}

static enum err write_post(struct tx *tx, void *arg, struct errinfo *e)
{
    (void)arg;
    (void)e;
    return account_sql_pulse_items(
        tx, &(struct account_sql_pulse_items_in){h.brand, h.account, h.clock.at, 1, 0}, NULL);
}

static void post(void)
{
    struct errinfo e = {0};
    assert_int_equal(store_write(h.store, write_post, NULL, &e), ERR_OK);
}

/* A post every hour of the day between eight and twenty, seven days a week. */
static void live(int days)
{
    for (int64_t end = h.clock.at + days * CLOCK_DAY; h.clock.at < end;) {
        int64_t hour = h.clock.at % CLOCK_DAY / CLOCK_HOUR;
        if (hour >= 8 && hour < 20)
            post();
        turn(CLOCK_HOUR, WELL);
    }
}

static enum err write_unsent(struct tx *tx, void *arg, struct errinfo *e)
{
    (void)e;
    if (!arg)
        return account_sql_send_well(tx, &(struct account_sql_send_well_in){h.brand, h.account},
                                     NULL);
    const struct account_sql_send_ill_in in = {.brand = h.brand,
                                               .id = h.account,
                                               .after = h.clock.at + CLOCK_MINUTE,
                                               .failures = *(const int *)arg,
                                               .error = STR("timeout")};
    return account_sql_send_ill(tx, &in, NULL);
}

static void answers_that_do_not_leave_are_told(void **unused)
{
    struct errinfo e = {0};
    int few = 5, many = 6;
    (void)unused;
    turn(TURN, WELL);
    assert_int_equal(store_write(h.store, write_unsent, &few, &e), ERR_OK);
    turn(TURN, WELL);
    assert_int_equal(wrong(), -1);
    assert_int_equal(store_write(h.store, write_unsent, &many, &e), ERR_OK);
    turn(TURN, WELL);
    assert_int_equal(wrong(), INCIDENT_UNSENT);
    assert_int_equal(store_write(h.store, write_unsent, NULL, &e), ERR_OK);
    turn(TURN, WELL);
    assert_int_equal(wrong(), -1);
}

static void what_cannot_be_reached_is_told_once(void **unused)
{
    (void)unused;
    pass(CLOCK_HOUR, POLLED);
    assert_int_equal(wrong(), -1);
    status = 500;
    pass(TURN, POLLED); /* once may be chance */
    assert_int_equal(wrong(), -1);
    pass(2 * CLOCK_HOUR, POLLED);
    assert_int_equal(wrong(), INCIDENT_FAILING);
    assert_int_equal(incidents(), 1);
    assert_int_equal(mails(), 1);
    status = 200;
    pass(8 * CLOCK_HOUR, POLLED); /* it waits longer each time */
    assert_int_equal(wrong(), -1);
    assert_int_equal(mails(), 0); /* nobody was told that it began */
}

static void a_dying_token_is_another_thing(void **unused)
{
    (void)unused;
    pass(CLOCK_HOUR, POLLED);
    status = 401;
    pass(CLOCK_HOUR, POLLED);
    assert_int_equal(wrong(), INCIDENT_DENIED);
    status = 410;
    pass(CLOCK_DAY, POLLED);
    assert_int_equal(wrong(), INCIDENT_GONE); /* the same incident got worse */
    assert_int_equal(incidents(), 1);
}

static void what_nobody_fetches_is_told(void **unused)
{
    (void)unused;
    pass(CLOCK_HOUR, POLLED);
    pass(CLOCK_DAY, NOBODY); /* no poller anywhere */
    assert_int_equal(wrong(), INCIDENT_LATE);
    pass(CLOCK_HOUR, POLLED);
    assert_int_equal(wrong(), -1);
}

static void so_soon_again_is_the_same(void **unused)
{
    (void)unused;
    pass(CLOCK_HOUR, POLLED);
    for (int i = 0; i < 5; i++) {
        pass(CLOCK_DAY, NOBODY);
        assert_int_equal(wrong(), INCIDENT_LATE);
        flow_poll_due(h.flow);
        pass(TURN, POLLED);
        assert_int_equal(wrong(), -1);
        pass(CLOCK_HOUR / 2, NOBODY);
    }
    assert_int_equal(incidents(), 1);
}

static void who_pauses_wants_no_alarm(void **unused)
{
    struct errinfo e = {0};
    (void)unused;
    pass(CLOCK_HOUR, POLLED);
    pass(CLOCK_DAY, NOBODY);
    assert_int_equal(wrong(), INCIDENT_LATE);
    assert_int_equal(setup_account_state(h.flow, h.brand, 0, h.account, ACCOUNT_PAUSED, &e),
                     ERR_OK);
    pass(CLOCK_DAY, NOBODY);
    assert_int_equal(wrong(), -1);
    assert_int_equal(mails(), 0);
}

static void a_silence_is_noticed_and_can_be_fine(void **unused)
{
    const struct who who = {.agent = 7, .brand = h.brand, .role = ROLE_LEAD};
    struct errinfo e = {0};
    (void)unused;
    live(35);
    assert_int_equal(incidents(), 0);
    assert_int_equal(flow_incident_fine(h.flow, &who, h.account, h.clock.at, &e), ERR_NOT_FOUND);
    int64_t began = h.clock.at;
    while (wrong() < 0 && h.clock.at < began + 7 * CLOCK_DAY)
        pass(TURN, WELL);
    assert_int_equal(wrong(), INCIDENT_SILENT);
    assert_true(h.clock.at - began < 3 * CLOCK_DAY);
    pass(TURN, WELL);
    assert_int_equal(mails(), 1);
    assert_int_equal(flow_incident_fine(h.flow, &who, h.account, h.clock.at + CLOCK_DAY, &e),
                     ERR_OK);
    assert_int_equal(mails(), 0);
    pass(CLOCK_HOUR, WELL);
    assert_int_equal(wrong(), INCIDENT_SILENT); /* it lasts until something comes */
    post();
    pass(TURN, WELL);
    assert_int_equal(wrong(), -1);
    const struct who stranger = {.agent = 8, .brand = h.brand + 1, .role = ROLE_LEAD};
    assert_int_equal(flow_incident_fine(h.flow, &stranger, h.account, 0, &e), ERR_NOT_FOUND);
}

static void an_outage_is_no_rhythm(void **unused)
{
    (void)unused;
    live(35);
    status = 500;
    pass(2 * CLOCK_DAY, POLLED);
    assert_int_equal(wrong(), INCIDENT_FAILING);
    status = 200;
    pass(CLOCK_DAY, WELL);
    live(2);
    assert_int_equal(wrong(), -1);
    int64_t began = h.clock.at;
    while (wrong() < 0 && h.clock.at < began + 7 * CLOCK_DAY)
        pass(TURN, WELL);
    assert_true(h.clock.at - began < 4 * CLOCK_DAY); /* two days of failing made it no calmer */
}

#define WATCH(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WATCH(answers_that_do_not_leave_are_told),
        WATCH(what_cannot_be_reached_is_told_once),
        WATCH(a_dying_token_is_another_thing),
        WATCH(what_nobody_fetches_is_told),
        WATCH(so_soon_again_is_the_same),
        WATCH(who_pauses_wants_no_alarm),
        WATCH(a_silence_is_noticed_and_can_be_fine),
        WATCH(an_outage_is_no_rhythm),
    };
    return cmocka_run_group_tests_name("flow/watch", tests, NULL, NULL);
}
