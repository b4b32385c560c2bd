/* denial.h - who was refused what, for the audit log. Refusals are counted in memory and written by
 * a thread, as one line for each asker, act and hour: however many there are, they cost a write now
 * and then. Nothing is kept of what nobody can be asked about: strangers who name no account of
 * ours. Threads: any. */
#ifndef PEOPLE_DENIAL_H
#define PEOPLE_DENIAL_H

#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"

enum { DENIALS_KEPT_DAYS = 400 };

struct denials;
struct store;

struct denial {
    int64_t brand;     /* 0: each brand of the agent that object is */
    int64_t agent;     /* who asked; 0: nobody knows */
    int64_t object;    /* agent or account that was to be used; 0: none */
    const char *what;  /* "denied.right"; these three must live as long as the process */
    const char *place; /* "/desk/case/:id/close"; may be "" */
    const char *verb;  /* "POST"; may be "" */
};

enum err denials_start(struct denials **out, struct store *s, const struct clock *clock,
                       struct errinfo *e) MUST_CHECK;
/* Writes what is left. */
void denials_stop(struct denials *d);
void denials_note(struct denials *d, const struct denial *what);

#endif
