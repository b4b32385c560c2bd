/* search.c - one search box for posts of two languages. A word is looked for as either would spell
 * its stem. */
#include "base/arena.h"
#include "flow/flow.h"
#include "text/analyse.h"

struct str flow_search_match(struct arena *a, struct str query)
{
    struct str de = analyse_query(a, query, STR("de")), en = analyse_query(a, query, STR("en"));
    if (!de.n || str_eq(de, en))
        return en;
    return en.n ? arena_printf(a, "(%.*s) OR (%.*s)", STR_FMT(de), STR_FMT(en)) : de;
}
