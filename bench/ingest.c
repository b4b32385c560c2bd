/* ingest.c - posts by API in batches of 100, one client that waits for each answer: each post is
 * judged, routed, in the index of the search and on the disk (synchronous=FULL) when the answer
 * comes. Against a bare loop on SQLite that puts the very same rows into the same tables with the
 * same indexes in the same batches, in turns in one run. bench_ingest ZURUF SOURCE [FOLDER] FOLDER:
 * where the files go; a disk, not a RAM file system, or fsync costs nothing. Exit 1 when a goal is
 * missed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/clock.h"
#include "house.h"
#include "schema.h"

enum { ROUNDS = 3, BATCHES = 100, BATCH = 100, WARM = 5, COLUMNS = 64 };

/* --- the bare loop: rows as the server stored them, held in memory --- */

/* Rows of one table in the order of their posts. upto: the statement that says to which post a row
 * belongs. */
static const struct copied {
    const char *name, *read, *write;
} tables[] = {
    {"author",
     "SELECT (SELECT min(p.id) FROM post p WHERE p.author = a.id), a.* FROM author a ORDER BY 1",
     NULL},
    {"post", "SELECT id, * FROM post ORDER BY id", NULL},
    {"post_terms", "SELECT post, * FROM post_terms ORDER BY post", NULL},
    {"post_search", "SELECT post, post, terms FROM post_terms ORDER BY post",
     "INSERT INTO post_search(rowid, terms) VALUES (?,?)"},
    {"case", "SELECT thread, * FROM \"case\" ORDER BY thread", NULL},
};
enum { TABLES = sizeof tables / sizeof *tables };

struct row {
    int64_t post;
    sqlite3_value *values[COLUMNS];
};
struct rows {
    struct row *list;
    size_t n, next;
    int columns;
    sqlite3_stmt *insert;
};

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *s;
    if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) != SQLITE_OK)
        fail(sqlite3_errmsg(db));
    return s;
}

static void run(sqlite3 *db, const char *sql)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail(sqlite3_errmsg(db));
}

static void load(sqlite3 *db, const char *sql, struct rows *r)
{
    sqlite3_stmt *s = prepare(db, sql);
    size_t room = 0;
    *r = (struct rows){.columns = sqlite3_column_count(s) - 1};
    while (sqlite3_step(s) == SQLITE_ROW) {
        if (r->n == room &&
            !(r->list = realloc(r->list, (room = room ? 2 * room : 1024) * sizeof *r->list)))
            fail("out of memory");
        struct row *row = &r->list[r->n++];
        row->post = sqlite3_column_int64(s, 0);
        for (int i = 0; i < r->columns; i++)
            row->values[i] = sqlite3_value_dup(sqlite3_column_value(s, i + 1));
    }
    sqlite3_finalize(s);
}

static void insert(struct rows *r)
{
    struct row *row = &r->list[r->next++];
    for (int i = 0; i < r->columns; i++)
        sqlite3_bind_value(r->insert, i + 1, row->values[i]);
    if (sqlite3_step(r->insert) != SQLITE_DONE)
        fail(sqlite3_errmsg(sqlite3_db_handle(r->insert)));
    sqlite3_reset(r->insert);
}

static void free_rows(struct rows *r)
{
    for (size_t i = 0; i < r->n; i++)
        for (int k = 0; k < r->columns; k++)
            sqlite3_value_free(r->list[i].values[k]);
    free(r->list);
    sqlite3_finalize(r->insert);
}

static void prepare_insert(sqlite3 *db, struct rows *r, const struct copied *t)
{
    char sql[600];
    int n = snprintf(sql, sizeof sql, "INSERT INTO \"%s\" VALUES (", t->name);
    for (int i = 0; i < r->columns; i++)
        n += snprintf(sql + n, sizeof sql - (size_t)n, i ? ",?" : "?");
    snprintf(sql + n, sizeof sql - (size_t)n, ")");
    r->insert = prepare(db, t->write ? t->write : sql);
}

/* Seconds for the posts from first on, in batches of BATCH. */
static double bare_loop(struct rows *all, sqlite3 *db, size_t first)
{
    int64_t start = 0;
    for (size_t at = 0; at < all[1].n; at += BATCH) {
        if (at == first)
            start = clock_mono();
        run(db, "BEGIN IMMEDIATE");
        for (size_t i = at; i < at + BATCH && i < all[1].n; i++)
            for (int t = 0; t < TABLES; t++)
                while (all[t].next < all[t].n &&
                       all[t].list[all[t].next].post <= all[1].list[i].post)
                    insert(&all[t]);
        run(db, "COMMIT");
    }
    return (double)(clock_mono() - start) / 1000;
}

static double bare(const struct house *h)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    struct rows all[TABLES];
    char path[400];
    sqlite3 *from, *to;
    snprintf(path, sizeof path, "%s/zuruf.db", h->dir);
    if (sqlite3_open(path, &from) != SQLITE_OK)
        fail(path);
    for (int t = 0; t < TABLES; t++)
        load(from, tables[t].read, &all[t]);
    sqlite3_close(from);
    snprintf(path, sizeof path, "%s/bare.db", h->dir);
    if (sqlite3_open(path, &to) != SQLITE_OK)
        fail(path);
    run(to, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -8192; "
            "PRAGMA temp_store = MEMORY");
    for (size_t i = 0; i < schema_count; i++)
        run(to, schema_table[i].sql);
    for (int t = 0; t < TABLES; t++)
        prepare_insert(to, &all[t], &tables[t]);
    double seconds = bare_loop(all, to, WARM * BATCH);
    for (int t = 0; t < TABLES; t++)
        free_rows(&all[t]);
    sqlite3_close(to);
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/bare.db%s", h->dir, ends[i]);
        unlink(path);
    }
    return seconds;
}

/* --- the server --- */

struct sum {
    double posts, api_seconds, bare_seconds, cpu_seconds;
    size_t cases;
};

static void round_of(const char *zuruf, const char *folder, const struct texts *t, struct sum *s)
{
    struct house h;
    struct buf scratch;
    buf_init(&scratch, REQUEST_MAX);
    house_make(&h, folder, NULL);
    house_serve(&h, zuruf);
    int fd = house_connect(&h);
    int64_t start = 0;
    double cpu = 0;
    for (int i = 0; i < WARM + BATCHES; i++) {
        if (i == WARM) {
            start = clock_mono();
            cpu = house_cpu(&h);
        }
        s->cases += house_post(&h, fd, t, (int64_t)i * BATCH, BATCH, &scratch);
    }
    s->api_seconds += (double)(clock_mono() - start) / 1000;
    s->cpu_seconds += house_cpu(&h) - cpu;
    s->posts += BATCHES * BATCH;
    close(fd);
    house_stop(&h);
    s->bare_seconds += bare(&h);
    house_remove(&h);
    buf_deinit(&scratch);
}

int main(int argc, char **argv)
{
    struct texts t;
    struct sum s = {0};
    if (argc < 3) {
        fprintf(stderr, "usage: bench_ingest ZURUF SOURCE [FOLDER]\n");
        return 2;
    }
    texts_read(&t, argv[2]);
    for (int i = 0; i < ROUNDS; i++)
        round_of(argv[1], argc > 3 ? argv[3] : "/tmp", &t, &s);
    printf("%d rounds of %d posts of at most %d bytes in batches of %d, one client; %.0f %% became "
           "a case\n",
           ROUNDS, BATCHES * BATCH, TWEET_MAX, BATCH,
           100.0 * (double)s.cases / (double)(ROUNDS * (WARM + BATCHES) * BATCH));
    bool good = report("ingest by API / bare SQLite loop", s.posts / s.api_seconds,
                       s.posts / s.bare_seconds, "posts/s", 0.40, false);
    good =
        report("CPU of an ingested post", s.cpu_seconds * 1e6, s.posts, "us / posts", 150, true) &&
        good;
    texts_free(&t);
    return good ? 0 : 1;
}
