/* search.h - what a search box asks for, in the words of the engine that is asked. The index holds
 * the terms that text/analyse made and nothing else, so both engines find the same. Threads: any.
 */
#ifndef POSTS_SEARCH_H
#define POSTS_SEARCH_H

#include "base/str.h"
#include "store/store.h"

struct arena;

/* What the index holds of a post: the terms of its words, and behind them one of its account, so
 * that who looks in a few posts of many need not pass all the others. */
struct str post_search_terms(struct arena *a, struct str words, int64_t account);

/* The accounts to look in; n 0: anywhere. With more than SEARCH_NARROW_MAX posts, about, the words
 * alone are quicker, and the accounts are left out. Each account is looked up in every segment of
 * the index: more than SEARCH_ACCOUNTS_MAX cost more than they save. */
struct search_where {
    const int64_t *accounts;
    size_t n; /* at most SEARCH_ACCOUNTS_MAX */
    int64_t posts;
};
enum { SEARCH_ACCOUNTS_MAX = 20, SEARCH_NARROW_MAX = 50000 };

/* For a statement's :match. The line is read as German and as English. Empty: nothing to look for.
 * Each term is quoted, so that no operator of an engine gets through. Where it looks only narrows:
 * the statement binds brand and channel itself. */
struct str post_search_match(struct arena *a, enum store_engine engine,
                             const struct search_where *where, struct str line);

#endif
