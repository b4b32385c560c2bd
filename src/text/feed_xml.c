/* feed_xml.c - RSS and Atom over libxml2's reader: one child of the channel at a time is a tree, so
 * that memory follows the largest entry. Which element fills which field stands in one table; where
 * several can, the first wins. Atom's names are also understood inside RSS and the other way round,
 * as feeds mix them. */
#include <libxml/xmlreader.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/trouble.h"
#include "text/date.h"
#include "text/feed_int.h"
#include "text/html.h"

enum {
    OPTIONS = XML_PARSE_NONET | XML_PARSE_RECOVER | XML_PARSE_NOCDATA,
    MENDED_MAX = 1024 * 1024 /* bytes of a broken document that may become a tree as a whole */
};

enum space { PLAIN, DC, TERMS, CONTENT, MEDIA, ITUNES, XHTML, RDF, FOREIGN };

enum field {
    NONE,
    TITLE,
    LINK,
    GUID,
    ID,
    AUTHOR,
    PUBLISHED,
    UPDATED,
    SUMMARY,
    ENCODED, /* markup by definition */
    BODY,    /* Atom's content */
    CATEGORY,
    KEYWORDS,
    ENCLOSURE,
    FILE_OF_MEDIA,
    LANGUAGE,
    TTL,
    SKIP_HOURS
};

static const struct {
    enum space space;
    const char *name;
    enum field field;
} fields[] = {
    {PLAIN, "title", TITLE},
    {DC, "title", TITLE},
    {MEDIA, "title", TITLE},
    {PLAIN, "link", LINK},
    {PLAIN, "guid", GUID},
    {PLAIN, "id", ID},
    {PLAIN, "author", AUTHOR},
    {PLAIN, "managingEditor", AUTHOR},
    {DC, "creator", AUTHOR},
    {DC, "author", AUTHOR},
    {ITUNES, "author", AUTHOR},
    {PLAIN, "pubDate", PUBLISHED},
    {PLAIN, "published", PUBLISHED},
    {PLAIN, "issued", PUBLISHED},
    {TERMS, "issued", PUBLISHED},
    {PLAIN, "updated", UPDATED},
    {PLAIN, "modified", UPDATED},
    {PLAIN, "lastBuildDate", UPDATED},
    {DC, "date", UPDATED},
    {TERMS, "modified", UPDATED},
    {PLAIN, "description", SUMMARY},
    {DC, "description", SUMMARY},
    {PLAIN, "summary", SUMMARY},
    {ITUNES, "summary", SUMMARY},
    {TERMS, "abstract", SUMMARY},
    {CONTENT, "encoded", ENCODED},
    {PLAIN, "fullitem", ENCODED},
    {XHTML, "body", ENCODED},
    {XHTML, "div", ENCODED},
    {PLAIN, "content", BODY},
    {PLAIN, "category", CATEGORY},
    {DC, "subject", CATEGORY},
    {MEDIA, "category", CATEGORY},
    {ITUNES, "category", CATEGORY},
    {ITUNES, "keywords", KEYWORDS},
    {MEDIA, "keywords", KEYWORDS},
    {PLAIN, "enclosure", ENCLOSURE},
    {MEDIA, "content", FILE_OF_MEDIA},
    {PLAIN, "language", LANGUAGE},
    {DC, "language", LANGUAGE},
    {PLAIN, "ttl", TTL},
    {PLAIN, "skipHours", SKIP_HOURS},
};

static enum space space_of(const xmlNode *n, const char *name)
{
    static const struct {
        const char
            *start; /* of the namespace's name, or the whole prefix where none was declared */
        enum space space;
    } spaces[] = {{"http://www.w3.org/2005/Atom", PLAIN},
                  {"http://purl.org/atom/", PLAIN},
                  {"http://purl.org/rss/1.0/modules/content/", CONTENT},
                  {"http://purl.org/rss/1.0/modules/", FOREIGN},
                  {"http://purl.org/rss/", PLAIN},
                  {"http://my.netscape.com/rdf/", PLAIN},
                  {"http://channel.netscape.com/rdf/", PLAIN},
                  {"http://backend.userland.com/", PLAIN},
                  {"http://blogs.law.harvard.edu/tech/rss", PLAIN},
                  {"http://purl.org/dc/elements/", DC},
                  {"http://purl.org/dc/terms/", TERMS},
                  {"http://search.yahoo.com/mrss", MEDIA},
                  {"http://www.itunes.com/dtds/podcast", ITUNES},
                  {"http://example.com/DTDs/PodCast", ITUNES},
                  {"http://www.w3.org/1999/xhtml", XHTML},
                  {"http://www.w3.org/1999/02/22-rdf-syntax-ns", RDF},
                  {"dc:", DC},
                  {"dcterms:", TERMS},
                  {"content:", CONTENT},
                  {"media:", MEDIA},
                  {"itunes:", ITUNES},
                  {"xhtml:", XHTML},
                  {"rdf:", RDF},
                  {"atom:", PLAIN}};
    if (!n->ns && !strchr(name, ':'))
        return PLAIN;
    struct str whole = n->ns ? str_z((const char *)n->ns->href) : str_z(name);
    for (size_t i = 0; i < sizeof spaces / sizeof spaces[0]; i++)
        if (str_starts_nocase(whole, str_z(spaces[i].start)))
            return spaces[i].space;
    return FOREIGN;
}

static struct str local_name(const xmlNode *n)
{
    struct str name = str_z((const char *)n->name);
    ptrdiff_t colon = str_find_char(name, ':', 0);
    return colon < 0 ? name : str_sub(name, (size_t)colon + 1, name.n);
}

static enum field field_of(const xmlNode *n)
{
    enum space space = space_of(n, (const char *)n->name);
    struct str name = local_name(n);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (fields[i].space == space && str_eq_nocase(name, str_z(fields[i].name)))
            return fields[i].field;
    return NONE;
}

static struct str take(struct arena *a, xmlChar *s)
{
    struct str kept = s ? arena_str(a, str_trim(str_z((const char *)s))) : STR_NONE;
    xmlFree(s);
    return kept;
}

static struct str attribute(struct arena *a, xmlNode *n, const char *name)
{
    return take(a, xmlGetProp(n, (const xmlChar *)name));
}

static struct str base_of(struct arena *a, xmlNode *n)
{
    return take(a, xmlNodeGetBase(n->doc, n));
}

static struct str resolved(struct arena *a, xmlNode *n, struct str url)
{
    return url.n ? feed_resolve(a, url, base_of(a, n)) : url;
}

static bool has_elements(const xmlNode *n)
{
    for (const xmlNode *c = n->children; c; c = c->next)
        if (c->type == XML_ELEMENT_NODE)
            return true;
    return false;
}

static void add_text(struct buf *b, const xmlNode *n, unsigned depth)
{
    for (const xmlNode *c = n->children; c && depth < FEED_DEPTH_MAX; c = c->next) {
        if (c->type == XML_TEXT_NODE || c->type == XML_CDATA_SECTION_NODE)
            buf_add_z(b, (const char *)c->content);
        else if (c->type == XML_ELEMENT_NODE)
            add_text(b, c, depth + 1);
    }
}

/* Writes the children as HTML, prefixes and declarations of namespaces dropped. */
static void add_markup(struct buf *b, const xmlNode *n, unsigned depth)
{
    static const char *const empty[] = {"br",  "hr",   "img",  "input", "col",
                                        "wbr", "area", "meta", "link"};
    for (const xmlNode *c = n->children; c && depth < FEED_DEPTH_MAX; c = c->next) {
        if (c->type == XML_TEXT_NODE || c->type == XML_CDATA_SECTION_NODE) {
            for (const char *p = (const char *)c->content; p && *p; p++)
                buf_add_z(b, *p == '<'   ? "&lt;"
                             : *p == '>' ? "&gt;"
                             : *p == '&' ? "&amp;"
                                         : (char[]){*p, 0});
        }
        if (c->type != XML_ELEMENT_NODE)
            continue;
        struct str name = local_name(c);
        bool is_empty = false;
        for (size_t i = 0; i < sizeof empty / sizeof empty[0]; i++)
            is_empty |= str_eq_z(name, empty[i]);
        buf_add_char(b, '<');
        buf_add(b, name);
        for (const xmlAttr *at = c->properties; at; at = at->next) {
            buf_printf(b, " %s=\"", (const char *)at->name);
            if (at->children)
                html_escape(b, str_z((const char *)at->children->content));
            buf_add_char(b, '"');
        }
        buf_add_z(b, is_empty ? " />" : ">");
        if (is_empty)
            continue;
        add_markup(b, c, depth + 1);
        buf_printf(b, "</%.*s>", STR_FMT(name));
    }
}

static struct str plain_text(struct arena *a, const xmlNode *n)
{
    struct buf b;
    buf_init_in(&b, a, FEED_BYTES_MAX);
    add_text(&b, n, 0);
    return str_trim(buf_str(&b));
}

static struct str markup(struct arena *a, const xmlNode *n)
{
    /* the div that Atom asks for around XHTML is not content */
    const xmlNode *only = NULL;
    for (const xmlNode *c = n->children; c; c = c->next) {
        bool blank = c->type != XML_ELEMENT_NODE &&
                     (!c->content || !str_trim(str_z((const char *)c->content)).n);
        if (!blank)
            only = !only && c->type == XML_ELEMENT_NODE && str_eq_z(local_name(c), "div") ? c : n;
    }
    struct buf b;
    buf_init_in(&b, a, 2 * FEED_BYTES_MAX);
    add_markup(&b, only ? only : n, 0);
    return str_trim(buf_str(&b));
}

static struct str from_base64(struct arena *a, struct str s)
{
    char *out = arena_alloc(a, s.n + 4);
    size_t n = 0;
    uint32_t bits = 0;
    unsigned have = 0;
    for (size_t i = 0; i < s.n && s.p[i] != '='; i++) {
        static const char digits[] =
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        const char *d = s.p[i] ? strchr(digits, s.p[i]) : NULL;
        if (!d)
            continue;
        bits = bits << 6 | (uint32_t)(d - digits);
        if ((have += 6) >= 8) {
            have -= 8;
            out[n++] = (char)(bits >> have & 0xFF);
        }
    }
    return (struct str){out, n};
}

/* Tags that close, or entities: what tells markup from text that holds a "<". */
static bool looks_like_html(struct str s)
{
    for (size_t i = 0; i + 1 < s.n; i++) {
        char next = s.p[i + 1] | 0x20;
        if (s.p[i] == '<' && (s.p[i + 1] == '/' || (next >= 'a' && next <= 'z')))
            return true;
        if (s.p[i] == '&') {
            ptrdiff_t end = str_find_char(str_sub(s, 0, i + 12), ';', i);
            if (end > 0 && (s.p[i + 1] == '#' || html_entity(str_sub(s, i + 1, (size_t)end))))
                return true;
        }
    }
    return false;
}

/* A text construct of any family. */
static struct str construct(struct arena *a, xmlNode *n, bool *is_html)
{
    struct str type = attribute(a, n, "type"), mode = attribute(a, n, "mode"), s;
    bool xhtml =
        str_eq_nocase(type, STR("xhtml")) || str_eq_nocase(type, STR("application/xhtml+xml"));
    bool html = str_eq_nocase(type, STR("html")) || str_eq_nocase(type, STR("text/html"));
    bool text = str_eq_nocase(type, STR("text")) || str_eq_nocase(type, STR("text/plain"));
    bool binary = type.n && !xhtml && !html && !text && str_find_char(type, '/', 0) > 0 &&
                  !str_starts_nocase(type, STR("text/")) && !str_ends(type, STR("xml"));
    if (has_elements(n) && !text) {
        s = markup(a, n);
        *is_html = true;
    } else {
        s = plain_text(a, n);
        if (str_eq_nocase(mode, STR("base64")) || (binary && !mode.n))
            s = str_trim(feed_decode(a, from_base64(a, s), STR_NONE));
        *is_html = html || xhtml || (!text && looks_like_html(s));
    }
    return *is_html ? feed_resolve_markup(a, s, base_of(a, n)) : s;
}

/* Atom's person, or a line of text. */
static struct str author_of(struct arena *a, xmlNode *n, struct feed_entry *e)
{
    struct str name = STR_NONE, email = STR_NONE;
    if (!has_elements(n))
        return plain_text(a, n);
    for (xmlNode *c = n->children; c; c = c->next) {
        if (c->type != XML_ELEMENT_NODE)
            continue;
        if (str_eq_z(local_name(c), "name"))
            name = plain_text(a, c);
        else if (str_eq_z(local_name(c), "email"))
            email = plain_text(a, c);
    }
    if (e) {
        e->author_name = name;
        e->author_email = email;
    }
    if (name.n && email.n)
        return arena_printf(a, "%.*s (%.*s)", STR_FMT(name), STR_FMT(email));
    return name.n ? name : email;
}

static void read_date(struct arena *a, const xmlNode *n, int64_t *at)
{
    if (!*at)
        date_parse(plain_text(a, n), at);
}

/* <link>text</link>, <link href rel type>; the last fitting alternate wins, as in Atom the page is
 * often second. */
static void read_link(struct arena *a, xmlNode *n, struct str *link, struct feed_draft *d,
                      struct feed *f)
{
    struct str href = resolved(a, n, attribute(a, n, "href"));
    if (!href.n) {
        struct str text = resolved(a, n, plain_text(a, n));
        if (text.n)
            *link = text;
        return;
    }
    struct str rel = attribute(a, n, "rel"), type = attribute(a, n, "type");
    bool page = !type.n || str_eq_nocase(type, STR("text/html")) ||
                str_eq_nocase(type, STR("application/xhtml+xml"));
    if (d && str_eq_nocase(rel, STR("enclosure")))
        feed_add_enclosure(d, href, type, attribute(a, n, "length"));
    else if (f && str_eq_nocase(rel, STR("hub")))
        f->hub = href;
    else if ((!rel.n || str_eq_nocase(rel, STR("alternate"))) && (page || !link->n))
        *link = href;
}

static void read_category(struct arena *a, xmlNode *n, struct feed_draft *d)
{
    struct str term = attribute(a, n, "term");
    if (!term.n)
        term = plain_text(a, n);
    if (!term.n)
        term = attribute(a, n, "text");
    if (!term.n)
        term = attribute(a, n, "label");
    feed_add_tag(d, term);
}

static void read_keywords(struct arena *a, const xmlNode *n, struct feed_draft *d)
{
    struct str rest = plain_text(a, n), word;
    while (str_next(&rest, ',', &word))
        feed_add_tag(d, word);
}

static void read_summary(struct arena *a, xmlNode *n, struct feed_entry *e)
{
    bool html;
    struct str s = construct(a, n, &html);
    if (!e->summary.n) {
        e->summary = s;
        e->summary_is_html = html;
    } else if (!e->content.n) { /* a second description is the longer text */
        e->content = s;
        e->content_is_html = html;
    }
}

static void read_entry_child(struct arena *a, xmlNode *n, struct feed_draft *d)
{
    struct feed_entry *e = &d->e;
    bool html;
    switch (field_of(n)) {
    case TITLE:
        if (!e->title.n)
            e->title = construct(a, n, &e->title_is_html);
        break;
    case LINK:
        read_link(a, n, &e->link, d, NULL);
        break;
    case GUID:
        e->id = plain_text(a, n);
        if (!str_eq_nocase(attribute(a, n, "isPermaLink"), STR("false"))) {
            struct str url = resolved(a, n, e->id);
            if (!e->link.n && html_link_allowed(url))
                e->link = url;
        }
        break;
    case ID:
        e->id = plain_text(a, n);
        break;
    case AUTHOR:
        if (!e->author.n)
            e->author = author_of(a, n, e);
        break;
    case PUBLISHED:
        read_date(a, n, &e->published);
        break;
    case UPDATED:
        read_date(a, n, &e->updated);
        break;
    case SUMMARY:
        read_summary(a, n, e);
        break;
    case ENCODED:
    case BODY:
        if (e->content.n)
            break;
        e->content = construct(a, n, &html);
        e->content_is_html = html || field_of(n) == ENCODED;
        break;
    case CATEGORY:
        read_category(a, n, d);
        break;
    case KEYWORDS:
        read_keywords(a, n, d);
        break;
    case ENCLOSURE:
        feed_add_enclosure(d, resolved(a, n, attribute(a, n, "url")), attribute(a, n, "type"),
                           attribute(a, n, "length"));
        break;
    case FILE_OF_MEDIA:
        feed_add_enclosure(d, resolved(a, n, attribute(a, n, "url")), attribute(a, n, "type"),
                           attribute(a, n, "fileSize"));
        break;
    default:
        break;
    }
}

static void read_entry(struct arena *a, xmlNode *item, struct vec *entries)
{
    struct feed_draft d;
    feed_draft_init(&d, a);
    d.e.id = take(a, xmlGetNsProp(item, (const xmlChar *)"about",
                                  (const xmlChar *)"http://www.w3.org/1999/02/22-rdf-syntax-ns#"));
    for (xmlNode *c = item->children; c; c = c->next) {
        if (c->type != XML_ELEMENT_NODE)
            continue;
        bool group =
            str_eq_z(local_name(c), "group") && space_of(c, (const char *)c->name) == MEDIA;
        for (xmlNode *g = group ? c->children : NULL; g; g = g->next)
            if (g->type == XML_ELEMENT_NODE)
                read_entry_child(a, g, &d);
        if (!group)
            read_entry_child(a, c, &d);
    }
    feed_finish_entry(a, entries, &d);
}

static void read_skip_hours(struct arena *a, const xmlNode *n, struct feed *out)
{
    for (const xmlNode *c = n->children; c; c = c->next) {
        int64_t hour;
        if (c->type == XML_ELEMENT_NODE && str_to_i64(plain_text(a, c), &hour) && hour >= 0 &&
            hour <= 24)
            out->skip_hours |= UINT32_C(1) << (hour % 24);
    }
}

static void read_feed_child(struct arena *a, xmlNode *n, struct feed *out)
{
    bool html;
    switch (field_of(n)) {
    case TITLE:
        if (!out->title.n)
            out->title = construct(a, n, &html);
        break;
    case LINK:
        read_link(a, n, &out->link, NULL, out);
        break;
    case AUTHOR:
        if (!out->author.n)
            out->author = author_of(a, n, NULL);
        break;
    case UPDATED:
    case PUBLISHED:
        read_date(a, n, &out->updated);
        break;
    case LANGUAGE:
        out->language = plain_text(a, n);
        break;
    case TTL:
        if (!str_to_i64(plain_text(a, n), &out->ttl_minutes) || out->ttl_minutes < 0)
            out->ttl_minutes = 0;
        break;
    case SKIP_HOURS:
        read_skip_hours(a, n, out);
        break;
    default:
        break;
    }
}

static void note_error(void *ctx, xmlErrorPtr e)
{
    if (e->level >= XML_ERR_ERROR && e->domain != XML_FROM_NAMESPACE)
        *(bool *)ctx = true;
}

/* What stands around the entries: descend into it instead of reading it. */
static bool is_frame(struct str name)
{
    return str_eq_nocase(name, STR("rss")) || str_eq_nocase(name, STR("RDF")) ||
           str_eq_nocase(name, STR("feed")) || str_eq_nocase(name, STR("channel"));
}

static void read_language(struct arena *a, xmlNode *n, struct feed *out)
{
    struct str lang = take(a, xmlNodeGetLang(n));
    if (lang.n && !out->language.n)
        out->language = lang;
}

/* One start tag: reads what it begins. Returns what the next step is: 1 go inside, 2 go behind, 0
 * enough. */
static int read_node(struct arena *a, xmlTextReader *r, struct feed *out, struct vec *entries)
{
    xmlNode *n = xmlTextReaderCurrentNode(r);
    int depth = xmlTextReaderDepth(r);
    if (!n || depth > FEED_DEPTH_MAX)
        return 0;
    struct str name = local_name(n);
    if (depth <= 1 && is_frame(name)) {
        read_language(a, n, out);
        return 1;
    }
    bool is_entry = str_eq_nocase(name, STR("item")) || str_eq_nocase(name, STR("entry"));
    if (is_entry && entries->n >= FEED_ENTRIES_MAX)
        return 0;
    bool of_channel = depth > 0 && n->parent && !str_eq_nocase(local_name(n->parent), STR("RDF")) &&
                      !str_eq_nocase(local_name(n->parent), STR("rss"));
    n = xmlTextReaderExpand(r);
    if (!n)
        return 0;
    if (is_entry)
        read_entry(a, n, entries);
    else if (of_channel)
        read_feed_child(a, n, out);
    return 2;
}

/* Runs through the document. False when its root is none of a feed. */
static bool read_all(struct arena *a, xmlTextReader *r, struct feed *out, struct vec *entries,
                     int *end)
{
    bool is_feed = false;
    int more = xmlTextReaderRead(r), step = 1;
    while (more == 1 && step) {
        step = 1;
        if (xmlTextReaderNodeType(r) == XML_READER_TYPE_ELEMENT) {
            const xmlNode *n = xmlTextReaderCurrentNode(r);
            is_feed = is_feed || (n && is_frame(local_name(n)));
            step = is_feed ? read_node(a, r, out, entries) : 0;
        }
        if (step)
            more = step == 2 ? xmlTextReaderNext(r) : xmlTextReaderRead(r);
    }
    *end = more;
    return is_feed;
}

/* The reader stops at the first fault; a small document is read again as a mended tree. */
static bool read_again(struct arena *a, struct str text, const char *base, struct feed *out,
                       struct vec *entries)
{
    int end;
    bool is_feed = false;
    xmlDoc *doc = xmlReadMemory(text.p, (int)text.n, base, "utf-8", OPTIONS | XML_PARSE_NOERROR);
    xmlTextReader *r = doc ? xmlReaderWalker(doc) : NULL;
    struct feed again = {0};
    struct vec found;
    vec_init(&found, a, sizeof(struct feed_entry));
    if (r)
        is_feed = read_all(a, r, &again, &found, &end);
    if (is_feed && found.n >= entries->n) {
        *out = again;
        *entries = found;
    }
    xmlFreeTextReader(r);
    xmlFreeDoc(doc);
    return is_feed;
}

enum err feed_read_xml(struct arena *a, struct str text, struct str url, struct feed *out,
                       struct vec *entries, struct errinfo *e)
{
    const char *base = url.n ? arena_str(a, url).p : NULL;
    xmlTextReader *r =
        xmlReaderForMemory(text.n ? text.p : "", (int)text.n, base, "utf-8", OPTIONS);
    if (!r)
        return err_set(e, ERR_IO, "", "no memory to read the feed");
    bool broken = false;
    int end = 0;
    xmlTextReaderSetStructuredErrorHandler(r, note_error, &broken);
    bool is_feed = read_all(a, r, out, entries, &end);
    xmlDoc *doc = xmlTextReaderCurrentDoc(r);
    xmlFreeTextReader(r);
    xmlFreeDoc(doc);
    broken |= end < 0;
    if (broken && text.n <= MENDED_MAX)
        is_feed |= read_again(a, text, base, out, entries);
    if (!is_feed)
        return err_trouble(e, ERR_INVALID, "", TROUBLE_NOT_A_FEED, NULL);
    out->recovered = broken;
    if (broken && !entries->n && !out->title.n && !out->link.n)
        return err_trouble(e, ERR_INVALID, "", TROUBLE_FEED_XML, NULL);
    return ERR_OK;
}
