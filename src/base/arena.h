/* arena.h - memory that lives as long as one request, job or batch.
 *
 * An arena hands out zeroed memory that is given back all at once. Foreign handles that must be
 * closed with it are registered by arena_defer and run in reverse order. Sizes are capped before
 * anything reaches an arena; what happens without memory says memory.h. Threads: an arena
 * belongs to one thread at a time. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

#include "base/str.h"

struct arena_chunk;
struct arena_deferred;

struct arena {
    struct arena_chunk *chunk;
    struct arena_deferred *deferred;
    size_t used; /* bytes handed out since the last clear */
};

/* Starts an empty arena; allocates nothing yet. */
void arena_init(struct arena *a);
/* Runs what was deferred, then frees everything. The arena may be used again after arena_init. */
void arena_deinit(struct arena *a);
/* As deinit, but keeps one chunk, so that a loop does not allocate for each turn. */
void arena_clear(struct arena *a);

/* Zeroed memory, aligned for any type. n may be 0. */
void *arena_alloc(struct arena *a, size_t n) __attribute__((returns_nonnull, malloc));
/* n items of the given size; aborts on overflow. */
void *arena_array(struct arena *a, size_t n, size_t size) __attribute__((returns_nonnull, malloc));
/* A copy that ends with a NUL behind the counted bytes. */
struct str arena_str(struct arena *a, struct str s);
struct str arena_strz(struct arena *a, const char *s);
struct str arena_printf(struct arena *a, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
struct str arena_vprintf(struct arena *a, const char *fmt, va_list ap);
/* The joined pieces; NUL behind. */
struct str arena_join(struct arena *a, const struct str *parts, size_t n, struct str between);

/* fn(p) runs when the arena is cleared or ends, last registered first. */
void arena_defer(struct arena *a, void (*fn)(void *p), void *p);

#define ARENA_NEW(a, type) ((type *)arena_alloc((a), sizeof(type)))

#endif
