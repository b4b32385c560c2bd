/* Durations, times, numbers as people write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/clock.h"
#include "page/format.h"
#include "page/locale.h"
#include "text/zone.h"

static struct arena arena;
static const struct locale *de, *en;
static const struct zone *berlin;

static int setup(void **state)
{
    (void)state;
    arena_init(&arena);
    de = locale_find(STR("de"));
    en = locale_find(STR("en"));
    berlin = zone_find(STR("Europe/Berlin"));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_deinit(&arena);
    return 0;
}

static void assert_is(struct str got, const char *wanted)
{
    if (!str_eq_z(got, wanted))
        fail_msg("got '%.*s', wanted '%s'", STR_FMT(got), wanted);
}

static int64_t at(const char *s)
{
    int64_t t = 0;
    assert_true(clock_parse(str_z(s), &t));
    return t;
}

#define NB "\xC2\xA0"
#define MINUS "\xE2\x88\x92"

static void durations_have_two_units_at_most(void **state)
{
    (void)state;
    const int64_t m = CLOCK_MINUTE;
    assert_is(format_duration(&arena, de, 18 * m + 59000), "18" NB "min");
    assert_is(format_duration(&arena, de, 0), "0" NB "min");
    assert_is(format_duration(&arena, de, -12 * m), MINUS "12" NB "min");
    assert_is(format_duration(&arena, de, -30000), "0" NB "min");
    assert_is(format_duration(&arena, de, 80 * m), "1" NB "Std 20" NB "min");
    assert_is(format_duration(&arena, en, 80 * m), "1" NB "h 20" NB "min");
    assert_is(format_duration(&arena, en, 120 * m), "2" NB "h");
    assert_is(format_duration(&arena, de, 24 * 60 * m), "1" NB "Tag");
    assert_is(format_duration(&arena, de, 60 * 60 * m), "2" NB "Tage");
    assert_is(format_duration(&arena, en, -49 * 60 * m), MINUS "2" NB "days");
}

static void moments_are_as_short_as_they_can(void **state)
{
    (void)state;
    int64_t now = at("2026-11-22T08:30:00Z");
    assert_is(format_moment(&arena, de, berlin, now, at("2026-11-22T08:04:00Z")), "09:04");
    assert_is(format_moment(&arena, de, berlin, now, at("2026-11-21T23:30:00Z")), "00:30");
    assert_is(format_moment(&arena, de, berlin, now, at("2026-11-19T15:40:00Z")), "Do" NB "16:40");
    assert_is(format_moment(&arena, en, berlin, now, at("2026-11-24T15:40:00Z")), "Tue" NB "16:40");
    assert_is(format_moment(&arena, de, berlin, now, at("2026-11-12T15:40:00Z")), "12." NB "Nov.");
    assert_is(format_moment(&arena, en, berlin, now, at("2026-05-12T15:40:00Z")), "12" NB "May");
    assert_is(format_moment(&arena, de, berlin, now, at("2025-11-12T15:40:00Z")), "12.11.2025");
    assert_is(format_full(&arena, de, berlin, at("2026-11-19T15:40:00Z")),
              "Donnerstag, 19. November 2026, 16:40");
    assert_is(format_full(&arena, en, berlin, at("2026-05-19T14:40:00Z")),
              "Tuesday, 19 May 2026, 16:40");
}

static void summer_time_moves_the_clock(void **state)
{
    (void)state;
    assert_is(format_time(&arena, berlin, at("2026-03-29T00:59:00Z")), "01:59");
    assert_is(format_time(&arena, berlin, at("2026-03-29T01:00:00Z")), "03:00");
    assert_is(format_time(&arena, berlin, at("2026-10-25T00:30:00Z")), "02:30");
    assert_is(format_time(&arena, berlin, at("2026-10-25T01:30:00Z")), "02:30");
    assert_is(format_field(&arena, berlin, at("2026-07-01T22:05:00Z")), "2026-07-02T00:05");
    assert_is(format_date(&arena, de, berlin, at("2026-12-31T23:00:00Z")), "1." NB "Jan. 2027");
}

static void numbers_are_grouped(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 100);
    format_number(&b, de, -1234567);
    assert_is(buf_str(&b), MINUS "1.234.567");
    buf_clear(&b);
    format_number(&b, en, INT64_MIN);
    assert_is(buf_str(&b), MINUS "9,223,372,036,854,775,808");
    buf_clear(&b);
    format_number(&b, de, 100);
    assert_is(buf_str(&b), "100");
    buf_deinit(&b);
    assert_is(format_percent(&arena, de, 0.956), "96" NB "%");
    assert_is(format_percent(&arena, en, 1), "100%");
    assert_is(format_size(&arena, de, 1250000), "1,3" NB "MB");
    assert_is(format_size(&arena, en, 339001), "340" NB "KB");
    assert_is(format_size(&arena, en, 81885500000), "81.9" NB "GB");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_have_two_units_at_most),
        cmocka_unit_test(moments_are_as_short_as_they_can),
        cmocka_unit_test(summer_time_moves_the_clock),
        cmocka_unit_test(numbers_are_grouped),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
