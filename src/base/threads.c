/* threads.c - see threads.h. */
#include "base/threads.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/queue.h"

enum err thread_start(pthread_t *t, const char *name, void *(*fn)(void *), void *arg)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(t, NULL, fn, arg);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc) {
        log_error("base", "cannot start thread %s: %s", name, strerror(rc));
        return ERR_IO;
    }
    char shortened[16];
    snprintf(shortened, sizeof shortened, "%s", name);
    pthread_setname_np(*t, shortened);
    return ERR_OK;
}

struct job {
    void (*fn)(void *);
    void *arg;
};

struct workers {
    struct queue *jobs;
    pthread_t *threads;
    size_t n, max;
};

static void *work(void *p)
{
    struct workers *w = p;
    struct job *j;
    while ((j = queue_pop(w->jobs, -1))) {
        j->fn(j->arg);
        free(j);
    }
    return NULL;
}

struct workers *workers_new(const char *name, size_t n, size_t max)
{
    struct workers *w = memory_zeroed(1, sizeof *w);
    pthread_t *threads = memory_zeroed(n, sizeof *threads);
    w->threads = threads;
    w->max = max;
    w->jobs = queue_new(max);
    for (; w->n < n; w->n++)
        if (thread_start(&w->threads[w->n], name, work, w) != ERR_OK)
            log_fatal("base", "no thread for %s", name);
    return w;
}

void workers_free(struct workers *w)
{
    if (!w)
        return;
    queue_close(w->jobs);
    for (size_t i = 0; i < w->n; i++)
        pthread_join(w->threads[i], NULL);
    queue_free(w->jobs);
    free(w->threads);
    free(w);
}

enum err workers_run(struct workers *w, void (*fn)(void *), void *arg)
{
    struct job *j = malloc(sizeof *j);
    if (!j)
        return ERR_BUSY;
    *j = (struct job){fn, arg};
    enum err err = queue_push(w->jobs, j);
    if (err != ERR_OK)
        free(j);
    return err;
}

size_t workers_waiting(const struct workers *w, size_t *max)
{
    *max = w->max;
    return queue_count(w->jobs);
}
