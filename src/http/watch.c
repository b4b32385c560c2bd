/* watch.c - see watch.h. Looks at all connections a few times a second; a look at one is a load. */
#include "http/watch.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include "base/clock.h"
#include "base/threads.h"

enum { TURN_MS = 250, LAST_WORD_MS = 2000 };

struct watch {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    pthread_t thread;
    struct watched *first;
    int64_t hurry; /* WATCH_NEVER: there is none */
    bool ended;
};

static void end_late(struct watched *one, int64_t now)
{
    bool whole = one->writing || one->late;
    one->late = true;
    one->deadline = whole ? WATCH_NEVER : now + LAST_WORD_MS;
    shutdown(one->fd, whole ? SHUT_RDWR : SHUT_RD);
}

static void *run(void *p)
{
    struct watch *w = p;
    pthread_mutex_lock(&w->lock);
    while (!w->ended) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += TURN_MS * 1000000L;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        pthread_cond_timedwait(&w->wake, &w->lock, &until);
        int64_t now = clock_mono();
        for (struct watched *one = w->first; one; one = one->next) {
            int64_t deadline = one->deadline;
            if (deadline <= now || (deadline != WATCH_NEVER && !one->writing && w->hurry <= now))
                end_late(one, now);
        }
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

enum err watch_new(struct watch **out)
{
    struct watch *w = calloc(1, sizeof *w);
    pthread_condattr_t monotonic;
    if (!w)
        return ERR_IO;
    pthread_mutex_init(&w->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&w->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    w->hurry = WATCH_NEVER;
    if (thread_start(&w->thread, "http-watch", run, w) != ERR_OK) {
        free(w);
        return ERR_IO;
    }
    *out = w;
    return ERR_OK;
}

void watch_hurry(struct watch *w, int64_t deadline)
{
    pthread_mutex_lock(&w->lock);
    w->hurry = deadline;
    pthread_mutex_unlock(&w->lock);
}

void watch_free(struct watch *w)
{
    if (!w)
        return;
    pthread_mutex_lock(&w->lock);
    w->ended = true;
    pthread_cond_signal(&w->wake);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    pthread_cond_destroy(&w->wake);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

void watch_add(struct watch *w, struct watched *one, int fd, int64_t deadline)
{
    one->fd = fd;
    one->writing = one->late = false;
    one->deadline = deadline;
    pthread_mutex_lock(&w->lock);
    one->previous = NULL;
    one->next = w->first;
    if (one->next)
        one->next->previous = one;
    w->first = one;
    pthread_mutex_unlock(&w->lock);
}

void watch_remove(struct watch *w, struct watched *one)
{
    pthread_mutex_lock(&w->lock);
    if (one->previous)
        one->previous->next = one->next;
    else
        w->first = one->next;
    if (one->next)
        one->next->previous = one->previous;
    pthread_mutex_unlock(&w->lock);
}

void watch_until(struct watched *one, int64_t deadline, bool writing)
{
    one->writing = writing;
    if (!one->late)
        one->deadline = deadline;
}
