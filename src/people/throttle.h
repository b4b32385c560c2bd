/* throttle.h - slows down guessing. Failures are counted per key (an address, an account's mail address) and leak
 * away; after a few, each further try must wait, twice as long each time up to a quarter of an hour. The owner of an
 * account that is under attack still gets in, because a known good browser is counted apart by its address.
 * Bounded: the oldest keys are forgotten first. Threads: any. */
#ifndef PEOPLE_THROTTLE_H
#define PEOPLE_THROTTLE_H

#include <stdint.h>

#include "base/str.h"

struct throttle;

struct throttle *throttle_new(void);
void throttle_free(struct throttle *t);
/* 0: go on. Else the milliseconds to wait before the next try of this key counts. */
int64_t throttle_wait(struct throttle *t, struct str key, int64_t now);
void throttle_failed(struct throttle *t, struct str key, int64_t now);
void throttle_passed(struct throttle *t, struct str key);

#endif
