/* Moments in and out of text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/clock.h"

static void rfc3339_there_and_back(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a);
    int64_t t;
    assert_true(clock_parse(STR("2026-11-22T09:04:00Z"), &t));
    assert_string_equal(clock_format(&a, t).p, "2026-11-22T09:04:00Z");
    assert_true(clock_parse(STR("2026-11-22T10:04:00.250+01:00"), &t));
    assert_string_equal(clock_format(&a, t).p, "2026-11-22T09:04:00.250Z");
    assert_true(clock_parse(STR("1969-12-31T23:59:59.999Z"), &t) && t == -1);
    assert_true(clock_parse(STR("2024-02-29"), &t));
    assert_false(clock_parse(STR("2023-02-29"), &t));
    assert_false(clock_parse(STR("2026-11-22T25:00:00Z"), &t));
    assert_false(clock_parse(STR("2026-11-22T09:04:00"), &t));
    assert_false(clock_parse(STR(""), &t));
    arena_deinit(&a);
}

static void a_fake_clock_stands(void **state)
{
    (void)state;
    struct clock_fake f;
    clock_fake_init(&f, 1000);
    assert_int_equal(clock_now(&f.clock), 1000);
    f.at += 5;
    assert_int_equal(clock_now(&f.clock), 1005);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(rfc3339_there_and_back),
                                       cmocka_unit_test(a_fake_clock_stands)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
