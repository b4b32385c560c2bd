/* restored.c - the first start on data from a backup: see flow_restored in flow.h. */
#include "base/arena.h"
#include "base/log.h"
#include "base/trouble.h"
#include "brand_sql.h"
#include "flow/flow_int.h"
#include "outbox_sql.h"
#include "people/people.h"
#include "people_sql.h"
#include "session_sql.h"

struct restored {
    struct flow *f;
    int64_t made_at;
};

static enum err doubt_messages(struct tx *tx, struct str why, struct errinfo *e)
{
    struct outbox_sql_waiting_row *rows;
    size_t n;
    (void)e;
    TRY(outbox_sql_waiting(tx_db(tx), tx_arena(tx), &rows, &n));
    for (size_t i = 0; i < n; i++) {
        TRY(outbox_sql_doubt(tx, &(struct outbox_sql_doubt_in){rows[i].brand, rows[i].id, why},
                             NULL));
        TRY(answer_problem(tx, rows[i].brand, rows[i].case_id, rows[i].id));
    }
    if (n)
        log_warn("flow", "restored: %zu messages that waited are work for a person now", n);
    return ERR_OK;
}

static enum err write_restored(struct tx *tx, void *arg, struct errinfo *e)
{
    const struct restored *r = arg;
    struct arena *a = tx_arena(tx);
    struct str moment = clock_format(a, r->made_at);
    struct brand_sql_list_row *brands;
    size_t n;
    TRY(doubt_messages(
        tx, arena_printf(a, "%s\t%.*s", trouble_table[TROUBLE_RESTORED].word, STR_FMT(moment)), e));
    TRY(session_sql_end_everyone(tx, NULL));
    TRY(people_sql_links_end(tx, NULL));
    TRY(brand_sql_list(tx_db(tx), a, &brands, &n));
    for (size_t i = 0; i < n; i++)
        TRY(audit_add(
            r->f->o.store, tx,
            &(struct audit){brands[i].id, 0, flow_now(r->f), "backup.restore", 0, moment}));
    return ERR_OK;
}

enum err flow_restored(struct flow *f, int64_t made_at, struct errinfo *e)
{
    struct restored r = {f, made_at};
    return store_write(f->o.store, write_restored, &r, e);
}
