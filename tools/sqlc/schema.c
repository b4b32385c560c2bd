/* schema.c - the numbered files of schema/, run in order in an empty database in memory. */
#include <stdio.h>
#include <string.h>

#include "sqlc.h"

/* The number before the dash, and what stands behind it. */
static int64_t number_of(const char *path, struct str *name)
{
    const char *slash = strrchr(path, '/');
    struct str base = str_z(slash ? slash + 1 : path);
    ptrdiff_t dash = str_find_char(base, '-', 0);
    int64_t number;
    if (dash < 1 || !str_ends(base, STR(".sql")) ||
        !str_to_i64(str_sub(base, 0, (size_t)dash), &number))
        fail(path, 0, "a schema file is called NNN-name.sql");
    *name = str_sub(base, (size_t)dash + 1, base.n - 4);
    return number;
}

int64_t migration_number(const struct sqlc *t, size_t place, struct str *name)
{
    struct str first_name;
    int64_t first = number_of(t->schema[0], &first_name);
    int64_t number = number_of(t->schema[place], name);
    if (first > 1 || number != first + (int64_t)place)
        fail(t->schema[place], 0,
             "has the number %lld, but is schema file %zu: numbers go 1, 2, 3, ... without gaps",
             (long long)number, place + 1);
    return number;
}

static void run_script(sqlite3 *db, const char *path, struct str text)
{
    const char *sql = text.p;
    while (*sql) {
        sqlite3_stmt *stmt;
        const char *tail;
        int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, &tail);
        if (rc != SQLITE_OK) {
            int offset = sqlite3_error_offset(db);
            fail(path, line_of(text, sql + (offset > 0 ? offset : 0)), "%s", sqlite3_errmsg(db));
        }
        if (stmt && sqlite3_step(stmt) != SQLITE_DONE && sqlite3_errcode(db) != SQLITE_ROW)
            fail(path, line_of(text, skip_comments(str_z(sql))), "%s", sqlite3_errmsg(db));
        sqlite3_finalize(stmt);
        sql = tail;
    }
    if (!sqlite3_get_autocommit(db))
        fail(path, 0, "opens a transaction; the store already runs each file in one");
}

sqlite3 *open_schema(struct sqlc *t)
{
    sqlite3 *db;
    if (sqlite3_open(":memory:", &db) != SQLITE_OK)
        fail("sqlc", 0, "SQLite does not open: %s", sqlite3_errmsg(db));
    for (size_t i = 0; i < t->schema_count; i++) {
        struct str name;
        migration_number(t, i, &name);
        run_script(db, t->schema[i], read_file(&t->arena, t->schema[i]));
    }
    return db;
}
