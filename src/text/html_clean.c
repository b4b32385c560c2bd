/* html_clean.c - html_sanitise: walks the parsed tree and writes what is on the allow-list anew. */
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "text/html.h"
#include "text/html_tree.h"
#include "text/unicode.h"

enum { OUT_MAX = 512 * 1024, URL_MAX = 2048 };

/* What stays, and as what: a div is only a block, its looks are gone. */
static const struct rule {
    GumboTag tag;
    const char *name;
} rules[] = {
    {GUMBO_TAG_P, "p"},
    {GUMBO_TAG_BR, "br"},
    {GUMBO_TAG_HR, "hr"},
    {GUMBO_TAG_B, "b"},
    {GUMBO_TAG_STRONG, "strong"},
    {GUMBO_TAG_I, "i"},
    {GUMBO_TAG_EM, "em"},
    {GUMBO_TAG_U, "u"},
    {GUMBO_TAG_S, "s"},
    {GUMBO_TAG_STRIKE, "s"},
    {GUMBO_TAG_DEL, "del"},
    {GUMBO_TAG_INS, "ins"},
    {GUMBO_TAG_SUB, "sub"},
    {GUMBO_TAG_SUP, "sup"},
    {GUMBO_TAG_CODE, "code"},
    {GUMBO_TAG_PRE, "pre"},
    {GUMBO_TAG_KBD, "kbd"},
    {GUMBO_TAG_SAMP, "samp"},
    {GUMBO_TAG_VAR, "var"},
    {GUMBO_TAG_MARK, "mark"},
    {GUMBO_TAG_SMALL, "small"},
    {GUMBO_TAG_Q, "q"},
    {GUMBO_TAG_CITE, "cite"},
    {GUMBO_TAG_ABBR, "abbr"},
    {GUMBO_TAG_DFN, "dfn"},
    {GUMBO_TAG_TT, "code"},
    {GUMBO_TAG_BLOCKQUOTE, "blockquote"},
    {GUMBO_TAG_UL, "ul"},
    {GUMBO_TAG_OL, "ol"},
    {GUMBO_TAG_LI, "li"},
    {GUMBO_TAG_DL, "dl"},
    {GUMBO_TAG_DT, "dt"},
    {GUMBO_TAG_DD, "dd"},
    {GUMBO_TAG_H1, "h1"},
    {GUMBO_TAG_H2, "h2"},
    {GUMBO_TAG_H3, "h3"},
    {GUMBO_TAG_H4, "h4"},
    {GUMBO_TAG_H5, "h5"},
    {GUMBO_TAG_H6, "h6"},
    {GUMBO_TAG_TABLE, "table"},
    {GUMBO_TAG_CAPTION, "caption"},
    {GUMBO_TAG_THEAD, "thead"},
    {GUMBO_TAG_TBODY, "tbody"},
    {GUMBO_TAG_TFOOT, "tfoot"},
    {GUMBO_TAG_TR, "tr"},
    {GUMBO_TAG_TH, "th"},
    {GUMBO_TAG_TD, "td"},
    {GUMBO_TAG_FIGURE, "figure"},
    {GUMBO_TAG_FIGCAPTION, "figcaption"},
    {GUMBO_TAG_DIV, "div"},
    {GUMBO_TAG_SECTION, "div"},
    {GUMBO_TAG_ARTICLE, "div"},
    {GUMBO_TAG_ADDRESS, "div"},
    {GUMBO_TAG_CENTER, "div"},
};

struct cleaner {
    struct buf out;
    unsigned options;
    unsigned depth; /* tags open in the output */
    bool in_link;
};

static void clean_children(struct cleaner *c, const GumboNode *node);

static const char *rule_name(GumboTag tag)
{
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        if (rules[i].tag == tag)
            return rules[i].name;
    return NULL;
}

static void add_attribute(struct cleaner *c, const char *name, struct str value)
{
    buf_printf(&c->out, " %s=\"", name);
    html_escape(&c->out, value);
    buf_add_char(&c->out, '"');
}

/* Small whole numbers only: spans of cells, the start of a list. */
static void add_number(struct cleaner *c, const GumboNode *node, const char *name, int64_t max)
{
    int64_t n;
    struct str value = html_attribute(node, name);
    if (value.p && str_to_i64(value, &n) && n >= 1 && n <= max)
        buf_printf(&c->out, " %s=\"%d\"", name, (int)n);
}

static bool is_own_path(const struct cleaner *c, struct str url)
{
    if (!(c->options & HTML_OWN_PATHS) || !url.n || url.p[0] != '/' || url.n > 2048)
        return false;
    for (size_t i = 0; i < url.n; i++)
        if ((unsigned char)url.p[i] <= 0x20 || url.p[i] == '\\' || url.p[i] == 0x7F)
            return false;
    return url.n == 1 || url.p[1] != '/';
}

/* Opens <a>; false when the target is not allowed or another link is open. */
static bool open_link(struct cleaner *c, struct str url)
{
    bool own = is_own_path(c, url);
    if (c->in_link || c->depth >= HTML_DEPTH_MAX || (!own && !html_link_allowed(url)))
        return false;
    buf_add_z(&c->out, "<a");
    add_attribute(c, "href", url);
    if (!own)
        buf_add_z(&c->out, " rel=\"nofollow ugc noopener\"");
    buf_add_char(&c->out, '>');
    c->in_link = true;
    c->depth++;
    return true;
}

static void close_link(struct cleaner *c)
{
    buf_add_z(&c->out, "</a>");
    c->in_link = false;
    c->depth--;
}

static void clean_link(struct cleaner *c, const GumboNode *node)
{
    bool open = open_link(c, html_attribute(node, "href"));
    clean_children(c, node);
    if (open)
        close_link(c);
}

static void clean_image(struct cleaner *c, const GumboNode *node)
{
    struct str alt = html_attribute(node, "alt"), source = html_attribute(node, "src");
    bool open = (c->options & HTML_IMAGES_AS_LINKS) && !str_starts_nocase(source, STR("mailto:")) &&
                open_link(c, source);
    html_escape(&c->out, open && !alt.n ? source : alt);
    if (open)
        close_link(c);
}

static void clean_element(struct cleaner *c, const GumboNode *node)
{
    GumboTag tag = node->v.element.tag;
    if (html_is_dropped(tag) || node->v.element.tag_namespace != GUMBO_NAMESPACE_HTML)
        return;
    if (tag == GUMBO_TAG_A) {
        clean_link(c, node);
        return;
    }
    if (tag == GUMBO_TAG_IMG) {
        clean_image(c, node);
        return;
    }
    if (tag == GUMBO_TAG_INPUT) { /* a task list's box */
        if (str_eq_nocase(html_attribute(node, "type"), STR("checkbox")))
            buf_add_z(&c->out, html_attribute(node, "checked").p ? "☑" : "☐");
        return;
    }
    const char *name = rule_name(tag);
    if (!name || c->depth >= HTML_DEPTH_MAX) {
        clean_children(c, node);
        return;
    }
    buf_printf(&c->out, "<%s", name);
    if (tag == GUMBO_TAG_TD || tag == GUMBO_TAG_TH) {
        add_number(c, node, "colspan", 100);
        add_number(c, node, "rowspan", 100);
    } else if (tag == GUMBO_TAG_OL) {
        add_number(c, node, "start", 1000000);
    } else if (tag == GUMBO_TAG_ABBR && html_attribute(node, "title").p) {
        add_attribute(c, "title", html_attribute(node, "title"));
    }
    buf_add_char(&c->out, '>');
    if (tag == GUMBO_TAG_BR || tag == GUMBO_TAG_HR)
        return;
    c->depth++;
    clean_children(c, node);
    c->depth--;
    buf_printf(&c->out, "</%s>", name);
}

static void clean_children(struct cleaner *c, const GumboNode *node)
{
    const GumboVector *children = &node->v.element.children;
    for (unsigned i = 0; i < children->length && buf_ok(&c->out); i++) {
        const GumboNode *child = children->data[i];
        if (child->type == GUMBO_NODE_ELEMENT)
            clean_element(c, child);
        else if (child->type == GUMBO_NODE_TEXT || child->type == GUMBO_NODE_WHITESPACE)
            html_escape(&c->out, str_z(child->v.text.text));
    }
}

struct safe_html html_sanitise(struct arena *a, struct str html, unsigned options)
{
    html = utf8_repair(a, html);
    const GumboNode *body = html_parse_body(a, html);
    if (body) {
        struct cleaner c = {.options = options};
        buf_init_in(&c.out, a, OUT_MAX);
        clean_children(&c, body);
        if (buf_ok(&c.out))
            return (struct safe_html){str_trim(buf_str(&c.out))};
    }
    return html_from_text(a, html_to_text(a, html));
}

/* Bytes of a URL that begins at i: up to a blank or what usually closes it in a sentence. */
static size_t url_length(struct str s, size_t i)
{
    size_t end = i;
    s = str_sub(s, 0, i + URL_MAX);
    while (end < s.n && (unsigned char)s.p[end] > 0x20 && !strchr("<>\"'`", s.p[end]))
        end++;
    while (end > i && strchr(".,;:!?)]}*_", s.p[end - 1]))
        end--;
    return end - i;
}

/* A host that is not what it looks like is told behind the link. */
static void add_host(struct buf *b, struct arena *a, struct str url)
{
    struct str host = html_link_host(a, url);
    if (!host.n || str_contains_nocase(url, host))
        return;
    buf_add_z(b, " (");
    html_escape(b, host);
    buf_add_z(b, ")");
}

static void add_line(struct buf *b, struct arena *a, struct str line)
{
    size_t from = 0;
    for (size_t i = 0; i < line.n; i++) {
        if (line.p[i] != 'h' && line.p[i] != 'H')
            continue;
        bool begins =
            i == 0 || (unsigned char)line.p[i - 1] <= 0x20 || strchr("(<[\"'", line.p[i - 1]);
        struct str ahead = str_sub(line, i, i + 8);
        if (!begins || (!str_starts_nocase(ahead, STR("http://")) &&
                        !str_starts_nocase(ahead, STR("https://"))))
            continue;
        struct str url = str_sub(line, i, i + url_length(line, i));
        if (!html_link_allowed(url))
            continue;
        html_escape(b, str_sub(line, from, i));
        buf_add_z(b, "<a href=\"");
        html_escape(b, url);
        buf_add_z(b, "\" rel=\"nofollow ugc noopener\">");
        html_escape(b, url);
        buf_add_z(b, "</a>");
        add_host(b, a, url);
        i += url.n - 1;
        from = i + 1;
    }
    html_escape(b, str_sub(line, from, line.n));
}

struct safe_html html_from_text(struct arena *a, struct str text)
{
    struct buf b;
    buf_init_in(&b, a, text.n * 14 + 256); /* every second byte a line end is the worst */
    struct str rest = utf8_repair(a, text), line;
    bool open = false;
    while (str_next_line(&rest, &line)) {
        if (!str_trim(line).n) {
            if (open)
                buf_add_z(&b, "</p>\n");
            open = false;
            continue;
        }
        buf_add_z(&b, open ? "<br>\n" : "<p>");
        open = true;
        add_line(&b, a, line);
    }
    if (open)
        buf_add_z(&b, "</p>");
    return (struct safe_html){buf_str(&b)};
}
