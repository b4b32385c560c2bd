/* kept.c - see kept.h: places by the hash of the key, each with one key and its bytes. */
#include "console/kept.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"

enum { BRANDS = 256 };

struct place {
    pthread_mutex_t lock;
    uint64_t generation;
    int64_t until; /* of clock_mono */
    size_t key_n, n, room;
    char *bytes; /* key, then what is kept */
};

struct kept {
    /* Two brands may share a counter: then a change of one makes the other's pages stale too. */
    atomic_uint_fast64_t brands[BRANDS], all;
    struct place places[KEPT_PLACES];
};

struct kept *kept_new(void)
{
    struct kept *k = calloc(1, sizeof *k);
    if (!k)
        log_fatal("console", "out of memory");
    for (size_t i = 0; i < KEPT_PLACES; i++)
        pthread_mutex_init(&k->places[i].lock, NULL);
    return k;
}

void kept_free(struct kept *k)
{
    if (!k)
        return;
    for (size_t i = 0; i < KEPT_PLACES; i++) {
        pthread_mutex_destroy(&k->places[i].lock);
        free(k->places[i].bytes);
    }
    free(k);
}

static size_t brand_slot(int64_t brand)
{
    return str_hash((struct str){(const char *)&brand, sizeof brand}) % BRANDS;
}

void kept_notice(struct kept *k, const struct notice *n)
{
    /* an agent may belong to several brands */
    if (!n->brand || n->topic == TOPIC_AGENT)
        atomic_fetch_add(&k->all, 1);
    else
        atomic_fetch_add(&k->brands[brand_slot(n->brand)], 1);
}

uint64_t kept_generation(const struct kept *k, int64_t brand)
{
    /* both only grow, so their sum stays the same only when both do */
    return atomic_load(&k->all) + atomic_load(&k->brands[brand_slot(brand)]);
}

static struct place *place_of(struct kept *k, struct str key)
{
    return &k->places[str_hash(key) % KEPT_PLACES];
}

bool kept_find(struct kept *k, uint64_t generation, struct str key, struct buf *out)
{
    struct place *p = place_of(k, key);
    int64_t now = clock_mono();
    pthread_mutex_lock(&p->lock);
    bool found = p->bytes && p->generation == generation && p->until > now && p->key_n == key.n &&
                 memcmp(p->bytes, key.p, key.n) == 0;
    if (found)
        buf_add(out, (struct str){p->bytes + p->key_n, p->n});
    pthread_mutex_unlock(&p->lock);
    return found;
}

void kept_put(struct kept *k, uint64_t generation, struct str key, struct str bytes)
{
    struct place *p = place_of(k, key);
    size_t need = key.n + bytes.n;
    if (need > KEPT_BYTES_MAX)
        return;
    pthread_mutex_lock(&p->lock);
    if (need > p->room || need < p->room / 4) {
        free(p->bytes);
        p->bytes = malloc(need);
        p->room = p->bytes ? need : 0;
    }
    if (p->bytes) {
        memcpy(p->bytes, key.p, key.n);
        memcpy(p->bytes + key.n, bytes.p, bytes.n);
        p->key_n = key.n;
        p->n = bytes.n;
        p->generation = generation;
        p->until = clock_mono() + KEPT_MS;
    }
    pthread_mutex_unlock(&p->lock);
}
