/* search.h - what a search box asks for, in the words of the engine that is asked. The index holds
 * the terms that text/analyse made and nothing else, so both engines find the same. Threads: any.
 */
#ifndef POSTS_SEARCH_H
#define POSTS_SEARCH_H

#include "base/str.h"
#include "store/store.h"

struct arena;

/* What the index holds of a post: the terms of its words, and behind them one of its brand and one
 * of its account, so that who looks in a few posts of many need not pass all the others. */
struct str post_search_terms(struct arena *a, struct str words, int64_t brand, int64_t account);

struct search_where {
    int64_t brand;           /* 0: any */
    const int64_t *accounts; /* of it; n 0: any */
    size_t n;
};
enum { SEARCH_ACCOUNTS_MAX = 200 }; /* n at most; with more, say any: the statement still asks */

/* For a statement's :match. The line is read as German and as English. Empty: nothing to look for.
 * Each term is quoted, so that no operator of an engine gets through. Where it looks only narrows:
 * the statement binds the brand itself. */
struct str post_search_match(struct arena *a, enum store_engine engine,
                             const struct search_where *where, struct str line);

#endif
