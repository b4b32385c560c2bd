/* queue.h - bounded queue of pointers between threads. Nothing is ever dropped in it: a full queue
 * refuses, and the caller says so to its own caller (503, retry later). Threads: any number on both
 * ends. */
#ifndef BASE_QUEUE_H
#define BASE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct queue;

struct queue *queue_new(size_t max);
void queue_free(struct queue *q); /* must be empty or its items owned elsewhere */
/* ERR_BUSY when full, ERR_CONFLICT when closed. */
enum err queue_push(struct queue *q, void *item) MUST_CHECK;
/* Waits up to wait_ms (-1: for ever). NULL on time-out, or when closed and empty. */
void *queue_pop(struct queue *q, int64_t wait_ms);
/* Refuses new items; what is inside can still be taken. */
void queue_close(struct queue *q);
bool queue_closed(struct queue *q);
size_t queue_count(struct queue *q);

#endif
