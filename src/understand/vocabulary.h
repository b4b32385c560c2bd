/* vocabulary.h - which features a model shall know: those that stand in most of the training
 * texts first, each given a row (model_int.h says where it may stand). Threads: one at a time. */
#ifndef UNDERSTAND_VOCABULARY_H
#define UNDERSTAND_VOCABULARY_H

#include <stddef.h>
#include <stdint.h>

#include "understand/feature.h"

struct vocabulary {
    uint8_t *tags;  /* of each row; 0: free */
    uint8_t *codes; /* rarity, see model_rarity */
    uint32_t rows;
};

/* In how many texts each feature stands. */
struct feature_counts;

struct feature_counts *feature_counts_new(void);
void feature_counts_free(struct feature_counts *c);
/* Counts the features of one text, each once. */
void feature_counts_add(struct feature_counts *c, const struct feature *list, size_t n);

/* A table of at most max_rows rows, for the features in most texts first. base may be NULL; else
 * its rows stay as they are and only free ones are given away. */
void vocabulary_init(struct vocabulary *v, const struct feature_counts *c, uint32_t max_rows,
                     const struct vocabulary *base);
void vocabulary_deinit(struct vocabulary *v);

#endif
