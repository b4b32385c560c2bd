/* measure and calibrate against numbers worked out by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
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

static void an_answer_that_no_case_has_is_wrong(void **state)
{
    (void)state;
    const struct measure_case cases[] = {
        {0, 0, 0.9F}, {1, 1, 0.9F}, {1, 2, 0.9F}, {0, -1, 0}}; /* two classes */
    struct measure_total micro, macro;
    measure_totals(cases, 4, 2, &micro, &macro);
    assert_near(micro.f1, 2.0 * 2 / (3 + 4));
    assert_near(macro.f1, (2.0 / 3 + 2.0 / 3) / 2);
    assert_near(round(measure_calibration(cases, 4) * 1e5) / 1e5, round(0.7 / 3 * 1e5) / 1e5);
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
    float gain = calibrate_gain(scores, labels, N, 2);
    float p = 1 / (1 + expf(-gain * 4));
    assert_true(fabsf(p - 0.75F) < 0.02F);
    assert_true(calibrate_gain(scores, labels, 10, 2) == 1.0F); /* too little to go by */
}

/* The scores of many classes lie close together: what tells them apart must be made large, and the
 * steps to there must not swing. */
static void many_classes_are_calibrated(void **state)
{
    (void)state;
    enum { N = 100, CLASSES = 300 };
    static const struct {
        float margin;
        int wrong; /* one in so many */
    } cases[] = {{0.3F, 10}, {0.3F, 2}, {1, 2}, {1, 10}};
    static float scores[N * CLASSES];
    static int16_t labels[N];
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        for (int i = 0; i < N; i++) {
            for (int k = 0; k < CLASSES; k++)
                scores[i * CLASSES + k] = k == i % CLASSES ? cases[c].margin - 1 : -1;
            labels[i] = (int16_t)((i % CLASSES + (i % cases[c].wrong == 0)) % CLASSES);
        }
        float gain = calibrate_gain(scores, labels, N, CLASSES);
        float p = 1 / (1 + (CLASSES - 1) * expf(-gain * cases[c].margin));
        assert_true(fabsf(p - (1 - 1 / (float)cases[c].wrong)) < 0.02F);
    }
}

static void another_head_helps(void **state)
{
    (void)state;
    enum { N = 400, COLUMNS = 3 };
    static float scores[N * COLUMNS];
    static int16_t labels[N];
    for (int i = 0; i < N; i++) {
        /* the head's own two columns are right in three cases of four; where they are wrong, the
         * third column, of another head, is high */
        bool wrong = i % 4 == 0;
        int yes = i / 4 % 2, says = wrong ? !yes : yes;
        scores[i * COLUMNS] = says ? -1 : 1;
        scores[i * COLUMNS + 1] = says ? 1 : -1;
        scores[i * COLUMNS + 2] = yes ? 2 : 0;
        labels[i] = (int16_t)yes;
    }
    float mix[COLUMNS] = {-2, 2, 0};
    float bias = calibrate_mix(scores, labels, N, COLUMNS, mix);
    for (int i = 0; i < N; i++) {
        const float *s = scores + (ptrdiff_t)i * COLUMNS;
        float odds = mix[0] * s[0] + mix[1] * s[1] + mix[2] * s[2] + bias;
        assert_int_equal(odds > 0, labels[i]);
    }
    assert_true(mix[1] > mix[0]); /* its own columns still count */
    float kept[COLUMNS] = {-2, 2, 0};
    assert_true(calibrate_mix(scores, labels, 50, COLUMNS, kept) == 0);
    assert_true(kept[0] == -2 && kept[1] == 2 && kept[2] == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_are_right), cmocka_unit_test(an_answer_that_no_case_has_is_wrong),
        cmocka_unit_test(calibration_takes_back_overconfidence),
        cmocka_unit_test(many_classes_are_calibrated), cmocka_unit_test(another_head_helps)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
