/* migrate.c - brings a database to the version of this program. Each migration runs in one
 * transaction together with its mark in the table migration, so that a crash leaves it done or not
 * begun. */
#include <stdio.h>

#include "base/log.h"
#include "store/store_int.h"
#include "store_schema.h"

static enum err refuse_strangers(struct db *db, struct errinfo *e)
{
    int64_t tables, ours;
    TRY(db_number(db, "SELECT count(*) FROM sqlite_schema", &tables, e));
    TRY(db_number(db, "SELECT count(*) FROM sqlite_schema WHERE name = 'migration'", &ours, e));
    if (tables && !ours)
        return err_set(e, ERR_INVALID, "store", "%s is a database of another program",
                       db->store->path);
    return ERR_OK;
}

/* Steps to the mark of migration number, if any; leaves its name in *name. */
static enum err recorded_name(struct db *db, int number, char *name, size_t size, struct errinfo *e)
{
    sqlite3_stmt *q;
    name[0] = 0;
    int rc = sqlite3_prepare_v2(db->handle, "SELECT name FROM migration WHERE number = ?1", -1, &q,
                                NULL);
    if (rc == SQLITE_OK) {
        sqlite3_bind_int(q, 1, number);
        rc = sqlite3_step(q);
        if (rc == SQLITE_ROW)
            snprintf(name, size, "%s", (const char *)sqlite3_column_text(q, 0));
    }
    sqlite3_finalize(q);
    if (db_error(rc) != ERR_OK)
        return err_set(e, db_error(rc), "store", "migration %d: %s", number,
                       sqlite3_errmsg(db->handle));
    return ERR_OK;
}

static enum err record(struct db *db, const struct migration *m, int64_t now, struct errinfo *e)
{
    sqlite3_stmt *q;
    int rc = sqlite3_prepare_v2(
        db->handle, "INSERT INTO migration(number, name, applied_at) VALUES(?1, ?2, ?3)", -1, &q,
        NULL);
    if (rc == SQLITE_OK) {
        sqlite3_bind_int(q, 1, m->number);
        sqlite3_bind_text(q, 2, m->name, -1, SQLITE_STATIC);
        sqlite3_bind_int64(q, 3, now);
        rc = sqlite3_step(q);
    }
    sqlite3_finalize(q);
    if (rc != SQLITE_DONE)
        return err_set(e, db_error(rc), "store", "migration %d: %s", m->number,
                       sqlite3_errmsg(db->handle));
    return ERR_OK;
}

static enum err run_migration(struct db *db, const struct migration *m, int64_t now,
                              struct errinfo *e)
{
    int64_t orphans;
    TRY(db_run(db, "BEGIN IMMEDIATE", e));
    int rc = sqlite3_exec(db->handle, m->sql, NULL, NULL, NULL);
    if (rc != SQLITE_OK)
        return err_set(e, db_error(rc), m->name,
                       "migration %d (%s) failed: %s; nothing of it was kept", m->number, m->name,
                       sqlite3_errmsg(db->handle));
    if (!db_in_transaction(db))
        return err_set(e, ERR_BUG, m->name, "migration %d (%s) ends its transaction", m->number,
                       m->name);
    TRY(db_number(db, "SELECT count(*) FROM pragma_foreign_key_check", &orphans, e));
    if (orphans)
        return err_set(e, ERR_BUG, m->name, "migration %d (%s) leaves %lld rows that point nowhere",
                       m->number, m->name, (long long)orphans);
    TRY(record(db, m, now, e));
    return db_run(db, "COMMIT", e);
}

static enum err run_missing(struct db *db, const struct store_options *o, struct errinfo *e)
{
    for (size_t i = 0; i < o->migration_count; i++) {
        const struct migration *m = &o->migrations[i];
        char name[128];
        TRY(recorded_name(db, m->number, name, sizeof name, e));
        if (name[0] && !str_eq_z(str_z(name), m->name))
            return err_set(e, ERR_INVALID, "store",
                           "migration %d is '%s' in %s, but '%s' in this program", m->number, name,
                           o->path, m->name);
        if (name[0])
            continue;
        enum err err = run_migration(db, m, clock_now(&db->store->clock), e);
        if (err != ERR_OK) {
            if (db_in_transaction(db) && db_run(db, "ROLLBACK", NULL) != ERR_OK)
                log_error("store", "rollback of migration %d failed", m->number);
            return err;
        }
        log_info("store", "migration %d (%s) applied", m->number, m->name);
    }
    return ERR_OK;
}

enum err store_migrate(struct db *db, const struct store_options *o, struct errinfo *e)
{
    int64_t version;
    int known = o->migration_count ? o->migrations[o->migration_count - 1].number : 0;
    TRY(refuse_strangers(db, e));
    TRY(db_run(db, store_schema_table[0].sql, e));
    TRY(db_number(db, "SELECT max(number) FROM migration", &version, e));
    if (version > known)
        return err_set(
            e, ERR_INVALID, "store",
            "%s has version %lld, this program knows %d: use a newer program or restore a backup",
            o->path, (long long)version, known);
    if (version == known)
        return ERR_OK;
    /* a migration may rebuild a table that others point to; it is checked before its commit instead
     */
    TRY(db_run(db, "PRAGMA foreign_keys = OFF", e));
    TRY(run_missing(db, o, e));
    return db_run(db, "PRAGMA foreign_keys = ON", e);
}
