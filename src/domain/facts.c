/* facts.c - see facts.h. */
#include "domain/facts.h"

const struct fact_row fact_table[FACT_COUNT] = {
    [FACT_LANGUAGE] = {"language", &language_words},
    [FACT_RELEVANCE] = {"relevance", &answer_words},
    [FACT_REACTION] = {"reaction", &answer_words},
    [FACT_REQUEST] = {"request", &request_words},
    [FACT_KIND] = {"kind", &kind_words},
    [FACT_SENTIMENT] = {"sentiment", &sentiment_words},
    [FACT_OFFENCE] = {"offence", &answer_words},
};
