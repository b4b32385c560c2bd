/* date.c - see date.h. First the ordered numbers of ISO 8601, else tokens in whatever order they
 * come. */
#include "text/date.h"

#include <string.h>

#include "base/clock.h"

struct moment {
    int year, month, day; /* 0: not seen yet */
    int hour, minute, second, milli;
    int offset; /* minutes east of UTC */
    bool has_time, afternoon, has_zone;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

/* Reads exactly n digits off the front. */
static bool take_digits(struct str *s, size_t n, int *out)
{
    if (s->n < n)
        return false;
    int v = 0;
    for (size_t i = 0; i < n; i++) {
        if (!is_digit(s->p[i]))
            return false;
        v = v * 10 + (s->p[i] - '0');
    }
    *out = v;
    *s = str_sub(*s, n, s->n);
    return true;
}

static bool take_char(struct str *s, const char *any)
{
    if (!s->n || !s->p[0] || !strchr(any, s->p[0]))
        return false;
    *s = str_sub(*s, 1, s->n);
    return true;
}

static int month_days(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

static bool finish(const struct moment *m, int64_t *out)
{
    int hour = m->hour;
    if (m->afternoon && hour < 12)
        hour += 12;
    if (m->year < 1 || m->year > 9999 || m->month < 1 || m->month > 12 || m->day < 1 ||
        m->day > month_days(m->year, m->month) || hour > 24 || m->minute > 59 || m->second > 60 ||
        (hour == 24 && (m->minute || m->second)))
        return false;
    *out = clock_days(m->year, m->month, m->day) * CLOCK_DAY + hour * CLOCK_HOUR +
           (m->minute - m->offset) * CLOCK_MINUTE + m->second * CLOCK_SECOND + m->milli;
    return true;
}

/* "+01:00", "-0500", "+1", "+02". */
static bool take_offset(struct str *s, struct moment *m)
{
    int sign = s->n && s->p[0] == '-' ? -1 : 1, hours = 0, minutes = 0;
    if (!take_char(s, "+-"))
        return false;
    if (!take_digits(s, 2, &hours) && !take_digits(s, 1, &hours))
        return false;
    take_char(s, ":");
    if (s->n >= 2 && !take_digits(s, 2, &minutes))
        return false;
    if (hours > 15 || minutes > 59)
        return false;
    m->offset = sign * (hours * 60 + minutes);
    m->has_zone = true;
    return true;
}

/* "9:04", "09:04:05", "09:04:05.123", "09.04". */
static bool take_time(struct str *s, struct moment *m)
{
    struct str t = *s;
    int hour, minute, second = 0, digit;
    if (!(take_digits(&t, 2, &hour) || take_digits(&t, 1, &hour)) || !take_char(&t, ":.") ||
        !take_digits(&t, 2, &minute))
        return false;
    if (take_char(&t, ":.") && !take_digits(&t, 2, &second) && !take_digits(&t, 1, &second))
        return false;
    if (take_char(&t, ".,"))
        for (int scale = 100; take_digits(&t, 1, &digit); scale /= 10)
            m->milli += digit * scale;
    m->hour = hour;
    m->minute = minute;
    m->second = second;
    m->has_time = true;
    *s = t;
    return true;
}

/* 2026 · 2026-11 · 2026-11-22 · 20261122 · 2026-326 · with T or a blank and a time, and a zone. */
static bool parse_iso(struct str s, struct moment *m)
{
    int ordinal = 0;
    if (!take_digits(&s, 4, &m->year))
        return false;
    m->month = m->day = 1;
    if (s.n == 0)
        return true;
    bool dashes = take_char(&s, "-/");
    if (dashes && s.n == 3 && take_digits(&s, 3, &ordinal)) {
        for (m->month = 1; m->month <= 12 && ordinal > month_days(m->year, m->month); m->month++)
            ordinal -= month_days(m->year, m->month);
        m->day = ordinal;
        return m->month <= 12;
    }
    if (!take_digits(&s, 2, &m->month))
        return false;
    if (s.n == 0)
        return true;
    if (take_char(&s, "-/") != dashes || !take_digits(&s, 2, &m->day))
        return false;
    if (s.n == 0)
        return true;
    if (!take_char(&s, "Tt _"))
        return false;
    s = str_trim(s);
    struct str bare = s;
    if (!take_time(&s, m)) {
        s = bare; /* basic form hhmm[ss] */
        if (!take_digits(&s, 2, &m->hour))
            return false;
        if (take_digits(&s, 2, &m->minute))
            (void)take_digits(&s, 2, &m->second);
        m->has_time = true;
    }
    s = str_trim(s);
    if (s.n == 0 || str_eq_nocase(s, STR("Z")) || str_eq_nocase(s, STR("UTC")) ||
        str_eq_nocase(s, STR("GMT")))
        return true;
    return take_offset(&s, m) && s.n == 0;
}

static int month_of(struct str word)
{
    /* the first three letters tell English and German months apart, but for March and December's
     * twins */
    static const struct {
        const char *start;
        int month;
    } names[] = {{"jan", 1},  {"jän", 1},  {"feb", 2},  {"mar", 3}, {"mär", 3},
                 {"mrz", 3},  {"maer", 3}, {"apr", 4},  {"may", 5}, {"mai", 5},
                 {"jun", 6},  {"jul", 7},  {"aug", 8},  {"sep", 9}, {"oct", 10},
                 {"okt", 10}, {"nov", 11}, {"dec", 12}, {"dez", 12}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (str_starts_nocase(word, str_z(names[i].start)))
            return names[i].month;
    return 0;
}

static bool zone_of(struct str word, int *minutes)
{
    static const struct {
        const char *name;
        int hours;
    } zones[] = {{"UT", 0},    {"UTC", 0},  {"GMT", 0},  {"Z", 0},    {"WET", 0},  {"BST", 1},
                 {"WEST", 1},  {"CET", 1},  {"MEZ", 1},  {"CEST", 2}, {"MESZ", 2}, {"EET", 2},
                 {"EEST", 3},  {"MSK", 3},  {"JST", 9},  {"AST", -4}, {"ADT", -3}, {"EST", -5},
                 {"ET", -5},   {"EDT", -4}, {"CST", -6}, {"CT", -6},  {"CDT", -5}, {"MST", -7},
                 {"MT", -7},   {"MDT", -6}, {"PST", -8}, {"PT", -8},  {"PDT", -7}, {"AKST", -9},
                 {"AKDT", -8}, {"HST", -10}};
    for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++)
        if (str_eq_nocase(word, str_z(zones[i].name))) {
            *minutes = zones[i].hours * 60;
            return true;
        }
    return false;
}

static void take_word(struct str word, struct moment *m)
{
    int month = m->month ? 0 : month_of(word);
    if (month)
        m->month = month;
    else if (str_eq_nocase(word, STR("pm")))
        m->afternoon = true;
    else if (str_eq_nocase(word, STR("am")) && m->hour == 12)
        m->hour = 0;
    else if (!m->has_zone && m->has_time && zone_of(word, &m->offset))
        m->has_zone = true; /* an offset in numbers before it counts more: "+0100 (CET)" */
}

/* A number alone: the day first, then the year. */
static bool take_number(struct str digits, struct moment *m)
{
    int v = 0;
    for (size_t i = 0; i < digits.n && i < 6; i++)
        v = v * 10 + (digits.p[i] - '0');
    if (digits.n <= 2 && !m->day) {
        m->day = v;
    } else if (digits.n <= 2 && !m->year) {
        m->year = v + (v < 50 ? 2000 : 1900); /* RFC 5322, 4.3 */
    } else if (digits.n == 3 && !m->year) {
        m->year = v + 1900;
    } else if (digits.n == 4 && !m->year) {
        m->year = v;
    } else {
        return false;
    }
    return true;
}

/* "22.11.2026", "22.11.26". */
static bool take_dotted(struct str *s, struct moment *m)
{
    struct str t = *s;
    int day, month, year;
    if (m->day || !(take_digits(&t, 2, &day) || take_digits(&t, 1, &day)) || !take_char(&t, ".") ||
        !(take_digits(&t, 2, &month) || take_digits(&t, 1, &month)) || !take_char(&t, "."))
        return false;
    if (!take_digits(&t, 4, &year)) {
        if (!take_digits(&t, 2, &year))
            return false;
        year += year < 50 ? 2000 : 1900;
    }
    m->day = day;
    m->month = month;
    m->year = year;
    *s = t;
    return true;
}

static bool parse_tokens(struct str s, struct moment *m)
{
    while (s.n) {
        char c = s.p[0];
        size_t n = 1;
        if (c == '(') { /* a comment */
            ptrdiff_t close = str_find_char(s, ')', 0);
            n = close < 0 ? s.n : (size_t)close + 1;
        } else if ((c == '+' || c == '-') && m->has_time && s.n > 1 && is_digit(s.p[1])) {
            m->offset = 0;
            if (!take_offset(&s, m))
                return false;
            continue;
        } else if (is_digit(c)) {
            if (take_dotted(&s, m) || (!m->has_time && take_time(&s, m)))
                continue;
            while (n < s.n && is_digit(s.p[n]))
                n++;
            if (!take_number(str_sub(s, 0, n), m))
                return false;
        } else if (is_letter(c)) {
            while (n < s.n && is_letter(s.p[n]))
                n++;
            take_word(str_sub(s, 0, n), m);
        }
        s = str_sub(s, n, s.n);
    }
    return m->year && m->month && m->day;
}

bool date_parse(struct str s, int64_t *out)
{
    s = str_trim(s);
    if (s.n > 100)
        return false;
    struct moment m = {0};
    if (parse_iso(s, &m))
        return finish(&m, out);
    m = (struct moment){0};
    return parse_tokens(s, &m) && finish(&m, out);
}
