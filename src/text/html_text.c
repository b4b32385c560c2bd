/* html_text.c - html_to_text: the same tree as the sanitiser's, read aloud in lines. */
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "text/html.h"
#include "text/html_tree.h"
#include "text/unicode.h"

enum { QUOTES_MAX = 8, OUT_MAX = 512 * 1024 };

struct reader {
    struct buf out;
    unsigned wanted; /* line ends before the next word: 1 a new line, 2 an empty line between */
    bool blank;      /* a blank before the next word */
    bool pre;
    unsigned quotes;
    unsigned lists;
};

static void read_children(struct reader *r, const GumboNode *node);

static void want(struct reader *r, unsigned lines)
{
    if (r->wanted < lines)
        r->wanted = lines;
    r->blank = false;
}

static void begin_word(struct reader *r)
{
    bool fresh = r->out.n == 0;
    unsigned ends = fresh ? 0 : r->wanted;
    for (unsigned i = 0; i < ends; i++)
        buf_add_char(&r->out, '\n');
    if (fresh || ends)
        for (unsigned i = 0; i < r->quotes; i++)
            buf_add_z(&r->out, "> ");
    else if (r->blank)
        buf_add_char(&r->out, ' ');
    r->wanted = 0;
    r->blank = false;
}

static void read_text(struct reader *r, struct str s)
{
    for (size_t i = 0; i < s.n;) {
        size_t at = i;
        uint32_t c = utf8_next(s, &i);
        if (r->pre && c == '\n') {
            r->wanted++;
        } else if (!r->pre && (c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f')) {
            r->blank = true;
        } else if (c >= 0x20 || c == '\t') {
            begin_word(r);
            if (c == 0xA0)
                buf_add_char(&r->out, ' ');
            else
                buf_add(&r->out, str_sub(s, at, i));
        }
    }
}

/* The text already says where the link goes: "https://example.org/x" or "example.org/x". */
static bool says_target(struct str text, struct str url)
{
    text = str_trim(text);
    if (str_ends(url, STR("/")))
        url.n--;
    if (str_ends(text, STR("/")))
        text.n--;
    static const char *const prefixes[] = {"",        "mailto:",      "https://",
                                           "http://", "https://www.", "http://www."};
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
        if (str_starts_nocase(url, str_z(prefixes[i])) &&
            str_eq_nocase(text, str_sub(url, strlen(prefixes[i]), url.n)))
            return true;
    return false;
}

static void read_link(struct reader *r, const GumboNode *node)
{
    size_t before = r->out.n;
    read_children(r, node);
    struct str url = html_attribute(node, "href");
    struct str text = str_sub(buf_str(&r->out), before, r->out.n);
    if (!html_link_allowed(url) || !str_trim(text).n || says_target(text, url))
        return;
    if (str_starts_nocase(url, STR("mailto:")))
        url = str_sub(url, 7, url.n);
    buf_add_z(&r->out, " (");
    buf_add(&r->out, url);
    buf_add_char(&r->out, ')');
}

static unsigned lines_around(GumboTag tag)
{
    switch (tag) {
    case GUMBO_TAG_P:
    case GUMBO_TAG_H1:
    case GUMBO_TAG_H2:
    case GUMBO_TAG_H3:
    case GUMBO_TAG_H4:
    case GUMBO_TAG_H5:
    case GUMBO_TAG_H6:
    case GUMBO_TAG_BLOCKQUOTE:
    case GUMBO_TAG_PRE:
    case GUMBO_TAG_TABLE:
    case GUMBO_TAG_DL:
    case GUMBO_TAG_FIGURE:
        return 2;
    case GUMBO_TAG_DIV:
    case GUMBO_TAG_SECTION:
    case GUMBO_TAG_ARTICLE:
    case GUMBO_TAG_HEADER:
    case GUMBO_TAG_FOOTER:
    case GUMBO_TAG_MAIN:
    case GUMBO_TAG_NAV:
    case GUMBO_TAG_ASIDE:
    case GUMBO_TAG_ADDRESS:
    case GUMBO_TAG_CENTER:
    case GUMBO_TAG_TR:
    case GUMBO_TAG_LI:
    case GUMBO_TAG_DT:
    case GUMBO_TAG_DD:
    case GUMBO_TAG_CAPTION:
    case GUMBO_TAG_FIGCAPTION:
    case GUMBO_TAG_HR:
    case GUMBO_TAG_FIELDSET:
    case GUMBO_TAG_FORM:
        return 1;
    default:
        return 0;
    }
}

static void read_block(struct reader *r, const GumboNode *node, GumboTag tag)
{
    bool pre = r->pre, list = tag == GUMBO_TAG_UL || tag == GUMBO_TAG_OL;
    unsigned lines = list ? (r->lists ? 1 : 2) : lines_around(tag);
    bool quote = tag == GUMBO_TAG_BLOCKQUOTE && r->quotes < QUOTES_MAX;
    want(r, lines);
    r->lists += list;
    r->quotes += quote;
    r->pre = pre || tag == GUMBO_TAG_PRE;
    if (tag == GUMBO_TAG_LI) {
        begin_word(r);
        for (unsigned i = 1; i < r->lists && i < QUOTES_MAX; i++)
            buf_add_z(&r->out, "  ");
        buf_add_char(&r->out, '-');
        r->blank = true;
    }
    read_children(r, node);
    r->pre = pre;
    if (quote && r->wanted > 2)
        r->wanted = 2;
    r->quotes -= quote;
    r->lists -= list;
    want(r, lines);
}

static void read_element(struct reader *r, const GumboNode *node)
{
    GumboTag tag = node->v.element.tag;
    if (html_is_dropped(tag))
        return;
    if (tag == GUMBO_TAG_BR) {
        r->wanted++;
        r->blank = false;
    } else if (tag == GUMBO_TAG_A) {
        read_link(r, node);
    } else if (tag == GUMBO_TAG_IMG) {
        read_text(r, html_attribute(node, "alt"));
    } else if (lines_around(tag) || tag == GUMBO_TAG_UL || tag == GUMBO_TAG_OL) {
        read_block(r, node, tag);
    } else {
        read_children(r, node);
        if (tag == GUMBO_TAG_TD || tag == GUMBO_TAG_TH)
            r->blank = true;
    }
}

static void read_children(struct reader *r, const GumboNode *node)
{
    const GumboVector *children = &node->v.element.children;
    for (unsigned i = 0; i < children->length && buf_ok(&r->out); i++) {
        const GumboNode *child = children->data[i];
        if (child->type == GUMBO_NODE_ELEMENT)
            read_element(r, child);
        else if (child->type != GUMBO_NODE_COMMENT && child->type != GUMBO_NODE_TEMPLATE)
            read_text(r, str_z(child->v.text.text));
    }
}

/* Trims each line's end and keeps at most one empty line in a row. */
static struct str tidy(struct arena *a, struct str s)
{
    struct buf b;
    buf_init_in(&b, a, s.n + 1);
    struct str rest = s, line;
    unsigned ends = 0;
    while (str_next_line(&rest, &line)) {
        while (line.n && (line.p[line.n - 1] == ' ' || line.p[line.n - 1] == '\t'))
            line.n--;
        if (line.n) {
            for (unsigned i = 0; b.n && i < (ends > 2 ? 2 : ends); i++)
                buf_add_char(&b, '\n');
            buf_add(&b, line);
            ends = 0;
        }
        ends++;
    }
    return buf_str(&b);
}

struct str html_to_text(struct arena *a, struct str html)
{
    html = utf8_repair(a, html);
    const GumboNode *body = html_parse_body(a, html);
    if (body) {
        struct reader r = {0};
        buf_init_in(&r.out, a, OUT_MAX);
        read_children(&r, body);
        if (buf_ok(&r.out))
            return tidy(a, buf_str(&r.out));
    }
    return tidy(a, html_strip(a, html));
}
