/* measure and calibrate against numbers worked out by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "understand/calibrate.h"
#include "understand/measure.h"

static void assert_near(double a, double b)
{
    if (fabs(a - b) > 1e-6)
        fail_msg("%f is not %f", a, b);
}

static void figures_are_right(void **state)
{
    (void)state;
    /* class 0: 2 right of 3 told, 3 labelled; class 1: 1 of 2, 2 labelled; one unknown answer;
     * class 2: never */
    const struct measure_case cases[] = {{0, 0, 0.9F}, {0, 0, 0.9F}, {1, 0, 0.9F},
                                         {1, 1, 0.6F}, {0, 1, 0.6F}, {0, -1, 0}};
    struct measure_class c[3];
    struct measure_total micro, macro;
    measure_classes(cases, 6, 3, c);
    measure_totals(cases, 6, 3, &micro, &macro);
    assert_near(c[0].precision, 2 / 3.0);
    assert_near(c[0].recall, 2 / 4.0);
    assert_near(c[0].f1, 4 / 7.0);
    assert_near(c[1].f1, 0.5);
    assert_int_equal(c[0].n, 4);
    assert_near(micro.f1, 6 / 11.0);
    assert_near(macro.f1, (4 / 7.0 + 0.5) / 2);
    assert_true(micro.low < micro.f1 && micro.f1 < micro.high);
    /* 0.9 told three times, right twice; 0.6 told twice, right once */
    assert_near(round(measure_calibration(cases, 6) * 1e5) / 1e5, (0.7 + 0.2) / 5);
}

static void calibration_takes_back_overconfidence(void **state)
{
    (void)state;
    enum { N = 400 };
    static float scores[N * 2];
    static int16_t labels[N];
    for (int i = 0; i < N; i++) {
        /* says 4 (98 %) for yes half of the time, and is right three times in four */
        int yes = i % 2;
        scores[i * 2 + 1] = yes ? 4 : -4;
        labels[i] = (int16_t)(i % 8 < 6 ? yes : !yes);
    }
    float gain, bias[2];
    calibrate(scores, labels, N, 2, &gain, bias);
    float p = 1 / (1 + expf(-(gain * 4 + bias[1] - bias[0])));
    assert_true(fabsf(p - 0.75F) < 0.02F);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(figures_are_right),
                                       cmocka_unit_test(calibration_takes_back_overconfidence)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
