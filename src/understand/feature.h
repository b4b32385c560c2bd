/* feature.h - a text as a set of hashed features: words alone, in pairs and in threes, words within
 * the reach of a negation or near the beginning or end, character sequences inside words, and the
 * shape of the post (who is addressed, signs, length, first and last words of sentences). Training
 * and judging read texts by this one function, so a model carries FEATURE_SET and is refused by a
 * program that reads texts otherwise. No word but the negations is treated specially: what a
 * feature means is learned. Threads: one at a time per struct features; a struct naming may
 * be shared once it is made. */
#ifndef UNDERSTAND_FEATURE_H
#define UNDERSTAND_FEATURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* Changes whenever the same text would give other features. */
#define FEATURE_SET UINT32_C(3)

/* Each block has its own length in a text's vector, so that short and long texts count alike. */
enum feature_block { FEATURE_WORDS, FEATURE_CHARS, FEATURE_SHAPE, FEATURE_BLOCKS };

struct feature {
    uint64_t hash;
    uint16_t count; /* how often it stands in the text */
    uint8_t block;  /* enum feature_block */
};

/* Where a feature was found, in tokens; first > last: nowhere in particular. */
struct feature_place {
    uint32_t feature;
    uint16_t first, last;
};

struct naming;
struct features;

struct features *features_new(void);
void features_free(struct features *f);

/* Reads the text; brand may be NULL (it is not told whom the post may be about). With places the
 * features' places are kept, too. What was found is valid until the next reading. */
void features_read(struct features *f, struct str text, const struct naming *brand, bool places);

const struct feature *features_list(const struct features *f, size_t *n);
const struct feature_place *features_places(const struct features *f, size_t *n);
/* Letters outside links, 0 when they are all the same one: then there is nothing to judge. */
size_t features_letters(const struct features *f);
/* Bytes of the text that token i covers. */
void features_token(const struct features *f, size_t i, uint32_t *from, uint32_t *to);
size_t features_token_count(const struct features *f);

/* What a feature that stands count times in a text weighs against one that stands once. */
float feature_count_weight(unsigned count);

#endif
