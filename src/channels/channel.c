/* channel.c - the table of channels; see channel.h. */
#include "channels/channel.h"

#include "channels/shared.h"

const struct channel *const channel_table[] = {
    &channel_mail, &channel_feed, &channel_api, &channel_file, &channel_demo,
};
const size_t channel_count = sizeof channel_table / sizeof *channel_table;

const struct channel *channel_find(struct str key)
{
    for (size_t i = 0; i < channel_count; i++)
        if (str_eq_z(key, channel_table[i]->key))
            return channel_table[i];
    return NULL;
}

struct str channel_setting(const struct channel_ctx *c, const char *key)
{
    const struct str *v = c->settings ? map_get(c->settings, str_z(key)) : NULL;
    return v && v->n ? *v : STR_NONE;
}
