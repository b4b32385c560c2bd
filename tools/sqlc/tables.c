/* tables.c - each table of the schema with the statements that read and write it whole, in the
 * order of its key (store/copy.h). */
#include <stdio.h>

#include "base/buf.h"
#include "base/vec.h"
#include "sqlc.h"

enum { TEXT_MAX = 64 * 1024 };

struct column {
    struct str name;
    char letter;
    int key; /* place within the key, from 1; 0: none */
};

struct table {
    struct str name;
    struct vec columns; /* struct column */
    size_t key_count;
    int64_t seeds; /* rows that the schema itself puts in */
};

static struct str text_at(struct arena *a, sqlite3_stmt *q, int at)
{
    return arena_strz(a, (const char *)sqlite3_column_text(q, at));
}

static void read_columns(struct sqlc *t, sqlite3 *db, struct table *table)
{
    sqlite3_stmt *q;
    vec_init(&table->columns, &t->arena, sizeof(struct column));
    if (sqlite3_prepare_v2(db, "SELECT name, type, pk FROM pragma_table_info(?1)", -1, &q, NULL))
        fail("sqlc", 0, "%s", sqlite3_errmsg(db));
    sqlite3_bind_text(q, 1, table->name.p, (int)table->name.n, SQLITE_STATIC);
    while (sqlite3_step(q) == SQLITE_ROW) {
        struct column *c = vec_push(&table->columns);
        struct str type = text_at(&t->arena, q, 1);
        *c = (struct column){text_at(&t->arena, q, 0),
                             str_eq_z(type, "INTEGER") ? 'i'
                             : str_eq_z(type, "REAL")  ? 'r'
                             : str_eq_z(type, "TEXT")  ? 't'
                                                       : 'b',
                             sqlite3_column_int(q, 2)};
        table->key_count += c->key > 0;
    }
    sqlite3_finalize(q);
    if (!table->key_count)
        fail("schema", 0, "the table %.*s has no key, so it cannot be copied in an order",
             STR_FMT(table->name));
}

static void count_seeds(struct sqlc *t, sqlite3 *db, struct table *table)
{
    sqlite3_stmt *q;
    const char *sql =
        arena_printf(&t->arena, "SELECT count(*) FROM \"%.*s\"", STR_FMT(table->name)).p;
    if (sqlite3_prepare_v2(db, sql, -1, &q, NULL) || sqlite3_step(q) != SQLITE_ROW)
        fail("sqlc", 0, "%s", sqlite3_errmsg(db));
    table->seeds = sqlite3_column_int64(q, 0);
    sqlite3_finalize(q);
}

static const struct column *column_at(const struct table *t, size_t i)
{
    return vec_at(&t->columns, i);
}

/* Number of the column that is the key's n-th, from 1. */
static size_t key_column(const struct table *t, size_t n)
{
    for (size_t i = 0; i < t->columns.n; i++)
        if (column_at(t, i)->key == (int)n)
            return i;
    return 0;
}

static void add_names(struct buf *b, const struct table *t, bool keys)
{
    size_t n = keys ? t->key_count : t->columns.n;
    for (size_t i = 0; i < n; i++)
        buf_printf(b, "%s\"%.*s\"", i ? ", " : "",
                   STR_FMT(column_at(t, keys ? key_column(t, i + 1) : i)->name));
}

static void add_numbers(struct buf *b, char mark, size_t n)
{
    for (size_t i = 1; i <= n; i++)
        buf_printf(b, "%s%c%zu", i > 1 ? ", " : "", mark, i);
}

/* mark: '?' for SQLite, '$' for PostgreSQL. */
static struct str read_text(struct arena *a, const struct table *t, bool next, char mark)
{
    struct buf b;
    buf_init_in(&b, a, TEXT_MAX);
    buf_add_z(&b, "SELECT ");
    add_names(&b, t, false);
    buf_printf(&b, " FROM \"%.*s\"", STR_FMT(t->name));
    if (next) {
        buf_add_z(&b, " WHERE (");
        add_names(&b, t, true);
        buf_add_z(&b, ") > (");
        add_numbers(&b, mark, t->key_count);
        buf_add_z(&b, ")");
    }
    buf_add_z(&b, " ORDER BY ");
    add_names(&b, t, true);
    buf_printf(&b, " LIMIT %c%zu", mark, next ? t->key_count + 1 : 1);
    return buf_str(&b);
}

static struct str write_text(struct arena *a, const struct table *t, char mark)
{
    struct buf b;
    buf_init_in(&b, a, TEXT_MAX);
    buf_printf(&b, "INSERT INTO \"%.*s\" (", STR_FMT(t->name));
    add_names(&b, t, false);
    buf_add_z(&b, ") VALUES (");
    add_numbers(&b, mark, t->columns.n);
    buf_add_z(&b, ")");
    return buf_str(&b);
}

static struct str letters(struct arena *a, const struct table *t, bool keys)
{
    struct buf b;
    buf_init_in(&b, a, TEXT_MAX);
    for (size_t i = 0; i < (keys ? t->key_count : t->columns.n); i++)
        buf_add_char(&b, column_at(t, keys ? key_column(t, i + 1) : i)->letter);
    return buf_str(&b);
}

static void write_statement(FILE *o, const struct table *t, const char *what, struct str sqlite,
                            struct str pg, struct str types)
{
    fprintf(o, "\nstatic struct sql_statement %.*s_%s = {\n    .name = \"copy: %s %.*s\",\n",
            STR_FMT(t->name), what, what, STR_FMT(t->name));
    fprintf(o, "    .sql =\n");
    write_literal(o, sqlite);
    fprintf(o, ",\n    .pg =\n");
    write_literal(o, pg);
    fprintf(o, ",\n    .types = \"%.*s\",\n    .writes = %s,\n};\n", STR_FMT(types),
            str_starts(sqlite, STR("SELECT")) ? "false" : "true");
}

static void write_one(struct sqlc *tool, FILE *o, const struct table *t)
{
    struct arena *a = &tool->arena;
    struct str keys = letters(a, t, true);
    write_statement(o, t, "first", read_text(a, t, false, '?'), read_text(a, t, false, '$'),
                    STR("i"));
    write_statement(o, t, "next", read_text(a, t, true, '?'), read_text(a, t, true, '$'),
                    arena_printf(a, "%.*si", STR_FMT(keys)));
    write_statement(o, t, "count",
                    arena_printf(a, "SELECT count(*) FROM \"%.*s\"", STR_FMT(t->name)),
                    arena_printf(a, "SELECT count(*) FROM \"%.*s\"", STR_FMT(t->name)), STR(""));
    write_statement(o, t, "clear", arena_printf(a, "DELETE FROM \"%.*s\"", STR_FMT(t->name)),
                    arena_printf(a, "DELETE FROM \"%.*s\"", STR_FMT(t->name)), STR(""));
    write_statement(o, t, "write", write_text(a, t, '?'), write_text(a, t, '$'),
                    letters(a, t, false));
}

static void write_row(struct sqlc *tool, FILE *o, const struct table *t)
{
    int n = (int)t->name.n;
    const char *name = t->name.p;
    fprintf(o, "    {\"%.*s\", \"%.*s\", (const unsigned char[]){", n, name,
            STR_FMT(letters(&tool->arena, t, false)));
    for (size_t i = 1; i <= t->key_count; i++)
        fprintf(o, "%s%zu", i > 1 ? ", " : "", key_column(t, i));
    fprintf(
        o, "}, %zu, %lld,\n     &%.*s_first, &%.*s_next, &%.*s_count, &%.*s_clear, &%.*s_write},\n",
        t->key_count, (long long)t->seeds, n, name, n, name, n, name, n, name, n, name);
}

void write_tables(struct sqlc *tool, sqlite3 *db, FILE *o)
{
    struct vec tables;
    sqlite3_stmt *q;
    vec_init(&tables, &tool->arena, sizeof(struct table));
    if (sqlite3_prepare_v2(
            db,
            "SELECT s.name FROM sqlite_schema s JOIN pragma_table_list l ON l.name = "
            "s.name WHERE l.schema = 'main' AND l.type = 'table' AND s.type = 'table' "
            "AND s.name NOT LIKE 'sqlite%' ORDER BY s.rowid",
            -1, &q, NULL))
        fail("sqlc", 0, "%s", sqlite3_errmsg(db));
    while (sqlite3_step(q) == SQLITE_ROW) {
        struct table *t = vec_push(&tables);
        *t = (struct table){.name = text_at(&tool->arena, q, 0)};
        read_columns(tool, db, t);
        count_seeds(tool, db, t);
        write_one(tool, o, t);
    }
    sqlite3_finalize(q);
    fprintf(o, "\nconst struct copy_table %s_tables[] = {\n", tool->table);
    for (size_t i = 0; i < tables.n; i++)
        write_row(tool, o, vec_at(&tables, i));
    fprintf(o, "};\n\nconst size_t %s_tables_count = %zu;\n", tool->table, tables.n);
}
