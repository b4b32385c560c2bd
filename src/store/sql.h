/* sql.h - what generated statement functions (tools/sqlc) stand on: prepare once per connection,
 * bind, step, read. Nobody writes these calls by hand.
 *
 * Errors of the engine become: unique and foreign keys ERR_CONFLICT; checks and NOT NULL
 * ERR_INVALID; too large ERR_LIMIT; locked ERR_BUSY; disk, memory or damage ERR_IO; anything else
 * ERR_BUG. The words go to the log, and to the errinfo of the write in which they happened.
 * Threads: as the connection. */
#ifndef STORE_SQL_H
#define STORE_SQL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "store/store.h"

struct sql_statement {
    const char *name;    /* of its C function */
    const char *sql;     /* SQLite's text */
    const char *pg;      /* PostgreSQL's: $1 to $n, numbers as sql_bind_* get them */
    const char *types;   /* a letter for each parameter: i bigint, r double, t text, b bytea;
                            a capital: an array of them */
    const char *columns; /* the same of a row */
    bool writes;
    struct sql_statement *rows; /* of many rows on PostgreSQL; may be NULL */
    atomic_uint id;             /* place in each connection's cache; given at first use, 0 before */
};

/* One execution. */
struct sql_run {
    struct db *db;
    void *stmt; /* the engine's */
    const struct sql_statement *statement;
    enum err err; /* of the first step that failed */
    bool row;     /* stands on a row */
};

enum err sql_begin(struct sql_run *r, struct db *db, struct sql_statement *s) MUST_CHECK;

/* at: number of the parameter, from 1. The bytes must live until sql_end. */
void sql_bind_i64(struct sql_run *r, int at, int64_t v);
void sql_bind_i64_null(struct sql_run *r, int at, int64_t v); /* 0 binds NULL */
void sql_bind_real(struct sql_run *r, int at, double v);
void sql_bind_text(struct sql_run *r, int at, struct str v);      /* absent binds '' */
void sql_bind_text_null(struct sql_run *r, int at, struct str v); /* absent binds NULL */
void sql_bind_blob(struct sql_run *r, int at, struct str v);
void sql_bind_blob_null(struct sql_run *r, int at, struct str v);

/* To the next row; false at the end or after a failure. */
bool sql_next(struct sql_run *r);

/* at: number of the column, from 0. */
int64_t sql_i64(struct sql_run *r, int at);
double sql_real(struct sql_run *r, int at);
struct str sql_text(struct sql_run *r, int at, struct arena *a);
struct str sql_text_null(struct sql_run *r, int at, struct arena *a);
struct str sql_blob(struct sql_run *r, int at, struct arena *a);
struct str sql_blob_null(struct sql_run *r, int at, struct arena *a);

/* Ends the execution, a writing one after running it to its end: its failure, else result. */
enum err sql_end(struct sql_run *r, enum err result) MUST_CHECK;
/* Runs a statement without rows and ends it; changed may be NULL. */
enum err sql_exec(struct sql_run *r, int64_t *changed) MUST_CHECK;

/* Many rows of one insert: bind all parameters, sql_row, and again. The bytes of a row must live
 * until its sql_row. */
enum err sql_begin_rows(struct sql_run *r, struct db *db, struct sql_statement *s) MUST_CHECK;
void sql_row(struct sql_run *r);
enum err sql_end_rows(struct sql_run *r) MUST_CHECK;

#endif
