/* clock.h - time. Moments are UTC milliseconds since 1970 (int64_t), durations milliseconds.
 * Whoever needs the time is handed a struct clock, so that tests run without waiting. Threads: any.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct arena;

#define CLOCK_SECOND INT64_C(1000)
#define CLOCK_MINUTE INT64_C(60000)
#define CLOCK_HOUR INT64_C(3600000)
#define CLOCK_DAY INT64_C(86400000)

struct clock {
    int64_t (*now)(void *ctx);
    void *ctx;
};

extern const struct clock clock_system;

int64_t clock_now(const struct clock *c);
/* Never steps, and goes on while the machine sleeps; for measuring durations and time-outs only.
 * Milliseconds since an arbitrary start. */
int64_t clock_mono(void);
/* The same in microseconds, for figures. */
int64_t clock_mono_us(void);

/* A clock that stands until it is moved (tests, replay). */
struct clock_fake {
    struct clock clock;
    int64_t at;
};
void clock_fake_init(struct clock_fake *f, int64_t at);

/* RFC 3339 in UTC, "2026-11-22T09:04:00Z" (with ".123" when there are milliseconds). */
struct str clock_format(struct arena *a, int64_t t);
/* RFC 3339 date-time with any offset, or a plain date (midnight UTC). */
bool clock_parse(struct str s, int64_t *out);
/* Days since 1970-01-01 of a proleptic Gregorian date; month 1..12. */
int64_t clock_days(int year, int month, int day);

#endif
