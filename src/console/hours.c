/* hours.c - see hours.h. */
#include "console/hours.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/vec.h"
#include "page/format.h"
#include "page/locale.h"
#include "text/unicode.h"
#include "text/zone.h"

#define EN_DASH "\xE2\x80\x93" /* U+2013 */

enum { DAY_MINUTES = 24 * 60 };

/* The text with en dashes and the sign for minus as '-', and folded. */
static struct str plain(struct arena *a, struct str s)
{
    struct str folded = text_fold(a, s);
    struct buf b;
    buf_init_in(&b, a, folded.n + 1);
    for (size_t i = 0; i < folded.n; i++) {
        struct str three = str_sub(folded, i, i + 3);
        if (str_eq_z(three, EN_DASH) || str_eq_z(three, "\xE2\x88\x92")) {
            buf_add_char(&b, '-');
            i += 2;
        } else {
            buf_add_char(&b, folded.p[i]);
        }
    }
    return buf_str(&b);
}

/* --- reading hours --- */

static int weekday_named(struct arena *a, struct str name)
{
    const struct locale *l;
    if (name.n && name.p[name.n - 1] == '.')
        name.n--;
    for (size_t i = 0; (l = locale_at(i)); i++)
        for (int day = 1; day <= 7; day++)
            if (str_eq(name, text_fold(a, format_weekday(l, day, false))) ||
                str_eq(name, text_fold(a, format_weekday(l, day, true))))
                return day;
    return 0;
}

/* "8", "08:00", "8.30"; 24:00 is the end of the day. -1: no time. */
static int minute_named(struct str s)
{
    int64_t hour, minute = 0;
    ptrdiff_t at = str_find_char(s, ':', 0);
    if (at < 0)
        at = str_find_char(s, '.', 0);
    struct str first = at < 0 ? s : str_sub(s, 0, (size_t)at);
    struct str second = at < 0 ? STR("00") : str_sub(s, (size_t)at + 1, s.n);
    if (first.n < 1 || first.n > 2 || second.n != 2 || !str_to_i64(first, &hour) ||
        !str_to_i64(second, &minute))
        return -1;
    int64_t total = hour * 60 + minute;
    return hour < 0 || minute < 0 || minute > 59 || total > DAY_MINUTES ? -1 : (int)total;
}

/* "mo-fr", "mo, mi": a bit for each day; 0: no days. */
static unsigned days_named(struct arena *a, struct str s)
{
    unsigned days = 0;
    struct str piece;
    while (str_next(&s, ',', &piece)) {
        struct str first, rest = str_trim(piece);
        if (!str_next(&rest, '-', &first))
            return 0;
        int from = weekday_named(a, str_trim(first));
        int to = rest.n ? weekday_named(a, str_trim(rest)) : from;
        if (!from || !to)
            return 0;
        for (int day = from;; day = day % 7 + 1) { /* Fri-Mon goes over the end of the week */
            days |= 1u << day;
            if (day == to)
                break;
        }
    }
    return days;
}

static enum line_fault add_range(struct vec *out, unsigned days, struct str range)
{
    struct str first, rest = range;
    if (!str_next(&rest, '-', &first))
        return LINE_TIME;
    int from = minute_named(str_trim(first)), to = minute_named(str_trim(rest));
    if (from < 0 || to <= from)
        return LINE_TIME;
    for (int day = 1; day <= 7; day++) {
        if (!(days & (1u << day)))
            continue;
        for (size_t i = 0; i < out->n; i++) {
            const struct calendar_hours *h = vec_at(out, i);
            if (h->weekday == day && h->from_minute < to && from < h->to_minute)
                return LINE_OVERLAP;
        }
        if (out->n >= HOURS_MAX)
            return LINE_TOO_MANY;
        *(struct calendar_hours *)vec_push(out) = (struct calendar_hours){day, from, to};
    }
    return LINE_SOUND;
}

static enum line_fault read_hours_line(struct arena *a, struct str line, struct vec *out)
{
    size_t digit = 0;
    struct str s = plain(a, line), range;
    while (digit < s.n && !(s.p[digit] >= '0' && s.p[digit] <= '9'))
        digit++;
    struct str named = str_trim(str_sub(s, 0, digit));
    if (named.n && named.p[named.n - 1] == ':')
        named.n--;
    unsigned days = days_named(a, named);
    if (!days)
        return LINE_DAY;
    struct str rest = str_sub(s, digit, s.n);
    if (!rest.n)
        return LINE_TIME;
    while (str_next(&rest, ',', &range)) {
        enum line_fault fault = add_range(out, days, str_trim(range));
        if (fault != LINE_SOUND)
            return fault;
    }
    return LINE_SOUND;
}

static int by_time(const void *pa, const void *pb)
{
    const struct calendar_hours *a = pa, *b = pb;
    if (a->weekday != b->weekday)
        return a->weekday - b->weekday;
    return a->from_minute - b->from_minute;
}

enum err hours_read(struct arena *a, struct str text, struct calendar_hours **out, size_t *n,
                    struct line_error *e)
{
    struct vec v;
    struct str line;
    vec_init(&v, a, sizeof(struct calendar_hours));
    *e = (struct line_error){LINE_SOUND, 0};
    while (str_next_line(&text, &line)) {
        e->line++;
        line = str_trim(line);
        if (line.n)
            e->fault = read_hours_line(a, line, &v);
        if (e->fault != LINE_SOUND)
            return ERR_INVALID;
    }
    if (v.n)
        qsort(v.p, v.n, sizeof(struct calendar_hours), by_time);
    *out = v.p;
    *n = v.n;
    return ERR_OK;
}

/* --- writing hours --- */

/* "08:00–12:00, 13:00–17:00" of one day; empty: closed. */
static struct str ranges_of(struct arena *a, const struct calendar_hours *hours, size_t n, int day)
{
    struct buf b;
    buf_init_in(&b, a, HOURS_MAX * 16);
    for (size_t i = 0; i < n; i++) {
        const struct calendar_hours *h = &hours[i];
        if (h->weekday == day)
            buf_printf(&b, "%s%02d:%02d" EN_DASH "%02d:%02d", b.n ? ", " : "", h->from_minute / 60,
                       h->from_minute % 60, h->to_minute / 60, h->to_minute % 60);
    }
    return buf_str(&b);
}

struct str hours_write(struct arena *a, const struct locale *l, const struct calendar_hours *hours,
                       size_t n)
{
    struct buf b;
    buf_init_in(&b, a, 7 * (HOURS_MAX + 1) * 16);
    for (int day = 1, last; day <= 7; day = last + 1) {
        struct str ranges = ranges_of(a, hours, n, day);
        last = day;
        while (last < 7 && str_eq(ranges, ranges_of(a, hours, n, last + 1)))
            last++;
        if (!ranges.n)
            continue;
        buf_add(&b, format_weekday(l, day, false));
        if (last > day) {
            buf_add(&b, STR(EN_DASH));
            buf_add(&b, format_weekday(l, last, false));
        }
        buf_add_char(&b, ' ');
        buf_add(&b, ranges);
        buf_add_char(&b, '\n');
    }
    return buf_str(&b);
}

/* --- holidays --- */

static bool date_of(int64_t year, int64_t month, int64_t day, int64_t *out)
{
    struct zone_time back;
    if (year < 1970 || year > 2200 || month < 1 || month > 12 || day < 1 || day > 31)
        return false;
    *out = clock_days((int)year, (int)month, (int)day);
    zone_date(*out, &back); /* 31 April becomes 1 May: no date */
    return back.month == month && back.day == day;
}

/* "2026-12-25" or "25.12.2026" */
static bool date_named(struct str s, int64_t *out)
{
    int64_t part[3];
    bool iso = str_find_char(s, '-', 0) >= 0;
    struct str piece;
    size_t n = 0;
    while (str_next(&s, iso ? '-' : '.', &piece)) {
        if (n == 3 || !piece.n || piece.n > 4 || !str_to_i64(piece, &part[n++]))
            return false;
    }
    if (n != 3)
        return false;
    return iso ? date_of(part[0], part[1], part[2], out) : date_of(part[2], part[1], part[0], out);
}

static enum line_fault read_holiday(struct arena *a, struct str line, struct vec *out)
{
    ptrdiff_t blank = str_find_char(line, ' ', 0);
    struct holiday h;
    if (!date_named(blank < 0 ? line : str_sub(line, 0, (size_t)blank), &h.day))
        return LINE_DATE;
    h.name = text_plain_line(a, blank < 0 ? STR("") : str_sub(line, (size_t)blank, line.n),
                             HOLIDAY_NAME_MAX);
    if (!h.name.n)
        return LINE_NAME;
    if (out->n >= HOLIDAYS_MAX)
        return LINE_TOO_MANY;
    *(struct holiday *)vec_push(out) = h;
    return LINE_SOUND;
}

enum err holidays_read(struct arena *a, struct str text, struct holiday **out, size_t *n,
                       struct line_error *e)
{
    struct vec v;
    struct str line;
    vec_init(&v, a, sizeof(struct holiday));
    *e = (struct line_error){LINE_SOUND, 0};
    while (str_next_line(&text, &line)) {
        e->line++;
        line = str_trim(line);
        if (line.n)
            e->fault = read_holiday(a, line, &v);
        if (e->fault != LINE_SOUND)
            return ERR_INVALID;
    }
    *out = v.p;
    *n = v.n;
    return ERR_OK;
}

struct str holidays_write(struct arena *a, const struct holiday *days, size_t n)
{
    struct buf b;
    buf_init_in(&b, a, (n + 1) * (HOLIDAY_NAME_MAX + 16));
    for (size_t i = 0; i < n; i++) {
        struct zone_time at;
        zone_date(days[i].day, &at);
        buf_printf(&b, "%04d-%02d-%02d %.*s\n", at.year, at.month, at.day, STR_FMT(days[i].name));
    }
    return buf_str(&b);
}
