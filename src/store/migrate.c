/* migrate.c - brings a database to the version of this program. Each migration runs in one
 * transaction together with its mark in the table migration, so that a crash leaves it done or not
 * begun. */
#include <stdio.h>

#include "base/log.h"
#include "store/store_int.h"
#include "store_schema.h"

/* Tables of extensions do not count. */
#define PG_TABLES                                                                                  \
    "SELECT count(*) FROM pg_class c WHERE relkind IN ('r', 'p')"                                  \
    " AND relnamespace = current_schema()::regnamespace AND NOT EXISTS ("                          \
    "  SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid"       \
    "  AND d.deptype = 'e')"
static struct sql_statement count_tables = {
    .name = "tables", .types = "", .sql = "SELECT count(*) FROM sqlite_schema", .pg = PG_TABLES};
static struct sql_statement count_ours = {
    .name = "tables",
    .types = "",
    .sql = "SELECT count(*) FROM sqlite_schema WHERE name = 'id_mark'",
    .pg = PG_TABLES " AND relname = 'id_mark'"};
static struct sql_statement latest = {.name = "version",
                                      .types = "",
                                      .sql = "SELECT max(number) FROM migration",
                                      .pg = "SELECT max(number) FROM migration"};
static struct sql_statement name_of = {.name = "name of a migration",
                                       .types = "i",
                                       .sql = "SELECT name FROM migration WHERE number = ?1",
                                       .pg = "SELECT name FROM migration WHERE number = $1"};
static struct sql_statement mark = {
    .name = "mark of a migration",
    .writes = true,
    .types = "iti",
    .sql = "INSERT INTO migration(number, name, applied_at) VALUES (?1, ?2, ?3)",
    .pg = "INSERT INTO migration(number, name, applied_at) VALUES ($1, $2, $3)"};
static struct sql_statement unfinished = {.name = "unfinished",
                                          .types = "",
                                          .sql = "SELECT count(*) FROM unfinished",
                                          .pg = "SELECT count(*) FROM unfinished"};
/* SQLite counts them; PostgreSQL fails at the first. */
static struct sql_statement orphans = {.name = "rows that point nowhere",
                                       .types = "",
                                       .sql = "SELECT count(*) FROM pragma_foreign_key_check",
                                       .pg = "SET CONSTRAINTS ALL IMMEDIATE"};

static enum err refuse_strangers(struct db *db, struct errinfo *e)
{
    int64_t tables, ours;
    TRY(sql_number(db, &count_tables, &tables, e));
    TRY(sql_number(db, &count_ours, &ours, e));
    if (tables && !ours)
        return err_set(e, ERR_INVALID, "store", "%s is a database of another program",
                       db->store->name);
    return ERR_OK;
}

static const char *text_of(const struct db *db, const struct migration *m)
{
    const char *text = db->driver->engine == STORE_POSTGRESQL ? m->pg : m->sql;
    if (!text)
        log_fatal("store", "migration %d (%s) has no text for this engine", m->number, m->name);
    return text;
}

/* The name under which a migration was recorded; empty when it was not. */
static enum err recorded_name(struct db *db, int number, char *name, size_t size, struct errinfo *e)
{
    struct sql_run q;
    name[0] = 0;
    enum err err = sql_begin(&q, db, &name_of);
    if (err == ERR_OK) {
        sql_bind_i64(&q, 1, number);
        if (sql_next(&q))
            snprintf(name, size, "%.*s", STR_FMT(db->driver->text(&q, 0)));
        err = sql_end(&q, ERR_OK);
    }
    return err == ERR_OK ? ERR_OK : err_set(e, err, "store", "migration %d: %s", number, db->what);
}

static enum err record(struct db *db, const struct migration *m, int64_t now, struct errinfo *e)
{
    struct sql_run q;
    int64_t changed;
    enum err err = sql_begin(&q, db, &mark);
    if (err == ERR_OK) {
        sql_bind_i64(&q, 1, m->number);
        sql_bind_text(&q, 2, str_z(m->name));
        sql_bind_i64(&q, 3, now);
        err = sql_exec(&q, &changed);
    }
    return err == ERR_OK ? ERR_OK
                         : err_set(e, err, "store", "migration %d: %s", m->number, db->what);
}

static enum err no_orphans(struct db *db, const struct migration *m, struct errinfo *e)
{
    int64_t n;
    enum err err = sql_number(db, &orphans, &n, e);
    if (err == ERR_OK && !n)
        return ERR_OK;
    if (err != ERR_OK && err != ERR_CONFLICT)
        return err;
    return err_set(e, ERR_BUG, m->name, "migration %d (%s) leaves rows that point nowhere",
                   m->number, m->name);
}

static enum err run_migration(struct db *db, const struct migration *m, int64_t now,
                              struct errinfo *e)
{
    const struct store_driver *d = db->driver;
    struct errinfo why = {0};
    TRY(d->script(db, d->engine == STORE_SQLITE ? "BEGIN IMMEDIATE" : "BEGIN", e));
    enum err err = d->script(db, text_of(db, m), &why);
    if (err != ERR_OK)
        return err_set(e, err, m->name, "migration %d (%s) failed: %.200s; nothing of it was kept",
                       m->number, m->name, why.what);
    if (!d->in_transaction(db))
        return err_set(e, ERR_BUG, m->name, "migration %d (%s) ends its transaction", m->number,
                       m->name);
    TRY(no_orphans(db, m, e));
    TRY(record(db, m, now, e));
    return d->script(db, "COMMIT", e);
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
                           db->store->name, m->name);
        if (name[0])
            continue;
        enum err err = run_migration(db, m, clock_now(&db->store->clock), e);
        if (err != ERR_OK) {
            if (db->driver->in_transaction(db) &&
                db->driver->script(db, "ROLLBACK", NULL) != ERR_OK)
                log_error("store", "rollback of migration %d failed", m->number);
            return err;
        }
        log_info("store", "migration %d (%s) applied", m->number, m->name);
    }
    return ERR_OK;
}

enum err store_migrate(struct db *db, const struct store_options *o, struct errinfo *e)
{
    int64_t version, halves;
    int known = o->migration_count ? o->migrations[o->migration_count - 1].number : 0;
    TRY(refuse_strangers(db, e));
    TRY(db->driver->script(db, text_of(db, &store_schema_table[0]), e));
    TRY(sql_number(db, &unfinished, &halves, e));
    if (halves)
        return err_set(
            e, ERR_CONFLICT, "store",
            "a copy into %s did not finish: remove this database and run zuruf copy again",
            db->store->name);
    TRY(sql_number(db, &latest, &version, e));
    if (version > known)
        return err_set(
            e, ERR_INVALID, "store",
            "%s has version %lld, this program knows %d: use a newer program or restore a backup",
            db->store->name, (long long)version, known);
    if (o->as_it_is && !version)
        return err_set(e, ERR_NOT_FOUND, "store", "%s holds nothing yet", db->store->name);
    if (version == known || o->as_it_is)
        return ERR_OK;
    if (version && db->driver->keep)
        TRY(db->driver->keep(db, version, e));
    return run_missing(db, o, e);
}

enum err store_version(struct db *db, int64_t *version, struct errinfo *e)
{
    return sql_number(db, &latest, version, e);
}
