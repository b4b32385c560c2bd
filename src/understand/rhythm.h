/* rhythm.h - how often an account is usually heard, and whether it has been quiet for too long.
 *
 * Level: a rate for each hour of the week, a slow mean of what was counted there, drawn towards the
 * same hour of similar days and towards the whole while little is known. A quiet time is measured
 * not in hours but in expected posts (the integral of the rate), so nights and weekends weigh what
 * they usually bring. Quiet times so measured are taken as Gamma distributed; its shape is learnt,
 * so a source that comes like clockwork is missed soon, one that comes in bursts late. It is too
 * quiet when so long a quiet time would be expected less than RHYTHM_FALSE_A_YEAR times in a year,
 * and it is longer than those that were seen lately. What is learnt from outages is bounded: hours
 * of a suspicious silence do not count, and bursts are clipped.
 *
 * The state is plain, of fixed size, and the same in gives the same out. Threads: as the state. */
#ifndef UNDERSTAND_RHYTHM_H
#define UNDERSTAND_RHYTHM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct buf;

enum { RHYTHM_CELLS = 168, RHYTHM_BYTES_MAX = 2048 };
#define RHYTHM_FALSE_A_YEAR 0.25

/* The hour of the week that a moment counts as, 0 Monday 0:00 to 167; a holiday as a Sunday. */
struct rhythm_week {
    int (*cell)(void *arg, int64_t at);
    void *arg;
};

struct rhythm {
    int64_t first_at;  /* first look */
    int64_t looked_at; /* last one */
    int64_t post_at;   /* last look with a post; 0: none yet */
    double hour_posts; /* of the hour that runs */
    double hour_part;  /* of it, looked at: 0 to 1 */
    double quiet;      /* expected posts since the last one */
    /* Quiet times that ended: number, and fading means of their lengths and squares. */
    double quiets, mean, square;
    double longest;              /* fading longest one */
    double hours;                /* looked at in all */
    bool distrusted;             /* the silence is suspicious: nothing is learnt from it */
    float rate[RHYTHM_CELLS];    /* posts in that hour */
    uint8_t weeks[RHYTHM_CELLS]; /* of which it is the mean, up to RHYTHM_MEMORY */
};

void rhythm_init(struct rhythm *r, int64_t now);
/* So many new posts came since the last look. A look after more than a day says nothing about the
 * time between: we were away, not they. */
void rhythm_look(struct rhythm *r, const struct rhythm_week *w, int64_t now, int64_t posts);
/* The time since the last look does not count: it could not be heard, or was not to be. */
void rhythm_skip(struct rhythm *r, int64_t now);
/* Too quiet now, and enough is known to say so. */
bool rhythm_is_silent(const struct rhythm *r);
/* What usually lies between two posts at that time of the week, in ms; at most 30 days. */
int64_t rhythm_usual(const struct rhythm *r, const struct rhythm_week *w, int64_t at);
/* A person says that this silence is well: it is learnt like any other. */
void rhythm_accept(struct rhythm *r);

/* For the store; an unknown or damaged text gives false. */
void rhythm_write(const struct rhythm *r, struct buf *out);
bool rhythm_read(struct rhythm *r, struct str bytes);

#endif
