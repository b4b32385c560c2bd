/* lane.h - how many senders or pollers of this process an account may hold at a time, so that those
 * whose other side is dead or slow hold nobody up: at least half of them are kept for accounts
 * whose other side answers at once. Threads: any. */
#ifndef FLOW_LANE_H
#define FLOW_LANE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

enum { LANE_MAX = 16, LANE_MEMORY = 256 };
#define LANE_SLOW (2 * CLOCK_SECOND) /* who took longer the last time counts as slow */

struct lane_pass {
    int64_t account, began; /* by clock_mono */
    bool patient;           /* the other side is dead or slow */
};

struct lanes {
    pthread_mutex_t lock;
    int size, each; /* threads there are; of them for one account, 1 when it is dead or slow */
    int patient;    /* of those that run */
    struct lane_pass running[LANE_MAX];
    int running_n;
    int64_t slow[LANE_MEMORY]; /* accounts, by hash: one may push out another */
};

/* size <= LANE_MAX */
void lanes_init(struct lanes *l, int size, int each);
void lanes_deinit(struct lanes *l);
/* ill: its last try failed. False: it has its share, try others. Each pass is given back by
 * lane_leave. */
bool lane_enter(struct lanes *l, int64_t account, bool ill, struct lane_pass *out);
void lane_leave(struct lanes *l, const struct lane_pass *pass);

#endif
