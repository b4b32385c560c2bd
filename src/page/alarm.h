/* alarm.h - what is wrong with an account, in the words of a person's language: for the desk and
 * for mail. Everything lives in the arena. Threads: any. */
#ifndef PAGE_ALARM_H
#define PAGE_ALARM_H

#include <stdint.h>

#include "base/str.h"

struct arena;
struct locale;
struct zone;

struct alarm {
    int kind; /* enum incident_kind */
    int64_t since, usual;
    struct str what; /* as base/trouble.h keeps it */
};

struct alarm_words {
    struct str title;  /* "Quiet for 5 h" */
    struct str detail; /* what is usual, or what the other side said */
    struct str todo;
};

void alarm_say(struct arena *a, const struct locale *l, const struct zone *z, int64_t now,
               const struct alarm *in, struct alarm_words *out);

/* Why something cannot work, kept as base/trouble.h says, in that language; what nobody has words
 * for stays as it is. */
struct str fault_text(struct arena *a, const struct locale *l, struct str kept);
/* What a person does about it, a sentence; STR_NONE where there is nothing to say. */
struct str fault_todo(const struct locale *l, struct str kept);

#endif
