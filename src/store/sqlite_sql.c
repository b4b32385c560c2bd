/* sqlite_sql.c - statements on SQLite; see sql.h and struct store_driver. */
#include <string.h>

#include "base/memory.h"
#include "store/sqlite_int.h"

static void failed(struct sql_run *r, int rc)
{
    sqlite3 *handle = sqlite_of(r->db)->handle;
    sql_failed(r, sqlite_error(rc), NULL, sqlite3_errmsg(handle));
}

static sqlite3_stmt **cache_slot(struct sqlite_db *db, unsigned id)
{
    if (id >= db->cache_size) {
        size_t size = db->cache_size ? db->cache_size : 32;
        while (size <= id)
            size *= 2;
        sqlite3_stmt **cache = memory_resize(db->cache, size * sizeof(sqlite3_stmt *));
        memset(cache + db->cache_size, 0, (size - db->cache_size) * sizeof(sqlite3_stmt *));
        db->cache = cache;
        db->cache_size = size;
    }
    return &db->cache[id];
}

enum err sqlite_prepare(struct sql_run *r, struct sql_statement *s)
{
    struct sqlite_db *db = sqlite_of(r->db);
    struct errinfo e = {0};
    if (sqlite_ready(db, &e) != ERR_OK) {
        sql_failed(r, e.code, NULL, e.what);
        return r->err;
    }
    sqlite3_stmt **slot = cache_slot(db, sql_statement_id(s));
    if (!*slot) {
        int rc = sqlite3_prepare_v3(db->handle, s->sql, -1, SQLITE_PREPARE_PERSISTENT, slot, NULL);
        if (rc != SQLITE_OK) {
            failed(r, rc);
            return r->err;
        }
    }
    r->stmt = *slot;
    return ERR_OK;
}

static void bound(struct sql_run *r, int rc)
{
    if (rc != SQLITE_OK)
        failed(r, rc);
}

void sqlite_bind_i64(struct sql_run *r, int at, int64_t v)
{
    bound(r, sqlite3_bind_int64(r->stmt, at, v));
}

void sqlite_bind_real(struct sql_run *r, int at, double v)
{
    bound(r, sqlite3_bind_double(r->stmt, at, v));
}

void sqlite_bind_text(struct sql_run *r, int at, struct str v)
{
    bound(r, sqlite3_bind_text64(r->stmt, at, v.p, v.n, SQLITE_STATIC, SQLITE_UTF8));
}

void sqlite_bind_blob(struct sql_run *r, int at, struct str v)
{
    bound(r, sqlite3_bind_blob64(r->stmt, at, v.p, v.n, SQLITE_STATIC));
}

void sqlite_bind_null(struct sql_run *r, int at)
{
    bound(r, sqlite3_bind_null(r->stmt, at));
}

bool sqlite_next(struct sql_run *r)
{
    int rc = sqlite3_step(r->stmt);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        failed(r, rc);
    return rc == SQLITE_ROW;
}

int64_t sqlite_i64(struct sql_run *r, int at)
{
    return sqlite3_column_int64(r->stmt, at);
}

double sqlite_real(struct sql_run *r, int at)
{
    return sqlite3_column_double(r->stmt, at);
}

/* The order text or blob first, then bytes, is the one SQLite promises to be safe. */
struct str sqlite_text(struct sql_run *r, int at)
{
    const unsigned char *p = sqlite3_column_text(r->stmt, at);
    return p ? (struct str){(const char *)p, (size_t)sqlite3_column_bytes(r->stmt, at)} : STR_NONE;
}

struct str sqlite_blob(struct sql_run *r, int at)
{
    if (sqlite3_column_type(r->stmt, at) == SQLITE_NULL)
        return STR_NONE;
    const char *p = sqlite3_column_blob(r->stmt, at);
    return (struct str){p ? p : "", (size_t)sqlite3_column_bytes(r->stmt, at)};
}

void sqlite_exec(struct sql_run *r, int64_t *changed)
{
    while (sql_next(r))
        ;
    if (changed && r->err == ERR_OK)
        *changed = sqlite3_changes64(sqlite_of(r->db)->handle);
}

void sqlite_row(struct sql_run *r)
{
    sqlite_exec(r, NULL);
    sqlite3_reset(r->stmt);
}

void sqlite_rows_end(struct sql_run *r)
{
    (void)r; /* each row was written at once */
}

void sqlite_end(struct sql_run *r)
{
    if (!r->stmt)
        return;
    sqlite3_reset(r->stmt);
    sqlite3_clear_bindings(r->stmt);
}
