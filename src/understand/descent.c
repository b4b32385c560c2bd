/* descent.c - see descent.h. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize(                                                                              \
    "O3", "no-math-errno") /* the inner loops become vector code, as with clang at -O2 */
#endif

#include "understand/descent.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"

enum { ROUNDS = 15 };
static const float COST = 0.3F;    /* of a row on the wrong side, against long weights */
static const float BALANCE = 0.5F; /* 0: each row counts alike; 1: each class does */

void weights_init(struct weights *w, const struct problem *p)
{
    w->w = memory_zeroed((size_t)p->rows * p->columns + 1, sizeof(float));
    w->bias = memory_zeroed(p->columns + 1, sizeof(float));
}

void weights_deinit(struct weights *w)
{
    free(w->w);
    free(w->bias);
    *w = (struct weights){0};
}

void softmax(float *scores, size_t n)
{
    float most = scores[0], sum = 0;
    for (size_t k = 1; k < n; k++)
        most = fmaxf(most, scores[k]);
    for (size_t k = 0; k < n; k++)
        sum += scores[k] = expf(scores[k] - most);
    for (size_t k = 0; k < n; k++)
        scores[k] /= sum;
}

void descent_score(const struct problem *p, const struct weights *w, const struct sample *s,
                   float *scores)
{
    memcpy(scores, w->bias, p->columns * sizeof(float));
    const struct entry *x = p->entries + s->first;
    for (size_t i = 0; i < s->count; i++) {
        const float *row = w->w + (size_t)x[i].row * p->columns;
        for (size_t c = 0; c < p->columns; c++)
            scores[c] += x[i].value * row[c];
    }
}

/* The columns of the heads for which the sample has labels, neighbours joined. */
static int labelled_spans(const struct problem *p, const struct sample *s, struct span *out)
{
    int n = 0;
    for (int h = 0; h < p->head_count; h++) {
        if (s->labels[h] < 0)
            continue;
        if (n && out[n - 1].from + out[n - 1].count == p->heads[h].from)
            out[n - 1].count += p->heads[h].count;
        else
            out[n++] = p->heads[h];
    }
    return n;
}

static void scores_in(const struct problem *p, const struct weights *w, const struct sample *s,
                      struct span in, float *restrict scores)
{
    memcpy(scores + in.from, w->bias + in.from, in.count * sizeof(float));
    const struct entry *x = p->entries + s->first;
    for (size_t i = 0; i < s->count; i++) {
        const float *row = w->w + (size_t)x[i].row * p->columns + in.from;
        for (size_t c = 0; c < in.count; c++)
            scores[in.from + c] += x[i].value * row[c];
    }
}

/* Rare classes count for more, by a power of how much rarer they are than the average one. */
static void weigh_classes(const struct problem *p, const uint32_t *order, size_t n, float *out)
{
    for (size_t c = 0; c < p->columns; c++)
        out[c] = 0;
    for (int h = 0; h < p->head_count; h++) {
        struct span span = p->heads[h];
        float all = 0;
        for (size_t i = 0; i < n; i++)
            if (p->samples[order[i]].labels[h] >= 0) {
                out[span.from + (size_t)p->samples[order[i]].labels[h]] += 1;
                all += 1;
            }
        for (size_t c = span.from; c < span.from + span.count; c++)
            out[c] = out[c] > 0 ? powf(all / ((float)span.count * out[c]), BALANCE) : 0;
    }
}

static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static void shuffle(uint32_t *order, size_t n, uint64_t *random)
{
    for (size_t i = n; i > 1; i--) {
        size_t k = next_random(random) % i;
        uint32_t swap = order[i - 1];
        order[i - 1] = order[k];
        order[k] = swap;
    }
}

/* Where the dual variables of each sample begin: one for each class of the heads it has labels for.
 * Returns how many there are in all. */
static size_t place_duals(const struct problem *p, const uint32_t *order, size_t n, size_t *first)
{
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        const struct sample *s = &p->samples[order[i]];
        first[order[i]] = at;
        for (int h = 0; h < p->head_count; h++)
            at += s->labels[h] < 0 ? 0 : p->heads[h].count;
    }
    return at;
}

/* The best value of each dual variable of one sample, the others kept; scores becomes what the
 * weights of each class change by, times the sample. */
static bool improve_duals(const struct problem *p, const struct sample *s,
                          const float *class_weights, float squares, float *duals, float *scores)
{
    bool changed = false;
    for (int h = 0; h < p->head_count; h++) {
        if (s->labels[h] < 0)
            continue;
        struct span span = p->heads[h];
        size_t label = span.from + (size_t)s->labels[h];
        float slack = 0.5F / (COST * class_weights[label]);
        for (size_t c = span.from; c < span.from + span.count; c++, duals++) {
            float sign = c == label ? 1.0F : -1.0F;
            float slope = sign * scores[c] - 1 + slack * *duals;
            float better = fmaxf(0, *duals - slope / (squares + slack));
            scores[c] = (better - *duals) * sign;
            changed |= better != *duals;
            *duals = better;
        }
    }
    return changed;
}

static void add_sample(const struct problem *p, struct weights *w, const struct sample *s,
                       struct span in, const float *restrict by)
{
    const struct entry *x = p->entries + s->first;
    for (size_t e = 0; e < s->count; e++) {
        float *restrict row = w->w + (size_t)x[e].row * p->columns + in.from;
        for (size_t c = 0; c < in.count; c++)
            row[c] += x[e].value * by[in.from + c];
    }
    for (size_t c = in.from; c < in.from + in.count; c++)
        w->bias[c] += by[c];
}

void descent_run(const struct problem *p, struct weights *w, uint32_t *order, size_t n)
{
    float *scores = memory_zeroed(p->columns + 1, sizeof(float));
    float *class_weights = memory_zeroed(p->columns + 1, sizeof(float));
    float *squares = memory_zeroed(p->sample_count + 1, sizeof(float));
    size_t *first = memory_zeroed(p->sample_count + 1, sizeof *first);
    float *duals = memory_zeroed(place_duals(p, order, n, first) + 1, sizeof(float));
    weigh_classes(p, order, n, class_weights);
    for (size_t i = 0; i < n; i++) {
        const struct sample *s = &p->samples[order[i]];
        squares[order[i]] = 1; /* of the bias */
        for (size_t e = s->first; e < s->first + s->count; e++)
            squares[order[i]] += p->entries[e].value * p->entries[e].value;
    }
    uint64_t random = 1;
    for (int round = 0; round < ROUNDS; round++) {
        shuffle(order, n, &random);
        for (size_t i = 0; i < n; i++) {
            const struct sample *s = &p->samples[order[i]];
            struct span spans[MODEL_HEADS_MAX];
            int span_count = labelled_spans(p, s, spans);
            for (int k = 0; k < span_count; k++)
                scores_in(p, w, s, spans[k], scores);
            if (!improve_duals(p, s, class_weights, squares[order[i]], duals + first[order[i]],
                               scores))
                continue;
            for (int k = 0; k < span_count; k++)
                add_sample(p, w, s, spans[k], scores);
        }
    }
    free(scores);
    free(class_weights);
    free(squares);
    free(first);
    free(duals);
}
