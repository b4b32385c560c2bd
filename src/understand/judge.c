/* judge.c - see judge.h. */
#include "understand/judge.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/memory.h"
#include "understand/cld2.h"
#include "understand/model_int.h"

enum {
    ACTIVE_MAX = 24 * 1024,
    TOKENS_MAX = 4096,
    REASON_TOKENS = 5, /* a reason is at most so long */
    LANGUAGE_LETTERS = 3,
    LANGUAGE_TEXT = 2048 /* bytes shown to the slow language detector */
};
static const float LANGUAGE_SURE = 0.95F;

/* A feature of the text that the model knows. */
struct active {
    uint32_t feature;
    uint32_t row;
    float value;
};

struct judge {
    struct features *features;
    float sums[FEATURE_BLOCKS][MODEL_STRIDE_MAX] __attribute__((aligned(64)));
    float scores[MODEL_STRIDE_MAX];               /* by column */
    float factor[FEATURE_BLOCKS];                 /* of a feature's value in its block */
    float p[MODEL_COLUMNS_MAX + MODEL_HEADS_MAX]; /* of all classes of all heads */
    struct active active[ACTIVE_MAX];
    size_t active_count;
    float by_feature[ACTIVE_MAX];
    float by_token[TOKENS_MAX];
    int fact_class[FACT_COUNT]; /* what judge_facts said last, as a class of the model; -1: nothing
                                 */
};

struct judge *judge_new(void)
{
    struct judge *j = aligned_alloc(64, (sizeof *j + 63) / 64 * 64);
    if (!j)
        memory_end(sizeof *j);
    memset(j, 0, sizeof *j);
    j->features = features_new();
    return j;
}

void judge_free(struct judge *j)
{
    if (!j)
        return;
    features_free(j->features);
    free(j);
}

/* Adds one row, tag and codes included: their sums are never looked at, and the loop stays
 * straight. */
static inline void add_row(float *restrict sums, const int8_t *restrict row, float by,
                           size_t stride)
{
    for (size_t at = 0; at < stride; at += MODEL_STRIDE_UNIT)
        for (size_t i = 0; i < MODEL_STRIDE_UNIT; i++)
            sums[at + i] += by * (float)row[at + i];
}

/* Scores of all columns for the features that were read. */
static void score(struct judge *j, const struct model *m)
{
    size_t n;
    const struct feature *list = features_list(j->features, &n);
    float squares[FEATURE_BLOCKS] = {0};
    for (int b = 0; b < FEATURE_BLOCKS; b++)
        memset(j->sums[b], 0, m->stride * sizeof(float));
    j->active_count = 0;
    for (size_t i = 0; i < n; i++) {
        size_t row = model_row((const uint8_t *)m->table, m->stride, m->rows, list[i].hash);
        if (row == SIZE_MAX)
            continue;
        const int8_t *w = m->table + row * m->stride;
        uint8_t codes = (uint8_t)w[1];
        float v = model_value(&list[i], codes >> 4);
        squares[list[i].block] += v * v;
        add_row(j->sums[list[i].block], w, v * m->scales[codes & 15], m->stride);
        j->active[j->active_count++] = (struct active){(uint32_t)i, (uint32_t)row, v};
    }
    for (int b = 0; b < FEATURE_BLOCKS; b++)
        j->factor[b] = model_block_factor((enum feature_block)b, m->blocks[b], squares[b]);
    for (size_t c = MODEL_ROW_HEAD; c < m->stride; c++) {
        float s = 0;
        for (int b = 0; b < FEATURE_BLOCKS; b++)
            s += j->factor[b] * j->sums[b][c];
        j->scores[c - MODEL_ROW_HEAD] = s;
    }
}

const float *judge_probabilities(const struct judge *j, const struct model_head *h)
{
    /* each head before it has one class more than columns */
    return j->p + h->column + h->index;
}

static struct verdict decide(const struct judge *j, const struct model_head *h, float *p)
{
    float most = h->classes[0].bias, sum = 0;
    p[0] = most;
    int best = 0;
    for (int k = 1; k < h->class_count; k++) {
        p[k] = h->gain * j->scores[h->column + (size_t)k - 1] + h->classes[k].bias;
        if (p[k] > most) {
            most = p[k];
            best = k;
        }
    }
    for (int k = 0; k < h->class_count; k++)
        sum += p[k] = expf(p[k] - most);
    for (int k = 0; k < h->class_count; k++)
        p[k] /= sum;
    return (struct verdict){best, p[best]};
}

/* Asks the slow detector when the head wavers or the text is in a language it never saw. */
static void settle_language(const struct model_head *h, struct str text, struct verdict *v)
{
    if (v->p >= LANGUAGE_SURE &&
        !str_eq_z(h->classes[v->value].name, language_words.words[LANGUAGE_OTHER]))
        return;
    const char *code = NULL;
    int share = cld2_language(text.p, text.n < LANGUAGE_TEXT ? text.n : LANGUAGE_TEXT, &code);
    if (share == 0) {
        if (v->p < 0.6F)
            v->value = -1;
        return;
    }
    int k = model_class_find(h, str_z(code));
    if (k < 0)
        k = model_class_find(h, str_z(language_words.words[LANGUAGE_OTHER]));
    if (k < 0)
        return;
    v->p = k == v->value ? fmaxf(v->p, (float)share / 100) : (float)share / 100;
    v->value = k;
}

static void say(const struct model_head *h, const char *name, const char *class, struct verdict *v)
{
    int k = str_eq_z(h->name, name) ? model_class_find(h, str_z(class)) : -1;
    if (k >= 0)
        *v = (struct verdict){k, 1};
}

void judge_text(struct judge *j, const struct model *m, const struct judge_input *in, bool reasons,
                struct verdict *out)
{
    features_read(j->features, in->text, in->brand, reasons);
    size_t letters = features_letters(j->features);
    score(j, m);
    float *p = j->p;
    for (int i = 0; i < m->head_count; i++) {
        const struct model_head *h = &m->heads[i];
        out[i] = decide(j, h, p);
        p += h->class_count;
        bool language = str_eq_z(h->name, fact_table[FACT_LANGUAGE].name);
        if (letters == 0 || (language && letters < LANGUAGE_LETTERS))
            out[i] = (struct verdict){-1, 0};
        else if (language)
            settle_language(h, in->text, &out[i]);
        if (in->from_brand) {
            say(h, fact_table[FACT_REACTION].name, answer_words.words[ANSWER_NO], &out[i]);
            say(h, fact_table[FACT_REQUEST].name, request_words.words[REQUEST_NONE], &out[i]);
        }
    }
}

/* reasons */

/* Weight of a row for a class against the mean of the others. */
static float leaning(const struct model *m, const struct model_head *h, int value,
                     const struct active *x)
{
    const int8_t *w = m->table + (size_t)x->row * m->stride + MODEL_ROW_HEAD + h->column - 1;
    float all = 0;
    for (int k = 1; k < h->class_count; k++)
        all += (float)w[k];
    float own = value ? (float)w[value] : 0;
    uint8_t codes = (uint8_t)m->table[(size_t)x->row * m->stride + 1];
    return m->scales[codes & 15] * (own - (all - own) / (float)(h->class_count - 1));
}

/* Splits what each feature adds over the tokens it was found in. */
static size_t weigh_tokens(struct judge *j, const struct model *m, const struct model_head *h,
                           int value)
{
    size_t n, tokens = features_token_count(j->features), places;
    const struct feature *list = features_list(j->features, &n);
    memset(j->by_feature, 0, n * sizeof(float));
    memset(j->by_token, 0, tokens * sizeof(float));
    for (size_t i = 0; i < j->active_count; i++) {
        const struct active *x = &j->active[i];
        const struct feature *f = &list[x->feature];
        j->by_feature[x->feature] =
            h->gain * leaning(m, h, value, x) * x->value * j->factor[f->block] / (float)f->count;
    }
    const struct feature_place *place = features_places(j->features, &places);
    for (size_t i = 0; i < places; i++, place++) {
        if (place->first > place->last)
            continue;
        /* a pair belongs to its two ends and what lies between */
        float part = j->by_feature[place->feature] / (float)(place->last - place->first + 1);
        for (size_t t = place->first; t <= place->last && t < tokens; t++)
            j->by_token[t] += part;
    }
    return tokens;
}

size_t judge_reasons(struct judge *j, const struct model *m, const struct model_head *h, int value,
                     struct verdict_reason *out, size_t max)
{
    size_t tokens = weigh_tokens(j, m, h, value), n = 0;
    float *w = j->by_token;
    while (n < max) {
        size_t best = 0;
        for (size_t t = 1; t < tokens; t++)
            if (w[t] > w[best])
                best = t;
        if (tokens == 0 || w[best] <= 0.01F)
            break;
        /* neighbours that say the same make one phrase of it */
        size_t first = best, last = best;
        float sum = w[best], least = w[best] * 0.3F;
        while (last - first + 1 < REASON_TOKENS) {
            float left = first > 0 ? w[first - 1] : 0, right = last + 1 < tokens ? w[last + 1] : 0;
            if (left < least && right < least)
                break;
            sum += left >= right ? left : right;
            if (left >= right)
                first--;
            else
                last++;
        }
        uint32_t from, to, unused;
        features_token(j->features, first, &from, &unused);
        features_token(j->features, last, &unused, &to);
        for (size_t t = first; t <= last; t++)
            w[t] = 0;
        out[n++] = (struct verdict_reason){from, to, sum};
    }
    /* phrases were found by their best word; the heaviest phrase comes first */
    for (size_t i = 1; i < n; i++)
        for (size_t k = i; k > 0 && out[k].weight > out[k - 1].weight; k--) {
            struct verdict_reason swap = out[k];
            out[k] = out[k - 1];
            out[k - 1] = swap;
        }
    return n;
}

/* facts */

static size_t add_reasons(struct judge *j, const struct model *m, const struct model_head *h,
                          enum fact_id fact, int value, struct reason *out)
{
    struct verdict_reason found[JUDGE_REASONS];
    size_t n = judge_reasons(j, m, h, value, found, JUDGE_REASONS);
    for (size_t i = 0; i < n; i++)
        out[i] =
            (struct reason){fact, (uint32_t)found[i].from, (uint32_t)found[i].to, found[i].weight};
    return n;
}

void judge_facts(struct judge *j, const struct model *m, const struct judge_input *in, bool reasons,
                 struct facts *out)
{
    struct verdict verdicts[MODEL_HEADS_MAX];
    judge_text(j, m, in, reasons, verdicts);
    *out = (struct facts){0};
    for (int f = 0; f < FACT_COUNT; f++) {
        out->f[f].value = j->fact_class[f] = -1;
        const struct model_head *h = model_head_find(m, str_z(fact_table[f].name));
        const struct verdict *v = h ? &verdicts[h->index] : NULL;
        if (!v || v->value < 0)
            continue;
        out->f[f].value = words_find(fact_table[f].words, h->classes[v->value].name);
        if (out->f[f].value < 0)
            continue;
        out->f[f].p = v->p;
        j->fact_class[f] = v->value;
    }
}

void judge_explain(struct judge *j, const struct model *m, unsigned facts, struct arena *a,
                   struct facts *out)
{
    out->reasons = arena_array(a, (size_t)FACT_COUNT * JUDGE_REASONS, sizeof *out->reasons);
    out->reason_count = 0;
    for (int f = 0; f < FACT_COUNT; f++)
        if (facts >> f & 1 && j->fact_class[f] >= 0)
            out->reason_count +=
                add_reasons(j, m, model_head_find(m, str_z(fact_table[f].name)), (enum fact_id)f,
                            j->fact_class[f], out->reasons + out->reason_count);
}
