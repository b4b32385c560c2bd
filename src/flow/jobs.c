/* jobs.c - what happens because time passes, on one node at a time: a row for each, run in the name
 * of the lease "job:NAME". A job without something to look at runs once in its rhythm over all
 * nodes: its lease is kept until the next turn. */
#include <stdio.h>

#include "base/arena.h"
#include "base/log.h"
#include "care_sql.h"
#include "flow/flow_int.h"
#include "people/denial.h"
#include "people_sql.h"
#include "session_sql.h"
#include "store/lease.h"

struct job {
    const char *name;
    int64_t every;                                /* ms */
    bool (*due)(struct flow *f, struct arena *a); /* is there something to do? Reads only */
    /* One that needs several transactions renews the lease between them. */
    enum err (*run)(struct flow *f, struct lease *l, struct errinfo *e);
};

#define TURN (2 * CLOCK_SECOND)
#define LEASE_OF_TURN (2 * CLOCK_MINUTE) /* of a job with something to look at */
/* After an outage of the database all runs are new and nobody's claims look alive; whoever still
 * knows what became of a message has this time to write it down. */
#define RUN_SETTLED (5 * CLOCK_SECOND)

static bool is_wake_due(struct flow *f, struct arena *a)
{
    struct care_sql_next_wake_row next;
    return care_sql_next_wake(store_reader(f->o.store), a, &next) == ERR_OK &&
           next.snoozed_until <= flow_now(f);
}

static enum err write_wake(struct tx *tx, void *arg, struct errinfo *e)
{
    struct flow *f = arg;
    struct care_sql_wake_row *rows;
    size_t n;
    (void)e;
    TRY(care_sql_wake(tx, tx_arena(tx), &(struct care_sql_wake_in){flow_now(f)}, &rows, &n));
    for (size_t i = 0; i < n; i++)
        tx_notify(tx, (struct notice){TOPIC_CASE, rows[i].brand, rows[i].id, rows[i].version});
    return ERR_OK;
}

static enum err run_wake(struct flow *f, struct lease *l, struct errinfo *e)
{
    (void)l;
    return store_write(f->o.store, write_wake, f, e);
}

static bool is_take_over_due(struct flow *f, struct arena *a)
{
    return store_run_age(f->o.store) > RUN_SETTLED && deliver_has_orphans(f, a);
}

static enum err run_take_over(struct flow *f, struct lease *l, struct errinfo *e)
{
    (void)l;
    return deliver_take_over(f, e);
}

static enum err write_forget(struct tx *tx, void *arg, struct errinfo *e)
{
    struct flow *f = arg;
    int64_t now = flow_now(f);
    (void)e;
    TRY(session_sql_expire(tx, &(struct session_sql_expire_in){now}, NULL));
    TRY(people_sql_denials_expire(
        tx, &(struct people_sql_denials_expire_in){now - DENIALS_KEPT_DAYS * CLOCK_DAY}, NULL));
    return people_sql_links_expire(tx, &(struct people_sql_links_expire_in){now - CLOCK_DAY}, NULL);
}

static enum err run_forget(struct flow *f, struct lease *l, struct errinfo *e)
{
    (void)l;
    return store_write(f->o.store, write_forget, f, e);
}

static const struct job jobs[] = {
    {"wake", TURN, is_wake_due, run_wake},             /* snoozed cases come back */
    {"outbox", TURN, is_take_over_due, run_take_over}, /* what dead runs left */
    {"watch", WATCH_EVERY, NULL, watch_accounts},      /* is every account heard as usual? */
    {"forget", CLOCK_HOUR, NULL, run_forget},          /* old sessions and links */
    {"retain", TURN, retain_is_due, retain_run},       /* posts that are not kept any longer */
};
enum { JOBS = sizeof jobs / sizeof *jobs };

/* True: another node has it. */
static bool run_job(struct flow *f, const struct job *job)
{
    char name[LEASE_NAME_MAX];
    struct lease lease;
    struct errinfo e = {0};
    snprintf(name, sizeof name, "job:%s", job->name);
    enum err err =
        lease_take(f->o.store, name, job->due ? LEASE_OF_TURN : job->every * 9 / 10, &lease);
    if (err != ERR_OK)
        return true;
    err = job->run(f, &lease, &e);
    if (err != ERR_OK)
        log_error("flow", "the job %s: %s", job->name, e.what[0] ? e.what : err_code(err));
    if (job->due || err != ERR_OK)
        lease_release(&lease);
    return false;
}

/* When the job is to be looked at again, by clock_mono. */
static int64_t turn(struct flow *f, const struct job *job)
{
    struct arena a;
    arena_init(&a);
    bool busy = (!job->due || job->due(f, &a)) && run_job(f, job);
    arena_deinit(&a);
    return clock_mono() + (busy ? job->every / 10 : job->every);
}

void flow_tick(struct flow *f)
{
    for (size_t i = 0; i < JOBS; i++)
        turn(f, &jobs[i]);
}

void *jobs_loop(void *flow)
{
    struct flow *f = flow;
    int64_t next[JOBS] = {0};
    while (!atomic_load(&f->stopping)) {
        step_look(f);
        for (size_t i = 0; i < JOBS && !atomic_load(&f->stopping) && store_run(f->o.store); i++)
            if (clock_mono() >= next[i])
                next[i] = turn(f, &jobs[i]);
        bell_wait(&f->jobs_bell, TURN);
    }
    return NULL;
}
