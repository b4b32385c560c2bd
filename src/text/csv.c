/* csv.c - see csv.h. A record is first collected whole (its line ends are known by counting
 * quotes), then cut into cells, so that a quote that is never closed costs one record and not the
 * rest of the file. */
#include "text/csv.h"

#include <string.h>

#include "base/arena.h"
#include "base/vec.h"
#include "text/unicode.h"

enum {
    RETRIES_MAX = 100
}; /* unclosed quotes after which the rest is not looked at line by line any more */

void csv_reader_init(struct csv_reader *r, FILE *file)
{
    *r = (struct csv_reader){.file = file};
    buf_init(&r->record, CSV_RECORD_MAX + 1);
}

void csv_reader_deinit(struct csv_reader *r)
{
    buf_deinit(&r->record);
}

/* The separator that stands most often outside quotes in the header line. */
static char find_separator(struct str line)
{
    static const char candidates[] = {',', ';', '\t'};
    size_t counts[3] = {0}, best = 0;
    bool quoted = false;
    for (size_t i = 0; i < line.n; i++) {
        quoted ^= line.p[i] == '"';
        for (size_t k = 0; k < 3 && !quoted; k++)
            counts[k] += line.p[i] == candidates[k];
    }
    for (size_t k = 1; k < 3; k++)
        if (counts[k] > counts[best])
            best = k;
    return candidates[best];
}

/* Takes the next physical line, with its end, into the record: from what was read ahead, then from
 * the file. False at the end; *whole is false when the record would pass its maximum. */
static bool take_line(struct csv_reader *r, bool *whole)
{
    int c = EOF;
    size_t before = r->used;
    *whole = true;
    for (;;) {
        if (r->used < r->record.n) {
            c = (unsigned char)r->record.p[r->used++];
        } else {
            c = getc_unlocked(r->file);
            if (c == EOF)
                break;
            if (r->record.n < CSV_RECORD_MAX) {
                buf_add_char(&r->record, (char)c);
                r->used++;
            } else {
                *whole = false;
            }
        }
        if (c == '\n')
            break;
    }
    if (r->used == before && c == EOF)
        return false;
    r->line++;
    return true;
}

/* Forgets the current record; what was read ahead moves to the front. */
static void drop_record(struct csv_reader *r)
{
    if (r->used)
        memmove(r->record.p, r->record.p + r->used, r->record.n - r->used);
    r->record.n -= r->used;
    r->used = 0;
}

enum place { CELL_START, CELL_PLAIN, CELL_QUOTED, CELL_CLOSED };

/* Where in a cell the text ends, when it was at the given place before. A quote opens only at a
 * cell's start. */
static enum place walk(struct str s, char separator, enum place at)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (at == CELL_QUOTED)
            at = c == '"' ? CELL_CLOSED : CELL_QUOTED;
        else if (c == '"' && at != CELL_PLAIN)
            at = CELL_QUOTED; /* opens, or was the first half of a doubled one */
        else
            at = c == separator || c == '\n' ? CELL_START : CELL_PLAIN;
    }
    return at;
}

static enum err refuse(struct errinfo *e, enum err code, int64_t line, const char *what)
{
    char where[64];
    snprintf(where, sizeof where, "line %lld", (long long)line);
    return err_set(e, code, where, "line %lld: %s", (long long)line, what);
}

/* Collects one record; at the end of the file r->used stays 0. */
static enum err collect(struct csv_reader *r, int64_t *line, struct errinfo *e)
{
    bool whole = true;
    enum place place = CELL_START;
    size_t first = 0, from;
    *line = r->line + 1;
    do {
        from = r->used;
        if (!take_line(r, &whole) || !whole)
            break;
        if (r->line == 1 && str_starts(buf_str(&r->record), STR("\xEF\xBB\xBF"))) {
            memmove(r->record.p, r->record.p + 3, r->record.n -= 3);
            r->used -= 3;
        }
        if (!first)
            first = r->used;
        struct str taken = str_sub(buf_str(&r->record), from, r->used);
        if (!r->separator)
            r->separator = find_separator(taken);
        place = walk(taken, r->separator, place);
    } while (place == CELL_QUOTED);
    if (whole && place != CELL_QUOTED)
        return ERR_OK;
    if (place == CELL_QUOTED && first && r->retries++ < RETRIES_MAX) {
        r->used = first; /* go on with the line after the one that opened it */
        r->line = *line;
        return refuse(e, ERR_INVALID, *line, "a quote is opened and not closed");
    }
    return refuse(e, ERR_LIMIT, *line, "the record is longer than 1 MiB, or a quote is not closed");
}

static struct str undouble(struct arena *a, struct str s, size_t doubled)
{
    char *p = arena_alloc(a, s.n - doubled), *w = p;
    for (size_t i = 0; i < s.n; i++) {
        *w++ = s.p[i];
        if (s.p[i] == '"')
            i++;
    }
    return (struct str){p, (size_t)(w - p)};
}

/* Cuts the cell that begins at *at; moves behind its separator. False when text follows a closing
 * quote. */
static bool cut_cell(struct arena *a, struct str s, char separator, size_t *at, struct str *cell)
{
    size_t i = *at;
    if (i < s.n && s.p[i] == '"') {
        size_t doubled = 0;
        for (i++; i < s.n; i++) {
            if (s.p[i] != '"')
                continue;
            if (i + 1 >= s.n || s.p[i + 1] != '"')
                break;
            doubled++;
            i++;
        }
        *cell = str_sub(s, *at + 1, i);
        if (doubled)
            *cell = undouble(a, *cell, doubled);
        i++;
        if (i < s.n && s.p[i] != separator)
            return false;
    } else {
        ptrdiff_t end = str_find_char(s, separator, i);
        i = end < 0 ? s.n : (size_t)end;
        *cell = (struct str){s.p + *at, i - *at};
    }
    *at = i;
    return true;
}

static enum err cut(struct arena *a, struct str s, char separator, struct csv_row *row,
                    struct errinfo *e)
{
    struct vec cells;
    vec_init(&cells, a, sizeof(struct str));
    for (size_t at = 0;; at++) {
        struct str cell;
        if (!cut_cell(a, s, separator, &at, &cell))
            return refuse(e, ERR_INVALID, row->line, "text follows a closing quote");
        if (cells.n == CSV_COLUMNS_MAX)
            return refuse(e, ERR_LIMIT, row->line, "more than 200 columns");
        *(struct str *)vec_push(&cells) = cell;
        if (at >= s.n)
            break;
    }
    row->cells = cells.p;
    row->n = cells.n;
    return ERR_OK;
}

enum err csv_next(struct csv_reader *r, struct arena *a, struct csv_row *row, struct errinfo *e)
{
    for (;;) {
        *row = (struct csv_row){0};
        enum err err = collect(r, &row->line, e);
        struct str s = str_sub(buf_str(&r->record), 0, r->used);
        row->raw = arena_str(a, s);
        if (err) {
            drop_record(r);
            return err;
        }
        if (!s.n)
            return ferror(r->file) ? refuse(e, ERR_IO, row->line, "reading failed") : ERR_OK;
        if (str_ends(s, STR("\n")))
            s.n--;
        if (str_ends(s, STR("\r")))
            s.n--;
        s = utf8_valid(s) ? str_sub(row->raw, 0, s.n) : utf8_from_1252(a, s);
        drop_record(r);
        if (s.n)
            return cut(a, s, r->separator, row, e);
    }
}

void csv_writer_init(struct csv_writer *w, struct buf *b, char separator)
{
    *w = (struct csv_writer){.b = b, .separator = separator};
}

static void next_cell(struct csv_writer *w)
{
    if (w->begun)
        buf_add_char(w->b, w->separator);
    w->begun = true;
}

void csv_add_text(struct csv_writer *w, struct str s)
{
    next_cell(w);
    bool runs = s.n && strchr("=+-@\t\r", s.p[0]);
    bool quote = runs;
    for (size_t i = 0; i < s.n && !quote; i++)
        quote = s.p[i] == '"' || s.p[i] == '\n' || s.p[i] == '\r' || s.p[i] == w->separator;
    if (!quote) {
        buf_add(w->b, s);
        return;
    }
    buf_add_char(w->b, '"');
    if (runs)
        buf_add_char(w->b, '\'');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"')
            buf_add_char(w->b, '"');
        buf_add_char(w->b, s.p[i]);
    }
    buf_add_char(w->b, '"');
}

void csv_add_i64(struct csv_writer *w, int64_t v)
{
    next_cell(w);
    buf_add_i64(w->b, v);
}

void csv_end_row(struct csv_writer *w)
{
    buf_add(w->b, STR("\r\n"));
    w->begun = false;
}
