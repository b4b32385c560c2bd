/* crowd.c - see crowd.h. A hash table of chains; an address without any has no entry. */
#include "http/crowd.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/rand.h"

enum { SLOTS = 4096 };

struct member {
    struct member *next;
    uint64_t high, low;
    int n;
};

struct crowd {
    pthread_mutex_t lock;
    int most;
    uint64_t salt; /* nobody can choose addresses that share a chain */
    struct member *slots[SLOTS];
};

struct crowd *crowd_new(int most)
{
    struct crowd *c = memory_zeroed(1, sizeof *c);
    c->most = most;
    c->salt = rand_u64() | 1;
    pthread_mutex_init(&c->lock, NULL);
    return c;
}

void crowd_free(struct crowd *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < SLOTS; i++)
        for (struct member *m = c->slots[i], *next; m; m = next) {
            next = m->next;
            free(m);
        }
    pthread_mutex_destroy(&c->lock);
    free(c);
}

/* Where the pointer to the member of that address stands, or would stand. */
static struct member **find(struct crowd *c, const struct in6_addr *address, struct member *key)
{
    memcpy(&key->high, address->s6_addr, 8);
    memcpy(&key->low, address->s6_addr + 8, 8);
    if (!IN6_IS_ADDR_V4MAPPED(address))
        key->low = 0;
    uint64_t hash = (key->high ^ c->salt) * UINT64_C(0x9e3779b97f4a7c15);
    hash = (hash ^ (hash >> 29) ^ key->low) * c->salt;
    struct member **at = &c->slots[(hash >> 40) % SLOTS];
    while (*at && ((*at)->high != key->high || (*at)->low != key->low))
        at = &(*at)->next;
    return at;
}

bool crowd_enter(struct crowd *c, const struct in6_addr *address)
{
    struct member key = {0};
    pthread_mutex_lock(&c->lock);
    struct member **at = find(c, address, &key);
    if (!*at) {
        *at = memory_bytes(sizeof **at);
        **at = key;
    }
    bool fits = (*at)->n < c->most;
    if (fits)
        (*at)->n++;
    pthread_mutex_unlock(&c->lock);
    return fits;
}

void crowd_leave(struct crowd *c, const struct in6_addr *address)
{
    struct member key = {0};
    pthread_mutex_lock(&c->lock);
    struct member **at = find(c, address, &key), *m = *at;
    if (m && --m->n == 0) {
        *at = m->next;
        free(m);
    }
    pthread_mutex_unlock(&c->lock);
}
