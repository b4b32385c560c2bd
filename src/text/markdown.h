/* markdown.h - what people type into boxes, as HTML (CommonMark with tables, strikethrough,
 * autolinks and task lists). Raw HTML in it is shown as text. Threads: any. */
#ifndef TEXT_MARKDOWN_H
#define TEXT_MARKDOWN_H

#include "text/html.h"

struct buf;

enum { MARKDOWN_BYTES_MAX = 64 * 1024 };

/* Rendered and sanitised (options of html_sanitise). Over the cap the text is shown as plain
 * paragraphs. */
struct safe_html markdown_render(struct arena *a, struct str text, unsigned options);
/* The renderer alone with plain CommonMark and raw HTML passed through, for comparing with the
 * standard: not safe to show. b fails when the text is over the cap. */
void markdown_render_raw(struct buf *b, struct str text);

#endif
