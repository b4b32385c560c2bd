/* dialect.c - PostgreSQL's text of statements and of the schema. A statement that both engines read
 * alike is copied with its parameters as $n; one that they do not comes from the twin. */
#include <string.h>

#include "base/buf.h"
#include "sqlc.h"

enum { TEXT_MAX = 1 << 20 };

/* Puts in what stands between the last lexeme and this one. */
static void add_gap(struct buf *b, const char **from, const struct lexeme *l)
{
    buf_add(b, (struct str){*from, (size_t)(l->text.p - *from)});
    *from = l->text.p + l->text.n;
}

static int number_of(const char *path, int line, const struct statement *s, struct str parameter)
{
    for (size_t i = 0; i < s->in_count; i++)
        if (str_eq(s->in[i].name, str_sub(parameter, 1, parameter.n)))
            return s->in[i].at;
    fail(path, line, "'%.*s' has no parameter %.*s", STR_FMT(s->name), STR_FMT(parameter));
}

bool is_list(const struct lexeme *l)
{
    return lex_is(l, "json_each") && lex_is(&l[1], "(") && l[2].kind == LEX_PARAMETER &&
           lex_is(&l[3], ")") && lex_is(&l[4], "as") && lex_name(&l[5]).n;
}

/* The text with $n, without what is a hint to SQLite's planner; a list of texts as PostgreSQL's
 * function gives it, under the same name of its column. */
static struct str with_numbers(struct arena *a, const char *path, int line,
                               const struct statement *s, struct str sql, const struct lexemes *l)
{
    struct buf b;
    buf_init_in(&b, a, TEXT_MAX);
    const char *from = sql.p;
    for (size_t i = 0; i < l->n; i++) {
        if (lex_is(&l->p[i], "indexed") && lex_is(&l->p[i + 1], "by")) {
            i += 2;
            from = l->p[i].text.p + l->p[i].text.n;
            continue;
        }
        add_gap(&b, &from, &l->p[i]);
        if (is_list(&l->p[i])) {
            buf_printf(&b, "json_array_elements_text($%d::json) AS %.*s (value)",
                       number_of(path, line, s, l->p[i + 2].text), STR_FMT(l->p[i + 5].text));
            i += 5;
            from = l->p[i].text.p + l->p[i].text.n;
        } else if (l->p[i].kind == LEX_PARAMETER)
            buf_printf(&b, "$%d", number_of(path, line, s, l->p[i].text));
        else
            buf_add(&b, l->p[i].text);
    }
    return buf_str(&b);
}

/* Texts that differ in blanks and comments only are the same. */
static bool same_text(struct arena *a, struct str x, struct str y)
{
    struct lexemes lx = lex(a, x), ly = lex(a, y);
    for (size_t i = 0; lx.n == ly.n && i < lx.n; i++)
        if (!str_eq(lx.p[i].text, ly.p[i].text))
            return false;
    return lx.n == ly.n;
}

/* The twin's text: one statement that names each parameter. */
static struct str twin_text(struct sqlc *t, const struct sql_file *f, const struct statement *s,
                            const struct twin *twin)
{
    struct arena *a = &t->arena;
    struct lexemes l = lex(a, twin->sql);
    if (l.n && lex_is(&l.p[l.n - 1], ";"))
        l.n--;
    if (!l.n)
        fail(f->twin_path, twin->line, "'%.*s' has no SQL", STR_FMT(twin->name));
    for (size_t i = 0; i < l.n; i++)
        if (lex_is(&l.p[i], ";"))
            fail(f->twin_path, twin->line, "'%.*s' has a second statement", STR_FMT(twin->name));
    for (size_t k = 0; k < s->in_count; k++) {
        bool found = false;
        for (size_t i = 0; i < l.n; i++)
            found |= l.p[i].kind == LEX_PARAMETER &&
                     str_eq(str_sub(l.p[i].text, 1, l.p[i].text.n), s->in[k].name);
        if (!found)
            fail(f->twin_path, twin->line, "'%.*s' does without :%.*s", STR_FMT(s->name),
                 STR_FMT(s->in[k].name));
    }
    struct str sql = {l.p[0].text.p, 0};
    sql.n = (size_t)(l.p[l.n - 1].text.p + l.p[l.n - 1].text.n - sql.p);
    return with_numbers(a, f->twin_path, twin->line, s, sql, &l);
}

void set_dialect(struct sqlc *t, sqlite3 *db, const struct sql_file *f, struct statement *s,
                 const struct lexemes *l)
{
    struct arena *a = &t->arena;
    const struct twin *twin = NULL;
    for (size_t i = 0; i < f->twin_count && !twin; i++)
        if (str_eq(f->twins[i].name, s->name))
            twin = &f->twins[i];
    struct str why = why_not_portable(a, db, l);
    if (why.n && !twin)
        fail(f->path, s->line,
             "'%.*s': %.*s; write it as both engines read it, or give PostgreSQL its own text in "
             "%s",
             STR_FMT(s->name), STR_FMT(why), f->twin_path);
    s->pg = twin ? twin_text(t, f, s, twin) : with_numbers(a, f->path, s->line, s, s->sql, l);
    if (s->rows)
        s->pg_rows = rows_text(a, twin ? f->twin_path : f->path, twin ? twin->line : s->line, s,
                               twin ? twin->sql : s->sql);
    if (twin && !why.n && same_text(a, s->pg, with_numbers(a, f->path, s->line, s, s->sql, l)))
        fail(f->twin_path, twin->line, "'%.*s' says what is in %s already; remove it",
             STR_FMT(twin->name), f->path);
}

void check_twins(const struct sql_file *f)
{
    for (size_t i = 0; i < f->twin_count; i++) {
        bool known = false;
        for (size_t k = 0; k < f->statement_count; k++)
            known |= str_eq(f->statements[k].name, f->twins[i].name);
        if (!known)
            fail(f->twin_path, f->twins[i].line, "'%.*s' is no statement of %s",
                 STR_FMT(f->twins[i].name), f->path);
    }
}

/* --- schema --- */

struct script {
    struct sqlc *tool;
    sqlite3 *db;
    const char *path;
    struct str text;
    struct buf out;
    bool has_twin;
};

static void refuse(const struct script *s, const struct lexeme *l, const char *why)
{
    fail(s->path, line_of(s->text, l->text.p), "'%.*s' %s", STR_FMT(l->text), why);
}

/* PostgreSQL's name of a column's type. Texts compare as bytes, as they do on SQLite. */
static const char *type_name(const struct script *s, const struct lexeme *l)
{
    static const char *const types[][2] = {{"INTEGER", "bigint"},
                                           {"TEXT", "text COLLATE \"C\""},
                                           {"BLOB", "bytea"},
                                           {"REAL", "double precision"}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (lex_is(l, types[i][0]))
            return types[i][1];
    refuse(s, l, "is no type of a column: INTEGER, TEXT, BLOB or REAL");
    return NULL;
}

static void check_definition(const struct script *s, const struct lexeme *l)
{
    static const char *const words[] = {"autoincrement", "collate", "generated", "datetime",
                                        "strftime",      "glob",    "like"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (lex_is(l, words[i]))
            refuse(s, l, "means something else on PostgreSQL, or nothing");
}

/* Whether a column's definition begins at i: behind "(" or "," of CREATE TABLE, or behind ADD. */
static bool begins_column(const struct lexemes *l, size_t i, int depth, bool alters)
{
    static const char *const others[] = {"constraint", "primary", "unique", "check", "foreign"};
    if (alters)
        return lex_is(&l->p[i - 1], "column") && lex_is(&l->p[i - 2], "add");
    if (depth != 1 || (!lex_is(&l->p[i - 1], "(") && !lex_is(&l->p[i - 1], ",")))
        return false;
    for (size_t k = 0; k < sizeof others / sizeof *others; k++)
        if (lex_is(&l->p[i], others[k]))
            return false;
    return true;
}

/* CREATE TABLE or ALTER TABLE: types, and the options behind the last parenthesis. */
static void add_table(struct script *s, const struct lexemes *l, const char *from)
{
    bool alters = lex_is(&l->p[0], "alter");
    int depth = 0;
    for (size_t i = 0; i < l->n; i++) {
        const struct lexeme *at = &l->p[i];
        check_definition(s, at);
        if (!alters && !depth && i > 3 && (lex_is(at, "without") || lex_is(at, "strict")))
            break;
        if (i > 2 && begins_column(l, i, depth, alters)) {
            add_gap(&s->out, &from, at);
            buf_add(&s->out, at->text);
            at = &l->p[++i];
            add_gap(&s->out, &from, at);
            buf_add_z(&s->out, type_name(s, at));
            continue;
        }
        depth += lex_is(at, "(") - lex_is(at, ")");
        add_gap(&s->out, &from, at);
        buf_add(&s->out, at->text);
    }
    buf_add_z(&s->out, ";");
}

static void add_statement(struct script *s, const struct lexemes *l, const char *from)
{
    static const char *const rows[] = {"insert", "update", "delete", "select", "with"};
    const struct lexeme *first = &l->p[0], *second = &l->p[1];
    bool creates = lex_is(first, "create");
    if (creates && (lex_is(second, "virtual") || lex_is(second, "trigger"))) {
        if (!s->has_twin)
            refuse(s, second, "needs a file NNN-*.pg.sql with what PostgreSQL has in its place");
        return;
    }
    if ((creates || lex_is(first, "alter")) && lex_is(second, "table")) {
        add_table(s, l, from);
        return;
    }
    bool known = creates || lex_is(first, "drop") || lex_is(first, "alter");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (lex_is(first, rows[i])) {
            struct str why = why_not_portable(&s->tool->arena, s->db, l);
            if (why.n)
                fail(s->path, line_of(s->text, first->text.p), "%.*s", STR_FMT(why));
            known = true;
        }
    if (!known)
        refuse(s, first, "is nothing that a schema file does on both engines");
    for (size_t i = 0; i < l->n; i++) {
        add_gap(&s->out, &from, &l->p[i]);
        buf_add(&s->out, l->p[i].text);
    }
    buf_add_z(&s->out, ";");
}

/* Number of lexemes up to the ';' that ends the statement; a trigger holds some inside. */
static size_t statement_length(const struct lexemes *l, size_t from)
{
    bool trigger = lex_is(&l->p[from], "create") && lex_is(&l->p[from + 1], "trigger");
    size_t i = from;
    while (i < l->n && !(lex_is(&l->p[i], ";") && (!trigger || lex_is(&l->p[i - 1], "end"))))
        i++;
    return i - from;
}

struct str translate_schema(struct sqlc *t, sqlite3 *db, const char *path)
{
    const char *twin_path;
    struct script s = {.tool = t, .db = db, .path = path, .text = read_file(&t->arena, path)};
    struct str twin = read_twin(&t->arena, path, &twin_path);
    struct lexemes all = lex(&t->arena, s.text);
    s.has_twin = twin.p != NULL;
    buf_init_in(&s.out, &t->arena, TEXT_MAX);
    const char *from = s.text.p;
    for (size_t i = 0; i < all.n;) {
        struct lexemes one = {all.p + i, statement_length(&all, i)};
        if (one.n)
            add_statement(&s, &one, from);
        i += one.n + 1;
        from = i <= all.n ? all.p[i - 1].text.p + all.p[i - 1].text.n : from;
    }
    buf_add_z(&s.out, "\n");
    buf_add(&s.out, twin);
    return buf_str(&s.out);
}
