/* calibrate.h - makes scores into probabilities that mean what they say: of the posts that are told
 * "yes" with 0.8, eight in ten shall be yes. Fitted on texts that the scoring weights have not seen
 * (Platt 1999; Guo et al. 2017). Threads: any. */
#ifndef UNDERSTAND_CALIBRATE_H
#define UNDERSTAND_CALIBRATE_H

#include <stddef.h>
#include <stdint.h>

/* scores: n rows of `classes` numbers; labels: the right class of each row. Sets the gain (> 0)
 * and, where there is enough to go by, the bias of each class. */
void calibrate(const float *scores, const int16_t *labels, size_t n, size_t classes, float *gain,
               float *bias);

#endif
