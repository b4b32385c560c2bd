/* pg_int.h - what the files of the PostgreSQL engine share. The only ones that know libpq.
 *
 * Connections belong to a pool (pg_pool.c) and are always in libpq's pipeline mode: what is sent is
 * noted in a list of things due, and pg_collect reads the answers of all of them at once. A reader
 * has a connection for the time of one statement or one snapshot, a write for its transaction. */
#ifndef STORE_PG_INT_H
#define STORE_PG_INT_H

#include <libpq-fe.h>

#include "base/buf.h"
#include "store/store_int.h"

enum {
    PG_CONNECTIONS = 16,  /* of one store; one more listens */
    PG_DUE_MAX = 64,      /* sent and not yet answered */
    PG_AWAY_MS = 1800,    /* a caller waits this long for a connection, then ERR_BUSY */
    PG_CONNECT_MS = 3000, /* an attempt to connect */
    PG_ANSWER_MS = 17000, /* a statement; the server itself ends it after 15 s (pg_conn.c) */
    PG_SILENCE_MS = 400,  /* without an answer: the listener asks whether anybody is there; */
    PG_PING_MS = 1300,    /* and when it gets none, all who wait give up */
};

struct pg_failure {
    enum err err; /* ERR_OK: none */
    char state[6];
    char name[64]; /* of the statement */
    char what[200];
    bool lost; /* the connection is of no use any more */
};

/* A server from one recovery to the next, in which it gives no number of a transaction twice. After
 * a crash it gives those again that were not on its disk yet, and so does a standby that takes over
 * with those that had not reached it. */
struct pg_life {
    int64_t timeline; /* another one for each standby that took over */
    int64_t began;    /* microseconds: when its statistics began, which a recovery throws away */
};

enum pg_due_kind { DUE_PREPARE, DUE_STATEMENT, DUE_XID, DUE_SYNC };

struct pg_due {
    enum pg_due_kind kind;
    unsigned id;      /* of the statement */
    const char *name; /* likewise */
};

struct pg_conn {
    struct pg_store *pool;
    PGconn *pq;
    struct pg_conn *next; /* of the idle ones */
    bool *prepared;       /* by sql_statement_id */
    size_t prepared_size;
    struct pg_due due[PG_DUE_MAX + 12];
    size_t due_count;
    bool listens; /* the listener's */
    struct pg_failure failure;
    int64_t xid;         /* of the write transaction, once it is known */
    struct pg_life life; /* of the server; a crash or its end ends the connection as well */
};

/* What a statement is run with. */
struct pg_call {
    struct sql_statement *statement;
    int n, cap;
    const char **values;
    int *lengths, *formats;
    uint64_t *numbers;  /* in the order of the network */
    struct buf *arrays; /* of a statement of many rows */
    int rows;           /* in them */
    PGresult *result;
    int row;
};

enum pg_mode {
    PG_EACH,     /* a connection of the pool for each statement */
    PG_SNAPSHOT, /* of db_begin */
    PG_WRITE,    /* inside store_write */
    PG_OWN       /* the given connection, a statement at a time */
};

struct pg_db {
    struct db db;
    enum pg_mode mode;
    struct pg_conn *conn;      /* NULL: none taken */
    int depth;                 /* of db_begin */
    bool begun;                /* the snapshot's BEGIN was sent */
    struct pg_failure failure; /* of the transaction or snapshot: what follows fails likewise */
    struct pg_call call;
};

struct pg_store {
    struct store *store;
    char *url;
    int max;
    pthread_mutex_t lock;
    pthread_cond_t given, wanted;
    struct pg_conn *idle;
    int count, waiting; /* connections that there are; callers without one */
    atomic_bool stopping;
    bool keeper_runs, listener_runs;
    int64_t away_since; /* of clock_mono; 0: the database answers */
    char why[200];      /* it does not */
    pthread_t keeper, listener;
    struct pg_conn *listening; /* until its thread has it */
    int64_t sender;            /* of notifications; told by this store itself already */
    struct buf outgoing;       /* notices as text, for the listener to send; under lock */
    atomic_uint dialled;       /* attempts to connect */
    int wake[2];               /* a pipe to the listener */
    pthread_mutex_t ids_lock, notice_lock;
};

static inline struct pg_db *pg_of(struct db *db)
{
    return (struct pg_db *)db;
}

/* pg_conn.c: one connection. */
enum err pg_connect(struct pg_conn **out, struct pg_store *p, bool listens,
                    struct errinfo *e) MUST_CHECK;
void pg_disconnect(struct pg_conn *c);
/* Sends a statement, and its preparation before it where this connection has not seen it. Nothing
 * is read; a failure waits in c->failure. */
void pg_send(struct pg_conn *c, const struct pg_call *call, enum pg_due_kind kind);
/* Of a letter of a statement's types. */
Oid pg_type(char letter);
/* A fixed statement without parameters. */
void pg_send_fixed(struct pg_conn *c, struct sql_statement *s, enum pg_due_kind kind);
void pg_sync(struct pg_conn *c);
/* Reads the answers to all that is due, up to a sync: the server then knows that it waits for us,
 * and ends a transaction of a client that has stopped. The result of the last statement, for the
 * caller to clear; NULL when anything failed: c->failure says what, also of an earlier call. */
PGresult *pg_collect(struct pg_conn *c, int64_t limit_ms);
/* After a sync was answered: forgets the failure. */
void pg_recovered(struct pg_conn *c);
/* A script of any number of statements outside of the pipeline. */
enum err pg_script_on(struct pg_conn *c, const char *sql, int64_t limit_ms, struct errinfo *e);
/* Waits until the connection has something to read, or until the moment of clock_mono; false: the
 * time is over or nobody is there any more. */
bool pg_wait(struct pg_conn *c, int64_t until);
enum err pg_error(const char *state);

/* pg_pool.c: the connections of a store. */
enum err pool_start(struct pg_store *p) MUST_CHECK;
void pool_stop(struct pg_store *p);
/* A connection, until the moment of clock_mono at the latest; else ERR_BUSY. */
enum err pool_take(struct pg_store *p, int64_t until, struct pg_conn **out,
                   struct errinfo *e) MUST_CHECK;
/* Gives it back; one that is lost is closed. */
void pool_give(struct pg_conn *c);
/* The database was found away, or there again. */
void pool_away(struct pg_store *p, const char *why);
void pool_back(struct pg_store *p);
/* The database was found away since that moment. */
bool pool_gave_up(struct pg_store *p, int64_t since);

/* pg_sql.c: rows of the driver. */
enum err pg_prepare(struct sql_run *r, struct sql_statement *s);
void pg_bind_i64(struct sql_run *r, int at, int64_t v);
void pg_bind_real(struct sql_run *r, int at, double v);
void pg_bind_text(struct sql_run *r, int at, struct str v);
void pg_bind_null(struct sql_run *r, int at);
bool pg_next(struct sql_run *r);
int64_t pg_i64(struct sql_run *r, int at);
double pg_real(struct sql_run *r, int at);
struct str pg_bytes(struct sql_run *r, int at);
void pg_exec(struct sql_run *r, int64_t *changed);
void pg_row(struct sql_run *r);
void pg_rows_end(struct sql_run *r);
void pg_end(struct sql_run *r);
void pg_db_deinit(struct pg_db *db);
enum err pg_begin_snapshot(struct db *db);
void pg_end_snapshot(struct db *db);

/* pg_write.c */
enum err pg_write(struct store *s, store_write_fn fn, void *arg, int64_t key, bool ids,
                  struct errinfo *e);

/* pg_listen.c */
/* Listens when it returns. */
enum err listener_start(struct pg_store *p, struct errinfo *e) MUST_CHECK;
void listener_stop(struct pg_store *p);
/* Asks it to find out whether anybody is there. */
void listener_ask(struct pg_store *p);
/* What a transaction tells the other nodes: the part that commits with it, sent on its connection;
 * and the rest, after its commit. */
void listener_send_strict(struct pg_conn *c, struct tx *tx);
void listener_tell(struct pg_store *p, const struct tx *tx);

#endif
