/* train.h - makes a model from examples: a linear support vector machine for each class over shared
 * features, each head's scores calibrated into probabilities on texts held out, the weights rounded
 * to one byte. The same examples give the same bytes. Threads: one training at a time per call,
 * calls are apart. */
#ifndef UNDERSTAND_TRAIN_H
#define UNDERSTAND_TRAIN_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "understand/examples.h"
#include "understand/model.h"

/* What became of the base that was named. */
enum train_start { TRAIN_FROM_BASE, TRAIN_BASE_KNOWS_TEXTS, TRAIN_BASE_TOO_LARGE };

struct train_options {
    const struct model *base; /* start from its features and what it knows, unless it was trained on
                                 these rows, too, or there are many classes; NULL: from scratch */
    const uint32_t *rows;     /* train on these rows only; NULL: on all */
    size_t row_count;
    enum train_start *start; /* told when there is a base; may be NULL */
};

/* Appends the model file to out. ERR_INVALID when a head has fewer than two classes among the rows,
 * ERR_LIMIT when there are more classes or labels than can be trained on. */
enum err train_model(const struct examples *ex, const struct train_options *options,
                     struct buf *out, struct errinfo *e) MUST_CHECK;

#endif
