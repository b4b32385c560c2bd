/* model_int.h - the layout of a model file, shared by what reads, judges by and writes it. Little
 * endian.
 *
 *   header     64 bytes, struct model_header
 *   heads      for each: name, u16 classes, f32 gain, then for each class: name, f32 bias
 *              (a name is one byte length and its bytes); zeros up to a multiple of 64
 *   rows       rows * stride bytes: tag, codes (rarity << 4 | scale), one int8 a column, zeros
 *   seen       u32 each, ascending, an even number of them: what texts were trained on (struct
 *              example, likeness, lower half)
 *
 * A feature's row is one of the four of its set; the tag tells which. A feature that is in none was
 * never seen in training, or was too rare for a row, and counts for nothing. */
#ifndef UNDERSTAND_MODEL_INT_H
#define UNDERSTAND_MODEL_INT_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "understand/feature.h"
#include "understand/model.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "model files are mapped as they are");

enum {
    MODEL_FORMAT = 2,
    MODEL_SET = 4,      /* rows a feature may stand in */
    MODEL_ROW_HEAD = 2, /* tag and codes */
    MODEL_STRIDE_UNIT = 16,
    MODEL_ROWS_MAX = 1 << 24,
    MODEL_STRIDE_MAX = 8192,
    MODEL_COLUMNS_MAX = MODEL_STRIDE_MAX - MODEL_ROW_HEAD,
    MODEL_CODES = 16
};

struct model_header {
    char magic[8];
    uint32_t format, feature_set;
    uint32_t rows, stride, heads, heads_size;
    uint64_t file_size;
    uint64_t checksum; /* of all bytes, with this field 0 */
    float scale; /* weight of 127 in a row with scale code 0; each code more divides by sqrt 2 */
    float blocks[FEATURE_BLOCKS];
};
_Static_assert(sizeof(struct model_header) == 64, "rows stay aligned");

struct model {
    const unsigned char *bytes; /* the whole file */
    size_t size;
    uint64_t checksum;
    const int8_t *table;
    const uint32_t *seen;
    size_t seen_count;
    uint32_t rows;
    size_t stride;
    float scales[MODEL_CODES]; /* of one step of a weight, by scale code */
    float blocks[FEATURE_BLOCKS];
    struct model_head *heads;
    int head_count;
    void *memory; /* names and classes */
    bool mapped;
};

static const char model_magic[8] = {'Z', 'U', 'R', 'U', 'F', 'M', 'D', 'L'};

uint64_t model_checksum(const unsigned char *p, size_t n);
/* The order of what was seen, for qsort and bsearch. */
int model_compare_seen(const void *a, const void *b);

static inline uint8_t model_tag(uint64_t hash)
{
    uint8_t tag = (uint8_t)(hash >> 56);
    return tag ? tag : 1;
}

/* First of the rows that a feature may stand in. */
static inline size_t model_set(uint64_t hash, uint32_t rows)
{
    return (hash >> 8) & (rows - 1) & ~(size_t)(MODEL_SET - 1);
}

/* The row of a feature, or SIZE_MAX. tags: the tag of each row, stride bytes apart. */
static inline size_t model_row(const uint8_t *tags, size_t stride, uint32_t rows, uint64_t hash)
{
    uint8_t tag = model_tag(hash);
    size_t row = model_set(hash, rows);
    for (size_t end = row + MODEL_SET; row < end; row++)
        if (tags[row * stride] == tag)
            return row;
    return SIZE_MAX;
}

/* How much rarer features count for more; code 0..15. */
static inline float model_rarity(unsigned code)
{
    return 1.0F + 0.75F * (float)code;
}

/* What a feature counts before its block is brought to length 1; shapes count what they are. */
static inline float model_value(const struct feature *f, unsigned rarity)
{
    float v = feature_count_weight(f->count);
    return f->block == FEATURE_SHAPE ? v : v * model_rarity(rarity);
}

static inline float model_block_factor(enum feature_block b, float block, float squares)
{
    if (b == FEATURE_SHAPE)
        return block;
    return squares > 0 ? block / sqrtf(squares) : 0;
}

#endif
