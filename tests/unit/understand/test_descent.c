/* the fit: its weights are the best ones, by the condition that only the best ones meet. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "understand/descent.h"

enum { SAMPLES = 60, ROWS = 8, COLUMNS = 5, EACH = 3 };
static const float COST = 0.3F; /* as in descent.c */

static struct entry entries[SAMPLES * EACH];
static struct sample samples[SAMPLES];
static const struct problem problem = {.entries = entries,
                                       .samples = samples,
                                       .sample_count = SAMPLES,
                                       .rows = ROWS,
                                       .columns = COLUMNS,
                                       .heads = {{0, 3}, {3, 2}},
                                       .head_count = 2};

/* Classes of the same size, so that all weigh alike; a third of the rows knows nothing of the
 * second head. */
static void make_samples(void)
{
    uint32_t random = 1;
    for (uint32_t i = 0; i < SAMPLES; i++) {
        struct sample *s = &samples[i];
        *s = (struct sample){.first = (size_t)i * EACH, .count = EACH};
        memset(s->labels, -1, sizeof s->labels);
        s->labels[0] = (int16_t)(i % 3);
        if (i < 40)
            s->labels[1] = (int16_t)(i % 2);
        for (uint32_t k = 0; k < EACH; k++) {
            random = random * 1664525 + 1013904223;
            entries[i * EACH + k] = (struct entry){(i % 3 + k * 3 + (random >> 20) % 2) % ROWS,
                                                   (float)(random >> 24) / 256};
        }
    }
}

/* Squared hinge loss and the weights' length hold each other in balance. */
static void weights_are_the_best(void **state)
{
    (void)state;
    struct weights w;
    uint32_t order[SAMPLES];
    float wanted[ROWS + 1][COLUMNS] = {{0}}; /* the last row is the bias */
    make_samples();
    for (uint32_t i = 0; i < SAMPLES; i++)
        order[i] = i;
    weights_init(&w, &problem);
    descent_run(&problem, &w, order, SAMPLES);
    for (size_t i = 0; i < SAMPLES; i++) {
        float scores[COLUMNS];
        descent_score(&problem, &w, &samples[i], scores);
        for (int h = 0; h < problem.head_count; h++) {
            struct span span = problem.heads[h];
            for (size_t c = 0; samples[i].labels[h] >= 0 && c < span.count; c++) {
                float sign = (int16_t)c == samples[i].labels[h] ? 1 : -1;
                float pull = 2 * COST * fmaxf(0, 1 - sign * scores[span.from + c]) * sign;
                for (size_t k = 0; k < EACH; k++)
                    wanted[entries[i * EACH + k].row][span.from + c] +=
                        pull * entries[i * EACH + k].value;
                wanted[ROWS][span.from + c] += pull;
            }
        }
    }
    for (size_t c = 0; c < COLUMNS; c++) {
        assert_true(fabsf(w.bias[c]) > 0.01F);
        for (size_t r = 0; r <= ROWS; r++) {
            float is = r < ROWS ? w.w[r * COLUMNS + c] : w.bias[c];
            assert_true(fabsf(is - wanted[r][c]) < 0.02F);
        }
    }
    weights_deinit(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(weights_are_the_best)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
