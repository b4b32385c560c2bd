/* flood.h - clients that mean harm, thousands at a time, from many addresses of the loopback
 * network, and one honest client beside them that tells how long it waits. One thread each. What
 * fails here ends the program with a message and exit 2, as in house.h. */
#ifndef BENCH_FLOOD_H
#define BENCH_FLOOD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What each connection does: sends opening, then repeat (as fast as it is taken, so many times),
 * then drip once a second; reads what comes or never does. A connection that the server ends is
 * opened anew, at most REOPENED_A_SECOND of all. */
struct flood_kind {
    const char *name, *opening, *repeat;
    int repeats;
    int spread; /* connections for each address; 0: 100 */
    const char *drip;
    bool reads, signed_in; /* a line with the cookie goes behind the opening */
};
extern const struct flood_kind flood_kinds[];
extern const size_t flood_kind_count;
/* NULL when there is none of that name. */
const struct flood_kind *flood_find(const char *name);

struct flood_figures {
    int open;          /* connections at the moment */
    int most;          /* at a time */
    int64_t answers;   /* heads of answers */
    int64_t status[6]; /* of them, by the first digit */
    int64_t code_408, code_413, code_414, code_429, code_431, code_503;
    int64_t ended;                 /* connections that the server ended */
    int streams;                   /* that have begun */
    int told;                      /* streams that have had an event */
    int64_t told_first, told_last; /* monotonic microseconds */
};

struct flood;
/* cookie: "name=value", for kinds that are signed in. */
struct flood *flood_start(const struct flood_kind *kind, int port, int n, const char *cookie);
void flood_read(struct flood *f, struct flood_figures *out);
/* Closes everything. */
void flood_stop(struct flood *f, struct flood_figures *out);

/* Asks for a page again and again over one connection, every few milliseconds. */
struct probe_figures {
    int answers, failed; /* failed: no answer, or not 200 */
    double p50_ms, p99_ms, most_ms;
};
struct probe;
struct probe *probe_start(int port, const char *path, const char *cookie);
void probe_stop(struct probe *p, struct probe_figures *out);

int64_t flood_micros(void); /* monotonic */

#endif
