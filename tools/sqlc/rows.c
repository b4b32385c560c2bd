/* rows.c - an INSERT of one row as PostgreSQL's INSERT of many: each parameter becomes an array,
 * and VALUES (...) a SELECT of the same expressions from their elements. A plan is made ready once
 * a statement, and with a dozen indexes that costs more there than a row. */
#include "base/buf.h"
#include "sqlc.h"

enum { TEXT_MAX = 64 * 1024 };

static const char *const array_types[FIELD_TYPE_COUNT] = {"bigint[]", "double precision[]",
                                                          "text[]", "bytea[]"};

/* Place of VALUES with its parenthesis outside of any other; l->n: none. */
static size_t find_values(const struct lexemes *l)
{
    int depth = 0;
    for (size_t i = 0; i < l->n; i++) {
        if (!depth && lex_is(&l->p[i], "values") && lex_is(&l->p[i + 1], "("))
            return i;
        depth += lex_is(&l->p[i], "(") - lex_is(&l->p[i], ")");
    }
    return l->n;
}

/* Place of the parenthesis that closes the one at open; l->n: none. */
static size_t find_close(const struct lexemes *l, size_t open)
{
    int depth = 0;
    for (size_t i = open; i < l->n; i++) {
        depth += lex_is(&l->p[i], "(") - lex_is(&l->p[i], ")");
        if (!depth)
            return i;
    }
    return l->n;
}

static void add_source(struct buf *b, const struct statement *s)
{
    buf_add_z(b, " FROM unnest(");
    for (size_t at = 1; at <= s->in_count; at++)
        for (size_t i = 0; i < s->in_count; i++)
            if (s->in[i].at == (int)at)
                buf_printf(b, "%s$%zu::%s", at > 1 ? ", " : "", at, array_types[s->in[i].type]);
    buf_add_z(b, ") AS each (");
    for (size_t at = 1; at <= s->in_count; at++)
        for (size_t i = 0; i < s->in_count; i++)
            if (s->in[i].at == (int)at)
                buf_printf(b, "%s\"%.*s\"", at > 1 ? ", " : "", STR_FMT(s->in[i].name));
    buf_add_z(b, ")");
}

struct str rows_text(struct arena *a, const char *path, int line, const struct statement *s,
                     struct str sql)
{
    struct buf b;
    struct lexemes l = lex(a, sql);
    size_t values = find_values(&l);
    size_t close = values < l.n ? find_close(&l, values + 1) : l.n;
    if (!lex_is(&l.p[0], "insert") || close == l.n)
        fail(path, line, "'%.*s' has rows: write INSERT ... VALUES (...)", STR_FMT(s->name));
    buf_init_in(&b, a, TEXT_MAX);
    const char *from = l.p[0].text.p;
    for (size_t i = 0; i < l.n && !lex_is(&l.p[i], ";"); i++) {
        const struct lexeme *at = &l.p[i];
        bool inside = i > values && i < close;
        if (at->kind == LEX_PARAMETER && !inside)
            fail(path, line, "'%.*s' has rows: %.*s stands outside of VALUES (...)",
                 STR_FMT(s->name), STR_FMT(at->text));
        buf_add(&b, (struct str){from, (size_t)(at->text.p - from)});
        from = at->text.p + at->text.n;
        if (i == values)
            buf_add_z(&b, "SELECT");
        else if (i == values + 1)
            buf_add_z(&b, " ");
        else if (i == close)
            add_source(&b, s);
        else if (at->kind == LEX_PARAMETER)
            buf_printf(&b, "each.\"%.*s\"", STR_FMT(str_sub(at->text, 1, at->text.n)));
        else
            buf_add(&b, at->text);
    }
    return buf_str(&b);
}
