/* Business hours and holidays as people write them: read strictly, written back as they would be.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/clock.h"
#include "console/hours.h"
#include "page/locale.h"

static struct arena arena;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_deinit(&arena);
    return 0;
}

static void assert_text(struct str got, const char *want)
{
    assert_string_equal(arena_str(&arena, got).p, want);
}

/* What is read is written back in German. */
static void assert_hours(const char *text, const char *want)
{
    struct calendar_hours *hours;
    struct line_error e;
    size_t n;
    assert_int_equal(hours_read(&arena, str_z(text), &hours, &n, &e), ERR_OK);
    assert_text(hours_write(&arena, locale_find(STR("de")), hours, n), want);
}

static void assert_fault(const char *text, enum line_fault fault, int line)
{
    struct calendar_hours *hours;
    struct line_error e;
    size_t n;
    assert_int_equal(hours_read(&arena, str_z(text), &hours, &n, &e), ERR_INVALID);
    assert_int_equal(e.fault, fault);
    assert_int_equal(e.line, line);
}

static void hours_are_read_as_people_write_them(void **state)
{
    (void)state;
    assert_hours("Mo–Fr 08:00–18:00", "Mo–Fr 08:00–18:00\n");
    assert_hours("mon-fri 8-18\n\nSat: 9.30 - 12", "Mo–Fr 08:00–18:00\nSa 09:30–12:00\n");
    assert_hours("Montag 08:00-12:00, 13:00-17:00\nDi 8-12,13-17",
                 "Mo–Di 08:00–12:00, 13:00–17:00\n");
    assert_hours("Mo, Mi. 8-12", "Mo 08:00–12:00\nMi 08:00–12:00\n");
    assert_hours("Sa–Mo 10–24", "Mo 10:00–24:00\nSa–So 10:00–24:00\n");
    assert_hours("So 0-24\r\nMo-Sa 00:00-24:00\r\n", "Mo–So 00:00–24:00\n");
    assert_hours("Mo 13-17\nMo 8-12", "Mo 08:00–12:00, 13:00–17:00\n");
    assert_hours(" \n", "");
}

static void a_line_that_is_not_understood_is_refused_with_its_number(void **state)
{
    (void)state;
    assert_fault("08:00-18:00", LINE_DAY, 1);
    assert_fault("Mo-Fr 8-18\nFeiertag 8-12", LINE_DAY, 2);
    assert_fault("\n\nMo-Fr", LINE_TIME, 3);
    assert_fault("Mo 18-8", LINE_TIME, 1);
    assert_fault("Mo 8-8", LINE_TIME, 1);
    assert_fault("Mo 8-24:01", LINE_TIME, 1);
    assert_fault("Mo 8:60-9", LINE_TIME, 1);
    assert_fault("Mo 8-12 Uhr", LINE_TIME, 1);
    assert_fault("Mo 8-12-14", LINE_TIME, 1);
    assert_fault("Mo-Fr 8-18\nMi 17-20", LINE_OVERLAP, 2);
}

static void many_lines_end_at_the_limit(void **state)
{
    (void)state;
    char text[1024];
    size_t n = 0;
    for (int i = 0; i < 11; i++) /* eleven for each of seven days are more than 70 */
        n += (size_t)snprintf(text + n, sizeof text - n, "Mo-So %d:00-%d:30\n", i, i);
    assert_fault(text, LINE_TOO_MANY, 11);
}

static void assert_holiday_fault(const char *text, enum line_fault fault, int line)
{
    struct holiday *days;
    struct line_error e;
    size_t n;
    assert_int_equal(holidays_read(&arena, str_z(text), &days, &n, &e), ERR_INVALID);
    assert_int_equal(e.fault, fault);
    assert_int_equal(e.line, line);
}

static void holidays_have_a_date_and_a_name(void **state)
{
    (void)state;
    struct holiday *days;
    struct line_error e;
    size_t n;
    assert_int_equal(holidays_read(&arena, STR("2026-12-25 1. Weihnachtstag\n\n1.1.2027  Neujahr "),
                                   &days, &n, &e),
                     ERR_OK);
    assert_int_equal(n, 2);
    assert_int_equal(days[0].day, clock_days(2026, 12, 25));
    assert_text(holidays_write(&arena, days, n),
                "2026-12-25 1. Weihnachtstag\n2027-01-01 Neujahr\n");
    assert_holiday_fault("Weihnachten", LINE_DATE, 1);
    assert_holiday_fault("2026-12-25 ok\n2026-02-29 Schalttag", LINE_DATE, 2);
    assert_holiday_fault("2026-13-01 Dreizehnter", LINE_DATE, 1);
    assert_holiday_fault("2026-12-25-01 zu viel", LINE_DATE, 1);
    assert_holiday_fault("2026-12-25", LINE_NAME, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hours_are_read_as_people_write_them),
        cmocka_unit_test(a_line_that_is_not_understood_is_refused_with_its_number),
        cmocka_unit_test(many_lines_end_at_the_limit),
        cmocka_unit_test(holidays_have_a_date_and_a_name),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
