/* vec.h - growing array of equal items in an arena. Pushing may move the items: keep indexes, not
 * pointers, until it is complete. Threads: as its arena. */
#ifndef BASE_VEC_H
#define BASE_VEC_H

#include <stddef.h>

struct arena;

struct vec {
    struct arena *arena;
    void *p;
    size_t n, cap, size;
};

void vec_init(struct vec *v, struct arena *a, size_t item_size);
/* The new last item, zeroed. */
void *vec_push(struct vec *v) __attribute__((returns_nonnull));
void *vec_at(const struct vec *v, size_t i);

#endif
