/* tally.h - how many open cases a brand has of each sort. Counted once for all agents and kept
 * until a case changes (kept.h): what the views, the teams and the chips show are sums of these
 * rows. Threads: the handler's. */
#ifndef CONSOLE_TALLY_H
#define CONSOLE_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct request;

/* Which cases to count; kind, team and assignee -1: any. */
struct tally_filter {
    int state; /* -1: all that are open */
    int kind;
    int64_t team, assignee; /* assignee 0: nobody */
};

struct tally {
    const struct desk_sql_tally_row *rows;
    size_t n;
};

/* Of the asker's brand; lives as long as the request. */
enum err tally_load(struct request *rq, struct tally *out) MUST_CHECK;
int64_t tally_count(const struct tally *t, struct tally_filter f);

#endif
