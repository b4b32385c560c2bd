/* step.c - the clock of the machine was set back. What waits for a moment, the next try of a
 * message and the next poll of an account, would wait longer by as much, for a day perhaps and in
 * silence; so those moments are moved by the step. A step forward needs nothing: what is due at
 * once is done by a few threads, one thing after the other. What a person chose (a snooze) and what
 * the law of a brand says (the end of a clock) are moments of the calendar and stay.
 *
 * On SQLite only, where one machine's clock is the clock. Of several nodes each has one, and one
 * that is set right must not move what the others saw right: there the clocks are to be kept by
 * NTP (docs/reliability.md), and leases go by the database's. */
#include "account_sql.h"
#include "base/arena.h"
#include "base/log.h"
#include "flow/flow_int.h"
#include "outbox_sql.h"

#define STEP_MIN (2 * CLOCK_SECOND)

struct step {
    int64_t now, by;
};

static enum err write_step(struct tx *tx, void *arg, struct errinfo *e)
{
    const struct step *s = arg;
    (void)e;
    TRY(outbox_sql_clock_back(tx, &(struct outbox_sql_clock_back_in){s->now, s->by}, NULL));
    return account_sql_clock_back(tx, &(struct account_sql_clock_back_in){s->now, s->by}, NULL);
}

static void set_back(struct flow *f, int64_t by)
{
    struct step s = {flow_now(f), by};
    log_warn("flow", "the clock was set back by %lld s; what waits is moved with it",
             (long long)(by / CLOCK_SECOND));
    if (store_write(f->o.store, write_step, &s, NULL) != ERR_OK)
        log_error("flow", "what waits could not be moved with the clock");
    bell_ring(&f->outbox_bell);
    bell_ring(&f->poll_bell);
}

/* While nothing ran: the newest moment that was written down lies ahead of the clock. */
static int64_t seen_before(struct flow *f)
{
    struct arena a;
    struct outbox_sql_newest_row message = {0};
    struct account_sql_last_attempt_row account = {0};
    struct db *db = store_reader(f->o.store);
    int64_t seen = 0;
    arena_init(&a);
    if (outbox_sql_newest(db, &a, &message) == ERR_OK)
        seen = message.created_at;
    if (account_sql_last_attempt(db, &a, &account) == ERR_OK && account.attempt_at > seen)
        seen = account.attempt_at;
    arena_deinit(&a);
    return seen;
}

void step_begin(struct flow *f)
{
    f->wall = flow_now(f) - clock_mono();
    if (store_engine(f->o.store) != STORE_SQLITE)
        return;
    int64_t ahead = seen_before(f) - flow_now(f);
    if (ahead > STEP_MIN)
        set_back(f, ahead);
}

void step_look(struct flow *f)
{
    int64_t wall = flow_now(f) - clock_mono(), by = f->wall - wall;
    f->wall = wall;
    if (by > STEP_MIN && store_engine(f->o.store) == STORE_SQLITE)
        set_back(f, by);
    else if (by < -STEP_MIN || by > STEP_MIN)
        log_warn("flow", "the clock was set %s by %lld s", by > 0 ? "back" : "forward",
                 (long long)((by > 0 ? by : -by) / CLOCK_SECOND));
}
