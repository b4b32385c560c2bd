/* pulse.h - how an account does, in a word and a sentence; one place for the list and for the page
 * of an account. Threads: the handler's. */
#ifndef CONSOLE_PULSE_H
#define CONSOLE_PULSE_H

#include "console/settings.h"

struct pulse {
    const struct channel *channel; /* NULL: of a newer version */
    int64_t state, success_at, failures;
    int incident;     /* enum incident_kind; -1: none */
    int64_t since;    /* of the incident */
    bool fetching;    /* somebody asked for news, and waits */
    struct str error; /* base/trouble.h */
    int64_t next_at;
    int64_t send_failures, send_after; /* of answers */
    struct str send_error;
};

struct pulse_said {
    const char *state; /* done, soon, late or empty: colour of the word */
    struct str word;
};

struct pulse_said pulse_say(struct request *rq, const struct brand_view *b, const struct pulse *p);
/* A moment as people read it, "never" for 0. */
struct str pulse_moment(struct request *rq, const struct brand_view *b, int64_t at);

/* What the page of an account shows of it: pulse, deliveries, what could not be read. */
enum err pulse_tables(struct request *rq, const struct brand_view *b, int64_t account,
                      const struct channel *channel, const struct table_view **tables,
                      size_t *n) MUST_CHECK;

#endif
