/* feed.c - which family a feed is of, what all families share, and the shape in which it is
 * printed. */
#include "text/feed.h"

#include <string.h>

#include "base/arena.h"
#include "base/trouble.h"
#include "base/buf.h"
#include "text/feed_int.h"
#include "text/json.h"
#include "text/unicode.h"

void feed_draft_init(struct feed_draft *d, struct arena *a)
{
    *d = (struct feed_draft){0};
    vec_init(&d->tags, a, sizeof(struct str));
    vec_init(&d->enclosures, a, sizeof(struct feed_enclosure));
}

void feed_add_tag(struct feed_draft *d, struct str tag)
{
    tag = str_trim(tag);
    if (!tag.n || d->tags.n >= FEED_LIST_MAX)
        return;
    for (size_t i = 0; i < d->tags.n; i++)
        if (str_eq(*(struct str *)vec_at(&d->tags, i), tag))
            return;
    *(struct str *)vec_push(&d->tags) = tag;
}

void feed_add_enclosure(struct feed_draft *d, struct str url, struct str type, struct str length)
{
    int64_t bytes;
    if (!url.n || d->enclosures.n >= FEED_LIST_MAX)
        return;
    for (size_t i = 0; i < d->enclosures.n; i++)
        if (str_eq(((struct feed_enclosure *)vec_at(&d->enclosures, i))->url, url))
            return;
    if (!str_to_i64(str_trim(length), &bytes) || bytes < 0)
        bytes = 0;
    *(struct feed_enclosure *)vec_push(&d->enclosures) =
        (struct feed_enclosure){.url = url, .type = str_trim(type), .length = bytes};
}

static bool is_mail(struct str s)
{
    ptrdiff_t at = str_find_char(s, '@', 0);
    return at > 0 && (size_t)at + 1 < s.n && str_find_char(s, ' ', 0) < 0;
}

/* "Name (mail)", "mail (Name)", "Name <mail>", "mail", "Name". */
static void split_author(struct feed_entry *e)
{
    struct str s = str_trim(e->author), first = s, second = STR_NONE;
    if (!s.n || e->author_name.n || e->author_email.n)
        return;
    char close = s.p[s.n - 1];
    if (close == ')' || close == '>') {
        ptrdiff_t open = str_find_char(s, close == ')' ? '(' : '<', 0);
        if (open >= 0) {
            first = str_trim(str_sub(s, 0, (size_t)open));
            second = str_trim(str_sub(s, (size_t)open + 1, s.n - 1));
        }
    }
    if (is_mail(first)) {
        e->author_email = first;
        e->author_name = second;
    } else if (is_mail(second)) {
        e->author_email = second;
        e->author_name = first;
    } else {
        e->author_name = s;
    }
}

void feed_finish_entry(struct arena *a, struct vec *entries, struct feed_draft *d)
{
    struct feed_entry *e = &d->e;
    if (entries->n >= FEED_ENTRIES_MAX)
        return;
    if (!e->title.n && !e->link.n && !e->id.n && !e->summary.n && !e->content.n)
        return;
    if (!e->summary.n) {
        e->summary = e->content;
        e->summary_is_html = e->content_is_html;
    }
    if (!e->id.n)
        e->id = e->link;
    if (!e->id.n) {
        /* FNV-1a is a fixed function, so the same words have the same id tomorrow */
        struct str whole = arena_join(a, (struct str[]){e->title, e->summary}, 2, STR("\n"));
        e->id = arena_printf(a, "hash:%016llx", (unsigned long long)str_hash(whole));
    }
    split_author(e);
    e->tags = d->tags.p;
    e->tag_count = d->tags.n;
    e->enclosures = d->enclosures.p;
    e->enclosure_count = d->enclosures.n;
    *(struct feed_entry *)vec_push(entries) = *e;
}

enum err feed_parse(struct arena *a, struct str bytes, struct str charset, struct str url,
                    struct feed *out, struct errinfo *e)
{
    *out = (struct feed){0};
    if (bytes.n > FEED_BYTES_MAX)
        return err_trouble(e, ERR_LIMIT, "", TROUBLE_FEED_LARGE, "%d", FEED_BYTES_MAX >> 20);
    text_init();
    struct vec entries;
    vec_init(&entries, a, sizeof(struct feed_entry));
    struct str start = str_trim(bytes);
    if (str_starts(start, STR("\xEF\xBB\xBF")))
        start = str_trim(str_sub(start, 3, start.n));
    if (str_starts(start, STR("{")))
        TRY(feed_read_json(a, start, url, out, &entries, e));
    else
        TRY(feed_read_xml(a, feed_decode(a, bytes, charset), url, out, &entries, e));
    out->entries = entries.p;
    out->entry_count = entries.n;
    return ERR_OK;
}

static void entry_to_json(struct json_writer *w, const struct feed_entry *e)
{
    json_begin_object(w);
    json_put_text(w, "id", e->id);
    json_put_text(w, "title", e->title);
    json_put_text(w, "link", e->link);
    json_put_text(w, "author", e->author);
    json_put_time(w, "published", e->published);
    json_put_time(w, "updated", e->updated);
    json_put_text(w, "summary", e->summary);
    json_put_text(w, "content", e->content);
    json_key(w, "tags");
    json_begin_list(w);
    for (size_t i = 0; i < e->tag_count; i++)
        json_add_text(w, e->tags[i]);
    json_end_list(w);
    json_key(w, "enclosures");
    json_begin_list(w);
    for (size_t i = 0; i < e->enclosure_count; i++) {
        json_begin_object(w);
        json_put_text(w, "url", e->enclosures[i].url);
        json_put_text(w, "type", e->enclosures[i].type);
        json_put_i64(w, "length", e->enclosures[i].length);
        json_end_object(w);
    }
    json_end_list(w);
    json_end_object(w);
}

void feed_to_json(struct buf *b, const struct feed *f)
{
    struct json_writer w;
    json_writer_init(&w, b);
    json_begin_object(&w);
    json_put_text(&w, "title", f->title);
    json_put_text(&w, "link", f->link);
    json_put_text(&w, "language", f->language);
    json_key(&w, "entries");
    json_begin_list(&w);
    for (size_t i = 0; i < f->entry_count; i++)
        entry_to_json(&w, &f->entries[i]);
    json_end_list(&w);
    json_end_object(&w);
}
