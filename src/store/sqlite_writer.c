/* sqlite_writer.c - the one thread that writes. It takes what has arrived, runs each job in a
 * savepoint of one transaction, commits once, tells the notices, answers the callers, and only then
 * looks after the write-ahead log. */
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/queue.h"
#include "base/threads.h"
#include "store/sqlite_int.h"

enum {
    GROUP_MAX = 1000, /* jobs, or changed rows, in one commit */
    WAL_PAGES = 1000, /* checkpoint from here */
    PAST_RESERVE = 4096,
};
#define LIVE_RESERVE (4 * ID_LIVE_SECOND)

struct job {
    store_write_fn fn;
    void *arg;
    struct errinfo *e;
    struct errinfo own; /* when the caller wants none */
    enum err err;
    sem_t answered;
};

enum disk {
    DISK_WELL,
    DISK_FULL,  /* the last commit found no room; the next one tries again */
    DISK_BROKEN /* an fsync failed: nothing is acknowledged any more */
};

struct writer {
    struct store *store;
    struct db *db;
    sqlite3 *handle; /* of db */
    struct queue *jobs;
    pthread_t thread;
    struct tx tx;
    struct job *group[GROUP_MAX];
    size_t group_count;
    int wal_pages;
    atomic_int disk; /* enum disk */
};

static void job_failed(struct job *j, enum err err, const char *what)
{
    if (j->e->code == ERR_OK)
        err_set(j->e, err, "store", "%s", what[0] ? what : "the write failed");
    j->err = err;
}

static enum err run_statement(struct db *db, struct sql_statement *s)
{
    struct sql_run run;
    TRY(sql_begin(&run, db, s));
    return sql_exec(&run, NULL);
}

static struct sql_statement savepoint = {.name = "savepoint", .sql = "SAVEPOINT job"};
static struct sql_statement rollback_to = {.name = "rollback to", .sql = "ROLLBACK TO job"};
static struct sql_statement release = {.name = "release", .sql = "RELEASE job"};

/* Runs one job in its savepoint. False when the whole transaction is lost. */
static bool run_job(struct writer *w, struct job *j)
{
    struct tx *tx = &w->tx;
    size_t told = tx->notices.n;
    *j->e = (struct errinfo){0};
    w->db->what[0] = 0;
    w->db->spoiled = ERR_OK;
    j->err = ERR_OK;
    if (run_statement(w->db, &savepoint) != ERR_OK)
        return false;
    enum err err = j->fn(tx, j->arg, j->e);
    if (err == ERR_OK)
        err = w->db->spoiled; /* as on PostgreSQL, where the transaction could not go on */
    if (err != ERR_OK)
        job_failed(j, err, w->db->what);
    /* SQLite itself rolls back everything after some failures of disk or memory, whatever fn made
     * of them */
    if (!sqlite_in_transaction(w->db))
        return false;
    if (err != ERR_OK) {
        tx->notices.n = told;
        if (run_statement(w->db, &rollback_to) != ERR_OK)
            return false;
    }
    return run_statement(w->db, &release) == ERR_OK;
}

/* told: notices that stay, since what they tell was committed before. */
static void roll_back(struct writer *w, size_t told)
{
    w->tx.notices.n = told;
    id_unsaved(w->store);
    if (sqlite_in_transaction(w->db) && sqlite_script(w->db, "ROLLBACK", NULL) != ERR_OK)
        log_error("store", "rollback failed: %s", sqlite3_errmsg(w->handle));
}

/* What a failure says of the disk. After a failed fsync the kernel may count pages as clean that
 * never reached it, so trying again proves nothing: the next start writes them anew (sqlite.c).
 * Other failures leave the log as it was before, and the next commit may go well. */
static void look_at_disk(struct writer *w)
{
    int rc = sqlite3_extended_errcode(w->handle);
    if (w->disk == DISK_BROKEN)
        return;
    if (rc == SQLITE_IOERR_FSYNC || rc == SQLITE_IOERR_DIR_FSYNC) {
        w->disk = DISK_BROKEN;
        log_error("store", "the disk failed to keep data (fsync); nothing is accepted until the "
                           "next start");
    } else if ((rc & 0xff) == SQLITE_FULL && w->disk == DISK_WELL) {
        w->disk = DISK_FULL;
        log_error("store", "the disk is full; nothing is accepted until there is room");
    }
}

static void went_well(struct writer *w)
{
    if (w->disk == DISK_FULL)
        log_info("store", "the disk has room again");
    w->disk = DISK_WELL;
}

static enum err commit(struct writer *w, size_t told, struct errinfo *e)
{
    enum err err = ERR_OK;
    if (!id_covered(w->store, 0, 0))
        err = id_save(w->store, w->db, LIVE_RESERVE, PAST_RESERVE, e);
    if (err == ERR_OK)
        err = sqlite_script(w->db, "COMMIT", e);
    if (err == ERR_OK) {
        went_well(w);
        return ERR_OK;
    }
    look_at_disk(w);
    roll_back(w, told);
    return err;
}

enum err writer_state(const struct store *s, struct errinfo *e)
{
    switch ((enum disk)atomic_load(&s->sqlite->writer->disk)) {
    case DISK_FULL:
        return err_set(e, ERR_LIMIT, "store",
                       "the disk is full: nothing can be saved until there is room");
    case DISK_BROKEN:
        return err_set(e, ERR_IO, "store",
                       "the disk failed to keep data: see that it is sound, then restart");
    case DISK_WELL:
    default:
        return ERR_OK;
    }
}

static enum err begin(struct writer *w, struct errinfo *e)
{
    if (w->disk == DISK_BROKEN)
        return writer_state(w->store, e);
    return sqlite_script(w->db, "BEGIN IMMEDIATE", e);
}

/* The transaction is lost or was not committed: all that seemed to go well has failed. */
static void group_failed(struct writer *w, const char *what)
{
    for (size_t i = 0; i < w->group_count; i++)
        if (w->group[i]->err == ERR_OK)
            job_failed(w->group[i], ERR_IO, what);
}

static enum err run_alone(struct writer *w, struct job *j, struct errinfo *e)
{
    size_t told = w->tx.notices.n;
    TRY(begin(w, e));
    if (run_job(w, j))
        return commit(w, told, e);
    look_at_disk(w);
    roll_back(w, told);
    return err_set(e, ERR_IO, "store", "the transaction was lost: %.200s", w->db->what);
}

/* A deferred foreign key can fail the commit of all for the fault of one: each again in a
 * transaction of its own. */
static void run_each_alone(struct writer *w)
{
    for (size_t i = 0; i < w->group_count; i++) {
        struct job *j = w->group[i];
        struct errinfo e = {0};
        enum err err = run_alone(w, j, &e);
        if (err != ERR_OK && j->err == ERR_OK)
            job_failed(j, err, e.what);
    }
}

/* What arrived meanwhile, as long as the group is not full. */
static struct job *next_job(struct writer *w, int64_t rows_before)
{
    bool full = w->group_count == GROUP_MAX ||
                sqlite3_total_changes64(w->handle) - rows_before >= GROUP_MAX;
    return full ? NULL : queue_pop(w->jobs, 0);
}

static void run_group(struct writer *w, struct job *first)
{
    struct errinfo e = {0};
    int64_t rows = sqlite3_total_changes64(w->handle);
    w->group_count = 0;
    enum err err = begin(w, &e);
    if (err != ERR_OK) {
        w->group[w->group_count++] = first;
        job_failed(first, err, e.what);
        return;
    }
    for (struct job *j = first; j; j = next_job(w, rows)) {
        w->group[w->group_count++] = j;
        if (run_job(w, j))
            continue;
        look_at_disk(w);
        snprintf(e.what, sizeof e.what, "the transaction was lost: %.200s", w->db->what);
        log_error("store", "%s", e.what);
        roll_back(w, 0);
        group_failed(w, e.what);
        return;
    }
    err = commit(w, 0, &e);
    if (err == ERR_CONFLICT)
        run_each_alone(w);
    else if (err != ERR_OK)
        group_failed(w, e.what);
}

static void tell(struct writer *w)
{
    const struct store *s = w->store;
    tx_settle_notices(&w->tx);
    for (size_t i = 0; i < w->tx.notices.n && s->notice; i++)
        s->notice(s->notice_ctx, vec_at(&w->tx.notices, i));
}

static void answer(struct writer *w)
{
    for (size_t i = 0; i < w->group_count; i++)
        sem_post(&w->group[i]->answered);
    tx_clear(&w->tx);
}

static int wal_grew(void *p, sqlite3 *handle, const char *name, int pages)
{
    (void)handle;
    (void)name;
    ((struct writer *)p)->wal_pages = pages;
    return SQLITE_OK;
}

/* Copies the log into the file; readers are not disturbed, what they still need stays for the next
 * time. */
static void checkpoint(struct writer *w)
{
    if (w->wal_pages < WAL_PAGES || w->disk == DISK_BROKEN)
        return;
    w->wal_pages = 0;
    int rc = sqlite3_wal_checkpoint_v2(w->handle, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    if (rc != SQLITE_OK && (rc & 0xff) != SQLITE_BUSY)
        log_error("store", "checkpoint failed: %s", sqlite3_errmsg(w->handle));
    if (rc != SQLITE_OK)
        look_at_disk(w);
}

static void *write_on(void *p)
{
    struct writer *w = p;
    struct job *j;
    while ((j = queue_pop(w->jobs, -1))) {
        run_group(w, j);
        tell(w);
        answer(w);
        checkpoint(w);
    }
    return NULL;
}

enum err writer_start(struct store *s, struct db *db, size_t queue_max)
{
    struct writer *w = memory_zeroed(1, sizeof *w);
    w->store = s;
    w->db = db;
    w->jobs = queue_new(queue_max ? queue_max : STORE_QUEUE_MAX);
    w->handle = sqlite_of(db)->handle;
    tx_init(&w->tx, db);
    sqlite3_wal_hook(w->handle, wal_grew, w);
    s->sqlite->writer = w;
    enum err err = thread_start(&w->thread, "store", write_on, w);
    if (err != ERR_OK) {
        queue_free(w->jobs);
        free(w);
        s->sqlite->writer = NULL;
    }
    return err;
}

void writer_stop(struct store *s)
{
    queue_close(s->sqlite->writer->jobs);
    pthread_join(s->sqlite->writer->thread, NULL);
}

void writer_free(struct store *s)
{
    struct writer *w = s->sqlite->writer;
    struct errinfo e;
    /* gives the reserve back, so that the next start does not run ahead of the clock */
    if (w->disk == DISK_WELL && id_save(s, w->db, 0, 0, &e) != ERR_OK)
        log_warn("store", "the next start skips some ids: %s", e.what);
    sqlite_disconnect(w->db);
    tx_deinit(&w->tx);
    queue_free(w->jobs);
    free(w);
    s->sqlite->writer = NULL;
}

enum err writer_run(struct store *s, store_write_fn fn, void *arg, int64_t key, bool ids,
                    struct errinfo *e)
{
    (void)key; /* there is one writer */
    (void)ids; /* each commit looks after them */
    struct job j = {.fn = fn, .arg = arg};
    j.e = e ? e : &j.own;
    *j.e = (struct errinfo){0};
    if (pthread_equal(pthread_self(), s->sqlite->writer->thread))
        log_fatal("store", "a write function starts another write");
    sem_init(&j.answered, 0, 0);
    enum err err = queue_push(s->sqlite->writer->jobs, &j);
    if (err != ERR_OK) {
        sem_destroy(&j.answered);
        return err_set(e, ERR_BUSY, "store", "too many writes are waiting; try again");
    }
    while (sem_wait(&j.answered) != 0)
        ;
    sem_destroy(&j.answered);
    return j.err;
}
