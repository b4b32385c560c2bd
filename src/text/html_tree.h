/* html_tree.h - inside text/ only: the parser's tree behind its guard, and what two walkers share.
 */
#ifndef TEXT_HTML_TREE_H
#define TEXT_HTML_TREE_H

#include <gumbo.h>

#include "base/str.h"

struct arena;

/* The body element, closed with the arena; NULL when the document is over the caps: then strip it.
 */
const GumboNode *html_parse_body(struct arena *a, struct str html);
/* Tags dropped, entities decoded, contents of script and style left out; in time linear to the
 * input. */
struct str html_strip(struct arena *a, struct str html);
/* The value, trimmed; STR_NONE when absent. */
struct str html_attribute(const GumboNode *node, const char *name);
/* The element's content is not for reading: scripts, styles, frames, forms' inner parts, media. */
bool html_is_dropped(GumboTag tag);

#endif
