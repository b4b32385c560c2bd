/* csv.h - reading and writing tables as text (RFC 4180), row by row.
 *
 * Reading takes what spreadsheets write: comma, semicolon or tab (told from the header line), LF,
 * CRLF, a byte order mark, quoted cells over several lines, and windows-1252 where a record is not
 * UTF-8. A bad record is reported with the number of its first line, and the next call goes on
 * behind it. Writing protects spreadsheets: text cells that a sheet would run (= + - @ TAB CR
 * first) get an apostrophe in front. Threads: one at a time. */
#ifndef TEXT_CSV_H
#define TEXT_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

struct arena;

enum { CSV_RECORD_MAX = 1024 * 1024, CSV_COLUMNS_MAX = 200 };

struct csv_reader {
    FILE *file;
    char separator;    /* 0 until the header line was seen */
    int64_t line;      /* lines taken so far */
    struct buf record; /* raw bytes of the current record and what was read ahead */
    size_t used;       /* bytes of it that belong to the record */
    unsigned retries;
};

struct csv_row {
    struct str *cells; /* NULL: the end */
    size_t n;
    int64_t line; /* where it begins, from 1 */
    struct str raw; /* its bytes, in a; of a bad record too */
};

/* The file stays the caller's. fmemopen makes one of bytes. */
void csv_reader_init(struct csv_reader *r, FILE *file);
void csv_reader_deinit(struct csv_reader *r);
/* The next record that is not an empty line; cells live in a. ERR_INVALID: quotes are wrong;
 * ERR_LIMIT: a record over the caps; both say the line, and the next call goes on. ERR_IO ends. */
enum err csv_next(struct csv_reader *r, struct arena *a, struct csv_row *row,
                  struct errinfo *e) MUST_CHECK;

struct csv_writer {
    struct buf *b;
    char separator;
    bool begun; /* the row has a cell */
};

void csv_writer_init(struct csv_writer *w, struct buf *b, char separator);
void csv_add_text(struct csv_writer *w, struct str s);
void csv_add_i64(struct csv_writer *w, int64_t v);
void csv_end_row(struct csv_writer *w); /* CRLF */

#endif
