/* bus.c - see bus.h. The list of listeners has one lock, each queue its own; both are held for
 * moments only. */
#include "bus/bus.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "base/log.h"
#include "base/memory.h"

struct bus_listener {
    struct bus *bus;
    struct bus_listener *next;
    unsigned topics;
    pthread_mutex_t lock;
    pthread_cond_t filled;
    struct notice *items; /* ring of max */
    size_t max, first, count;
    bool lost, ended;
};

struct bus {
    pthread_mutex_t lock;
    uint64_t overflows; /* under the lock */
    struct bus_listener *listeners;
    bool ended;
};

struct bus *bus_new(void)
{
    struct bus *b = memory_zeroed(1, sizeof *b);
    pthread_mutex_init(&b->lock, NULL);
    return b;
}

void bus_end(struct bus *b)
{
    pthread_mutex_lock(&b->lock);
    b->ended = true;
    for (struct bus_listener *l = b->listeners; l; l = l->next) {
        pthread_mutex_lock(&l->lock);
        l->ended = true;
        pthread_cond_signal(&l->filled);
        pthread_mutex_unlock(&l->lock);
    }
    pthread_mutex_unlock(&b->lock);
}

void bus_free(struct bus *b)
{
    if (!b)
        return;
    if (b->listeners)
        log_fatal("bus", "freed while somebody listens");
    pthread_mutex_destroy(&b->lock);
    free(b);
}

static void put(struct bus_listener *l, const struct notice *n)
{
    pthread_mutex_lock(&l->lock);
    if (l->count == l->max || n->topic == TOPIC_ALL) {
        /* what is kept is of no use without what is not: all of it will be read afresh */
        l->bus->overflows += l->count == l->max;
        l->lost = true;
        l->count = 0;
    }
    if (!l->lost)
        l->items[(l->first + l->count++) % l->max] = *n;
    pthread_cond_signal(&l->filled);
    pthread_mutex_unlock(&l->lock);
}

void bus_publish(struct bus *b, const struct notice *n)
{
    pthread_mutex_lock(&b->lock);
    for (struct bus_listener *l = b->listeners; l; l = l->next)
        if (l->topics & BUS_TOPIC(n->topic) || n->topic == TOPIC_ALL)
            put(l, n);
    pthread_mutex_unlock(&b->lock);
}

void bus_figures(struct bus *b, struct bus_figures *out)
{
    pthread_mutex_lock(&b->lock);
    *out = (struct bus_figures){.overflows = b->overflows};
    for (struct bus_listener *l = b->listeners; l; l = l->next) {
        pthread_mutex_lock(&l->lock);
        if (l->count > out->waiting)
            out->waiting = l->count;
        pthread_mutex_unlock(&l->lock);
    }
    pthread_mutex_unlock(&b->lock);
}

struct bus_listener *bus_subscribe(struct bus *b, unsigned topics, size_t max)
{
    struct bus_listener *l = memory_zeroed(1, sizeof *l);
    struct notice *items = memory_zeroed(max ? max : 1, sizeof *items);
    *l = (struct bus_listener){.bus = b, .topics = topics, .items = items, .max = max ? max : 1};
    pthread_mutex_init(&l->lock, NULL);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&l->filled, &attr);
    pthread_condattr_destroy(&attr);
    pthread_mutex_lock(&b->lock);
    l->ended = b->ended;
    l->next = b->listeners;
    b->listeners = l;
    pthread_mutex_unlock(&b->lock);
    return l;
}

void bus_unsubscribe(struct bus_listener *l)
{
    if (!l)
        return;
    pthread_mutex_lock(&l->bus->lock);
    struct bus_listener **at = &l->bus->listeners;
    while (*at != l)
        at = &(*at)->next;
    *at = l->next;
    pthread_mutex_unlock(&l->bus->lock);
    pthread_cond_destroy(&l->filled);
    pthread_mutex_destroy(&l->lock);
    free(l->items);
    free(l);
}

static bool nothing(const struct bus_listener *l)
{
    return !l->count && !l->lost && !l->ended;
}

static void wait_for_one(struct bus_listener *l, int64_t wait_ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += wait_ms / 1000;
    until.tv_nsec += wait_ms % 1000 * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    while (nothing(l))
        if (wait_ms < 0)
            pthread_cond_wait(&l->filled, &l->lock);
        else if (pthread_cond_timedwait(&l->filled, &l->lock, &until) != 0)
            return;
}

enum bus_result bus_next(struct bus_listener *l, int64_t wait_ms, struct notice *out)
{
    enum bus_result result = BUS_TIMEOUT;
    pthread_mutex_lock(&l->lock);
    if (wait_ms != 0)
        wait_for_one(l, wait_ms);
    if (l->lost) {
        l->lost = false;
        result = BUS_LOST;
    } else if (l->count) {
        *out = l->items[l->first];
        l->first = (l->first + 1) % l->max;
        l->count--;
        result = BUS_NOTICE;
    } else if (l->ended) {
        result = BUS_ENDED;
    }
    pthread_mutex_unlock(&l->lock);
    return result;
}
