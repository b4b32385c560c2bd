/* shared.c - see shared.h. */
#include "channels/shared.h"

#include <stdarg.h>
struct net_options shared_net(const struct channel_ctx *c)
{
    return (struct net_options){.allow_private = c->allow_private,
                                .ca_file = c->ca_file,
                                .give_up = c->give_up,
                                .give_up_arg = c->give_up_arg};
}

bool shared_flag(const struct channel_ctx *c, const char *key)
{
    struct str v = channel_setting(c, key);
    return str_eq_z(v, "1") || str_eq_z(v, "true") || str_eq_z(v, "yes") || str_eq_z(v, "on");
}

void shared_tell(struct sent_result *out, enum sent sent, enum trouble t, const char *fmt, ...)
{
    va_list ap;
    out->sent = sent;
    va_start(ap, fmt);
    (void)err_troublev(&out->why, ERR_PEER, "", t, fmt, ap);
    va_end(ap);
}
