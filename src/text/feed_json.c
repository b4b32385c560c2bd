/* feed_json.c - JSON Feed 1 and 1.1 (jsonfeed.org). */
#include "base/arena.h"
#include "base/trouble.h"
#include "text/date.h"
#include "text/feed_int.h"
#include "text/html.h"
#include "text/json.h"

/* Both versions: "authors": [{…}], or "author": {…}. */
static struct str author(const struct json *v)
{
    const struct json *one = json_at(json_get(v, "authors"), 0);
    if (!one)
        one = json_get(v, "author");
    struct str name = json_text(one, "name");
    return name.n ? name : json_text(one, "url");
}

/* An id that is a number is one all the same. */
static struct str id_of(struct arena *a, const struct json *item)
{
    struct str id = json_text(item, "id");
    int64_t n;
    return !id.n && json_i64(item, "id", &n) ? arena_printf(a, "%lld", (long long)n) : id;
}

static void read_item(struct arena *a, const struct json *item, struct str url, struct vec *entries)
{
    struct feed_draft d;
    feed_draft_init(&d, a);
    struct feed_entry *e = &d.e;
    e->id = id_of(a, item);
    e->link = feed_resolve(a, json_text(item, "url"), url);
    if (!e->link.n)
        e->link = feed_resolve(a, json_text(item, "external_url"), url);
    e->title = str_trim(json_text(item, "title"));
    e->author = str_trim(author(item));
    e->author_name = e->author;
    e->summary = str_trim(json_text(item, "summary"));
    e->content = feed_resolve_markup(a, str_trim(json_text(item, "content_html")), url);
    e->content_is_html = e->content.n > 0;
    if (!e->content.n)
        e->content = str_trim(json_text(item, "content_text"));
    date_parse(json_text(item, "date_published"), &e->published);
    date_parse(json_text(item, "date_modified"), &e->updated);
    const struct json *tags = json_get(item, "tags"), *files = json_get(item, "attachments");
    for (size_t i = 0; i < json_count(tags) && i < FEED_LIST_MAX; i++)
        feed_add_tag(&d, json_as_text(json_at(tags, i)));
    for (size_t i = 0; i < json_count(files) && i < FEED_LIST_MAX; i++) {
        const struct json *file = json_at(files, i);
        int64_t size = 0;
        json_i64(file, "size_in_bytes", &size);
        feed_add_enclosure(&d, feed_resolve(a, json_text(file, "url"), url),
                           json_text(file, "mime_type"), arena_printf(a, "%lld", (long long)size));
    }
    feed_finish_entry(a, entries, &d);
}

enum err feed_read_json(struct arena *a, struct str text, struct str url, struct feed *out,
                        struct vec *entries, struct errinfo *e)
{
    struct json *v;
    TRY(json_parse(a, text, &v, e));
    if (!str_contains_nocase(json_text(v, "version"), STR("jsonfeed.org/version/")))
        return err_trouble(e, ERR_INVALID, "version", TROUBLE_FEED_JSON, NULL);
    struct str home = json_text(v, "home_page_url");
    if (!url.n)
        url = json_text(v, "feed_url");
    out->title = str_trim(json_text(v, "title"));
    out->link = feed_resolve(a, home, url);
    out->language = str_trim(json_text(v, "language"));
    out->author = str_trim(author(v));
    const struct json *hubs = json_get(v, "hubs"), *items = json_get(v, "items");
    out->hub = json_text(json_at(hubs, 0), "url");
    for (size_t i = 0; i < json_count(items) && i < FEED_ENTRIES_MAX; i++)
        read_item(a, json_at(items, i), url, entries);
    return ERR_OK;
}
