/* rank.c - see rank.h. The minutes are judgement, tuned by hand on a queue of a thousand cases. */
#include "care/rank.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "text/json.h"

static const char *const part_list[RANK_PART_COUNT] = {"kind",  "request", "sentiment", "need",
                                                       "reach", "again",   "priority"};
const struct words rank_part_words = {part_list, RANK_PART_COUNT};

static int by_reach(int64_t reach)
{
    static const struct {
        int64_t least;
        int minutes;
    } steps[] = {{100000, 40}, {20000, 30}, {5000, 20}, {1000, 10}, {200, 5}};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        if (reach >= steps[i].least)
            return steps[i].minutes;
    return 0;
}

void rank_compute(const struct rank_input *in, struct rank *out)
{
    static const int kind[KIND_COUNT] = {[KIND_COMPLAINT] = 15, [KIND_QUESTION] = 5};
    static const int request[REQUEST_COUNT] = {[REQUEST_IMPLICIT] = 5, [REQUEST_EXPLICIT] = 10};
    static const int priority[PRIORITY_COUNT] = {[PRIORITY_LOW] = -60, [PRIORITY_HIGH] = 45};
    *out = (struct rank){0};
    if (in->kind >= 0)
        out->minutes[RANK_KIND] = kind[in->kind];
    if (in->request >= 0)
        out->minutes[RANK_REQUEST] = request[in->request];
    if (in->sentiment == SENTIMENT_NEGATIVE)
        out->minutes[RANK_SENTIMENT] = 10;
    if (in->need > 0.5)
        out->minutes[RANK_NEED] = (int)((in->need - 0.5) * 20 + 0.5);
    out->minutes[RANK_REACH] = by_reach(in->reach);
    out->minutes[RANK_AGAIN] = in->again > 2 ? 30 : in->again * 15;
    out->minutes[RANK_PRIORITY] = priority[in->priority];
    out->rank_at = in->due_at;
    for (int i = 0; i < RANK_PART_COUNT; i++)
        out->rank_at -= out->minutes[i] * CLOCK_MINUTE;
}

struct str rank_write(struct arena *a, const struct rank *r)
{
    struct buf b;
    struct json_writer w;
    buf_init_in(&b, a, 512);
    json_writer_init(&w, &b);
    json_begin_object(&w);
    for (int i = 0; i < RANK_PART_COUNT; i++)
        if (r->minutes[i])
            json_put_i64(&w, part_list[i], r->minutes[i]);
    json_end_object(&w);
    return buf_str(&b);
}

bool rank_read(struct arena *a, struct str json, struct rank *out)
{
    struct json *v;
    *out = (struct rank){0};
    if (json_parse(a, json, &v, NULL) != ERR_OK)
        return false;
    for (int i = 0; i < RANK_PART_COUNT; i++) {
        int64_t minutes;
        if (json_i64(v, part_list[i], &minutes))
            out->minutes[i] = (int)minutes;
    }
    return true;
}

struct case_clock case_clock_at(int64_t due_at, int64_t waiting_at, int64_t now)
{
    struct case_clock c = {CLOCK_NONE, 0, 0};
    if (!due_at)
        return c;
    int64_t whole = due_at - waiting_at;
    c.left = due_at - now;
    c.percent = whole <= 0 || c.left <= 0 ? 0 : (int)(c.left >= whole ? 100 : c.left * 100 / whole);
    c.state = c.left < 0                    ? CLOCK_LATE
              : c.left < CASE_CLOCK_SOON  ? CLOCK_SOON
              : c.left < CASE_CLOCK_PLAIN ? CLOCK_PLAIN
                                            : CLOCK_CALM;
    return c;
}
