/* node.c - this process among the nodes: the run and its slot, see lease.h. On PostgreSQL a thread
 * renews the slot's lease; when it is lost, what follows it (polling, sending) stands still until
 * another slot was taken. On SQLite the lock on the file is what others would have to get past, so
 * the slot is taken once and never ends. */
#include <stdio.h>

#include "base/log.h"
#include "base/rand.h"
#include "base/threads.h"
#include "lease_sql.h"
#include "store/store_int.h"

enum { RETRY_MS = 500, SLOTS = 256 };
#define FOREVER (INT64_MAX / 4)

struct seat {
    struct store *store;
    struct lease lease;
    int slot;
    int64_t ms;
    struct id_marks marks;
};

/* The lowest slot that nobody has; the rows come in their order. */
static enum err free_slot(struct tx *tx, int64_t now, int *slot, struct errinfo *e)
{
    struct lease_sql_slots_row *rows;
    size_t n;
    TRY(lease_sql_slots(tx_db(tx), tx_arena(tx), &rows, &n));
    *slot = 0;
    for (size_t i = 0; i < n && rows[i].slot == *slot && rows[i].until > now; i++)
        (*slot)++;
    if (*slot == SLOTS)
        return err_set(e, ERR_LIMIT, "store", "%d nodes are running already", SLOTS);
    return ERR_OK;
}

static enum err write_seat(struct tx *tx, void *arg, struct errinfo *e)
{
    struct seat *q = arg;
    struct lease_sql_take_row row;
    int64_t now;
    TRY(store_now(tx_db(tx), &now));
    if (store_engine(q->store) == STORE_SQLITE)
        TRY(lease_sql_end_all(tx, NULL));
    else
        TRY(free_slot(tx, now, &q->slot, e));
    snprintf(q->lease.name, sizeof q->lease.name, "node:%d", q->slot);
    TRY(lease_sql_take(tx, tx_arena(tx),
                       &(struct lease_sql_take_in){str_z(q->lease.name), q->slot, q->lease.owner,
                                                   now + q->ms, now},
                       &row));
    q->lease.epoch = row.epoch;
    return id_claim(tx, q->slot, q->lease.owner, &q->marks);
}

/* slot: which one, on SQLite. */
static enum err sit_down(struct store *s, int slot, struct errinfo *e)
{
    struct node_state *n = &s->slot;
    bool forever = store_engine(s) == STORE_SQLITE;
    int64_t before = clock_mono();
    struct seat q = {.store = s,
                     .lease = {.store = s, .owner = 1 + (int64_t)rand_below(INT64_MAX - 1)},
                     .slot = slot,
                     .ms = forever ? FOREVER : NODE_LEASE_MS};
    TRY(s->driver->write(s, write_seat, &q, 0, false, e));
    n->lease = q.lease;
    n->number = q.slot;
    id_seat(s, &q.marks);
    /* the end last, see store_run_held */
    atomic_store(&n->since, clock_mono());
    atomic_store(&n->run, q.lease.owner);
    atomic_store(&n->held_until, before + q.ms - q.ms / 20);
    return ERR_OK;
}

static void stand_up(struct node_state *n)
{
    atomic_store(&n->held_until, 0);
    atomic_store(&n->run, 0);
}

/* Renews the slot or looks for another; how long to wait until the next time. */
static int64_t keep(struct store *s)
{
    struct node_state *n = &s->slot;
    int64_t before = clock_mono();
    if (store_run(s)) {
        enum err err = lease_renew(&n->lease, NODE_LEASE_MS);
        if (err == ERR_OK) {
            atomic_store(&n->held_until, before + NODE_LEASE_MS - NODE_LEASE_MS / 20);
            return NODE_RENEW_MS;
        }
        if (err != ERR_CONFLICT && clock_mono() < atomic_load(&n->held_until))
            return RETRY_MS;
        log_error("store",
                  "node %d has lost its lease (%s): nothing is polled or sent here until"
                  " it has a new one",
                  n->number, err_code(err));
        stand_up(n);
    }
    struct errinfo e = {0};
    if (sit_down(s, 0, &e) != ERR_OK)
        return RETRY_MS;
    log_info("store", "this process is node %d now", n->number);
    if (s->notice)
        s->notice(s->notice_ctx, &(struct notice){.topic = TOPIC_ALL});
    return NODE_RENEW_MS;
}

static void *keep_on(void *arg)
{
    struct store *s = arg;
    struct node_state *n = &s->slot;
    bell_wait(&n->bell, NODE_RENEW_MS);
    while (!atomic_load(&n->stopping))
        bell_wait(&n->bell, keep(s));
    return NULL;
}

enum err node_start(struct store *s, int slot, struct errinfo *e)
{
    struct node_state *n = &s->slot;
    TRY(sit_down(s, slot, e));
    if (store_engine(s) == STORE_SQLITE)
        return ERR_OK;
    log_info("store", "this process is node %d", n->number);
    bell_init(&n->bell);
    TRY(thread_start(&n->keeper, "node", keep_on, s));
    n->keeps = true;
    return ERR_OK;
}

void node_stop(struct store *s)
{
    struct node_state *n = &s->slot;
    if (n->keeps) {
        atomic_store(&n->stopping, true);
        bell_close(&n->bell);
        pthread_join(n->keeper, NULL);
        bell_deinit(&n->bell);
        n->keeps = false;
        if (store_run(s))
            lease_release(&n->lease);
    }
    stand_up(n);
}
