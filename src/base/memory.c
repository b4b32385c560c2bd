/* memory.c - see memory.h. */
#include "base/memory.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

enum { TRY_AGAIN_MS = 250 };

static _Atomic(void *) reserve;
static atomic_size_t reserve_size;
static atomic_bool low;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* one thread gets it again */
static int64_t tried_at;

void memory_reserve(size_t bytes)
{
    atomic_store(&reserve_size, bytes);
    free(atomic_exchange(&reserve, malloc(bytes)));
    atomic_store(&low, atomic_load(&reserve) == NULL);
}

/* Gives the reserve back to the system, for the call that will be tried again. */
static void give_way(void)
{
    void *p = atomic_exchange(&reserve, NULL);
    free(p);
    if (p) {
        atomic_store(&low, true);
        log_error("base", "out of memory: new requests are refused until there is more");
    }
}

bool memory_low(void)
{
    if (!atomic_load(&low))
        return false;
    pthread_mutex_lock(&lock);
    if (atomic_load(&low) && clock_mono() - tried_at >= TRY_AGAIN_MS) {
        tried_at = clock_mono();
        void *p = malloc(atomic_load(&reserve_size));
        if (p) {
            atomic_store(&reserve, p);
            atomic_store(&low, false);
            log_info("base", "there is memory again");
        }
    }
    pthread_mutex_unlock(&lock);
    return atomic_load(&low);
}

bool memory_has(size_t bytes)
{
    void *volatile p = malloc(bytes); /* volatile, or the compiler drops the question */
    free(p);
    return p != NULL;
}

void memory_end(size_t wanted)
{
    log_error("base", "out of memory: %zu bytes wanted; ending, the next start goes on", wanted);
    _exit(1); /* handlers at the exit could want memory or a lock that this thread holds */
}

void *memory_bytes(size_t n)
{
    void *p = malloc(n ? n : 1);
    if (!p) {
        give_way();
        p = malloc(n ? n : 1);
    }
    if (!p)
        memory_end(n);
    return p;
}

void *memory_zeroed(size_t n, size_t size)
{
    void *p = calloc(n ? n : 1, size);
    if (!p) {
        give_way();
        p = calloc(n ? n : 1, size);
    }
    if (!p)
        memory_end(n * size);
    return p;
}

void *memory_try_resize(void *p, size_t n)
{
    void *q = realloc(p, n ? n : 1);
    if (!q) {
        give_way();
        q = realloc(p, n ? n : 1);
    }
    return q;
}

void *memory_resize(void *p, size_t n)
{
    void *q = memory_try_resize(p, n);
    if (!q)
        memory_end(n);
    return q;
}
