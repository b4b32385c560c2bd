/* check.c - lets SQLite compile each statement against the schema and compares what it says with
 * the header: parameters, columns, tables touched. SQLite's authorizer callback tells the tables.
 */
#include <string.h>

#include "base/vec.h"
#include "sqlc.h"

/* What the authorizer saw while one statement was compiled. */
struct touched {
    sqlite3 *db;
    struct arena *a;
    struct vec tables, written; /* struct str */
    const char *forbidden;      /* what it does beside reading and writing rows */
};

const char *skip_comments(struct str s)
{
    const char *p = skip_blanks(s), *end = s.p + s.n;
    while (p < end && *p == ';')
        p = skip_blanks((struct str){p + 1, (size_t)(end - p) - 1});
    return p;
}

static void add_table(struct touched *t, struct vec *list, const char *name)
{
    if (!name || strncmp(name, "sqlite_", 7) == 0)
        return;
    for (size_t i = 0; i < list->n; i++)
        if (str_eq_z(*(struct str *)vec_at(list, i), name))
            return;
    *(struct str *)vec_push(list) = arena_strz(t->a, name);
}

static int authorize(void *p, int action, const char *table, const char *column, const char *base,
                     const char *inside)
{
    struct touched *t = p;
    (void)column;
    (void)base;
    switch (action) {
    case SQLITE_READ:
        add_table(t, &t->tables, table);
        break;
    case SQLITE_INSERT:
    case SQLITE_UPDATE:
    case SQLITE_DELETE:
        add_table(t, &t->tables, table);
        if (!inside) /* what a trigger writes is the schema's business */
            add_table(t, &t->written, table);
        break;
    case SQLITE_SELECT:
    case SQLITE_FUNCTION:
    case SQLITE_RECURSIVE:
        break;
    default:
        t->forbidden =
            "reads or writes no rows: schema, transactions and settings belong to the store";
    }
    return SQLITE_OK;
}

bool ask(sqlite3 *db, const char *sql, struct str arg, struct str second)
{
    sqlite3_stmt *q;
    if (sqlite3_prepare_v2(db, sql, -1, &q, NULL) != SQLITE_OK)
        fail("sqlc", 0, "%s", sqlite3_errmsg(db));
    sqlite3_bind_text(q, 1, arg.p, (int)arg.n, SQLITE_STATIC);
    sqlite3_bind_text(q, 2, second.p, (int)second.n, SQLITE_STATIC);
    bool found = sqlite3_step(q) == SQLITE_ROW;
    sqlite3_finalize(q);
    return found;
}

static void check_parameters(const struct sql_file *f, struct statement *s, sqlite3_stmt *stmt)
{
    for (size_t i = 0; i < s->in_count; i++) {
        struct field *p = &s->in[i];
        char name[128];
        if (p->name.n + 2 > sizeof name)
            fail(f->path, s->line, "parameter '%.*s' has too long a name", STR_FMT(p->name));
        name[0] = ':';
        memcpy(name + 1, p->name.p, p->name.n);
        name[p->name.n + 1] = 0;
        p->at = sqlite3_bind_parameter_index(stmt, name);
        if (!p->at)
            fail(f->path, s->line, "parameter '%.*s' is declared, but the SQL has no :%.*s",
                 STR_FMT(p->name), STR_FMT(p->name));
    }
    for (int at = 1; at <= sqlite3_bind_parameter_count(stmt); at++) {
        const char *name = sqlite3_bind_parameter_name(stmt, at);
        if (!name || name[0] != ':')
            fail(f->path, s->line, "parameter %d has no name; write :name", at);
        bool declared = false;
        for (size_t i = 0; i < s->in_count; i++)
            declared = declared || s->in[i].at == at;
        if (!declared)
            fail(f->path, s->line, "the SQL has %s, but it is not declared as a parameter", name);
    }
}

/* A column that is plainly of one type must not be read as another. */
static bool type_fits(const char *declared, enum field_type type)
{
    static const struct {
        const char *name;
        enum field_type type;
    } plain[] = {
        {"INTEGER", FIELD_I64}, {"REAL", FIELD_REAL}, {"TEXT", FIELD_TEXT}, {"BLOB", FIELD_BLOB}};
    for (size_t i = 0; declared && i < sizeof plain / sizeof *plain; i++)
        if (str_eq_nocase(str_z(declared), str_z(plain[i].name)))
            return plain[i].type == type;
    return true;
}

static void check_columns(const struct sql_file *f, const struct statement *s, sqlite3_stmt *stmt)
{
    int n = sqlite3_column_count(stmt);
    if (n != (int)s->out_count)
        fail(f->path, s->line, "'%.*s' declares %zu columns, the SQL returns %d", STR_FMT(s->name),
             s->out_count, n);
    for (int i = 0; i < n; i++) {
        const struct field *c = &s->out[i];
        const char *name = sqlite3_column_name(stmt, i);
        const char *type = sqlite3_column_decltype(stmt, i);
        if (!str_eq_z(c->name, name))
            fail(f->path, s->line, "column %d is declared as '%.*s', but the SQL calls it '%s'",
                 i + 1, STR_FMT(c->name), name);
        if (!type_fits(type, c->type))
            fail(f->path, s->line, "column '%s' is declared as %s, but the schema says %s", name,
                 field_type_words[c->type], type);
    }
}

/* Whether it says LIMIT; outside of parentheses only when outer is set. */
static bool has_limit(const struct lexemes *l, bool outer)
{
    int depth = 0;
    for (size_t i = 0; i < l->n; i++) {
        depth += lex_is(&l->p[i], "(") - lex_is(&l->p[i], ")");
        if (lex_is(&l->p[i], "limit") && (!depth || !outer))
            return true;
    }
    return false;
}

static void check_kind(const struct sql_file *f, const struct statement *s, const struct lexemes *l)
{
    if (s->kind == STATEMENT_EXEC && !s->writes)
        fail(f->path, s->line, "'%.*s' is exec, but writes nothing; use one or many",
             STR_FMT(s->name));
    if (s->kind == STATEMENT_MANY && !s->unbounded && !has_limit(l, !s->writes))
        fail(f->path, s->line,
             "'%.*s' may return any number of rows: add LIMIT, or end its header with "
             "unbounded \"reason\"",
             STR_FMT(s->name));
}

static void check_tables(const struct sql_file *f, const struct statement *s, struct touched *t)
{
    bool bound = s->any_brand;
    for (size_t i = 0; i < s->in_count; i++)
        bound = bound || str_eq_z(s->in[i].name, "brand");
    for (size_t i = 0; i < t->tables.n && !bound; i++) {
        struct str table = *(struct str *)vec_at(&t->tables, i);
        if (ask(t->db, "SELECT 1 FROM pragma_table_info(?1) WHERE name = 'brand'", table, STR_NONE))
            fail(f->path, s->line,
                 "'%.*s' touches %.*s, which belongs to brands, without binding :brand; "
                 "bind it, or end the header with any-brand \"reason\"",
                 STR_FMT(s->name), STR_FMT(table));
    }
    for (size_t i = 0; i < t->written.n; i++) {
        struct str table = *(struct str *)vec_at(&t->written, i);
        bool own = false;
        for (size_t k = 0; k < f->owns_count; k++)
            own = own || str_eq(f->owns[k], table);
        if (!own)
            fail(f->path, s->line,
                 "'%.*s' writes %.*s, which is not in this file's --owns:", STR_FMT(s->name),
                 STR_FMT(table));
    }
}

static void check_statement(struct sqlc *tool, sqlite3 *db, struct sql_file *f, struct statement *s)
{
    struct touched t = {.db = db, .a = &tool->arena};
    vec_init(&t.tables, t.a, sizeof(struct str));
    vec_init(&t.written, t.a, sizeof(struct str));
    sqlite3_stmt *stmt;
    const char *start = skip_comments(s->sql), *tail;
    sqlite3_set_authorizer(db, authorize, &t);
    int rc = sqlite3_prepare_v2(db, start, (int)(s->sql.p + s->sql.n - start), &stmt, &tail);
    sqlite3_set_authorizer(db, NULL, NULL);
    if (rc != SQLITE_OK) {
        int offset = sqlite3_error_offset(db);
        fail(f->path, line_of(f->text, start + (offset > 0 ? offset : 0)), "'%.*s': %s",
             STR_FMT(s->name), sqlite3_errmsg(db));
    }
    const char *behind = skip_comments((struct str){tail, (size_t)(s->sql.p + s->sql.n - tail)});
    if (behind != s->sql.p + s->sql.n)
        fail(f->path, line_of(f->text, behind),
             "'%.*s' has a second statement; give it its own header", STR_FMT(s->name));
    s->sql = str_trim((struct str){start, (size_t)(tail - start)});
    if (str_ends(s->sql, STR(";")))
        s->sql = str_trim(str_sub(s->sql, 0, s->sql.n - 1));
    s->writes = !sqlite3_stmt_readonly(stmt);
    if (t.forbidden)
        fail(f->path, s->line, "'%.*s' %s", STR_FMT(s->name), t.forbidden);
    struct lexemes l = lex(&tool->arena, s->sql);
    check_parameters(f, s, stmt);
    check_kind(f, s, &l);
    check_columns(f, s, stmt);
    check_tables(f, s, &t);
    sqlite3_finalize(stmt);
    set_dialect(tool, db, f, s, &l);
}

void check_statements(struct sqlc *t, sqlite3 *db, struct sql_file *f)
{
    for (size_t i = 0; i < f->owns_count; i++)
        if (!ask(db, "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1", f->owns[i],
                 STR_NONE))
            fail(f->path, f->owns_line, "--owns: names '%.*s', which is no table of the schema",
                 STR_FMT(f->owns[i]));
    for (size_t i = 0; i < f->statement_count; i++)
        check_statement(t, db, f, &f->statements[i]);
}
