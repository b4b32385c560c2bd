/* format.c - see format.h. The names of days and months are texts of the catalogue. */
#include "page/format.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "page/locale.h"
#include "text/zone.h"

#define MINUS "\xE2\x88\x92" /* U+2212 */
#define NARROW "\xC2\xA0"    /* no break between number and unit */

static const char *const days[] = {N_("Mon"), N_("Tue"), N_("Wed"), N_("Thu"),
                                   N_("Fri"), N_("Sat"), N_("Sun")};
static const char *const days_full[] = {N_("Monday"),   N_("Tuesday"), N_("Wednesday"),
                                        N_("Thursday"), N_("Friday"),  N_("Saturday"),
                                        N_("Sunday")};
static const char *const months[] = {N_("Jan"), N_("Feb"), N_("Mar"), N_("Apr"),
                                     NULL,      N_("Jun"), N_("Jul"), N_("Aug"),
                                     N_("Sep"), N_("Oct"), N_("Nov"), N_("Dec")};
static const char *const months_full[] = {
    N_("January"), N_("February"), N_("March"),     N_("April"),   N_("May"),      N_("June"),
    N_("July"),    N_("August"),   N_("September"), N_("October"), N_("November"), N_("December")};

static bool is_german(const struct locale *l)
{
    return str_eq(locale_language(l), STR("de"));
}

static struct str month_short(const struct locale *l, int month)
{
    /* "May" is short already: the long name serves */
    return locale_text(l, month == 5 ? months_full[4] : months[month - 1]);
}

struct str format_weekday(const struct locale *l, int weekday, bool full)
{
    return locale_text(l, (full ? days_full : days)[weekday - 1]);
}

void format_number(struct buf *b, const struct locale *l, int64_t n)
{
    char digits[24];
    uint64_t v = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
    int count = snprintf(digits, sizeof(digits), "%" PRIu64, v);
    if (n < 0)
        buf_add_z(b, MINUS);
    for (int i = 0; i < count; i++) {
        if (i && (count - i) % 3 == 0)
            buf_add_char(b, is_german(l) ? '.' : ',');
        buf_add_char(b, digits[i]);
    }
}

struct str format_percent(struct arena *a, const struct locale *l, double share)
{
    long v = isfinite(share) ? lround(share * 100) : 0;
    return is_german(l) ? arena_printf(a, "%ld" NARROW "%%", v) : arena_printf(a, "%ld%%", v);
}

struct str format_size(struct arena *a, const struct locale *l, int64_t bytes)
{
    if (bytes < 1000 * 1000)
        return arena_printf(a, "%" PRId64 NARROW "KB", bytes > 0 ? (bytes + 999) / 1000 : 0);
    bool giga = bytes >= INT64_C(1000) * 1000 * 1000;
    int64_t tenth = giga ? 100 * 1000 * 1000 : 100 * 1000, tenths = (bytes + tenth / 2) / tenth;
    return arena_printf(a, "%" PRId64 "%s%" PRId64 NARROW "%s", tenths / 10,
                        is_german(l) ? "," : ".", tenths % 10, giga ? "GB" : "MB");
}

struct str format_duration(struct arena *a, const struct locale *l, int64_t ms)
{
    int64_t minutes = ms / CLOCK_MINUTE, whole = minutes < 0 ? -minutes : minutes;
    const char *sign = minutes < 0 ? MINUS : "";
    struct str hour = locale_text(l, "h");
    if (whole < 60)
        return arena_printf(a, "%s%" PRId64 NARROW "min", sign, whole);
    if (whole < 24 * 60 && whole % 60 == 0)
        return arena_printf(a, "%s%" PRId64 NARROW "%.*s", sign, whole / 60, STR_FMT(hour));
    if (whole < 24 * 60)
        return arena_printf(a, "%s%" PRId64 NARROW "%.*s %" PRId64 NARROW "min", sign, whole / 60,
                            STR_FMT(hour), whole % 60);
    int64_t n = whole / (24 * 60);
    struct str unit = locale_plural(l, "day", "days", n);
    return arena_printf(a, "%s%" PRId64 NARROW "%.*s", sign, n, STR_FMT(unit));
}

struct str format_time(struct arena *a, const struct zone *z, int64_t t)
{
    struct zone_time at;
    zone_local(z, t, &at);
    return arena_printf(a, "%02d:%02d", at.minute / 60, at.minute % 60);
}

/* "12. Nov." and "12 Nov" */
static struct str day_and_month(struct arena *a, const struct locale *l, const struct zone_time *at)
{
    struct str month = month_short(l, at->month);
    return arena_printf(a, is_german(l) ? "%d." NARROW "%.*s" : "%d" NARROW "%.*s", at->day,
                        STR_FMT(month));
}

struct str format_date(struct arena *a, const struct locale *l, const struct zone *z, int64_t t)
{
    struct zone_time at;
    zone_local(z, t, &at);
    return arena_printf(a, "%.*s %d", STR_FMT(day_and_month(a, l, &at)), at.year);
}

struct str format_moment(struct arena *a, const struct locale *l, const struct zone *z, int64_t now,
                         int64_t t)
{
    struct zone_time at, today;
    zone_local(z, t, &at);
    zone_local(z, now, &today);
    int64_t days_away = zone_day(z, t) - zone_day(z, now);
    struct str time = format_time(a, z, t);
    if (days_away == 0)
        return time;
    if (days_away > -7 && days_away < 7)
        return arena_printf(a, "%.*s" NARROW "%.*s", STR_FMT(format_weekday(l, at.weekday, false)),
                            STR_FMT(time));
    if (at.year == today.year)
        return day_and_month(a, l, &at);
    return is_german(l) ? arena_printf(a, "%02d.%02d.%d", at.day, at.month, at.year)
                        : format_date(a, l, z, t);
}

struct str format_full(struct arena *a, const struct locale *l, const struct zone *z, int64_t t)
{
    struct zone_time at;
    zone_local(z, t, &at);
    return arena_printf(a, "%.*s, %d%s %.*s %d, %02d:%02d",
                        STR_FMT(format_weekday(l, at.weekday, true)), at.day,
                        is_german(l) ? "." : "", STR_FMT(locale_text(l, months_full[at.month - 1])),
                        at.year, at.minute / 60, at.minute % 60);
}

struct str format_field(struct arena *a, const struct zone *z, int64_t t)
{
    struct zone_time at;
    zone_local(z, t, &at);
    return arena_printf(a, "%04d-%02d-%02dT%02d:%02d", at.year, at.month, at.day, at.minute / 60,
                        at.minute % 60);
}
