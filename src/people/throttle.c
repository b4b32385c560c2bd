/* throttle.c - see throttle.h. A table of slots in sets of four; within a set the one that rested
 * longest goes. */
#include "people/throttle.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"

enum { SETS = 4096, WAYS = 4 };
#define LONGEST (15 * CLOCK_MINUTE)
#define FORGET_AFTER (60 * CLOCK_MINUTE)

struct entry {
    uint64_t key;
    int64_t last;
    int failures;
};

struct throttle {
    pthread_mutex_t lock;
    struct entry entries[SETS][WAYS];
};

struct throttle *throttle_new(void)
{
    struct throttle *t = memory_zeroed(1, sizeof *t);
    pthread_mutex_init(&t->lock, NULL);
    return t;
}

void throttle_free(struct throttle *t)
{
    if (!t)
        return;
    pthread_mutex_destroy(&t->lock);
    free(t);
}

static struct entry *find(struct throttle *t, uint64_t key)
{
    struct entry *set = t->entries[key % SETS];
    for (size_t i = 0; i < WAYS; i++)
        if (set[i].failures && set[i].key == key)
            return &set[i];
    return NULL;
}

static struct entry *oldest(struct throttle *t, uint64_t key)
{
    struct entry *set = t->entries[key % SETS], *found = set;
    for (size_t i = 1; i < WAYS; i++)
        if (!set[i].failures || (found->failures && set[i].last < found->last))
            found = &set[i];
    return found;
}

int64_t throttle_wait(struct throttle *t, struct str key, int free_tries, int64_t now)
{
    int64_t wait = 0;
    pthread_mutex_lock(&t->lock);
    struct entry *e = find(t, str_hash(key));
    if (e && now - e->last > FORGET_AFTER)
        e->failures = 0;
    if (e && e->failures >= free_tries) {
        int doublings = e->failures - free_tries;
        int64_t pause = doublings > 9 ? LONGEST : 2 * CLOCK_SECOND << doublings;
        if (pause > LONGEST)
            pause = LONGEST;
        wait = e->last + pause - now;
    }
    pthread_mutex_unlock(&t->lock);
    return wait > 0 ? wait : 0;
}

void throttle_failed(struct throttle *t, struct str key, int64_t now)
{
    uint64_t hash = str_hash(key);
    pthread_mutex_lock(&t->lock);
    struct entry *e = find(t, hash);
    if (!e) {
        e = oldest(t, hash);
        *e = (struct entry){.key = hash};
    }
    if (e->failures < 1000)
        e->failures++;
    e->last = now;
    pthread_mutex_unlock(&t->lock);
}

void throttle_passed(struct throttle *t, struct str key)
{
    pthread_mutex_lock(&t->lock);
    struct entry *e = find(t, str_hash(key));
    if (e)
        e->failures = 0;
    pthread_mutex_unlock(&t->lock);
}
