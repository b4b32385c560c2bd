/* bench/store.c - rows a second through store_write with 1, 4 and 16 callers, against the same rows
 * in a bare loop: one commit each, and 1,000 in a commit. On SQLite and, when ZURUF_TEST_PG names a
 * server (tests/with-pg --fsync), on PostgreSQL in the same run. Jobs: a row; a row and a notice; a
 * row and one counter that all jobs raise. Prints one line of TSV each: engine, what, number, rows,
 * seconds, rows a second.
 *   store [FOLDER]   the files go there; a disk, not a RAM file system, or fsync costs nothing */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <libpq-fe.h>
#include <sqlite3.h>

#include "base/clock.h"
#include "base/threads.h"
#include "note_sql.h"
#include "schema.h"

enum { SECONDS = 2, CALLERS_MAX = 16 };
static const char body[] =
    "a post of ordinary length, as people write it when the parcel is late again";

enum kind { ROW, NOTICE, COUNTER, KINDS };
static const char *const kinds[KINDS] = {"a row", "a row and a notice", "a row and a counter"};

struct caller {
    pthread_t thread;
    struct store *store;
    enum kind kind;
    int64_t until, rows;
};

struct job {
    enum kind kind;
    int64_t id;
};

static void fail(const char *what)
{
    fprintf(stderr, "store: %s\n", what);
    exit(1);
}

static enum err add(struct tx *tx, void *arg, struct errinfo *e)
{
    (void)e;
    const struct job *j = arg;
    struct note_sql_bump_row row;
    if (j->kind == COUNTER)
        TRY(note_sql_bump(tx, tx_arena(tx), &(struct note_sql_bump_in){STR("hot")}, &row));
    if (j->kind == NOTICE)
        tx_notify(tx, (struct notice){TOPIC_POST, 1, j->id, 0});
    struct note_sql_add_in in = {.id = j->id, .brand = 1, .body = str_z(body)};
    return note_sql_add(tx, &in, NULL);
}

static void *call(void *p)
{
    struct caller *c = p;
    while (clock_mono() < c->until) {
        struct job j = {c->kind, store_id(c->store, 0)};
        struct errinfo e;
        if (store_write(c->store, add, &j, &e) != ERR_OK)
            fail(e.what);
        c->rows++;
    }
    return NULL;
}

static void report(const char *engine, const char *what, int n, int64_t rows, int64_t ms)
{
    printf("%s\t%s\t%d\t%lld\t%.2f\t%.0f\n", engine, what, n, (long long)rows, (double)ms / 1000,
           (double)rows * 1000 / (double)ms);
    fflush(stdout);
}

static void ignore(void *ctx, const struct notice *n)
{
    (void)ctx;
    (void)n;
}

static void through_store(const char *path, const char *url, enum kind kind, int callers)
{
    struct store_options o = {.path = path,
                              .url = url,
                              .migrations = schema_table,
                              .migration_count = schema_count,
                              .notice = ignore};
    struct store *store;
    struct errinfo e;
    if (store_open(&store, &o, &e) != ERR_OK)
        fail(e.what);
    struct caller list[CALLERS_MAX];
    int64_t start = clock_mono(), rows = 0;
    for (int i = 0; i < callers; i++) {
        list[i] =
            (struct caller){.store = store, .kind = kind, .until = start + SECONDS * CLOCK_SECOND};
        if (thread_start(&list[i].thread, "caller", call, &list[i]) != ERR_OK)
            exit(1);
    }
    for (int i = 0; i < callers; i++) {
        pthread_join(list[i].thread, NULL);
        rows += list[i].rows;
    }
    report(url ? "postgresql" : "sqlite", kinds[kind], callers, rows, clock_mono() - start);
    store_close(store);
}

static void pg(PGconn *c, const char *sql)
{
    PGresult *r = PQexec(c, sql);
    if (PQresultStatus(r) != PGRES_COMMAND_OK && PQresultStatus(r) != PGRES_TUPLES_OK)
        fail(PQerrorMessage(c));
    PQclear(r);
}

/* Back to an empty database. */
static PGconn *fresh_pg(const char *url)
{
    PGconn *c = PQconnectdb(url);
    if (PQstatus(c) != CONNECTION_OK)
        fail(PQerrorMessage(c));
    pg(c, "SET client_min_messages = error; DROP SCHEMA public CASCADE; CREATE SCHEMA public");
    return c;
}

static void bare_pg(const char *url, int rows_per_commit)
{
    PGconn *c = fresh_pg(url);
    pg(c, schema_table[0].pg);
    PQclear(PQprepare(c, "add", "INSERT INTO note(id, brand, body) VALUES ($1::bigint, 1, $2)", 2,
                      NULL));
    int64_t start = clock_mono(), rows = 0;
    while (clock_mono() - start < SECONDS * CLOCK_SECOND) {
        pg(c, "BEGIN");
        for (int i = 0; i < rows_per_commit; i++) {
            char id[24];
            snprintf(id, sizeof id, "%lld", (long long)++rows);
            const char *values[] = {id, body};
            PGresult *r = PQexecPrepared(c, "add", 2, values, NULL, NULL, 0);
            if (PQresultStatus(r) != PGRES_COMMAND_OK)
                fail(PQerrorMessage(c));
            PQclear(r);
        }
        pg(c, "COMMIT");
    }
    report("postgresql", "bare loop, rows a commit", rows_per_commit, rows, clock_mono() - start);
    PQfinish(c);
}

static void bare(const char *path, int rows_per_commit)
{
    sqlite3 *db;
    sqlite3_stmt *insert;
    if (sqlite3_open(path, &db) != SQLITE_OK ||
        sqlite3_exec(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL", 0, 0, 0) != 0 ||
        sqlite3_exec(db, schema_table[0].sql, 0, 0, 0) != SQLITE_OK ||
        sqlite3_prepare_v2(db, "INSERT INTO note(id, brand, body) VALUES (?1, 1, ?2)", -1, &insert,
                           NULL) != SQLITE_OK) {
        fprintf(stderr, "%s\n", sqlite3_errmsg(db));
        exit(1);
    }
    int64_t start = clock_mono(), rows = 0;
    while (clock_mono() - start < SECONDS * CLOCK_SECOND) {
        sqlite3_exec(db, "BEGIN IMMEDIATE", 0, 0, 0);
        for (int i = 0; i < rows_per_commit; i++) {
            sqlite3_bind_int64(insert, 1, ++rows);
            sqlite3_bind_text(insert, 2, body, -1, SQLITE_STATIC);
            sqlite3_step(insert);
            sqlite3_reset(insert);
        }
        if (sqlite3_exec(db, "COMMIT", 0, 0, 0) != SQLITE_OK)
            exit(1);
    }
    report("sqlite", "bare loop, rows a commit", rows_per_commit, rows, clock_mono() - start);
    sqlite3_finalize(insert);
    sqlite3_close(db);
}

static void remove_files(const char *path)
{
    static const char *const ends[] = {"", "-wal", "-shm", ".lock"};
    char name[310];
    for (size_t k = 0; k < sizeof ends / sizeof *ends; k++) {
        snprintf(name, sizeof name, "%s%s", path, ends[k]);
        unlink(name);
    }
}

int main(int argc, char **argv)
{
    static const int bare_runs[] = {1, 1000}, callers[] = {1, 4, CALLERS_MAX};
    const char *url = getenv("ZURUF_TEST_PG");
    char dir[256], path[300];
    snprintf(dir, sizeof dir, "%s/zuruf-bench-XXXXXX", argc > 1 ? argv[1] : "/tmp");
    if (!mkdtemp(dir))
        fail("no folder");
    snprintf(path, sizeof path, "%s/db", dir);
    for (size_t i = 0; i < sizeof bare_runs / sizeof *bare_runs; i++) {
        bare(path, bare_runs[i]);
        remove_files(path);
        if (url)
            bare_pg(url, bare_runs[i]);
    }
    for (enum kind kind = 0; kind < KINDS; kind++)
        for (size_t i = 0; i < sizeof callers / sizeof *callers; i++) {
            through_store(path, NULL, kind, callers[i]);
            remove_files(path);
            if (!url)
                continue;
            PQfinish(fresh_pg(url));
            through_store(NULL, url, kind, callers[i]);
        }
    rmdir(dir);
    return 0;
}
