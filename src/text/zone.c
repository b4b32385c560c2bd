/* zone.c - see zone.h. ICU calendars are costly and not for several threads, so each zone has one
 * behind a lock and remembers the offsets it told lately: a quarter of an hour never holds a change
 * of the clock inside. */
#include "text/zone.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/ucal.h>
#include <unicode/ustring.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"

enum { NAME_MAX_BYTES = 64, REMEMBERED = 64 };
#define QUARTER (15 * CLOCK_MINUTE)

struct zone {
    struct zone *next;
    char name[NAME_MAX_BYTES];
    pthread_mutex_t lock;
    UCalendar *calendar; /* NULL: UTC */
    struct {
        int64_t quarter, offset;
    } told[REMEMBERED];
};

static pthread_mutex_t zones_lock = PTHREAD_MUTEX_INITIALIZER;
static struct zone *zones;

static UCalendar *open_calendar(const char *name)
{
    UChar id[NAME_MAX_BYTES];
    UErrorCode status = U_ZERO_ERROR;
    u_uastrcpy(id, name);
    UCalendar *c = ucal_open(id, -1, "en", UCAL_GREGORIAN, &status);
    return U_SUCCESS(status) ? c : NULL;
}

bool zone_known(struct str name)
{
    UChar id[NAME_MAX_BYTES], canonical[NAME_MAX_BYTES];
    char text[NAME_MAX_BYTES];
    UErrorCode status = U_ZERO_ERROR;
    if (!name.n || name.n >= sizeof text)
        return false;
    snprintf(text, sizeof text, "%.*s", STR_FMT(name));
    u_uastrcpy(id, text);
    ucal_getCanonicalTimeZoneID(id, -1, canonical, NAME_MAX_BYTES, NULL, &status);
    return U_SUCCESS(status);
}

static struct zone *make_zone(struct str name)
{
    struct zone *z = memory_zeroed(1, sizeof *z);
    snprintf(z->name, sizeof z->name, "%.*s", STR_FMT(name));
    pthread_mutex_init(&z->lock, NULL);
    if (zone_known(name))
        z->calendar = open_calendar(z->name);
    for (size_t i = 0; i < REMEMBERED; i++)
        z->told[i].quarter = INT64_MIN;
    z->next = zones;
    zones = z;
    return z;
}

const struct zone *zone_find(struct str name)
{
    struct str known = name.n < NAME_MAX_BYTES ? name : STR("UTC");
    pthread_mutex_lock(&zones_lock);
    struct zone *z = zones;
    while (z && !str_eq_z(known, z->name))
        z = z->next;
    if (!z)
        z = make_zone(zone_known(known) ? known : STR("UTC"));
    pthread_mutex_unlock(&zones_lock);
    return z;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static int64_t ask(struct zone *z, int64_t t)
{
    UErrorCode status = U_ZERO_ERROR;
    ucal_setMillis(z->calendar, (UDate)t, &status);
    int64_t offset = ucal_get(z->calendar, UCAL_ZONE_OFFSET, &status);
    offset += ucal_get(z->calendar, UCAL_DST_OFFSET, &status);
    return U_SUCCESS(status) ? offset : 0;
}

int64_t zone_offset(const struct zone *zone, int64_t t)
{
    struct zone *z =
        (struct zone *)(uintptr_t)zone; /* the memory behind the lock is not part of its value */
    if (!z->calendar)
        return 0;
    int64_t quarter = floor_div(t, QUARTER);
    size_t slot = (size_t)((uint64_t)quarter % REMEMBERED);
    pthread_mutex_lock(&z->lock);
    if (z->told[slot].quarter != quarter) {
        z->told[slot].offset = ask(z, quarter * QUARTER);
        z->told[slot].quarter = quarter;
    }
    int64_t offset = z->told[slot].offset;
    pthread_mutex_unlock(&z->lock);
    return offset;
}

int64_t zone_day(const struct zone *z, int64_t t)
{
    return floor_div(t + zone_offset(z, t), CLOCK_DAY);
}

int64_t zone_moment(const struct zone *z, int64_t day, int minute)
{
    int64_t local = day * CLOCK_DAY + minute * CLOCK_MINUTE;
    int64_t t = local - zone_offset(z, local);
    int64_t offset = zone_offset(z, t);
    if (t + offset == local)
        return t;
    int64_t other = local - offset;
    /* two readings that contradict one another: the minute does not exist, so the later moment is
     * behind the gap */
    return other + zone_offset(z, other) == local || other > t ? other : t;
}

void zone_date(int64_t day, struct zone_time *out)
{
    /* days to civil date, in eras of 400 years that begin in March */
    int64_t z = day + 719468, era = floor_div(z, 146097), doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
    *out = (struct zone_time){
        .month = (int)(mp < 10 ? mp + 3 : mp - 9),
        .day = (int)(doy - (153 * mp + 2) / 5 + 1),
        .weekday = (int)(((day + 3) % 7 + 7) % 7) + 1,
    };
    out->year = (int)(yoe + era * 400 + (out->month <= 2));
}

void zone_local(const struct zone *z, int64_t t, struct zone_time *out)
{
    int64_t local = t + zone_offset(z, t), day = floor_div(local, CLOCK_DAY);
    zone_date(day, out);
    out->minute = (int)((local - day * CLOCK_DAY) / CLOCK_MINUTE);
    out->second = (int)((local - day * CLOCK_DAY) / CLOCK_SECOND % 60);
}
