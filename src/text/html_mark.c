/* html_mark.c - plain text as HTML with marked stretches; see html.h. */
#include "base/arena.h"
#include "base/buf.h"
#include "text/html.h"

enum { GROWTH = 8, ROOM = 4096 };

/* Text from..to, line ends as breaks and empty lines as paragraphs. */
static void add_lines(struct buf *b, struct str s)
{
    size_t from = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] != '\n')
            continue;
        html_escape(b, str_sub(s, from, i));
        size_t ends = 1;
        while (i + 1 < s.n && s.p[i + 1] == '\n')
            i++, ends++;
        buf_add_z(b, ends > 1 ? "</p><p>" : "<br>");
        from = i + 1;
    }
    html_escape(b, str_sub(s, from, s.n));
}

/* A mark may not reach over a paragraph: it is cut at the first line end. */
static void add_mark(struct buf *b, struct str s, int weight)
{
    ptrdiff_t end = str_find_char(s, '\n', 0);
    size_t n = end >= 0 ? (size_t)end : s.n;
    if (n) {
        buf_printf(b, "<mark class=\"why\" data-w=\"%d\">", weight);
        html_escape(b, str_sub(s, 0, n));
        buf_add_z(b, "</mark>");
    }
    add_lines(b, str_sub(s, n, s.n));
}

struct safe_html html_from_text_marked(struct arena *a, struct str text,
                                       const struct html_mark *marks, size_t n)
{
    struct buf b;
    size_t at = 0;
    buf_init_in(&b, a, text.n * GROWTH + n * 64 + ROOM);
    buf_add_z(&b, "<p>");
    for (size_t i = 0; i < n; i++) {
        if (marks[i].from < at || marks[i].to <= marks[i].from || marks[i].to > text.n)
            continue;
        add_lines(&b, str_sub(text, at, marks[i].from));
        add_mark(&b, str_sub(text, marks[i].from, marks[i].to), marks[i].weight);
        at = marks[i].to;
    }
    add_lines(&b, str_sub(text, at, text.n));
    buf_add_z(&b, "</p>");
    return (struct safe_html){buf_ok(&b) ? buf_str(&b) : STR("")};
}
