/* bell.h - something to sleep at until a moment or a wake-up. A ring while nobody waits is kept for
 * the next who does. Threads: any. */
#ifndef BASE_BELL_H
#define BASE_BELL_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct bell {
    pthread_mutex_t lock;
    pthread_cond_t rung;
    bool ringing, closed;
};

void bell_init(struct bell *b);
void bell_deinit(struct bell *b);
void bell_ring(struct bell *b);
void bell_close(struct bell *b); /* from now on nobody waits */
/* Waits until rung, or wait_ms have passed. */
void bell_wait(struct bell *b, int64_t wait_ms);

#endif
