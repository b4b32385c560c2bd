/* store_int.h - what both engines of this folder share. An engine is one const struct store_driver;
 * store.c, sql.c, id.c and migrate.c stand on it and know no engine. Engines keep what is theirs in
 * sqlite_int.h and pg_int.h. */
#ifndef STORE_STORE_INT_H
#define STORE_STORE_INT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/bell.h"
#include "base/vec.h"
#include "store/lease.h"
#include "store/sql.h"
#include "store/store.h"

/* First member of each engine's connection. */
struct db {
    const struct store_driver *driver;
    struct store *store;
    char what[256];   /* last failure of a statement, for the errinfo of a write */
    enum err spoiled; /* first failure of a statement in this write */
    struct db *next;  /* of the store's readers */
};

struct tx {
    struct db *db;
    struct arena arena;
    struct vec notices; /* struct notice */
};

/* Ids: see id.c. */
struct id_marks {
    int64_t node, run; /* run 0: no slot yet */
    int64_t live, past;
};

struct id_state {
    pthread_mutex_t lock;
    int64_t live;          /* last number given to a present moment: milliseconds and count */
    int64_t past;          /* how many were given to past moments */
    struct id_marks saved; /* no later start gives a number below */
};

/* The node slot: see node.c. */
struct node_state {
    _Atomic int64_t run;        /* 0: no slot */
    _Atomic int64_t held_until; /* of clock_mono */
    _Atomic int64_t since;      /* likewise: when the run began */
    struct lease lease;         /* these two: keeper thread only */
    int number;
    pthread_t keeper;
    bool keeps; /* the thread runs */
    atomic_bool stopping;
    struct bell bell;
};

struct store {
    const struct store_driver *driver;
    char *name; /* for messages: the path, or the URL without its password */
    struct node_state slot;
    struct clock clock;
    void (*notice)(void *ctx, const struct notice *n);
    void *notice_ctx;
    struct id_state id;
    pthread_key_t reader_key; /* this thread's struct db */
    pthread_mutex_t readers_lock;
    struct db *readers;
    atomic_int writing;
    atomic_ullong failed;
    struct histogram took;
    struct sqlite_store *sqlite; /* one of them */
    struct pg_store *pg;
};

struct store_driver {
    enum store_engine engine;
    /* Fills s->name and s->sqlite or s->pg, migrates, and starts threads. After a failure close is
     * called. */
    enum err (*open)(struct store *s, const struct store_options *o, struct errinfo *e);
    /* No more writes, notices or threads after stop; then the readers are closed. close may find
     * things half open. */
    void (*stop)(struct store *s);
    void (*close)(struct store *s);

    enum err (*reader_open)(struct db **out, struct store *s, struct errinfo *e);
    void (*db_close)(struct db *db);
    enum err (*begin)(struct db *db);
    void (*end)(struct db *db);
    enum err (*now)(struct db *db, int64_t *now);
    /* ids: the transaction may carry ids, so their marks must be saved before its end. */
    enum err (*write)(struct store *s, store_write_fn fn, void *arg, int64_t key, bool ids,
                      struct errinfo *e);
    enum err (*writable)(const struct store *s, struct errinfo *e); /* as store_writable */
    enum err (*backup)(struct store *s, const char *path, const struct store_watch *watch,
                       struct errinfo *e);
    enum err (*check)(struct store *s, struct errinfo *e);

    /* Statements, as sql.h has them. prepare sets r->stmt. A failure goes to r->err and db->what;
     * after one nothing but sql_end is called. text and blob give bytes that live until the next
     * step, p NULL for SQL NULL. */
    enum err (*sql_prepare)(struct sql_run *r, struct sql_statement *s);
    void (*bind_i64)(struct sql_run *r, int at, int64_t v);
    void (*bind_real)(struct sql_run *r, int at, double v);
    void (*bind_text)(struct sql_run *r, int at, struct str v);
    void (*bind_blob)(struct sql_run *r, int at, struct str v);
    void (*bind_null)(struct sql_run *r, int at);
    bool (*sql_next)(struct sql_run *r);
    int64_t (*i64)(struct sql_run *r, int at);
    double (*real)(struct sql_run *r, int at);
    struct str (*text)(struct sql_run *r, int at);
    struct str (*blob)(struct sql_run *r, int at);
    void (*sql_exec)(struct sql_run *r, int64_t *changed); /* changed may be NULL */
    /* A row of many is bound; and it was the last. */
    void (*sql_row)(struct sql_run *r);
    void (*sql_rows_end)(struct sql_run *r);
    void (*sql_end)(struct sql_run *r);

    /* For migrations: runs a script of any number of statements, without parameters and rows. */
    enum err (*script)(struct db *db, const char *sql, struct errinfo *e);
    bool (*in_transaction)(const struct db *db);
    /* Keeps the database as it is beside it before it is migrated. NULL: the engine has no cheap
     * way. */
    enum err (*keep)(struct db *db, int64_t version, struct errinfo *e);
};

extern const struct store_driver sqlite_driver, pg_driver;

/* sql.c */
/* Place of a statement in each connection's cache, from 1. */
unsigned sql_statement_id(struct sql_statement *s);
/* Notes that the running statement failed; or that another one did, sent before it. */
void sql_failed(struct sql_run *r, enum err err, const char *name, const char *what);
/* A fixed statement without parameters: first column of its first row, 0 without a row; out may be
 * NULL. */
enum err sql_number(struct db *db, struct sql_statement *s, int64_t *out,
                    struct errinfo *e) MUST_CHECK;

/* tx.c: what transactions of both engines have. */
void tx_init(struct tx *tx, struct db *db);
/* Forgets notices and scratch memory. */
void tx_clear(struct tx *tx);
void tx_deinit(struct tx *tx);
/* Makes the notices different from one another, in the order of their first. */
void tx_settle_notices(struct tx *tx);

/* migrate.c */
enum err store_migrate(struct db *db, const struct store_options *o, struct errinfo *e) MUST_CHECK;

/* node.c */
/* Takes a node slot (SQLite: the given one), gives it to the ids, and keeps it until node_stop. The
 * store can write. */
enum err node_start(struct store *s, int slot, struct errinfo *e) MUST_CHECK;
void node_stop(struct store *s);

/* id.c */
/* What a run that takes a slot reads and writes about it, in the transaction that takes it. */
enum err id_claim(struct tx *tx, int node, int64_t run, struct id_marks *out) MUST_CHECK;
/* That transaction is durable: ids given from now on are of this node, and lie above all that were
 * given before, by whomever. */
void id_seat(struct store *s, const struct id_marks *m);
/* Ids given from now on lie above these marks as well, when they are of the same node. */
void id_raise(struct store *s, const struct id_marks *m);
/* All ids given so far, and this many more, lie below the saved marks; or none can have been. */
bool id_covered(struct store *s, int64_t live_more, int64_t past_more);
/* Saves marks this far above the ids given so far. ERR_CONFLICT: another run has claimed the slot.
 * Not by two threads at once. */
enum err id_save(struct store *s, struct db *db, int64_t live_more, int64_t past_more,
                 struct errinfo *e) MUST_CHECK;
/* The transaction of id_save was rolled back: the next one must save again. */
void id_unsaved(struct store *s);
#define ID_LIVE_SECOND (INT64_C(1000) << 11) /* in live_more: as many as a second has */

#endif
