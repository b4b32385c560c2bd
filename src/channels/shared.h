/* shared.h - what channels have in common; for channels/ alone. Threads: any. */
#ifndef CHANNELS_SHARED_H
#define CHANNELS_SHARED_H

#include "base/trouble.h"
#include "channels/channel.h"
#include "net/options.h"

extern const struct channel channel_api, channel_demo, channel_feed, channel_file, channel_mail;

struct net_options shared_net(const struct channel_ctx *c);
/* The setting as a flag: "1", "true", "yes", "on". */
bool shared_flag(const struct channel_ctx *c, const char *key);
/* Fills the result with the reason t; fmt gives its parameters, see err_trouble. */
void shared_tell(struct sent_result *out, enum sent sent, enum trouble t, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

#endif
