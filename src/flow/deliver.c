/* deliver.c - sends what waits in the outbox. Claim in a short transaction, send outside it, mark
 * "sending" at the last moment before the peer could act, then write down what came of it. Any node
 * may claim; one message of a case is on its way at a time. A dead run's claims were never sent and
 * wait again; what it was just sending is unclear, unless the peer drops repeats by the message's
 * key. A run that was stopped past its end sends nothing more: it asks its clock after the mark and
 * before each piece of the message. */
#include "account_sql.h"
#include "author_sql.h"
#include "base/arena.h"
#include "base/log.h"
#include "base/rand.h"
#include "base/threads.h"
#include "base/trouble.h"
#include "flow/channel_use.h"
#include "flow/flow_int.h"
#include "net/retry.h"
#include "outbox_sql.h"
#include "post_sql.h"
#include "store/lease.h"

enum {
    BATCH = 64,
    ATTEMPTS_MAX = 14,
    SETTLE_PAUSE_MS = 1000,
    ORPHANS_MAX = 200,
    BUSY_WAIT_MS = 200
};
/* A message whose receiver is out of order is given up after both, so that a bad weekend passes
 * without work for anybody. */
#define TRY_FOR (3 * CLOCK_DAY)

struct sending {
    struct flow *f;
    int64_t run, brand;
    struct outbox_sql_get_row m;
    struct channel_use use;
    struct sent_result result;
    int64_t now, retry; /* when it ended; when it is tried again */
    bool marked;
};

static enum err write_claim(struct tx *tx, void *arg, struct errinfo *e)
{
    struct sending *s = arg;
    int64_t changed;
    (void)e;
    TRY(store_run_check(tx, s->run));
    TRY(outbox_sql_claim(
        tx, &(struct outbox_sql_claim_in){s->brand, s->m.id, s->run, s->m.attempt, s->now},
        &changed));
    tx_notify(tx, (struct notice){TOPIC_MESSAGE, s->brand, s->m.id, 0});
    return changed ? ERR_OK : ERR_CONFLICT;
}

static enum err write_mark(struct tx *tx, void *arg, struct errinfo *e)
{
    struct sending *s = arg;
    int64_t changed;
    (void)e;
    TRY(store_run_check(tx, s->run));
    TRY(outbox_sql_mark_sending(tx, &(struct outbox_sql_mark_sending_in){s->brand, s->m.id, s->run},
                                &changed));
    tx_notify(tx, (struct notice){TOPIC_MESSAGE, s->brand, s->m.id, 0});
    return changed ? ERR_OK : ERR_CONFLICT;
}

static enum err mark(void *arg)
{
    struct sending *s = arg;
    if (s->marked)
        return ERR_OK;
    if (atomic_load(&s->f->stopping))
        return ERR_BUSY;
    TRY(store_write(s->f->o.store, write_mark, s, NULL));
    /* the answer may have been read long after it was given */
    if (!store_run_held(s->f->o.store, s->run))
        return ERR_BUSY;
    s->marked = true;
    return ERR_OK;
}

/* Asked by the channel before each step, see channels/channel.h. */
static bool give_up(const void *arg)
{
    const struct sending *s = arg;
    return atomic_load(&s->f->stop_sends) || !store_run_held(s->f->o.store, s->run);
}

/* What the channel gets: the text, whom it goes to, and the thread it belongs to. */
static enum err outgoing_of(struct sending *s, struct arena *a, struct outgoing *out)
{
    struct db *db = store_reader(s->f->o.store);
    struct post_sql_get_row parent;
    struct author_sql_get_row author = {0};
    struct post_sql_thread_ids_row *ids;
    size_t n;
    TRY(post_sql_get(db, a, &(struct post_sql_get_in){s->brand, s->m.parent}, &parent));
    enum err err =
        author_sql_get(db, a, &(struct author_sql_get_in){s->brand, parent.author}, &author);
    if (err != ERR_OK && err != ERR_NOT_FOUND)
        return err;
    TRY(post_sql_thread_ids(db, a, &(struct post_sql_thread_ids_in){s->brand, s->m.thread}, &ids,
                            &n));
    struct str *thread = arena_array(a, n, sizeof *thread);
    size_t used = 0;
    for (size_t i = 0; i < n; i++)
        if (!str_eq(ids[i].external_id, parent.external_id))
            thread[used++] = ids[i].external_id;
    if (used < n) /* what is answered comes last, whatever its date says */
        thread[used++] = parent.external_id;
    *out = (struct outgoing){.id = s->m.id,
                             .key = s->m.key,
                             .text = s->m.text,
                             .title = parent.title,
                             .to_id = author.identity,
                             .to_name = author.name,
                             .parent_id = parent.external_id,
                             .thread = thread,
                             .thread_count = n,
                             .at = s->m.created_at,
                             .attempt = (int)s->m.attempt + 1};
    return ERR_OK;
}

static enum message_state state_of(struct sending *s)
{
    const struct channel *c = s->use.channel;
    bool tries_left = s->m.attempt + 1 < ATTEMPTS_MAX || s->now - s->m.created_at < TRY_FOR;
    switch (s->result.sent) {
    case SENT_ACCEPTED:
        return MESSAGE_SENT;
    case SENT_REFUSED:
        return MESSAGE_FAILED;
    case SENT_UNCLEAR:
        return c && c->resend == RESEND_SAFE_WITH_KEY && tries_left ? MESSAGE_QUEUED
                                                                    : MESSAGE_UNCLEAR;
    case SENT_LATER:
    default:
        return tries_left ? MESSAGE_QUEUED : MESSAGE_FAILED;
    }
}

/* What came of it tells of the account, too: while its other side is out of order one message at a
 * time finds out whether it still is, and all others wait. */
static enum err write_health(struct sending *s, struct tx *tx, struct str what)
{
    int64_t changed, failures = s->use.account.send_failures + 1;
    if (s->result.sent == SENT_LATER && s->result.whole)
        TRY(account_sql_send_ill(tx,
                                 &(struct account_sql_send_ill_in){s->brand, s->m.account, s->retry,
                                                                   s->result.retry_at > s->now,
                                                                   failures, what},
                                 &changed));
    else if (s->result.sent == SENT_ACCEPTED || s->result.sent == SENT_REFUSED)
        TRY(account_sql_send_well(tx, &(struct account_sql_send_well_in){s->brand, s->m.account},
                                  &changed));
    else
        return ERR_OK;
    if (changed)
        tx_notify(tx, (struct notice){TOPIC_ACCOUNT, s->brand, s->m.account, 0});
    return ERR_OK;
}

static enum err write_settled(struct tx *tx, void *arg, struct errinfo *e)
{
    struct sending *s = arg;
    static const char *const words[] = {"accepted", "refused", "later", "unclear"};
    enum message_state state = state_of(s);
    int64_t changed, post = 0;
    (void)e;
    if (state == MESSAGE_SENT)
        TRY(answer_post_add(s->f, tx, s->brand, s->m.id, s->result.external_id, s->now, &post));
    const struct outbox_sql_settle_in in = {
        .brand = s->brand,
        .id = s->m.id,
        .owner = s->run,
        .state = state,
        .not_before = state == MESSAGE_QUEUED ? s->retry : s->m.not_before,
        .external_id = s->result.external_id,
        .post = post,
        .what = trouble_kept(&s->result.why, tx_arena(tx)),
        .sent_at = state == MESSAGE_SENT ? s->now : 0,
    };
    TRY(outbox_sql_settle(tx, &in, &changed));
    if (!changed)
        return ERR_CONFLICT;
    if (state == MESSAGE_FAILED || state == MESSAGE_UNCLEAR)
        TRY(answer_problem(tx, s->brand, s->m.case_id, s->m.id));
    tx_notify(tx, (struct notice){TOPIC_MESSAGE, s->brand, s->m.id, 0});
    tx_notify(tx, (struct notice){TOPIC_CASE, s->brand, s->m.case_id, 0});
    TRY(write_health(s, tx, in.what));
    return outbox_sql_delivery_add(
        tx,
        &(struct outbox_sql_delivery_add_in){store_id(s->f->o.store, 0), s->brand, s->m.account,
                                             s->m.id, s->now, s->m.attempt + 1,
                                             str_z(words[s->result.sent]), in.what},
        NULL);
}

/* When a message that waits is tried again. One that tried for all of its account falls in behind
 * the others: it may be the one that the other side cannot stand. */
static int64_t retry_of(const struct sending *s)
{
    if (s->result.retry_at > s->now)
        return s->result.retry_at;
    bool whole = s->result.whole;
    int64_t failures = whole ? s->use.account.send_failures : s->m.attempt;
    return s->now +
           retry_delay((int)failures + 1, whole ? RETRY_PROBE : RETRY_LONGEST, 0, rand_u64());
}

/* What came of it must be written down; a store that is full or away for a while does not make it
 * forgotten. When the process ends first, another run finds it "sending" and asks a person. */
static void settle(struct sending *s)
{
    for (;;) {
        s->now = flow_now(s->f);
        s->retry = retry_of(s);
        enum err err = store_write(s->f->o.store, write_settled, s, NULL);
        if (err == ERR_OK || err == ERR_CONFLICT)
            return;
        log_error("flow", "cannot write down what came of message %lld: %s", (long long)s->m.id,
                  err_code(err));
        if (atomic_load(&s->f->stopping))
            return;
        bell_wait(&s->f->outbox_bell, SETTLE_PAUSE_MS);
    }
}

static bool deliver_one(struct flow *f, int64_t brand, int64_t id)
{
    struct arena a;
    struct errinfo info = {0};
    struct outgoing out;
    struct sending s = {.f = f, .run = store_run(f->o.store), .brand = brand, .now = flow_now(f)};
    bool claimed = false;
    if (!hand_take(&f->sending_now, id))
        return false;
    arena_init(&a);
    if (outbox_sql_get(store_reader(f->o.store), &a, &(struct outbox_sql_get_in){brand, id},
                       &s.m) != ERR_OK)
        goto out;
    enum err err = store_write(f->o.store, write_claim, &s, NULL);
    claimed = err == ERR_OK || err == ERR_UNCLEAR;
    if (!claimed)
        goto out;
    s.result.sent = SENT_LATER;
    if (err == ERR_UNCLEAR) { /* ours for ever, perhaps, if nobody gave it back */
        s.result.retry_at = s.now + CLOCK_SECOND;
        (void)err_trouble(&s.result.why, ERR_BUSY, "", TROUBLE_DATABASE, NULL);
    } else if (channel_use(f, &a, brand, s.m.account, &s.use, &info) != ERR_OK) {
        s.result.sent = SENT_REFUSED;
        s.result.why = info;
    } else if (outgoing_of(&s, &a, &out) != ERR_OK) {
        (void)err_trouble(&s.result.why, ERR_IO, "", TROUBLE_PARENT, NULL);
    } else {
        s.use.ctx.give_up = give_up;
        s.use.ctx.give_up_arg = &s;
        s.use.channel->send(&s.use.ctx, &out, (struct sending_mark){mark, &s}, &s.result);
    }
    f->deliveries[s.result.sent]++;
    settle(&s);
out:
    hand_give(&f->sending_now, id);
    arena_deinit(&a);
    return claimed;
}

/* Sends one of what is due, if its account has a sender to spare. */
static bool deliver_next(struct flow *f, const struct outbox_sql_due_row *due, size_t n)
{
    /* all senders of all nodes see the same list: each begins somewhere else */
    size_t first = n == BATCH ? (size_t)rand_below(n) : 0;
    bool handled = false;
    for (size_t i = 0; i < n && !handled && !atomic_load(&f->stopping); i++) {
        const struct outbox_sql_due_row *one = &due[(first + i) % n];
        struct lane_pass pass;
        if (!lane_enter(&f->send_lanes, one->account, one->ill > 0, &pass))
            continue;
        handled = deliver_one(f, one->brand, one->id);
        lane_leave(&f->send_lanes, &pass);
    }
    return handled;
}

int flow_deliver_due(struct flow *f)
{
    int handled = 0;
    struct arena a;
    arena_init(&a);
    while (!atomic_load(&f->stopping) && store_run(f->o.store)) {
        struct outbox_sql_due_row *due;
        size_t n;
        arena_clear(&a);
        const struct outbox_sql_due_in in = {flow_now(f), BATCH};
        if (outbox_sql_due(store_reader(f->o.store), &a, &in, &due, &n) != ERR_OK ||
            !deliver_next(f, due, n))
            break;
        handled++;
    }
    arena_deinit(&a);
    return handled;
}

void *deliver_loop(void *flow)
{
    struct flow *f = flow;
    struct arena a;
    arena_init(&a);
    while (!atomic_load(&f->stopping)) {
        struct outbox_sql_next_due_row next;
        /* notices wake us; one that was lost with the node that would have told it costs this */
        int64_t wait = store_run(f->o.store) ? 10 * CLOCK_SECOND : CLOCK_SECOND;
        flow_deliver_due(f);
        arena_clear(&a);
        if (outbox_sql_next_due(store_reader(f->o.store), &a, &next) == ERR_OK) {
            int64_t left = next.at - flow_now(f);
            wait = left < BUSY_WAIT_MS ? BUSY_WAIT_MS : left < wait ? left : wait;
        }
        bell_wait(&f->outbox_bell, wait);
    }
    arena_deinit(&a);
    if (atomic_fetch_sub(&f->sending, 1) == 1)
        bell_ring(&f->sent_bell);
    return NULL;
}

/* --- what dead runs left --- */

static enum err take_over(struct tx *tx, const struct outbox_sql_orphans_row *m, struct errinfo *e)
{
    struct account account;
    const struct channel *c = NULL;
    int64_t changed;
    if (account_load(tx_db(tx), tx_arena(tx), NULL, m->brand, m->account, &account, e) == ERR_OK)
        c = channel_find(account.channel);
    else
        log_warn("flow", "account %lld of a message that was being sent: %s", (long long)m->account,
                 e->what);
    bool unclear = m->state == MESSAGE_SENDING && !(c && c->resend == RESEND_SAFE_WITH_KEY);
    const struct outbox_sql_take_over_in in = {
        .brand = m->brand,
        .id = m->id,
        .owner = m->owner,
        .before = m->state,
        .state = unclear ? MESSAGE_UNCLEAR : MESSAGE_QUEUED,
        .what = unclear ? str_z(trouble_table[TROUBLE_STOPPED_SENDING].word) : STR(""),
    };
    TRY(outbox_sql_take_over(tx, &in, &changed));
    if (changed && unclear)
        TRY(answer_problem(tx, m->brand, m->case_id, m->id));
    tx_notify(tx, (struct notice){TOPIC_MESSAGE, m->brand, m->id, 0});
    tx_notify(tx, (struct notice){TOPIC_CASE, m->brand, m->case_id, 0});
    return ERR_OK;
}

static enum err write_take_over(struct tx *tx, void *arg, struct errinfo *e)
{
    struct outbox_sql_orphans_row *rows;
    size_t n;
    int64_t now;
    (void)arg;
    TRY(store_now(tx_db(tx), &now));
    TRY(outbox_sql_orphans(tx_db(tx), tx_arena(tx),
                           &(struct outbox_sql_orphans_in){now, ORPHANS_MAX}, &rows, &n));
    for (size_t i = 0; i < n; i++)
        TRY(take_over(tx, &rows[i], e));
    if (n)
        log_info("flow", "%zu messages of a run that has ended are taken over", n);
    return ERR_OK;
}

enum err deliver_take_over(struct flow *f, struct errinfo *e)
{
    return store_write(f->o.store, write_take_over, NULL, e);
}

bool deliver_has_orphans(struct flow *f, struct arena *a)
{
    struct outbox_sql_orphans_row *rows;
    size_t n;
    int64_t now;
    struct db *db = store_reader(f->o.store);
    return store_now(db, &now) == ERR_OK &&
           outbox_sql_orphans(db, a, &(struct outbox_sql_orphans_in){now, 1}, &rows, &n) ==
               ERR_OK &&
           n;
}
