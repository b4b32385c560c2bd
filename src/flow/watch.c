/* watch.c - is every account heard as usual? One node at a time looks at all of them: learns their
 * rhythms (understand/rhythm.h), opens an incident when something is wrong for a while, and ends it
 * when it is over. Who wants to know hears of it by notice, in the desk, in figures, and by mail
 * (app/alarm.h). */
#include "account_sql.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "flow/channel_use.h"
#include "flow/flow_int.h"
#include "people/people.h"
#include "store/lease.h"
#include "text/zone.h"
#include "understand/rhythm.h"
#include "watch_sql.h"

enum {
    PAGE = 100,
    FAILURES = 3, /* in a row: one may be chance */
    DENIALS = 2,
    UNSENT = 6, /* answers in a row; by net/retry.h eight minutes at the least */
};

#define LOOK_EVERY (5 * CLOCK_MINUTE) /* at the rhythm of an account */
#define FAILING_FOR (10 * CLOCK_MINUTE)
#define LATE_FOR (10 * CLOCK_MINUTE)
#define TELL_AFTER (2 * CLOCK_MINUTE) /* what heals by itself wakes nobody */
#define SAME_WITHIN CLOCK_HOUR        /* so soon again it is the same incident */

/* --- rhythm --- */

static bool is_holiday(const struct calendar *c, int64_t day)
{
    for (size_t i = 0; i < c->holidays_n && c->holidays[i] <= day; i++)
        if (c->holidays[i] == day)
            return true;
    return false;
}

/* The hour of the week by the clocks of the brand. */
static int week_cell(void *arg, int64_t at)
{
    const struct calendar *c = arg;
    struct zone_time t;
    zone_local(c->zone, at, &t);
    int day = is_holiday(c, zone_day(c->zone, at)) ? 7 : t.weekday;
    return (day - 1) * 24 + t.minute / 60;
}

/* What one account needs to have written. */
struct finding {
    const struct watch_sql_accounts_row *row;
    bool looked; /* the rhythm below is new */
    struct rhythm rhythm;
    int kind; /* of what is wrong; -1: nothing */
    int64_t since, usual;
    struct str what;
};

static struct rhythm_week week_of(const struct brand_view *b)
{
    return (struct rhythm_week){week_cell, (void *)(uintptr_t)&b->calendar};
}

/* heard: it could be heard since the last look. False: a silence cannot be told of this account. */
static bool look(struct finding *f, const struct brand_view *b, int64_t now, bool heard)
{
    const struct watch_sql_accounts_row *a = f->row;
    const struct rhythm_week week = week_of(b);
    if (!a->rhythm.n || !rhythm_read(&f->rhythm, a->rhythm)) {
        rhythm_init(&f->rhythm, now);
        f->looked = true;
    } else if (now - f->rhythm.looked_at >= LOOK_EVERY) {
        if (heard)
            rhythm_look(&f->rhythm, &week, now, a->items - a->seen);
        else
            rhythm_skip(&f->rhythm, now);
        f->looked = true;
    }
    return heard && f->rhythm.post_at > 0;
}

/* --- what is wrong --- */

static bool polls(const struct watch_sql_accounts_row *a)
{
    const struct channel *c = channel_find(a->channel);
    return c && c->poll && c->poll_every > 0;
}

static int trouble_of(const struct watch_sql_accounts_row *a, int64_t now)
{
    bool long_ago = now - (a->success_at ? a->success_at : a->created_at) >= FAILING_FOR;
    if (a->state == ACCOUNT_STOPPED)
        return INCIDENT_GONE;
    if (a->denied && a->failures >= DENIALS)
        return INCIDENT_DENIED;
    if (a->failures >= FAILURES && long_ago)
        return INCIDENT_FAILING;
    if (a->send_failures >= UNSENT)
        return INCIDENT_UNSENT;
    if (polls(a) && a->next_at && now - a->next_at >= LATE_FOR)
        return INCIDENT_LATE;
    return -1;
}

static void judge(struct finding *f, const struct brand_view *b, int64_t now)
{
    const struct watch_sql_accounts_row *a = f->row;
    f->kind = -1;
    f->what = a->error;
    f->since = a->success_at;
    if (a->state != ACCOUNT_PAUSED)
        f->kind = trouble_of(a, now);
    bool unsent = f->kind == INCIDENT_UNSENT;
    if (unsent)
        f->what = a->send_error;
    /* who cannot be reached cannot be silent: the time does not count for the rhythm */
    bool hears = a->state == ACCOUNT_ON && (f->kind < 0 || unsent) && !a->failures;
    if (!look(f, b, now, hears) || unsent)
        return;
    /* once told, a silence lasts until something comes */
    bool lasts = a->incident && a->kind == INCIDENT_SILENT && f->rhythm.post_at < a->opened_at;
    if (!lasts && !rhythm_is_silent(&f->rhythm))
        return;
    const struct rhythm_week week = week_of(b);
    f->kind = INCIDENT_SILENT;
    f->what = STR("");
    f->since = a->item_at;
    f->usual = rhythm_usual(&f->rhythm, &week, now);
}

/* --- writing --- */

struct page {
    struct flow *f;
    const struct lease *lease;
    int64_t now;
    struct finding *findings;
    size_t n;
};

static enum err tell(struct page *p, struct tx *tx, const struct finding *f, const char *what,
                     int kind)
{
    const struct watch_sql_accounts_row *a = f->row;
    tx_notify(tx, (struct notice){TOPIC_ACCOUNT, a->brand, a->id, 0});
    log_warn("flow", "account %lld: %s (%s)", (long long)a->id, what,
             words_name(&incident_words, kind));
    return audit_add(p->f->o.store, tx,
                     &(struct audit){a->brand, 0, p->now, what, a->id,
                                     str_z(words_name(&incident_words, kind))});
}

static enum err begin(struct page *p, struct tx *tx, const struct finding *f)
{
    const struct watch_sql_accounts_row *a = f->row;
    int64_t changed;
    TRY(watch_sql_reopen(
        tx, &(struct watch_sql_reopen_in){a->brand, a->id, f->kind, p->now - SAME_WITHIN, f->what},
        &changed));
    if (changed) {
        tx_notify(tx, (struct notice){TOPIC_ACCOUNT, a->brand, a->id, 0});
        return ERR_OK;
    }
    const struct watch_sql_open_in in = {.id = store_id(p->f->o.store, 0),
                                         .brand = a->brand,
                                         .account = a->id,
                                         .kind = f->kind,
                                         .since = f->since,
                                         .usual = f->usual,
                                         .what = f->what,
                                         .now = p->now,
                                         .tell_at = p->now + TELL_AFTER};
    TRY(watch_sql_open(tx, &in, NULL));
    return tell(p, tx, f, "account.alarm", f->kind);
}

static enum err end(struct page *p, struct tx *tx, const struct finding *f)
{
    const struct watch_sql_accounts_row *a = f->row;
    const struct watch_sql_end_in in = {.brand = a->brand,
                                        .id = a->incident,
                                        .now = p->now,
                                        .tell_at = p->now + TELL_AFTER,
                                        .quiet = a->state == ACCOUNT_PAUSED};
    int64_t changed;
    TRY(watch_sql_end(tx, &in, &changed));
    return changed ? tell(p, tx, f, "account.well", (int)a->kind) : ERR_OK;
}

static enum err write_finding(struct page *p, struct tx *tx, const struct finding *f)
{
    const struct watch_sql_accounts_row *a = f->row;
    struct buf b;
    if (f->looked) {
        buf_init_in(&b, tx_arena(tx), RHYTHM_BYTES_MAX);
        rhythm_write(&f->rhythm, &b);
        TRY(watch_sql_rhythm_put(
            tx, &(struct watch_sql_rhythm_put_in){a->brand, a->id, a->items, buf_str(&b)}, NULL));
    }
    if (f->kind < 0)
        return a->incident ? end(p, tx, f) : ERR_OK;
    if (!a->incident)
        return begin(p, tx, f);
    if (f->kind > a->kind) /* it got worse, or its cause is known now */
        return watch_sql_change(
            tx, &(struct watch_sql_change_in){a->brand, a->incident, f->kind, f->what}, NULL);
    return ERR_OK;
}

static enum err write_page(struct tx *tx, void *arg, struct errinfo *e)
{
    struct page *p = arg;
    (void)e;
    TRY(lease_check(tx, p->lease));
    for (size_t i = 0; i < p->n; i++)
        TRY(write_finding(p, tx, &p->findings[i]));
    return ERR_OK;
}

static bool is_news(const struct finding *f)
{
    const struct watch_sql_accounts_row *a = f->row;
    return f->looked || (f->kind < 0 ? a->incident != 0 : !a->incident || f->kind > a->kind);
}

static enum err look_at_page(struct flow *f, const struct lease *l, struct arena *a,
                             const struct watch_sql_accounts_row *rows, size_t n, struct errinfo *e)
{
    struct page p = {.f = f, .lease = l, .now = flow_now(f)};
    p.findings = arena_array(a, n, sizeof *p.findings);
    for (size_t i = 0; i < n; i++) {
        struct finding *one = &p.findings[p.n];
        const struct brand_view *b = flow_brand(f, rows[i].brand, NULL);
        *one = (struct finding){.row = &rows[i]};
        if (b) {
            judge(one, b, p.now);
            p.n += is_news(one);
        }
        flow_brand_release(b);
    }
    return p.n ? store_write(f->o.store, write_page, &p, e) : ERR_OK;
}

enum err watch_accounts(struct flow *f, struct lease *l, struct errinfo *e)
{
    struct arena a;
    int64_t after = 0;
    enum err err = ERR_OK;
    size_t n = PAGE;
    arena_init(&a);
    while (err == ERR_OK && n == PAGE && !atomic_load(&f->stopping)) {
        struct watch_sql_accounts_row *rows;
        arena_clear(&a);
        err = watch_sql_accounts(store_reader(f->o.store), &a,
                                 &(struct watch_sql_accounts_in){after, PAGE}, &rows, &n);
        if (err == ERR_OK && n) {
            after = rows[n - 1].id;
            err = look_at_page(f, l, &a, rows, n, e);
        }
    }
    arena_deinit(&a);
    return err;
}

/* --- somebody knows --- */

struct calming {
    struct flow *f;
    const struct who *who;
    int64_t account, until;
};

static enum err write_fine(struct tx *tx, void *arg, struct errinfo *e)
{
    const struct calming *c = arg;
    const struct who *who = c->who;
    struct watch_sql_rhythm_get_row row;
    struct rhythm r;
    struct buf b;
    int64_t changed;
    TRY(watch_sql_fine(
        tx, &(struct watch_sql_fine_in){who->brand, c->account, who->agent, c->until}, &changed));
    if (!changed)
        return err_set(e, ERR_NOT_FOUND, "account", "nothing is wrong with this account any more");
    enum err err = watch_sql_rhythm_get(
        tx_db(tx), tx_arena(tx), &(struct watch_sql_rhythm_get_in){who->brand, c->account}, &row);
    if (err == ERR_OK && rhythm_read(&r, row.state)) {
        rhythm_accept(&r);
        buf_init_in(&b, tx_arena(tx), RHYTHM_BYTES_MAX);
        rhythm_write(&r, &b);
        TRY(watch_sql_rhythm_put(
            tx, &(struct watch_sql_rhythm_put_in){who->brand, c->account, row.items, buf_str(&b)},
            NULL));
    } else if (err != ERR_OK && err != ERR_NOT_FOUND) {
        return err;
    }
    tx_notify(tx, (struct notice){TOPIC_ACCOUNT, who->brand, c->account, 0});
    return audit_add(c->f->o.store, tx,
                     &(struct audit){who->brand, who->agent, flow_now(c->f), "account.fine",
                                     c->account, STR("")});
}

enum err flow_incident_fine(struct flow *f, const struct who *who, int64_t account, int64_t until,
                            struct errinfo *e)
{
    struct calming c = {f, who, account, until};
    return store_write(f->o.store, write_fine, &c, e);
}
