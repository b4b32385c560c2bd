/* calendar.h - business time: when somebody of the brand is there to answer. A calendar without
 * hours never closes. Threads: immutable once built. */
#ifndef BRAND_CALENDAR_H
#define BRAND_CALENDAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct zone;

struct calendar_hours {
    int weekday;     /* 1 Monday .. 7 Sunday */
    int from_minute; /* local, half-open */
    int to_minute;
};

struct calendar {
    const struct zone *zone;
    const struct calendar_hours *hours; /* by weekday and from_minute */
    size_t hours_n;
    const int64_t *holidays; /* local days since 1970-01-01, ascending */
    size_t holidays_n;
};

/* The moment at which business_ms of business time have passed since from. Falls back to plain time
 * when no opening is found within 400 days. */
int64_t calendar_due(const struct calendar *c, int64_t from, int64_t business_ms);
/* Is anybody there at t? */
bool calendar_open(const struct calendar *c, int64_t t);

#endif
