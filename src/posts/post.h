/* post.h - what the room posts does beyond single statements (post_sql.h, account_sql.h,
 * outbox_sql.h). Threads: as the connection or transaction given. */
#ifndef POSTS_POST_H
#define POSTS_POST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/map.h"
#include "base/str.h"
#include "domain/item.h"
#include "domain/words.h"

struct arena;
struct db;
struct seal_key;
struct store;
struct tx;

/* post.flags */
enum {
    POST_PRIVATE = 1,   /* not visible to the public */
    POST_OURS = 2,      /* the brand itself said it */
    POST_AUTOMATIC = 4, /* auto-reply, list mail */
    POST_BOUNCE = 8,
    POST_CUT = 16,     /* longer than ITEM_TEXT_MAX; the rest was cut */
    POST_SAME_ID = 32, /* a mail that came under the Message-ID of another one */
    POST_DOUBTED = 64  /* nobody confirms that it is by whom it names as its author */
};

/* A connected identity on a channel, with its settings opened. */
struct account {
    int64_t id, brand, version, text_limit, failures;
    int64_t send_failures; /* in a row, of answers */
    int64_t asked;         /* how often somebody wanted news at once */
    struct str key, channel, network, name, cursor, settings_json;
    bool is_public, allow_private, on;
    struct map settings; /* key -> struct str *; secrets opened */
};

/* key may be NULL: secrets stay closed. ERR_NOT_FOUND; ERR_INVALID when the secrets cannot be
 * opened. */
enum err account_load(struct db *db, struct arena *a, const struct seal_key *key, int64_t brand,
                      int64_t id, struct account *out, struct errinfo *e) MUST_CHECK;
/* What a sealed value of this account belongs to, for crypt/seal.h. */
struct str account_seal_name(struct arena *a, int64_t id);
/* {"k":"v"} of a map, for account.settings and, before sealing, account.secrets. */
struct str account_settings_write(struct arena *a, const struct map *settings);

/* Stores the attachments of a post in chunks. */
enum err attachments_add(struct store *s, struct tx *tx, int64_t brand, int64_t post,
                         const struct item_attachment *list, size_t n) MUST_CHECK;
/* The whole attachment, read back. */
enum err attachment_read(struct db *db, struct arena *a, int64_t brand, int64_t id,
                         struct item_attachment *out) MUST_CHECK;

#endif
