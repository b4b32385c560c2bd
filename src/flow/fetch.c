/* fetch.c - the wish for news at once; see flow.h. It is a mark on the account and no call, so that
 * it reaches whoever polls the account, and outlives a stop. */
#include "account_sql.h"
#include "base/arena.h"
#include "channels/channel.h"
#include "flow/flow_int.h"
#include "people/people.h"

struct wish {
    struct flow *f;
    int64_t brand, agent, account, now, asked;
};

static enum err write_wish(struct tx *tx, void *arg, struct errinfo *e)
{
    struct wish *w = arg;
    struct account_sql_get_row a;
    struct account_sql_ask_fetch_row asked;
    enum err err = account_sql_get(tx_db(tx), tx_arena(tx),
                                   &(struct account_sql_get_in){w->brand, w->account}, &a);
    if (err == ERR_NOT_FOUND)
        return err_set(e, ERR_NOT_FOUND, "account", "this account does not exist");
    TRY(err);
    const struct channel *channel = channel_find(a.channel);
    if (!channel || !channel->poll)
        return err_set(e, ERR_INVALID, "channel",
                       "nothing is fetched over this channel: it is sent to us");
    if (a.state != ACCOUNT_ON)
        return err_set(e, ERR_CONFLICT, "state",
                       "this account does not listen; let it go on first");
    const struct account_sql_ask_fetch_in in = {w->brand, w->account, w->now, FETCH_GAP};
    err = account_sql_ask_fetch(tx, tx_arena(tx), &in, &asked);
    if (err == ERR_NOT_FOUND)
        return err_set(e, ERR_CONFLICT, "held",
                       "the other side asked us to wait; it is fetched when that time has passed");
    TRY(err);
    w->asked = asked.asked;
    tx_notify(tx, (struct notice){TOPIC_ACCOUNT, w->brand, w->account, 0});
    return audit_add(
        w->f->o.store, tx,
        &(struct audit){w->brand, w->agent, w->now, "account.fetch", w->account, a.key});
}

enum err flow_fetch(struct flow *f, int64_t brand, int64_t agent, int64_t account, int64_t *asked,
                    struct errinfo *e)
{
    struct wish w = {f, brand, agent, account, flow_now(f), 0};
    TRY(store_write(f->o.store, write_wish, &w, e));
    *asked = w.asked;
    return ERR_OK;
}
