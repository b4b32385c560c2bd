/* descent.c - see descent.h. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize(                                                                              \
    "O3", "no-math-errno") /* the inner loops become vector code, as with clang at -O2 */
#endif

#include "understand/descent.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"

enum { EPOCHS = 10 };
static const float STEP = 0.1F;     /* of the first round; falls to nothing */
static const float DECAY = 5e-5F;   /* pulls weights to zero */
static const float BALANCE = 0.75F; /* 0: each row counts alike; 1: each class does */
static const float SEEN_FIRST = 1e-3F;

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

static inline void update(float *restrict w, float *restrict seen, const float *restrict gradient,
                          float x, size_t n, float step, float decay)
{
    for (size_t c = 0; c < n; c++) {
        float g = gradient[c] * x + decay * w[c];
        seen[c] += g * g;
        w[c] -= step * g / sqrtf(seen[c]);
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

void descent_run(const struct problem *p, struct weights *w, uint32_t *order, size_t n)
{
    struct weights seen;
    weights_init(&seen, p);
    for (size_t i = 0; i < (size_t)p->rows * p->columns; i++)
        seen.w[i] = SEEN_FIRST;
    for (size_t c = 0; c < p->columns; c++)
        seen.bias[c] = 1;
    float *gradient = memory_zeroed(p->columns + 1, sizeof(float));
    float *class_weights = memory_zeroed(p->columns + 1, sizeof(float));
    weigh_classes(p, order, n, class_weights);
    uint64_t random = 1;
    for (int epoch = 0; epoch < EPOCHS; epoch++) {
        float step = STEP * (1.0F - (float)epoch / (float)EPOCHS);
        shuffle(order, n, &random);
        for (size_t i = 0; i < n; i++) {
            const struct sample *s = &p->samples[order[i]];
            struct span spans[MODEL_HEADS_MAX];
            int span_count = labelled_spans(p, s, spans);
            for (int k = 0; k < span_count; k++)
                scores_in(p, w, s, spans[k], gradient);
            for (int h = 0; h < p->head_count; h++) {
                if (s->labels[h] < 0)
                    continue;
                struct span span = p->heads[h];
                size_t label = span.from + (size_t)s->labels[h];
                softmax(gradient + span.from, span.count);
                gradient[label] -= 1;
                float by = s->weight * class_weights[label];
                for (size_t c = span.from; c < span.from + span.count; c++)
                    gradient[c] *= by;
            }
            const struct entry *x = p->entries + s->first;
            for (int k = 0; k < span_count; k++) {
                size_t from = spans[k].from, count = spans[k].count;
                for (size_t e = 0; e < s->count; e++) {
                    size_t at = (size_t)x[e].row * p->columns + from;
                    update(w->w + at, seen.w + at, gradient + from, x[e].value, count, step, DECAY);
                }
                update(w->bias + from, seen.bias + from, gradient + from, 1, count, step, 0);
            }
        }
    }
    free(gradient);
    free(class_weights);
    weights_deinit(&seen);
}
