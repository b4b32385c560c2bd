/* model.h - a trained model: heads (a question each, with its classes) over the features of
 * feature.h.
 *
 * The file is mapped, not read; weights are one signed byte each, and all weights of a feature lie
 * together, so that a text costs one cache line a feature for up to 62 columns of all heads.
 * Everything is checked once, when it is opened: sizes, names, numbers and a checksum over all
 * bytes. Threads: immutable, any number. */
#ifndef UNDERSTAND_MODEL_H
#define UNDERSTAND_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

enum {
    MODEL_HEADS_MAX = 16,
    MODEL_CLASSES_MAX = 400, /* of one head */
    MODEL_NAME_MAX = 64,     /* bytes of a head's or class's name */
    MODEL_FILE_MAX = 512 * 1024 * 1024
};

struct model_class {
    struct str name;
    float bias;
};

struct model_head {
    struct str name;
    const struct model_class *classes;
    int class_count;
    int index; /* among the model's heads */
    size_t
        column; /* of class 1; class 0 has no weights, it is what the others are measured against */
    float gain; /* makes scores into calibrated probabilities: softmax(gain * score + bias) */
};

struct model;

/* ERR_NOT_FOUND, ERR_INVALID (damaged, foreign, or made by a program that reads texts otherwise),
 * ERR_IO. */
enum err model_open(struct model **out, const char *path, struct errinfo *e) MUST_CHECK;
/* From a file's bytes, which are copied. */
enum err model_open_bytes(struct model **out, struct str bytes, struct errinfo *e) MUST_CHECK;
void model_close(struct model *m);

/* Tells one model from another. */
uint64_t model_fingerprint(const struct model *m);
/* Was a text of this likeness (examples.h) among those that the model was trained on? One in some
 * hundred thousand others is taken for such. */
bool model_has_seen(const struct model *m, uint64_t likeness);
int model_head_count(const struct model *m);
const struct model_head *model_head_at(const struct model *m, int i);
/* NULL when the model has no such head. */
const struct model_head *model_head_find(const struct model *m, struct str name);
/* Class by name, -1 when the head has none of that name. */
int model_class_find(const struct model_head *h, struct str name);

#endif
