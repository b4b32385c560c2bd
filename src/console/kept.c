/* kept.c - see kept.h: places by the hash of the key, each with one key and its bytes. */
#include "console/kept.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"

enum { BRANDS = 256 };

/* Immutable and counted, so that nobody copies a page while others wait for the place. */
struct entry {
    atomic_int users; /* the place counts as one */
    uint64_t generation;
    int64_t until; /* of clock_mono */
    size_t key_n, n;
    char bytes[]; /* key, then what is kept */
};

struct place {
    pthread_mutex_t lock;
    struct entry *entry;
};

static void release(struct entry *e)
{
    if (e && atomic_fetch_sub(&e->users, 1) == 1)
        free(e);
}

struct kept {
    /* Two brands may share a counter: then a change of one makes the other's pages stale too. */
    atomic_uint_fast64_t brands[BRANDS], all;
    struct place places[KEPT_PLACES];
};

struct kept *kept_new(void)
{
    struct kept *k = memory_zeroed(1, sizeof *k);
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
        release(k->places[i].entry);
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
    pthread_mutex_lock(&p->lock);
    struct entry *e = p->entry;
    if (e)
        atomic_fetch_add(&e->users, 1);
    pthread_mutex_unlock(&p->lock);
    bool found = e && e->generation == generation && e->until > clock_mono() &&
                 str_eq((struct str){e->bytes, e->key_n}, key);
    if (found)
        buf_add(out, (struct str){e->bytes + e->key_n, e->n});
    release(e);
    return found;
}

void kept_put(struct kept *k, uint64_t generation, struct str key, struct str bytes)
{
    struct place *p = place_of(k, key);
    size_t size = key.n + bytes.n;
    struct entry *e = size > KEPT_BYTES_MAX ? NULL : malloc(sizeof *e + size);
    if (!e)
        return;
    *e = (struct entry){1, generation, clock_mono() + KEPT_MS, key.n, bytes.n};
    memcpy(e->bytes, key.p, key.n);
    if (bytes.n)
        memcpy(e->bytes + key.n, bytes.p, bytes.n);
    pthread_mutex_lock(&p->lock);
    struct entry *before = p->entry;
    p->entry = e;
    pthread_mutex_unlock(&p->lock);
    release(before);
}
