/* keep_int.h - the keeper of backups inside struct flow; see keep.h. */
#ifndef FLOW_KEEP_INT_H
#define FLOW_KEEP_INT_H

#include <stdatomic.h>

#include "base/bell.h"

struct keeper {
    struct bell bell;
    pthread_t thread;
    bool runs;
    int64_t begun;       /* when this process began to look at the plan */
    atomic_int phase;    /* enum keep_phase */
    atomic_int percent;  /* of it */
    atomic_bool wanted;  /* by a person */
    _Atomic int64_t who; /* that person */
};

struct flow;
void keep_init(struct flow *f);
void keep_deinit(struct flow *f);
void *keep_loop(void *flow);

#endif
