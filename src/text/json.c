/* json.c - reading JSON over jansson, which nobody else sees; see json.h. */
#include "text/json.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "text/unicode.h"

static json_t *inner(const struct json *v)
{
    return (json_t *)(uintptr_t)v;
}

static struct json *outer(const json_t *v)
{
    return (struct json *)(uintptr_t)v;
}

static void release(void *p)
{
    json_decref(p);
}

/* Position of a byte for people: line and column in characters, both from 1. */
static enum err refuse(struct errinfo *e, enum err code, struct str s, size_t at, const char *what)
{
    int line = 1, column = 1;
    for (size_t i = 0; i < at && i < s.n; i++) {
        if (s.p[i] == '\n') {
            line++;
            column = 1;
        } else if (((unsigned char)s.p[i] & 0xC0) != 0x80) {
            column++;
        }
    }
    char where[64];
    snprintf(where, sizeof where, "line %d, column %d", line, column);
    return err_set(e, code, where, "%s at line %d, column %d", what, line, column);
}

/* jansson would nest to 2,048; this looks at brackets only, so it may pass what jansson then
 * refuses. */
static enum err check_depth(struct str s, struct errinfo *e)
{
    size_t depth = 0;
    bool quoted = false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (quoted) {
            if (c == '\\')
                i++;
            else if (c == '"')
                quoted = false;
        } else if (c == '"') {
            quoted = true;
        } else if (c == '[' || c == '{') {
            if (++depth > JSON_DEPTH_MAX)
                return refuse(e, ERR_LIMIT, s, i, "lists and objects nest more than 64 deep");
        } else if ((c == ']' || c == '}') && depth > 0) {
            depth--;
        }
    }
    return ERR_OK;
}

static const char *plain_words(enum json_error_code code)
{
    switch (code) {
    case json_error_premature_end_of_input:
        return "the document ends too early";
    case json_error_end_of_input_expected:
        return "something follows the end of the document";
    case json_error_invalid_utf8:
        return "the bytes are not UTF-8";
    case json_error_null_byte_in_key:
        return "a member name holds a NUL";
    case json_error_numeric_overflow:
        return "a number is too large";
    default:
        return "not valid JSON";
    }
}

enum err json_parse(struct arena *a, struct str bytes, struct json **out, struct errinfo *e)
{
    *out = NULL;
    if (bytes.n > JSON_BYTES_MAX)
        return err_set(e, ERR_LIMIT, "", "the document is larger than %d MiB",
                       JSON_BYTES_MAX >> 20);
    if (str_starts(bytes, STR("\xEF\xBB\xBF")))
        bytes = str_sub(bytes, 3, bytes.n);
    TRY(check_depth(bytes, e));
    ptrdiff_t nul =
        str_find_char(bytes, 0, 0); /* jansson takes one for the end (RFC 8259: nowhere) */
    if (nul >= 0)
        return refuse(e, ERR_INVALID, bytes, (size_t)nul, "a NUL is no part of JSON");
    json_error_t why;
    json_t *root =
        json_loadb(bytes.n ? bytes.p : "", bytes.n, JSON_DECODE_ANY | JSON_ALLOW_NUL, &why);
    if (!root) {
        size_t at = why.position > 0 ? (size_t)why.position : 0;
        return refuse(e, ERR_INVALID, bytes, at, plain_words(json_error_code(&why)));
    }
    arena_defer(a, release, root);
    *out = outer(root);
    return ERR_OK;
}

enum json_kind json_kind(const struct json *v)
{
    if (!v)
        return JSON_KIND_ABSENT;
    switch (json_typeof(inner(v))) {
    case JSON_OBJECT:
        return JSON_KIND_OBJECT;
    case JSON_ARRAY:
        return JSON_KIND_LIST;
    case JSON_STRING:
        return JSON_KIND_TEXT;
    case JSON_INTEGER:
        return JSON_KIND_WHOLE;
    case JSON_REAL:
        return JSON_KIND_DOUBLE;
    case JSON_TRUE:
    case JSON_FALSE:
        return JSON_KIND_BOOL;
    case JSON_NULL:
        break;
    }
    return JSON_KIND_NULL;
}

struct json *json_get(const struct json *v, const char *name)
{
    json_t *m = json_object_get(inner(v), name);
    return json_is_null(m) ? NULL : outer(m);
}

struct json *json_path(const struct json *v, const char *dotted)
{
    struct str rest = str_z(dotted), name;
    struct json *at = outer(inner(v));
    while (at && str_next(&rest, '.', &name)) {
        char z[64];
        if (name.n >= sizeof z)
            return NULL;
        memcpy(z, name.p, name.n);
        z[name.n] = 0;
        at = json_get(at, z);
    }
    return at;
}

struct str json_as_text(const struct json *v)
{
    json_t *s = inner(v);
    return json_is_string(s) ? (struct str){json_string_value(s), json_string_length(s)} : STR_NONE;
}

bool json_as_i64(const struct json *v, int64_t *out)
{
    json_t *n = inner(v);
    if (json_is_string(n))
        return str_to_i64(json_as_text(v), out);
    if (!json_is_integer(n))
        return false;
    *out = json_integer_value(n);
    return true;
}

bool json_as_double(const struct json *v, double *out)
{
    if (!json_is_number(inner(v)))
        return false;
    *out = json_number_value(inner(v));
    return true;
}

bool json_as_bool(const struct json *v)
{
    return json_is_true(inner(v));
}

struct str json_text(const struct json *v, const char *name)
{
    return json_as_text(json_get(v, name));
}

bool json_i64(const struct json *v, const char *name, int64_t *out)
{
    return json_as_i64(json_get(v, name), out);
}

double json_double(const struct json *v, const char *name, double other)
{
    json_as_double(json_get(v, name), &other);
    return other;
}

bool json_bool(const struct json *v, const char *name, bool other)
{
    const json_t *b = inner(json_get(v, name));
    return json_is_boolean(b) ? json_is_true(b) : other;
}

size_t json_count(const struct json *v)
{
    const json_t *j = inner(v);
    return json_is_object(j) ? json_object_size(j) : json_array_size(j);
}

struct json *json_at(const struct json *v, size_t i)
{
    return outer(json_array_get(inner(v), i));
}

bool json_next_member(const struct json *v, struct json_member *m)
{
    json_t *o = inner(v);
    m->inner = m->inner ? json_object_iter_next(o, m->inner) : json_object_iter(o);
    if (!m->inner)
        return false;
    m->name = str_z(json_object_iter_key(m->inner));
    m->value = outer(json_object_iter_value(m->inner));
    return true;
}

void json_lines_init(struct json_lines *r, FILE *file)
{
    *r = (struct json_lines){.file = file};
}

void json_lines_deinit(struct json_lines *r)
{
    free(r->p);
    r->p = NULL;
}

/* Reads up to the end of the line; *whole is false when it was longer than allowed, the rest is
 * skipped. */
static bool read_line(struct json_lines *r, bool *whole)
{
    size_t n = 0;
    int c = 0;
    *whole = true;
    while ((c = getc_unlocked(r->file)) != EOF && c != '\n') {
        if (n == r->cap && r->cap < JSON_LINE_MAX) {
            size_t cap = r->cap ? r->cap * 2 : 4096;
            char *p = realloc(r->p, cap);
            if (!p)
                return false;
            r->p = p;
            r->cap = cap;
        }
        if (n < r->cap)
            r->p[n++] = (char)c;
        else
            *whole = false;
    }
    r->text = str_trim((struct str){n ? r->p : "", n});
    return n > 0 || c != EOF;
}

enum err json_lines_next(struct json_lines *r, struct arena *a, struct json **out,
                         struct errinfo *e)
{
    *out = NULL;
    bool whole;
    char where[64];
    struct errinfo inside = {0};
    while (read_line(r, &whole)) {
        r->line++;
        snprintf(where, sizeof where, "line %lld", (long long)r->line);
        if (!whole)
            return err_set(e, ERR_LIMIT, where, "line %lld is longer than %d bytes",
                           (long long)r->line, JSON_LINE_MAX);
        if (r->line == 1 && str_starts(r->text, STR("\xEF\xBB\xBF")))
            r->text = str_trim(str_sub(r->text, 3, r->text.n));
        if (!r->text.n)
            continue;
        enum err err = json_parse(a, r->text, out, &inside);
        if (err) {
            /* inside one line its own number says nothing; the column does */
            char *column = strstr(inside.what, " at line ");
            const char *comma = column ? strchr(column, ',') : NULL;
            return err_set(e, err, where, "line %lld: %.*s%s%s", (long long)r->line,
                           column ? (int)(column - inside.what) : 300, inside.what,
                           comma ? " at" : "", comma ? comma + 1 : "");
        }
        return ERR_OK;
    }
    return ferror(r->file)
               ? err_set(e, ERR_IO, "", "reading stopped after line %lld", (long long)r->line)
               : ERR_OK;
}
