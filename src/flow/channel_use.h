/* channel_use.h - an account's channel, ready for poll, send and check. Everything lives in the
 * arena given. Threads: a poller, sender or worker; never a page thread. */
#ifndef FLOW_CHANNEL_USE_H
#define FLOW_CHANNEL_USE_H

#include "channels/channel.h"
#include "flow/flow.h"
#include "posts/post.h"

struct channel_use {
    struct account account;
    const struct channel *channel;
    struct channel_ctx ctx;
};

enum err channel_use(struct flow *f, struct arena *a, int64_t brand, int64_t account,
                     struct channel_use *out, struct errinfo *e) MUST_CHECK;

#endif
