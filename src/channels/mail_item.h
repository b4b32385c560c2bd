/* mail_item.h - a mail as a post; for channels/mail.c and its tests. Threads: any. */
#ifndef CHANNELS_MAIL_ITEM_H
#define CHANNELS_MAIL_ITEM_H

#include "channels/channel.h"

/* raw: the mail as it came, and it must live as long as c->arena; received: when the server got it,
 * 0 if unknown. The item lives in c->arena. ERR_INVALID, ERR_LIMIT: it cannot be read. */
enum err mail_item_read(const struct channel_ctx *c, struct str raw, int64_t received,
                        struct item *out, struct errinfo *e) MUST_CHECK;

#endif
