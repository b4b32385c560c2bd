/* html.c - guard, parse, strip and escape: the ground of html.h. The walkers are html_clean.c and
 * html_text.c. */
#include "text/html.h"

#include <libxml/HTMLparser.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "text/html_tree.h"
#include "text/unicode.h"

enum { ENTITY_MAX = 16 }; /* bytes of the longest reference that is looked up */

static void destroy(void *p)
{
    gumbo_destroy_output(&kGumboDefaultOptions, p);
}

const GumboNode *html_parse_body(struct arena *a, struct str html)
{
    if (html.n > HTML_BYTES_MAX)
        return NULL;
    size_t tags = 0;
    for (const char *p = html.p, *end = html.p + html.n; p && p < end; p++) {
        p = memchr(p, '<', (size_t)(end - p));
        if (!p)
            break;
        if (++tags > HTML_TAGS_MAX)
            return NULL;
    }
    GumboOptions options = kGumboDefaultOptions;
    options.max_errors = 0;
    GumboOutput *out = gumbo_parse_with_options(&options, html.n ? html.p : "", html.n);
    arena_defer(a, destroy, out);
    const GumboVector *top = &out->root->v.element.children;
    for (unsigned i = 0; i < top->length; i++) {
        const GumboNode *child = top->data[i];
        if (child->type == GUMBO_NODE_ELEMENT && child->v.element.tag == GUMBO_TAG_BODY)
            return child;
    }
    return out->root;
}

struct str html_attribute(const GumboNode *node, const char *name)
{
    const GumboAttribute *found = gumbo_get_attribute(&node->v.element.attributes, name);
    return found ? str_trim(str_z(found->value)) : STR_NONE;
}

bool html_is_dropped(GumboTag tag)
{
    switch (tag) {
    case GUMBO_TAG_SCRIPT:
    case GUMBO_TAG_STYLE:
    case GUMBO_TAG_TEMPLATE:
    case GUMBO_TAG_NOSCRIPT:
    case GUMBO_TAG_IFRAME:
    case GUMBO_TAG_OBJECT:
    case GUMBO_TAG_EMBED:
    case GUMBO_TAG_APPLET:
    case GUMBO_TAG_FRAME:
    case GUMBO_TAG_FRAMESET:
    case GUMBO_TAG_NOFRAMES:
    case GUMBO_TAG_NOEMBED:
    case GUMBO_TAG_SVG:
    case GUMBO_TAG_MATH:
    case GUMBO_TAG_HEAD:
    case GUMBO_TAG_TITLE:
    case GUMBO_TAG_SELECT:
    case GUMBO_TAG_TEXTAREA:
    case GUMBO_TAG_AUDIO:
    case GUMBO_TAG_VIDEO:
    case GUMBO_TAG_CANVAS:
    case GUMBO_TAG_MAP:
    case GUMBO_TAG_PLAINTEXT:
    case GUMBO_TAG_XMP:
        return true;
    default:
        return false;
    }
}

void html_escape(struct buf *b, struct str s)
{
    size_t from = 0;
    for (size_t i = 0; i < s.n; i++) {
        const char *entity;
        switch (s.p[i]) {
        case '&':
            entity = "&amp;";
            break;
        case '<':
            entity = "&lt;";
            break;
        case '>':
            entity = "&gt;";
            break;
        case '"':
            entity = "&quot;";
            break;
        case '\'':
            entity = "&#39;";
            break;
        default:
            continue;
        }
        buf_add(b, str_sub(s, from, i));
        buf_add_z(b, entity);
        from = i + 1;
    }
    buf_add(b, str_sub(s, from, s.n));
}

/* What stands between "//" and the path; browsers take a backslash for a slash. */
static struct str authority(struct str url)
{
    ptrdiff_t colon = str_find(url, STR("://"), 0);
    size_t from = colon < 0 ? url.n : (size_t)colon + 3, to = from;
    while (to < url.n && !strchr("/\\?#", url.p[to]))
        to++;
    return str_sub(url, from, to);
}

bool html_link_allowed(struct str url)
{
    if (url.n > 4096)
        return false;
    for (size_t i = 0; i < url.n; i++)
        if ((unsigned char)url.p[i] <= 0x20 || url.p[i] == 0x7F)
            return false;
    if (str_starts_nocase(url, STR("mailto:")))
        return url.n > 7;
    struct str place = authority(url);
    return (str_starts_nocase(url, STR("https://")) || str_starts_nocase(url, STR("http://"))) &&
           place.n && str_find_char(place, '@', 0) < 0;
}

struct str html_link_host(struct arena *a, struct str url)
{
    struct str host = authority(url);
    if (!str_starts_nocase(url, STR("http")))
        return STR_NONE;
    for (ptrdiff_t at; (at = str_find_char(host, '@', 0)) >= 0;)
        host = str_sub(host, (size_t)at + 1, host.n);
    ptrdiff_t port = str_starts(host, STR("[")) ? -1 : str_find_char(host, ':', 0);
    return text_host(a, port < 0 ? host : str_sub(host, 0, (size_t)port));
}

uint32_t html_entity(struct str name)
{
    char z[ENTITY_MAX];
    if (!name.n || name.n >= sizeof z)
        return 0;
    memcpy(z, name.p, name.n);
    z[name.n] = 0;
    if (strcmp(z, "apos") == 0)
        return '\'';
    const htmlEntityDesc *found = htmlEntityLookup((const xmlChar *)z);
    return found ? found->value : 0;
}

/* The character of a reference like "#228", "#xE4", "auml"; 0 when it is none. */
static uint32_t reference(struct str name)
{
    if (!name.n || name.p[0] != '#')
        return html_entity(name);
    bool hex = name.n > 1 && (name.p[1] == 'x' || name.p[1] == 'X');
    uint32_t c = 0;
    for (size_t i = hex ? 2 : 1; i < name.n; i++) {
        char d = name.p[i];
        uint32_t digit = d >= '0' && d <= '9'          ? (uint32_t)(d - '0')
                         : hex && d >= 'a' && d <= 'f' ? (uint32_t)(d - 'a' + 10)
                         : hex && d >= 'A' && d <= 'F' ? (uint32_t)(d - 'A' + 10)
                                                       : 99;
        if (digit == 99 || c > 0x10FFFF)
            return 0;
        c = c * (hex ? 16 : 10) + digit;
    }
    return c == 0 || c > 0x10FFFF ? 0 : c;
}

static void add_reference(struct buf *b, uint32_t c)
{
    if (c >= 0x80 && c < 0xA0) { /* pages mean windows-1252 by these numbers */
        struct arena small;
        arena_init(&small);
        buf_add(b, utf8_from_1252(&small, (struct str){(char[]){(char)c}, 1}));
        arena_deinit(&small);
    } else {
        utf8_add(b, c);
    }
}

struct str html_decode(struct arena *a, struct str s)
{
    ptrdiff_t first = str_find_char(s, '&', 0);
    if (first < 0)
        return s;
    struct buf b;
    buf_init_in(&b, a, s.n * 2 + 8);
    for (size_t i = 0; i < s.n;) {
        if (s.p[i] == '&') {
            struct str window = str_sub(s, i + 1, i + 1 + ENTITY_MAX);
            ptrdiff_t end = str_find_char(window, ';', 0);
            uint32_t c = end > 0 ? reference(str_sub(window, 0, (size_t)end)) : 0;
            if (c) {
                add_reference(&b, c);
                i += (size_t)end + 2;
                continue;
            }
        }
        buf_add_char(&b, s.p[i++]);
    }
    return buf_str(&b);
}

static const char *const unread[] = {"script", "style", "title", NULL};

struct str html_strip(struct arena *a, struct str html)
{
    struct buf b;
    buf_init_in(&b, a, html.n + 1);
    for (size_t i = 0; i < html.n;) {
        ptrdiff_t open = str_find_char(html, '<', i);
        size_t at = open < 0 ? html.n : (size_t)open;
        buf_add(&b, str_sub(html, i, at));
        if (at == html.n)
            break;
        ptrdiff_t close = str_find_char(html, '>', at);
        i = close < 0 ? html.n : (size_t)close + 1;
        struct str inside = str_sub(html, at + 1, i);
        for (size_t k = 0; unread[k]; k++)
            if (str_starts_nocase(inside, str_z(unread[k]))) {
                /* on to the next end tag, whichever: the content of these holds no tags */
                ptrdiff_t end = str_find(html, STR("</"), i);
                i = end < 0 ? html.n : (size_t)end;
            }
        if (str_starts_nocase(inside, STR("br")) || str_starts_nocase(inside, STR("p")) ||
            str_starts_nocase(inside, STR("/p")) || str_starts_nocase(inside, STR("/div")) ||
            str_starts_nocase(inside, STR("/tr")) || str_starts_nocase(inside, STR("/li")))
            buf_add_char(&b, '\n');
        else
            buf_add_char(&b, ' ');
    }
    return html_decode(a, buf_str(&b));
}
