/* pg.c - the engine PostgreSQL: opening, closing, and the rows of its driver. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/rand.h"
#include "store/pg_int.h"

/* Of advisory locks: nodes that start together migrate one after the other. */
#define MIGRATING "8245921703"

static struct sql_statement moment = {
    .name = "moment", .pg = "SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint"};
static struct sql_statement damage = {
    .name = "check",
    .pg = "SELECT (SELECT count(*) FROM pg_index WHERE NOT (indisvalid AND indisready))"
          " + (SELECT count(*) FROM pg_constraint WHERE NOT convalidated)"
          " + (SELECT coalesce(checksum_failures, 0) FROM pg_stat_database"
          "    WHERE datname = current_database())"};

/* The URL as messages show it: without password and options. */
static char *shown(const char *url)
{
    char *text = NULL, *why = NULL;
    const char *host = "", *port = "", *user = "", *database = "";
    PQconninfoOption *list = PQconninfoParse(url, &why);
    for (PQconninfoOption *o = list; o && o->keyword; o++) {
        const char *v = o->val ? o->val : "";
        if (strcmp(o->keyword, "host") == 0)
            host = v;
        else if (strcmp(o->keyword, "port") == 0)
            port = v;
        else if (strcmp(o->keyword, "user") == 0)
            user = v;
        else if (strcmp(o->keyword, "dbname") == 0)
            database = v;
    }
    int n = asprintf(&text, "postgresql://%s%s%s%s%s/%s", user, user[0] ? "@" : "", host,
                     port[0] ? ":" : "", port, database);
    PQconninfoFree(list);
    PQfreemem(why);
    if (n < 0)
        log_fatal("store", "out of memory");
    return text;
}

static enum err migrate(struct pg_conn *c, const struct store_options *o, struct errinfo *e)
{
    struct pg_db db = {
        .db = {.driver = &pg_driver, .store = c->pool->store}, .mode = PG_OWN, .conn = c};
    const int64_t limit = CLOCK_HOUR;
    /* a migration may take its time */
    enum err err = pg_script_on(
        c, "SET statement_timeout = 0; SELECT pg_advisory_lock(" MIGRATING ")", limit, e);
    if (err == ERR_OK)
        err = store_migrate(&db.db, o, e);
    pg_db_deinit(&db);
    return err;
}

static enum err open_engine(struct store *s, const struct store_options *o, struct errinfo *e)
{
    struct pg_store *p = memory_zeroed(1, sizeof *p);
    pthread_condattr_t monotonic;
    if (!(p->url = strdup(o->url)))
        memory_end(strlen(o->url));
    s->name = shown(o->url);
    s->pg = p;
    p->store = s;
    p->max = PG_CONNECTIONS;
    p->sender = (int64_t)(rand_u64() >> 1);
    p->wake[0] = p->wake[1] = -1;
    pthread_mutex_init(&p->lock, NULL);
    pthread_mutex_init(&p->ids_lock, NULL);
    pthread_mutex_init(&p->notice_lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&p->given, &monotonic);
    pthread_cond_init(&p->wanted, &monotonic);
    pthread_condattr_destroy(&monotonic);

    struct pg_conn *c;
    TRY(pg_connect(&c, p, false, e));
    enum err err = migrate(c, o, e);
    pg_disconnect(c); /* gives the lock back */
    TRY(err);
    TRY(listener_start(p, e));
    return pool_start(p);
}

static void stop_engine(struct store *s)
{
    listener_stop(s->pg);
}

static void close_engine(struct store *s)
{
    struct pg_store *p = s->pg;
    listener_stop(p);
    pool_stop(p);
    pthread_cond_destroy(&p->given);
    pthread_cond_destroy(&p->wanted);
    pthread_mutex_destroy(&p->lock);
    pthread_mutex_destroy(&p->ids_lock);
    pthread_mutex_destroy(&p->notice_lock);
    free(p->url);
    free(p);
}

static enum err reader_open(struct db **out, struct store *s, struct errinfo *e)
{
    struct pg_db *db = memory_zeroed(1, sizeof *db);
    (void)e;
    *db = (struct pg_db){.db = {.driver = &pg_driver, .store = s}, .mode = PG_EACH};
    *out = &db->db;
    return ERR_OK;
}

static void reader_close(struct db *db)
{
    pg_db_deinit(pg_of(db));
    free(db);
}

static enum err now(struct db *db, int64_t *out)
{
    return sql_number(db, &moment, out, NULL);
}

static enum err writable(const struct store *s, struct errinfo *e)
{
    enum err err = ERR_OK;
    pthread_mutex_lock(&s->pg->lock);
    if (s->pg->away_since)
        err = err_set(e, ERR_BUSY, "store", "the database is away: %s", s->pg->why);
    pthread_mutex_unlock(&s->pg->lock);
    return err;
}

static enum err backup(struct store *s, const char *path, const struct store_watch *watch,
                       struct errinfo *e)
{
    (void)path;
    (void)watch;
    return err_set(e, ERR_INVALID, "backup",
                   "%s is PostgreSQL: name it with --db, it is copied by pg_dump", s->name);
}

static enum err check(struct store *s, struct errinfo *e)
{
    struct db *db = NULL;
    int64_t n;
    TRY(reader_open(&db, s, e));
    enum err err = sql_number(db, &damage, &n, e);
    if (err == ERR_OK && n)
        err = err_set(e, ERR_IO, "store",
                      "%s has %lld broken indexes, unchecked constraints or damaged pages", s->name,
                      (long long)n);
    reader_close(db);
    return err;
}

static enum err script(struct db *db, const char *sql, struct errinfo *e)
{
    return pg_script_on(pg_of(db)->conn, sql, CLOCK_HOUR, e);
}

static bool in_transaction(const struct db *db)
{
    PGTransactionStatusType t = PQtransactionStatus(((const struct pg_db *)db)->conn->pq);
    return t == PQTRANS_INTRANS || t == PQTRANS_INERROR;
}

const struct store_driver pg_driver = {
    .engine = STORE_POSTGRESQL,
    .open = open_engine,
    .stop = stop_engine,
    .close = close_engine,
    .reader_open = reader_open,
    .db_close = reader_close,
    .begin = pg_begin_snapshot,
    .end = pg_end_snapshot,
    .now = now,
    .write = pg_write,
    .writable = writable,
    .backup = backup,
    .check = check,
    .sql_prepare = pg_prepare,
    .bind_i64 = pg_bind_i64,
    .bind_real = pg_bind_real,
    .bind_text = pg_bind_text,
    .bind_blob = pg_bind_text,
    .bind_null = pg_bind_null,
    .sql_next = pg_next,
    .i64 = pg_i64,
    .real = pg_real,
    .text = pg_bytes,
    .blob = pg_bytes,
    .sql_exec = pg_exec,
    .sql_row = pg_row,
    .sql_rows_end = pg_rows_end,
    .sql_end = pg_end,
    .script = script,
    .in_transaction = in_transaction,
};

const char *store_url(const struct store *s)
{
    return s->driver == &pg_driver ? s->pg->url : NULL;
}
