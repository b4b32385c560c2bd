/* histogram.h - how often a measured time fell into which range. The bounds are the same
 * everywhere, so that figures compare. Adding takes no lock; a reading may be off by what is being
 * added just then, but its total is always the sum of its ranges. Threads: any. */
#ifndef BASE_HISTOGRAM_H
#define BASE_HISTOGRAM_H

#include <stdatomic.h>
#include <stdint.h>

enum { HISTOGRAM_BOUNDS = 13 };
/* Microseconds, rising; the last range has no upper bound. */
extern const int64_t histogram_bounds[HISTOGRAM_BOUNDS];

struct histogram {
    atomic_ullong counts[HISTOGRAM_BOUNDS + 1], sum_us;
};

struct histogram_figures {
    uint64_t counts[HISTOGRAM_BOUNDS + 1]; /* of each range, up to and with its bound */
    uint64_t n, sum_us;
};

void histogram_add(struct histogram *h, int64_t us);
void histogram_read(const struct histogram *h, struct histogram_figures *out);

#endif
