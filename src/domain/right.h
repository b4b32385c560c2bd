/* right.h - who asks, and what they may do. Each route row names one right; the check is made in
 * one place (http/router, with the guard that people/session supplies). Threads: plain data. */
#ifndef DOMAIN_RIGHT_H
#define DOMAIN_RIGHT_H

#include <stdbool.h>
#include <stdint.h>

#include "domain/words.h"

enum right {
    RIGHT_NONE,       /* anybody, signed in or not */
    RIGHT_SIGNED_IN,  /* any agent of any brand */
    RIGHT_READ,       /* see cases and posts of the brand */
    RIGHT_ANSWER,     /* take, reply, note, close, correct facts */
    RIGHT_LEAD,       /* routing key, clocks, teams, priorities of others */
    RIGHT_ADMINISTER, /* accounts, agents, settings, tokens */
    RIGHT_API_WRITE,  /* bearer token of an API account */
    RIGHT_COUNT
};

/* The asker, filled by the guard. */
struct who {
    int64_t agent;   /* 0: nobody, or an API token */
    int64_t brand;   /* the brand this request works in; 0 outside */
    int64_t account; /* with an API token: its account */
    int64_t session;
    enum role role; /* in that brand */
    char name[96], initials[8], language[8], theme[8];
};

/* What a role may do; an API token holds RIGHT_API_WRITE alone. */
bool right_of_role(enum role role, enum right right);

#endif
