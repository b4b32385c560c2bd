/* analyse.h - text to the terms under which it is found, and a search box's line to a query over
 * them.
 *
 * The same rules make both, so that "Zählerstände", "zaehlerstand" and "Zählerstand" meet. Words
 * are folded and stemmed by language, umlauts count alike however they are spelt (ä = ae, ß = ss);
 * mail addresses, @names, #tags, hosts and numbers stay whole. Parts of German compounds, and the
 * words inside @names and #tags, follow behind the last word of the text, so that words that stand
 * side by side stay so. Whenever the rules change, ANALYSE_VERSION grows and what was indexed
 * before is indexed again. Threads: any. */
#ifndef TEXT_ANALYSE_H
#define TEXT_ANALYSE_H

#include <stddef.h>

#include "base/str.h"

struct arena;

enum {
    ANALYSE_VERSION = 1,
    ANALYSE_TERM_MAX = 64,    /* bytes; longer words are cut */
    ANALYSE_TERMS_MAX = 4000, /* of one text; the rest is not indexed */
    ANALYSE_QUERY_MAX = 32    /* words of one query */
};

/* Terms separated by single spaces; letters, digits and @ # . _ - + only. language: "de", "en";
 * anything else leaves words unstemmed. */
struct str analyse_text(struct arena *a, struct str text, struct str language);
/* An FTS5 MATCH expression for words (all must occur), "phrases" and prefix*; empty when nothing is
 * left to look for. A word is looked for stemmed by the language and unstemmed; with a language
 * that is neither "de" nor "en" by both. Each term is quoted, so that no operator of FTS5 gets
 * through. */
struct str analyse_query(struct arena *a, struct str query, struct str language);

#endif
