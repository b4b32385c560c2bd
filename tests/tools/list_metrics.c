/* list_metrics.c - the table of metrics (src/app/metrics.c) as lines of Markdown, for
 * docs/metrics.md. */
#include <stdio.h>

#include "app/metrics.h"

int main(void)
{
    static const char *const types[] = {
        [METRIC_GAUGE] = "gauge", [METRIC_COUNTER] = "counter", [METRIC_HISTOGRAM] = "histogram"};
    for (size_t i = 0; i < metrics_count; i++) {
        const struct metric *m = &metrics_table[i];
        printf("| `%s` | %s |", m->name, types[m->type]);
        for (size_t k = 0; k < METRIC_LABELS_MAX && m->labels[k]; k++)
            printf("%s `%s`", k ? "," : "", m->labels[k]);
        printf(" | %s |\n", m->help);
    }
    return 0;
}
