/* html.h - HTML from strangers: to plain text, or to the small safe part of HTML that pages may
 * show.
 *
 * A document over HTML_BYTES_MAX, or with more than HTML_TAGS_MAX '<', is not parsed (the parser is
 * quadratic on nesting) but stripped to text; what is parsed is an HTML5 tree written anew from an
 * allow-list, so that no browser can read it otherwise than we did. Results live in the arena.
 * Input need not be valid UTF-8. Threads: any. */
#ifndef TEXT_HTML_H
#define TEXT_HTML_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct arena;
struct buf;

enum { HTML_BYTES_MAX = 64 * 1024, HTML_TAGS_MAX = 2000, HTML_DEPTH_MAX = 64 };

/* HTML that may stand in a page as it is. Only html_sanitise, html_from_text and markdown_render
 * make it. */
struct safe_html {
    struct str html;
};

enum html_option {
    HTML_IMAGES_AS_LINKS =
        1,             /* <img> becomes a link with its alt text; else only the alt text stays */
    HTML_OWN_PATHS = 2 /* links to paths of this site ("/topic/1") are kept, without rel */
};

/* Tags of running text only, no style, class, id or handler; links to http, https and mailto, each
 * with rel="nofollow ugc noopener"; scripts, frames, forms and media are gone with their content.
 */
struct safe_html html_sanitise(struct arena *a, struct str html, unsigned options);
/* Plain text as HTML: escaped, line ends as <br>, empty lines begin a paragraph, URLs become links.
 */
struct safe_html html_from_text(struct arena *a, struct str text);
/* The same, with stretches marked by how much they count (1..4): <mark class="why" data-w="3">.
 * marks: in order, from/to bytes of the text; overlapping ones and those outside are left out. */
struct html_mark {
    size_t from, to;
    int weight;
};
struct safe_html html_from_text_marked(struct arena *a, struct str text,
                                       const struct html_mark *marks, size_t n);
/* Readable text: lines and paragraphs, "- " before list items, "> " before quoted blocks, the
 * target behind a link's text where it says something else. No empty lines at the ends, at most one
 * in a row. */
struct str html_to_text(struct arena *a, struct str html);

/* & < > " ' as entities: right between tags and inside quoted attributes. */
void html_escape(struct buf *b, struct str s);
/* A link target that may be followed: absolute http, https or mailto without blanks and controls;
 * no user name before the host, which only makes it look like another one. */
bool html_link_allowed(struct str url);
/* The host that a browser would ask for an http or https URL, in lower case; with letters beyond
 * Latin-1, which may look like others, as ASCII (RFC 5890). STR_NONE when it has none. */
struct str html_link_host(struct arena *a, struct str url);
/* The character behind an HTML 4 entity name ("nbsp", "uuml"), 0 when unknown. */
uint32_t html_entity(struct str name);
/* Decodes entities in text that holds no tags ("AT&amp;T"). */
struct str html_decode(struct arena *a, struct str s);

#endif
