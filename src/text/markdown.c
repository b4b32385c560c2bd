/* markdown.c - see markdown.h; md4c renders, the sanitiser has the last word. */
#include "text/markdown.h"

#include <md4c-html.h>

#include "base/arena.h"
#include "base/buf.h"
#include "text/unicode.h"

enum { OUT_MAX = 8 * MARKDOWN_BYTES_MAX };

static void add(const MD_CHAR *p, MD_SIZE n, void *b)
{
    buf_add(b, (struct str){p, n});
}

struct safe_html markdown_render(struct arena *a, struct str text, unsigned options)
{
    text = utf8_repair(a, text);
    struct buf b;
    buf_init_in(&b, a, OUT_MAX);
    if (text.n > MARKDOWN_BYTES_MAX ||
        md_html(text.n ? text.p : "", (MD_SIZE)text.n, add, &b, MD_DIALECT_GITHUB | MD_FLAG_NOHTML,
                0) ||
        !buf_ok(&b))
        return html_from_text(a, text);
    return html_sanitise(a, buf_str(&b), options);
}

void markdown_render_raw(struct buf *b, struct str text)
{
    if (text.n > MARKDOWN_BYTES_MAX || md_html(text.n ? text.p : "", (MD_SIZE)text.n, add, b,
                                               MD_DIALECT_COMMONMARK, MD_HTML_FLAG_XHTML))
        b->failed = true;
}
