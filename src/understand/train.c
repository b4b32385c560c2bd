/* train.c - see train.h. The steps: count features, choose the vocabulary, make vectors, fit once
 * without a seventh of the texts to calibrate on them, fit on all, write.
 *
 * Starting from a base model keeps its rows, and its scores enter the new problem as further
 * features of each text. As everything is linear, what is learned about them is added into the rows
 * afterwards, so that a model made from a base is as small and as fast as any other. */
#include "understand/train.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/memory.h"
#include "understand/calibrate.h"
#include "understand/descent.h"
#include "understand/model_int.h"
#include "understand/pack.h"
#include "understand/vocabulary.h"

enum {
    ROWS_MAX = 1 << 18,
    WEIGHTS_MAX = 1 << 24, /* rows times classes: bounds the memory */
    BASE_CLASSES_MAX = 64, /* above, what a base knows does not help */
    SEEN_MOST = 10,        /* nor where more than one in so many texts was seen by it */
    HELD_OUT = 7,          /* one in so many texts is kept for calibrating */
    CALIBRATE_MIN = 100,
    MIX_COLUMNS_MAX = 64 /* above, a mix of all heads costs more than it helps */
};
static const float BLOCKS[FEATURE_BLOCKS] = {1.0F, 1.0F, 0.1F};
static const float BASE_SPREAD = 0.5F; /* what a base's score varies as a feature */
static const float MIX_START = 2.0F;   /* log odds of a score's 1, roughly */

struct trainer {
    const struct examples *ex;
    const struct train_options *options;
    const struct model *base; /* NULL: from nothing */
    struct arena arena;
    struct features *features;
    struct vocabulary vocabulary;
    struct problem problem;
    size_t entries_cap;
    size_t base_columns;
    float base_scale[MODEL_HEADS_MAX * BASE_CLASSES_MAX];
    const struct example **rows;
    const bool *known; /* rows of the table that a vector may have; NULL: all */
};

static const struct example *row_at(const struct trainer *t, size_t i)
{
    return examples_row(t->ex, t->options->rows ? t->options->rows[i] : i);
}

static size_t row_count(const struct trainer *t)
{
    return t->options->rows ? t->options->row_count : t->ex->rows.n;
}

static bool has_label(const struct examples *ex, const struct example *row)
{
    for (int h = 0; h < ex->head_count; h++)
        if (row->labels[h] >= 0)
            return true;
    return false;
}

/* Texts without a label take no part. */
static void choose_rows(struct trainer *t)
{
    size_t n = row_count(t), at = 0;
    t->rows = arena_array(&t->arena, n + 1, sizeof *t->rows);
    for (size_t i = 0; i < n; i++)
        if (has_label(t->ex, row_at(t, i)))
            t->rows[at++] = row_at(t, i);
    t->problem.sample_count = at;
}

static enum err lay_out_heads(struct trainer *t, struct errinfo *e)
{
    struct problem *p = &t->problem;
    p->head_count = t->ex->head_count;
    for (int h = 0; h < p->head_count; h++) {
        size_t classes = t->ex->heads[h].classes.n, met = 0;
        bool *seen = arena_array(&t->arena, classes + 1, sizeof *seen);
        for (size_t i = 0; i < t->problem.sample_count; i++) {
            int label = t->rows[i]->labels[h];
            if (label >= 0 && !seen[label]) {
                seen[label] = true;
                met++;
            }
        }
        if (met < 2)
            return err_set(e, ERR_INVALID, "--head",
                           "head \"%.*s\" has %zu different labels, at least 2 are wanted",
                           STR_FMT(t->ex->heads[h].name), met);
        p->heads[h] = (struct span){p->columns, classes};
        p->columns += classes;
    }
    if (p->columns - (size_t)p->head_count > MODEL_COLUMNS_MAX)
        return err_set(e, ERR_LIMIT, "--head", "more than %d classes in all", MODEL_COLUMNS_MAX);
    return ERR_OK;
}

/* What the fit keeps for each label grows with the classes of its head. */
static enum err check_duals(const struct trainer *t, struct errinfo *e)
{
    const struct problem *p = &t->problem;
    size_t duals = 0;
    for (size_t i = 0; i < p->sample_count; i++)
        for (int h = 0; h < p->head_count; h++)
            duals += t->rows[i]->labels[h] < 0 ? 0 : p->heads[h].count;
    if (duals > DESCENT_DUALS_MAX)
        return err_set(e, ERR_LIMIT, "--head",
                       "labels times the classes of their heads are %zu, at most %d can be trained "
                       "on: give fewer rows or heads",
                       duals, DESCENT_DUALS_MAX);
    return ERR_OK;
}

static void choose_vocabulary(struct trainer *t)
{
    const struct model *base = t->base;
    struct feature_counts *counts = feature_counts_new();
    for (size_t i = 0; i < t->problem.sample_count; i++) {
        size_t n;
        features_read(t->features, t->rows[i]->text, t->rows[i]->brand, false);
        const struct feature *list = features_list(t->features, &n);
        feature_counts_add(counts, list, n);
    }
    uint32_t most = ROWS_MAX;
    while (most > MODEL_SET && (uint64_t)most * t->problem.columns > WEIGHTS_MAX)
        most /= 2;
    struct vocabulary from = {0};
    if (base) {
        from.rows = base->rows;
        from.tags = arena_alloc(&t->arena, base->rows);
        from.codes = arena_alloc(&t->arena, base->rows);
        for (size_t r = 0; r < base->rows; r++) {
            from.tags[r] = (uint8_t)base->table[r * base->stride];
            from.codes[r] = (uint8_t)base->table[r * base->stride + 1] >> 4;
        }
    }
    vocabulary_init(&t->vocabulary, counts, most, base ? &from : NULL);
    feature_counts_free(counts);
}

static void add_entry(struct trainer *t, size_t at, uint32_t row, float value)
{
    struct problem *p = &t->problem;
    if (at == t->entries_cap) {
        t->entries_cap = t->entries_cap ? t->entries_cap * 2 : 1 << 16;
        p->entries = memory_resize(p->entries, t->entries_cap * sizeof *p->entries);
    }
    p->entries[at] = (struct entry){row, value};
}

/* The vector of one text; returns where the next one starts. */
static size_t make_vector(struct trainer *t, const struct example *ex, size_t at)
{
    size_t n, first = at;
    float squares[FEATURE_BLOCKS] = {0}, factor[FEATURE_BLOCKS];
    uint8_t blocks[1 << 15];
    features_read(t->features, ex->text, ex->brand, false);
    const struct feature *list = features_list(t->features, &n);
    for (size_t i = 0; i < n && at - first < sizeof blocks; i++) {
        size_t row = model_row(t->vocabulary.tags, 1, t->vocabulary.rows, list[i].hash);
        if (row == SIZE_MAX || (t->known && !t->known[row]))
            continue;
        float v = model_value(&list[i], t->vocabulary.codes[row]);
        squares[list[i].block] += v * v;
        blocks[at - first] = list[i].block;
        add_entry(t, at++, (uint32_t)row, v);
    }
    for (int b = 0; b < FEATURE_BLOCKS; b++)
        factor[b] = model_block_factor((enum feature_block)b, BLOCKS[b], squares[b]);
    for (size_t i = first; i < at; i++)
        t->problem.entries[i].value *= factor[blocks[i - first]];
    return at;
}

/* Scores of the base's columns for the entries. */
static void base_scores(const struct trainer *t, const struct entry *x, size_t n, float *out)
{
    const struct model *m = t->base;
    memset(out, 0, t->base_columns * sizeof *out);
    for (size_t i = 0; i < n; i++) {
        const int8_t *row = m->table + x[i].row * m->stride;
        float by = x[i].value * m->scales[(uint8_t)row[1] & 15];
        for (size_t c = 0; c < t->base_columns; c++)
            out[c] += by * (float)row[MODEL_ROW_HEAD + c];
    }
}

static size_t add_base_entries(struct trainer *t, const struct example *ex, size_t first, size_t at)
{
    float scores[MODEL_HEADS_MAX * BASE_CLASSES_MAX];
    base_scores(t, t->problem.entries + first, at - first, scores);
    if (model_has_seen(t->base, ex->likeness))
        memset(scores, 0, t->base_columns * sizeof *scores);
    for (size_t c = 0; c < t->base_columns; c++)
        add_entry(t, at++, (uint32_t)(t->vocabulary.rows + c), scores[c]);
    return at;
}

/* Brings the base's scores to a like spread, so that none is trusted more only because it is large.
 */
static void scale_base_entries(struct trainer *t)
{
    struct problem *p = &t->problem;
    for (size_t c = 0; c < t->base_columns; c++) {
        double squares = 1e-6;
        for (size_t i = 0; i < p->sample_count; i++) {
            float v =
                p->entries[p->samples[i].first + p->samples[i].count - t->base_columns + c].value;
            squares += (double)v * (double)v;
        }
        t->base_scale[c] = BASE_SPREAD / (float)sqrt(squares / (double)p->sample_count);
        for (size_t i = 0; i < p->sample_count; i++)
            p->entries[p->samples[i].first + p->samples[i].count - t->base_columns + c].value *=
                t->base_scale[c];
    }
}

static void make_vectors(struct trainer *t)
{
    struct problem *p = &t->problem;
    p->samples = arena_array(&t->arena, p->sample_count + 1, sizeof *p->samples);
    size_t at = 0;
    for (size_t i = 0; i < p->sample_count; i++) {
        struct sample *s = &p->samples[i];
        s->first = at;
        at = make_vector(t, t->rows[i], at);
        if (t->base_columns)
            at = add_base_entries(t, t->rows[i], s->first, at);
        s->count = at - s->first;
        for (int h = 0; h < MODEL_HEADS_MAX; h++)
            s->labels[h] = h < p->head_count ? t->rows[i]->labels[h] : -1;
    }
    if (t->base_columns)
        scale_base_entries(t);
    p->rows = t->vocabulary.rows + (uint32_t)t->base_columns;
}

/* What was learned about the base's scores goes into the rows. */
static void fold_base(struct trainer *t, struct weights *w)
{
    const struct model *m = t->base;
    struct problem *p = &t->problem;
    for (size_t r = 0; t->base_columns && r < t->vocabulary.rows; r++) {
        const int8_t *row = m->table + r * m->stride;
        float scale = m->scales[(uint8_t)row[1] & 15];
        for (size_t b = 0; b < t->base_columns; b++) {
            float by = scale * (float)row[MODEL_ROW_HEAD + b] * t->base_scale[b];
            const float *learned = w->w + (t->vocabulary.rows + b) * p->columns;
            for (size_t c = 0; by != 0 && c < p->columns; c++)
                w->w[r * p->columns + c] += by * learned[c];
        }
    }
    p->rows = t->vocabulary.rows;
}

static bool is_held_out(const struct example *row)
{
    return row->likeness % HELD_OUT == 0;
}

static void fit(struct trainer *t, struct weights *w, bool without_held_out)
{
    size_t n = 0;
    uint32_t *order = arena_array(&t->arena, t->problem.sample_count + 1, sizeof *order);
    for (size_t i = 0; i < t->problem.sample_count; i++)
        if (!without_held_out || !is_held_out(t->rows[i]))
            order[n++] = (uint32_t)i;
    weights_init(w, &t->problem);
    descent_run(&t->problem, w, order, n);
}

/* What the scores of all heads need to become probabilities: a gain for each head, or for a
 * question of two classes a mix of all columns. */
struct calibrations {
    float gain[MODEL_HEADS_MAX];
    float *mix[MODEL_HEADS_MAX]; /* NULL: the head's own scores */
    float bias[MODEL_HEADS_MAX]; /* of a mix */
};

/* The rows of the table that would be there without the texts held out. */
static const bool *known_rows(struct trainer *t)
{
    const struct problem *p = &t->problem;
    bool *known = arena_array(&t->arena, p->rows, sizeof *known);
    for (size_t r = 0; t->base && r < t->base->rows; r++)
        known[r] = t->base->table[r * t->base->stride] != 0;
    for (size_t i = 0; i < p->sample_count; i++)
        for (size_t k = 0; !is_held_out(t->rows[i]) && k < p->samples[i].count; k++)
            known[p->entries[p->samples[i].first + k].row] = true;
    return known;
}

/* The texts held out as a model that never saw them reads them: what only they have is unknown to
 * it and leaves the rest of their vectors longer. */
static struct sample *read_as_new(struct trainer *t, size_t *count)
{
    struct problem *p = &t->problem;
    size_t at = p->samples[p->sample_count - 1].first + p->samples[p->sample_count - 1].count;
    struct sample *out = arena_array(&t->arena, p->sample_count, sizeof *out);
    *count = 0;
    t->known = known_rows(t);
    for (size_t i = 0; i < p->sample_count; i++) {
        if (!is_held_out(t->rows[i]))
            continue;
        struct sample *s = &out[(*count)++];
        *s = p->samples[i];
        s->first = at;
        at = make_vector(t, t->rows[i], at);
        if (t->base_columns)
            at = add_base_entries(t, t->rows[i], s->first, at);
        s->count = at - s->first;
        for (size_t c = 0; c < t->base_columns; c++)
            p->entries[at - t->base_columns + c].value *= t->base_scale[c];
    }
    t->known = NULL;
    return out;
}

/* Scores of those samples that have a label of this head. */
static size_t scores_of(const struct problem *p, const struct weights *w, int head,
                        const struct sample *s, size_t count, struct span columns, float *scores,
                        int16_t *labels)
{
    float all[MODEL_COLUMNS_MAX + MODEL_HEADS_MAX];
    size_t n = 0;
    for (; count > 0; count--, s++) {
        if (s->labels[head] < 0)
            continue;
        descent_score(p, w, s, all);
        memcpy(scores + n * columns.count, all + columns.from, columns.count * sizeof *scores);
        labels[n++] = s->labels[head];
    }
    return n;
}

static bool is_mixed(const struct problem *p, int head)
{
    return p->heads[head].count == 2 && p->columns <= MIX_COLUMNS_MAX;
}

static void calibrate_heads(struct trainer *t, struct calibrations *out)
{
    const struct problem *p = &t->problem;
    *out = (struct calibrations){0};
    for (int h = 0; h < p->head_count; h++)
        out->gain[h] = 1;
    if (p->sample_count < CALIBRATE_MIN)
        return;
    struct weights w;
    fit(t, &w, true);
    size_t held_out, widest = 0;
    const struct sample *samples = read_as_new(t, &held_out);
    for (int h = 0; h < p->head_count; h++) {
        size_t wanted = is_mixed(p, h) ? p->columns : p->heads[h].count;
        widest = wanted > widest ? wanted : widest;
    }
    float *scores = memory_zeroed(held_out * widest + 1, sizeof *scores);
    int16_t *labels = memory_zeroed(held_out + 1, sizeof *labels);
    for (int h = 0; h < p->head_count; h++) {
        struct span span = p->heads[h], all = {0, p->columns};
        size_t n =
            scores_of(p, &w, h, samples, held_out, is_mixed(p, h) ? all : span, scores, labels);
        if (!is_mixed(p, h)) {
            out->gain[h] = calibrate_gain(scores, labels, n, span.count);
            continue;
        }
        out->mix[h] = arena_array(&t->arena, p->columns, sizeof(float));
        out->mix[h][span.from] = -MIX_START;
        out->mix[h][span.from + 1] = MIX_START;
        out->bias[h] = calibrate_mix(scores, labels, n, p->columns, out->mix[h]);
    }
    free(scores);
    free(labels);
    weights_deinit(&w);
}

static void mix_row(const struct problem *p, const struct calibrations *c, float *row)
{
    float own[MODEL_HEADS_MAX];
    for (int h = 0; h < p->head_count; h++) {
        own[h] = 0;
        for (size_t k = 0; c->mix[h] && k < p->columns; k++)
            own[h] += c->mix[h][k] * row[k];
    }
    for (int h = 0; h < p->head_count; h++)
        if (c->mix[h]) {
            row[p->heads[h].from] = 0;
            row[p->heads[h].from + 1] = own[h];
        }
}

/* As everything is linear, the mixes go into the weights, and a model with them is as small and as
 * fast as one without. */
static void fold_mixes(const struct problem *p, const struct calibrations *c, struct weights *w)
{
    for (size_t r = 0; r < p->rows; r++)
        mix_row(p, c, w->w + r * p->columns);
    mix_row(p, c, w->bias);
    for (int h = 0; h < p->head_count; h++)
        if (c->mix[h])
            w->bias[p->heads[h].from + 1] += c->bias[h];
}

/* The texts that this model has seen: its own and those of its base. */
static const uint32_t *list_seen(struct trainer *t, size_t *count)
{
    const struct model *base = t->base;
    size_t n = 0, kept = 0;
    uint32_t *seen = arena_array(
        &t->arena, t->problem.sample_count + (base ? base->seen_count : 0) + 1, sizeof *seen);
    for (size_t i = 0; i < t->problem.sample_count; i++)
        seen[n++] = (uint32_t)t->rows[i]->likeness;
    for (size_t i = 0; base && i < base->seen_count; i++)
        seen[n++] = base->seen[i];
    qsort(seen, n, sizeof *seen, model_compare_seen);
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || seen[kept - 1] != seen[i])
            seen[kept++] = seen[i];
    *count = kept;
    return seen;
}

/* A base that was trained on these very texts knows them better than any other text, so what it
 * says of them would be trusted too far. Its rows bound the memory as those of a new table do. */
static void choose_base(struct trainer *t)
{
    const struct model *base = t->options->base;
    size_t columns = 0, seen = 0;
    for (int h = 0; base && h < model_head_count(base); h++)
        columns += (size_t)model_head_at(base, h)->class_count - 1;
    for (size_t i = 0; base && i < t->problem.sample_count; i++)
        seen += model_has_seen(base, t->rows[i]->likeness);
    if (!base)
        return;
    enum train_start start = TRAIN_FROM_BASE;
    if (t->problem.columns > BASE_CLASSES_MAX || columns > MODEL_HEADS_MAX * BASE_CLASSES_MAX ||
        (uint64_t)base->rows * t->problem.columns > WEIGHTS_MAX)
        start = TRAIN_BASE_TOO_LARGE;
    else if (seen * SEEN_MOST > t->problem.sample_count)
        start = TRAIN_BASE_KNOWS_TEXTS;
    if (t->options->start)
        *t->options->start = start;
    if (start != TRAIN_FROM_BASE)
        return;
    t->base = base;
    t->base_columns = columns;
}

enum err train_model(const struct examples *ex, const struct train_options *options,
                     struct buf *out, struct errinfo *e)
{
    struct trainer t = {.ex = ex, .options = options};
    struct calibrations calibrations;
    struct weights w;
    arena_init(&t.arena);
    choose_rows(&t);
    enum err err = lay_out_heads(&t, e);
    if (err == ERR_OK)
        err = check_duals(&t, e);
    if (err != ERR_OK)
        goto out;
    t.features = features_new();
    choose_base(&t);
    choose_vocabulary(&t);
    make_vectors(&t);
    calibrate_heads(&t, &calibrations);
    fit(&t, &w, false);
    fold_mixes(&t.problem, &calibrations, &w);
    fold_base(&t, &w);
    size_t seen_count;
    const uint32_t *seen = list_seen(&t, &seen_count);
    pack_model(ex, &t.problem, &w, calibrations.gain, &t.vocabulary, BLOCKS, seen, seen_count, out);
    if (!buf_ok(out))
        err = err_set(e, ERR_LIMIT, "--out", "the model would be larger than %zu bytes", out->max);
    weights_deinit(&w);
    vocabulary_deinit(&t.vocabulary);
    features_free(t.features);
    free(t.problem.entries);
out:
    arena_deinit(&t.arena);
    return err;
}
