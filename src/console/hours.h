/* hours.h - the calendar of a brand as people write it, one line a day or range of days:
 *
 *     Mo–Fr 08:00–18:00            Mon-Thu 8-12, 13-17            2026-12-25 Christmas Day
 *
 * Days are named in any of our languages, short or in full. Reading is strict: a line that is not
 * wholly understood is refused with its number. Threads: any. */
#ifndef CONSOLE_HOURS_H
#define CONSOLE_HOURS_H

#include "base/err.h"
#include "base/str.h"
#include "brand/calendar.h"

struct arena;
struct locale;

enum { HOURS_MAX = 70, HOLIDAYS_MAX = 400, HOLIDAY_NAME_MAX = 120 };

enum line_fault {
    LINE_SOUND,
    LINE_DAY,     /* does not begin with days of the week */
    LINE_TIME,    /* is no range of times within a day */
    LINE_OVERLAP, /* the same time twice */
    LINE_DATE,    /* does not begin with a date of the calendar */
    LINE_NAME,    /* a holiday without a name */
    LINE_TOO_MANY
};

struct line_error {
    enum line_fault fault;
    int line; /* from 1 */
};

struct holiday {
    int64_t day; /* since 1970-01-01 */
    struct str name;
};

/* By weekday and time. ERR_INVALID fills e. */
enum err hours_read(struct arena *a, struct str text, struct calendar_hours **out, size_t *n,
                    struct line_error *e) MUST_CHECK;
/* The same hours, days in a row with equal times on one line. hours: by weekday and time. */
struct str hours_write(struct arena *a, const struct locale *l, const struct calendar_hours *hours,
                       size_t n);

/* Dates as 2026-12-25 or 25.12.2026; the later of two lines on one day counts. */
enum err holidays_read(struct arena *a, struct str text, struct holiday **out, size_t *n,
                       struct line_error *e) MUST_CHECK;
struct str holidays_write(struct arena *a, const struct holiday *days, size_t n);

#endif
