/* hasten.c - somebody wants what waits to be tried again at once; see flow_send_now in flow.h. */
#include "account_sql.h"
#include "flow/flow_int.h"
#include "outbox_sql.h"
#include "people/people.h"

struct hasten {
    struct flow *f;
    const struct who *who;
    int64_t account, message, now;
};

static enum err write_hasten(struct tx *tx, void *arg, struct errinfo *e)
{
    struct hasten *h = arg;
    int64_t changed, brand = h->who->brand;
    struct outbox_sql_get_row m;
    struct account_sql_get_row account;
    if (h->message) {
        enum err err = outbox_sql_get(tx_db(tx), tx_arena(tx),
                                      &(struct outbox_sql_get_in){brand, h->message}, &m);
        if (err != ERR_OK)
            return err_set(e, err, "message", "this message does not exist");
        h->account = m.account;
    }
    if (account_sql_get(tx_db(tx), tx_arena(tx), &(struct account_sql_get_in){brand, h->account},
                        &account) != ERR_OK)
        return err_set(e, ERR_NOT_FOUND, "account", "this account does not exist");
    TRY(account_sql_send_free(tx, &(struct account_sql_send_free_in){brand, h->account, h->now},
                              &changed));
    if (!changed)
        return err_set(e, ERR_CONFLICT, "held",
                       "the other side asked us to wait; it is tried when that time has passed");
    TRY(outbox_sql_hasten(tx, &(struct outbox_sql_hasten_in){brand, h->account, h->message, h->now},
                          NULL));
    tx_notify(tx, (struct notice){TOPIC_ACCOUNT, brand, h->account, 0});
    tx_notify(tx, (struct notice){TOPIC_MESSAGE, brand, h->message, 0});
    return audit_add(
        h->f->o.store, tx,
        &(struct audit){brand, h->who->agent, h->now, "account.send_now", h->account, STR("")});
}

enum err flow_send_now(struct flow *f, const struct who *who, int64_t account, int64_t message,
                       struct errinfo *e)
{
    struct hasten h = {f, who, account, message, flow_now(f)};
    return store_write(f->o.store, write_hasten, &h, e);
}
