/* pack.h - writes weights as a model file: each row rounded to signed bytes with a scale of its
 * own. Threads: one at a time. */
#ifndef UNDERSTAND_PACK_H
#define UNDERSTAND_PACK_H

#include "base/buf.h"
#include "understand/descent.h"
#include "understand/examples.h"
#include "understand/vocabulary.h"

/* gains: of each head's scores; blocks: what each block of features counts; seen: what texts were
 * trained on, ascending. The buffer fails when its maximum is too small. */
void pack_model(const struct examples *ex, const struct problem *p, const struct weights *w,
                const float *gains, const struct vocabulary *v, const float *blocks,
                const uint32_t *seen, size_t seen_count, struct buf *out);

#endif
