/* queue.c - ring buffer under one lock; see queue.h. */
#include "base/queue.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/memory.h"

struct queue {
    pthread_mutex_t lock;
    pthread_cond_t filled;
    void **items;
    size_t max, first, count;
    bool closed;
};

struct queue *queue_new(size_t max)
{
    struct queue *q = memory_zeroed(1, sizeof *q);
    void **items = memory_zeroed(max, sizeof *items);
    q->items = items;
    q->max = max;
    pthread_mutex_init(&q->lock, NULL);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&q->filled, &attr);
    pthread_condattr_destroy(&attr);
    return q;
}

void queue_free(struct queue *q)
{
    if (!q)
        return;
    pthread_cond_destroy(&q->filled);
    pthread_mutex_destroy(&q->lock);
    free(q->items);
    free(q);
}

enum err queue_push(struct queue *q, void *item)
{
    enum err err = ERR_OK;
    pthread_mutex_lock(&q->lock);
    if (q->closed) {
        err = ERR_CONFLICT;
    } else if (q->count == q->max) {
        err = ERR_BUSY;
    } else {
        q->items[(q->first + q->count++) % q->max] = item;
        pthread_cond_signal(&q->filled);
    }
    pthread_mutex_unlock(&q->lock);
    return err;
}

void *queue_pop(struct queue *q, int64_t wait_ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    if (wait_ms > 0) {
        until.tv_sec += wait_ms / 1000;
        until.tv_nsec += (wait_ms % 1000) * 1000000;
        if (until.tv_nsec >= 1000000000) {
            until.tv_sec++;
            until.tv_nsec -= 1000000000;
        }
    }
    void *item = NULL;
    pthread_mutex_lock(&q->lock);
    while (!q->count && !q->closed) {
        int rc = wait_ms < 0 ? pthread_cond_wait(&q->filled, &q->lock)
                             : pthread_cond_timedwait(&q->filled, &q->lock, &until);
        if (rc)
            break;
    }
    if (q->count) {
        item = q->items[q->first];
        q->first = (q->first + 1) % q->max;
        q->count--;
    }
    pthread_mutex_unlock(&q->lock);
    return item;
}

void queue_close(struct queue *q)
{
    pthread_mutex_lock(&q->lock);
    q->closed = true;
    pthread_cond_broadcast(&q->filled);
    pthread_mutex_unlock(&q->lock);
}

bool queue_closed(struct queue *q)
{
    pthread_mutex_lock(&q->lock);
    bool closed = q->closed;
    pthread_mutex_unlock(&q->lock);
    return closed;
}

size_t queue_count(struct queue *q)
{
    pthread_mutex_lock(&q->lock);
    size_t n = q->count;
    pthread_mutex_unlock(&q->lock);
    return n;
}
