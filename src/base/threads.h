/* threads.h - named threads, and a small pool for work that must not run on a page thread (password
 * hashing, outgoing requests, large uploads). Threads: any. */
#ifndef BASE_THREADS_H
#define BASE_THREADS_H

#include <pthread.h>
#include <stddef.h>

#include "base/err.h"

/* Starts a thread with all signals blocked; the name (at most 15 bytes) shows in top and gdb. */
enum err thread_start(pthread_t *t, const char *name, void *(*fn)(void *), void *arg) MUST_CHECK;

struct workers;

/* n threads over a queue of at most max waiting jobs. */
struct workers *workers_new(const char *name, size_t n, size_t max);
/* Finishes what is queued, then joins. */
void workers_free(struct workers *w);
/* Runs fn(arg) on a worker; ERR_BUSY when max are waiting (the page answers 503). */
enum err workers_run(struct workers *w, void (*fn)(void *), void *arg) MUST_CHECK;
/* Jobs that wait for a worker, and how many may. */
size_t workers_waiting(const struct workers *w, size_t *max);

#endif
