/* calendar.c - see calendar.h. Walks day by day: a target is hours, so a handful of days at most.
 */
#include "brand/calendar.h"

#include "text/zone.h"

enum { DAYS_MAX = 400 };

static bool holiday(const struct calendar *c, int64_t day)
{
    size_t low = 0, high = c->holidays_n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (c->holidays[middle] < day)
            low = middle + 1;
        else
            high = middle;
    }
    return low < c->holidays_n && c->holidays[low] == day;
}

static int weekday(int64_t day)
{
    return (int)((day % 7 + 7 + 3) % 7) + 1; /* 1970-01-01 was a Thursday */
}

int64_t calendar_due(const struct calendar *c, int64_t from, int64_t business_ms)
{
    int64_t left = business_ms;
    if (!c->hours_n)
        return from + business_ms;
    int64_t first = zone_day(c->zone, from);
    for (int64_t day = first; day < first + DAYS_MAX; day++) {
        if (holiday(c, day))
            continue;
        for (size_t i = 0; i < c->hours_n; i++) {
            const struct calendar_hours *h = &c->hours[i];
            if (h->weekday != weekday(day))
                continue;
            int64_t open = zone_moment(c->zone, day, h->from_minute);
            int64_t close = zone_moment(c->zone, day, h->to_minute);
            if (open < from)
                open = from;
            if (close <= open)
                continue;
            if (close - open >= left)
                return open + left;
            left -= close - open;
        }
    }
    return from + business_ms;
}

bool calendar_open(const struct calendar *c, int64_t t)
{
    if (!c->hours_n)
        return true;
    int64_t day = zone_day(c->zone, t);
    if (holiday(c, day))
        return false;
    for (size_t i = 0; i < c->hours_n; i++) {
        const struct calendar_hours *h = &c->hours[i];
        if (h->weekday == weekday(day) && zone_moment(c->zone, day, h->from_minute) <= t &&
            t < zone_moment(c->zone, day, h->to_minute))
            return true;
    }
    return false;
}
