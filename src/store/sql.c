/* sql.c - see sql.h: what both engines have of it. A statement gets a small number at its first use
 * in the process; each connection keeps its prepared form under that number. */
#include "store/sql.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "store/store_int.h"
#include "text/unicode.h"

unsigned sql_statement_id(struct sql_statement *s)
{
    static atomic_uint last;
    unsigned id = atomic_load_explicit(&s->id, memory_order_relaxed);
    if (id)
        return id;
    unsigned fresh = atomic_fetch_add(&last, 1) + 1;
    /* another thread may have been faster: then its number counts and this one stays unused */
    return atomic_compare_exchange_strong(&s->id, &id, fresh) ? fresh : id;
}

void sql_failed(struct sql_run *r, enum err err, const char *name, const char *what)
{
    struct db *db = r->db;
    r->row = false;
    if (r->err != ERR_OK)
        return;
    r->err = err;
    if (db->spoiled == ERR_OK)
        db->spoiled = err;
    snprintf(db->what, sizeof db->what, "%s: %s", name ? name : r->statement->name, what);
    if (err == ERR_IO || err == ERR_BUG)
        log_error("store", "%s", db->what);
}

enum err sql_begin(struct sql_run *r, struct db *db, struct sql_statement *s)
{
    *r = (struct sql_run){.db = db, .statement = s};
    return db->driver->sql_prepare(r, s);
}

void sql_bind_i64(struct sql_run *r, int at, int64_t v)
{
    r->db->driver->bind_i64(r, at, v);
}

void sql_bind_i64_null(struct sql_run *r, int at, int64_t v)
{
    if (v)
        r->db->driver->bind_i64(r, at, v);
    else
        r->db->driver->bind_null(r, at);
}

void sql_bind_real(struct sql_run *r, int at, double v)
{
    r->db->driver->bind_real(r, at, v);
}

void sql_bind_text(struct sql_run *r, int at, struct str v)
{
    char what[96];
    if (v.n && (memchr(v.p, 0, v.n) || !utf8_valid(v))) {
        snprintf(what, sizeof what, "parameter %d is no text: it has a NUL or is not UTF-8", at);
        sql_failed(r, ERR_INVALID, NULL, what);
        return;
    }
    r->db->driver->bind_text(r, at, v.n ? v : STR(""));
}

void sql_bind_text_null(struct sql_run *r, int at, struct str v)
{
    if (v.p)
        sql_bind_text(r, at, v);
    else
        r->db->driver->bind_null(r, at);
}

void sql_bind_blob(struct sql_run *r, int at, struct str v)
{
    r->db->driver->bind_blob(r, at, v.n ? v : STR(""));
}

void sql_bind_blob_null(struct sql_run *r, int at, struct str v)
{
    if (v.p)
        sql_bind_blob(r, at, v);
    else
        r->db->driver->bind_null(r, at);
}

bool sql_next(struct sql_run *r)
{
    return r->err == ERR_OK && (r->row = r->db->driver->sql_next(r));
}

int64_t sql_i64(struct sql_run *r, int at)
{
    return r->db->driver->i64(r, at);
}

double sql_real(struct sql_run *r, int at)
{
    return r->db->driver->real(r, at);
}

struct str sql_text_null(struct sql_run *r, int at, struct arena *a)
{
    struct str s = r->db->driver->text(r, at);
    return s.p ? arena_str(a, s) : STR_NONE;
}

struct str sql_text(struct sql_run *r, int at, struct arena *a)
{
    struct str s = sql_text_null(r, at, a);
    return s.p ? s : STR("");
}

struct str sql_blob_null(struct sql_run *r, int at, struct arena *a)
{
    struct str s = r->db->driver->blob(r, at);
    return s.p ? arena_str(a, s) : STR_NONE;
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
    r->db->driver->sql_end(r);
    return r->err != ERR_OK ? r->err : result;
}

enum err sql_exec(struct sql_run *r, int64_t *changed)
{
    if (changed)
        *changed = 0;
    if (r->err == ERR_OK)
        r->db->driver->sql_exec(r, changed);
    return sql_end(r, ERR_OK);
}

enum err sql_begin_rows(struct sql_run *r, struct db *db, struct sql_statement *s)
{
    return sql_begin(r, db, db->driver->engine == STORE_POSTGRESQL && s->rows ? s->rows : s);
}

void sql_row(struct sql_run *r)
{
    if (r->err == ERR_OK)
        r->db->driver->sql_row(r);
}

enum err sql_end_rows(struct sql_run *r)
{
    if (r->err == ERR_OK)
        r->db->driver->sql_rows_end(r);
    return sql_end(r, ERR_OK);
}

enum err sql_number(struct db *db, struct sql_statement *s, int64_t *out, struct errinfo *e)
{
    struct sql_run r;
    int64_t n = 0;
    enum err err = sql_begin(&r, db, s);
    if (err == ERR_OK) {
        if (sql_next(&r))
            n = sql_i64(&r, 0);
        err = sql_end(&r, ERR_OK);
    }
    if (out)
        *out = n;
    return err == ERR_OK ? ERR_OK : err_set(e, err, "store", "%s", db->what);
}

enum err store_engine_name(struct db *db, struct arena *a, struct str *name)
{
    static struct sql_statement ask = {.name = "version of the engine",
                                       .types = "",
                                       .sql = "SELECT sqlite_version()",
                                       .pg = "SELECT current_setting('server_version')"};
    bool sqlite = db->driver->engine == STORE_SQLITE;
    struct sql_run run;
    *name = STR_NONE;
    TRY(sql_begin(&run, db, &ask));
    if (sql_next(&run))
        *name = arena_printf(a, "%s %.*s", sqlite ? "SQLite" : "PostgreSQL",
                             STR_FMT(sql_text(&run, 0, a)));
    return sql_end(&run, ERR_OK);
}
