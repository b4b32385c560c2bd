/* throttle.h - slows down guessing. Failures are counted per key and forgotten after an hour
 * without one; after some free tries each further one must wait, twice as long each time up to a
 * quarter of an hour. Whoever asks chooses the keys: signing in counts by address, by address and
 * account, and, with many more free tries, by account alone, so that a stranger cannot easily lock
 * an owner out. Bounded: the keys that rested longest are forgotten first. Threads: any. */
#ifndef PEOPLE_THROTTLE_H
#define PEOPLE_THROTTLE_H

#include <stdint.h>

#include "base/str.h"

struct throttle;

struct throttle *throttle_new(void);
void throttle_free(struct throttle *t);
/* 0: go on. Else the milliseconds to wait before the next try of this key counts. free_tries:
 * failures without a wait. */
int64_t throttle_wait(struct throttle *t, struct str key, int free_tries, int64_t now);
void throttle_failed(struct throttle *t, struct str key, int64_t now);
void throttle_passed(struct throttle *t, struct str key);

#endif
