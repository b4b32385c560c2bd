/* The silence alarm on made-up accounts of known rhythm, with fixed chance: how often it cries
 * wolf, and how soon it notices. RHYTHM_PRINT=1 prints the table of docs/figures.md. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "understand/rhythm.h"

#define START INT64_C(1767571200000) /* Monday 2026-01-05T00:00:00Z */
#define LOOK (5 * CLOCK_MINUTE)
#define YEAR (52 * 7 * CLOCK_DAY)

static uint64_t chance_state;

static double chance(void) /* 0..1, splitmix64 */
{
    uint64_t z = chance_state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (double)((z ^ (z >> 31)) >> 11) / 9007199254740992.0;
}

static int poisson(double mean)
{
    double limit = exp(-mean), p = 1;
    int n = -1;
    do {
        p *= chance();
        n++;
    } while (p > limit);
    return n;
}

static int weekday_of(int64_t at)
{
    return (int)((at - START) / CLOCK_DAY % 7);
}

static double hour_of(int64_t at)
{
    return (double)((at - START) % CLOCK_DAY) / (double)CLOCK_HOUR;
}

/* Ten days a year on which work rests, none of them known to the account's brand. */
static bool is_holiday(int64_t at)
{
    return (at - START) / CLOCK_DAY % 36 == 24;
}

/* Day and night as customers are awake, weekends weaker. */
static double awake(int64_t at)
{
    double h = hour_of(at), day = h < 6 ? 0.03 : h < 9 ? 0.7 : h < 21 ? 1.6 : 0.5;
    return day * (weekday_of(at) >= 5 ? 0.35 : 1.25);
}

/* Office hours only; holidays are dead. */
static double office(int64_t at)
{
    double h = hour_of(at);
    return weekday_of(at) < 5 && h >= 8 && h < 18 && !is_holiday(at) ? 1 : 0;
}

enum kind { EVEN, AWAKE, OFFICE, BURSTS, WEEKLY, DAILY };

struct source {
    const char *name;
    enum kind kind;
    double a_day;                     /* posts */
    double false_a_year, delay_hours; /* what is asserted: at most */
    double burst;                     /* posts that are left of a burst */
};

/* Posts of the look that ends at. */
static int posts_of(struct source *s, int64_t at)
{
    double look = (double)LOOK / (double)CLOCK_DAY;
    switch (s->kind) {
    case EVEN:
        return poisson(s->a_day * look);
    case AWAKE:
        return poisson(s->a_day * look * awake(at) * (is_holiday(at) ? 0.4 : 1));
    case OFFICE:
        return poisson(s->a_day * look * office(at) * 24 / 10 * 7 / 5);
    case BURSTS: /* something happens, and then thirty people write within two hours */
        if (chance() < s->a_day / 30 * look * awake(at))
            s->burst += 30;
        {
            int n = poisson(s->burst * 0.08);
            s->burst = s->burst > n ? s->burst - n : 0;
            return n + poisson(s->a_day * 0.1 * look * awake(at));
        }
    case WEEKLY: /* Tuesday at ten, give or take half an hour */
        return weekday_of(at) == 1 && fabs(hour_of(at) - 10) < 0.04 ? 1 : 0;
    case DAILY: /* on working days at six */
    default:
        return weekday_of(at) < 5 && fabs(hour_of(at) - 6) < 0.04 ? 1 : 0;
    }
}

static int plain_week(void *arg, int64_t at)
{
    (void)arg;
    return (int)((at - START) / CLOCK_HOUR % RHYTHM_CELLS);
}

static const struct rhythm_week week = {plain_week, NULL};

/* From at on for so long; the number of alarms, one a silence. */
static int run(struct rhythm *r, struct source *s, int64_t *at, int64_t length)
{
    int alarms = 0;
    bool alarm = false;
    for (int64_t end = *at + length; *at < end; *at += LOOK) {
        rhythm_look(r, &week, *at, posts_of(s, *at));
        bool now = rhythm_is_silent(r);
        alarms += now && !alarm;
        alarm = now;
    }
    return alarms;
}

/* Hours until it is noticed that nothing comes any more; a year when never. */
static double delay_of(const struct rhythm *known, int64_t at)
{
    struct rhythm r = *known;
    int64_t began = at;
    for (; at < began + YEAR; at += LOOK) {
        rhythm_look(&r, &week, at, 0);
        if (rhythm_is_silent(&r))
            break;
    }
    return (double)(at - began) / (double)CLOCK_HOUR;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

enum { ACCOUNTS = 6, KILLS = 12 };

static void measure(struct source *s, double *false_a_year, double *median, double *most)
{
    double delays[ACCOUNTS * KILLS];
    int alarms = 0;
    chance_state = 7;
    for (int i = 0; i < ACCOUNTS; i++) {
        struct rhythm r;
        int64_t at = START;
        s->burst = 0;
        rhythm_init(&r, at);
        alarms += run(&r, s, &at, YEAR);
        for (int k = 0; k < KILLS; k++) {
            alarms += run(&r, s, &at, (int64_t)(chance() * 4 * (double)CLOCK_DAY) / LOOK * LOOK);
            delays[i * KILLS + k] = delay_of(&r, at);
        }
    }
    qsort(delays, ACCOUNTS * KILLS, sizeof *delays, compare);
    *false_a_year = (double)alarms / ACCOUNTS;
    *median = delays[ACCOUNTS * KILLS / 2];
    *most = delays[ACCOUNTS * KILLS * 9 / 10];
}

static void alarms_are_true_and_soon(void **state)
{
    struct source sources[] = {
        {"even, 2,000 a day", EVEN, 2000, 0.5, 0.5, 0},
        {"awake, 2,000 a day", AWAKE, 2000, 0.5, 4, 0},
        {"awake, 200 a day", AWAKE, 200, 0.5, 8, 0},
        {"awake, 20 a day", AWAKE, 20, 0.5, 36, 0},
        {"awake, 2 a day", AWAKE, 2, 0.5, 250, 0},
        {"office hours, 50 a day", OFFICE, 50, 1, 36, 0},
        {"office hours, 5 a day", OFFICE, 5, 1, 120, 0},
        {"bursts, 20 a day", BURSTS, 20, 1, 240, 0},
        {"Tuesdays at ten", WEEKLY, 1, 0.2, 1000, 0},
        {"working days at six", DAILY, 1, 0.2, 150, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
        double wrong, median, most;
        measure(&sources[i], &wrong, &median, &most);
        if (getenv("RHYTHM_PRINT"))
            printf("| %s | %.2f | %.1f h | %.1f h |\n", sources[i].name, wrong, median, most);
        else if (wrong > sources[i].false_a_year || most > sources[i].delay_hours)
            fail_msg("%s: %.2f false alarms a year, 90 %% noticed after %.1f h", sources[i].name,
                     wrong, most);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alarms_are_true_and_soon),
    };
    return cmocka_run_group_tests_name("understand/rhythm", tests, NULL, NULL);
}
