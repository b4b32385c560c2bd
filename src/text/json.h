/* json.h - reading and writing JSON (RFC 8259), and JSON Lines.
 *
 * Reading: a whole document becomes a tree of struct json that lives as long as the arena. Refused:
 * more than JSON_BYTES_MAX, nesting over JSON_DEPTH_MAX, invalid UTF-8, whole numbers outside
 * int64, numbers that overflow a double, a NUL inside a member name. A leading byte order mark is
 * skipped. Of several members with one name the last counts, everywhere, because this is the only
 * reader. Texts may hold NUL bytes; they are counted. Getters take NULL and other kinds of value
 * and then answer "absent", so that a path can be walked without checks.
 *
 * Writing: straight into a struct buf. The result is valid UTF-8 whatever was put in, and < > &
 * U+2028 U+2029 are escaped, so it may stand inside a page's script block too. Nesting over twice
 * JSON_DEPTH_MAX fails the buffer (room for a document that was read inside one of ours). Threads:
 * a tree or writer belongs to one thread at a time. */
#ifndef TEXT_JSON_H
#define TEXT_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "base/str.h"

struct arena;
struct buf;
struct json; /* one value, of any kind */

enum { JSON_DEPTH_MAX = 64, JSON_BYTES_MAX = 32 * 1024 * 1024, JSON_LINE_MAX = 1024 * 1024 };

enum json_kind {
    JSON_KIND_ABSENT, /* NULL was passed */
    JSON_KIND_NULL,
    JSON_KIND_BOOL,
    JSON_KIND_WHOLE,
    JSON_KIND_DOUBLE,
    JSON_KIND_TEXT,
    JSON_KIND_LIST,
    JSON_KIND_OBJECT
};

/* The document; *out is undefined unless ERR_OK. ERR_INVALID tells line and column in e, ERR_LIMIT
 * the cap. */
enum err json_parse(struct arena *a, struct str bytes, struct json **out,
                    struct errinfo *e) MUST_CHECK;

enum json_kind json_kind(const struct json *v);
/* The member of that name; NULL when v is no object, it is missing, or its value is null. */
struct json *json_get(const struct json *v, const char *name);
/* The members of a member of a member: "a.b.c". */
struct json *json_path(const struct json *v, const char *dotted);
/* Typed members: STR_NONE, other, false when missing or of another kind. A number is not a text. */
struct str json_text(const struct json *v, const char *name);
bool json_i64(const struct json *v, const char *name,
              int64_t *out); /* a whole number, or a text that is one */
double json_double(const struct json *v, const char *name, double other);
bool json_bool(const struct json *v, const char *name, bool other);

/* The value itself, as above. */
struct str json_as_text(const struct json *v);
bool json_as_i64(const struct json *v, int64_t *out);
bool json_as_double(const struct json *v, double *out);
bool json_as_bool(const struct json *v); /* false unless it is true */

/* Items of a list (0 for anything else), members of an object. json_at(v, i) is NULL behind the
 * end. */
size_t json_count(const struct json *v);
struct json *json_at(const struct json *v, size_t i);

/* for (struct json_member m = {0}; json_next_member(v, &m);) in the order of the document. */
struct json_member {
    struct str name;
    struct json *value; /* never NULL; may be of kind null */
    void *inner;
};
bool json_next_member(const struct json *v, struct json_member *m);

/* --- writing --- */

struct json_writer {
    struct buf *b;
    unsigned depth;
    bool begun[2 * JSON_DEPTH_MAX]; /* per depth: something was written, a comma comes first */
    bool after_key;
};

void json_writer_init(struct json_writer *w, struct buf *b);
void json_begin_object(struct json_writer *w);
void json_end_object(struct json_writer *w);
void json_begin_list(struct json_writer *w);
void json_end_list(struct json_writer *w);
void json_key(struct json_writer *w, const char *name);
void json_key_str(struct json_writer *w, struct str name);
/* Values, as item of a list or after json_key. An absent text (p == NULL) is written as null. */
void json_add_text(struct json_writer *w, struct str s);
void json_add_i64(struct json_writer *w, int64_t v);
void json_add_id(struct json_writer *w,
                 int64_t id); /* as text: JavaScript rounds 64-bit numbers; 0 is null */
void json_add_time(struct json_writer *w, int64_t at); /* RFC 3339 UTC; 0 is null */
void json_add_double(struct json_writer *w, double v); /* shortest form; null when not finite */
void json_add_bool(struct json_writer *w, bool v);
void json_add_null(struct json_writer *w);
void json_add_value(struct json_writer *w, const struct json *v); /* a value that was read, whole */
void json_add_raw(struct json_writer *w, struct str json);        /* must be one valid JSON value */
/* Key and value at once. */
void json_put_text(struct json_writer *w, const char *name, struct str s);
void json_put_i64(struct json_writer *w, const char *name, int64_t v);
void json_put_id(struct json_writer *w, const char *name, int64_t id);
void json_put_time(struct json_writer *w, const char *name, int64_t at);
void json_put_double(struct json_writer *w, const char *name, double v);
void json_put_bool(struct json_writer *w, const char *name, bool v);
/* Only the escaped inside of a text, without quotes. */
void json_escape(struct buf *b, struct str s);

/* --- JSON Lines: one value a line --- */

struct json_lines {
    FILE *file;
    int64_t line; /* number of the line read last, from 1 */
    char *p;      /* that line */
    size_t cap;
    struct str text;
};

/* The file stays the caller's. fmemopen makes one of bytes. */
void json_lines_init(struct json_lines *r, FILE *file);
void json_lines_deinit(struct json_lines *r);
/* The next line that is not blank; *out is NULL at the end. A bad line gives ERR_INVALID, one over
 * JSON_LINE_MAX ERR_LIMIT, with its number in e, and the next call goes on behind it; ERR_IO ends.
 * r->text is the line itself until the next call. */
enum err json_lines_next(struct json_lines *r, struct arena *a, struct json **out,
                         struct errinfo *e) MUST_CHECK;

#endif
