/* kept.h - what was read or rendered a moment ago, kept until something of the brand changes: each
 * notice of a brand makes all that was kept for it stale at once (so there is no list of what
 * depends on what), and nothing is older than KEPT_MS, since pages show times and who is at the
 * desk. A page is kept under the session it was made for and is never given to another; the figures
 * of a brand are kept for all its agents.
 *
 * Memory is bounded: a fixed number of places; who comes later takes the place over. The order that
 * makes it sound: ask for the generation first, then read the store, then keep under that
 * generation. Threads: any. */
#ifndef CONSOLE_KEPT_H
#define CONSOLE_KEPT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "domain/notice.h"

struct kept;

enum { KEPT_MS = 5000, KEPT_PLACES = 64, KEPT_BYTES_MAX = 128 * 1024 };

struct kept *kept_new(void);
void kept_free(struct kept *k);

/* Called for each notice, after its commit and before the writer is answered, so that who changed
 * something sees it. */
void kept_notice(struct kept *k, const struct notice *n);
/* Grows with each change of the brand, or of any agent. */
uint64_t kept_generation(const struct kept *k, int64_t brand);

/* Appends what is kept under this key, if it is of this generation. */
bool kept_find(struct kept *k, uint64_t generation, struct str key, struct buf *out);
/* Keeps a copy; what is larger than KEPT_BYTES_MAX is not kept. */
void kept_put(struct kept *k, uint64_t generation, struct str key, struct str bytes);

#endif
