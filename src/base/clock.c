/* clock.c - see clock.h. */
#include "base/clock.h"

#include <time.h>

#include "base/arena.h"

static int64_t of_clock_us(clockid_t id)
{
    struct timespec ts;
    clock_gettime(id, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static int64_t of_clock(clockid_t id)
{
    return of_clock_us(id) / 1000;
}

static int64_t system_now(void *ctx)
{
    (void)ctx;
    return of_clock(CLOCK_REALTIME);
}

const struct clock clock_system = {system_now, NULL};

int64_t clock_now(const struct clock *c)
{
    return c->now(c->ctx);
}

int64_t clock_mono(void)
{
    return of_clock(CLOCK_BOOTTIME);
}

int64_t clock_mono_us(void)
{
    return of_clock_us(CLOCK_BOOTTIME);
}

static int64_t fake_now(void *ctx)
{
    return ((struct clock_fake *)ctx)->at;
}

void clock_fake_init(struct clock_fake *f, int64_t at)
{
    f->at = at;
    f->clock = (struct clock){fake_now, f};
}

int64_t clock_days(int year, int month, int day)
{
    /* civil-from-days, counted in eras of 400 years that begin in March */
    int64_t y = year - (month <= 2);
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t yoe = y - era * 400;
    int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * 146097 + doe - 719468;
}

struct str clock_format(struct arena *a, int64_t t)
{
    int64_t ms = ((t % 1000) + 1000) % 1000;
    time_t s = (time_t)((t - ms) / 1000);
    struct tm tm;
    gmtime_r(&s, &tm);
    char text[32];
    size_t n = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
    if (ms)
        return arena_printf(a, "%.*s.%03dZ", (int)n, text, (int)ms);
    return arena_printf(a, "%.*sZ", (int)n, text);
}

static bool digits(struct str s, size_t at, size_t n, int *out)
{
    int v = 0;
    if (at + n > s.n)
        return false;
    for (size_t i = at; i < at + n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
        v = v * 10 + (s.p[i] - '0');
    }
    *out = v;
    return true;
}

static bool days_fit(int year, int month, int day)
{
    static const int length[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100) || year % 400 == 0;
    return month >= 1 && month <= 12 && day >= 1 && day <= length[month - 1] + (month == 2 && leap);
}

static bool parse_offset(struct str s, int64_t *ms)
{
    int h, m;
    if (str_eq(s, STR("Z")) || str_eq(s, STR("z"))) {
        *ms = 0;
        return true;
    }
    if (s.n < 5 || (s.p[0] != '+' && s.p[0] != '-') || !digits(s, 1, 2, &h))
        return false;
    size_t at = s.p[3] == ':' ? 4 : 3;
    if (s.n != at + 2 || !digits(s, at, 2, &m) || h > 23 || m > 59)
        return false;
    *ms = (h * CLOCK_HOUR + m * CLOCK_MINUTE) * (s.p[0] == '-' ? -1 : 1);
    return true;
}

bool clock_parse(struct str s, int64_t *out)
{
    int y, mo, d, h, mi, se, ms = 0;
    s = str_trim(s);
    if (!digits(s, 0, 4, &y) || s.n < 10 || s.p[4] != '-' || !digits(s, 5, 2, &mo) ||
        s.p[7] != '-' || !digits(s, 8, 2, &d) || !days_fit(y, mo, d))
        return false;
    int64_t day = clock_days(y, mo, d) * CLOCK_DAY;
    if (s.n == 10) {
        *out = day;
        return true;
    }
    if ((s.p[10] != 'T' && s.p[10] != 't' && s.p[10] != ' ') || !digits(s, 11, 2, &h) || s.n < 20 ||
        s.p[13] != ':' || !digits(s, 14, 2, &mi) || s.p[16] != ':' || !digits(s, 17, 2, &se) ||
        h > 23 || mi > 59 || se > 60)
        return false;
    size_t at = 19;
    if (s.p[at] == '.') {
        int scale = 100;
        for (at++; at < s.n && s.p[at] >= '0' && s.p[at] <= '9'; at++, scale /= 10)
            ms += (s.p[at] - '0') * scale;
    }
    int64_t offset;
    if (!parse_offset(str_sub(s, at, s.n), &offset))
        return false;
    *out = day + h * CLOCK_HOUR + mi * CLOCK_MINUTE + se * CLOCK_SECOND + ms - offset;
    return true;
}
