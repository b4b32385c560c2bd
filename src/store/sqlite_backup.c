/* sqlite_backup.c - a copy of the whole database while it is in use, and its check. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "store/sqlite_int.h"

/* One step copies one snapshot: writers go on meanwhile, and the copy is never begun anew. */
static enum err copy_into(struct db *from, sqlite3 *to, const char *path, struct errinfo *e)
{
    sqlite3_backup *b = sqlite3_backup_init(to, "main", sqlite_of(from)->handle, "main");
    if (b)
        sqlite3_backup_step(b, -1);
    int rc = b ? sqlite3_backup_finish(b) : sqlite3_errcode(to);
    if (rc == SQLITE_OK)
        return ERR_OK;
    return err_set(e, ERR_IO, "backup", "%s: %s", path, sqlite3_errmsg(to));
}

/* The name of the finished file must survive a crash as well. */
static enum err sync_folder(const char *path, struct errinfo *e)
{
    char copy[4096];
    snprintf(copy, sizeof copy, "%s", path);
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int rc = fd < 0 ? -1 : fsync(fd);
    if (fd >= 0)
        close(fd);
    return rc == 0 ? ERR_OK : err_set(e, ERR_IO, "backup", "%s: %s", path, strerror(errno));
}

enum err sqlite_backup(struct store *s, const char *path, struct errinfo *e)
{
    char part[4096];
    struct db *from = NULL;
    sqlite3 *to = NULL;
    if ((size_t)snprintf(part, sizeof part, "%s.part", path) >= sizeof part)
        return err_set(e, ERR_INVALID, "backup", "the path is too long");
    if (access(path, F_OK) == 0)
        return err_set(e, ERR_CONFLICT, "backup", "%s exists already; name a new file", path);
    if (unlink(part) != 0 && errno != ENOENT)
        return err_set(e, ERR_IO, "backup", "%s: %s", part, strerror(errno));
    TRY(sqlite_connect(&from, s, SQLITE_READER, e));
    enum err err = ERR_OK;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(part, &to, flags, NULL) != SQLITE_OK)
        err = err_set(e, ERR_IO, "backup", "%s: %s", part, sqlite3_errmsg(to));
    if (err == ERR_OK)
        err = copy_into(from, to, part, e);
    if (sqlite3_close(to) != SQLITE_OK && err == ERR_OK)
        err = err_set(e, ERR_IO, "backup", "%s cannot be closed", part);
    sqlite_disconnect(from);
    if (err == ERR_OK && rename(part, path) != 0)
        err = err_set(e, ERR_IO, "backup", "%s: %s", path, strerror(errno));
    if (err != ERR_OK) {
        unlink(part);
        return err;
    }
    return sync_folder(path, e);
}

static struct sql_statement count_orphans = {
    .name = "rows that point nowhere", .sql = "SELECT count(*) FROM pragma_foreign_key_check"};

enum err sqlite_check(struct store *s, struct errinfo *e)
{
    struct db *db;
    int64_t orphans;
    TRY(sqlite_connect(&db, s, SQLITE_READER, e));
    sqlite3_stmt *q = NULL;
    enum err err = ERR_OK;
    int rc = sqlite3_prepare_v2(sqlite_of(db)->handle, "PRAGMA quick_check(1)", -1, &q, NULL);
    if (rc == SQLITE_OK && (rc = sqlite3_step(q)) == SQLITE_ROW) {
        const char *said = (const char *)sqlite3_column_text(q, 0);
        if (!said || strcmp(said, "ok") != 0)
            err =
                err_set(e, ERR_IO, "store", "%s is damaged: %s", s->name, said ? said : "unknown");
    } else {
        err = err_set(e, ERR_IO, "store", "%s: %s", s->name, sqlite3_errmsg(sqlite_of(db)->handle));
    }
    sqlite3_finalize(q);
    if (err == ERR_OK)
        err = sql_number(db, &count_orphans, &orphans, e);
    if (err == ERR_OK && orphans)
        err = err_set(e, ERR_IO, "store", "%s has %lld rows that point nowhere", s->name,
                      (long long)orphans);
    sqlite_disconnect(db);
    return err;
}
