/* form.h - the fields of a query or a posted form. Strict: a body that is not exactly what its type
 * says is refused as a whole. Names and values are UTF-8 without NUL (the bytes of files are
 * anything). Values point into the body where nothing had to be decoded. Sources: WHATWG URL
 * (urlencoded), RFC 7578 and RFC 2046 (multipart). Threads: any. */
#ifndef HTTP_FORM_H
#define HTTP_FORM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum { FORM_FIELDS_MAX = 1000, FORM_NAME_MAX = 256, FORM_PART_HEADERS_MAX = 16 };

struct form_part {
    struct str name, value;
    bool is_file;
    struct str file_name, type; /* of a file; the name without folders */
};

struct form {
    struct form_part *parts; /* n of them, in order */
    size_t n;
};

/* ERR_INVALID: broken escapes, no UTF-8; ERR_LIMIT: too many fields. */
enum err form_parse_urlencoded(struct arena *a, struct str body, struct form *out) MUST_CHECK;
enum err form_parse_multipart(struct arena *a, struct str body, struct str boundary,
                              struct form *out) MUST_CHECK;
/* UTF-8 without NUL. */
bool form_sound_text(struct str s);
/* By content type; ERR_NOT_FOUND when the type is not one of a form. */
enum err form_parse(struct arena *a, struct str type, struct str body, struct form *out) MUST_CHECK;

/* The next field of that name at or after *at, which moves behind it; NULL at the end. */
const struct form_part *form_next(const struct form *f, const char *name, size_t *at);

/* A parameter of a header value such as `form-data; name="x"`; quoted or plain. False when it is
 * not there. */
bool header_param(struct arena *a, struct str value, const char *name, struct str *out);
/* What stands before the first ';'. */
struct str header_main(struct str value);

#endif
