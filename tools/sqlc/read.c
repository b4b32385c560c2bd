/* read.c - cuts a .sql file into statements and reads their headers. */
#include <stdio.h>
#include <string.h>

#include "base/vec.h"
#include "sqlc.h"

const char *const field_type_words[FIELD_TYPE_COUNT] = {"i64", "real", "text", "blob"};
static const char *const kind_words[STATEMENT_KIND_COUNT] = {"one", "many", "exec"};

/* Where the header reader stands: the joined header text, and what to name in a complaint. */
struct cursor {
    const char *path;
    int line;
    struct str rest;
};

static bool name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

static bool take(struct cursor *c, const char *token)
{
    c->rest = str_trim(c->rest);
    if (!str_starts(c->rest, str_z(token)))
        return false;
    c->rest = str_sub(c->rest, strlen(token), c->rest.n);
    return true;
}

static void want(struct cursor *c, const char *token)
{
    if (!take(c, token))
        fail(c->path, c->line, "'%s' expected before '%.*s'", token, STR_FMT(c->rest));
}

static struct str take_word(struct cursor *c)
{
    c->rest = str_trim(c->rest);
    size_t n = 0;
    while (n < c->rest.n && name_char(c->rest.p[n]))
        n++;
    struct str word = str_sub(c->rest, 0, n);
    c->rest = str_sub(c->rest, n, c->rest.n);
    return word;
}

/* A name becomes a name in C, so it must not be one of C's own words. */
static struct str take_name(struct cursor *c, const char *what)
{
    static const char *const taken[] = {
        "auto",     "bool",   "break",  "case",     "char",     "const",  "continue", "default",
        "do",       "double", "else",   "enum",     "extern",   "float",  "for",      "goto",
        "if",       "inline", "int",    "long",     "register", "return", "short",    "signed",
        "sizeof",   "static", "struct", "switch",   "typedef",  "union",  "unsigned", "void",
        "volatile", "while",  "errno",  "restrict", "true",     "false"};
    struct str name = take_word(c);
    if (!name.n || (name.p[0] >= '0' && name.p[0] <= '9'))
        fail(c->path, c->line, "%s expected before '%.*s' (a-z, 0-9 and _)", what,
             STR_FMT(c->rest));
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        if (str_eq_z(name, taken[i]))
            fail(c->path, c->line, "'%s' is a word of C; name it otherwise (for a column: AS)",
                 taken[i]);
    return name;
}

static struct field *take_fields(struct cursor *c, struct arena *a, const char *what, size_t *n)
{
    struct vec fields;
    vec_init(&fields, a, sizeof(struct field));
    want(c, "(");
    while (!take(c, ")")) {
        if (fields.n)
            want(c, ",");
        struct field f = {.name = take_name(c, what)};
        struct str type = take_word(c);
        while (f.type < FIELD_TYPE_COUNT && !str_eq_z(type, field_type_words[f.type]))
            f.type++;
        if (f.type == FIELD_TYPE_COUNT)
            fail(c->path, c->line, "'%.*s' has the type '%.*s'; it is one of i64, real, text, blob",
                 STR_FMT(f.name), STR_FMT(type));
        f.null = take(c, "?");
        if (f.null && f.type == FIELD_REAL)
            fail(c->path, c->line, "'%.*s': real cannot be NULL, since 0.0 is a value of its own",
                 STR_FMT(f.name));
        for (size_t i = 0; i < fields.n; i++)
            if (str_eq(((struct field *)vec_at(&fields, i))->name, f.name))
                fail(c->path, c->line, "'%.*s' is declared twice", STR_FMT(f.name));
        *(struct field *)vec_push(&fields) = f;
    }
    *n = fields.n;
    return fields.p;
}

static bool take_reasoned(struct cursor *c, const char *flag)
{
    if (!take(c, flag))
        return false;
    want(c, "\"");
    ptrdiff_t end = str_find_char(c->rest, '"', 0);
    if (end < 3)
        fail(c->path, c->line, "%s wants its reason in quotes", flag);
    c->rest = str_sub(c->rest, (size_t)end + 1, c->rest.n);
    return true;
}

static void read_header(struct cursor *c, struct arena *a, struct statement *s)
{
    s->name = take_name(c, "a name");
    struct str kind = take_word(c);
    while (s->kind < STATEMENT_KIND_COUNT && !str_eq_z(kind, kind_words[s->kind]))
        s->kind++;
    if (s->kind == STATEMENT_KIND_COUNT)
        fail(c->path, c->line, "'%.*s' is of kind '%.*s'; it is one of one, many, exec",
             STR_FMT(s->name), STR_FMT(kind));
    if (str_starts(str_trim(c->rest), STR("(")))
        s->in = take_fields(c, a, "a parameter", &s->in_count);
    if (take(c, "->"))
        s->out = take_fields(c, a, "a column", &s->out_count);
    for (bool more = true; more;) {
        more = false;
        if (take_reasoned(c, "unbounded"))
            more = s->unbounded = true;
        else if (take_reasoned(c, "any-brand"))
            more = s->any_brand = true;
        else if (take(c, "rows"))
            more = s->rows = true;
    }
    c->rest = str_trim(c->rest);
    if (c->rest.n)
        fail(c->path, c->line, "'%.*s' is not understood", STR_FMT(c->rest));
    if (s->kind == STATEMENT_EXEC && s->out_count)
        fail(c->path, c->line, "'%.*s' is exec and returns nothing; use one or many",
             STR_FMT(s->name));
    if (s->rows && (s->kind != STATEMENT_EXEC || !s->in_count))
        fail(c->path, c->line, "'%.*s' has rows: that is for an exec with parameters",
             STR_FMT(s->name));
    if (s->kind != STATEMENT_EXEC && !s->out_count)
        fail(c->path, c->line, "'%.*s' returns rows: declare them with -> (name type, ...)",
             STR_FMT(s->name));
}

static void read_owns(struct sql_file *f, struct arena *a, struct str list, int line)
{
    struct vec tables;
    vec_init(&tables, a, sizeof(struct str));
    if (f->owns_line)
        fail(f->path, line, "--owns: stands once in a file");
    for (struct str piece; str_next(&list, ',', &piece);)
        *(struct str *)vec_push(&tables) = str_trim(piece);
    f->owns = tables.p;
    f->owns_count = tables.n;
    f->owns_line = line;
}

static void end_statement(struct sql_file *f, struct vec *statements, const char *end)
{
    if (!statements->n)
        return;
    struct statement *s = vec_at(statements, statements->n - 1);
    s->sql.n = (size_t)(end - s->sql.p);
    if (skip_comments(s->sql) == end)
        fail(f->path, s->line, "'%.*s' has no SQL", STR_FMT(s->name));
}

/* Joins the lines of a header that begins with line; leaves rest behind them. */
static struct str join_header(struct arena *a, struct str *rest, struct str line)
{
    struct str text = str_sub(line, 3, line.n);
    while (str_starts(*rest, STR("--:"))) {
        str_next_line(rest, &line);
        text = arena_printf(a, "%.*s %.*s", STR_FMT(text), STR_FMT(str_sub(line, 3, line.n)));
    }
    return text;
}

void read_statements(struct sqlc *t, struct sql_file *f)
{
    struct vec statements;
    vec_init(&statements, &t->arena, sizeof(struct statement));
    struct str rest = f->text, line;
    while (str_next_line(&rest, &line)) {
        int number = line_of(f->text, line.p);
        if (str_starts(line, STR("--owns:"))) {
            read_owns(f, &t->arena, str_sub(line, 7, line.n), number);
        } else if (str_starts(line, STR("--:"))) {
            end_statement(f, &statements, line.p);
            struct statement s = {.line = number};
            struct cursor c = {f->path, number, join_header(&t->arena, &rest, line)};
            read_header(&c, &t->arena, &s);
            for (size_t i = 0; i < statements.n; i++)
                if (str_eq(((struct statement *)vec_at(&statements, i))->name, s.name))
                    fail(f->path, number, "'%.*s' exists already", STR_FMT(s.name));
            s.sql.p = rest.n ? rest.p : f->text.p + f->text.n;
            *(struct statement *)vec_push(&statements) = s;
        } else if (!statements.n && skip_comments(line) != line.p + line.n) {
            fail(f->path, number, "SQL without a header (--: name kind ...)");
        }
    }
    end_statement(f, &statements, f->text.p + f->text.n);
    f->statements = statements.p;
    f->statement_count = statements.n;
}

struct str read_twin(struct arena *a, const char *path, const char **twin_path)
{
    struct str base = str_z(path);
    base.n -= str_ends(base, STR(".sql")) ? 4 : 0;
    *twin_path = arena_printf(a, "%.*s.pg.sql", STR_FMT(base)).p;
    FILE *there = fopen(*twin_path, "rb");
    if (!there)
        return STR_NONE;
    fclose(there);
    return read_file(a, *twin_path);
}

void read_twins(struct sqlc *t, struct sql_file *f)
{
    struct vec twins;
    struct str text = read_twin(&t->arena, f->path, &f->twin_path), rest = text, line;
    vec_init(&twins, &t->arena, sizeof(struct twin));
    while (str_next_line(&rest, &line)) {
        int number = line_of(text, line.p);
        if (str_starts(line, STR("--:"))) {
            struct twin twin = {.line = number};
            struct cursor c = {f->twin_path, number, str_sub(line, 3, line.n)};
            twin.name = take_name(&c, "a name");
            if (str_trim(c.rest).n)
                fail(f->twin_path, number,
                     "a twin has a name only: its header stands in the file "
                     "beside it");
            for (size_t i = 0; i < twins.n; i++)
                if (str_eq(((struct twin *)vec_at(&twins, i))->name, twin.name))
                    fail(f->twin_path, number, "'%.*s' exists already", STR_FMT(twin.name));
            twin.sql.p = rest.n ? rest.p : text.p + text.n;
            *(struct twin *)vec_push(&twins) = twin;
        } else if (!twins.n && skip_comments(line) != line.p + line.n) {
            fail(f->twin_path, number, "SQL without a header (--: name)");
        }
        if (twins.n) {
            struct twin *last = vec_at(&twins, twins.n - 1);
            last->sql.n = (size_t)((rest.n ? rest.p : text.p + text.n) - last->sql.p);
        }
    }
    f->twins = twins.p;
    f->twin_count = twins.n;
}
