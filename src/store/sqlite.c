/* sqlite.c - the engine SQLite: the lock on the file, opening, closing, and the rows of its driver.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "store/sqlite_int.h"

/* PATH.lock is held as long as the store is open. It is never removed: a new file under the same
 * name would be a second lock. */
static enum err take_lock(struct sqlite_store *q, struct errinfo *e)
{
    char name[4096];
    if ((size_t)snprintf(name, sizeof name, "%s.lock", q->path) >= sizeof name)
        return err_set(e, ERR_INVALID, "store", "the path is too long");
    q->lock_fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (q->lock_fd < 0)
        return err_set(e, ERR_IO, "store", "%s: %s", name, strerror(errno));
    if (flock(q->lock_fd, LOCK_EX | LOCK_NB) != 0)
        return err_set(e, errno == EWOULDBLOCK ? ERR_BUSY : ERR_IO, "store",
                       "%s is in use by another process; stop it first", q->path);
    return ERR_OK;
}

/* A migration may rebuild a table that others point to; it is checked before its commit instead. */
static enum err migrate(struct db *db, const struct store_options *o, struct errinfo *e)
{
    TRY(sqlite_script(db, "PRAGMA foreign_keys = OFF", e));
    TRY(store_migrate(db, o, e));
    return sqlite_script(db, "PRAGMA foreign_keys = ON", e);
}

/* What a killed run left in the log goes into the file, with an fsync, before anything is built
 * upon it: the end of the log may be in the kernel's memory only, when that run's fsync failed. */
static enum err empty_log(struct db *db, struct errinfo *e)
{
    sqlite3 *handle = sqlite_of(db)->handle;
    int rc = sqlite3_wal_checkpoint_v2(handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    return rc == SQLITE_OK ? ERR_OK
                           : err_set(e, sqlite_error(rc), "store", "%s: %s", db->store->name,
                                     sqlite3_errmsg(handle));
}

static enum err open_engine(struct store *s, const struct store_options *o, struct errinfo *e)
{
    struct sqlite_store *q = memory_zeroed(1, sizeof *q);
    if (!(q->path = strdup(o->path)) || !(s->name = strdup(o->path)))
        memory_end(strlen(o->path));
    struct db *db = NULL;
    q->lock_fd = -1;
    s->sqlite = q;
    TRY(take_lock(q, e));
    TRY(sqlite_connect(&db, s, SQLITE_WRITER, e));
    enum err err = empty_log(db, e);
    if (err == ERR_OK)
        err = migrate(db, o, e);
    if (err == ERR_OK)
        err = writer_start(s, db, o->queue_max);
    if (err != ERR_OK)
        sqlite_disconnect(db);
    return err;
}

static void close_engine(struct store *s)
{
    struct sqlite_store *q = s->sqlite;
    if (q->writer)
        writer_free(s); /* the last connection: copies the log into the file and removes it */
    if (q->lock_fd >= 0)
        close(q->lock_fd);
    free(q->path);
    free(q);
}

static enum err reader_open(struct db **out, struct store *s, struct errinfo *e)
{
    (void)e;
    *out = sqlite_later(s, SQLITE_READER);
    return ERR_OK;
}

static enum err begin(struct db *p)
{
    struct sqlite_db *db = sqlite_of(p);
    /* a write's connection is in its transaction already */
    if (!db->writes && db->depth++ == 0)
        return sqlite_script(p, "BEGIN", NULL);
    return ERR_OK;
}

static void end(struct db *p)
{
    struct sqlite_db *db = sqlite_of(p);
    if (db->depth && --db->depth == 0 && sqlite_script(p, "COMMIT", NULL) != ERR_OK)
        log_error("store", "a snapshot does not end: %s", sqlite3_errmsg(db->handle));
}

static enum err now(struct db *db, int64_t *out)
{
    *out = clock_now(&db->store->clock);
    return ERR_OK;
}

const struct store_driver sqlite_driver = {
    .engine = STORE_SQLITE,
    .open = open_engine,
    .stop = writer_stop,
    .close = close_engine,
    .reader_open = reader_open,
    .db_close = sqlite_disconnect,
    .begin = begin,
    .end = end,
    .now = now,
    .write = writer_run,
    .writable = writer_state,
    .backup = sqlite_backup,
    .check = sqlite_check,
    .sql_prepare = sqlite_prepare,
    .bind_i64 = sqlite_bind_i64,
    .bind_real = sqlite_bind_real,
    .bind_text = sqlite_bind_text,
    .bind_blob = sqlite_bind_blob,
    .bind_null = sqlite_bind_null,
    .sql_next = sqlite_next,
    .i64 = sqlite_i64,
    .real = sqlite_real,
    .text = sqlite_text,
    .blob = sqlite_blob,
    .sql_exec = sqlite_exec,
    .sql_row = sqlite_row,
    .sql_rows_end = sqlite_rows_end,
    .sql_end = sqlite_end,
    .script = sqlite_script,
    .in_transaction = sqlite_in_transaction,
    .keep = sqlite_keep,
};
