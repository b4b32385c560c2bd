/* judge.h - a text and a model in, facts out. Threads: a struct judge belongs to one thread at a
 * time, models and brands may be shared. */
#ifndef UNDERSTAND_JUDGE_H
#define UNDERSTAND_JUDGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "domain/facts.h"
#include "understand/model.h"
#include "understand/naming.h"

enum { JUDGE_REASONS = 3 /* at most, for one fact: more would mark the whole post */ };

struct judge; /* working memory, made once */

struct judge_input {
    struct str text; /* any bytes, any length; of a long text the beginning and the end count */
    const struct naming *brand; /* NULL: not told */
    bool from_brand;            /* written by the brand itself: nothing is asked of it */
};

/* What one head says. */
struct verdict {
    int value; /* class of the head; -1: cannot be told */
    float p;   /* calibrated, 0..1 */
};

/* A stretch of the text that spoke for a verdict. */
struct verdict_reason {
    size_t from, to; /* bytes of the text */
    float weight; /* > 0: the log odds of the value are by so much lower when these bytes are taken
                     out of the text, by the model itself: measured, not estimated */
};

struct judge *judge_new(void);
void judge_free(struct judge *j);

/* Fills one verdict for each head of the model. */
void judge_text(struct judge *j, const struct model *m, const struct judge_input *in,
                struct verdict *out);
/* Probability of each class of a head in the last judged text (as the head alone says). */
const float *judge_probabilities(const struct judge *j, const struct model_head *h);
/* Heaviest first, at most max; for the last judged text, which must still be there, as must its
 * brand. Costs a judgement for each reason. */
size_t judge_reasons(struct judge *j, const struct model *m, const struct model_head *h, int value,
                     struct verdict_reason *out, size_t max);

/* The same as domain facts: heads and classes are matched by the words of fact_table; what the
 * model does not answer is unknown. */
void judge_facts(struct judge *j, const struct model *m, const struct judge_input *in,
                 struct facts *out);
/* Adds the reasons of some facts (bits by enum fact_id) to what was judged last; they live in the
 * arena. */
void judge_explain(struct judge *j, const struct model *m, unsigned facts, struct arena *a,
                   struct facts *out);

#endif
