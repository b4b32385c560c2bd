/* lease.c - see lease.h. Whether a node is alive is asked of its own lease, in the statements of
 * lease.sql. */
#include "store/lease.h"

#include <stdio.h>

#include "base/log.h"
#include "lease_sql.h"
#include "store/store_int.h"

/* What two clocks may differ in while they measure the same span: one part in twenty. */
static int64_t held_for(int64_t ms)
{
    return ms - ms / 20;
}

struct request {
    struct lease *lease;
    int64_t ms;
};

static struct str name_of(const struct lease *l)
{
    return str_z(l->name);
}

static enum err write_take(struct tx *tx, void *arg, struct errinfo *e)
{
    const struct request *q = arg;
    struct lease_sql_take_row row;
    int64_t now;
    (void)e;
    TRY(store_now(tx_db(tx), &now));
    const struct lease_sql_take_in in = {name_of(q->lease), -1, q->lease->owner, now + q->ms, now};
    enum err err = lease_sql_take(tx, tx_arena(tx), &in, &row);
    if (err == ERR_NOT_FOUND)
        return ERR_BUSY;
    TRY(err);
    q->lease->epoch = row.epoch;
    return ERR_OK;
}

enum err lease_take(struct store *s, const char *name, int64_t ms, struct lease *out)
{
    int64_t before = clock_mono();
    *out = (struct lease){.store = s, .owner = store_run(s)};
    if ((size_t)snprintf(out->name, sizeof out->name, "%s", name) >= sizeof out->name)
        log_fatal("store", "a lease has the long name %s", name);
    if (!out->owner)
        return ERR_BUSY;
    TRY(store_write(s, write_take, &(struct request){out, ms}, NULL));
    out->held_until = before + held_for(ms);
    return ERR_OK;
}

static enum err write_renew(struct tx *tx, void *arg, struct errinfo *e)
{
    const struct request *q = arg;
    int64_t now, changed;
    (void)e;
    TRY(store_now(tx_db(tx), &now));
    const struct lease_sql_renew_in in = {name_of(q->lease), q->lease->owner, q->lease->epoch,
                                          now + q->ms, now};
    TRY(lease_sql_renew(tx, &in, &changed));
    return changed ? ERR_OK : ERR_CONFLICT;
}

enum err lease_renew(struct lease *l, int64_t ms)
{
    int64_t before = clock_mono();
    TRY(store_write(l->store, write_renew, &(struct request){l, ms}, NULL));
    l->held_until = before + held_for(ms);
    return ERR_OK;
}

enum err lease_release_in(struct tx *tx, const struct lease *l)
{
    return lease_sql_release(tx, &(struct lease_sql_release_in){name_of(l), l->owner, l->epoch},
                             NULL);
}

static enum err write_release(struct tx *tx, void *arg, struct errinfo *e)
{
    (void)e;
    return lease_release_in(tx, arg);
}

void lease_release(struct lease *l)
{
    l->held_until = 0;
    if (store_write(l->store, write_release, l, NULL) != ERR_OK)
        log_warn("store", "the lease %s is not given back; it ends by itself", l->name);
}

enum err lease_check(struct tx *tx, const struct lease *l)
{
    struct lease_sql_get_row row;
    enum err err =
        lease_sql_get(tx_db(tx), tx_arena(tx), &(struct lease_sql_get_in){name_of(l)}, &row);
    if (err == ERR_OK && (row.owner != l->owner || row.epoch != l->epoch))
        err = ERR_CONFLICT;
    return err == ERR_NOT_FOUND ? ERR_CONFLICT : err;
}

bool lease_held(const struct lease *l)
{
    return clock_mono() < l->held_until && store_run_held(l->store, l->owner);
}

int64_t store_run(const struct store *s)
{
    return atomic_load(&s->slot.run);
}

int64_t store_run_age(const struct store *s)
{
    return store_run(s) ? clock_mono() - atomic_load(&s->slot.since) : 0;
}

enum err store_run_check(struct tx *tx, int64_t run)
{
    struct lease_sql_alive_row row;
    int64_t now;
    TRY(store_now(tx_db(tx), &now));
    enum err err =
        lease_sql_alive(tx_db(tx), tx_arena(tx), &(struct lease_sql_alive_in){run, now}, &row);
    return err == ERR_NOT_FOUND ? ERR_CONFLICT : err;
}

bool store_run_held(const struct store *s, int64_t run)
{
    /* in this order: the end of a new run with the number of an old one is never seen (node.c) */
    int64_t until = atomic_load(&s->slot.held_until);
    return run && clock_mono() < until && store_run(s) == run;
}
