/* words.h - the closed sets of words that code, tables, URLs and JSON share (docs/architecture.md,
 * "Words"). Each enum has one table of stable ASCII words; the store keeps the numbers, so the
 * order never changes. What a person reads is translated by page/. Threads: any. */
#ifndef DOMAIN_WORDS_H
#define DOMAIN_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

enum kind {
    KIND_QUESTION,
    KIND_COMPLAINT,
    KIND_PRAISE,
    KIND_IDEA,
    KIND_OTHER,
    KIND_SPAM,
    KIND_COUNT
};
enum request_kind { REQUEST_NONE, REQUEST_IMPLICIT, REQUEST_EXPLICIT, REQUEST_COUNT };
enum sentiment { SENTIMENT_NEGATIVE, SENTIMENT_NEUTRAL, SENTIMENT_POSITIVE, SENTIMENT_COUNT };
enum language { LANGUAGE_DE, LANGUAGE_EN, LANGUAGE_OTHER, LANGUAGE_COUNT };
enum answer { ANSWER_NO, ANSWER_YES, ANSWER_COUNT };

enum priority { PRIORITY_LOW, PRIORITY_NORMAL, PRIORITY_HIGH, PRIORITY_COUNT };
/* waiting: on us. answered: our reply is out, the author may write again. snoozed: comes back by
 * itself. */
enum case_state { CASE_WAITING, CASE_ANSWERED, CASE_SNOOZED, CASE_CLOSED, CASE_STATE_COUNT };
enum message_state {
    MESSAGE_QUEUED,   /* in the outbox, undo still possible before its time */
    MESSAGE_CLAIMED,  /* a sender has it; nothing has left yet */
    MESSAGE_SENDING,  /* bytes that the peer could act on may have left */
    MESSAGE_SENT,     /* accepted by the peer */
    MESSAGE_FAILED,   /* refused for good: work for a person */
    MESSAGE_UNCLEAR,  /* may have arrived: a person looks */
    MESSAGE_RECALLED, /* taken back before it left */
    MESSAGE_STATE_COUNT
};
/* What can be wrong with an account, the gravest last: it has one incident at most at a time. */
enum incident_kind {
    INCIDENT_SILENT,  /* nothing comes although it usually would */
    INCIDENT_LATE,    /* it is due, but nobody fetches it */
    INCIDENT_UNSENT,  /* answers do not leave: its receiver is out of order */
    INCIDENT_FAILING, /* it cannot be reached */
    INCIDENT_DENIED,  /* the other side does not let us in: password, token */
    INCIDENT_GONE,    /* the source says that it is gone for good */
    INCIDENT_KIND_COUNT
};
enum role { ROLE_READER, ROLE_AGENT, ROLE_LEAD, ROLE_ADMINISTRATOR, ROLE_COUNT };
enum account_state { ACCOUNT_ON, ACCOUNT_PAUSED, ACCOUNT_STOPPED, ACCOUNT_STATE_COUNT };

/* A set of words: index is the enum's value. */
struct words {
    const char *const *words;
    int n;
};

extern const struct words kind_words, request_words, sentiment_words, language_words, answer_words,
    priority_words, case_state_words, message_state_words, role_words, account_state_words,
    incident_words;

/* The word of value v, "unknown" outside the set (a fact that cannot be told is -1). */
const char *words_name(const struct words *w, int v);
/* -1 when the text is none of them. */
int words_find(const struct words *w, struct str s);

#endif
