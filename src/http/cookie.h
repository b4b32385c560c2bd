/* cookie.h - reading and writing cookies (RFC 6265). Reading is lenient: a broken pair is passed
 * over, for other programs on the same host may have set it. Threads: any. */
#ifndef HTTP_COOKIE_H
#define HTTP_COOKIE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

/* The first cookie of that name in one Cookie header; STR_NONE when absent. */
struct str cookie_find(struct str header, const char *name);
/* A Set-Cookie value; STR_NONE when name or value hold what a cookie cannot carry. */
struct str cookie_format(struct arena *a, const char *name, struct str value, int64_t max_age_s,
                         bool secure);

#endif
