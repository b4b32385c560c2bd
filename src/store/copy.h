/* copy.h - the rows of one database into another, of whatever engine: all tables of the schema, in
 * the order of their keys, in transactions of a few hundred rows. It knows no table by name; what
 * an engine keeps beside the tables (a search index) is the caller's.
 *
 * Until store_copy_end the target is marked as unfinished, and nothing opens it: a copy that was
 * cut off leaves a database that says so. */
#ifndef STORE_COPY_H
#define STORE_COPY_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct arena;
struct sql_statement;
struct store;
struct store_watch;

/* Made by tools/sqlc from the schema. */
struct copy_table {
    const char *name;
    const char *columns;       /* a letter each, as in sql.h */
    const unsigned char *keys; /* numbers of the columns of its key, in their order */
    size_t key_count;
    int64_t seeds; /* rows that the schema itself puts in */
    struct sql_statement *first, *next, *count, *clear, *write;
};

/* What was copied of a table. */
struct copy_count {
    int64_t rows;
    struct str sum; /* SHA-256 over all values, in hex */
};

/* ERR_BUSY when another process uses one of them, ERR_CONFLICT when the target is not empty.
 * counts: one for each table, of the source; in the arena. watch may be NULL. */
enum err store_copy(struct store *from, struct store *to, const struct copy_table *tables, size_t n,
                    const struct store_watch *watch, struct arena *a, struct copy_count **counts,
                    struct errinfo *e) MUST_CHECK;
/* Reads the target and compares it with the counts; carries the marks of ids over, and takes the
 * mark away. ERR_IO names the table that differs. */
enum err store_copy_end(struct store *from, struct store *to, const struct copy_table *tables,
                        size_t n, const struct copy_count *counts, const struct store_watch *watch,
                        struct errinfo *e) MUST_CHECK;

#endif
