/* keep.h - the backups that the installation makes of itself: every night, or when an administrator
 * asks. Each is restored into a scratch place and compared with what was counted before it counts
 * as made. One at a time over all nodes (lease "job:backup"); it lies in DIR/backups of the node
 * that made it. Threads: any. */
#ifndef FLOW_KEEP_H
#define FLOW_KEEP_H

#include "flow/flow.h"

enum keep_phase { KEEP_IDLE, KEEP_COPYING, KEEP_PACKING, KEEP_CHECKING };

/* What this node is doing just now. */
struct keep_state {
    enum keep_phase phase;
    int percent; /* of the phase */
};
void keep_state(struct flow *f, struct keep_state *out);

/* Wants a backup now; agent: who asks. ERR_BUSY: one is running here already. ERR_INVALID: this
 * process keeps none (a command). What comes of it is a row of backup_run. */
enum err keep_start(struct flow *f, int64_t agent, struct errinfo *e) MUST_CHECK;

/* Makes what is due or wanted, on this thread; for tests. */
void keep_turn(struct flow *f);

/* The next moment at which the plan makes one, after the given; 0 when it is switched off. */
int64_t keep_next(int64_t after, bool enabled, int hour, struct str zone);

/* The file of a run, opened for reading; its name is checked against what this program writes.
 * ERR_NOT_FOUND: rotated away, or it lies with another node. */
enum err keep_open_file(struct flow *f, struct str file, int *fd, int64_t *size,
                        struct errinfo *e) MUST_CHECK;
/* The name of this machine, as in backup_run.host. */
void keep_host(char *out, size_t size);

#endif
