/* timer.c - what happens because time passes: snoozed cases come back, old sessions and links are
 * forgotten. */
#include "base/arena.h"
#include "base/log.h"
#include "care_sql.h"
#include "flow/flow_int.h"
#include "people_sql.h"
#include "session_sql.h"

#define TURN (2 * CLOCK_SECOND)

static enum err write_wake(struct tx *tx, void *arg, struct errinfo *e)
{
    struct flow *f = arg;
    struct care_sql_wake_row *rows;
    size_t n;
    (void)e;
    TRY(care_sql_wake(tx, tx_arena(tx), &(struct care_sql_wake_in){flow_now(f)}, &rows, &n));
    for (size_t i = 0; i < n; i++)
        tx_notify(tx, (struct notice){TOPIC_CASE, rows[i].brand, rows[i].id, rows[i].version});
    return ERR_OK;
}

static enum err write_forget(struct tx *tx, void *arg, struct errinfo *e)
{
    struct flow *f = arg;
    int64_t now = flow_now(f);
    (void)e;
    TRY(session_sql_expire(tx, &(struct session_sql_expire_in){now}, NULL));
    return people_sql_links_expire(tx, &(struct people_sql_links_expire_in){now - CLOCK_DAY}, NULL);
}

void flow_tick(struct flow *f)
{
    struct arena a;
    struct care_sql_next_wake_row next;
    arena_init(&a);
    if (care_sql_next_wake(store_reader(f->o.store), &a, &next) == ERR_OK &&
        next.snoozed_until <= flow_now(f) && store_write(f->o.store, write_wake, f, NULL) != ERR_OK)
        log_error("flow", "cannot wake snoozed cases");
    arena_deinit(&a);
}

void *timer_loop(void *flow)
{
    struct flow *f = flow;
    int64_t forget_at = 0;
    while (!atomic_load(&f->stopping)) {
        flow_tick(f);
        if (clock_mono() > forget_at) {
            forget_at = clock_mono() + CLOCK_HOUR;
            if (store_write(f->o.store, write_forget, f, NULL) != ERR_OK)
                log_error("flow", "cannot forget old sessions");
        }
        bell_wait(&f->timer_bell, TURN);
    }
    return NULL;
}
