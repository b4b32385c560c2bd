/* buf.h - text being built, always with a maximum. Going past it makes the buffer fail for good, as
 * does a lack of memory where it is not the arena's: later additions are dropped and buf_ok tells
 * at the end, so that builders need no check after each step. Threads: one at a time. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct arena;

struct buf {
    char *p;
    size_t n, cap, max;
    struct arena *arena; /* NULL: heap */
    bool failed;
};

/* max: most bytes it may ever hold. Allocates nothing yet. */
void buf_init(struct buf *b, size_t max);
void buf_deinit(struct buf *b);
/* A buffer whose memory is the arena's; no deinit. */
void buf_init_in(struct buf *b, struct arena *a, size_t max);
void buf_clear(struct buf *b); /* empty and sound again; keeps its memory */
bool buf_ok(const struct buf *b);

void buf_add(struct buf *b, struct str s);
void buf_add_z(struct buf *b, const char *s);
void buf_add_char(struct buf *b, char c);
void buf_add_i64(struct buf *b, int64_t v);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Room for n more bytes, to be filled by the caller who then adds to b->n; NULL when it would pass
 * max. */
char *buf_reserve(struct buf *b, size_t n);
/* What it holds now; valid until the next addition. */
struct str buf_str(const struct buf *b);

#endif
