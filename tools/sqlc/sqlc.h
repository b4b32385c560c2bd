/* sqlc.h - what the files of the SQL tool share: the parsed form of a .sql file and how they
 * complain. Everything lives in one arena until the tool ends. */
#ifndef SQLC_H
#define SQLC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <sqlite3.h>

#include "base/arena.h"
#include "base/str.h"

enum field_type { FIELD_I64, FIELD_REAL, FIELD_TEXT, FIELD_BLOB, FIELD_TYPE_COUNT };

struct field {
    struct str name;
    enum field_type type;
    bool null; /* written with '?': SQL NULL is STR_NONE or 0 */
    int at;    /* parameters: number within the statement, from 1 */
};

enum statement_kind { STATEMENT_ONE, STATEMENT_MANY, STATEMENT_EXEC, STATEMENT_KIND_COUNT };

struct statement {
    struct str name;
    enum statement_kind kind;
    struct field *in, *out;
    size_t in_count, out_count;
    bool unbounded, any_brand; /* the header gives a reason for it */
    bool rows;                 /* many at once, too */
    int line;                  /* of its header */
    struct str sql;            /* what follows the header; cut to the statement itself by check */
    struct str pg;             /* the same for PostgreSQL: translated, or from the twin */
    struct str pg_rows;        /* of many rows */
    bool writes;               /* found by check */
};

struct sql_file {
    const char *path;
    struct str text;
    const struct str *owns; /* tables it may write */
    size_t owns_count;
    int owns_line;
    struct statement *statements;
    size_t statement_count;
    struct twin *twins; /* of X.pg.sql */
    size_t twin_count;
    const char *twin_path; /* it may be missing */
};

/* A statement of X.pg.sql. */
struct twin {
    struct str name, sql;
    int line;
};

enum lex { LEX_END, LEX_WORD, LEX_QUOTED, LEX_TEXT, LEX_NUMBER, LEX_PARAMETER, LEX_SIGN };

struct lexeme {
    enum lex kind;
    struct str text; /* as it stands, with its quotes or its ':' */
};
struct lexemes {
    const struct lexeme *p; /* one more stands behind the last: LEX_END */
    size_t n;
};

struct sqlc {
    struct arena arena;
    const char **schema; /* files in order of their numbers */
    size_t schema_count;
    const char *in, *prefix, *table, *out_h, *out_c, *depend;
};

/* Prints "file:line: sentence" and ends the tool with status 1. line 0: of the whole file. */
void fail(const char *path, int line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4), noreturn));
/* Line of a place inside text, from 1. */
int line_of(struct str text, const char *at);
/* Whole file with a NUL behind; fails when it cannot be read or is larger than 16 MB. */
struct str read_file(struct arena *a, const char *path);
/* Skips blanks and SQL comments; the end of s when nothing else follows. */
const char *skip_blanks(struct str s);
/* The same, and ';'. */
const char *skip_comments(struct str s);
/* "X.pg.sql" beside "X.sql", and its text, absent when there is no such file. */
struct str read_twin(struct arena *a, const char *path, const char **twin_path);

/* lex.c */
struct lexemes lex(struct arena *a, struct str sql);
/* A word or sign, whatever its case. */
bool lex_is(const struct lexeme *l, const char *word);
/* What an identifier names; empty when it is none. */
struct str lex_name(const struct lexeme *l);

/* portable.c: why the two engines could read a statement differently, without either of them
 * complaining (or, where the complaint says little, with one); absent when they do not. db: the
 * schema. */
struct str why_not_portable(struct arena *a, sqlite3 *db, const struct lexemes *l);

/* dialect.c: PostgreSQL's text. */
/* "json_each(:list) AS name" begins here. */
bool is_list(const struct lexeme *l);
void set_dialect(struct sqlc *t, sqlite3 *db, const struct sql_file *f, struct statement *s,
                 const struct lexemes *l);
void check_twins(const struct sql_file *f);

/* rows.c: PostgreSQL's text of many rows, from that of one with its :names. */
struct str rows_text(struct arena *a, const char *path, int line, const struct statement *s,
                     struct str sql);

/* The whole script of a schema file; path for complaints. */
struct str translate_schema(struct sqlc *t, sqlite3 *db, const char *path);

/* read.c: the .sql file without any knowledge of SQL. */
void read_statements(struct sqlc *t, struct sql_file *f);
void read_twins(struct sqlc *t, struct sql_file *f);
extern const char *const field_type_words[FIELD_TYPE_COUNT];

/* schema.c: an empty database with the schema. */
sqlite3 *open_schema(struct sqlc *t);
/* Number before the first '-' of the file's name, which must be place + 1. */
/* Number and name of a schema file. They go up from 1; where statements are read, the store's own
 * tables come before as number 0. */
int64_t migration_number(const struct sqlc *t, size_t place, struct str *name);

/* check.c: each statement against the schema; fills what the compiler of SQL knows. */
void check_statements(struct sqlc *t, sqlite3 *db, struct sql_file *f);
/* True when a row comes back for the given texts ?1 and ?2. */
bool ask(sqlite3 *db, const char *sql, struct str first, struct str second);

/* tables.c: the tables themselves, for copying. */
void write_tables(struct sqlc *tool, sqlite3 *db, FILE *o);

/* write.c: C text. */
void write_functions(struct sqlc *t, const struct sql_file *f);
void write_schema(struct sqlc *t, sqlite3 *db);
/* A C literal, one line of it per line of text. */
void write_literal(FILE *o, struct str text);
/* For ninja: what the first output was made of. */
void write_depend(struct sqlc *t, const char *const *paths, size_t n);

#endif
