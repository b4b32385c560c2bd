/* channel.h - what a channel is to the rest of the house: one const table entry. A channel is a
 * pure ability: it is handed clock, settings, cursor and memory, and knows neither store nor flow.
 * Blocking calls; it runs on poller and sender threads, never on page threads. */
#ifndef CHANNELS_CHANNEL_H
#define CHANNELS_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/map.h"
#include "base/str.h"
#include "domain/item.h"
#include "domain/outgoing.h"

struct arena;

enum setting_type {
    SETTING_TEXT,
    SETTING_SECRET,
    SETTING_URL,
    SETTING_NUMBER,
    SETTING_FLAG,
    SETTING_CHOICE
};

/* One setting of an account; forms and reference pages are made from these rows. Labels and hints
 * are English msgids, translated by page/. */
struct channel_setting {
    const char *key;
    enum setting_type type;
    bool required;
    const char *preset; /* may be NULL */
    const char *label;
    const char *hint;    /* may be NULL */
    const char *choices; /* "a|b|c" for SETTING_CHOICE */
};

struct channel_ctx {
    struct arena *arena; /* results live here */
    const struct clock *clock;
    const struct map *settings; /* key -> struct str *, secrets opened; presets filled in */
    struct str account_name;    /* our own identity there */
    int64_t account;
    bool allow_private;  /* administrator allowed private addresses for this account */
    const char *ca_file; /* extra trust anchors; NULL: the system's */
    /* True: give up at the next step, the process ends or has lost its right to act. May be NULL.
     */
    bool (*give_up)(const void *arg);
    const void *give_up_arg;
};

/* The setting's text, STR_NONE when neither set nor preset. */
struct str channel_setting(const struct channel_ctx *c, const char *key);

/* A thing from outside that could not be read; kept raw for its owner to see. */
struct channel_refused {
    struct str external_id, where, what, raw;
};

struct poll_result {
    struct item *items;
    size_t count;
    struct channel_refused *refused;
    size_t refused_count;
    struct str cursor;   /* saved in the transaction that saves the items */
    int64_t next_at;     /* not before this moment (Retry-After, max-age); 0: the usual rhythm */
    bool more;           /* call again at once: there is more */
    bool stopped;        /* the source is gone for good (410): stop polling and tell */
    struct str moved_to; /* permanent new address: saved as the setting "url" */
};

/* Called by send at the last moment before bytes leave that the peer could act on. When it returns
 * an error nothing may be sent, and the result is SENT_LATER. */
struct sending_mark {
    enum err (*mark)(void *arg);
    void *arg;
};

/* A letter of the program itself, such as an alarm: marked as automatic. */
struct channel_letter {
    struct str to; /* user@host */
    struct str subject, text;
    struct str message_id; /* without <>; the same on each try */
    int64_t date;
};

struct channel {
    const char *key;   /* "mail" */
    const char *label; /* English msgid */
    const char *icon;  /* name in the sprite */
    const struct channel_setting *settings;
    size_t setting_count;
    int64_t poll_every; /* usual rhythm in ms; 0: nothing to poll */
    int text_limit; /* characters (grapheme clusters); 0: none. An account may set a lower one */
    bool can_reply;
    bool is_private; /* answers are not public */
    /* What to do with a message of which it is not known whether it arrived. */
    enum { RESEND_SAFE_WITH_KEY, RESEND_ASK, RESEND_NEVER } resend;
    /* poll, send and check are NULL where the channel has none.
     * cursor: what the last poll gave, STR_NONE at first. *out is sound also on an error: what it
     * holds is stored as usual, then e->what is shown to the administrator. */
    enum err (*poll)(const struct channel_ctx *c, struct str cursor, struct poll_result *out,
                     struct errinfo *e);
    void (*send)(const struct channel_ctx *c, const struct outgoing *m, struct sending_mark mark,
                 struct sent_result *out);
    /* Tries the settings without side effects: sign in, fetch. For the "check" button and zuruf
     * doctor. */
    enum err (*check)(const struct channel_ctx *c, struct errinfo *e);
    /* Hands a letter on; NULL where the channel cannot. ERR_INVALID: it is not set up for that. */
    enum err (*tell)(const struct channel_ctx *c, const struct channel_letter *letter,
                     struct errinfo *e);
};

/* All channels, by table order; find gives NULL for an unknown key. */
extern const struct channel *const channel_table[];
extern const size_t channel_count;
const struct channel *channel_find(struct str key);

#endif
