/* lease.h - what only one may do at a time, over all nodes of an installation: poll an account, run
 * a job, be node number N. A lease is a row of the database with an owner (a run, see below), an
 * epoch that grows each time it is taken, and an end by the database's clock.
 *
 * Two questions keep a lease safe when its holder is stopped for a while (SIGSTOP, a paused
 * machine, a lost network) and goes on without having noticed: lease_check   inside a transaction:
 * nobody has taken it meanwhile (owner and epoch); what is written in it is written in the lease's
 * name or not at all. lease_held    before something that no transaction can take back, bytes to a
 * peer: by this machine's monotonic clock, counted from before the lease was asked for, so that it
 * says no before anybody else can be told yes. It asks nobody.
 *
 * A run is the time for which one process holds one node slot: a number that no other run has. All
 * other leases end with their owner's node at the latest, so one heartbeat (the node's own lease,
 * renewed every NODE_RENEW_MS, ending after NODE_LEASE_MS) keeps all that a node holds, and a dead
 * node's work is free at most NODE_LEASE_MS after its last sign of life. A process that has lost
 * its slot does nothing in its name, takes another one when it can, and is a new run then.
 *
 * SQLite: one process has the file; its run begins when the store is opened, ends all leases of
 * earlier ones, and is never lost. Threads: any; one lease belongs to one thread at a time. */
#ifndef STORE_LEASE_H
#define STORE_LEASE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "store/store.h"

enum { LEASE_NAME_MAX = 64, NODE_LEASE_MS = 20000, NODE_RENEW_MS = 5000 };

struct lease {
    struct store *store;
    char name[LEASE_NAME_MAX];
    int64_t owner, epoch;
    int64_t held_until; /* of clock_mono */
};

/* Takes it for ms. ERR_BUSY: another has it, or this process has no node slot. */
enum err lease_take(struct store *s, const char *name, int64_t ms, struct lease *out) MUST_CHECK;
/* It lasts for ms from now. ERR_CONFLICT: it has ended or was taken. */
enum err lease_renew(struct lease *l, int64_t ms) MUST_CHECK;
/* Gives it back; nothing happens when it was taken by another. In a transaction of its own, or in
 * the one that ends the work. */
void lease_release(struct lease *l);
enum err lease_release_in(struct tx *tx, const struct lease *l) MUST_CHECK;

/* ERR_CONFLICT: another has taken it, so nothing may be written in its name. */
enum err lease_check(struct tx *tx, const struct lease *l) MUST_CHECK;
bool lease_held(const struct lease *l);

/* The same questions for everything that a run has claimed by writing its number into a row, and
 * for how long the run (store_run) has been the current one, in ms; 0 without one. */
enum err store_run_check(struct tx *tx, int64_t run) MUST_CHECK;
bool store_run_held(const struct store *s, int64_t run);
int64_t store_run_age(const struct store *s);

#endif
