/* sqlite_int.h - what the files of the SQLite engine share. The only ones that know libsqlite3. */
#ifndef STORE_SQLITE_INT_H
#define STORE_SQLITE_INT_H

#include <sqlite3.h>

#include "store/store_int.h"

struct writer;

struct sqlite_store {
    char *path;
    int lock_fd;
    struct writer *writer;
};

struct sqlite_db {
    struct db db;
    sqlite3 *handle;      /* NULL: not open yet */
    sqlite3_stmt **cache; /* by sql_statement_id */
    size_t cache_size;
    bool writes; /* the writer's */
    int depth;   /* open begin */
};

static inline struct sqlite_db *sqlite_of(struct db *db)
{
    return (struct sqlite_db *)db;
}

/* sqlite_db.c */
enum sqlite_kind { SQLITE_READER, SQLITE_WRITER };
/* A connection that opens at its first use. Where it cannot (no descriptor, no memory) that use
 * fails, and the next one tries again. */
struct db *sqlite_later(struct store *s, enum sqlite_kind kind);
/* An open connection, with the house's settings. */
enum err sqlite_connect(struct db **out, struct store *s, enum sqlite_kind kind,
                        struct errinfo *e) MUST_CHECK;
/* Opens the handle if there is none yet. */
enum err sqlite_ready(struct sqlite_db *db, struct errinfo *e) MUST_CHECK;
void sqlite_disconnect(struct db *db);
/* Runs fixed text of this folder, or a migration; the failure's words go to e. */
enum err sqlite_script(struct db *db, const char *sql, struct errinfo *e) MUST_CHECK;
enum err sqlite_error(int rc);
bool sqlite_in_transaction(const struct db *db);

/* sqlite_sql.c: rows of the driver. */
enum err sqlite_prepare(struct sql_run *r, struct sql_statement *s);
void sqlite_bind_i64(struct sql_run *r, int at, int64_t v);
void sqlite_bind_real(struct sql_run *r, int at, double v);
void sqlite_bind_text(struct sql_run *r, int at, struct str v);
void sqlite_bind_blob(struct sql_run *r, int at, struct str v);
void sqlite_bind_null(struct sql_run *r, int at);
bool sqlite_next(struct sql_run *r);
int64_t sqlite_i64(struct sql_run *r, int at);
double sqlite_real(struct sql_run *r, int at);
struct str sqlite_text(struct sql_run *r, int at);
struct str sqlite_blob(struct sql_run *r, int at);
void sqlite_exec(struct sql_run *r, int64_t *changed);
void sqlite_row(struct sql_run *r);
void sqlite_rows_end(struct sql_run *r);
void sqlite_end(struct sql_run *r);

/* sqlite_writer.c */
enum err writer_start(struct store *s, struct db *db, size_t queue_max) MUST_CHECK;
/* Finishes what is queued and ends the thread. */
void writer_stop(struct store *s);
/* Closes its connection. */
void writer_free(struct store *s);
/* As store_writable. */
enum err writer_state(const struct store *s, struct errinfo *e) MUST_CHECK;
enum err writer_run(struct store *s, store_write_fn fn, void *arg, int64_t key, bool ids,
                    struct errinfo *e);

/* sqlite_backup.c */
enum err sqlite_backup(struct store *s, const char *path, const struct store_watch *watch,
                       struct errinfo *e);
enum err sqlite_keep(struct db *db, int64_t version, struct errinfo *e);
enum err sqlite_check(struct store *s, struct errinfo *e);

#endif
