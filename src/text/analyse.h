/* analyse.h - text to the terms under which it is found, and a search box's line to a query over
 * them.
 *
 * The same rules make both, so that "Zählerstände", "zaehlerstand" and "Zählerstand" meet. Words
 * are folded and stemmed by language, umlauts count alike however they are spelt (ä = ae, ß = ss);
 * mail addresses, @names, #tags, hosts and numbers stay whole. Parts of German compounds, and the
 * pieces of @names, #tags, addresses and numbers, follow behind the last word of the text, so that
 * words that stand side by side stay so. Whenever the rules change, ANALYSE_VERSION grows and what
 * was indexed before is indexed again. Threads: any. */
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
enum search_how {
    SEARCH_ALL,          /* all terms, wherever they stand */
    SEARCH_SIDE_BY_SIDE, /* in this order, with nothing between */
    SEARCH_BEGINS        /* one term that begins like this */
};
struct search_choice {
    const struct str *terms; /* at least one; made of the same letters as the terms of texts */
    size_t n;
    enum search_how how;
};
/* Met by any of its choices. */
struct search_group {
    const struct search_choice *choices;
    size_t n;
};
/* All groups must be met; none: nothing is left to look for. posts/search.h says it in the words of
 * an engine. */
struct search_query {
    const struct search_group *groups;
    size_t n;
};

/* What words (all must occur), "phrases" and prefix* ask for. A word is looked for stemmed by the
 * language and unstemmed; with a language that is neither "de" nor "en" by both. Words like "und"
 * are not asked for, unless there are no others. */
struct search_query analyse_query(struct arena *a, struct str query, struct str language);

#endif
