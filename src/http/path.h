/* path.h - the request target taken apart. Percent signs are decoded exactly once, and whatever two
 * programs could read differently is refused instead of repaired. Source: RFC 3986. Threads: any.
 */
#ifndef HTTP_PATH_H
#define HTTP_PATH_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct target {
    struct str path;  /* decoded, UTF-8, starts with '/' */
    struct str raw;   /* the path as sent */
    struct str query; /* as sent, without '?'; STR_NONE when there is none */
};

/* ERR_INVALID: no leading '/', broken or superfluous escapes (%2F, %5C, %00), controls, '\', '#',
 * "//", "." and
 * ".." segments, or no UTF-8. */
enum err path_parse(struct arena *a, struct str target, struct target *out) MUST_CHECK;

/* Decodes %XX, and '+' to a blank in forms. False when an escape is broken. Returns text itself
 * when there is nothing to decode. */
bool percent_decode(struct arena *a, struct str text, bool form, struct str *out);

#endif
