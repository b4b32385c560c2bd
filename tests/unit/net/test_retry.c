/* Waiting times between tries. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/retry.h"

static void doubles_up_to_an_hour(void **state)
{
    (void)state;
    assert_int_equal(retry_delay(1, RETRY_LONGEST, 0, 0), 15 * CLOCK_SECOND);
    assert_int_equal(retry_delay(2, RETRY_LONGEST, 0, 0), 30 * CLOCK_SECOND);
    assert_int_equal(retry_delay(5, RETRY_LONGEST, 0, 0), 240 * CLOCK_SECOND);
    assert_int_equal(retry_delay(9, RETRY_LONGEST, 0, 0), CLOCK_HOUR);
    assert_int_equal(retry_delay(1000000, RETRY_LONGEST, 0, 0), CLOCK_HOUR);
    assert_int_equal(retry_delay(9, RETRY_PROBE, 0, 0), 10 * CLOCK_MINUTE);
    assert_int_equal(retry_delay(0, RETRY_LONGEST, 0, 0), 15 * CLOCK_SECOND);
}

static void chance_adds_at_most_a_quarter(void **state)
{
    (void)state;
    int64_t least = INT64_MAX, most = 0;
    for (uint64_t r = 0; r < 100000; r++) {
        int64_t d = retry_delay(1, RETRY_LONGEST, 0, r * UINT64_C(0x9e3779b97f4a7c15));
        least = d < least ? d : least;
        most = d > most ? d : most;
    }
    assert_true(least >= 15000 && least < 15100);
    assert_true(most <= 18750 && most > 18600);
}

static void a_peer_that_asks_is_obeyed(void **state)
{
    (void)state;
    for (uint64_t r = 0; r < 10000; r++) {
        int64_t d = retry_delay(7, RETRY_LONGEST, 120000, r);
        assert_true(d >= 120000 && d <= 132000);
    }
    assert_int_equal(retry_delay(1, RETRY_LONGEST, 1, UINT64_MAX), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(doubles_up_to_an_hour),
        cmocka_unit_test(chance_adds_at_most_a_quarter),
        cmocka_unit_test(a_peer_that_asks_is_obeyed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
