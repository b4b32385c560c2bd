/* Business time: over nights, weekends, holidays, lunch breaks, and the days on which the clocks
 * change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/clock.h"
#include "brand/calendar.h"
#include "text/zone.h"

static int64_t at(const char *text)
{
    int64_t t = 0;
    assert_true(clock_parse(str_z(text), &t));
    return t;
}

static const struct calendar_hours nine_to_five[] = {
    {1, 540, 1020}, {2, 540, 1020}, {3, 540, 1020}, {4, 540, 1020}, {5, 540, 1020}};

static struct calendar office(void)
{
    return (struct calendar){
        .zone = zone_find(STR("Europe/Berlin")), .hours = nine_to_five, .hours_n = 5};
}

#define ASSERT_DUE(calendar, from, ms, due)                                                        \
    do {                                                                                           \
        struct arena a;                                                                            \
        arena_init(&a);                                                                            \
        assert_string_equal(clock_format(&a, calendar_due(calendar, at(from), ms)).p, due);        \
        arena_deinit(&a);                                                                          \
    } while (0)

static void a_target_waits_for_the_morning(void **state)
{
    (void)state;
    struct calendar c = office();
    /* 2026-11-18 is a Wednesday; Berlin is an hour ahead of UTC */
    ASSERT_DUE(&c, "2026-11-18T09:00:00Z", CLOCK_HOUR, "2026-11-18T10:00:00Z");
    ASSERT_DUE(&c, "2026-11-18T03:00:00Z", CLOCK_HOUR, "2026-11-18T09:00:00Z");
    ASSERT_DUE(&c, "2026-11-18T15:30:00Z", CLOCK_HOUR, "2026-11-19T08:30:00Z");
    ASSERT_DUE(&c, "2026-11-20T15:30:00Z", CLOCK_HOUR,
               "2026-11-23T08:30:00Z"); /* Friday to Monday */
    ASSERT_DUE(&c, "2026-11-18T08:00:00Z", 8 * CLOCK_HOUR, "2026-11-18T16:00:00Z");
    ASSERT_DUE(&c, "2026-11-18T08:00:00Z", 8 * CLOCK_HOUR + 1, "2026-11-19T08:00:00.001Z");
}

static void hours_are_half_open(void **state)
{
    (void)state;
    struct calendar c = office();
    assert_true(calendar_open(&c, at("2026-11-18T08:00:00Z")));
    assert_true(calendar_open(&c, at("2026-11-18T15:59:59.999Z")));
    assert_false(calendar_open(&c, at("2026-11-18T16:00:00Z")));
    assert_false(calendar_open(&c, at("2026-11-18T07:59:59.999Z")));
    assert_false(calendar_open(&c, at("2026-11-21T10:00:00Z"))); /* Saturday */
}

static void split_hours_skip_lunch(void **state)
{
    (void)state;
    static const struct calendar_hours split[] = {{3, 540, 720}, {3, 780, 1020}, {4, 540, 720}};
    struct calendar c = {.zone = zone_find(STR("Europe/Berlin")), .hours = split, .hours_n = 3};
    ASSERT_DUE(&c, "2026-11-18T10:30:00Z", CLOCK_HOUR, "2026-11-18T12:30:00Z");
    ASSERT_DUE(&c, "2026-11-18T11:15:00Z", 5 * CLOCK_HOUR, "2026-11-19T09:00:00Z");
    assert_false(calendar_open(&c, at("2026-11-18T11:30:00Z")));
    assert_true(calendar_open(&c, at("2026-11-18T12:00:00Z")));
}

static void holidays_are_days_off(void **state)
{
    (void)state;
    const int64_t days[] = {clock_days(2026, 12, 24), clock_days(2026, 12, 25),
                            clock_days(2026, 12, 31)};
    struct calendar c = office();
    c.holidays = days;
    c.holidays_n = 3;
    /* Wednesday afternoon; Thursday and Friday are off, then a weekend */
    ASSERT_DUE(&c, "2026-12-23T15:30:00Z", CLOCK_HOUR, "2026-12-28T08:30:00Z");
    assert_false(calendar_open(&c, at("2026-12-24T10:00:00Z")));
    assert_false(calendar_open(&c, at("2026-12-31T10:00:00Z")));
    assert_true(calendar_open(&c, at("2026-12-28T10:00:00Z")));
}

static void a_holiday_is_a_day_of_the_place(void **state)
{
    (void)state;
    static const struct calendar_hours night[] = {{5, 0, 1440}};
    const int64_t friday = clock_days(2026, 12, 25);
    struct calendar c = {.zone = zone_find(STR("Europe/Berlin")), .hours = night, .hours_n = 1};
    assert_true(calendar_open(&c, at("2026-12-24T23:30:00Z"))); /* Friday in Berlin */
    c.holidays = &friday;
    c.holidays_n = 1;
    assert_false(calendar_open(&c, at("2026-12-24T23:30:00Z")));
}

static void the_wall_clock_counts_when_clocks_change(void **state)
{
    (void)state;
    struct calendar c = office();
    /* clocks go forward on Sunday 2026-03-29, back on Sunday 2026-10-25: nine is nine */
    ASSERT_DUE(&c, "2026-03-27T15:00:00Z", 2 * CLOCK_HOUR, "2026-03-30T08:00:00Z");
    ASSERT_DUE(&c, "2026-10-23T14:00:00Z", 2 * CLOCK_HOUR, "2026-10-26T09:00:00Z");
    /* open all Sunday: that day has 23 hours in spring, 25 in autumn */
    static const struct calendar_hours sunday[] = {{7, 0, 1440}};
    c.hours = sunday;
    c.hours_n = 1;
    ASSERT_DUE(&c, "2026-03-28T12:00:00Z", 23 * CLOCK_HOUR, "2026-03-29T22:00:00Z");
    ASSERT_DUE(&c, "2026-03-28T12:00:00Z", 24 * CLOCK_HOUR, "2026-04-04T23:00:00Z");
    ASSERT_DUE(&c, "2026-10-24T12:00:00Z", 25 * CLOCK_HOUR, "2026-10-25T23:00:00Z");
}

static void without_hours_it_never_closes(void **state)
{
    (void)state;
    struct calendar c = {.zone = zone_find(STR("Europe/Berlin"))};
    ASSERT_DUE(&c, "2026-11-21T23:00:00Z", CLOCK_HOUR, "2026-11-22T00:00:00Z");
    assert_true(calendar_open(&c, at("2026-11-22T03:00:00Z")));
}

static void a_calendar_that_never_opens_falls_back(void **state)
{
    (void)state;
    static const struct calendar_hours nothing[] = {{1, 600, 600}};
    struct calendar c = {.zone = zone_find(STR("Europe/Berlin")), .hours = nothing, .hours_n = 1};
    ASSERT_DUE(&c, "2026-11-18T09:00:00Z", CLOCK_HOUR, "2026-11-18T10:00:00Z");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_target_waits_for_the_morning),
        cmocka_unit_test(hours_are_half_open),
        cmocka_unit_test(split_hours_skip_lunch),
        cmocka_unit_test(holidays_are_days_off),
        cmocka_unit_test(a_holiday_is_a_day_of_the_place),
        cmocka_unit_test(the_wall_clock_counts_when_clocks_change),
        cmocka_unit_test(without_hours_it_never_closes),
        cmocka_unit_test(a_calendar_that_never_opens_falls_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
