/* Leases: one holder at a time, an end by the store's clock, an epoch for each taking. */
#include "scratch.h"

#include "store/lease.h"

static void setup_clock(struct scratch *s, struct clock_fake *clock)
{
    clock_fake_init(clock, INT64_C(1790000000000));
    s->options.clock = &clock->clock;
}

struct check {
    const struct lease *lease;
    bool release;
};

static enum err write_check(struct tx *tx, void *arg, struct errinfo *e)
{
    const struct check *c = arg;
    (void)e;
    TRY(lease_check(tx, c->lease));
    return c->release ? lease_release_in(tx, c->lease) : ERR_OK;
}

static enum err check(struct scratch *s, const struct lease *l, bool release)
{
    return store_write(s->store, write_check, &(struct check){l, release}, NULL);
}

static void one_holds_it_until_its_end(void **state)
{
    struct scratch *s = *state;
    struct clock_fake clock;
    struct lease first, second;
    setup_clock(s, &clock);
    scratch_open(s);
    assert_int_equal(lease_take(s->store, "account:7", 60000, &first), ERR_OK);
    assert_true(lease_held(&first));
    assert_int_equal(check(s, &first, false), ERR_OK);
    assert_int_equal(lease_take(s->store, "account:7", 60000, &second), ERR_BUSY);
    assert_false(lease_held(&second));
    clock.at += 59999;
    assert_int_equal(lease_take(s->store, "account:7", 60000, &second), ERR_BUSY);
    clock.at += 1;
    assert_int_equal(lease_take(s->store, "account:7", 60000, &second), ERR_OK);
    assert_int_equal(second.epoch, first.epoch + 1);
    /* the first is still held by its own clock, and refused by the transaction */
    assert_int_equal(check(s, &first, false), ERR_CONFLICT);
    assert_int_equal(lease_renew(&first, 60000), ERR_CONFLICT);
    assert_int_equal(check(s, &second, false), ERR_OK);
}

static void a_renewed_one_lasts(void **state)
{
    struct scratch *s = *state;
    struct clock_fake clock;
    struct lease l, other;
    setup_clock(s, &clock);
    scratch_open(s);
    assert_int_equal(lease_take(s->store, "job:wake", 10000, &l), ERR_OK);
    clock.at += 9000;
    assert_int_equal(lease_renew(&l, 10000), ERR_OK);
    clock.at += 9000;
    assert_int_equal(lease_take(s->store, "job:wake", 10000, &other), ERR_BUSY);
    assert_int_equal(check(s, &l, false), ERR_OK);
    clock.at += 1000; /* ended, although nobody has taken it */
    assert_int_equal(lease_renew(&l, 10000), ERR_CONFLICT);
    assert_int_equal(check(s, &l, false), ERR_OK);
}

static void one_that_was_given_back_is_free(void **state)
{
    struct scratch *s = *state;
    struct lease l, next;
    scratch_open(s);
    assert_int_equal(lease_take(s->store, "account:1", 60000, &l), ERR_OK);
    lease_release(&l);
    assert_false(lease_held(&l));
    assert_int_equal(lease_take(s->store, "account:1", 60000, &next), ERR_OK);
    lease_release(&l); /* of an earlier epoch: changes nothing */
    assert_int_equal(check(s, &next, true), ERR_OK);
    assert_int_equal(lease_take(s->store, "account:1", 60000, &l), ERR_OK);
    assert_int_equal(l.epoch, 3);
}

static void a_later_run_takes_all(void **state)
{
    struct scratch *s = *state;
    struct lease l, next;
    scratch_open(s);
    int64_t run = store_run(s->store);
    assert_true(store_run_held(s->store, run));
    assert_false(store_run_held(s->store, run + 1));
    assert_false(store_run_held(s->store, 0));
    assert_int_equal(lease_take(s->store, "account:1", 60000, &l), ERR_OK);
    scratch_close(s);
    scratch_open(s);
    assert_true(store_run(s->store) != run);
    assert_int_equal(lease_take(s->store, "account:1", 60000, &next), ERR_OK);
    assert_int_equal(next.epoch, l.epoch + 1);
}

struct run {
    int64_t run;
};

static enum err write_run(struct tx *tx, void *arg, struct errinfo *e)
{
    (void)e;
    return store_run_check(tx, ((struct run *)arg)->run);
}

static void a_dead_run_may_write_nothing(void **state)
{
    struct scratch *s = *state;
    scratch_open(s);
    struct run old = {store_run(s->store)};
    assert_int_equal(store_write(s->store, write_run, &old, NULL), ERR_OK);
    scratch_close(s);
    scratch_open(s);
    struct run now = {store_run(s->store)};
    assert_int_equal(store_write(s->store, write_run, &old, NULL), ERR_CONFLICT);
    assert_int_equal(store_write(s->store, write_run, &now, NULL), ERR_OK);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_holds_it_until_its_end),      TEST(a_renewed_one_lasts),
        TEST(one_that_was_given_back_is_free), TEST(a_later_run_takes_all),
        TEST(a_dead_run_may_write_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
