/* retain.c - posts older than a brand keeps them go, a conversation at a time, when its last post
 * is old enough and nothing of it waits: with terms, search entries, attachments, corrections, the
 * case with notes, drafts and messages, and authors of whom nothing is left. What stays: lines of
 * the audit log, which hold no texts, and numbers of cases. docs/decisions tells why.
 *
 * It never stands in anybody's way: a transaction deletes a few posts, then it rests as long as
 * that took; after about a second the other jobs have their turn. Where it stands is only in
 * memory: after a restart, or on another node, it begins with the oldest post again. */
#include "base/arena.h"
#include "base/log.h"
#include "author_sql.h"
#include "brand_sql.h"
#include "care_sql.h"
#include "flow/flow_int.h"
#include "outbox_sql.h"
#include "people/people.h"
#include "post_sql.h"
#include "store/lease.h"

enum { LOOKED_AT = 200, IN_ONE = 16, TURN_MS = 1000, REST_MIN_MS = 5, TOLD_EVERY = 1000 };

#define LOOK_EVERY CLOCK_HOUR
/* Whoever wrote a wrong number has this long to notice it. */
#define GRACE CLOCK_HOUR
#define LEASE_MS CLOCK_MINUTE

struct deleting {
    struct flow *f;
    const struct lease *lease;
    int64_t brand, before;
    const struct post_sql_old_row *rows; /* n of them, all ended */
    size_t n;
    int64_t posts, cases; /* results */
};

static enum err delete_post(struct tx *tx, int64_t brand, int64_t post)
{
    TRY(post_sql_search_remove(tx, &(struct post_sql_search_remove_in){post}, NULL));
    TRY(post_sql_terms_remove(tx, &(struct post_sql_terms_remove_in){post}, NULL));
    TRY(post_sql_chunks_remove(tx, &(struct post_sql_chunks_remove_in){brand, post}, NULL));
    TRY(post_sql_attachments_remove(tx, &(struct post_sql_attachments_remove_in){brand, post},
                                    NULL));
    TRY(post_sql_corrections_remove(tx, &(struct post_sql_corrections_remove_in){brand, post},
                                    NULL));
    return post_sql_remove(tx, &(struct post_sql_remove_in){brand, post}, NULL);
}

/* The last post of a conversation has gone: what else hung on it. */
static enum err delete_rest(struct tx *tx, struct deleting *d, int64_t thread)
{
    struct post_sql_thread_rest_row rest;
    struct care_sql_by_thread_row c;
    enum err err = post_sql_thread_rest(tx_db(tx), tx_arena(tx),
                                        &(struct post_sql_thread_rest_in){d->brand, thread}, &rest);
    if (err != ERR_NOT_FOUND)
        return err;
    TRY(post_sql_thread_refs_remove(tx, &(struct post_sql_thread_refs_remove_in){thread}, NULL));
    err = care_sql_by_thread(tx_db(tx), tx_arena(tx),
                             &(struct care_sql_by_thread_in){d->brand, thread}, &c);
    if (err != ERR_OK)
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    d->cases++;
    TRY(outbox_sql_deliveries_remove(tx, &(struct outbox_sql_deliveries_remove_in){d->brand, c.id},
                                     NULL));
    TRY(outbox_sql_messages_remove(tx, &(struct outbox_sql_messages_remove_in){d->brand, c.id},
                                   NULL));
    TRY(care_sql_notes_remove(tx, &(struct care_sql_notes_remove_in){d->brand, c.id}, NULL));
    TRY(care_sql_drafts_remove(tx, &(struct care_sql_drafts_remove_in){d->brand, c.id}, NULL));
    return care_sql_remove(tx, &(struct care_sql_remove_in){d->brand, c.id}, NULL);
}

static enum err write_deleting(struct tx *tx, void *arg, struct errinfo *e)
{
    struct deleting *d = arg;
    (void)e;
    d->posts = d->cases = 0;
    TRY(lease_check(tx, d->lease));
    for (size_t i = 0; i < d->n; i++) {
        const struct post_sql_old_row *row = &d->rows[i];
        struct post_sql_thread_needed_row needed;
        /* somebody may have written or opened the case since it was looked at */
        TRY(post_sql_thread_needed(
            tx_db(tx), tx_arena(tx),
            &(struct post_sql_thread_needed_in){d->brand, row->thread, d->before}, &needed));
        if (needed.n)
            continue;
        TRY(delete_post(tx, d->brand, row->id));
        TRY(delete_rest(tx, d, row->thread));
        if (row->author)
            TRY(author_sql_forget(tx, &(struct author_sql_forget_in){d->brand, row->author}, NULL));
        d->posts++;
    }
    return ERR_OK;
}

static enum err write_line(struct tx *tx, void *arg, struct errinfo *e)
{
    const struct deleting *d = arg;
    (void)e;
    return audit_add(d->f->o.store, tx,
                     &(struct audit){d->brand, 0, flow_now(d->f), "retention.delete", 0,
                                     arena_printf(tx_arena(tx), "%lld posts, %lld cases",
                                                  (long long)d->posts, (long long)d->cases)});
}

/* One line for some thousand posts, and one at the end. */
static enum err tell(struct flow *f, int64_t brand, bool last, struct errinfo *e)
{
    struct retain *r = &f->retain;
    struct deleting d = {.f = f, .brand = brand, .posts = r->posts, .cases = r->cases};
    if (!r->posts || (!last && r->posts < TOLD_EVERY))
        return ERR_OK;
    TRY(store_write(f->o.store, write_line, &d, e));
    log_info("flow", "brand %lld: %lld posts and %lld cases are not kept any longer",
             (long long)brand, (long long)r->posts, (long long)r->cases);
    r->posts = r->cases = 0;
    return ERR_OK;
}

static enum err write_refused(struct tx *tx, void *arg, struct errinfo *e)
{
    const struct deleting *d = arg;
    (void)e;
    TRY(lease_check(tx, d->lease));
    return post_sql_refused_forget(tx, &(struct post_sql_refused_forget_in){d->brand, d->before},
                                   NULL);
}

/* Rests as long as the work took, so that others have at least as much of the writer. */
static void rest(struct flow *f, int64_t since)
{
    int64_t took = clock_mono() - since;
    bell_wait(&f->jobs_bell, took > REST_MIN_MS ? took : REST_MIN_MS);
}

/* Deletes them, some at a time, in turn with what comes in for the brand: both touch the same
 * threads and cases. */
static enum err delete_rows(struct flow *f, struct deleting *d, const struct post_sql_old_row *rows,
                            size_t n, struct errinfo *e)
{
    struct retain *r = &f->retain;
    for (size_t i = 0; i < n && !atomic_load(&f->stopping); i += d->n) {
        int64_t since = clock_mono();
        d->rows = rows + i;
        d->n = n - i < IN_ONE ? n - i : IN_ONE;
        TRY(store_write_keyed(f->o.store, d->brand, write_deleting, d, e));
        r->posts += d->posts;
        r->cases += d->cases;
        rest(f, since);
    }
    return ERR_OK;
}

/* The next posts of the brand; *done when there are no more. */
static enum err step(struct flow *f, struct deleting *d, bool *done, struct errinfo *e)
{
    struct arena a;
    struct post_sql_old_row *rows;
    struct retain *r = &f->retain;
    size_t n, ended = 0;
    enum err err;
    arena_init(&a);
    err = post_sql_old(store_reader(f->o.store), &a,
                       &(struct post_sql_old_in){d->brand, d->before, r->after, LOOKED_AT}, &rows,
                       &n);
    *done = err == ERR_OK && n < LOOKED_AT;
    for (size_t i = 0; err == ERR_OK && i < n; i++)
        if (rows[i].ended)
            rows[ended++] = rows[i];
    if (err == ERR_OK)
        err = delete_rows(f, d, rows, ended, e);
    if (err == ERR_OK && n && !atomic_load(&f->stopping))
        r->after = rows[n - 1].id; /* rows moved up only: behind the last that ended, untouched */
    arena_deinit(&a);
    return err;
}

bool retain_is_due(struct flow *f, struct arena *a)
{
    (void)a;
    return clock_mono() >= f->retain.next;
}

/* Goes on with the brand behind the last one done; ERR_NOT_FOUND: there is none. */
static enum err next_brand(struct flow *f, struct deleting *d)
{
    struct arena a;
    struct brand_sql_forgetful_row row;
    const struct brand_sql_forgetful_in in = {f->retain.brand, flow_now(f) - GRACE};
    arena_init(&a);
    enum err err = brand_sql_forgetful(store_reader(f->o.store), &a, &in, &row);
    arena_deinit(&a);
    if (err == ERR_OK) {
        d->brand = row.id;
        d->before = store_id_first(flow_now(f) - row.retention_days * CLOCK_DAY);
    }
    return err;
}

enum err retain_run(struct flow *f, struct lease *l, struct errinfo *e)
{
    struct retain *r = &f->retain;
    int64_t until = clock_mono() + TURN_MS;
    while (clock_mono() < until && !atomic_load(&f->stopping)) {
        struct deleting d = {.f = f, .lease = l};
        bool done = false;
        enum err err = next_brand(f, &d);
        if (err == ERR_NOT_FOUND) {
            *r = (struct retain){.next = clock_mono() + LOOK_EVERY};
            return ERR_OK;
        }
        TRY(err);
        while (!done && clock_mono() < until && !atomic_load(&f->stopping)) {
            TRY(lease_renew(l, LEASE_MS));
            TRY(step(f, &d, &done, e));
            TRY(tell(f, d.brand, done, e));
        }
        if (done) {
            TRY(store_write(f->o.store, write_refused, &d, e));
            r->brand = d.brand;
            r->after = 0;
        }
    }
    return ERR_OK;
}
