/* header.h - a header line as name and value, and what may stand in one (RFC 9110 section 5).
 * Threads: any. */
#ifndef HTTP_HEADER_H
#define HTTP_HEADER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct header {
    struct str name, value;
};

/* May stand in a header's name or in a method. */
static inline bool header_token_byte(char c)
{
    /* a bit for each byte below 128: letters, digits, !#$%&'*+-.^_`|~ */
    static const uint64_t allowed[2] = {UINT64_C(0x3ff6cfa00000000), UINT64_C(0x57ffffffc7fffffe)};
    unsigned char u = (unsigned char)c;
    return u < 128 && (allowed[u / 64] >> (u % 64) & 1);
}

/* Letters that a header name may hold; not empty. */
static inline bool header_token(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!header_token_byte(s.p[i]))
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
