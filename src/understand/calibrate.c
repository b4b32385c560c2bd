/* calibrate.c - see calibrate.h. */
#include "understand/calibrate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "understand/descent.h"

enum { STEPS = 400, ROWS_MIN = 30 };

void calibrate(const float *scores, const int16_t *labels, size_t n, size_t classes, float *gain,
               float *bias)
{
    *gain = 1;
    memset(bias, 0, classes * sizeof *bias);
    if (n < ROWS_MIN)
        return;
    /* Plain descent on the logarithm of the gain; with two classes also on the bias. A bias for
     * each of many classes would take back the weight that rare ones were given in training. */
    float log_gain = 0, shift = 0;
    float *p = memory_bytes(classes * sizeof *p);
    for (int step = 0; step < STEPS; step++) {
        float up_gain = 0, up_shift = 0, g = expf(log_gain);
        for (size_t i = 0; i < n; i++) {
            const float *s = scores + i * classes;
            float mean = 0;
            for (size_t k = 0; k < classes; k++)
                p[k] = g * s[k] + (k == 1 ? shift : 0);
            softmax(p, classes);
            for (size_t k = 0; k < classes; k++)
                mean += p[k] * s[k];
            up_gain += g * (s[labels[i]] - mean);
            if (classes == 2)
                up_shift += (float)(labels[i] == 1) - p[1];
        }
        log_gain += 0.3F * up_gain / (float)n;
        shift += 1.0F * up_shift / ((float)n + 20);
        log_gain = fminf(fmaxf(log_gain, -2), 2);
    }
    free(p);
    *gain = expf(log_gain);
    if (classes == 2)
        bias[1] = shift;
}
