/* answer.c - a reply goes into the outbox, may be taken back for a while, and becomes a post of
 * ours once sent. */
#include "base/arena.h"
#include "care/rank.h"
#include "care_sql.h"
#include "channels/channel.h"
#include "crypt/token.h"
#include "flow/flow_int.h"
#include "outbox_sql.h"
#include "people/people.h"
#include "post_sql.h"
#include "posts/search.h"
#include "text/analyse.h"
#include "text/unicode.h"

struct str flow_signed(const struct brand_view *b, const struct who *who, struct str text,
                       struct arena *a)
{
    struct str body = str_trim(text), initials = str_z(who->initials), name = str_z(who->name);
    if (str_eq_z(b->signature, "initials")) {
        struct str mark = arena_printf(a, "^%s", who->initials);
        if (!initials.n || str_ends(body, mark))
            return body;
        return arena_printf(a, "%.*s %s", STR_FMT(body), mark.p);
    }
    if (str_eq_z(b->signature, "name") && name.n && !str_ends(body, name))
        return arena_printf(a, "%.*s\n\n%s", STR_FMT(body), who->name);
    return body;
}

/* The key is the same on each try. Mail uses it as Message-ID, which needs a domain: that of the
 * account's address. It cannot be guessed: who answers to it has got our mail (thread.c), and who
 * names it in a bounce was asked to deliver it. */
static struct str key_of(struct arena *a, const struct account *account, int64_t message)
{
    const struct str *address = map_get(&account->settings, STR("address"));
    struct str secret = str_sub(token_new(a), 0, 22); /* 132 bits */
    ptrdiff_t at = address ? str_find_char(*address, '@', 1) : -1;
    if (at > 0)
        return arena_printf(a, "zuruf-%lld-%.*s%.*s", (long long)message, STR_FMT(secret),
                            STR_FMT(str_sub(*address, (size_t)at, address->n)));
    return arena_printf(a, "zuruf-%lld-%.*s", (long long)message, STR_FMT(secret));
}

struct replying {
    struct flow *f;
    const struct who *who;
    const struct brand_view *brand;
    int64_t case_id, version, now, message;
    struct str text;
    bool close;
};

static enum err check_reply(struct replying *r, struct tx *tx, const struct care_sql_get_row *c,
                            struct account *account, struct str *text, struct errinfo *e)
{
    struct arena *a = tx_arena(tx);
    TRY(account_load(tx_db(tx), a, NULL, r->who->brand, c->account, account, e));
    const struct channel *channel = channel_find(account->channel);
    if (!channel || !channel->can_reply)
        return err_set(e, ERR_INVALID, "account",
                       "this channel takes no replies; answer where the post can be seen");
    if (c->problem)
        return err_set(e, ERR_CONFLICT, "case",
                       "an earlier reply has not arrived; decide about it first");
    *text = flow_signed(r->brand, r->who, text_clean(a, r->text, REPLY_MAX), a);
    int64_t limit = account->text_limit ? account->text_limit : channel->text_limit;
    if (limit && (int64_t)text_length(*text) > limit)
        return err_set(e, ERR_LIMIT, "text",
                       "the reply has %zu characters with its signature; %lld are allowed here",
                       text_length(*text), (long long)limit);
    return ERR_OK;
}

static enum err write_reply(struct tx *tx, void *arg, struct errinfo *e)
{
    struct replying *r = arg;
    struct arena *a = tx_arena(tx);
    struct care_sql_get_row c;
    struct account account;
    struct str text;
    enum err err =
        care_sql_get(tx_db(tx), a, &(struct care_sql_get_in){r->who->brand, r->case_id}, &c);
    if (err != ERR_OK)
        return err_set(e, err, "case", "this case does not exist");
    if (r->version && r->version != c.version)
        return err_set(e, ERR_CONFLICT, "case",
                       "the case has changed meanwhile; look at it, then send the reply");
    TRY(check_reply(r, tx, &c, &account, &text, e));
    r->message = store_id(r->f->o.store, 0);
    const struct outbox_sql_insert_in in = {
        .id = r->message,
        .brand = r->who->brand,
        .account = c.account,
        .thread = c.thread,
        .case_id = c.id,
        .parent = c.post,
        .agent = r->who->agent,
        .key = key_of(a, &account, r->message),
        .text = text,
        .not_before = r->now + r->f->o.undo_ms,
        .close_after = r->close,
        .now = r->now,
    };
    TRY(outbox_sql_insert(tx, &in, NULL));
    TRY(care_sql_answered(tx,
                          &(struct care_sql_answered_in){r->who->brand, c.id, r->who->agent, r->now,
                                                         r->close ? CASE_CLOSED : CASE_ANSWERED},
                          NULL));
    TRY(care_sql_draft_clear(
        tx, &(struct care_sql_draft_clear_in){r->who->brand, r->who->agent, c.id, DRAFT_ANSWER},
        NULL));
    tx_notify(tx, (struct notice){TOPIC_MESSAGE, r->who->brand, r->message, 0});
    tx_notify(tx, (struct notice){TOPIC_CASE, r->who->brand, c.id, 0});
    return audit_add(r->f->o.store, tx,
                     &(struct audit){r->who->brand, r->who->agent, r->now,
                                     r->close ? "case.reply_close" : "case.reply", c.id, STR("")});
}

enum err flow_reply(struct flow *f, const struct who *who, int64_t case_id, int64_t version,
                    struct str text, bool close, int64_t *message, struct errinfo *e)
{
    if (!str_trim(text).n)
        return err_set(e, ERR_INVALID, "text", "the reply is empty");
    if (text.n > REPLY_MAX)
        return err_set(e, ERR_LIMIT, "text", "a reply has at most %d bytes", REPLY_MAX);
    struct replying r = {.f = f,
                         .who = who,
                         .case_id = case_id,
                         .version = version,
                         .now = flow_now(f),
                         .text = text,
                         .close = close};
    struct errinfo why;
    r.brand = flow_brand(f, who->brand, &why);
    if (!r.brand)
        return err_set(e, why.code, "brand", "%s", why.what);
    enum err err = store_write(f->o.store, write_reply, &r, e);
    flow_brand_release(r.brand);
    if (message)
        *message = r.message;
    return err;
}

struct recording {
    struct flow *f;
    int64_t brand, agent, case_id, at;
    struct str text;
    bool close;
};

static enum err write_record(struct tx *tx, void *arg, struct errinfo *e)
{
    struct recording *r = arg;
    struct arena *a = tx_arena(tx);
    struct care_sql_get_row c;
    struct account account;
    int64_t id = store_id(r->f->o.store, r->at), post;
    enum err err = care_sql_get(tx_db(tx), a, &(struct care_sql_get_in){r->brand, r->case_id}, &c);
    if (err != ERR_OK)
        return err_set(e, err, "case", "this case does not exist");
    TRY(account_load(tx_db(tx), a, NULL, r->brand, c.account, &account, e));
    const struct outbox_sql_insert_in in = {
        .id = id,
        .brand = r->brand,
        .account = c.account,
        .thread = c.thread,
        .case_id = c.id,
        .parent = c.post,
        .agent = r->agent,
        .key = key_of(a, &account, id),
        .text = text_clean(a, r->text, REPLY_MAX),
        .not_before = r->at,
        .close_after = r->close,
        .now = r->at,
    };
    TRY(outbox_sql_insert(tx, &in, NULL));
    TRY(answer_post_add(r->f, tx, r->brand, id, STR_NONE, r->at, &post));
    TRY(outbox_sql_recorded(tx, &(struct outbox_sql_recorded_in){r->brand, id, post, r->at}, NULL));
    TRY(care_sql_answered(tx,
                          &(struct care_sql_answered_in){r->brand, c.id, r->agent, r->at,
                                                         r->close ? CASE_CLOSED : CASE_ANSWERED},
                          NULL));
    tx_notify(tx, (struct notice){TOPIC_CASE, r->brand, c.id, 0});
    return audit_add(r->f->o.store, tx,
                     &(struct audit){r->brand, r->agent, r->at, "case.reply", c.id, STR("")});
}

enum err flow_record_reply(struct flow *f, int64_t brand, int64_t agent, int64_t case_id,
                           struct str text, int64_t at, bool close, struct errinfo *e)
{
    struct recording r = {f, brand, agent, case_id, at, text, close};
    return store_write(f->o.store, write_record, &r, e);
}

/* --- undo, and what a person decides of a message that did not arrive --- */

struct deciding {
    struct flow *f;
    const struct who *who;
    const struct brand_view *brand;
    int64_t message, now;
    enum settle how;
};

static enum err load_message(struct deciding *d, struct tx *tx, struct outbox_sql_get_row *m,
                             struct errinfo *e)
{
    enum err err = outbox_sql_get(tx_db(tx), tx_arena(tx),
                                  &(struct outbox_sql_get_in){d->who->brand, d->message}, m);
    return err == ERR_OK ? err : err_set(e, err, "message", "this message does not exist");
}

/* The moment of the queue that a clock gives with the parts of the rank that the case has. */
static int64_t rank_at(struct arena *a, int64_t due_at, struct str rank_why)
{
    struct rank rank;
    rank_read(a, rank_why, &rank);
    for (int i = 0; i < RANK_PART_COUNT; i++)
        due_at -= rank.minutes[i] * CLOCK_MINUTE;
    return due_at;
}

/* The case waits on us again, as if the reply had not been written; unless another one has answered
 * it. */
static enum err unanswer(struct deciding *d, struct tx *tx, const struct care_sql_get_row *c,
                         int64_t message, bool *waits)
{
    struct outbox_sql_others_row others;
    const struct outbox_sql_others_in since = {d->who->brand, c->id, message, c->waiting_at};
    TRY(outbox_sql_others(tx_db(tx), tx_arena(tx), &since, &others));
    *waits = others.n == 0;
    if (!*waits)
        return ERR_OK;
    bool first = c->first_answered_at == c->answered_at;
    int64_t due =
        flow_due(d->brand, (int)c->kind, (enum priority)c->priority, first, c->waiting_at);
    const struct care_sql_unanswered_in in = {d->who->brand, c->id, due,
                                              rank_at(tx_arena(tx), due, c->rank_why),
                                              first ? 0 : c->first_answered_at};
    return care_sql_unanswered(tx, &in, NULL);
}

static enum err write_recall(struct tx *tx, void *arg, struct errinfo *e)
{
    struct deciding *d = arg;
    struct outbox_sql_get_row m;
    struct care_sql_get_row c;
    int64_t changed;
    bool waits;
    TRY(load_message(d, tx, &m, e));
    TRY(outbox_sql_recall(tx, &(struct outbox_sql_recall_in){d->who->brand, d->message}, &changed));
    if (!changed)
        return err_set(e, ERR_CONFLICT, "message", "it has left already and cannot be taken back");
    TRY(care_sql_get(tx_db(tx), tx_arena(tx), &(struct care_sql_get_in){d->who->brand, m.case_id},
                     &c));
    TRY(unanswer(d, tx, &c, m.id, &waits));
    TRY(care_sql_draft_set(tx,
                           &(struct care_sql_draft_set_in){d->who->brand, d->who->agent, m.case_id,
                                                           DRAFT_ANSWER, m.text, d->now},
                           NULL));
    tx_notify(tx, (struct notice){TOPIC_MESSAGE, d->who->brand, m.id, 0});
    tx_notify(tx, (struct notice){TOPIC_CASE, d->who->brand, m.case_id, 0});
    return audit_add(d->f->o.store, tx,
                     &(struct audit){d->who->brand, d->who->agent, d->now, "message.recall",
                                     m.case_id, STR("")});
}

/* A case shows one message at a time that waits for a decision. */
static enum err next_problem(struct deciding *d, struct tx *tx, int64_t case_id)
{
    struct care_sql_next_problem_row next;
    enum err err = care_sql_next_problem(
        tx_db(tx), tx_arena(tx), &(struct care_sql_next_problem_in){d->who->brand, case_id}, &next);
    if (err == ERR_NOT_FOUND)
        return ERR_OK;
    TRY(err);
    return answer_problem(tx, d->who->brand, case_id, next.message);
}

/* The case without the problem: it waits if the customer has written since, or if its only answer
 * is given up. */
static enum err settle_case(struct deciding *d, struct tx *tx, const struct outbox_sql_get_row *m)
{
    struct arena *a = tx_arena(tx);
    struct care_sql_get_row c;
    TRY(care_sql_get(tx_db(tx), a, &(struct care_sql_get_in){d->who->brand, m->case_id}, &c));
    bool waits = c.waiting_at > m->created_at && c.due_at;
    if (d->how == SETTLE_DROP && !waits) {
        TRY(unanswer(d, tx, &c, m->id, &waits));
        TRY(care_sql_get(tx_db(tx), a, &(struct care_sql_get_in){d->who->brand, m->case_id}, &c));
    }
    const struct care_sql_clear_problem_in in = {.brand = d->who->brand,
                                                 .id = c.id,
                                                 .message = m->id,
                                                 .state = waits            ? CASE_WAITING
                                                          : m->close_after ? CASE_CLOSED
                                                                           : CASE_ANSWERED,
                                                 .due_at = waits ? c.due_at : 0,
                                                 .rank_at = waits ? rank_at(a, c.due_at, c.rank_why)
                                                                  : d->now,
                                                 .now = d->now};
    return care_sql_clear_problem(tx, &in, NULL);
}

static enum err write_settle(struct tx *tx, void *arg, struct errinfo *e)
{
    struct deciding *d = arg;
    static const char *const what[] = {"message.again", "message.arrived", "message.drop"};
    struct outbox_sql_get_row m;
    int64_t changed, post = 0;
    TRY(load_message(d, tx, &m, e));
    if (d->how == SETTLE_ARRIVED)
        TRY(answer_post_add(d->f, tx, d->who->brand, m.id, m.external_id, d->now, &post));
    if (d->how == SETTLE_SEND_AGAIN)
        TRY(outbox_sql_requeue(tx, &(struct outbox_sql_requeue_in){d->who->brand, m.id, d->now},
                               &changed));
    else
        TRY(outbox_sql_settle_by_hand(
            tx,
            &(struct outbox_sql_settle_by_hand_in){
                d->who->brand, m.id, d->how == SETTLE_ARRIVED ? MESSAGE_SENT : MESSAGE_RECALLED,
                post, d->now},
            &changed));
    if (!changed)
        return err_set(e, ERR_CONFLICT, "message", "somebody has decided about it already");
    TRY(settle_case(d, tx, &m));
    TRY(next_problem(d, tx, m.case_id));
    tx_notify(tx, (struct notice){TOPIC_MESSAGE, d->who->brand, m.id, 0});
    tx_notify(tx, (struct notice){TOPIC_CASE, d->who->brand, m.case_id, 0});
    return audit_add(
        d->f->o.store, tx,
        &(struct audit){d->who->brand, d->who->agent, d->now, what[d->how], m.case_id, STR("")});
}

static enum err decide(struct flow *f, const struct who *who, int64_t message, enum settle how,
                       store_write_fn fn, struct errinfo *e)
{
    struct errinfo why;
    struct deciding d = {f, who, flow_brand(f, who->brand, &why), message, flow_now(f), how};
    if (!d.brand)
        return err_set(e, why.code, "brand", "%s", why.what);
    enum err err = store_write(f->o.store, fn, &d, e);
    flow_brand_release(d.brand);
    return err;
}

enum err flow_recall(struct flow *f, const struct who *who, int64_t message, struct errinfo *e)
{
    return decide(f, who, message, SETTLE_DROP, write_recall, e);
}

enum err flow_settle(struct flow *f, const struct who *who, int64_t message, enum settle how,
                     struct errinfo *e)
{
    return decide(f, who, message, how, write_settle, e);
}

/* --- what becomes of a message --- */

enum err answer_post_add(struct flow *f, struct tx *tx, int64_t brand, int64_t message,
                         struct str external_id, int64_t now, int64_t *post)
{
    struct arena *a = tx_arena(tx);
    struct outbox_sql_get_row m;
    struct post_sql_get_row parent = {0};
    struct known k;
    struct known_post known;
    int64_t changed;
    TRY(outbox_sql_get(tx_db(tx), a, &(struct outbox_sql_get_in){brand, message}, &m));
    enum err err = post_sql_get(tx_db(tx), a, &(struct post_sql_get_in){brand, m.parent}, &parent);
    if (err != ERR_OK && err != ERR_NOT_FOUND)
        return err;
    *post = store_id(f->o.store, now);
    const struct post_sql_insert_in in = {
        .id = *post,
        .brand = brand,
        .account = m.account,
        .external_id = external_id.n ? external_id : m.key,
        .thread = m.thread,
        .parent = m.parent,
        .message = m.id,
        .published_at = now,
        .flags = POST_OURS |
                 (parent.flags & POST_PRIVATE), /* an answer is as public as what it answers */
        .received_at = now,
        .language = -1,
        .relevance = -1,
        .reaction = -1,
        .request = -1,
        .kind = -1,
        .sentiment = -1,
        .offence = -1,
        .text = m.text,
    };
    if (m.post) {
        *post = m.post; /* sent before, by another try */
        return ERR_OK;
    }
    TRY(post_sql_insert(tx, &in, &changed));
    if (!changed) { /* it came back to us through the channel before */
        struct account account = {.id = m.account};
        known_init(&k, tx, brand, &account);
        TRY(known_post(&k, in.external_id, &known));
        *post = known.id;
        return ERR_OK;
    }
    struct str terms = post_search_terms(a, analyse_text(a, m.text, STR_NONE), m.account);
    TRY(post_sql_terms_add(tx, &(struct post_sql_terms_add_in){*post, ANALYSE_VERSION, terms},
                           NULL));
    TRY(post_sql_search_add(tx, &(struct post_sql_search_add_in){*post, terms}, NULL));
    return care_sql_count_post(tx, &(struct care_sql_count_post_in){brand, m.case_id}, NULL);
}

enum err answer_problem(struct tx *tx, int64_t brand, int64_t case_id, int64_t message)
{
    TRY(care_sql_set_problem(tx, &(struct care_sql_set_problem_in){brand, case_id, message}, NULL));
    tx_notify(tx, (struct notice){TOPIC_CASE, brand, case_id, 0});
    tx_notify(tx, (struct notice){TOPIC_MESSAGE, brand, message, 0});
    return ERR_OK;
}
