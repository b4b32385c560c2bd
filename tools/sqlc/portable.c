/* portable.c - finds what SQLite and PostgreSQL read differently. What PostgreSQL simply refuses is
 * found by the tests, which prepare each statement there; here stands what it would take in another
 * sense, and what it refuses in words that do not help. */
#include <string.h>

#include "sqlc.h"

enum { DEPTH_MAX = 64 };

/* Where one stands: one level for each open parenthesis or CASE. */
struct level {
    bool condition; /* else a value is expected */
    bool sets;      /* inside SET ... */
    bool target;    /* ... before the '=' of an item */
    bool ordered;   /* inside ORDER BY */
};

struct scan {
    struct arena *a;
    sqlite3 *db;
    const struct lexemes *l;
    struct level level[DEPTH_MAX];
    size_t depth;
    struct str table; /* that an INSERT writes */
    bool upsert;      /* behind DO UPDATE */
};

static bool is_any(const struct lexeme *l, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (lex_is(l, words[i]))
            return true;
    return false;
}

/* Words behind which a parenthesis is no call of a function. */
static bool is_keyword(const struct lexeme *l)
{
    static const char *const words[] = {
        "all",      "and",       "as",        "between",   "by",        "case",   "conflict",
        "distinct", "else",      "end",       "except",    "exists",    "filter", "from",
        "group",    "having",    "in",        "insert",    "intersect", "into",   "is",
        "join",     "limit",     "not",       "null",      "offset",    "on",     "or",
        "order",    "over",      "partition", "returning", "select",    "set",    "then",
        "union",    "update",    "using",     "values",    "when",      "where",  "with",
        "excluded", "recursive", "desc",      "asc",       "left",      "do",     "nothing"};
    return l->kind == LEX_WORD && is_any(l, words, sizeof words / sizeof *words);
}

static struct str words_of_place(struct arena *a, const struct lexeme *l, const char *what)
{
    return arena_printf(a, "'%.*s' %s", STR_FMT(l->text), what);
}

/* Place of the second argument behind the parenthesis at open; 0: there is none. */
static size_t second_argument(const struct lexemes *l, size_t open)
{
    int depth = 0;
    for (size_t i = open; i < l->n; i++) {
        depth += lex_is(&l->p[i], "(") - lex_is(&l->p[i], ")");
        if (!depth)
            break;
        if (depth == 1 && lex_is(&l->p[i], ","))
            return i + 1;
    }
    return 0;
}

/* A function at i that both engines know in the same sense. */
static struct str check_call(const struct scan *s, size_t i)
{
    static const char *const known[] = {"count",  "sum",    "min",    "max", "coalesce",
                                        "nullif", "substr", "length", "abs", "row_number"};
    const struct lexeme *f = &s->l->p[i];
    if (lex_is(f, "json_each"))
        return is_list(f)
                   ? STR_NONE
                   : words_of_place(s->a, f, "is read in one form: json_each(:list) AS name");
    if (!is_any(f, known, sizeof known / sizeof *known))
        return words_of_place(s->a, f, "is no function that is known to do the same on both");
    size_t second = second_argument(s->l, i + 1);
    if ((lex_is(f, "min") || lex_is(f, "max")) && second)
        return words_of_place(s->a, f, "of two values is SQLite's alone: use CASE");
    if (lex_is(f, "substr") &&
        (!second || s->l->p[second].kind != LEX_NUMBER || str_eq(s->l->p[second].text, STR("0"))))
        return words_of_place(s->a, f, "counts alike from a literal place from 1 on only");
    return STR_NONE;
}

static struct str check_word(const struct lexeme *l, struct arena *a)
{
    static const struct {
        const char *word, *why;
    } words[] = {
        {"like", "takes no notice of case on SQLite"},
        {"glob", "is SQLite's alone"},
        {"regexp", "is SQLite's alone"},
        {"match", "is SQLite's search"},
        {"cast", "cuts on SQLite and rounds on PostgreSQL"},
        {"collate", "names an order that the other engine does not know"},
        {"rowid", "is SQLite's alone: name the key"},
        {"oid", "is SQLite's alone: name the key"},
        {"replace", "is SQLite's alone: write ON CONFLICT DO UPDATE"},
        {"ilike", "is PostgreSQL's alone"},
        {"x", "before a quote makes a blob on SQLite alone: bind it"},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (lex_is(l, words[i].word) && (words[i].word[1] || l[1].kind == LEX_TEXT) &&
            !lex_is(&l[1], "."))
            return words_of_place(a, l, words[i].why);
    if (lex_is(l, "insert") && lex_is(&l[1], "or"))
        return STR("INSERT OR is SQLite's alone: write ON CONFLICT");
    if (lex_is(l, "=="))
        return STR("'==' is SQLite's alone: write =");
    if ((lex_is(l, "/") || lex_is(l, "%")) &&
        (l[1].kind != LEX_NUMBER || str_eq(l[1].text, STR("0"))) && !lex_is(&l[1], "nullif"))
        return words_of_place(a, l,
                              "by 0 gives NULL on SQLite and fails on PostgreSQL: divide by "
                              "a number or by nullif(..., 0)");
    return STR_NONE;
}

/* A comparison where a value is expected gives 0 or 1 on SQLite, true or false on PostgreSQL. */
static struct str check_truth(struct scan *s, const struct lexeme *l)
{
    static const char *const truths[] = {
        "=", "<>", "!=", "<", ">", "<=", ">=", "in", "exists", "is", "between", "not", "and", "or"};
    struct level *at = &s->level[s->depth];
    if (at->sets && at->target && lex_is(l, "=")) {
        at->target = false;
        return STR_NONE;
    }
    if (at->condition || !is_any(l, truths, sizeof truths / sizeof *truths))
        return STR_NONE;
    return words_of_place(s->a, l,
                          "stands where a value is expected, and truth is a number on "
                          "SQLite alone: write CASE WHEN ... THEN 1 ELSE 0 END");
}

/* "last = last + 1" behind DO UPDATE: PostgreSQL asks which. */
static struct str check_upsert(const struct scan *s, size_t i)
{
    const struct lexeme *l = &s->l->p[i];
    const struct level *at = &s->level[s->depth];
    if (!s->upsert || (at->sets && at->target) || !lex_name(l).n || lex_is(&l[1], ".") ||
        lex_is(&l[1], "(") || lex_is(&l[-1], ".") || is_keyword(l) ||
        !ask(s->db, "SELECT 1 FROM pragma_table_info(?1) WHERE name = ?2", s->table, lex_name(l)))
        return STR_NONE;
    return arena_printf(s->a, "'%.*s' behind DO UPDATE: say which, %.*s.%.*s or excluded.%.*s",
                        STR_FMT(l->text), STR_FMT(s->table), STR_FMT(l->text), STR_FMT(l->text));
}

/* Whether the table named at i, behind FROM, JOIN or a comma, is one that alias stands for. */
static bool stands_for(const struct lexeme *l, struct str alias)
{
    const struct lexeme *other = lex_is(&l[1], "as") ? &l[2] : &l[1];
    return str_eq(lex_name(l), alias) || (!is_keyword(other) && str_eq(lex_name(other), alias));
}

/* Whether a column, of the table with that alias or of any, can be NULL. */
static bool can_be_null(const struct scan *s, struct str alias, struct str column)
{
    const struct lexemes *l = s->l;
    for (size_t i = 1; i < l->n; i++) {
        if (!lex_is(&l->p[i - 1], "from") && !lex_is(&l->p[i - 1], "join"))
            continue;
        if (alias.n && !stands_for(&l->p[i], alias))
            continue;
        struct str table = lex_name(&l->p[i]);
        if (!ask(s->db, "SELECT 1 FROM pragma_table_info(?1) WHERE name = ?2", table, column))
            continue;
        if ((i > 1 && lex_is(&l->p[i - 2], "left")) ||
            ask(s->db,
                "SELECT 1 FROM pragma_table_info(?1) WHERE name = ?2 AND NOT \"notnull\" AND NOT "
                "pk",
                table, column))
            return true;
    }
    return false;
}

/* At an item of ORDER BY: a column that can be NULL needs NULLS FIRST or LAST. */
static struct str check_order(const struct scan *s, size_t i)
{
    const struct lexeme *l = &s->l->p[i];
    bool qualified = lex_is(&l[1], ".");
    const struct lexeme *column = qualified ? &l[2] : l, *next = &column[1];
    if (lex_is(next, "asc") || lex_is(next, "desc"))
        next++;
    bool ends =
        next->kind == LEX_END || lex_is(next, ",") || lex_is(next, ")") || lex_is(next, "limit");
    if (!lex_name(column).n || !ends ||
        !can_be_null(s, qualified ? lex_name(l) : STR(""), lex_name(column)))
        return STR_NONE;
    return words_of_place(s->a, column,
                          "can be NULL, which SQLite sorts first and PostgreSQL "
                          "last: write NULLS FIRST or NULLS LAST");
}

static void open_level(struct scan *s, bool condition)
{
    if (s->depth + 1 == DEPTH_MAX)
        fail("sqlc", 0, "a statement has more than %d levels", DEPTH_MAX);
    s->level[++s->depth] = (struct level){.condition = condition};
}

/* Follows the clauses, so that each place is known as a condition or a value. */
static void follow(struct scan *s, size_t i)
{
    static const char *const conditions[] = {"where", "on", "having", "when"};
    static const char *const values[] = {"select", "then",  "else",      "from",   "group",
                                         "order",  "limit", "returning", "values", "set"};
    const struct lexeme *l = &s->l->p[i];
    struct level *at = &s->level[s->depth];
    if (lex_is(l, "(")) {
        bool call = i && s->l->p[i - 1].kind == LEX_WORD && !is_keyword(&s->l->p[i - 1]);
        open_level(s, at->condition && !call);
    } else if (lex_is(l, "case")) {
        open_level(s, false);
    } else if ((lex_is(l, ")") || lex_is(l, "end")) && s->depth) {
        s->depth--;
    } else if (is_any(l, conditions, 4) || is_any(l, values, sizeof values / sizeof *values)) {
        at->condition = is_any(l, conditions, 4);
        at->sets = at->target = lex_is(l, "set");
        at->ordered = lex_is(l, "order");
    } else if (lex_is(l, ",") && at->sets) {
        at->target = true;
    }
    if (i && lex_is(l, "update") && lex_is(&s->l->p[i - 1], "do"))
        s->upsert = true;
    if (lex_is(l, "returning"))
        s->upsert = false;
    if (i && lex_is(&s->l->p[i - 1], "into"))
        s->table = lex_name(l);
}

struct str why_not_portable(struct arena *a, sqlite3 *db, const struct lexemes *l)
{
    struct scan s = {.a = a, .db = db, .l = l};
    for (size_t i = 0; i < l->n; i++) {
        const struct lexeme *at = &l->p[i];
        bool names_table = i && (lex_is(&l->p[i - 1], "into") || lex_is(&l->p[i - 1], "with"));
        struct str why = check_word(at, a);
        if (!why.n && at->kind == LEX_WORD && lex_is(&at[1], "(") && !is_keyword(at) &&
            !names_table)
            why = check_call(&s, i);
        if (!why.n)
            why = check_truth(&s, at);
        if (!why.n)
            why = check_upsert(&s, i);
        if (!why.n && s.level[s.depth].ordered && i &&
            (lex_is(&at[-1], "by") || lex_is(&at[-1], ",")))
            why = check_order(&s, i);
        if (why.n)
            return why;
        follow(&s, i);
    }
    return STR_NONE;
}
