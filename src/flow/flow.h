/* flow.h - the way of a post: ingest -> judge -> route -> case, and back: answer -> outbox ->
 * deliver. The only place that joins rooms, abilities and one another. Each function does one thing
 * a person or a source wants, in one transaction, with its line in the audit log. Threads: any,
 * unless said otherwise. */
#ifndef FLOW_FLOW_H
#define FLOW_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"
#include "crypt/seal.h"
#include "domain/item.h"
#include "domain/notice.h"
#include "domain/right.h"

struct arena;
struct brand_view;
struct flow;
struct lease;
struct model;
struct store;

struct flow_options {
    struct store *store;
    const struct model *model;
    const struct clock *clock;  /* NULL: clock_system */
    const struct seal_key *key; /* NULL: accounts with secrets cannot work (commands) */
    const char *dir;            /* the data directory; NULL: no backups are kept */
    const char *ca_file;        /* extra trust anchors for outgoing TLS; may be NULL */
    int64_t undo_ms;            /* how long a reply waits before it leaves; < 0: 15 s */
};

struct flow *flow_new(const struct flow_options *o);
void flow_free(struct flow *f);
/* Starts pollers, senders and the timer. Before: settles what a killed run left in the outbox. */
enum err flow_start(struct flow *f, struct errinfo *e) MUST_CHECK;
/* Ends them within about five seconds. A message that is just leaving has most of that time for its
 * answer; then it is given up and waits for the next start, or for a person where the peer does not
 * drop repeats. */
void flow_stop(struct flow *f);
/* Wakes what waits for such a change; wired to the store's notices. Quick, never blocks. */
void flow_notice(struct flow *f, const struct notice *n);

struct store *flow_store(const struct flow *f);
int64_t flow_now(const struct flow *f);

/* The brand as it is now; give it back. NULL: e (may be NULL) tells why, ERR_NOT_FOUND when there
 * is no such brand, ERR_BUSY when the database is away. */
const struct brand_view *flow_brand(struct flow *f, int64_t brand, struct errinfo *e);
void flow_brand_release(const struct brand_view *b);

/* --- in --- */

enum ingest_status { INGEST_STORED, INGEST_DUPLICATE, INGEST_REFUSED };
struct ingest_result {
    enum ingest_status status;
    int64_t post;       /* also of a duplicate */
    bool differs;       /* a duplicate whose text is not that of the post we have */
    int64_t case_id;    /* 0: none came of it */
    struct errinfo why; /* INGEST_REFUSED */
};

struct ingest_refused {
    struct str place, what, raw;
};

struct ingest {
    int64_t brand, account;
    const struct item *items;
    size_t n;                             /* at most INGEST_MAX */
    const struct ingest_refused *refused; /* what the source could not read; kept for its owner */
    size_t refused_n;
    const struct lease *lease; /* of a poll: nothing is stored when it was lost; may be NULL */
    /* A poll also moves the cursor, in the same transaction. before == NONE: no cursor. */
    struct str cursor_before, cursor_after;
    int64_t next_at; /* with a cursor: when to poll next */
    int64_t asked;   /* with a cursor: account.asked when the poll began */
};
enum { INGEST_MAX = 1000 };

/* Durable when it returns. results: one per item, may be NULL. ERR_CONFLICT at
 * "cursor": it was moved by another, or the lease was lost. */
enum err flow_ingest(struct flow *f, const struct ingest *in, struct ingest_result *results,
                     struct errinfo *e) MUST_CHECK;

/* Somebody knows of what is wrong with an account and wants no alarm until then; a silence is
 * learnt as usual, too. ERR_NOT_FOUND: nothing is wrong with it. */
enum err flow_incident_fine(struct flow *f, const struct who *who, int64_t account, int64_t until,
                            struct errinfo *e) MUST_CHECK;

/* Wants news of an account at once, without waiting for its rhythm; at least FETCH_GAP after the
 * last attempt. Whichever node polls the account does it. asked: the number of this wish, served
 * when fetch_state's served has reached it. ERR_CONFLICT: the account is paused or stopped (where
 * "state"), or the other side asked us to wait until held_until (where "held"); ERR_INVALID: there
 * is nothing to fetch. */
#define FETCH_GAP (3 * CLOCK_SECOND)
enum err flow_fetch(struct flow *f, int64_t brand, int64_t agent, int64_t account, int64_t *asked,
                    struct errinfo *e) MUST_CHECK;
/* Polls this account now, on this thread; for commands while no server runs. */
void flow_poll_one(struct flow *f, int64_t brand, int64_t account);
/* Whether pollers and senders run. */
bool flow_runs(const struct flow *f);

/* --- an agent's work on a case (flow/work.c) --- */

/* who: taken from the request. ERR_CONFLICT tells who was faster. */
enum err flow_take(struct flow *f, const struct who *who, int64_t case_id,
                   struct errinfo *e) MUST_CHECK;
/* Gives it back: nobody is on it. ERR_DENIED: a colleague is, and who asks does not lead. */
enum err flow_release(struct flow *f, const struct who *who, int64_t case_id,
                      struct errinfo *e) MUST_CHECK;
/* assignee, team: 0 nobody, none; -1 as it is. ERR_INVALID: somebody who may not answer. */
enum err flow_assign(struct flow *f, const struct who *who, int64_t case_id, int64_t assignee,
                     int64_t team, struct errinfo *e) MUST_CHECK;
/* A team is no more: where its cases, its rules and its members go; 0: to no team. ERR_NOT_FOUND:
 * it is gone already; ERR_INVALID: one of the others is, or is this one. */
struct team_heirs {
    int64_t cases, rules, members;
};
enum err flow_team_delete(struct flow *f, const struct who *who, int64_t team,
                          const struct team_heirs *to, struct errinfo *e) MUST_CHECK;
enum err flow_close(struct flow *f, const struct who *who, int64_t case_id,
                    struct errinfo *e) MUST_CHECK;
enum err flow_reopen(struct flow *f, const struct who *who, int64_t case_id,
                     struct errinfo *e) MUST_CHECK;
enum err flow_snooze(struct flow *f, const struct who *who, int64_t case_id, int64_t until,
                     struct errinfo *e) MUST_CHECK;
enum err flow_set_priority(struct flow *f, const struct who *who, int64_t case_id, int priority,
                           struct errinfo *e) MUST_CHECK;
enum err flow_note(struct flow *f, const struct who *who, int64_t case_id, struct str text,
                   struct errinfo *e) MUST_CHECK;
/* What somebody has written and not sent: an answer and a note each have their own. Empty: none any
 * more. */
enum draft_kind { DRAFT_ANSWER, DRAFT_NOTE };
enum err flow_draft(struct flow *f, const struct who *who, int64_t case_id, enum draft_kind kind,
                    struct str text, struct errinfo *e) MUST_CHECK;
/* Says that a fact of a post is another one: kept as training material; the case follows. */
enum err flow_correct(struct flow *f, const struct who *who, int64_t post, int fact, int value,
                      struct errinfo *e) MUST_CHECK;
/* Makes a case of a post that the judge had set aside. */
enum err flow_open_case(struct flow *f, const struct who *who, int64_t post, int64_t *case_id,
                        struct errinfo *e) MUST_CHECK;

/* --- out (flow/answer.c, flow/deliver.c) --- */

enum { REPLY_MAX = 20000 };

/* Signs the text, puts it into the outbox, ends the clock. It leaves after the undo time. version:
 * of the case as the agent saw it, 0 to answer whatever it is; ERR_CONFLICT when it has changed
 * (also by the same reply sent twice). */
enum err flow_reply(struct flow *f, const struct who *who, int64_t case_id, int64_t version,
                    struct str text, bool close, int64_t *message, struct errinfo *e) MUST_CHECK;
/* Takes a message back before it left; its text becomes the agent's draft again. */
enum err flow_recall(struct flow *f, const struct who *who, int64_t message,
                     struct errinfo *e) MUST_CHECK;
/* What a person decides of a failed or unclear message. */
enum settle { SETTLE_SEND_AGAIN, SETTLE_ARRIVED, SETTLE_DROP };
enum err flow_settle(struct flow *f, const struct who *who, int64_t message, enum settle how,
                     struct errinfo *e) MUST_CHECK;
/* Tries again at once what waits after a failed try: this message, or with message 0 all of the
 * account's. ERR_CONFLICT (where "held"): the other side asked us to wait. */
enum err flow_send_now(struct flow *f, const struct who *who, int64_t account, int64_t message,
                       struct errinfo *e) MUST_CHECK;
/* A reply that was given already, elsewhere or before: recorded as sent at that moment by that
 * agent. */
enum err flow_record_reply(struct flow *f, int64_t brand, int64_t agent, int64_t case_id,
                           struct str text, int64_t at, bool close, struct errinfo *e) MUST_CHECK;
/* The text as it would leave: signed by the brand's rule. */
struct str flow_signed(const struct brand_view *b, const struct who *who, struct str text,
                       struct arena *a);

/* Figures for /metrics: what this process has done since it started. */
struct flow_figures {
    uint64_t posts[3];               /* by enum ingest_status */
    uint64_t unreadable;             /* what a source sent and nobody could read */
    uint64_t polls[2];               /* failed, well */
    uint64_t deliveries[4];          /* tries, by enum sent */
    size_t polls_waiting, polls_max; /* for a poller */
};
void flow_figures(const struct flow *f, struct flow_figures *out);

/* Sends what is due, on this thread, until nothing is; for tests and commands. Number of messages
 * handled. */
int flow_deliver_due(struct flow *f);
/* Polls what is due, on this thread; number of accounts. */
int flow_poll_due(struct flow *f);
/* Wakes snoozed cases, forgets old sessions. */
void flow_tick(struct flow *f);

/* The data come from a backup that was made at that moment. Nothing that has happened since may
 * happen again: what waited in the outbox becomes work for a person, and everybody signs in anew.
 * Once, before flow_start. */
enum err flow_restored(struct flow *f, int64_t made_at, struct errinfo *e) MUST_CHECK;

#endif
