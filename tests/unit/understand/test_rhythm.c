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
        {"even, 2,000 a day", EVEN, 2000, 0.5, 2, 0},
        {"awake, 2,000 a day", AWAKE, 2000, 1.5, 12, 0},
        {"awake, 200 a day", AWAKE, 200, 1.5, 15, 0},
        {"awake, 20 a day", AWAKE, 20, 1.5, 48, 0},
        {"awake, 2 a day", AWAKE, 2, 1, 180, 0},
        {"office hours, 50 a day", OFFICE, 50, 4, 110, 0},
        {"office hours, 5 a day", OFFICE, 5, 2.5, 120, 0},
        {"bursts, 20 a day", BURSTS, 20, 3.5, 210, 0},
        {"Tuesdays at ten", WEEKLY, 1, 0.5, 800, 0},
        {"working days at six", DAILY, 1, 0.5, 200, 0},
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

/* Little is known: nothing is said, however long it is quiet. */
static void it_learns_before_it_speaks(void **state)
{
    struct rhythm r;
    (void)state;
    rhythm_init(&r, START);
    for (int64_t at = START; at < START + 6 * CLOCK_DAY; at += CLOCK_HOUR)
        rhythm_look(&r, &week, at, 1);
    for (int64_t at = START + 6 * CLOCK_DAY; at < START + 300 * CLOCK_DAY; at += CLOCK_HOUR) {
        rhythm_look(&r, &week, at, 0);
        assert_false(rhythm_is_silent(&r));
    }
    rhythm_init(&r, START); /* three posts are no rhythm */
    for (int64_t at = START; at < START + 300 * CLOCK_DAY; at += CLOCK_HOUR) {
        rhythm_look(&r, &week, at, at < START + 3 * CLOCK_HOUR);
        assert_false(rhythm_is_silent(&r));
    }
}

/* An hour's post for five weeks, then nothing. */
static void go_quiet(struct rhythm *r, int64_t *at)
{
    rhythm_init(r, START);
    for (*at = START; *at < START + 35 * CLOCK_DAY; *at += CLOCK_HOUR)
        rhythm_look(r, &week, *at, 1);
    for (; !rhythm_is_silent(r); *at += CLOCK_HOUR) {
        assert_true(*at < START + 40 * CLOCK_DAY);
        rhythm_look(r, &week, *at, 0);
    }
}

static void a_person_can_say_that_it_is_well(void **state)
{
    struct rhythm r;
    int64_t at;
    (void)state;
    go_quiet(&r, &at);
    assert_in_range(rhythm_usual(&r, &week, at), 50 * CLOCK_MINUTE, 80 * CLOCK_MINUTE);
    rhythm_accept(&r);
    assert_false(rhythm_is_silent(&r));
    rhythm_look(&r, &week, at += CLOCK_HOUR, 0);
    assert_false(rhythm_is_silent(&r));
    for (int64_t end = at + 20 * CLOCK_DAY; at < end && !rhythm_is_silent(&r); at += CLOCK_HOUR)
        rhythm_look(&r, &week, at, 0);
    assert_true(rhythm_is_silent(&r)); /* much longer is another thing */
}

/* We were away, the clock stepped back, a flood came at once: no alarm, and nothing odd is kept. */
static void odd_looks_are_harmless(void **state)
{
    struct rhythm r;
    int64_t at = START;
    (void)state;
    rhythm_init(&r, START);
    for (; at < START + 35 * CLOCK_DAY; at += CLOCK_HOUR)
        rhythm_look(&r, &week, at, 1);
    at += 30 * CLOCK_DAY;
    rhythm_look(&r, &week, at, 0);
    assert_false(rhythm_is_silent(&r));
    rhythm_look(&r, &week, at += CLOCK_HOUR, 100000);
    rhythm_look(&r, &week, at - CLOCK_DAY, 0);
    assert_false(rhythm_is_silent(&r));
    assert_in_range(rhythm_usual(&r, &week, at), 10 * CLOCK_MINUTE, 2 * CLOCK_HOUR);
}

static void it_survives_the_store(void **state)
{
    struct rhythm r, back;
    struct arena a;
    struct buf b;
    int64_t at;
    (void)state;
    arena_init(&a);
    buf_init_in(&b, &a, RHYTHM_BYTES_MAX);
    go_quiet(&r, &at);
    rhythm_write(&r, &b);
    assert_true(buf_ok(&b));
    assert_true(rhythm_read(&back, buf_str(&b)));
    assert_memory_equal(&r, &back, sizeof r);
    assert_false(rhythm_read(&back, str_sub(buf_str(&b), 0, b.n - 1)));
    b.p[0] ^= 1;
    assert_false(rhythm_read(&back, buf_str(&b)));
    b.p[0] ^= 1;
    memset(b.p + b.n / 2, 0xff, 8); /* no number */
    assert_false(rhythm_read(&back, buf_str(&b)));
    arena_deinit(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_learns_before_it_speaks),
        cmocka_unit_test(a_person_can_say_that_it_is_well),
        cmocka_unit_test(odd_looks_are_harmless),
        cmocka_unit_test(it_survives_the_store),
        cmocka_unit_test(alarms_are_true_and_soon),
    };
    return cmocka_run_group_tests_name("understand/rhythm", tests, NULL, NULL);
}
