/* store.h - connections, transactions, ids and notices. It knows no tables: statements lie in .sql
 * files beside their room and become typed functions at build time (tools/sqlc,
 * docs/architecture.md "add a statement").
 *
 * Writing (SQLite): one writer thread owns all writes. It never waits to fill a group: it runs what
 * has arrived, each job in a savepoint, commits once (WAL, synchronous=FULL), then answers every
 * caller. A job that fails is rolled back alone. After FULL, IOERR or NOMEM the autocommit flag is
 * checked: when the transaction is gone the whole group has failed. After a failed fsync nothing is
 * acknowledged any more (ERR_IO) until the store is opened anew, which copies the log into the file
 * before it takes new writes; any other failure of the disk fails its group only, since nothing of
 * it can have been kept.
 * Reading: each thread has its own connection, opened when first needed, closed when the thread
 * ends.
 *
 * PostgreSQL (15 or newer, any number of processes): a pool of connections, taken for a statement,
 * a snapshot or a write and given back. A write runs on the caller's thread in a serializable
 * transaction, again with jitter when the server found that it cannot stand beside another one, for
 * 10 s at most (ERR_BUSY). When the connection breaks at the commit, the server is asked what
 * became of it, for 10 s at most; only when nobody can tell it is ERR_UNCLEAR. While the database
 * is away everything fails with ERR_BUSY, within 2 s at first, then at once; connections come back
 * by themselves. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/histogram.h"
#include "base/str.h"
#include "domain/notice.h"

struct arena;
struct store;
struct db; /* a connection for reading */
struct tx; /* an open write transaction; valid inside its function only */

struct migration {
    int number; /* 1, 2, ...; never changed once released */
    const char *name;
    const char *sql; /* NUL-terminated script, run in one transaction together with its mark */
    const char *pg;  /* the same for PostgreSQL */
};

enum { STORE_QUEUE_MAX = 4096 };

enum store_engine { STORE_SQLITE, STORE_POSTGRESQL };

struct store_options {
    const char *path; /* of the SQLite file */
    const char *url;  /* "postgresql://user@host/database"; path is NULL then */
    const struct migration *migrations;
    size_t migration_count;
    const struct clock *clock; /* NULL: clock_system */
    int node; /* SQLite: 0..255, part of each id; PostgreSQL: leased (store/lease.h) */
    /* SQLite: waiting write jobs, more are refused with ERR_BUSY; 0: STORE_QUEUE_MAX. */
    size_t queue_max;
    /* Opens an older database as it is, to copy or to look at it: typed statements may not fit it.
     * ERR_NOT_FOUND when there is none. Else an older one is migrated, and before that a copy of it
     * is put beside it ("PATH.before-upgrade", the last one stays). */
    bool as_it_is;
    /* Called once per notice after its commit and before store_write returns, one at a time; must
     * be quick and write nothing. May be NULL. On PostgreSQL also for the notices of other
     * processes, and with TOPIC_ALL when some of those may have been lost. */
    void (*notice)(void *ctx, const struct notice *n);
    void *notice_ctx;
};

/* Opens, migrates and starts the writer. ERR_INVALID when the database is of a newer version (names
 * both) or no database; ERR_BUSY when another process holds it; ERR_IO. */
enum err store_open(struct store **out, const struct store_options *o,
                    struct errinfo *e) MUST_CHECK;
/* Finishes queued writes, checkpoints, closes. No reader may be in use. */
void store_close(struct store *s);
enum store_engine store_engine(const struct store *s);
/* The current run (store/lease.h): a random number above 0 that no other run has; 0 while this
 * process holds no node slot, then nothing may be claimed. */
int64_t store_run(const struct store *s);

/* This thread's reading connection. Where none can be had now, its statements fail (ERR_IO,
 * ERR_BUSY) until one can. */
struct db *store_reader(struct store *s) __attribute__((returns_nonnull));
/* One snapshot over several statements; end is needed in any case. Without them each statement sees
 * its own. */
enum err db_begin(struct db *db) MUST_CHECK;
void db_end(struct db *db);

/* The moment as the database has it: what leases and claims of several nodes are measured by.
 * SQLite: the store's clock. */
enum err store_now(struct db *db, int64_t *now) MUST_CHECK;

/* A write. It may run several times (PostgreSQL), so it touches nothing but its transaction and
 * arg's results, and must set those afresh on each run. Returning an error rolls it back. A failed
 * statement spoils the transaction: fn returns its error, and nothing of it is kept in any case.
 * The failure of a statement without rows, whose count is not asked for (changed NULL), may come
 * back from a later statement or from the end of the write instead. */
typedef enum err (*store_write_fn)(struct tx *tx, void *arg, struct errinfo *e);
/* Runs fn in a transaction and returns when it is durable (or failed). Not from inside a write or a
 * notice. */
enum err store_write(struct store *s, store_write_fn fn, void *arg, struct errinfo *e) MUST_CHECK;
/* The same for writes that all change one row, the counter of a brand say: those with the same key
 * (not 0), of all nodes, wait for one another before they begin, in place of failing and running
 * again. */
enum err store_write_keyed(struct store *s, int64_t key, store_write_fn fn, void *arg,
                           struct errinfo *e) MUST_CHECK;

/* Whether writes are acknowledged now. ERR_BUSY: the database is away (PostgreSQL). ERR_LIMIT: the
 * disk is full (it goes on by itself when there is room). ERR_IO: it failed to keep data (restart).
 * e says it in words for a person. */
enum err store_writable(const struct store *s, struct errinfo *e) MUST_CHECK;

/* Figures for /metrics. */
struct store_figures {
    int writing;                   /* callers of store_write that have no answer yet */
    int readers;                   /* connections for reading */
    uint64_t writes, failed;       /* answered; of them, with an error */
    struct histogram_figures took; /* from the call to the answer */
};
void store_figures(struct store *s, struct store_figures *out);

/* Reading inside the transaction. */
struct db *tx_db(struct tx *tx);
/* Scratch memory that lives until this job has been answered. */
struct arena *tx_arena(struct tx *tx);
/* Handed to the notice callback after the commit; a rolled-back job tells nothing. Equal notices
 * are sent once. */
void tx_notify(struct tx *tx, struct notice n);

/* A new id: 41 bits of milliseconds since 2000, 8 bits of node, 14 bits that count. Sortable by
 * time and unique, also after a restart, a crash or a step of the clock, however often the same
 * moment is asked for (id.c tells how). at: moment it shall carry; 0, the last second and what is
 * to come mean now. Present ids rise strictly; past ones are exact to a second for the first 8
 * million of a node, later to a minute. An id becomes safe against being given again by any later
 * commit, so it should be stored before it leaves the process. Never waits. Threads: any. */
int64_t store_id(struct store *s, int64_t at);
/* The moment an id carries; of a past one, the start of its second (minute). */
int64_t store_id_time(int64_t id);

/* A long act tells how far it is and asks whether to go on. Called from the acting thread, often;
 * returning false ends the act with ERR_BUSY. */
struct store_watch {
    bool (*told)(void *ctx, int64_t done, int64_t total);
    void *ctx;
};
/* No id that carries this moment or a later one lies below it (past ones: but for their exactness).
 */
int64_t store_id_first(int64_t at);

/* Online copy of the whole database into a new file (0600) as it is at the beginning of the copy;
 * reading and writing go on meanwhile. Durable and whole under its name, or not there.
 * ERR_CONFLICT: the file exists. ERR_LIMIT: the disk has no room. watch may be NULL. */
enum err store_backup(struct store *s, const char *path, const struct store_watch *watch,
                      struct errinfo *e) MUST_CHECK;

/* What a database holds: its version, and the rows of each table by name. */
struct store_table {
    struct str name;
    int64_t rows;
};
struct store_summary {
    int version; /* number of the last migration */
    struct str version_name;
    struct store_table *tables;
    size_t table_count;
};
/* Of a database file that no store holds, such as a copy. ERR_INVALID: not one of ours. watch,
 * which may be NULL, is told (0, 0) now and then. */
enum err store_summarize(const char *path, const struct store_watch *watch, struct arena *a,
                         struct store_summary *out, struct errinfo *e) MUST_CHECK;
/* Whether such a file is sound, as store_check. */
enum err store_check_file(const char *path, const struct store_watch *watch,
                          struct errinfo *e) MUST_CHECK;

/* PostgreSQL is copied by its own programs. This is what they need: a snapshot that stays as long
 * as the export is open, and how to connect; and what the database holds in that snapshot. No
 * tables: the database is empty. */
struct store_export {
    const char *const *environment; /* "PGHOST=...", NULL behind the last; the password is in it */
    struct str database;            /* its name */
    struct str snapshot;            /* for pg_dump --snapshot */
    int64_t bytes;                  /* about */
    struct store_summary data;
    void *connection;
};
/* database: another one on the same server; NULL: the URL's. Texts live in the arena. */
enum err store_export_open(const char *url, const char *database, struct arena *a,
                           struct store_export *out, struct errinfo *e) MUST_CHECK;
void store_export_close(struct store_export *x);
/* A scratch database beside the URL's; its name is of lower-case letters, digits and '_'.
 * ERR_DENIED: the role may not make one. */
enum err store_database_make(const char *url, const char *name, struct errinfo *e) MUST_CHECK;
enum err store_database_drop(const char *url, const char *name, struct errinfo *e) MUST_CHECK;
/* The URL of an open store; NULL: it is SQLite. */
const char *store_url(const struct store *s);

/* SQLite: quick_check and the foreign keys. PostgreSQL: broken indexes, unchecked constraints,
 * damaged pages. */
enum err store_check(struct store *s, struct errinfo *e) MUST_CHECK;

/* Number of the last migration of the open database: below the program's own only when it was
 * opened as it is. And the engine with its version: "SQLite 3.40.1". */
enum err store_version(struct db *db, int64_t *version, struct errinfo *e) MUST_CHECK;
enum err store_engine_name(struct db *db, struct arena *a, struct str *name) MUST_CHECK;

#endif
