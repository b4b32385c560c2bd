/* arena.c - chunks of growing size in a list; see arena.h. */
#include "base/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"

enum { FIRST_CHUNK = 4096, LARGEST_CHUNK = 1 << 20, ALIGN = 16 };

struct arena_chunk {
    struct arena_chunk *next;
    size_t size, used;
    _Alignas(ALIGN) char data[];
};

struct arena_deferred {
    struct arena_deferred *next;
    void (*fn)(void *);
    void *p;
};

static void run_deferred(struct arena *a)
{
    while (a->deferred) {
        struct arena_deferred *d = a->deferred;
        a->deferred = d->next;
        d->fn(d->p);
    }
}

void arena_init(struct arena *a)
{
    *a = (struct arena){0};
}

void arena_deinit(struct arena *a)
{
    run_deferred(a);
    while (a->chunk) {
        struct arena_chunk *c = a->chunk;
        a->chunk = c->next;
        free(c);
    }
    a->used = 0;
}

void arena_clear(struct arena *a)
{
    run_deferred(a);
    struct arena_chunk *keep = a->chunk;
    if (keep) {
        for (struct arena_chunk *c = keep->next, *next; c; c = next) {
            next = c->next;
            free(c);
        }
        keep->next = NULL;
        keep->used = 0;
    }
    a->used = 0;
}

static struct arena_chunk *add_chunk(struct arena *a, size_t n)
{
    size_t size = a->chunk ? a->chunk->size * 2 : FIRST_CHUNK;
    if (size > LARGEST_CHUNK)
        size = LARGEST_CHUNK;
    if (size < n)
        size = n;
    struct arena_chunk *c = memory_bytes(sizeof *c + size);
    c->size = size;
    c->used = 0;
    c->next = a->chunk;
    a->chunk = c;
    return c;
}

void *arena_alloc(struct arena *a, size_t n)
{
    if (n > SIZE_MAX / 2)
        log_fatal("base", "impossible allocation of %zu bytes", n);
    size_t need = (n + (ALIGN - 1)) & ~(size_t)(ALIGN - 1);
    struct arena_chunk *c = a->chunk;
    if (!c || c->size - c->used < need)
        c = add_chunk(a, need);
    char *p = c->data + c->used;
    c->used += need;
    a->used += need;
    memset(p, 0, need);
    return p;
}

void *arena_array(struct arena *a, size_t n, size_t size)
{
    if (size && n > SIZE_MAX / 2 / size)
        log_fatal("base", "impossible array of %zu items", n);
    return arena_alloc(a, n * size);
}

struct str arena_str(struct arena *a, struct str s)
{
    char *p = arena_alloc(a, s.n + 1);
    if (s.n)
        memcpy(p, s.p, s.n);
    return (struct str){p, s.n};
}

struct str arena_strz(struct arena *a, const char *s)
{
    return arena_str(a, str_z(s));
}

struct str arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    if (n < 0)
        log_fatal("base", "bad format '%s'", fmt);
    char *p = arena_alloc(a, (size_t)n + 1);
    vsnprintf(p, (size_t)n + 1, fmt, again);
    va_end(again);
    return (struct str){p, (size_t)n};
}

struct str arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    struct str s = arena_vprintf(a, fmt, ap);
    va_end(ap);
    return s;
}

struct str arena_join(struct arena *a, const struct str *parts, size_t n, struct str between)
{
    size_t total = n ? between.n * (n - 1) : 0;
    for (size_t i = 0; i < n; i++)
        total += parts[i].n;
    char *p = arena_alloc(a, total + 1), *w = p;
    for (size_t i = 0; i < n; i++) {
        if (i && between.n) {
            memcpy(w, between.p, between.n);
            w += between.n;
        }
        if (parts[i].n) {
            memcpy(w, parts[i].p, parts[i].n);
            w += parts[i].n;
        }
    }
    return (struct str){p, total};
}

void arena_defer(struct arena *a, void (*fn)(void *p), void *p)
{
    struct arena_deferred *d = ARENA_NEW(a, struct arena_deferred);
    *d = (struct arena_deferred){.next = a->deferred, .fn = fn, .p = p};
    a->deferred = d;
}
