/* sqlite_backup.c - a copy of the whole database while it is in use, its check, and what it holds.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/log.h"
#include "base/trouble.h"
#include "base/vec.h"
#include "store/sqlite_int.h"

enum { STEP_PAGES = 256, PATH_SIZE = 4096, ASK_EVERY = 100 * 1000 };
#define ROOM_LEFT (INT64_C(16) << 20) /* what a copy leaves free, for the log of the server */

static enum err full(struct errinfo *e, const char *path, int64_t needs)
{
    return err_trouble(e, ERR_LIMIT, "disk", TROUBLE_DISK_COPY, "%.120s\t%lld", path,
                       (long long)(needs >> 20) + 1);
}

/* First column of the first row. */
static enum err number(struct db *db, const char *sql, int64_t *out, struct errinfo *e)
{
    sqlite3_stmt *q = NULL;
    sqlite3 *handle = sqlite_of(db)->handle;
    int rc = sqlite3_prepare_v2(handle, sql, -1, &q, NULL);
    if (rc == SQLITE_OK && (rc = sqlite3_step(q)) == SQLITE_ROW)
        *out = sqlite3_column_int64(q, 0);
    sqlite3_finalize(q);
    if (rc == SQLITE_ROW)
        return ERR_OK;
    return err_set(e, sqlite_error(rc), "store", "%s: %s", db->store->name, sqlite3_errmsg(handle));
}

/* Better to say it before the disk is full for everybody. */
static enum err ask_room(struct db *from, const char *path, int64_t *bytes, struct errinfo *e)
{
    char copy[PATH_SIZE];
    int64_t pages, size, room;
    TRY(number(from, "PRAGMA page_count", &pages, e));
    TRY(number(from, "PRAGMA page_size", &size, e));
    *bytes = pages * size;
    snprintf(copy, sizeof copy, "%s", path);
    if (file_room(dirname(copy), &room) && room < *bytes + ROOM_LEFT)
        return full(e, path, *bytes + ROOM_LEFT);
    return ERR_OK;
}

/* Small steps within one snapshot: writers go on meanwhile, and since the reading transaction stays
 * open the copy is never begun anew. The log grows until it ends. */
static enum err copy_pages(struct db *from, sqlite3 *to, const char *path,
                           const struct store_watch *watch, struct errinfo *e)
{
    sqlite3_backup *b = sqlite3_backup_init(to, "main", sqlite_of(from)->handle, "main");
    int rc = b ? SQLITE_OK : sqlite3_errcode(to);
    bool go_on = true;
    while (b && go_on && (rc = sqlite3_backup_step(b, STEP_PAGES)) == SQLITE_OK)
        go_on = !watch ||
                watch->told(watch->ctx, sqlite3_backup_pagecount(b) - sqlite3_backup_remaining(b),
                            sqlite3_backup_pagecount(b));
    if (b)
        sqlite3_backup_finish(b);
    if (!go_on)
        return err_set(e, ERR_BUSY, "backup", "ended before it was complete");
    if (rc == SQLITE_DONE)
        return ERR_OK;
    return err_set(e, (rc & 0xff) == SQLITE_FULL ? ERR_LIMIT : ERR_IO, "backup", "%s: %s", path,
                   sqlite3_errstr(rc));
}

/* No journal and no syncs on the way: it is whole after the one fsync at the end, or thrown away.
 */
static enum err copy_snapshot(struct db *from, const char *part, const struct store_watch *watch,
                              struct errinfo *e)
{
    sqlite3 *to = NULL;
    int64_t bytes, tables;
    TRY(number(from, "SELECT count(*) FROM sqlite_schema", &tables, e)); /* pins the snapshot */
    TRY(ask_room(from, part, &bytes, e));
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    enum err err = ERR_OK;
    if (sqlite3_open_v2(part, &to, flags, NULL) != SQLITE_OK ||
        sqlite3_exec(to, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF", NULL, NULL, NULL))
        err = err_set(e, ERR_IO, "backup", "%s: %s", part, sqlite3_errmsg(to));
    if (err == ERR_OK)
        err = copy_pages(from, to, part, watch, e);
    if (sqlite3_close(to) != SQLITE_OK && err == ERR_OK)
        err = err_set(e, ERR_IO, "backup", "%s cannot be closed", part);
    return err == ERR_LIMIT ? full(e, part, bytes) : err;
}

/* What was copied is on the disk. */
static enum err sync_file(const char *path, struct errinfo *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int rc = fd < 0 ? -1 : fsync(fd), why = errno;
    if (fd >= 0)
        close(fd);
    return rc == 0 ? ERR_OK : err_set(e, ERR_IO, "backup", "%s: %s", path, strerror(why));
}

static enum err copy(struct db *from, const char *path, const struct store_watch *watch,
                     struct errinfo *e)
{
    char part[PATH_SIZE];
    if ((size_t)snprintf(part, sizeof part, "%s.part", path) >= sizeof part)
        return err_set(e, ERR_INVALID, "backup", "the path is too long");
    if (unlink(part) != 0 && errno != ENOENT)
        return err_set(e, ERR_IO, "backup", "%s: %s", part, strerror(errno));
    int fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return err_set(e, errno == ENOSPC ? ERR_LIMIT : ERR_IO, "backup", "%s: %s", part,
                       strerror(errno));
    close(fd);
    enum err err = sqlite_script(from, "BEGIN", e);
    if (err == ERR_OK)
        err = copy_snapshot(from, part, watch, e);
    if (sqlite_in_transaction(from) && sqlite_script(from, "COMMIT", NULL) != ERR_OK &&
        err == ERR_OK)
        err = err_set(e, ERR_IO, "backup", "the snapshot does not end");
    if (err == ERR_OK)
        err = sync_file(part, e);
    if (err == ERR_OK && rename(part, path) != 0)
        err = err_set(e, ERR_IO, "backup", "%s: %s", path, strerror(errno));
    if (err != ERR_OK) {
        unlink(part);
        return err;
    }
    /* the name of the finished file must survive a crash as well */
    if (!file_sync_folder_of(path))
        return err_set(e, ERR_IO, "backup", "%s: %s", path, strerror(errno));
    return ERR_OK;
}

enum err sqlite_backup(struct store *s, const char *path, const struct store_watch *watch,
                       struct errinfo *e)
{
    struct db *from = NULL;
    if (access(path, F_OK) == 0)
        return err_set(e, ERR_CONFLICT, "backup", "%s exists already; name a new file", path);
    TRY(sqlite_connect(&from, s, SQLITE_READER, e));
    enum err err = copy(from, path, watch, e);
    sqlite_disconnect(from);
    return err;
}

/* The way back to the program that was here before. */
enum err sqlite_keep(struct db *db, int64_t version, struct errinfo *e)
{
    char path[PATH_SIZE];
    struct errinfo why = {0};
    if ((size_t)snprintf(path, sizeof path, "%s.before-upgrade", db->store->sqlite->path) >=
        sizeof path)
        return err_set(e, ERR_INVALID, "store", "the path is too long");
    enum err err = copy(db, path, NULL, &why);
    if (err != ERR_OK)
        return err_set(e, err, "store",
                       "nothing was upgraded, since no copy of version %lld could be kept: %.200s",
                       (long long)version, why.what);
    log_info("store", "version %lld is kept as %s", (long long)version, path);
    return ERR_OK;
}

/* --- a look into a file --- */

static enum err check(struct db *db, struct errinfo *e)
{
    int64_t orphans;
    sqlite3_stmt *q = NULL;
    const char *path = db->store->name;
    enum err err = ERR_OK;
    int rc = sqlite3_prepare_v2(sqlite_of(db)->handle, "PRAGMA quick_check(1)", -1, &q, NULL);
    if (rc == SQLITE_OK && (rc = sqlite3_step(q)) == SQLITE_ROW) {
        const char *said = (const char *)sqlite3_column_text(q, 0);
        if (!said || strcmp(said, "ok") != 0)
            err = err_set(e, ERR_IO, "store", "%s is damaged: %s", path, said ? said : "unknown");
    } else {
        err = err_set(e, ERR_IO, "store", "%s: %s", path, sqlite3_errmsg(sqlite_of(db)->handle));
    }
    sqlite3_finalize(q);
    if (err == ERR_OK)
        err = number(db, "SELECT count(*) FROM pragma_foreign_key_check", &orphans, e);
    if (err == ERR_OK && orphans)
        err = err_set(e, ERR_IO, "store", "%s has %lld rows that point nowhere", path,
                      (long long)orphans);
    return err;
}

enum err sqlite_check(struct store *s, struct errinfo *e)
{
    struct db *db;
    TRY(sqlite_connect(&db, s, SQLITE_READER, e));
    enum err err = check(db, e);
    sqlite_disconnect(db);
    return err;
}

/* Rows of a query, each handed on. */
static enum err each_row(struct db *db, const char *sql, void (*row)(sqlite3_stmt *q, void *ctx),
                         void *ctx, struct errinfo *e)
{
    sqlite3_stmt *q = NULL;
    int rc = sqlite3_prepare_v2(sqlite_of(db)->handle, sql, -1, &q, NULL);
    while (rc == SQLITE_OK || rc == SQLITE_ROW)
        if ((rc = sqlite3_step(q)) == SQLITE_ROW)
            row(q, ctx);
    sqlite3_finalize(q);
    if (rc == SQLITE_DONE)
        return ERR_OK;
    return err_set(e, sqlite_error(rc), "store", "%s: %s", db->store->name,
                   sqlite3_errmsg(sqlite_of(db)->handle));
}

static void take_table(sqlite3_stmt *q, void *ctx)
{
    struct vec *tables = ctx;
    struct store_table *t = vec_push(tables);
    t->name = arena_strz(tables->arena, (const char *)sqlite3_column_text(q, 0));
}

struct version {
    struct arena *arena;
    struct store_summary *out;
};

static void take_version(sqlite3_stmt *q, void *ctx)
{
    struct version *v = ctx;
    v->out->version = sqlite3_column_int(q, 0);
    v->out->version_name = arena_strz(v->arena, (const char *)sqlite3_column_text(q, 1));
}

static enum err count_rows(struct db *db, struct store_table *t, struct errinfo *e)
{
    char *sql = sqlite3_mprintf("SELECT count(*) FROM \"%w\"", t->name.p);
    enum err err = sql ? number(db, sql, &t->rows, e) : ERR_IO;
    sqlite3_free(sql);
    return err;
}

static enum err summarize(struct db *db, struct arena *a, struct store_summary *out,
                          struct errinfo *e)
{
    int64_t ours;
    struct vec tables;
    *out = (struct store_summary){0};
    TRY(number(db, "SELECT count(*) FROM sqlite_schema WHERE name = 'migration'", &ours, e));
    if (!ours)
        return err_set(e, ERR_INVALID, "store", "%s is a database of another program",
                       db->store->name);
    TRY(each_row(db, "SELECT number, name FROM migration ORDER BY number DESC LIMIT 1",
                 take_version, &(struct version){a, out}, e));
    vec_init(&tables, a, sizeof(struct store_table));
    TRY(each_row(db,
                 "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
                 " AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name LIMIT 1000",
                 take_table, &tables, e));
    out->tables = tables.p;
    out->table_count = tables.n;
    for (size_t i = 0; i < tables.n; i++)
        TRY(count_rows(db, &out->tables[i], e));
    return ERR_OK;
}

/* A file that nobody has open: its schema is not trusted to run functions. */
struct file {
    struct store store;
    struct sqlite_store sqlite;
};

/* SQLite asks now and then whether to go on. */
static int give_up(void *p)
{
    const struct store_watch *watch = p;
    return !watch->told(watch->ctx, 0, 0);
}

static enum err open_file(struct db **out, struct file *f, const char *path,
                          const struct store_watch *watch, struct errinfo *e)
{
    f->sqlite = (struct sqlite_store){.path = (char *)(uintptr_t)path, .lock_fd = -1};
    f->store = (struct store){.driver = &sqlite_driver,
                              .name = f->sqlite.path,
                              .clock = clock_system,
                              .sqlite = &f->sqlite};
    if (access(path, R_OK) != 0)
        return err_set(e, ERR_NOT_FOUND, "store", "%s: %s", path, strerror(errno));
    TRY(sqlite_connect(out, &f->store, SQLITE_READER, e));
    enum err err = sqlite_script(*out, "PRAGMA trusted_schema = OFF", e);
    if (watch)
        sqlite3_progress_handler(sqlite_of(*out)->handle, ASK_EVERY, give_up,
                                 (void *)(uintptr_t)watch);
    if (err != ERR_OK)
        sqlite_disconnect(*out);
    return err;
}

enum err store_summarize(const char *path, const struct store_watch *watch, struct arena *a,
                         struct store_summary *out, struct errinfo *e)
{
    struct file f;
    struct db *db;
    TRY(open_file(&db, &f, path, watch, e));
    enum err err = summarize(db, a, out, e);
    sqlite_disconnect(db);
    return err;
}

enum err store_check_file(const char *path, const struct store_watch *watch, struct errinfo *e)
{
    struct file f;
    struct db *db;
    TRY(open_file(&db, &f, path, watch, e));
    enum err err = check(db, e);
    sqlite_disconnect(db);
    return err;
}
