/* test_date.c - the many ways to write a moment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/clock.h"
#include "text/date.h"

static void all_forms_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *written, *meant;
    } cases[] = {
        {"Sun, 22 Nov 2026 09:04:00 GMT", "2026-11-22T09:04:00Z"},
        {"Mon, 22 Nov 2026 09:04:00 +0100", "2026-11-22T08:04:00Z"}, /* it was a Sunday */
        {"22 Nov 26 09:04 EST", "2026-11-22T14:04:00Z"},
        {"Thu, 01 Jan 04 19:48:21 GMT", "2004-01-01T19:48:21Z"},
        {"22 Nov 98 00:00:00 PDT", "1998-11-22T07:00:00Z"},
        {"Sun, 22 Nov 2026 09:04:00 +0100 (CET)", "2026-11-22T08:04:00Z"},
        {"Sun Nov 22 09:04:05 2026", "2026-11-22T09:04:05Z"},
        {"Nov 22, 2026 9:04 PM", "2026-11-22T21:04:00Z"},
        {"22-Nov-2026 09:04", "2026-11-22T09:04:00Z"},
        {"2026-11-22T09:04:00Z", "2026-11-22T09:04:00Z"},
        {"2026-11-22t09:04:00.25+01:30", "2026-11-22T07:34:00.250Z"},
        {"2026-11-22 09:04", "2026-11-22T09:04:00Z"},
        {"2026-11-22T09:04-0500", "2026-11-22T14:04:00Z"},
        {"20261122T090405Z", "2026-11-22T09:04:05Z"},
        {"2026-11-22", "2026-11-22T00:00:00Z"},
        {"2026-11", "2026-11-01T00:00:00Z"},
        {"2026", "2026-01-01T00:00:00Z"},
        {"2026-326", "2026-11-22T00:00:00Z"},
        {"2026-12-31T24:00:00Z", "2027-01-01T00:00:00Z"},
        {"22.11.2026 09:04", "2026-11-22T09:04:00Z"},
        {"So, 22. März 2026 09:04:00 MESZ", "2026-03-22T07:04:00Z"},
        {"  Wed, 19 Aug 2026 18:00:00 UT ", "2026-08-19T18:00:00Z"},
        {"29 Feb 2024", "2024-02-29T00:00:00Z"},
    };
    struct arena a;
    arena_init(&a);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t at = -1;
        if (!date_parse(str_z(cases[i].written), &at))
            fail_msg("not read: %s", cases[i].written);
        assert_string_equal(clock_format(&a, at).p, cases[i].meant);
    }
    arena_deinit(&a);
}

static void nonsense_is_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {"",
                                        "yesterday",
                                        "31 Feb 2026",
                                        "2026-13-01",
                                        "2026-02-30",
                                        "25:00",
                                        "22 Nov 2026 25:00",
                                        "0000-00-00",
                                        "12345678901234567890",
                                        "Nov",
                                        "2026-11-22T09:61"};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t at;
        if (date_parse(str_z(cases[i]), &at))
            fail_msg("read: %s", cases[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_forms_are_read),
                                       cmocka_unit_test(nonsense_is_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
