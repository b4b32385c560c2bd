/* flow_int.h - what the files of flow/ share. */
#ifndef FLOW_FLOW_INT_H
#define FLOW_FLOW_INT_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/bell.h"
#include "brand/view.h"
#include "domain/facts.h"
#include "flow/flow.h"
#include "flow/keep_int.h"
#include "flow/known.h"
#include "flow/lane.h"
#include "posts/post.h"
#include "store/store.h"

struct naming;
struct lease;
struct workers;

struct brand_entry;

#define WATCH_EVERY (30 * CLOCK_SECOND)
/* Most of them wait for others: lane.h shares them out. */
enum { SENDERS = 12, SENDERS_EACH = 3, POLLERS = 6, BUSY_MAX = 256 };

/* How far the deletion of what is not kept any longer has come: retain.c. */
struct retain {
    int64_t next;         /* by clock_mono: when to look again */
    int64_t brand, after; /* the last brand done; in the next one, the last post looked at */
    int64_t posts, cases; /* deleted there since the last line in the audit log */
};

/* What threads of this process work on. In the store it is the process that has claimed it. */
struct hand {
    pthread_mutex_t lock;
    int64_t ids[BUSY_MAX]; /* 0: free */
};
void hand_init(struct hand *h);
void hand_deinit(struct hand *h);
/* False: another thread has it, or all have too much. */
bool hand_take(struct hand *h, int64_t id);
void hand_give(struct hand *h, int64_t id);

struct flow {
    struct flow_options o;
    struct clock clock;

    pthread_mutex_t brands_lock;
    struct brand_entry *brands;

    atomic_bool stopping;
    atomic_bool stop_sends; /* senders' time is over */
    bool started, poller_runs, jobs_run;
    struct bell outbox_bell, poll_bell, jobs_bell;
    struct bell sent_bell; /* rung by the last sender that ends */
    atomic_int sending;    /* senders that have not ended */
    pthread_t senders[SENDERS], poller, jobs;
    int senders_n;
    struct workers *poll_workers;
    struct lanes send_lanes, poll_lanes;
    struct keeper keeper;             /* of backups */
    struct hand polling, sending_now; /* accounts; messages */

    struct retain retain; /* jobs thread only */

    /* figures */
    atomic_ullong posts[3], unreadable, polls[2], deliveries[4];
    int64_t wall; /* the time of day less the monotonic clock; jobs thread */
};

void brands_forget(struct flow *f, int64_t brand); /* 0: all */
/* The brand's names as the judge wants them; b must come from flow_brand. */
const struct naming *brand_naming(const struct brand_view *b);

/* --- judge.c --- */
struct judged {
    struct facts facts;
    bool needs;      /* a reaction: a case shall be made or wait again */
    struct str json; /* JSON for post.judged */
    struct str
        words; /* of the text: the few that spoke most for a reaction or its kind; for case.words */
};
void flow_judge(struct flow *f, const struct brand_view *b, const struct item *item,
                bool is_private, struct arena *a, struct judged *out);

/* What a case is called: the subject, else the beginning of the text without the handles it begins
 * with. */
struct str case_title(struct arena *a, struct str title, struct str text);

/* --- route.c --- */
struct routed {
    int64_t team;
    enum priority priority;
    struct str tags, why; /* why: JSON {"rule":id,"name":…,"by":[{"field","value"}]} */
};
void flow_route(const struct brand_view *b, const struct account *account, const struct item *item,
                const struct facts *facts, struct arena *a, struct routed *out);
/* End of the clock that starts at from. */
int64_t flow_due(const struct brand_view *b, int kind, enum priority priority, bool first,
                 int64_t from);

/* --- thread.c --- */
struct joining {
    struct known *known;
    int64_t brand;
    const struct account *account;
    const struct item *item; /* cleaned */
    int64_t post, author;    /* ids of the new post and of who wrote it */
};
/* The thread of a post: that of the nearest post it answers and may join, else the one that waits
 * for it, else its own. *parent: the post it answers directly, 0 when that is not known. */
enum err thread_find(struct tx *tx, const struct joining *j, int64_t *thread,
                     int64_t *parent) MUST_CHECK;
/* Parents that never came: later answers to them join this thread. */
enum err thread_remember(struct tx *tx, const struct joining *j, int64_t thread,
                         int64_t parent) MUST_CHECK;

/* --- answer.c --- */
/* Puts a sent message into its thread as a post of ours. */
enum err answer_post_add(struct flow *f, struct tx *tx, int64_t brand, int64_t message,
                         struct str external_id, int64_t now, int64_t *post) MUST_CHECK;
/* Marks the case of a message that failed or is unclear. */
enum err answer_problem(struct tx *tx, int64_t brand, int64_t case_id, int64_t message) MUST_CHECK;

/* --- step.c: the clock was set back --- */
/* Before the loops run: since the last run. */
void step_begin(struct flow *f);
/* Now and then, by one thread: since it was last asked. */
void step_look(struct flow *f);

/* --- retain.c --- */
/* Is it time to look, or was the last look cut short? */
bool retain_is_due(struct flow *f, struct arena *a);
/* Deletes for about a second in small transactions, each within the lease. */
enum err retain_run(struct flow *f, struct lease *l, struct errinfo *e) MUST_CHECK;

/* --- loops --- */
void *deliver_loop(void *flow);
void *poll_loop(void *flow);
void *jobs_loop(void *flow);

/* Looks at every account: rhythm, and what is wrong. */
enum err watch_accounts(struct flow *f, struct lease *l, struct errinfo *e) MUST_CHECK;

/* Settles what runs that have ended left in the outbox. Claimed: nothing had left, it waits again.
 * Sending: by the channel's rule it goes again or a person decides. */
enum err deliver_take_over(struct flow *f, struct errinfo *e) MUST_CHECK;
/* Is there something to take over? Reads only. */
bool deliver_has_orphans(struct flow *f, struct arena *a);

#endif
