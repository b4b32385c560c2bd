/* calibrate.c - see calibrate.h. Both by plain descent: the problems are small and have no valleys.
 */
#include "understand/calibrate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "understand/descent.h"

enum { STEPS = 400, ROWS_MIN = 30, MIX_ROWS_MIN = 100 };
static const float GAIN_STEP = 0.3F, LOG_GAIN_MOST = 4;
static const float MIX_STEP = 0.3F, MIX_MOMENTUM = 0.9F, MIX_CLOSE = 0.01F;

float calibrate_gain(const float *scores, const int16_t *labels, size_t n, size_t classes)
{
    if (n < ROWS_MIN)
        return 1;
    float log_gain = 0;
    float *p = memory_bytes(classes * sizeof *p);
    for (int step = 0; step < STEPS; step++) {
        float up = 0, bend = 0, g = expf(log_gain);
        for (size_t i = 0; i < n; i++) {
            const float *s = scores + i * classes;
            float mean = 0, squares = 0;
            for (size_t k = 0; k < classes; k++)
                p[k] = g * s[k];
            softmax(p, classes);
            for (size_t k = 0; k < classes; k++) {
                mean += p[k] * s[k];
                squares += p[k] * s[k] * s[k];
            }
            up += g * (s[labels[i]] - mean);
            bend += g * g * (squares - mean * mean);
        }
        /* of many classes a small change makes much, so that a step must not be too long */
        log_gain += GAIN_STEP * up / fmaxf((float)n, bend);
        log_gain = fminf(fmaxf(log_gain, -LOG_GAIN_MOST), LOG_GAIN_MOST);
    }
    free(p);
    return expf(log_gain);
}

/* One step downhill of all that is mixed; change[columns] is the bias's. */
static void step_mix(const float *scores, const int16_t *labels, size_t n, size_t columns,
                     const float *middle, const float *start, float *mix, float *bias, float *slope,
                     float *change)
{
    memset(slope, 0, (columns + 1) * sizeof *slope);
    for (size_t i = 0; i < n; i++) {
        const float *s = scores + i * columns;
        float z = *bias;
        for (size_t c = 0; c < columns; c++)
            z += mix[c] * (s[c] - middle[c]);
        float wrong = 1 / (1 + expf(-z)) - (float)labels[i];
        for (size_t c = 0; c < columns; c++)
            slope[c] += wrong * (s[c] - middle[c]);
        slope[columns] += wrong;
    }
    for (size_t c = 0; c <= columns; c++) {
        float down = slope[c] / (float)n + (c < columns ? MIX_CLOSE * (mix[c] - start[c]) : 0);
        change[c] = MIX_MOMENTUM * change[c] - MIX_STEP * down;
        *(c < columns ? &mix[c] : bias) += change[c];
    }
}

float calibrate_mix(const float *scores, const int16_t *labels, size_t n, size_t columns,
                    float *mix)
{
    if (n < MIX_ROWS_MIN)
        return 0;
    float *memory = memory_zeroed(columns * 4 + 2, sizeof *memory);
    float *middle = memory, *start = middle + columns, *slope = start + columns,
          *change = slope + columns + 1, bias = 0;
    memcpy(start, mix, columns * sizeof *start);
    for (size_t i = 0; i < n; i++)
        for (size_t c = 0; c < columns; c++)
            middle[c] += scores[i * columns + c] / (float)n;
    for (int step = 0; step < STEPS; step++)
        step_mix(scores, labels, n, columns, middle, start, mix, &bias, slope, change);
    for (size_t c = 0; c < columns; c++)
        bias -= mix[c] * middle[c];
    free(memory);
    return bias;
}
