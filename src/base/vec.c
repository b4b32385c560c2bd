/* vec.c - see vec.h. */
#include "base/vec.h"

#include <string.h>

#include "base/arena.h"
#include "base/log.h"

void vec_init(struct vec *v, struct arena *a, size_t item_size)
{
    *v = (struct vec){.arena = a, .size = item_size};
}

void *vec_push(struct vec *v)
{
    if (v->n == v->cap) {
        size_t cap = v->cap ? v->cap * 2 : 8;
        void *p = arena_array(v->arena, cap, v->size);
        if (v->n)
            memcpy(p, v->p, v->n * v->size);
        v->p = p;
        v->cap = cap;
    }
    return (char *)v->p + v->size * v->n++;
}

void *vec_at(const struct vec *v, size_t i)
{
    if (i >= v->n)
        log_fatal("base", "item %zu of %zu asked for", i, v->n);
    return (char *)v->p + v->size * i;
}
