/* Senders and pollers are shared out by account. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "flow/lane.h"

static struct lanes lanes;
static struct lane_pass pass[LANE_MAX];

static void one_account_has_its_share(void **state)
{
    (void)state;
    lanes_init(&lanes, 12, 3);
    for (int i = 0; i < 3; i++)
        assert_true(lane_enter(&lanes, 7, false, &pass[i]));
    assert_false(lane_enter(&lanes, 7, false, &pass[3]));
    assert_true(lane_enter(&lanes, 8, false, &pass[3]));
    lane_leave(&lanes, &pass[1]);
    assert_true(lane_enter(&lanes, 7, false, &pass[1]));
    assert_false(lane_enter(&lanes, 7, false, &pass[4]));
    lanes_deinit(&lanes);
}

static void ill_ones_share_a_half(void **state)
{
    struct lane_pass more;
    (void)state;
    lanes_init(&lanes, 12, 3);
    assert_true(lane_enter(&lanes, 100, true, &pass[0]));
    assert_false(lane_enter(&lanes, 100, true, &more)); /* one at a time asks */
    for (int i = 1; i < 6; i++)
        assert_true(lane_enter(&lanes, 100 + i, true, &pass[i]));
    assert_false(lane_enter(&lanes, 106, true, &more));
    for (int i = 6; i < 12; i++)
        assert_true(lane_enter(&lanes, 200 + i, false, &pass[i]));
    lane_leave(&lanes, &pass[2]);
    assert_true(lane_enter(&lanes, 106, true, &pass[2]));
    lanes_deinit(&lanes);
}

/* Who took long the last time counts as slow until it is quick again. */
static void slow_ones_are_patient(void **state)
{
    (void)state;
    lanes_init(&lanes, 4, 2);
    assert_true(lane_enter(&lanes, 5, false, &pass[0]));
    assert_false(pass[0].patient);
    struct lane_pass long_ago = pass[0];
    long_ago.began -= LANE_SLOW + CLOCK_SECOND;
    lane_leave(&lanes, &long_ago);
    assert_true(lane_enter(&lanes, 5, false, &pass[0]));
    assert_true(pass[0].patient);
    assert_int_equal(lanes.patient, 1);
    lane_leave(&lanes, &pass[0]);
    assert_int_equal(lanes.patient, 0);
    assert_true(lane_enter(&lanes, 5, false, &pass[0]));
    assert_false(pass[0].patient);
    lane_leave(&lanes, &pass[0]);
    assert_int_equal(lanes.running_n, 0);
    lanes_deinit(&lanes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_account_has_its_share),
        cmocka_unit_test(ill_ones_share_a_half),
        cmocka_unit_test(slow_ones_are_patient),
    };
    return cmocka_run_group_tests_name("flow/lane", tests, NULL, NULL);
}
