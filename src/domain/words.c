/* words.c - see words.h. */
#include "domain/words.h"

#define WORDS(name, count, ...)                                                                    \
    static const char *const name##_list[count] = {__VA_ARGS__};                                   \
    const struct words name##_words = {name##_list, count};

WORDS(kind, KIND_COUNT, "question", "complaint", "praise", "idea", "other", "spam")
WORDS(request, REQUEST_COUNT, "none", "implicit", "explicit")
WORDS(sentiment, SENTIMENT_COUNT, "negative", "neutral", "positive")
WORDS(language, LANGUAGE_COUNT, "de", "en", "other")
WORDS(answer, ANSWER_COUNT, "no", "yes")
WORDS(priority, PRIORITY_COUNT, "low", "normal", "high")
WORDS(case_state, CASE_STATE_COUNT, "waiting", "answered", "snoozed", "closed")
WORDS(message_state, MESSAGE_STATE_COUNT, "queued", "claimed", "sending", "sent", "failed",
      "unclear", "recalled")
WORDS(role, ROLE_COUNT, "reader", "agent", "lead", "administrator")
WORDS(account_state, ACCOUNT_STATE_COUNT, "on", "paused", "stopped")
WORDS(incident, INCIDENT_KIND_COUNT, "silent", "late", "unsent", "failing", "denied", "gone")

const char *words_name(const struct words *w, int v)
{
    return v >= 0 && v < w->n ? w->words[v] : "unknown";
}

int words_find(const struct words *w, struct str s)
{
    for (int i = 0; i < w->n; i++)
        if (str_eq_z(s, w->words[i]))
            return i;
    return -1;
}
