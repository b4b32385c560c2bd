/* map.c - open addressing over an ordered array; see map.h. */
#include "base/map.h"

#include <string.h>

#include "base/arena.h"

void map_init(struct map *m, struct arena *a)
{
    *m = (struct map){.arena = a};
}

static uint32_t *slot_of(const struct map *m, struct str key)
{
    size_t mask = m->slot_count - 1;
    for (size_t i = (size_t)str_hash(key) & mask;; i = (i + 1) & mask) {
        uint32_t *s = &m->slots[i];
        if (!*s || str_eq(m->entries[*s - 1].key, key))
            return s;
    }
}

void *map_get(const struct map *m, struct str key)
{
    if (!m->slot_count)
        return NULL;
    uint32_t *s = slot_of(m, key);
    return *s ? m->entries[*s - 1].value : NULL;
}

static void grow(struct map *m)
{
    size_t cap = m->cap ? m->cap * 2 : 8;
    struct map_entry *entries = arena_array(m->arena, cap, sizeof *entries);
    if (m->n)
        memcpy(entries, m->entries, m->n * sizeof *entries);
    m->entries = entries;
    m->cap = cap;
    m->slot_count = cap * 2;
    m->slots = arena_array(m->arena, m->slot_count, sizeof *m->slots);
    for (size_t i = 0; i < m->n; i++)
        *slot_of(m, entries[i].key) = (uint32_t)i + 1;
}

void map_set(struct map *m, struct str key, void *value)
{
    if (m->n == m->cap)
        grow(m);
    uint32_t *s = slot_of(m, key);
    if (!*s) {
        m->entries[m->n++].key = key;
        *s = (uint32_t)m->n;
    }
    m->entries[*s - 1].value = value;
}
