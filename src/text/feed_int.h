/* feed_int.h - inside text/ only: what feed.c, feed_clean.c, feed_xml.c and feed_json.c share. */
#ifndef TEXT_FEED_INT_H
#define TEXT_FEED_INT_H

#include "base/vec.h"
#include "text/feed.h"

struct json;

/* An entry while it is read. */
struct feed_draft {
    struct feed_entry e;
    struct vec tags;       /* struct str */
    struct vec enclosures; /* struct feed_enclosure */
};

void feed_draft_init(struct feed_draft *d, struct arena *a);
/* Trimmed, without what is there already, at most FEED_LIST_MAX. */
void feed_add_tag(struct feed_draft *d, struct str tag);
void feed_add_enclosure(struct feed_draft *d, struct str url, struct str type, struct str length);
/* Fills what follows from the rest (id, summary, author's parts) and appends to entries. */
void feed_finish_entry(struct arena *a, struct vec *entries, struct feed_draft *d);

/* The document as UTF-8 without XML declaration, DTD and foreign entities: these become characters.
 */
struct str feed_decode(struct arena *a, struct str bytes, struct str charset);
/* References in markup made absolute. */
struct str feed_resolve_markup(struct arena *a, struct str html, struct str base);
struct str feed_resolve(struct arena *a, struct str url, struct str base);

/* Readers of the two families: entries are pushed as struct feed_entry. */
enum err feed_read_xml(struct arena *a, struct str text, struct str url, struct feed *out,
                       struct vec *entries, struct errinfo *e) MUST_CHECK;
enum err feed_read_json(struct arena *a, struct str text, struct str url, struct feed *out,
                        struct vec *entries, struct errinfo *e) MUST_CHECK;

#endif
