/* header.h - a header line as name and value, and what may stand in one (RFC 9110 section 5).
 * Threads: any. */
#ifndef HTTP_HEADER_H
#define HTTP_HEADER_H

#include <stdbool.h>

#include "base/str.h"

struct header {
    struct str name, value;
};

/* Letters that a header name may hold; not empty. */
static inline bool header_token(struct str s)
{
    static const char allowed[] = "!#$%&'*+-.^_`|~0123456789"
                                  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    struct str set = {allowed, sizeof allowed - 1};
    for (size_t i = 0; i < s.n; i++)
        if (str_find_char(set, s.p[i], 0) < 0)
            return false;
    return s.n > 0;
}

/* No CR, LF or NUL: one value stays one line. */
static inline bool header_value(struct str s)
{
    return str_find_char(s, '\r', 0) < 0 && str_find_char(s, '\n', 0) < 0 &&
           str_find_char(s, 0, 0) < 0;
}

#endif
