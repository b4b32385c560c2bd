/* sql.c - see sql.h. A statement gets a small number at its first use in the process; each
 * connection keeps its prepared form in an array under that number. */
#include "store/sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "store/store_int.h"

static unsigned statement_id(struct sql_statement *s)
{
    static atomic_uint last;
    unsigned id = atomic_load_explicit(&s->id, memory_order_relaxed);
    if (id)
        return id;
    unsigned fresh = atomic_fetch_add(&last, 1) + 1;
    /* another thread may have been faster: then its number counts and this one stays unused */
    return atomic_compare_exchange_strong(&s->id, &id, fresh) ? fresh : id;
}

static void failed(struct sql_run *r, int rc)
{
    r->err = db_error(rc);
    snprintf(r->db->what, sizeof r->db->what, "%s: %s", r->statement->name,
             sqlite3_errmsg(r->db->handle));
    if (r->err == ERR_IO || r->err == ERR_BUG)
        log_error("store", "%s (%d)", r->db->what, sqlite3_extended_errcode(r->db->handle));
}

static sqlite3_stmt **cache_slot(struct db *db, unsigned id)
{
    if (id >= db->cache_size) {
        size_t size = db->cache_size ? db->cache_size : 32;
        while (size <= id)
            size *= 2;
        sqlite3_stmt **cache = realloc(db->cache, size * sizeof(sqlite3_stmt *));
        if (!cache)
            log_fatal("store", "out of memory for %zu statements", size);
        memset(cache + db->cache_size, 0, (size - db->cache_size) * sizeof(sqlite3_stmt *));
        db->cache = cache;
        db->cache_size = size;
    }
    return &db->cache[id];
}

enum err sql_begin(struct sql_run *r, struct db *db, struct sql_statement *s)
{
    *r = (struct sql_run){.db = db, .statement = s};
    sqlite3_stmt **slot = cache_slot(db, statement_id(s));
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
    if (rc != SQLITE_OK && r->err == ERR_OK)
        failed(r, rc);
}

void sql_bind_i64(struct sql_run *r, int at, int64_t v)
{
    bound(r, sqlite3_bind_int64(r->stmt, at, v));
}

void sql_bind_i64_null(struct sql_run *r, int at, int64_t v)
{
    bound(r, v ? sqlite3_bind_int64(r->stmt, at, v) : sqlite3_bind_null(r->stmt, at));
}

void sql_bind_real(struct sql_run *r, int at, double v)
{
    bound(r, sqlite3_bind_double(r->stmt, at, v));
}

void sql_bind_text(struct sql_run *r, int at, struct str v)
{
    bound(r, sqlite3_bind_text64(r->stmt, at, v.n ? v.p : "", v.n, SQLITE_STATIC, SQLITE_UTF8));
}

void sql_bind_text_null(struct sql_run *r, int at, struct str v)
{
    if (v.p)
        sql_bind_text(r, at, v);
    else
        bound(r, sqlite3_bind_null(r->stmt, at));
}

void sql_bind_blob(struct sql_run *r, int at, struct str v)
{
    bound(r, sqlite3_bind_blob64(r->stmt, at, v.n ? v.p : "", v.n, SQLITE_STATIC));
}

void sql_bind_blob_null(struct sql_run *r, int at, struct str v)
{
    if (v.p)
        sql_bind_blob(r, at, v);
    else
        bound(r, sqlite3_bind_null(r->stmt, at));
}

bool sql_next(struct sql_run *r)
{
    if (r->err != ERR_OK)
        return false;
    int rc = sqlite3_step(r->stmt);
    r->row = rc == SQLITE_ROW;
    if (!r->row && rc != SQLITE_DONE)
        failed(r, rc);
    return r->row;
}

int64_t sql_i64(struct sql_run *r, int at)
{
    return sqlite3_column_int64(r->stmt, at);
}

double sql_real(struct sql_run *r, int at)
{
    return sqlite3_column_double(r->stmt, at);
}

/* The order text or blob first, then bytes, is the one SQLite promises to be safe. */
struct str sql_text_null(struct sql_run *r, int at, struct arena *a)
{
    const unsigned char *p = sqlite3_column_text(r->stmt, at);
    if (!p)
        return STR_NONE;
    return arena_str(a, (struct str){(const char *)p, (size_t)sqlite3_column_bytes(r->stmt, at)});
}

struct str sql_text(struct sql_run *r, int at, struct arena *a)
{
    struct str s = sql_text_null(r, at, a);
    return s.p ? s : STR("");
}

struct str sql_blob_null(struct sql_run *r, int at, struct arena *a)
{
    if (sqlite3_column_type(r->stmt, at) == SQLITE_NULL)
        return STR_NONE;
    const char *p = sqlite3_column_blob(r->stmt, at);
    return arena_str(a, (struct str){p, (size_t)sqlite3_column_bytes(r->stmt, at)});
}

struct str sql_blob(struct sql_run *r, int at, struct arena *a)
{
    struct str s = sql_blob_null(r, at, a);
    return s.p ? s : STR("");
}

enum err sql_end(struct sql_run *r, enum err result)
{
    /* foreign keys are checked when a write has been stepped to its end */
    while (r->statement->writes && r->row)
        sql_next(r);
    sqlite3_reset(r->stmt);
    sqlite3_clear_bindings(r->stmt);
    return r->err != ERR_OK ? r->err : result;
}

enum err sql_exec(struct sql_run *r, int64_t *changed)
{
    while (sql_next(r))
        ;
    if (changed)
        *changed = r->err == ERR_OK ? sqlite3_changes64(r->db->handle) : 0;
    return sql_end(r, ERR_OK);
}
