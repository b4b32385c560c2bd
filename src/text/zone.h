/* zone.h - local time of a brand's time zone, over ICU's copy of the IANA data. Days are counted
 * since 1970-01-01 of the local calendar, minutes since local midnight as the clock on the wall
 * shows them: on the day of a change the minute that does not exist is taken as the first after the
 * gap. Threads: any. */
#ifndef TEXT_ZONE_H
#define TEXT_ZONE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct zone;

struct zone_time {
    int year, month, day; /* month 1..12 */
    int weekday;          /* 1 Monday .. 7 Sunday */
    int minute;           /* of the day */
    int second;
};

/* By IANA name; an unknown one gives UTC. The result lives as long as the process. */
const struct zone *zone_find(struct str name) __attribute__((returns_nonnull));
bool zone_known(struct str name);
/* What the clock there is ahead of UTC at t, in ms. */
int64_t zone_offset(const struct zone *z, int64_t t);
/* Local day of a moment. */
int64_t zone_day(const struct zone *z, int64_t t);
/* Moment of a minute of a local day; minute 1440 is the next midnight. */
int64_t zone_moment(const struct zone *z, int64_t day, int minute);
void zone_local(const struct zone *z, int64_t t, struct zone_time *out);
/* The calendar date of a count of days. */
void zone_date(int64_t day, struct zone_time *out);

#endif
