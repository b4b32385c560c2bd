/* bus.h - tells threads of this process what changed. A notice goes to every listener that wants
 * its topic; each has a bounded queue, and one that does not keep up loses its queue and is told so
 * once: it then reads afresh what it shows. It carries ids only and knows no store. Threads: any; a
 * listener belongs to one thread at a time. */
#ifndef BUS_BUS_H
#define BUS_BUS_H

#include <stddef.h>
#include <stdint.h>

#include "domain/notice.h"

struct bus;
struct bus_listener;

#define BUS_TOPIC(topic) (1u << (topic))
#define BUS_ALL_TOPICS (BUS_TOPIC(TOPIC_COUNT) - 1)

enum bus_result {
    BUS_NOTICE,  /* *out is filled */
    BUS_TIMEOUT, /* nothing came within the time */
    BUS_LOST,    /* some could not be kept, or TOPIC_ALL was told: read everything afresh */
    BUS_ENDED    /* the bus ends; unsubscribe */
};

struct bus *bus_new(void);
/* Wakes all listeners with BUS_ENDED; nothing is delivered any more. */
void bus_end(struct bus *b);
/* All listeners must have unsubscribed. */
void bus_free(struct bus *b);

/* Never waits for a listener. */
void bus_publish(struct bus *b, const struct notice *n);

/* Figures for /metrics. */
struct bus_figures {
    size_t waiting;     /* in the fullest listener's queue */
    uint64_t overflows; /* how often a listener lost its queue */
};
void bus_figures(struct bus *b, struct bus_figures *out);

/* topics: BUS_TOPIC of each one wanted. max: notices kept while the listener is busy, at least 1.
 */
struct bus_listener *bus_subscribe(struct bus *b, unsigned topics, size_t max);
void bus_unsubscribe(struct bus_listener *l);
/* The oldest notice; waits up to wait_ms (0: not at all, -1: for ever). */
enum bus_result bus_next(struct bus_listener *l, int64_t wait_ms, struct notice *out);

#endif
