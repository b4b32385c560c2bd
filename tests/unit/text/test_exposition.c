/* Prometheus' text format, byte by byte; tests/attack/figures.py checks the whole page with a
 * strict reader. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "text/exposition.h"

static const struct metric plain = {"plain", METRIC_GAUGE, {0}, "One number."};
static const struct metric labelled = {
    "labelled_total", METRIC_COUNTER, {"brand", "key"}, "With labels."};
static const struct metric timed = {"timed_seconds", METRIC_HISTOGRAM, {"way"}, "How long."};

static void samples_are_written(void **state)
{
    struct arena a;
    struct buf b;
    struct exposition x;
    (void)state;
    arena_init(&a);
    buf_init_in(&b, &a, 4096);
    exposition_init(&x, &b);
    exposition_begin(&x, &plain);
    const double values[] = {0, -3, 0.25, 123456789012345.0, 1e300, NAN, INFINITY, -INFINITY, 1e-7};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        exposition_add(&x, NULL, values[i]);
    exposition_begin(&x, &labelled);
    exposition_add(&x, (const struct str[]){STR("a\"b\\c\nd"), STR("x\r\ty{},=")}, 1);
    exposition_add(&x, (const struct str[]){STR("Müller"), STR("")}, 2);
    assert_true(buf_ok(&b));
    struct str got = buf_str(&b);
    assert_string_equal(arena_str(&a, got).p,
                        "# HELP plain One number.\n# TYPE plain gauge\n"
                        "plain 0\nplain -3\nplain 0.25\nplain 123456789012345\nplain 1e+300\n"
                        "plain NaN\nplain +Inf\nplain -Inf\nplain 1e-07\n"
                        "# HELP labelled_total With labels.\n# TYPE labelled_total counter\n"
                        "labelled_total{brand=\"a\\\"b\\\\c\\nd\",key=\"x  y{},=\"} 1\n"
                        "labelled_total{brand=\"Müller\",key=\"\"} 2\n");
    arena_deinit(&a);
}

static void a_histogram_adds_up(void **state)
{
    struct arena a;
    struct buf b;
    struct exposition x;
    struct histogram h = {0};
    struct histogram_figures f;
    (void)state;
    arena_init(&a);
    buf_init_in(&b, &a, 4096);
    exposition_init(&x, &b);
    histogram_add(&h, -5); /* a clock that stepped */
    histogram_add(&h, 500);
    histogram_add(&h, 501);
    histogram_add(&h, 10000000);
    histogram_add(&h, 10000001);
    histogram_read(&h, &f);
    assert_int_equal(f.n, 5);
    assert_int_equal(f.sum_us, 20001002);
    assert_int_equal(f.counts[0], 2);
    assert_int_equal(f.counts[1], 1);
    assert_int_equal(f.counts[HISTOGRAM_BOUNDS - 1], 1);
    assert_int_equal(f.counts[HISTOGRAM_BOUNDS], 1);
    exposition_begin(&x, &timed);
    exposition_add_histogram(&x, (const struct str[]){STR("in")}, &f);
    const char *text = arena_str(&a, buf_str(&b)).p;
    assert_non_null(strstr(text, "\ntimed_seconds_bucket{way=\"in\",le=\"0.0005\"} 2\n"));
    assert_non_null(strstr(text, "\ntimed_seconds_bucket{way=\"in\",le=\"0.001\"} 3\n"));
    assert_non_null(strstr(text, "\ntimed_seconds_bucket{way=\"in\",le=\"2.5\"} 3\n"));
    assert_non_null(strstr(text, "\ntimed_seconds_bucket{way=\"in\",le=\"10\"} 4\n"));
    assert_non_null(strstr(text, "\ntimed_seconds_bucket{way=\"in\",le=\"+Inf\"} 5\n"
                                 "timed_seconds_sum{way=\"in\"} 20.001002\n"
                                 "timed_seconds_count{way=\"in\"} 5\n"));
    arena_deinit(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_are_written),
        cmocka_unit_test(a_histogram_adds_up),
    };
    return cmocka_run_group_tests_name("text/exposition", tests, NULL, NULL);
}
