/* bench/store.c - rows a second through store_write with 1, 4 and 16 callers, against the same rows
 * in a bare loop on SQLite: one commit each, and 1,000 in a commit. Prints one line of TSV each:
 * what, rows, seconds, rows a second.
 *   store [FOLDER]   the files go there; a disk, not a RAM file system, or fsync costs nothing */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/clock.h"
#include "base/threads.h"
#include "note_sql.h"
#include "schema.h"

enum { SECONDS = 2, CALLERS_MAX = 16 };
static const char body[] =
    "a post of ordinary length, as people write it when the parcel is late again";

struct caller {
    pthread_t thread;
    struct store *store;
    int64_t until, rows;
};

static enum err add(struct tx *tx, void *arg, struct errinfo *e)
{
    (void)e;
    struct note_sql_add_in in = {.id = *(int64_t *)arg, .brand = 1, .body = str_z(body)};
    return note_sql_add(tx, &in, NULL);
}

static void *call(void *p)
{
    struct caller *c = p;
    while (clock_mono() < c->until) {
        int64_t id = store_id(c->store, 0);
        struct errinfo e;
        if (store_write(c->store, add, &id, &e) != ERR_OK) {
            fprintf(stderr, "%s\n", e.what);
            exit(1);
        }
        c->rows++;
    }
    return NULL;
}

static void report(const char *what, int n, int64_t rows, int64_t ms)
{
    printf("%s %d\t%lld\t%.2f\t%.0f\n", what, n, (long long)rows, (double)ms / 1000,
           (double)rows * 1000 / (double)ms);
    fflush(stdout);
}

static void through_store(const char *path, int callers)
{
    struct store_options o = {
        .path = path, .migrations = schema_table, .migration_count = schema_count};
    struct store *store;
    struct errinfo e;
    if (store_open(&store, &o, &e) != ERR_OK) {
        fprintf(stderr, "%s\n", e.what);
        exit(1);
    }
    struct caller list[CALLERS_MAX];
    int64_t start = clock_mono(), rows = 0;
    for (int i = 0; i < callers; i++) {
        list[i] = (struct caller){.store = store, .until = start + SECONDS * CLOCK_SECOND};
        if (thread_start(&list[i].thread, "caller", call, &list[i]) != ERR_OK)
            exit(1);
    }
    for (int i = 0; i < callers; i++) {
        pthread_join(list[i].thread, NULL);
        rows += list[i].rows;
    }
    report("store, callers", callers, rows, clock_mono() - start);
    store_close(store);
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
    report("bare loop, rows a commit", rows_per_commit, rows, clock_mono() - start);
    sqlite3_finalize(insert);
    sqlite3_close(db);
}

int main(int argc, char **argv)
{
    char dir[256], path[300];
    snprintf(dir, sizeof dir, "%s/zuruf-bench-XXXXXX", argc > 1 ? argv[1] : "/tmp");
    if (!mkdtemp(dir)) {
        perror(dir);
        return 1;
    }
    static const char *const ends[] = {"", "-wal", "-shm", ".lock"};
    static const int runs[] = {-1, -1000, 1, 4, 16};
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
        snprintf(path, sizeof path, "%s/db", dir);
        if (runs[i] < 0)
            bare(path, -runs[i]);
        else
            through_store(path, runs[i]);
        for (size_t k = 0; k < sizeof ends / sizeof *ends; k++) {
            snprintf(path, sizeof path, "%s/db%s", dir, ends[k]);
            unlink(path);
        }
    }
    rmdir(dir);
    return 0;
}
