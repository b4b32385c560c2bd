/* html.c - follows the static HTML of a template, so that each value is escaped for the place where
 * it stands and is refused where no escaping helps: in scripts and styles, in tag names, without
 * quotes, in event handlers. On the way blanks are trimmed: a run with a line break vanishes
 * between tags and is one space beside text. */
#include <string.h>

#include "tmpl.h"

static void add(char *name, size_t size, char c)
{
    size_t n = strlen(name);
    if (n + 1 < size) {
        name[n] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
        name[n + 1] = '\0';
    }
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static bool is_one_of(const char *name, const char *const *list)
{
    for (; *list; list++)
        if (strcmp(name, *list) == 0)
            return true;
    return false;
}

static void take_name(char *to, size_t size, const char *from)
{
    size_t n = strlen(from) < size ? strlen(from) : size - 1;
    memcpy(to, from, n);
    to[n] = '\0';
}

static void open_tag(struct html *h, const struct unit *u, int line, struct str s, size_t i)
{
    char c = i + 1 < s.n ? s.p[i + 1] : ' ';
    if (!(c == '/' || c == '!' || (c >= 'a' && c <= 'z')))
        tmpl_fail(u, line, "'<' begins no tag: write &lt;");
    if (str_starts(str_sub(s, i, s.n), STR("<!--")))
        tmpl_fail(u, line, "write comments as {{! ... }}, so that they stay here");
    h->state = HTML_TAG;
    h->in_name = true;
    h->closing = c == '/';
    h->element[0] = h->attribute[0] = '\0';
}

static void close_tag(struct html *h)
{
    static const char *const raw[] = {"script", "style", NULL};
    static const char *const kept[] = {"pre", "textarea", NULL};
    h->state = HTML_TEXT;
    h->last_is_tag = true;
    if (h->closing) {
        if (strcmp(h->keep, h->element) == 0)
            h->keep[0] = '\0';
    } else if (is_one_of(h->element, raw)) {
        h->state = HTML_RAW;
        take_name(h->keep, sizeof(h->keep), h->element);
    } else if (is_one_of(h->element, kept)) {
        take_name(h->keep, sizeof(h->keep), h->element);
    }
}

static void in_tag(struct html *h, const struct unit *u, int line, char c)
{
    if (c == '>') {
        close_tag(h);
    } else if (c == '<' || c == '"' || c == '\'') {
        tmpl_fail(u, line, "'%c' inside of a tag", c);
    } else if (is_blank(c) || c == '/') {
        h->in_name = h->in_name && c == '/' && h->closing && !h->element[0];
        h->attribute[0] = '\0';
    } else if (h->in_name) {
        add(h->element, sizeof(h->element), c);
    } else if (c != '=') {
        add(h->attribute, sizeof(h->attribute), c);
    } else if (!h->attribute[0]) {
        tmpl_fail(u, line, "'=' without the name of an attribute");
    } else {
        h->state = HTML_EQUALS;
    }
}

static void at_char(struct html *h, const struct unit *u, int line, struct str s, size_t i)
{
    char c = s.p[i];
    switch (h->state) {
    case HTML_TEXT:
        if (c == '<')
            open_tag(h, u, line, s, i);
        else
            h->last_is_tag = false;
        break;
    case HTML_TAG:
        in_tag(h, u, line, c);
        break;
    case HTML_EQUALS:
        if (c != '"' && c != '\'')
            tmpl_fail(u, line, "the value of %s needs quotes", h->attribute);
        h->state = HTML_VALUE;
        h->quote = c;
        h->prefix = str_sub(s, i + 1, i + 1);
        h->value_dynamic = false;
        break;
    case HTML_VALUE:
        if (c == h->quote) {
            h->state = HTML_TAG;
            h->in_name = false;
            h->attribute[0] = '\0';
        } else if (!h->value_dynamic) {
            h->prefix = (struct str){h->prefix.p, (size_t)(s.p + i + 1 - h->prefix.p)};
        }
        break;
    case HTML_RAW:
        if (c == '<' && str_starts(str_sub(s, i, s.n), STR("</")))
            open_tag(h, u, line, s, i);
        break;
    }
}

/* What a run of blanks [i, j) becomes. */
static void add_blanks(const struct html *h, const struct node *n, size_t i, size_t j,
                       struct buf *out)
{
    struct str s = n->text;
    if (h->keep[0] && h->state != HTML_TAG) {
        buf_add(out, str_sub(s, i, j));
        return;
    }
    bool before = i == 0 ? n->edge_before || h->last_is_tag : h->last_is_tag;
    bool after = j == s.n ? n->edge_after : s.p[j] == '<';
    bool breaks = str_find_char(str_sub(s, i, j), '\n', 0) >= 0;
    if (h->state == HTML_TEXT && breaks && before && after)
        return;
    if (h->state == HTML_TAG && j < s.n && s.p[j] == '>')
        return;
    buf_add_char(out, ' ');
}

void html_text(struct html *h, const struct unit *u, const struct node *n, struct buf *out)
{
    struct str s = n->text;
    int line = n->line;
    for (size_t i = 0; i < s.n;) {
        size_t j = i;
        while (j < s.n && is_blank(s.p[j]))
            line += s.p[j++] == '\n';
        if (j > i)
            add_blanks(h, n, i, j, out);
        for (size_t k = i; k < j; k++)
            if (h->state != HTML_TEXT)
                at_char(h, u, line, s, k);
        if (j > i) {
            i = j;
            continue;
        }
        buf_add_char(out, s.p[i]);
        at_char(h, u, line, s, i);
        i++;
    }
}

static bool prefix_is_safe(struct str s)
{
    return str_starts(s, STR("/")) || str_starts(s, STR("#")) || str_starts(s, STR("?")) ||
           str_starts(s, STR("https://")) || str_starts(s, STR("mailto:"));
}

enum place html_place(struct html *h, const struct unit *u, int line)
{
    static const char *const urls[] = {"href", "src",  "action",   "formaction", "poster",
                                       "cite", "data", "manifest", NULL};
    static const char *const never[] = {"style", "srcset", "srcdoc", "http-equiv", NULL};
    if (h->state == HTML_TEXT) {
        h->last_is_tag = false;
        return PLACE_TEXT;
    }
    if (h->state != HTML_VALUE)
        tmpl_fail(u, line,
                  h->state == HTML_RAW ? "no value may stand in a script or style"
                                       : "inside of a tag a value may only stand in quotes");
    if (strncmp(h->attribute, "on", 2) == 0 || is_one_of(h->attribute, never))
        tmpl_fail(u, line, "no value may stand in the attribute %s", h->attribute);
    bool start = !h->prefix.n && !h->value_dynamic;
    bool dynamic = h->value_dynamic;
    h->value_dynamic = true;
    if (!is_one_of(h->attribute, urls))
        return PLACE_ATTRIBUTE;
    if (start)
        return PLACE_URL;
    if (!dynamic && !prefix_is_safe(h->prefix))
        tmpl_fail(u, line, "this address must begin with a value, /, #, ?, https:// or mailto:");
    return PLACE_URL_PART;
}

void html_border(struct html *h)
{
    if (h->state == HTML_TAG) {
        h->in_name = false;
        h->attribute[0] = '\0';
    }
    if (h->state == HTML_TEXT)
        h->last_is_tag = true;
}

bool html_same(const struct html *a, const struct html *b)
{
    return a->state == b->state && strcmp(a->keep, b->keep) == 0 &&
           (a->state != HTML_VALUE ||
            (a->quote == b->quote && strcmp(a->attribute, b->attribute) == 0));
}
