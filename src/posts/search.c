/* search.c - see search.h: one query, written as FTS5's MATCH or as a tsquery. */
#include "posts/search.h"

#include "base/arena.h"
#include "base/buf.h"
#include "text/analyse.h"

enum { MATCH_MAX = 64 * 1024 };

struct spelling {
    const char *quote, *all, *any, *beside, *begins;
};

static const struct spelling spellings[] = {
    [STORE_SQLITE] = {"\"", " AND ", " OR ", " + ", " *"},
    [STORE_POSTGRESQL] = {"'", " & ", " | ", " <-> ", ":*"},
};

static void add_term(struct buf *b, const struct spelling *s, struct str term)
{
    buf_add_z(b, s->quote);
    for (size_t i = 0; i < term.n; i++) /* no term holds a quote; this keeps it so */
        if (term.p[i] != '"' && term.p[i] != '\'' && term.p[i] != '\\' && term.p[i])
            buf_add_char(b, term.p[i]);
    buf_add_z(b, s->quote);
}

static void add_choice(struct buf *b, const struct spelling *s, const struct search_choice *c)
{
    if (c->n > 1)
        buf_add_char(b, '(');
    for (size_t i = 0; i < c->n; i++) {
        if (i)
            buf_add_z(b, c->how == SEARCH_SIDE_BY_SIDE ? s->beside : s->all);
        add_term(b, s, c->terms[i]);
        if (c->how == SEARCH_BEGINS)
            buf_add_z(b, s->begins);
    }
    if (c->n > 1)
        buf_add_char(b, ')');
}

/* With a dot before it no word of a text or of a line is like this. */
static struct str account_term(struct arena *a, int64_t id)
{
    return arena_printf(a, ".a%lld", (long long)id);
}

struct str post_search_terms(struct arena *a, struct str words, int64_t account)
{
    const struct str both[] = {str_trim(words), account_term(a, account)};
    return str_trim(arena_join(a, both, 2, STR(" ")));
}

static void add_where(struct buf *b, struct arena *a, const struct spelling *s,
                      const struct search_where *where)
{
    if (!where->n || where->posts > SEARCH_NARROW_MAX)
        return;
    buf_add_char(b, '(');
    for (size_t i = 0; i < where->n; i++) {
        if (i)
            buf_add_z(b, s->any);
        add_term(b, s, account_term(a, where->accounts[i]));
    }
    buf_add_char(b, ')');
    buf_add_z(b, s->all);
}

struct str post_search_match(struct arena *a, enum store_engine engine,
                             const struct search_where *where, struct str line)
{
    const struct spelling *s = &spellings[engine];
    const struct search_query q = analyse_query(a, line, STR_NONE);
    struct buf b;
    buf_init_in(&b, a, MATCH_MAX);
    if (!q.n)
        return STR("");
    add_where(&b, a, s, where);
    for (size_t i = 0; i < q.n; i++) {
        const struct search_group *g = &q.groups[i];
        if (i)
            buf_add_z(&b, s->all);
        if (g->n > 1)
            buf_add_char(&b, '(');
        for (size_t k = 0; k < g->n; k++) {
            if (k)
                buf_add_z(&b, s->any);
            add_choice(&b, s, &g->choices[k]);
        }
        if (g->n > 1)
            buf_add_char(&b, ')');
    }
    return buf_ok(&b) ? buf_str(&b) : STR("");
}
