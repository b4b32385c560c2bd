/* store_int.h - what the files of this folder share: the SQLite driver behind store.h. */
#ifndef STORE_STORE_INT_H
#define STORE_STORE_INT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include <sqlite3.h>

#include "base/bell.h"
#include "store/lease.h"
#include "store/store.h"

struct arena;
struct queue;
struct writer;

struct db {
    sqlite3 *handle;
    struct store *store;
    sqlite3_stmt **cache; /* by sql_statement.id */
    size_t cache_size;
    bool writes;     /* the writer's */
    int depth;       /* open db_begin */
    char what[256];  /* last failure of a statement, for the errinfo of a write */
    struct db *next; /* of the store's readers */
};

/* Ids: see id.c. */
struct id_state {
    pthread_mutex_t lock;
    int64_t live; /* last number given to a present moment: milliseconds and count */
    int64_t past; /* how many were given to past moments */
    int64_t live_mark,
        past_mark; /* saved: no later start gives a number below; writer thread only */
};

/* The node slot: see node.c. */
struct node_state {
    _Atomic int64_t run;        /* 0: no slot */
    _Atomic int64_t held_until; /* of clock_mono */
    _Atomic int64_t since;      /* likewise: when the run began */
    struct lease lease;         /* keeper thread only */
    pthread_t keeper;
    bool keeps; /* the thread runs */
    atomic_bool stopping;
    struct bell bell;
};

struct store {
    char *path;
    struct node_state slot;
    int lock_fd;
    struct clock clock;
    int node;
    void (*notice)(void *ctx, const struct notice *n);
    void *notice_ctx;
    struct writer *writer;
    struct id_state id;
    pthread_key_t reader_key; /* this thread's struct db */
    pthread_mutex_t readers_lock;
    struct db *readers;
};

/* db.c */
enum db_kind { DB_READER, DB_WRITER };
/* A connection with the house's settings. */
enum err db_open(struct db **out, struct store *s, enum db_kind kind, struct errinfo *e) MUST_CHECK;
void db_close(struct db *db);
/* Runs fixed text of this folder; the failure's words go to e. */
enum err db_run(struct db *db, const char *sql, struct errinfo *e) MUST_CHECK;
/* First column of the first row, 0 without a row. */
enum err db_number(struct db *db, const char *sql, int64_t *out, struct errinfo *e) MUST_CHECK;
enum err db_error(int rc);
bool db_in_transaction(const struct db *db);

/* migrate.c */
enum err store_migrate(struct db *db, const struct store_options *o, struct errinfo *e) MUST_CHECK;

/* writer.c */
enum err writer_start(struct store *s, struct db *db, size_t queue_max) MUST_CHECK;
/* Finishes what is queued and ends the thread. */
void writer_stop(struct store *s);
/* Closes its connection. */
void writer_free(struct store *s);

/* node.c */
/* Takes a node slot, writes it to s->node, and keeps it until node_stop. The store can write. */
enum err node_start(struct store *s, struct errinfo *e) MUST_CHECK;
void node_stop(struct store *s);

/* id.c */
enum err id_start(struct store *s, struct db *db, struct errinfo *e) MUST_CHECK;
/* Inside the transaction that is about to be committed: moves the marks above all numbers given so
 * far. */
enum err id_save(struct store *s, struct db *db, struct errinfo *e) MUST_CHECK;
/* That transaction was rolled back: the next one must save again. */
void id_unsaved(struct store *s);
/* The store closes: gives the reserve back, so that the next start does not run ahead of the clock.
 */
void id_save_exact(struct store *s, struct db *db);
void id_stop(struct store *s);

#endif
