/* Guessing is slowed down, by key and with given times. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/clock.h"
#include "people/throttle.h"

static const int64_t NOW = INT64_C(1795300000000);

static int setup(void **state)
{
    *state = throttle_new();
    return 0;
}

static int teardown(void **state)
{
    throttle_free(*state);
    return 0;
}

static void fail_times(struct throttle *t, struct str key, int n, int64_t now)
{
    for (int i = 0; i < n; i++)
        throttle_failed(t, key, now);
}

static void a_few_mistakes_are_free(void **state)
{
    struct throttle *t = *state;
    assert_true(throttle_wait(t, STR("a"), 5, NOW) == 0);
    fail_times(t, STR("a"), 4, NOW);
    assert_true(throttle_wait(t, STR("a"), 5, NOW) == 0);
    fail_times(t, STR("a"), 1, NOW);
    assert_true(throttle_wait(t, STR("a"), 5, NOW) == 2 * CLOCK_SECOND);
    assert_true(throttle_wait(t, STR("b"), 5, NOW) == 0); /* nobody else waits */
}

static void each_further_try_doubles_the_wait(void **state)
{
    struct throttle *t = *state;
    int64_t now = NOW, wait = 2 * CLOCK_SECOND;
    fail_times(t, STR("a"), 5, now);
    for (int i = 0; i < 8; i++, wait *= 2) {
        assert_true(throttle_wait(t, STR("a"), 5, now) == wait);
        assert_true(throttle_wait(t, STR("a"), 5, now + wait - 1) == 1);
        now += wait;
        assert_true(throttle_wait(t, STR("a"), 5, now) == 0);
        throttle_failed(t, STR("a"), now);
    }
}

static void a_quarter_of_an_hour_is_the_most(void **state)
{
    struct throttle *t = *state;
    fail_times(t, STR("a"), 100000, NOW);
    assert_true(throttle_wait(t, STR("a"), 5, NOW) == 15 * CLOCK_MINUTE);
}

static void success_and_rest_forgive(void **state)
{
    struct throttle *t = *state;
    fail_times(t, STR("a"), 20, NOW);
    throttle_passed(t, STR("a"));
    assert_true(throttle_wait(t, STR("a"), 5, NOW) == 0);
    fail_times(t, STR("b"), 20, NOW);
    assert_true(throttle_wait(t, STR("b"), 5, NOW + CLOCK_HOUR + 1) == 0);
    fail_times(t, STR("b"), 4, NOW + CLOCK_HOUR + 1);
    assert_true(throttle_wait(t, STR("b"), 5, NOW + CLOCK_HOUR + 1) == 0);
}

/* Far more keys than there is room for: those that were seen last are still known. */
static void memory_is_bounded_and_the_oldest_go(void **state)
{
    struct throttle *t = *state;
    enum { KEYS = 200000, LAST = 1000 };
    char key[16];
    int known = 0;
    for (int i = 0; i < KEYS; i++) {
        snprintf(key, sizeof key, "%d", i);
        fail_times(t, str_z(key), 5, NOW + i);
    }
    for (int i = KEYS - LAST; i < KEYS; i++) {
        snprintf(key, sizeof key, "%d", i);
        known += throttle_wait(t, str_z(key), 5, NOW + KEYS) > 0;
    }
    assert_true(known > LAST * 95 / 100);
    assert_true(throttle_wait(t, STR("0"), 5, NOW + KEYS / 1000) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_few_mistakes_are_free, setup, teardown),
        cmocka_unit_test_setup_teardown(each_further_try_doubles_the_wait, setup, teardown),
        cmocka_unit_test_setup_teardown(a_quarter_of_an_hour_is_the_most, setup, teardown),
        cmocka_unit_test_setup_teardown(success_and_rest_forgive, setup, teardown),
        cmocka_unit_test_setup_teardown(memory_is_bounded_and_the_oldest_go, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
