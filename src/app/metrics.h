/* metrics.h - /metrics: the state of this process and of the installation in Prometheus' text
 * format. It may be read from listed addresses (not through a proxy) or with a token. No label and
 * no value holds anything that a customer or an agent wrote. Reading costs a few short statements,
 * at most once in a while; in between everybody gets the same text. Threads: any. */
#ifndef APP_METRICS_H
#define APP_METRICS_H

#include "base/config.h"
#include "http/server.h"
#include "text/exposition.h"

struct bus;
struct metrics;
struct model;
struct page_context;

/* What is shown, by order; docs/metrics.md is made of it. */
extern const struct metric metrics_table[];
extern const size_t metrics_count;

struct metrics_sources {
    const struct page_context *context; /* store, flow; its server may come later */
    const struct model *model;
    struct workers *workers;
    struct bus *bus;
    const struct config *config;
};

/* ERR_INVALID: the settings of access are unsound. */
enum err metrics_new(struct metrics **out, const struct metrics_sources *from,
                     struct errinfo *e) MUST_CHECK;
void metrics_free(struct metrics *m);

extern const struct route metrics_routes[];
extern const size_t metrics_route_count;

#endif
