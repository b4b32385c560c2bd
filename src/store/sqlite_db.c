/* sqlite_db.c - one connection to SQLite with the house's settings. */
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/memory.h"
#include "store/sqlite_int.h"

enum { BUSY_WAIT_MS = 5000 };

/* Readers keep little of their own: the kernel has the file in its cache, and there is one for each
 * page thread. The writer checkpoints by itself between groups (writer.c), so that no caller waits
 * for it. */
static const char *const settings[] = {
    [SQLITE_READER] =
        "PRAGMA query_only = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -512;"
        "PRAGMA cell_size_check = ON",
    [SQLITE_WRITER] =
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
        "PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8192;"
        "PRAGMA cell_size_check = ON; PRAGMA wal_autocheckpoint = 0;"
        "PRAGMA journal_size_limit = 67108864",
};

enum err sqlite_error(int rc)
{
    switch (rc) {
    case SQLITE_CONSTRAINT_CHECK:
    case SQLITE_CONSTRAINT_NOTNULL:
    case SQLITE_CONSTRAINT_DATATYPE:
        return ERR_INVALID;
    default:
        break;
    }
    switch (rc & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return ERR_OK;
    case SQLITE_CONSTRAINT:
        return ERR_CONFLICT;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return ERR_BUSY;
    case SQLITE_TOOBIG:
        return ERR_LIMIT;
    case SQLITE_NOTADB:
        return ERR_INVALID;
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_NOMEM:
    case SQLITE_CORRUPT:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PROTOCOL:
    case SQLITE_PERM:
        return ERR_IO;
    default:
        return ERR_BUG;
    }
}

static enum err explain(struct sqlite_db *db, int rc, struct errinfo *e)
{
    return err_set(e, sqlite_error(rc), "store", "%s: %s", db->db.store->name,
                   sqlite3_errmsg(db->handle));
}

enum err sqlite_script(struct db *db, const char *sql, struct errinfo *e)
{
    struct sqlite_db *own = sqlite_of(db);
    TRY(sqlite_ready(own, e));
    int rc = sqlite3_exec(own->handle, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? ERR_OK : explain(own, rc, e);
}

bool sqlite_in_transaction(const struct db *db)
{
    return !sqlite3_get_autocommit(((const struct sqlite_db *)db)->handle);
}

static enum err set_up(struct sqlite_db *db, struct errinfo *e)
{
    sqlite3_busy_timeout(db->handle, BUSY_WAIT_MS);
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    /* a plan does not depend on what is bound: else each new value prepares a statement anew */
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_ENABLE_QPSG, 1, NULL);
    const char *sql = settings[db->writes ? SQLITE_WRITER : SQLITE_READER];
    int rc = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? ERR_OK : explain(db, rc, e);
}

enum err sqlite_ready(struct sqlite_db *db, struct errinfo *e)
{
    if (db->handle)
        return ERR_OK;
    /* a reader also opens for writing: WAL needs its shared memory file; query_only keeps it from
     * the rest */
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                (db->writes ? SQLITE_OPEN_CREATE : 0);
    int rc = sqlite3_open_v2(db->db.store->sqlite->path, &db->handle, flags, NULL);
    enum err err = rc == SQLITE_OK ? set_up(db, e) : explain(db, rc, e);
    if (err != ERR_OK) {
        sqlite3_close(db->handle);
        db->handle = NULL;
    }
    return err;
}

struct db *sqlite_later(struct store *s, enum sqlite_kind kind)
{
    struct sqlite_db *db = memory_zeroed(1, sizeof *db);
    db->db.driver = &sqlite_driver;
    db->db.store = s;
    db->writes = kind == SQLITE_WRITER;
    return &db->db;
}

enum err sqlite_connect(struct db **out, struct store *s, enum sqlite_kind kind, struct errinfo *e)
{
    *out = sqlite_later(s, kind);
    enum err err = sqlite_ready(sqlite_of(*out), e);
    if (err != ERR_OK) {
        sqlite_disconnect(*out);
        *out = NULL;
    }
    return err;
}

void sqlite_disconnect(struct db *p)
{
    struct sqlite_db *db = sqlite_of(p);
    for (size_t i = 0; i < db->cache_size; i++)
        sqlite3_finalize(db->cache[i]);
    free(db->cache);
    if (sqlite3_close(db->handle) != SQLITE_OK)
        log_error("store", "a connection closes with open statements");
    free(db);
}
