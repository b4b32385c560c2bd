/* demo.c - a channel that exists nowhere else: the whole way of a post without any network. */
#include <inttypes.h>

#include "base/arena.h"
#include "channels/shared.h"

static void demo_send(const struct channel_ctx *c, const struct outgoing *m,
                      struct sending_mark mark, struct sent_result *out)
{
    *out = (struct sent_result){0};
    if (mark.mark(mark.arg) != ERR_OK) {
        shared_tell(out, SENT_LATER, TROUBLE_HELD, NULL);
        return;
    }
    out->external_id = arena_printf(c->arena, "demo-%" PRId64, m->id);
    shared_tell(out, SENT_ACCEPTED, TROUBLE_SENT, NULL);
}

const struct channel channel_demo = {
    .key = "demo",
    .label = N_("Demo"),
    .icon = "sparkles",
    .text_limit = 500,
    .can_reply = true,
    .resend = RESEND_SAFE_WITH_KEY,
    .send = demo_send,
};
