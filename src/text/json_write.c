/* json_write.c - the writing half of json.h: straight into a buffer, no tree. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "text/json.h"
#include "text/unicode.h"

void json_writer_init(struct json_writer *w, struct buf *b)
{
    *w = (struct json_writer){.b = b};
}

static void before_value(struct json_writer *w)
{
    if (w->after_key)
        w->after_key = false;
    else if (w->begun[w->depth])
        buf_add_char(w->b, ',');
    w->begun[w->depth] = true;
}

static void begin(struct json_writer *w, char c)
{
    before_value(w);
    buf_add_char(w->b, c);
    if (w->depth + 1 < sizeof w->begun / sizeof w->begun[0])
        w->depth++;
    else
        w->b->failed = true; /* nobody builds such a document on purpose */
    w->begun[w->depth] = false;
}

static void end(struct json_writer *w, char c)
{
    buf_add_char(w->b, c);
    if (w->depth > 0)
        w->depth--;
}

void json_begin_object(struct json_writer *w)
{
    begin(w, '{');
}

void json_end_object(struct json_writer *w)
{
    end(w, '}');
}

void json_begin_list(struct json_writer *w)
{
    begin(w, '[');
}

void json_end_list(struct json_writer *w)
{
    end(w, ']');
}

/* Length of a start of s that needs no escape. */
static size_t plain_run(struct str s, size_t from)
{
    size_t i = from;
    while (i < s.n) {
        unsigned char c = (unsigned char)s.p[i];
        if (c < 0x20 || c >= 0x7F || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&')
            break;
        i++;
    }
    return i - from;
}

void json_escape(struct buf *b, struct str s)
{
    static const char *const named[0x20] = {
        ['\b'] = "\\b", ['\t'] = "\\t", ['\n'] = "\\n", ['\f'] = "\\f", ['\r'] = "\\r"};
    for (size_t i = 0; i < s.n;) {
        size_t run = plain_run(s, i);
        buf_add(b, (struct str){s.p + i, run});
        i += run;
        if (i >= s.n)
            break;
        uint32_t c = utf8_next(s, &i);
        if (c < 0x20 && named[c])
            buf_add_z(b, named[c]);
        else if (c == '"' || c == '\\')
            buf_add(b, (struct str){(char[]){'\\', (char)c}, 2});
        else if (c < 0x20 || c == 0x7F || c == '<' || c == '>' || c == '&' || c == 0x2028 ||
                 c == 0x2029)
            buf_printf(b, "\\u%04x", (unsigned)c);
        else
            utf8_add(b, c);
    }
}

static void add_quoted(struct json_writer *w, struct str s)
{
    buf_add_char(w->b, '"');
    json_escape(w->b, s);
    buf_add_char(w->b, '"');
}

void json_key_str(struct json_writer *w, struct str name)
{
    before_value(w);
    add_quoted(w, name);
    buf_add_char(w->b, ':');
    w->after_key = true;
}

void json_key(struct json_writer *w, const char *name)
{
    json_key_str(w, str_z(name));
}

void json_add_raw(struct json_writer *w, struct str json)
{
    before_value(w);
    buf_add(w->b, json);
}

void json_add_null(struct json_writer *w)
{
    json_add_raw(w, STR("null"));
}

void json_add_text(struct json_writer *w, struct str s)
{
    if (!s.p) {
        json_add_null(w);
        return;
    }
    before_value(w);
    add_quoted(w, s);
}

void json_add_i64(struct json_writer *w, int64_t v)
{
    before_value(w);
    buf_add_i64(w->b, v);
}

void json_add_id(struct json_writer *w, int64_t id)
{
    if (!id) {
        json_add_null(w);
        return;
    }
    before_value(w);
    buf_add_char(w->b, '"');
    buf_add_i64(w->b, id);
    buf_add_char(w->b, '"');
}

void json_add_time(struct json_writer *w, int64_t at)
{
    if (!at) {
        json_add_null(w);
        return;
    }
    struct arena a;
    arena_init(&a);
    json_add_text(w, clock_format(&a, at));
    arena_deinit(&a);
}

/* Numbers of few places, which are most, need no search for the shortest form. */
static void add_thousandths(struct json_writer *w, int v)
{
    char digits[24];
    unsigned n = v < 0 ? 0U - (unsigned)v : (unsigned)v, part = n % 1000;
    int length = snprintf(digits, sizeof digits, "%s%u.%03u", v < 0 ? "-" : "", n / 1000, part);
    while (digits[length - 1] == '0' && digits[length - 2] != '.')
        length--;
    json_add_raw(w, (struct str){digits, (size_t)length});
}

void json_add_double(struct json_writer *w, double v)
{
    if (!isfinite(v)) {
        json_add_null(w);
        return;
    }
    char digits[40];
    double scaled = v * 1000;
    bool small = scaled > -1e9 && scaled < 1e9 && !(v == 0 && signbit(v));
    if (small && v == (double)lround(scaled) / 1000) {
        add_thousandths(w, (int)lround(scaled));
        return;
    }
    for (int precision = 6; precision <= 17; precision++) {
        snprintf(digits, sizeof digits, "%.*g", precision, v);
        if (strtod(digits, NULL) == v) /* the shortest that reads back the same */
            break;
    }
    json_add_raw(w, str_z(digits));
    if (!strpbrk(digits, ".e"))
        buf_add_z(w->b, ".0"); /* a reader shall see no whole number */
}

void json_add_bool(struct json_writer *w, bool v)
{
    json_add_raw(w, v ? STR("true") : STR("false"));
}

void json_add_value(struct json_writer *w, const struct json *v)
{
    int64_t whole;
    double number;
    switch (json_kind(v)) {
    case JSON_KIND_ABSENT:
    case JSON_KIND_NULL:
        json_add_null(w);
        break;
    case JSON_KIND_BOOL:
        json_add_bool(w, json_as_bool(v));
        break;
    case JSON_KIND_WHOLE:
        json_add_i64(w, json_as_i64(v, &whole) ? whole : 0);
        break;
    case JSON_KIND_DOUBLE:
        json_add_double(w, json_as_double(v, &number) ? number : 0);
        break;
    case JSON_KIND_TEXT:
        json_add_text(w, json_as_text(v));
        break;
    case JSON_KIND_LIST:
        json_begin_list(w);
        for (size_t i = 0; i < json_count(v); i++)
            json_add_value(w, json_at(v, i));
        json_end_list(w);
        break;
    case JSON_KIND_OBJECT:
        json_begin_object(w);
        for (struct json_member m = {0}; json_next_member(v, &m);) {
            json_key_str(w, m.name);
            json_add_value(w, m.value);
        }
        json_end_object(w);
        break;
    }
}

void json_put_text(struct json_writer *w, const char *name, struct str s)
{
    json_key(w, name);
    json_add_text(w, s);
}

void json_put_i64(struct json_writer *w, const char *name, int64_t v)
{
    json_key(w, name);
    json_add_i64(w, v);
}

void json_put_id(struct json_writer *w, const char *name, int64_t id)
{
    json_key(w, name);
    json_add_id(w, id);
}

void json_put_time(struct json_writer *w, const char *name, int64_t at)
{
    json_key(w, name);
    json_add_time(w, at);
}

void json_put_double(struct json_writer *w, const char *name, double v)
{
    json_key(w, name);
    json_add_double(w, v);
}

void json_put_bool(struct json_writer *w, const char *name, bool v)
{
    json_key(w, name);
    json_add_bool(w, v);
}
