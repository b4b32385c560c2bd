/* map.h - text to pointer, in an arena; insertion order is kept for iteration. Threads: as its
 * arena. */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct arena;

struct map_entry {
    struct str key;
    void *value;
};

struct map {
    struct arena *arena;
    struct map_entry *entries; /* n of them, in order of insertion */
    size_t n, cap;
    uint32_t *slots; /* 0 = free, else index + 1 */
    size_t slot_count;
};

void map_init(struct map *m, struct arena *a);
/* NULL when absent. */
void *map_get(const struct map *m, struct str key);
/* Sets or replaces; the key's bytes must live as long as the map. */
void map_set(struct map *m, struct str key, void *value);

#endif
