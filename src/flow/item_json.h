/* item_json.h - a post as JSON, the one form in which the API, import files and the control socket
 * hand posts in.
 *
 *   id            text, required: unique within the account
 *   text          text; title: text (subject, headline)
 *   author        text (identity on the channel), or {"id","name"}; author_name: text
 *   in_reply_to   text or list of texts, nearest first
 *   published_at  RFC 3339, or whole seconds or milliseconds since 1970
 *   url, reach, private, ours
 *   doubted       true: nobody confirms that it is by this author
 * Unknown fields are kept with the post. Threads: pure. */
#ifndef FLOW_ITEM_JSON_H
#define FLOW_ITEM_JSON_H

#include "base/err.h"
#include "domain/item.h"

struct arena;
struct json;

/* e->where names the field that is wrong. */
enum err item_from_json(struct arena *a, const struct json *v, struct item *out,
                        struct errinfo *e) MUST_CHECK;

#endif
