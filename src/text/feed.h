/* feed.h - news feeds: RSS 0.9x, 1.0 and 2.0, Atom 0.3 and 1.0, JSON Feed 1 and 1.1, as the world
 * writes them.
 *
 * Tolerated: wrong or missing encodings, HTML entities without a DTD, bare ampersands, a tail that
 * is cut off or broken (recovered says so). Never: a DTD or any entity of the document's own,
 * anything loaded from elsewhere, more than FEED_BYTES_MAX, nesting over FEED_DEPTH_MAX. Entries
 * behind FEED_ENTRIES_MAX are left out. Addresses are resolved against xml:base and the feed's URL.
 * Markup is NOT sanitised here: what an is_html flag marks goes through html_to_text or
 * html_sanitise. Everything lives in the arena. Threads: any. */
#ifndef TEXT_FEED_H
#define TEXT_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct arena;
struct buf;

enum {
    FEED_BYTES_MAX = 5 * 1024 * 1024,
    FEED_DEPTH_MAX = 64,
    FEED_ENTRIES_MAX = 1000,
    FEED_LIST_MAX = 100
};

struct feed_enclosure {
    struct str url, type;
    int64_t length; /* bytes; 0: not told */
};

struct feed_entry {
    struct str id; /* guid or id, else the link, else a hash of title and content; never empty */
    struct str title, link;
    struct str author; /* as the feed says it: "Name (mail)", "mail (Name)", a name */
    struct str author_name, author_email; /* taken apart; may be empty */
    int64_t published, updated;           /* 0: not told */
    struct str summary;                   /* the content where the feed has no summary of its own */
    struct str content;
    bool title_is_html, summary_is_html, content_is_html;
    const struct str *tags;
    size_t tag_count;
    const struct feed_enclosure *enclosures;
    size_t enclosure_count;
};

struct feed {
    struct str title, link, language;
    struct str author;   /* of the whole feed, for entries without their own */
    struct str hub;      /* WebSub hub; may be empty */
    int64_t updated;     /* 0: not told */
    int64_t ttl_minutes; /* 0: not told */
    uint32_t skip_hours; /* bit h: no fetch in hour h, UTC */
    const struct feed_entry *entries;
    size_t entry_count;
    bool recovered; /* the document was broken; what could be read is here */
};

/* charset: what HTTP said, may be empty. url: where it came from, may be empty. ERR_INVALID: no
 * feed at all; ERR_LIMIT: over the caps. */
enum err feed_parse(struct arena *a, struct str bytes, struct str charset, struct str url,
                    struct feed *out, struct errinfo *e) MUST_CHECK;
/* One JSON object in the shape that `zuruf parse feed` prints. */
void feed_to_json(struct buf *b, const struct feed *f);

#endif
