/* descent.h - fits the weights of all heads at once: each class against the rest with squared hinge
 * loss, the weights kept short, by dual coordinate descent (Hsieh, Chang, Lin, Keerthi,
 * Sundararajan 2008). Threads: one at a time. */
#ifndef UNDERSTAND_DESCENT_H
#define UNDERSTAND_DESCENT_H

#include <stddef.h>
#include <stdint.h>

#include "understand/model.h"

/* Labels of all samples, each times the classes of its head: what a fit keeps in memory of them, 4
 * bytes each. The caller sees to it. */
enum { DESCENT_DUALS_MAX = 1 << 29 };

struct entry {
    uint32_t row;
    float value;
};

/* One text's vector and its labels. */
struct sample {
    size_t first, count;             /* of its entries */
    int16_t labels[MODEL_HEADS_MAX]; /* -1: none */
};

/* A head's classes are neighbouring columns. */
struct span {
    size_t from, count;
};

struct problem {
    struct entry *entries;
    struct sample *samples;
    size_t sample_count;
    uint32_t rows;  /* of the table of weights */
    size_t columns; /* classes of all heads together */
    struct span heads[MODEL_HEADS_MAX];
    int head_count;
};

/* A whole table of weights: one for each row and class, and each class's bias. */
struct weights {
    float *w; /* rows * columns */
    float *bias;
};

void weights_init(struct weights *w, const struct problem *p);
void weights_deinit(struct weights *w);

/* Fits w, all zeros, to the samples named in order (indexes; it is shuffled). The same input gives
 * the same weights. */
void descent_run(const struct problem *p, struct weights *w, uint32_t *order, size_t n);
/* Scores of all columns for one sample. */
void descent_score(const struct problem *p, const struct weights *w, const struct sample *s,
                   float *scores);
/* Turns scores of n classes into probabilities. */
void softmax(float *scores, size_t n);

#endif
