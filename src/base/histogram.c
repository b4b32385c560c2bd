/* histogram.c - see histogram.h. */
#include "base/histogram.h"

const int64_t histogram_bounds[HISTOGRAM_BOUNDS] = {
    500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000, 2500000, 10000000};

void histogram_add(struct histogram *h, int64_t us)
{
    int at = 0;
    if (us < 0)
        us = 0;
    while (at < HISTOGRAM_BOUNDS && us > histogram_bounds[at])
        at++;
    atomic_fetch_add_explicit(&h->counts[at], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&h->sum_us, (unsigned long long)us, memory_order_relaxed);
}

void histogram_read(const struct histogram *h, struct histogram_figures *out)
{
    *out = (struct histogram_figures){.sum_us =
                                          atomic_load_explicit(&h->sum_us, memory_order_relaxed)};
    for (int i = 0; i <= HISTOGRAM_BOUNDS; i++) {
        out->counts[i] = atomic_load_explicit(&h->counts[i], memory_order_relaxed);
        out->n += out->counts[i];
    }
}
