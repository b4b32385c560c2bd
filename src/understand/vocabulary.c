/* vocabulary.c - see vocabulary.h. */
#include "understand/vocabulary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "understand/model_int.h"

enum { FIRST_SLOTS = 1 << 16 };

struct count {
    uint64_t hash; /* 0: free */
    uint32_t texts;
};

struct feature_counts {
    struct count *slots;
    size_t slot_count, used;
    size_t texts;
};

struct feature_counts *feature_counts_new(void)
{
    struct feature_counts *c = memory_zeroed(1, sizeof *c);
    c->slot_count = FIRST_SLOTS;
    c->slots = memory_zeroed(c->slot_count, sizeof *c->slots);
    return c;
}

void feature_counts_free(struct feature_counts *c)
{
    if (!c)
        return;
    free(c->slots);
    free(c);
}

static struct count *find(const struct feature_counts *c, uint64_t hash)
{
    size_t at = hash & (c->slot_count - 1);
    while (c->slots[at].hash && c->slots[at].hash != hash)
        at = (at + 1) & (c->slot_count - 1);
    return &c->slots[at];
}

static void grow(struct feature_counts *c)
{
    struct feature_counts larger = {
        .slot_count = c->slot_count * 2, .used = c->used, .texts = c->texts};
    larger.slots = memory_zeroed(larger.slot_count, sizeof *larger.slots);
    for (size_t i = 0; i < c->slot_count; i++)
        if (c->slots[i].hash)
            *find(&larger, c->slots[i].hash) = c->slots[i];
    free(c->slots);
    *c = larger;
}

void feature_counts_add(struct feature_counts *c, const struct feature *list, size_t n)
{
    c->texts++;
    for (size_t i = 0; i < n; i++) {
        uint64_t hash = list[i].hash ? list[i].hash : 1;
        struct count *k = find(c, hash);
        if (!k->hash) {
            if (c->used * 3 > c->slot_count * 2) {
                grow(c);
                k = find(c, hash);
            }
            k->hash = hash;
            c->used++;
        }
        k->texts++;
    }
}

static int by_frequency(const void *a, const void *b)
{
    const struct count *x = a, *y = b;
    if (x->texts != y->texts)
        return x->texts < y->texts ? 1 : -1;
    return x->hash < y->hash ? -1 : x->hash > y->hash;
}

static uint8_t rarity_code(uint32_t texts, size_t all)
{
    float idf = logf((1.0F + (float)all) / (1.0F + (float)texts)) + 1;
    float code = roundf((idf - model_rarity(0)) / (model_rarity(1) - model_rarity(0)));
    return (uint8_t)fminf(fmaxf(code, 0), MODEL_CODES - 1);
}

/* Gives a row to the feature unless it has one or its set is full. */
static void place(struct vocabulary *v, uint64_t hash, uint8_t code)
{
    if (model_row(v->tags, 1, v->rows, hash) != SIZE_MAX)
        return;
    size_t row = model_set(hash, v->rows);
    for (size_t end = row + MODEL_SET; row < end; row++)
        if (!v->tags[row]) {
            v->tags[row] = model_tag(hash);
            v->codes[row] = code;
            return;
        }
}

void vocabulary_init(struct vocabulary *v, const struct feature_counts *c, uint32_t max_rows,
                     const struct vocabulary *base)
{
    struct count *list = memory_bytes((c->used + 1) * sizeof *list);
    size_t n = 0;
    for (size_t i = 0; i < c->slot_count; i++)
        if (c->slots[i].hash)
            list[n++] = c->slots[i];
    qsort(list, n, sizeof *list, by_frequency);
    v->rows = MODEL_SET;
    if (base)
        v->rows = base->rows;
    else
        while (v->rows < max_rows && v->rows < n + n / 3)
            v->rows *= 2;
    v->tags = memory_zeroed(v->rows, 1);
    v->codes = memory_zeroed(v->rows, 1);
    if (base) {
        memcpy(v->tags, base->tags, v->rows);
        memcpy(v->codes, base->codes, v->rows);
    }
    /* a quarter stays free for the features of models that start from this one */
    size_t most = base ? n : v->rows - v->rows / 4;
    for (size_t i = 0; i < n && i < most; i++)
        place(v, list[i].hash, rarity_code(list[i].texts, c->texts));
    free(list);
}

void vocabulary_deinit(struct vocabulary *v)
{
    free(v->tags);
    free(v->codes);
    *v = (struct vocabulary){0};
}
