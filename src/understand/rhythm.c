/* rhythm.c - see rhythm.h. */
#include "understand/rhythm.h"

#include <math.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"

enum {
    MEMORY = 8,         /* weeks that count */
    QUIETS_MIN = 8,     /* quiet times before it dares to say anything */
    QUIETS_MEMORY = 60, /* that its shape is made of */
};

#define DAYS_MIN 7        /* looked at before it dares */
#define GAP_MAX CLOCK_DAY /* a look after more says nothing */
#define PULL 2.0          /* weeks that similar hours count for */
#define FLOOR 0.02        /* of the whole's rate: no hour is impossible */
#define CLIP 4.0          /* standard deviations above what is expected */
#define SHAPE_PRIOR 12.0  /* quiet times that speak for a Poisson process (shape 1) */
#define SHAPE_MIN 0.1
#define SHAPE_MAX 6.0
#define REGULAR_MAX 0.5     /* quiet times in an hour: above, a look hides how regular they are */
#define LONGEST_MARGIN 1.25 /* beyond the longest that was seen */
#define LONGEST_HALF (24 * 180.0) /* hours after which the longest one counts half */
#define SUSPICIOUS 0.02 /* share of quiet times that are longer: nothing is learnt any more */
#define HOURS_A_YEAR 8766.0
#define USUAL_MAX (30 * CLOCK_DAY)

void rhythm_init(struct rhythm *r, int64_t now)
{
    *r = (struct rhythm){.first_at = now, .looked_at = now};
}

/* --- level --- */

/* Monday to Friday, Saturday, Sunday. */
static int kind_of_day(int cell)
{
    int day = cell / 24;
    return day < 5 ? 0 : day - 4;
}

/* Mean of all hours, weighted by what is known of each. */
static double whole(const struct rhythm *r)
{
    double sum = 0, weight = 24;
    for (int i = 0; i < RHYTHM_CELLS; i++) {
        sum += (double)r->rate[i] * r->weeks[i];
        weight += r->weeks[i];
    }
    return sum / weight;
}

/* Of the same hour on days of the same kind, drawn towards all. */
static double similar(const struct rhythm *r, int cell, double all)
{
    double sum = all * PULL, weight = PULL;
    for (int i = cell % 24; i < RHYTHM_CELLS; i += 24)
        if (kind_of_day(i) == kind_of_day(cell)) {
            sum += (double)r->rate[i] * r->weeks[i];
            weight += r->weeks[i];
        }
    return sum / weight;
}

/* Posts expected in an hour of that cell. */
static double rate_of(const struct rhythm *r, int cell)
{
    double all = whole(r), known = r->weeks[cell];
    double rate = ((double)r->rate[cell] * known + similar(r, cell, all) * PULL) / (known + PULL);
    return rate > all * FLOOR ? rate : all * FLOOR;
}

static void learn_hour(struct rhythm *r, int cell)
{
    double expected = rate_of(r, cell), posts = r->hour_posts;
    double most = expected + CLIP * sqrt(expected + 1);
    if (r->hours > 24 * DAYS_MIN && posts > most)
        posts = most;
    if (r->weeks[cell] < MEMORY)
        r->weeks[cell]++;
    r->rate[cell] += (float)((posts - (double)r->rate[cell]) / r->weeks[cell]);
}

/* --- quiet times --- */

/* Share of a Gamma distribution of this shape and mean 1 beyond x: the regularised upper incomplete
 * gamma function Q(shape, shape x), by its series below the bend and its continued fraction above.
 */
static double tail(double shape, double x)
{
    double a = shape, z = shape * x;
    if (z <= 0)
        return 1;
    double front = exp(-z + a * log(z) - lgamma(a));
    if (z < a + 1) {
        double term = 1 / a, sum = term;
        for (int n = 1; n < 500 && term > sum * 1e-12; n++) {
            term *= z / (a + n);
            sum += term;
        }
        return 1 - front * sum;
    }
    double b = z + 1 - a, c = 1e300, d = 1 / b, h = d;
    for (int n = 1; n < 500; n++) {
        double an = -n * (n - a);
        b += 2;
        d = an * d + b;
        d = 1 / (fabs(d) < 1e-300 ? 1e-300 : d);
        c = b + an / c;
        if (fabs(c) < 1e-300)
            c = 1e-300;
        h *= d * c;
        if (fabs(d * c - 1) < 1e-12)
            break;
    }
    return front * h;
}

/* How regular they are: 1 as by chance, above like clockwork, below in bursts. */
static double shape_of(const struct rhythm *r)
{
    double n = r->quiets < QUIETS_MEMORY ? r->quiets : QUIETS_MEMORY;
    double mean = r->mean, variance = r->square - mean * mean;
    double seen = variance > 0 && mean > 0 ? mean * mean / variance : SHAPE_MAX;
    double most = r->quiets / r->hours > REGULAR_MAX ? 1 : SHAPE_MAX;
    seen = seen < SHAPE_MIN ? SHAPE_MIN : seen > most ? most : seen;
    /* means of logarithms: half and double are equally far */
    return exp((n * log(seen)) / (n + SHAPE_PRIOR));
}

static double mean_of(const struct rhythm *r)
{
    double n = r->quiets < QUIETS_MEMORY ? r->quiets : QUIETS_MEMORY;
    return (r->mean * n + SHAPE_PRIOR / 2) /
           (n + SHAPE_PRIOR / 2); /* 1 by definition of the rate */
}

/* Share of quiet times that are longer than the one that runs. */
static double longer(const struct rhythm *r)
{
    return tail(shape_of(r), r->quiet / mean_of(r));
}

static void end_quiet(struct rhythm *r)
{
    if (r->hours < 24 * DAYS_MIN) /* the rates are too rough to measure anything by them */
        return;
    double n = r->quiets + 1 < QUIETS_MEMORY ? r->quiets + 1 : QUIETS_MEMORY;
    r->mean += (r->quiet - r->mean) / n;
    r->square += (r->quiet * r->quiet - r->square) / n;
    if (r->quiet > r->longest)
        r->longest = r->quiet;
    r->quiets++;
}

/* One piece of time that lies in one hour. */
static void pass(struct rhythm *r, int cell, double part)
{
    r->quiet += rate_of(r, cell) * part;
    r->hours += part;
    r->longest *= exp2(-part / LONGEST_HALF);
    r->hour_part += part;
    if (r->quiets >= QUIETS_MIN && longer(r) < SUSPICIOUS)
        r->distrusted = true;
}

void rhythm_look(struct rhythm *r, const struct rhythm_week *w, int64_t now, int64_t posts)
{
    int64_t from = r->looked_at;
    if (now <= from)
        from = now; /* the clock stepped back */
    bool away = now - from > GAP_MAX;
    if (away) {
        rhythm_skip(r, now);
        from = now;
    }
    while (from < now) {
        int64_t end = (from / CLOCK_HOUR + 1) * CLOCK_HOUR;
        int cell = w->cell(w->arg, from);
        int64_t to = end < now ? end : now;
        pass(r, cell, (double)(to - from) / (double)CLOCK_HOUR);
        if (to == now)
            r->hour_posts += (double)posts;
        if (to == end) {
            if (r->hour_part > 0.5 && !r->distrusted)
                learn_hour(r, cell);
            r->hour_part = r->hour_posts = 0;
        }
        from = to;
    }
    r->looked_at = now;
    if (posts <= 0)
        return;
    if (r->post_at && !away)
        end_quiet(r);
    r->quiet = 0;
    r->distrusted = false;
    r->post_at = now;
}

void rhythm_skip(struct rhythm *r, int64_t now)
{
    r->looked_at = now;
    r->hour_part = r->hour_posts = 0;
}

bool rhythm_is_silent(const struct rhythm *r)
{
    if (!r->post_at || r->quiets < QUIETS_MIN || r->hours < 24 * DAYS_MIN)
        return false;
    double a_year = r->quiets / r->hours * HOURS_A_YEAR;
    /* little is known at first: the rates may be off by as much */
    double known = r->hours / (24 * 7 * 4);
    double allowed = RHYTHM_FALSE_A_YEAR * (known < 1 ? known * known : 1);
    return longer(r) * a_year < allowed && r->quiet > r->longest * LONGEST_MARGIN;
}

int64_t rhythm_usual(const struct rhythm *r, const struct rhythm_week *w, int64_t at)
{
    double rate = rate_of(r, w->cell(w->arg, at));
    if (rate * (double)USUAL_MAX <= (double)CLOCK_HOUR)
        return USUAL_MAX;
    return (int64_t)((double)CLOCK_HOUR / rate);
}

void rhythm_accept(struct rhythm *r)
{
    if (r->quiet > r->longest)
        r->longest = r->quiet;
    r->distrusted = false;
}

/* --- as bytes: it stays on machines of one kind, so numbers stand as they are --- */

static const char magic[8] = {'R', 'H', 'Y', 'T', 'H', 'M', '0', '1'};
_Static_assert(sizeof(struct rhythm) + sizeof magic <= RHYTHM_BYTES_MAX, "it fits");

void rhythm_write(const struct rhythm *r, struct buf *out)
{
    buf_add(out, (struct str){magic, sizeof magic});
    buf_add(out, (struct str){(const char *)r, sizeof *r});
}

static bool sound(const struct rhythm *r)
{
    const double numbers[] = {r->hour_posts, r->hour_part, r->quiet,   r->quiets,
                              r->mean,       r->square,    r->longest, r->hours};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (!(numbers[i] >= 0 && numbers[i] < 1e12))
            return false;
    for (int i = 0; i < RHYTHM_CELLS; i++)
        if (!(r->rate[i] >= 0 && r->rate[i] < 1e9F) || r->weeks[i] > MEMORY)
            return false;
    return true;
}

bool rhythm_read(struct rhythm *r, struct str bytes)
{
    if (bytes.n != sizeof magic + sizeof *r || memcmp(bytes.p, magic, sizeof magic) != 0)
        return false;
    memcpy(r, bytes.p + sizeof magic, sizeof *r);
    return sound(r);
}
