/* passage.h - the place in a text where it was found, with the found words marked. Threads: any. */
#ifndef CONSOLE_PASSAGE_H
#define CONSOLE_PASSAGE_H

#include "text/html.h"

struct arena;

enum { PASSAGE_BYTES = 240 };

/* About PASSAGE_BYTES of the text around the first word that the query also holds, compared by the
 * terms under which both are indexed (text/analyse.h); such words stand in <mark>. Without one it
 * is the start of the text. */
struct safe_html passage_mark(struct arena *a, struct str text, struct str query,
                              struct str language);

#endif
