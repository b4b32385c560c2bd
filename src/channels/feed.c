/* feed.c - listens to an RSS, Atom or JSON feed. What the cursor keeps between polls, as JSON:
 *   {"etag":…,"modified":…,"seen":[hashes]}
 * An entry is known by its id, or by link, author, title and content together: some feeds give a
 * new id to everything on each request, and must not flood the inbox. */
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/trouble.h"
#include "base/vec.h"
#include "channels/shared.h"
#include "crypt/hmac.h"
#include "net/fetch.h"
#include "text/feed.h"
#include "text/html.h"
#include "text/json.h"
#include "text/unicode.h"

#define USUAL_RHYTHM (15 * CLOCK_MINUTE)
#define SHORTEST_WAIT (5 * CLOCK_MINUTE)
#define LONGEST_WAIT CLOCK_DAY

enum {
    SEEN_MAX = 2 * FEED_ENTRIES_MAX, /* two hashes an entry */
    HASH_LETTERS = 16,
    CURSOR_MAX = 128 * 1024,
    VALIDATOR_MAX = 512 /* bytes of an ETag or date that we send back */
};

static const struct channel_setting settings[] = {
    {.key = "url",
     .type = SETTING_URL,
     .required = true,
     .label = N_("Address of the feed"),
     .hint = N_("RSS, Atom or JSON Feed")},
    {.key = "own",
     .type = SETTING_FLAG,
     .label = N_("These are our own posts"),
     .hint = N_("They are kept for context and never become work.")},
};

struct memory {
    struct str etag, modified;
    struct vec seen;   /* struct str, newest first */
    struct map lookup; /* the same as a set */
};

static void remember(struct memory *m, struct str hash)
{
    if (m->seen.n >= SEEN_MAX || map_get(&m->lookup, hash))
        return;
    struct str *kept = vec_push(&m->seen);
    *kept = hash;
    map_set(&m->lookup, hash, m);
}

static void memory_init(struct memory *m, struct arena *a)
{
    *m = (struct memory){0};
    vec_init(&m->seen, a, sizeof(struct str));
    map_init(&m->lookup, a);
}

/* A cursor that cannot be read is as none: entries come again and die on their external ids. */
static void memory_read(struct memory *m, struct arena *a, struct str cursor)
{
    struct json *v;
    memory_init(m, a);
    if (!cursor.n || json_parse(a, cursor, &v, NULL) != ERR_OK)
        return;
    m->etag = json_text(v, "etag");
    m->modified = json_text(v, "modified");
    const struct json *seen = json_get(v, "seen");
    for (size_t i = 0; i < json_count(seen); i++)
        remember(m, json_as_text(json_at(seen, i)));
}

static struct str memory_write(const struct memory *m, struct arena *a)
{
    struct buf b;
    struct json_writer w;
    buf_init_in(&b, a, CURSOR_MAX);
    json_writer_init(&w, &b);
    json_begin_object(&w);
    json_put_text(&w, "etag", m->etag);
    json_put_text(&w, "modified", m->modified);
    json_key(&w, "seen");
    json_begin_list(&w);
    for (size_t i = 0; i < m->seen.n; i++)
        json_add_text(&w, *(struct str *)vec_at(&m->seen, i));
    json_end_list(&w);
    json_end_object(&w);
    return buf_str(&b);
}

static struct str short_hash(struct arena *a, struct str s)
{
    return str_sub(sha256_hex(a, s), 0, HASH_LETTERS);
}

static struct str content_hash(struct arena *a, const struct feed_entry *f)
{
    struct str body = f->content.n ? f->content : f->summary;
    const struct str parts[] = {f->link, f->author, f->title, body};
    return short_hash(a, arena_join(a, parts, 4, (struct str){"", 1})); /* a NUL between them */
}

static struct str as_text(struct arena *a, struct str s, bool is_html)
{
    return text_clean(a, is_html ? html_to_text(a, s) : s, ITEM_TEXT_MAX);
}

static struct str as_line(struct arena *a, struct str s, bool is_html)
{
    return text_plain_line(a, is_html ? html_to_text(a, s) : s, ITEM_FIELD_MAX);
}

static int64_t not_after(int64_t at, int64_t now)
{
    return at > now ? now : at > 0 ? at : 0;
}

static void fill_item(const struct channel_ctx *c, const struct feed *feed,
                      const struct feed_entry *f, struct item *out)
{
    struct arena *a = c->arena;
    bool has_content = f->content.n > 0;
    struct str author = f->author_name.n ? f->author_name : f->author.n ? f->author : feed->author;
    struct str source = feed->title.n ? feed->title : feed->link;
    *out = (struct item){
        .external_id =
            f->id.n <= ITEM_ID_MAX ? f->id : arena_printf(a, "sha256:%s", sha256_hex(a, f->id).p),
        .author_name = as_line(a, author.n ? author : source, false),
        .title = as_line(a, f->title, f->title_is_html),
        .text = as_text(a, has_content ? f->content : f->summary,
                        has_content ? f->content_is_html : f->summary_is_html),
        .published_at = not_after(f->published ? f->published : f->updated, clock_now(c->clock)),
        .is_ours = shared_flag(c, "own"),
    };
    out->author_id = as_line(a, f->author_email.n ? f->author_email : out->author_name, false);
    if (html_link_allowed(f->link) && f->link.n <= ITEM_FIELD_MAX)
        out->url = f->link;
    if (!out->text.n)
        out->text = out->title;
}

/* Entries that are new, and in memory those of this feed before older ones. */
static void take_entries(const struct channel_ctx *c, const struct feed *feed, struct memory *m,
                         struct poll_result *out)
{
    struct arena *a = c->arena;
    struct memory now;
    struct vec items;
    memory_init(&now, a);
    vec_init(&items, a, sizeof(struct item));
    for (size_t i = 0; i < feed->entry_count; i++) {
        const struct feed_entry *f = &feed->entries[i];
        struct str id = short_hash(a, f->id), content = content_hash(a, f);
        bool known = map_get(&m->lookup, id) || map_get(&m->lookup, content) ||
                     map_get(&now.lookup, id) || map_get(&now.lookup, content);
        remember(&now, id);
        remember(&now, content);
        if (known)
            continue;
        fill_item(c, feed, f, vec_push(&items));
        struct item *last = vec_at(&items, items.n - 1);
        if (!last->text.n) /* nothing to read, nothing to answer */
            items.n--;
    }
    for (size_t i = 0; i < m->seen.n; i++)
        remember(&now, *(struct str *)vec_at(&m->seen, i));
    m->seen = now.seen;
    m->lookup = now.lookup;
    out->items = items.p;
    out->count = items.n;
}

/* When the feed wants to be asked again: max-age, ttl, skipHours. */
static int64_t next_visit(const struct channel_ctx *c, const struct fetch_response *r,
                          const struct feed *feed)
{
    int64_t now = clock_now(c->clock), wait = r->max_age > 0 ? r->max_age : 0;
    if (feed->ttl_minutes > 0 && feed->ttl_minutes <= LONGEST_WAIT / CLOCK_MINUTE &&
        wait < feed->ttl_minutes * CLOCK_MINUTE)
        wait = feed->ttl_minutes * CLOCK_MINUTE;
    if (feed->ttl_minutes > LONGEST_WAIT / CLOCK_MINUTE || wait > LONGEST_WAIT)
        wait = LONGEST_WAIT;
    int64_t at = now + (wait > USUAL_RHYTHM ? wait : USUAL_RHYTHM);
    int64_t usual = at;
    for (int i = 0; i < 23 && feed->skip_hours >> at / CLOCK_HOUR % 24 & 1; i++)
        at = (at / CLOCK_HOUR + 1) * CLOCK_HOUR;
    if (at != usual)
        return at < now + LONGEST_WAIT ? at : now + LONGEST_WAIT;
    if (wait == 0)
        return 0;
    return now + (wait > SHORTEST_WAIT ? wait : SHORTEST_WAIT);
}

/* The value of an attribute inside one tag; enough for <link>, whose attributes are quoted wherever
 * it is seen. */
static struct str attribute(struct str tag, const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 1; i + n + 2 < tag.n; i++) {
        char quote = tag.p[i + n + 1];
        if ((tag.p[i - 1] != ' ' && tag.p[i - 1] != '\n' && tag.p[i - 1] != '\t') ||
            tag.p[i + n] != '=' || (quote != '"' && quote != '\'') ||
            !str_starts_nocase(str_sub(tag, i, tag.n), str_z(name)))
            continue;
        ptrdiff_t end = str_find_char(tag, quote, i + n + 2);
        return end < 0 ? STR_NONE : str_sub(tag, i + n + 2, (size_t)end);
    }
    return STR_NONE;
}

static bool is_feed_type(struct str type)
{
    return str_eq_nocase(type, STR("application/rss+xml")) ||
           str_eq_nocase(type, STR("application/atom+xml")) ||
           str_eq_nocase(type, STR("application/feed+json"));
}

/* The feed that a web page names for itself (<link rel="alternate">); STR_NONE without. */
static struct str find_feed_link(struct arena *a, struct str page)
{
    for (ptrdiff_t at = 0; (at = str_find_char(page, '<', (size_t)at)) >= 0; at++) {
        struct str rest = str_sub(page, (size_t)at, page.n);
        if (!str_starts_nocase(rest, STR("<link")))
            continue;
        ptrdiff_t end = str_find_char(rest, '>', 0);
        struct str tag = str_sub(rest, 0, end < 0 ? rest.n : (size_t)end);
        if (str_contains_nocase(attribute(tag, "rel"), STR("alternate")) &&
            is_feed_type(attribute(tag, "type")))
            return text_plain_line(a, html_decode(a, attribute(tag, "href")), 200);
    }
    return STR_NONE;
}

static struct str charset_of(struct str content_type)
{
    struct str piece;
    while (str_next(&content_type, ';', &piece)) {
        piece = str_trim(piece);
        if (str_starts_nocase(piece, STR("charset="))) {
            piece = str_sub(piece, 8, piece.n);
            return str_starts(piece, STR("\"")) && piece.n > 1 ? str_sub(piece, 1, piece.n - 1)
                                                               : piece;
        }
    }
    return STR_NONE;
}

static enum err ask(const struct channel_ctx *c, const struct memory *m, struct fetch_response *r,
                    struct errinfo *e)
{
    struct fetch_header headers[3] = {
        {STR("Accept"), STR("application/feed+json, application/atom+xml, application/rss+xml, "
                            "application/xml;q=0.9, text/xml;q=0.9, */*;q=0.1")}};
    size_t n = 1;
    if (m->etag.n)
        headers[n++] = (struct fetch_header){STR("If-None-Match"), m->etag};
    if (m->modified.n)
        headers[n++] = (struct fetch_header){STR("If-Modified-Since"), m->modified};
    struct str url = channel_setting(c, "url");
    if (!url.n)
        return err_trouble(e, ERR_INVALID, "url", TROUBLE_ENTER_FEED, NULL);
    const struct fetch_request request = {.url = url,
                                          .headers = headers,
                                          .header_count = n,
                                          .net = shared_net(c),
                                          .clock = c->clock,
                                          .body_max = FEED_BYTES_MAX};
    return fetch(&request, c->arena, r, e);
}

static enum err explain_status(int status, struct errinfo *e)
{
    if (status == 404)
        return err_trouble(e, ERR_PEER, "url", TROUBLE_NO_FEED, NULL);
    if (status == 401 || status == 403)
        return err_trouble(e, ERR_DENIED, "url", TROUBLE_FEED_DENIED, "%d", status);
    if (status == 429)
        return err_trouble(e, ERR_PEER, "url", TROUBLE_TOO_MANY, NULL);
    return err_trouble(e, ERR_PEER, "url", status >= 500 ? TROUBLE_SERVER_ILL : TROUBLE_STATUS,
                       "%d", status);
}

static enum err read_feed(const struct channel_ctx *c, const struct fetch_response *r,
                          struct feed *feed, struct errinfo *e)
{
    struct str charset = charset_of(fetch_header(r, "content-type"));
    enum err err = feed_parse(c->arena, r->body, charset, r->url, feed, e);
    if (err != ERR_INVALID)
        return err;
    struct str link = find_feed_link(c->arena, r->body);
    if (link.n)
        return err_trouble(e, ERR_INVALID, "url", TROUBLE_WEB_PAGE, "%.200s", link.p);
    return err;
}

static enum err feed_poll(const struct channel_ctx *c, struct str cursor, struct poll_result *out,
                          struct errinfo *e)
{
    struct memory m;
    struct fetch_response r;
    struct feed feed;
    *out = (struct poll_result){.cursor = cursor};
    memory_read(&m, c->arena, cursor);
    TRY(ask(c, &m, &r, e));
    if (r.retry_after) {
        int64_t wait = r.retry_after > SHORTEST_WAIT ? r.retry_after : SHORTEST_WAIT;
        out->next_at = clock_now(c->clock) + wait;
    }
    if (r.status == 410) {
        out->stopped = true;
        return ERR_OK;
    }
    if (r.status != 304 && (r.status < 200 || r.status >= 300))
        return explain_status(r.status, e);
    if (r.status != 304) {
        TRY(read_feed(c, &r, &feed, e));
        take_entries(c, &feed, &m, out);
        m.etag = fetch_header(&r, "etag").n <= VALIDATOR_MAX ? fetch_header(&r, "etag") : STR_NONE;
        m.modified = fetch_header(&r, "last-modified").n <= VALIDATOR_MAX
                         ? fetch_header(&r, "last-modified")
                         : STR_NONE;
        out->cursor = memory_write(&m, c->arena);
    } else {
        feed = (struct feed){0};
    }
    if (!out->next_at)
        out->next_at = next_visit(c, &r, &feed);
    out->moved_to = r.moved_to; /* only now: it leads to something that works */
    return ERR_OK;
}

static enum err feed_check(const struct channel_ctx *c, struct errinfo *e)
{
    struct fetch_response r;
    struct feed feed;
    TRY(ask(c, &(struct memory){0}, &r, e));
    if (r.status < 200 || r.status >= 300)
        return explain_status(r.status, e);
    return read_feed(c, &r, &feed, e);
}

const struct channel channel_feed = {
    .key = "feed",
    .label = N_("Feed"),
    .icon = "rss",
    .settings = settings,
    .setting_count = sizeof settings / sizeof *settings,
    .poll_every = USUAL_RHYTHM,
    .resend = RESEND_NEVER,
    .poll = feed_poll,
    .check = feed_check,
};
