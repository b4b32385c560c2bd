/* channel_use.c - hands a channel what it needs: settings, secrets, clock. The one way to use one.
 */
#include "flow/channel_use.h"

#include "base/arena.h"
#include "base/trouble.h"
#include "flow/flow_int.h"

/* What nobody entered has the value that the channel's row names. */
static void fill_presets(struct arena *a, const struct channel *c, struct map *settings)
{
    for (size_t i = 0; i < c->setting_count; i++) {
        const struct channel_setting *row = &c->settings[i];
        const struct str *entered = map_get(settings, str_z(row->key));
        if (row->preset && (!entered || !entered->n)) {
            struct str *preset = arena_array(a, 1, sizeof *preset);
            *preset = str_z(row->preset);
            map_set(settings, str_z(row->key), preset);
        }
    }
}

static bool flow_stops(const void *flow)
{
    return atomic_load(&((const struct flow *)flow)->stopping);
}

enum err channel_use(struct flow *f, struct arena *a, int64_t brand, int64_t account,
                     struct channel_use *out, struct errinfo *e)
{
    TRY(account_load(store_reader(f->o.store), a, f->o.key, brand, account, &out->account, e));
    out->channel = channel_find(out->account.channel);
    if (!out->channel)
        return err_trouble(e, ERR_INVALID, "channel", TROUBLE_CHANNEL, "%.*s",
                           STR_FMT(out->account.channel));
    fill_presets(a, out->channel, &out->account.settings);
    out->ctx = (struct channel_ctx){
        .arena = a,
        .clock = &f->clock,
        .settings = &out->account.settings,
        .account_name = out->account.name,
        .account = account,
        .allow_private = out->account.allow_private,
        .ca_file = f->o.ca_file,
        .give_up = flow_stops,
        .give_up_arg = f,
    };
    return ERR_OK;
}
