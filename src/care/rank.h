/* rank.h - the order of the queue, written down in one place.
 *
 * Every waiting case has a clock that ends at due_at. The rank moves that moment ahead by minutes
 * that count for something: a complaint, an anger, a wide reach. The queue is simply ordered by the
 * moment that comes out (rank_at), so the order is one index, two cases never change places by
 * waiting, and each part can be told in words and minutes. A case whose rank_at has passed belongs
 * to "now". Threads: pure. */
#ifndef CARE_RANK_H
#define CARE_RANK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/str.h"
#include "domain/words.h"

struct arena;

enum rank_part {
    RANK_KIND,      /* a complaint, a question */
    RANK_REQUEST,   /* asks plainly, or lets it be understood */
    RANK_SENTIMENT, /* angry */
    RANK_NEED,      /* how sure it is that it needs a reaction */
    RANK_REACH,     /* who may see it unanswered */
    RANK_AGAIN,     /* wrote again without an answer */
    RANK_PRIORITY,  /* set by a rule or a person */
    RANK_PART_COUNT
};
extern const struct words rank_part_words;

struct rank_input {
    int64_t due_at;
    int kind, request, sentiment; /* of domain/words.h, -1 unknown */
    double need;                  /* probability that a reaction is needed */
    int64_t reach;
    int again; /* further posts of the author that wait */
    enum priority priority;
};

struct rank {
    int64_t rank_at;
    int minutes[RANK_PART_COUNT]; /* ahead; negative: later */
};

void rank_compute(const struct rank_input *in, struct rank *out);
/* For the store: {"kind":15,"reach":10} without the parts that are 0; and back. */
struct str rank_write(struct arena *a, const struct rank *r);
bool rank_read(struct arena *a, struct str json, struct rank *out);

/* The clock of a case as people see it, worked out here and nowhere else. */
enum clock_state { CLOCK_NONE, CLOCK_CALM, CLOCK_PLAIN, CLOCK_SOON, CLOCK_LATE };
struct case_clock {
    enum clock_state state;
    int64_t left; /* ms until due_at; negative: late */
    int percent;  /* of the time that is left, 0..100 */
};
#define CASE_CLOCK_SOON (30 * CLOCK_MINUTE)
#define CASE_CLOCK_PLAIN (120 * CLOCK_MINUTE)
struct case_clock case_clock_at(int64_t due_at, int64_t waiting_at, int64_t now);

#endif
