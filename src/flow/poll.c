/* poll.c - asks the accounts for news, each at its own rhythm, each by one poller of all nodes at a
 * time: whoever finds it due takes the lease "account:ID". What came and the cursor behind it are
 * saved together, by the holder of the lease or not at all. An account that fails waits longer each
 * time and says why, in plain words. */
#include <stdio.h>
#include <stdlib.h>

#include "account_sql.h"
#include "base/arena.h"
#include "base/log.h"
#include "base/rand.h"
#include "base/threads.h"
#include "base/trouble.h"
#include "flow/channel_use.h"
#include "flow/flow_int.h"
#include "net/retry.h"
#include "people/people.h"
#include "store/lease.h"

enum { BATCH = 50, ROUNDS_MAX = 20 };
#define FAR_AWAY (100 * 365 * CLOCK_DAY)
/* Of an account; longer than any round takes. It ends before with its node. */
#define LEASE_MS (15 * CLOCK_MINUTE)

struct pulse {
    struct flow *f;
    const struct lease *lease;
    int64_t brand, account, now, next_at, state;
    struct str text;
    int64_t asked, held_until; /* of an attempt that failed */
    bool denied;               /* likewise: we were not let in */
};

static enum err write_ill(struct tx *tx, void *arg, struct errinfo *e)
{
    const struct pulse *p = arg;
    (void)e;
    TRY(lease_check(tx, p->lease));
    tx_notify(tx, (struct notice){TOPIC_ACCOUNT, p->brand, p->account, 0});
    const struct account_sql_pulse_ill_in in = {.brand = p->brand,
                                                .id = p->account,
                                                .at = p->now,
                                                .next_at = p->next_at,
                                                .asked = p->asked,
                                                .again = p->now + FETCH_GAP,
                                                .held_until = p->held_until,
                                                .error = p->text,
                                                .denied = p->denied,
                                                .state = p->state};
    return account_sql_pulse_ill(tx, &in, NULL);
}

static enum err write_schedule(struct tx *tx, void *arg, struct errinfo *e)
{
    const struct pulse *p = arg;
    (void)e;
    TRY(lease_check(tx, p->lease));
    return account_sql_schedule(
        tx, &(struct account_sql_schedule_in){p->brand, p->account, p->next_at}, NULL);
}

static enum err write_moved(struct tx *tx, void *arg, struct errinfo *e)
{
    const struct pulse *p = arg;
    (void)e;
    TRY(lease_check(tx, p->lease));
    TRY(account_sql_save_settings(
        tx, &(struct account_sql_save_settings_in){p->brand, p->account, p->text}, NULL));
    return audit_add(p->f->o.store, tx,
                     &(struct audit){p->brand, 0, p->now, "account.moved", p->account, STR("")});
}

static void write_pulse(struct flow *f, store_write_fn fn, struct pulse *p)
{
    enum err err = store_write(f->o.store, fn, p, NULL);
    if (err != ERR_OK && err != ERR_CONFLICT) /* else another node polls it now */
        log_error("flow", "cannot save the pulse of account %lld", (long long)p->account);
}

/* A permanent redirect becomes the account's setting. */
static void moved(struct flow *f, const struct lease *lease, struct channel_use *use,
                  struct str url)
{
    struct arena *a = use->ctx.arena;
    struct account plain;
    if (account_load(store_reader(f->o.store), a, NULL, use->account.brand, use->account.id, &plain,
                     NULL) != ERR_OK)
        return;
    map_set(&plain.settings, STR("url"), &url);
    struct pulse p = {f,
                      lease,
                      use->account.brand,
                      use->account.id,
                      flow_now(f),
                      0,
                      0,
                      account_settings_write(a, &plain.settings)};
    write_pulse(f, write_moved, &p);
}

static enum err save(struct flow *f, const struct lease *lease, struct channel_use *use,
                     const struct poll_result *got, int64_t next_at, struct errinfo *e)
{
    struct arena *a = use->ctx.arena;
    struct ingest_refused *refused = arena_array(a, got->refused_count, sizeof *refused);
    for (size_t i = 0; i < got->refused_count; i++)
        refused[i] = (struct ingest_refused){got->refused[i].where, got->refused[i].what,
                                             got->refused[i].raw};
    size_t done = 0;
    do {
        size_t n = got->count - done > INGEST_MAX ? INGEST_MAX : got->count - done;
        bool last = done + n == got->count;
        const struct ingest in = {
            .brand = use->account.brand,
            .account = use->account.id,
            .items = n ? got->items + done : NULL,
            .n = n,
            .refused = last ? refused : NULL,
            .refused_n = last ? got->refused_count : 0,
            .lease = lease,
            .cursor_before = last ? use->account.cursor : STR_NONE,
            .cursor_after = got->cursor.p ? got->cursor : use->account.cursor,
            .next_at = next_at,
            .asked = use->account.asked,
        };
        TRY(flow_ingest(f, &in, NULL, e));
        done += n;
    } while (done < got->count);
    return ERR_OK;
}

/* What a round tells besides its error. */
struct round {
    bool more;          /* the source has more at once */
    int64_t failures;   /* in a row, before this one */
    int64_t longest;    /* to wait after a failed one: its rhythm, or RETRY_PROBE */
    int64_t asked;      /* the account's when the round began */
    int64_t not_before; /* the peer asked to wait until then; 0: it did not */
};

static bool has_news(const struct channel_use *use, const struct poll_result *got)
{
    return got->count || got->refused_count ||
           (got->cursor.p && !str_eq(got->cursor, use->account.cursor));
}

/* One round. A poll that failed may have read something before: that is kept, then the error told.
 */
static enum err poll_round(struct flow *f, const struct lease *lease, struct arena *a,
                           int64_t brand, int64_t account, struct round *r, struct errinfo *e)
{
    struct channel_use use = {0};
    struct poll_result got = {0};
    *r = (struct round){0};
    enum err usable = channel_use(f, a, brand, account, &use, e);
    r->failures = use.account.failures;
    r->asked = use.account.asked;
    r->longest = RETRY_PROBE;
    if (use.channel && use.channel->poll_every > RETRY_PROBE)
        r->longest = use.channel->poll_every;
    if (usable != ERR_OK)
        return usable;
    if (!use.account.on)
        return ERR_OK;
    int64_t now = flow_now(f);
    if (!use.channel->poll) {
        write_pulse(f, write_schedule,
                    &(struct pulse){f, lease, brand, account, now, now + FAR_AWAY, 0, STR_NONE});
        return ERR_OK;
    }
    enum err polled = use.channel->poll(&use.ctx, use.account.cursor, &got, e);
    r->not_before = got.next_at;
    if (polled != ERR_OK && !has_news(&use, &got))
        return polled;
    int64_t next_at = flow_now(f) + use.channel->poll_every;
    if (got.next_at > next_at)
        next_at = got.next_at;
    if (got.more)
        next_at = now;
    const struct errinfo told = *e; /* what save writes is of the store */
    TRY(save(f, lease, &use, &got, next_at, e));
    if (polled != ERR_OK) {
        *e = told;
        return polled;
    }
    if (got.moved_to.n)
        moved(f, lease, &use, got.moved_to);
    if (got.stopped)
        write_pulse(f, write_ill,
                    &(struct pulse){f, lease, brand, account, now, now + FAR_AWAY, ACCOUNT_STOPPED,
                                    str_z(trouble_table[TROUBLE_GONE].word), r->asked, 0});
    r->more = got.more;
    return ERR_OK;
}

static void poll_rounds(struct flow *f, struct lease *lease, int64_t brand, int64_t account)
{
    struct arena a;
    struct round r = {.more = true};
    arena_init(&a);
    for (int n = 0; r.more && n < ROUNDS_MAX && !atomic_load(&f->stopping); n++) {
        struct errinfo e = {0};
        arena_clear(&a);
        if (n && lease_renew(lease, LEASE_MS) != ERR_OK)
            break;
        enum err err = poll_round(f, lease, &a, brand, account, &r, &e);
        bool well = err == ERR_OK || (err == ERR_CONFLICT && str_eq_z(str_z(e.where), "cursor"));
        f->polls[well]++;
        if (well)
            continue;
        e.code = err; /* what failed below may have told nothing */
        log_warn("flow", "account %lld: %s", (long long)account,
                 e.what[0] ? e.what : err_code(err));
        int64_t now = flow_now(f),
                next_at = now + retry_delay((int)r.failures + 1, r.longest, 0, rand_u64());
        if (r.not_before > next_at)
            next_at = r.not_before;
        write_pulse(f, write_ill,
                    &(struct pulse){f, lease, brand, account, now, next_at, ACCOUNT_ON,
                                    trouble_kept(&e, &a), r.asked, r.not_before,
                                    err == ERR_DENIED});
        break;
    }
    arena_deinit(&a);
}

/* Another node may have polled it since it was listed. */
static bool is_due(struct flow *f, int64_t account)
{
    struct arena a;
    struct account_sql_is_due_row row;
    arena_init(&a);
    const struct account_sql_is_due_in in = {account, flow_now(f)};
    bool due = account_sql_is_due(store_reader(f->o.store), &a, &in, &row) == ERR_OK;
    arena_deinit(&a);
    return due;
}

static void poll_account(struct flow *f, int64_t brand, int64_t account, bool only_when_due)
{
    char name[LEASE_NAME_MAX];
    struct lease lease;
    snprintf(name, sizeof name, "account:%lld", (long long)account);
    if (lease_take(f->o.store, name, LEASE_MS, &lease) != ERR_OK)
        return;
    if (!only_when_due || is_due(f, account))
        poll_rounds(f, &lease, brand, account);
    lease_release(&lease);
}

/* One poller per account in this process, so that its workers do not wait for one another. */
void flow_poll_one(struct flow *f, int64_t brand, int64_t account)
{
    if (!hand_take(&f->polling, account))
        return;
    poll_account(f, brand, account, false);
    hand_give(&f->polling, account);
}

struct poll_job {
    struct flow *f;
    int64_t brand, account;
    struct lane_pass pass;
};

static void run_job(void *arg)
{
    struct poll_job *job = arg;
    poll_account(job->f, job->brand, job->account, true);
    lane_leave(&job->f->poll_lanes, &job->pass);
    hand_give(&job->f->polling, job->account);
    bell_ring(&job->f->poll_bell);
    free(job);
}

static void start_job(struct flow *f, const struct account_sql_due_row *due)
{
    struct lane_pass pass;
    if (!hand_take(&f->polling, due->id))
        return;
    struct poll_job *job = NULL;
    if (lane_enter(&f->poll_lanes, due->id, due->failures > 0, &pass)) {
        if ((job = malloc(sizeof *job)) == NULL)
            lane_leave(&f->poll_lanes, &pass);
    }
    if (job) {
        *job = (struct poll_job){f, due->brand, due->id, pass};
        if (workers_run(f->poll_workers, run_job, job) == ERR_OK)
            return;
        lane_leave(&f->poll_lanes, &pass);
        free(job);
    }
    hand_give(&f->polling, due->id);
}

static size_t due_accounts(struct flow *f, struct arena *a, struct account_sql_due_row **rows)
{
    size_t n;
    int64_t at; /* the database's moment, for leases */
    struct db *db = store_reader(f->o.store);
    if (!store_run(f->o.store) || store_now(db, &at) != ERR_OK)
        return 0;
    const struct account_sql_due_in in = {flow_now(f), at, BATCH};
    return account_sql_due(db, a, &in, rows, &n) == ERR_OK ? n : 0;
}

int flow_poll_due(struct flow *f)
{
    struct arena a;
    struct account_sql_due_row *rows;
    arena_init(&a);
    size_t n = due_accounts(f, &a, &rows);
    for (size_t i = 0; i < n; i++)
        flow_poll_one(f, rows[i].brand, rows[i].id);
    arena_deinit(&a);
    return (int)n;
}

void *poll_loop(void *flow)
{
    struct flow *f = flow;
    struct arena a;
    arena_init(&a);
    while (!atomic_load(&f->stopping)) {
        struct account_sql_due_row *rows;
        struct account_sql_next_due_row next;
        int64_t wait = 30 * CLOCK_SECOND;
        arena_clear(&a);
        size_t n = due_accounts(f, &a, &rows);
        for (size_t i = 0; i < n; i++)
            start_job(f, &rows[i]);
        if (account_sql_next_due(store_reader(f->o.store), &a, &next) == ERR_OK) {
            int64_t left = next.next_at - flow_now(f);
            /* those being polled now are still due: their end rings the bell */
            wait = left < CLOCK_SECOND ? CLOCK_SECOND : left < wait ? left : wait;
        }
        bell_wait(&f->poll_bell, wait);
    }
    arena_deinit(&a);
    return NULL;
}
