/* item.h - a post as a channel heard it, before it is stored: what every source (file, API, feed,
 * mail, demo) hands to flow/ingest. All text is UTF-8 and lives in the arena of its batch. Threads:
 * plain data. */
#ifndef DOMAIN_ITEM_H
#define DOMAIN_ITEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* Caps on one post; larger input is refused or cut with a word about it (docs/guide, "Sizes"). */
enum {
    ITEM_TEXT_MAX = 64 * 1024, /* bytes kept of a text; the rest is cut and marked */
    ITEM_FIELD_MAX = 1024,     /* name, handle, title, URL */
    ITEM_ID_MAX = 512,         /* external ids */
    ITEM_RAW_MAX = 256 * 1024, /* what is kept of the original */
    ITEM_ATTACHMENTS_MAX = 20,
    ITEM_ATTACHMENT_MAX = 25 * 1024 * 1024
};

struct item_attachment {
    struct str name; /* as told by the sender: show as text only */
    struct str type; /* media type */
    struct str data;
};

struct item {
    struct str external_id; /* unique within the account */
    const struct str
        *parents; /* external ids it answers, nearest first (mail: In-Reply-To, References) */
    size_t parent_count;
    struct str author_id;   /* the author's identity on the channel: handle or address */
    struct str author_name; /* what people call them; may be empty */
    struct str title;       /* subject, headline; may be empty */
    struct str text;        /* plain text as shown */
    struct str quoted;      /* cut history of a mail, folded on the page */
    struct str url;         /* where it can be seen; may be empty */
    struct str extra;       /* unknown fields, one JSON object; may be empty */
    int64_t published_at;   /* 0: not told */
    int64_t reach;          /* people who may have seen it; 0: not told */
    bool is_private;        /* not visible to the public (mail, direct message) */
    bool is_ours;           /* written by the brand itself */
    bool is_automatic;      /* auto-reply, bounce, list mail: stored, never answered */
    bool is_doubted;        /* the server that received it does not confirm who wrote it */
    bool is_bounce;         /* tells that a message of ours did not arrive */
    const struct item_attachment *attachments;
    size_t attachment_count;
};

#endif
