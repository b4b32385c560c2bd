/* calibrate.h - makes scores into probabilities that mean what they say: of the posts that are told
 * "yes" with 0.8, eight in ten shall be yes. Fitted on texts that the scoring weights have not seen
 * (Platt 1999; Guo et al. 2017). Threads: any. */
#ifndef UNDERSTAND_CALIBRATE_H
#define UNDERSTAND_CALIBRATE_H

#include <stddef.h>
#include <stdint.h>

/* scores: n rows of `classes` numbers; labels: the right class of each row. Returns the gain (> 0)
 * that the scores need; 1 where there is too little to go by. A bias for each class would take back
 * the weight that rare ones were given in training. */
float calibrate_gain(const float *scores, const int16_t *labels, size_t n, size_t classes);

/* For a question with two answers, which all other questions help to answer (a post that asks for
 * something needs a reaction). scores: n rows of `columns` numbers; labels: 0 or 1. Log odds of 1
 * are the scores times mix, plus the bias that is returned; mix is kept close to what it holds at
 * the beginning, and stays so where there is too little to go by. */
float calibrate_mix(const float *scores, const int16_t *labels, size_t n, size_t columns,
                    float *mix);

#endif
