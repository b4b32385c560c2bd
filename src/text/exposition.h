/* exposition.h - writes figures in Prometheus' text format 0.0.4
 * (https://prometheus.io/docs/instrumenting/exposition_formats/). Each metric is one group: HELP,
 * TYPE, then its samples. Threads: a writer belongs to one. */
#ifndef TEXT_EXPOSITION_H
#define TEXT_EXPOSITION_H

#include <stddef.h>
#include <stdint.h>

#include "base/histogram.h"
#include "base/str.h"

struct buf;

#define EXPOSITION_TYPE "text/plain; version=0.0.4; charset=utf-8"

enum metric_type { METRIC_GAUGE, METRIC_COUNTER, METRIC_HISTOGRAM };

enum { METRIC_LABELS_MAX = 4 };

struct metric {
    const char *name;
    enum metric_type type;
    const char *labels[METRIC_LABELS_MAX]; /* their names; NULL ends them */
    const char *help;                      /* one line, English */
};

struct exposition {
    struct buf *out;
    const struct metric *open;
};

void exposition_init(struct exposition *x, struct buf *out);
/* Starts the group of m, which lives on. Each metric once. */
void exposition_begin(struct exposition *x, const struct metric *m);
/* A sample of the group. values: as many as m has labels, any text; NULL when it has none. */
void exposition_add(struct exposition *x, const struct str *values, double v);
/* The samples of a histogram, in seconds. */
void exposition_add_histogram(struct exposition *x, const struct str *values,
                              const struct histogram_figures *h);

#endif
