/* bell.c - see bell.h. */
#include "base/bell.h"

#include <time.h>

void bell_init(struct bell *b)
{
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_mutex_init(&b->lock, NULL);
    pthread_cond_init(&b->rung, &attr);
    pthread_condattr_destroy(&attr);
    b->ringing = b->closed = false;
}

void bell_deinit(struct bell *b)
{
    pthread_cond_destroy(&b->rung);
    pthread_mutex_destroy(&b->lock);
}

void bell_ring(struct bell *b)
{
    pthread_mutex_lock(&b->lock);
    b->ringing = true;
    pthread_cond_broadcast(&b->rung);
    pthread_mutex_unlock(&b->lock);
}

void bell_close(struct bell *b)
{
    pthread_mutex_lock(&b->lock);
    b->closed = true;
    pthread_cond_broadcast(&b->rung);
    pthread_mutex_unlock(&b->lock);
}

void bell_wait(struct bell *b, int64_t wait_ms)
{
    struct timespec until;
    if (wait_ms < 0)
        wait_ms = 0;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += wait_ms / 1000;
    until.tv_nsec += (wait_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&b->lock);
    while (!b->ringing && !b->closed && pthread_cond_timedwait(&b->rung, &b->lock, &until) == 0) {
    }
    b->ringing = false;
    pthread_mutex_unlock(&b->lock);
}
