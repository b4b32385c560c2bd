/* feed_clean.c - makes a feed's bytes fit for a strict parser, and its references absolute. All of
 * it is linear. */
#include <libxml/uri.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "text/feed_int.h"
#include "text/html.h"
#include "text/unicode.h"

enum { NAME_MAX_BYTES = 32, URL_MAX_BYTES = 4096, REFERENCES_MAX = 2000 };

/* encoding="..." of the XML declaration, which is ASCII in all charsets that get here. */
static struct str declared(struct str s)
{
    ptrdiff_t end = str_find(s, STR("?>"), 0);
    if (!str_starts(s, STR("<?xml")) || end < 0 || end > 300)
        return STR_NONE;
    s = str_sub(s, 0, (size_t)end);
    ptrdiff_t at = str_find(s, STR("encoding"), 0);
    if (at < 0)
        return STR_NONE;
    s = str_trim(str_sub(s, (size_t)at + 8, s.n));
    if (!str_starts(s, STR("=")))
        return STR_NONE;
    s = str_trim(str_sub(s, 1, s.n));
    if (!s.n || (s.p[0] != '"' && s.p[0] != '\''))
        return STR_NONE;
    ptrdiff_t close = str_find_char(s, s.p[0], 1);
    return close < 0 ? STR_NONE : str_sub(s, 1, (size_t)close);
}

static bool has_high(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] >= 0x80)
            return true;
    return false;
}

static struct str to_utf8(struct arena *a, struct str s, struct str charset)
{
    static const struct {
        struct str mark;
        const char *charset;
    } marks[] = {{{"\xEF\xBB\xBF", 3}, "utf-8"},
                 {{"\xFF\xFE\0\0", 4}, "utf-32le"},
                 {{"\0\0\xFE\xFF", 4}, "utf-32be"},
                 {{"\xFF\xFE", 2}, "utf-16le"},
                 {{"\xFE\xFF", 2}, "utf-16be"}};
    static const struct {
        struct str start;
        const char *charset;
    } shapes[] = {{{"<\0\0\0", 4}, "utf-32le"},
                  {{"\0\0\0<", 4}, "utf-32be"},
                  {{"<\0", 2}, "utf-16le"},
                  {{"\0<", 2}, "utf-16be"},
                  {{"\x4C\x6F\xA7\x94", 4}, "ibm037"}};
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        if (str_starts(s, marks[i].mark))
            return utf8_decode(a, str_sub(s, marks[i].mark.n, s.n), str_z(marks[i].charset));
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        if (str_starts(s, shapes[i].start))
            return utf8_decode(a, s, str_z(shapes[i].charset));
    struct str inside = declared(str_trim(s));
    if (!charset.n)
        charset = inside;
    else if (inside.n &&
             (str_eq_nocase(charset, STR("us-ascii")) || str_eq_nocase(charset, STR("iso-8859-1"))))
        charset = inside; /* what servers say of each file knows less than the file */
    if (str_starts_nocase(charset, STR("utf-16")) || str_starts_nocase(charset, STR("utf-32")) ||
        str_starts_nocase(charset, STR("ucs-")))
        charset = STR_NONE; /* it would have begun otherwise */
    if (has_high(s) && utf8_valid(s) && !str_starts_nocase(charset, STR("iso-2022")))
        return s; /* several bytes that are UTF-8 by chance do not happen */
    return utf8_decode(a, s, charset);
}

/* Length of a markup section at i that is copied or dropped as a whole; 0 when there is none. */
static size_t section(struct str s, size_t i, bool *keep)
{
    static const struct {
        const char *open, *close;
        bool keep;
    } sections[] = {{"<![CDATA[", "]]>", true}, {"<!--", "-->", false}, {"<?", "?>", false}};
    struct str rest = str_sub(s, i, s.n);
    for (size_t k = 0; k < sizeof sections / sizeof sections[0]; k++) {
        if (!str_starts(rest, str_z(sections[k].open)))
            continue;
        ptrdiff_t end = str_find(s, str_z(sections[k].close), i + strlen(sections[k].open));
        *keep = sections[k].keep && end >= 0;
        return end < 0 ? s.n - i : (size_t)end + strlen(sections[k].close) - i;
    }
    if (!str_starts_nocase(rest, STR("<!DOCTYPE")))
        return 0;
    *keep = false;
    int depth = 0;
    for (size_t k = i; k < s.n; k++) {
        depth += s.p[k] == '[' ? 1 : s.p[k] == ']' ? -1 : 0;
        if (s.p[k] == '>' && depth <= 0)
            return k + 1 - i;
    }
    return s.n - i;
}

/* At an ampersand: what XML knows stays, what HTML knows becomes a character, anything else becomes
 * "&amp;". */
static size_t add_reference(struct buf *b, struct str s, size_t i)
{
    struct str window = str_sub(s, i + 1, i + 1 + NAME_MAX_BYTES);
    ptrdiff_t end = str_find_char(window, ';', 0);
    struct str name = end > 0 ? str_sub(window, 0, (size_t)end) : STR_NONE;
    static const char *const own[] = {"lt", "gt", "amp", "quot", "apos"};
    for (size_t k = 0; k < sizeof own / sizeof own[0]; k++)
        if (str_eq_z(name, own[k])) {
            buf_add(b, str_sub(s, i, i + name.n + 2));
            return name.n + 2;
        }
    if (name.n > 1 && name.p[0] == '#') {
        struct arena one;
        arena_init(&one);
        struct str whole = str_sub(s, i, i + name.n + 2), decoded = html_decode(&one, whole);
        size_t at = 0;
        uint32_t c = str_eq(whole, decoded) ? 0 : utf8_next(decoded, &at);
        bool known = c >= 0x20 || c == '\n' || c == '\t' || c == '\r';
        if (known && c < 0x80)
            buf_add(b, whole); /* "&#60;" must stay a reference */
        else if (known)
            utf8_add(b, c);
        else if (str_eq(whole, decoded))
            buf_add_z(b, "&amp;");
        arena_deinit(&one);
        return c || known ? whole.n : 1;
    }
    uint32_t c = html_entity(name);
    if (c)
        utf8_add(b, c);
    else
        buf_add_z(b, "&amp;");
    return c ? name.n + 2 : 1;
}

static bool is_allowed(char c)
{
    return (unsigned char)c >= 0x20 || c == '\n' || c == '\t' || c == '\r';
}

struct str feed_decode(struct arena *a, struct str bytes, struct str charset)
{
    struct str s = to_utf8(a, bytes, charset);
    struct buf b;
    buf_init_in(&b, a, s.n * 5 + 64);
    for (size_t i = 0; i < s.n && buf_ok(&b);) {
        unsigned char c = (unsigned char)s.p[i];
        bool keep = true;
        size_t n = c == '<' ? section(s, i, &keep) : 0;
        if (n) {
            struct str whole = str_sub(s, i, i + n);
            for (size_t k = 0; keep && k < n; k++)
                if (is_allowed(whole.p[k]))
                    buf_add_char(&b, whole.p[k]);
            i += n;
        } else if (c == '&') {
            i += add_reference(&b, s, i);
        } else {
            if (is_allowed((char)c))
                buf_add_char(&b, (char)c);
            i++;
        }
    }
    return str_trim(buf_str(&b));
}

struct str feed_resolve(struct arena *a, struct str url, struct str base)
{
    url = str_trim(url);
    if (!base.n || !url.n || url.n > URL_MAX_BYTES || base.n > URL_MAX_BYTES)
        return url;
    xmlChar *made =
        xmlBuildURI((const xmlChar *)arena_str(a, url).p, (const xmlChar *)arena_str(a, base).p);
    struct str result = made ? arena_strz(a, (const char *)made) : url;
    xmlFree(made);
    return result;
}

/* The quoted value behind href= or src= at i inside a tag; its length, or 0. */
static size_t reference_at(struct str s, size_t i, size_t *from)
{
    static const char *const names[] = {"href",       "src",  "cite",   "action", "longdesc",
                                        "background", "data", "poster", "usemap"};
    if (i == 0 || (unsigned char)s.p[i - 1] > 0x20)
        return 0;
    for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
        struct str rest = str_sub(s, i, i + 12);
        size_t n = strlen(names[k]);
        if (!str_starts_nocase(rest, str_z(names[k])) || rest.n < n + 3 || rest.p[n] != '=' ||
            (rest.p[n + 1] != '"' && rest.p[n + 1] != '\''))
            continue;
        ptrdiff_t end =
            str_find_char(str_sub(s, 0, i + n + 2 + URL_MAX_BYTES), rest.p[n + 1], i + n + 2);
        *from = i + n + 2;
        return end < 0 ? 0 : (size_t)end - *from;
    }
    return 0;
}

struct str feed_resolve_markup(struct arena *a, struct str html, struct str base)
{
    if (!base.n || str_find_char(html, '<', 0) < 0)
        return html;
    struct buf b;
    struct arena one;
    arena_init(&one);
    buf_init_in(&b, a, html.n * 4 + 4 * URL_MAX_BYTES);
    bool in_tag = false;
    unsigned left = REFERENCES_MAX;
    for (size_t i = 0, from; i < html.n && buf_ok(&b); i++) {
        char c = html.p[i];
        in_tag = c == '<' || (in_tag && c != '>');
        size_t n = in_tag && left ? reference_at(html, i, &from) : 0;
        if (n) {
            buf_add(&b, str_sub(html, i, from));
            struct str url = html_decode(&one, str_sub(html, from, from + n));
            html_escape(&b, feed_resolve(&one, url, base));
            i = from + n - 1;
            left--;
            arena_clear(&one);
        } else {
            buf_add_char(&b, c);
        }
    }
    arena_deinit(&one);
    return buf_ok(&b) ? buf_str(&b) : html;
}
