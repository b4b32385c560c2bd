/* measure.h - how well answers fit labels: precision, recall and F1 for each class, micro and macro
 * F1 with a bootstrap interval, and how far the told probabilities are off. Threads: one at a time.
 */
#ifndef UNDERSTAND_MEASURE_H
#define UNDERSTAND_MEASURE_H

#include <stddef.h>
#include <stdint.h>

struct measure_case {
    int16_t label, answer; /* classes; answer -1: unknown; the number of classes: one that no case
                              has. Both are wrong, but only the second was told. */
    float p;               /* told probability of the answer */
};

struct measure_class {
    double precision, recall, f1;
    size_t n; /* cases with this label */
};

struct measure_total {
    double f1, low, high; /* low, high: 95 % of resampled sets lie between */
};

/* Classes are numbered 0 .. classes-1. Classes that neither occur nor were told do not count in the
 * macro mean. */
void measure_classes(const struct measure_case *cases, size_t n, int classes,
                     struct measure_class *out);
/* micro: F1 over all decisions, which is the share of right answers when none is unknown. */
void measure_totals(const struct measure_case *cases, size_t n, int classes,
                    struct measure_total *micro, struct measure_total *macro);
/* Expected calibration error over ten bins of p (Naeini et al. 2015); unknown answers are left out.
 */
double measure_calibration(const struct measure_case *cases, size_t n);

#endif
