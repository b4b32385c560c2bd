/* facts.h - what Understand says of a post. Threads: plain data. */
#ifndef DOMAIN_FACTS_H
#define DOMAIN_FACTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "domain/words.h"

enum fact_id {
    FACT_LANGUAGE,  /* enum language */
    FACT_RELEVANCE, /* enum answer: is it about the brand? */
    FACT_REACTION,  /* enum answer: does it need a reaction? */
    FACT_REQUEST,   /* enum request_kind */
    FACT_KIND,      /* enum kind */
    FACT_SENTIMENT, /* enum sentiment */
    FACT_OFFENCE,   /* enum answer */
    FACT_COUNT
};

struct fact {
    int value; /* -1: unknown */
    float p;   /* calibrated probability of value, 0..1 */
};

/* A stretch of the text that decided. from/to: UTF-8 byte offsets; weight > 0 speaks for the fact's
 * value. */
struct reason {
    enum fact_id fact;
    uint32_t from, to;
    float weight;
};

struct facts {
    struct fact f[FACT_COUNT];
    struct reason *reasons; /* heaviest first; NULL unless asked for */
    size_t reason_count;
};

/* By fact_id: its JSON name and its set of words. */
struct fact_row {
    const char *name;
    const struct words *words;
};
extern const struct fact_row fact_table[FACT_COUNT];

/* How a brand is called in texts: names, handles and aliases, as written by the administrator. */
struct brand_names {
    const struct str *names;
    size_t n;
};

#endif
