/* channel_use.c - hands a channel what it needs: settings, secrets, clock. The one way to use one. */
#include "flow/channel_use.h"

#include "base/arena.h"
#include "flow/flow_int.h"

enum err channel_use(struct flow *f, struct arena *a, int64_t brand, int64_t account, struct channel_use *out,
                     struct errinfo *e)
{
    TRY(account_load(store_reader(f->o.store), a, f->o.key, brand, account, &out->account, e));
    out->channel = channel_find(out->account.channel);
    if (!out->channel)
        return err_set(e, ERR_INVALID, "channel", "this version has no channel '%.*s'", STR_FMT(out->account.channel));
    out->ctx = (struct channel_ctx){
        .arena = a,
        .clock = &f->clock,
        .settings = &out->account.settings,
        .account_name = out->account.name,
        .account = account,
        .allow_private = out->account.allow_private,
        .ca_file = f->o.ca_file,
        .stop = &f->stop_polls,
    };
    return ERR_OK;
}
