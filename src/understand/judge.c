/* judge.c - see judge.h. */
#include "understand/judge.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/memory.h"
#include "understand/cld2.h"
#include "understand/model_int.h"

enum {
    ACTIVE_MAX = 24 * 1024,
    TOKENS_MAX = 4096,
    REASON_TOKENS = 5, /* a reason is at most so long */
    SPARE_PHRASES = 1, /* looked at instead of those that turn out to carry nothing */
    AHEAD = 12,        /* features */
    KNOWN_LEAST = 10,  /* one in so many words and parts must be known to judge a text */
    LANGUAGE_LETTERS = 3,
    LANGUAGE_TEXT = 2048 /* bytes shown to the slow language detector */
};
static const float LANGUAGE_SURE = 0.95F, LANGUAGE_LIKELY = 0.5F;
static const float REASON_LEAST = 0.01F;

/* A feature of the text that the model knows. */
struct active {
    uint32_t feature;
    uint32_t row;
    float value;
};

/* One text as a model sees it. */
struct reading {
    struct features *features;
    float sums[FEATURE_BLOCKS][MODEL_STRIDE_MAX] __attribute__((aligned(64)));
    float scores[MODEL_STRIDE_MAX]; /* by column */
    float factor[FEATURE_BLOCKS];   /* of a feature's value in its block */
    struct active active[ACTIVE_MAX];
    size_t active_count;
    bool readable; /* enough of its words and their parts is known */
};

struct judge {
    struct reading text, rest; /* rest: the text without a reason */
    struct judge_input in;     /* what was judged last */
    bool placed;               /* text was read with the places of its features */
    float p[MODEL_COLUMNS_MAX + MODEL_HEADS_MAX]; /* of all classes of all heads */
    float by_feature[ACTIVE_MAX];
    float by_token[TOKENS_MAX];
    struct buf without;         /* bytes of the rest */
    int fact_class[FACT_COUNT]; /* what judge_facts said last, as a class of the model; -1: nothing
                                 */
};

struct judge *judge_new(void)
{
    struct judge *j = aligned_alloc(64, (sizeof *j + 63) / 64 * 64);
    if (!j)
        memory_end(sizeof *j);
    memset(j, 0, sizeof *j);
    j->text.features = features_new();
    j->rest.features = features_new();
    buf_init(&j->without, SIZE_MAX);
    return j;
}

void judge_free(struct judge *j)
{
    if (!j)
        return;
    features_free(j->text.features);
    features_free(j->rest.features);
    buf_deinit(&j->without);
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
static void score(struct reading *r, const struct model *m)
{
    size_t n;
    const struct feature *list = features_list(r->features, &n);
    float squares[FEATURE_BLOCKS] = {0};
    for (int b = 0; b < FEATURE_BLOCKS; b++)
        memset(r->sums[b], 0, m->stride * sizeof(float));
    size_t known = 0, unknown = 0; /* words and parts of words */
    r->active_count = 0;
    for (size_t i = 0; i < n; i++) {
        /* the table is larger than the near caches: a row is on its way before it is wanted */
        if (i + AHEAD < n)
            __builtin_prefetch(m->table + model_set(list[i + AHEAD].hash, m->rows) * m->stride);
        size_t row = model_row((const uint8_t *)m->table, m->stride, m->rows, list[i].hash);
        if (row == SIZE_MAX) {
            unknown += list[i].block != FEATURE_SHAPE;
            continue;
        }
        const int8_t *w = m->table + row * m->stride;
        uint8_t codes = (uint8_t)w[1];
        float v = model_value(&list[i], codes >> 4);
        squares[list[i].block] += v * v;
        add_row(r->sums[list[i].block], w, v * m->scales[codes & 15], m->stride);
        known += list[i].block != FEATURE_SHAPE;
        r->active[r->active_count++] = (struct active){(uint32_t)i, (uint32_t)row, v};
    }
    /* a tag of one byte takes one unknown feature in a hundred for a known one */
    r->readable = known > 0 && known * KNOWN_LEAST >= unknown;
    for (int b = 0; b < FEATURE_BLOCKS; b++)
        r->factor[b] = model_block_factor((enum feature_block)b, m->blocks[b], squares[b]);
    for (size_t c = MODEL_ROW_HEAD; c < m->stride; c++) {
        float s = 0;
        for (int b = 0; b < FEATURE_BLOCKS; b++)
            s += r->factor[b] * r->sums[b][c];
        r->scores[c - MODEL_ROW_HEAD] = s;
    }
}

const float *judge_probabilities(const struct judge *j, const struct model_head *h)
{
    /* each head before it has one class more than columns */
    return j->p + h->column + h->index;
}

/* What a head makes of the scores, class by class, before it becomes probabilities. */
static void weigh_classes(const struct reading *r, const struct model_head *h, float *out)
{
    out[0] = h->classes[0].bias;
    for (int k = 1; k < h->class_count; k++)
        out[k] = h->gain * r->scores[h->column + (size_t)k - 1] + h->classes[k].bias;
}

static struct verdict decide(const struct judge *j, const struct model_head *h, float *p)
{
    int best = 0;
    float sum = 0;
    weigh_classes(&j->text, h, p);
    for (int k = 1; k < h->class_count; k++)
        if (p[k] > p[best])
            best = k;
    float most = p[best];
    for (int k = 0; k < h->class_count; k++)
        sum += p[k] = expf(p[k] - most);
    for (int k = 0; k < h->class_count; k++)
        p[k] /= sum;
    return (struct verdict){best, p[best]};
}

/* Log odds of a class against all others together. */
static float log_odds(const struct reading *r, const struct model_head *h, int value)
{
    float w[MODEL_CLASSES_MAX], most = -INFINITY, sum = 0;
    weigh_classes(r, h, w);
    for (int k = 0; k < h->class_count; k++)
        if (k != value)
            most = fmaxf(most, w[k]);
    for (int k = 0; k < h->class_count; k++)
        if (k != value)
            sum += expf(w[k] - most);
    return w[value] - most - logf(sum);
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
        if (v->p < LANGUAGE_LIKELY)
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

/* Of a post by the brand itself nothing is asked, whatever its words. */
static bool decided_by_author(const struct model_head *h)
{
    return str_eq_z(h->name, fact_table[FACT_REACTION].name) ||
           str_eq_z(h->name, fact_table[FACT_REQUEST].name);
}

static void say(const struct model_head *h, const char *name, const char *class, struct verdict *v)
{
    int k = str_eq_z(h->name, name) ? model_class_find(h, str_z(class)) : -1;
    if (k >= 0)
        *v = (struct verdict){k, 1};
}

void judge_text(struct judge *j, const struct model *m, const struct judge_input *in,
                struct verdict *out)
{
    j->in = *in;
    features_read(j->text.features, in->text, in->brand, false);
    j->placed = false;
    size_t letters = features_letters(j->text.features);
    score(&j->text, m);
    if (letters == 0)
        j->text.readable = false;
    float *p = j->p;
    for (int i = 0; i < m->head_count; i++) {
        const struct model_head *h = &m->heads[i];
        out[i] = decide(j, h, p);
        p += h->class_count;
        bool language = str_eq_z(h->name, fact_table[FACT_LANGUAGE].name);
        if (language ? letters < LANGUAGE_LETTERS : !j->text.readable)
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
    const struct reading *r = &j->text;
    size_t n, tokens = features_token_count(r->features), places;
    const struct feature *list = features_list(r->features, &n);
    memset(j->by_feature, 0, n * sizeof(float));
    memset(j->by_token, 0, tokens * sizeof(float));
    for (size_t i = 0; i < r->active_count; i++) {
        const struct active *x = &r->active[i];
        const struct feature *f = &list[x->feature];
        j->by_feature[x->feature] =
            h->gain * leaning(m, h, value, x) * x->value * r->factor[f->block] / (float)f->count;
    }
    const struct feature_place *place = features_places(r->features, &places);
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

/* The heaviest phrase of what is left in by_token, which it is taken from. False: there is none. */
static bool take_phrase(struct judge *j, size_t tokens, struct verdict_reason *out)
{
    float *w = j->by_token;
    size_t best = 0;
    for (size_t t = 1; t < tokens; t++)
        if (w[t] > w[best])
            best = t;
    if (tokens == 0 || w[best] <= REASON_LEAST)
        return false;
    /* neighbours that say the same make one phrase of it */
    size_t first = best, last = best;
    float least = w[best] * 0.3F;
    while (last - first + 1 < REASON_TOKENS) {
        float left = first > 0 ? w[first - 1] : 0, right = last + 1 < tokens ? w[last + 1] : 0;
        if (left < least && right < least)
            break;
        if (left >= right)
            first--;
        else
            last++;
    }
    uint32_t from, to, unused;
    features_token(j->text.features, first, &from, &unused);
    features_token(j->text.features, last, &unused, &to);
    for (size_t t = first; t <= last; t++)
        w[t] = 0;
    *out = (struct verdict_reason){from, to, 0};
    return true;
}

/* The text's log odds less those that it has without these bytes. */
static float weigh_phrase(struct judge *j, const struct model *m, const struct model_head *h,
                          int value, size_t from, size_t to)
{
    buf_clear(&j->without);
    buf_add(&j->without, str_sub(j->in.text, 0, from));
    buf_add(&j->without, str_sub(j->in.text, to, j->in.text.n));
    features_read(j->rest.features, buf_str(&j->without), j->in.brand, false);
    score(&j->rest, m);
    return log_odds(&j->text, h, value) - log_odds(&j->rest, h, value);
}

size_t judge_reasons(struct judge *j, const struct model *m, const struct model_head *h, int value,
                     struct verdict_reason *out, size_t max)
{
    size_t n = 0;
    if (j->in.from_brand && decided_by_author(h))
        return 0;
    if (!j->placed) { /* most posts are never asked for their reasons */
        features_read(j->text.features, j->in.text, j->in.brand, true);
        score(&j->text, m);
        j->placed = true;
    }
    size_t tokens = weigh_tokens(j, m, h, value);
    struct verdict_reason r;
    for (size_t tries = 0; n < max && tries < max + SPARE_PHRASES && take_phrase(j, tokens, &r);
         tries++) {
        r.weight = weigh_phrase(j, m, h, value, r.from, r.to);
        if (r.weight <= REASON_LEAST)
            continue; /* without it, what is left says the same as loud */
        size_t at = n++;
        for (; at > 0 && out[at - 1].weight < r.weight; at--)
            out[at] = out[at - 1];
        out[at] = r;
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

void judge_facts(struct judge *j, const struct model *m, const struct judge_input *in,
                 struct facts *out)
{
    struct verdict verdicts[MODEL_HEADS_MAX];
    judge_text(j, m, in, verdicts);
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
