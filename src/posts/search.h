/* search.h - what a search box asks for, in the words of the engine that is asked. The index holds
 * the terms that text/analyse made and nothing else, so both engines find the same. Threads: any.
 */
#ifndef POSTS_SEARCH_H
#define POSTS_SEARCH_H

#include "base/str.h"
#include "store/store.h"

struct arena;

/* For a statement's :match. The line is read as German and as English. Empty: nothing to look for.
 * Each term is quoted, so that no operator of an engine gets through. */
struct str post_search_match(struct arena *a, enum store_engine engine, struct str line);

#endif
