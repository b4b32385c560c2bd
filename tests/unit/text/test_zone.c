/* Local time, also on the days when the clock changes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "text/zone.h"

static int64_t at(const char *text)
{
    int64_t t = 0;
    assert_true(clock_parse(str_z(text), &t));
    return t;
}

static void berlin_in_summer_and_winter(void **state)
{
    (void)state;
    const struct zone *z = zone_find(STR("Europe/Berlin"));
    struct zone_time t;
    assert_ptr_equal(z, zone_find(STR("Europe/Berlin")));
    assert_int_equal(zone_offset(z, at("2026-07-01T12:00:00Z")), 2 * CLOCK_HOUR);
    assert_int_equal(zone_offset(z, at("2026-11-22T12:00:00Z")), CLOCK_HOUR);
    zone_local(z, at("2026-11-22T23:30:05Z"), &t);
    assert_int_equal(t.year, 2026);
    assert_int_equal(t.month, 11);
    assert_int_equal(t.day, 23);
    assert_int_equal(t.weekday, 1);
    assert_int_equal(t.minute, 30);
    assert_int_equal(t.second, 5);
}

static void the_days_of_the_change(void **state)
{
    (void)state;
    const struct zone *z = zone_find(STR("Europe/Berlin"));
    int64_t spring = clock_days(2026, 3, 29), autumn = clock_days(2026, 10, 25);
    assert_int_equal(zone_moment(z, spring, 8 * 60), at("2026-03-29T06:00:00Z"));
    assert_int_equal(zone_moment(z, spring, 0), at("2026-03-28T23:00:00Z"));
    assert_int_equal(zone_moment(z, spring, 2 * 60 + 30), at("2026-03-29T01:30:00Z"));
    assert_int_equal(zone_moment(z, autumn, 8 * 60), at("2026-10-25T07:00:00Z"));
    assert_int_equal(zone_moment(z, autumn, 1440) - zone_moment(z, autumn, 0), 25 * CLOCK_HOUR);
    assert_int_equal(zone_moment(z, spring, 1440) - zone_moment(z, spring, 0), 23 * CLOCK_HOUR);
    for (int64_t day = spring - 400; day < spring + 400; day++)
        assert_int_equal(zone_day(z, zone_moment(z, day, 720)), day);
}

static void dates_of_days(void **state)
{
    (void)state;
    struct zone_time t;
    for (int64_t day = -1000; day < 40000; day += 37) {
        zone_date(day, &t);
        assert_int_equal(clock_days(t.year, t.month, t.day), day);
    }
}

static void an_unknown_zone_is_utc(void **state)
{
    (void)state;
    assert_false(zone_known(STR("Mars/Olympus")));
    assert_true(zone_known(STR("America/New_York")));
    assert_int_equal(zone_offset(zone_find(STR("Mars/Olympus")), 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(berlin_in_summer_and_winter), cmocka_unit_test(the_days_of_the_change),
        cmocka_unit_test(dates_of_days), cmocka_unit_test(an_unknown_zone_is_utc)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
