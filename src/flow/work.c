/* work.c - what an agent does with a case. Each act is one transaction with its line in the audit
 * log. */
#include "base/arena.h"
#include "care/rank.h"
#include "care_sql.h"
#include "flow/flow_int.h"
#include "people/people.h"
#include "people_sql.h"
#include "post_sql.h"
#include "text/unicode.h"

enum { NOTE_MAX = 20000, SNOOZE_DAYS_MAX = 365 };

struct act {
    struct flow *f;
    const struct who *who;
    int64_t id;   /* case, or post where said */
    int64_t a, b; /* what the act needs */
    struct str text;
    int64_t now;
    int64_t made; /* id of what was made */
    const struct brand_view *brand;
};

static enum err run(struct flow *f, store_write_fn fn, struct act *act, struct errinfo *e)
{
    act->f = f;
    act->now = flow_now(f);
    struct errinfo why;
    act->brand = flow_brand(f, act->who->brand, &why);
    enum err err = act->brand ? store_write(f->o.store, fn, act, e)
                              : err_set(e, why.code, "brand", "%s", why.what);
    flow_brand_release(act->brand);
    return err;
}

/* Ends an act on a case: its line in the log, its notice. */
static enum err done(struct act *act, struct tx *tx, const char *what, struct str detail)
{
    tx_notify(tx, (struct notice){TOPIC_CASE, act->who->brand, act->id, 0});
    return audit_add(
        act->f->o.store, tx,
        &(struct audit){act->who->brand, act->who->agent, act->now, what, act->id, detail});
}

static enum err load_case(struct act *act, struct tx *tx, struct care_sql_get_row *c,
                          struct errinfo *e)
{
    enum err err = care_sql_get(tx_db(tx), tx_arena(tx),
                                &(struct care_sql_get_in){act->who->brand, act->id}, c);
    return err == ERR_OK ? err : err_set(e, err, "case", "this case does not exist");
}

static enum err write_take(struct tx *tx, void *arg, struct errinfo *e)
{
    struct act *act = arg;
    struct care_sql_get_row c;
    int64_t changed;
    TRY(care_sql_take(tx, &(struct care_sql_take_in){act->who->brand, act->id, act->who->agent},
                      &changed));
    if (changed)
        return done(act, tx, "case.take", STR(""));
    TRY(load_case(act, tx, &c, e));
    if (c.assignee == act->who->agent)
        return ERR_OK; /* already */
    struct people_sql_agent_get_row other;
    TRY(people_sql_agent_get(tx_db(tx), tx_arena(tx), &(struct people_sql_agent_get_in){c.assignee},
                             &other));
    return err_set(e, ERR_CONFLICT, "case", "%.*s is on it already", STR_FMT(other.name));
}

enum err flow_take(struct flow *f, const struct who *who, int64_t case_id, struct errinfo *e)
{
    return run(f, write_take, &(struct act){.who = who, .id = case_id}, e);
}

static enum err write_release(struct tx *tx, void *arg, struct errinfo *e)
{
    struct act *act = arg;
    struct care_sql_get_row c;
    TRY(load_case(act, tx, &c, e));
    if (c.assignee && c.assignee != act->who->agent && !right_of_role(act->who->role, RIGHT_LEAD))
        return err_set(e, ERR_DENIED, "case",
                       "a colleague is on it; only they or a team lead can give it back");
    TRY(care_sql_assign(tx, &(struct care_sql_assign_in){act->who->brand, act->id, 0, c.team},
                        NULL));
    return done(act, tx, "case.release", STR(""));
}

enum err flow_release(struct flow *f, const struct who *who, int64_t case_id, struct errinfo *e)
{
    return run(f, write_release, &(struct act){.who = who, .id = case_id}, e);
}

static enum err write_assign(struct tx *tx, void *arg, struct errinfo *e)
{
    struct act *act = arg;
    struct care_sql_get_row c;
    struct people_sql_role_row role;
    TRY(load_case(act, tx, &c, e));
    act->a = act->a < 0 ? c.assignee : act->a;
    act->b = act->b < 0 ? c.team : act->b;
    if (act->a && act->a != c.assignee &&
        (people_sql_role(tx_db(tx), tx_arena(tx),
                         &(struct people_sql_role_in){act->who->brand, act->a}, &role) != ERR_OK ||
         role.disabled_at || !right_of_role((enum role)role.role, RIGHT_ANSWER)))
        return err_set(e, ERR_INVALID, "assignee", "this person cannot answer for the brand");
    if (act->b && !brand_team(act->brand, act->b))
        return err_set(e, ERR_INVALID, "team", "this team is no more");
    TRY(care_sql_assign(tx, &(struct care_sql_assign_in){act->who->brand, act->id, act->a, act->b},
                        NULL));
    return done(act, tx, "case.assign",
                arena_printf(tx_arena(tx), "%lld %lld", (long long)act->a, (long long)act->b));
}

enum err flow_assign(struct flow *f, const struct who *who, int64_t case_id, int64_t assignee,
                     int64_t team, struct errinfo *e)
{
    return run(f, write_assign, &(struct act){.who = who, .id = case_id, .a = assignee, .b = team},
               e);
}

static enum err write_close(struct tx *tx, void *arg, struct errinfo *e)
{
    struct act *act = arg;
    struct care_sql_get_row c;
    TRY(load_case(act, tx, &c, e));
    if (c.problem)
        return err_set(e, ERR_CONFLICT, "case", "a reply has not arrived; decide about it first");
    TRY(care_sql_close(tx, &(struct care_sql_close_in){act->who->brand, act->id, act->now}, NULL));
    return done(act, tx, "case.close", STR(""));
}

enum err flow_close(struct flow *f, const struct who *who, int64_t case_id, struct errinfo *e)
{
    return run(f, write_close, &(struct act){.who = who, .id = case_id}, e);
}

/* A clock that starts now, for a case that waits on us again. */
static int64_t clock_anew(struct act *act, struct arena *a, const struct care_sql_get_row *c,
                          int64_t *rank_at)
{
    struct rank rank;
    int64_t due = flow_due(act->brand, (int)c->kind, (enum priority)c->priority,
                           c->first_answered_at == 0, act->now);
    rank_read(a, c->rank_why, &rank);
    *rank_at = due;
    for (int i = 0; i < RANK_PART_COUNT; i++)
        *rank_at -= rank.minutes[i] * CLOCK_MINUTE;
    return due;
}

static enum err write_reopen(struct tx *tx, void *arg, struct errinfo *e)
{
    struct act *act = arg;
    struct care_sql_get_row c;
    int64_t rank_at;
    TRY(load_case(act, tx, &c, e));
    if (c.state == CASE_WAITING)
        return ERR_OK;
    int64_t due = clock_anew(act, tx_arena(tx), &c, &rank_at);
    TRY(care_sql_reopen(
        tx, &(struct care_sql_reopen_in){act->who->brand, act->id, act->now, due, rank_at}, NULL));
    return done(act, tx, "case.reopen", STR(""));
}

enum err flow_reopen(struct flow *f, const struct who *who, int64_t case_id, struct errinfo *e)
{
    return run(f, write_reopen, &(struct act){.who = who, .id = case_id}, e);
}

static enum err write_snooze(struct tx *tx, void *arg, struct errinfo *e)
{
    struct act *act = arg;
    struct care_sql_get_row c;
    int64_t changed;
    TRY(load_case(act, tx, &c, e));
    if (c.problem)
        return err_set(e, ERR_CONFLICT, "case", "a reply has not arrived; decide about it first");
    TRY(care_sql_snooze(tx, &(struct care_sql_snooze_in){act->who->brand, act->id, act->a},
                        &changed));
    if (!changed)
        return err_set(e, ERR_CONFLICT, "case", "only a case that waits can be put off");
    return done(act, tx, "case.snooze", clock_format(tx_arena(tx), act->a));
}

enum err flow_snooze(struct flow *f, const struct who *who, int64_t case_id, int64_t until,
                     struct errinfo *e)
{
    int64_t now = flow_now(f);
    if (until <= now || until > now + SNOOZE_DAYS_MAX * CLOCK_DAY)
        return err_set(e, ERR_INVALID, "until", "choose a moment within the next %d days",
                       SNOOZE_DAYS_MAX);
    return run(f, write_snooze, &(struct act){.who = who, .id = case_id, .a = until}, e);
}

/* The rank anew after priority or facts changed; the clock keeps its start. */
static enum err rank_anew(struct act *act, struct tx *tx, const struct care_sql_get_row *c,
                          int priority, int kind)
{
    struct post_sql_get_row p;
    struct rank rank, before;
    struct arena *a = tx_arena(tx);
    TRY(post_sql_get(tx_db(tx), a, &(struct post_sql_get_in){act->who->brand, c->post}, &p));
    rank_read(a, c->rank_why, &before);
    const struct rank_input in = {
        .due_at = flow_due(act->brand, kind, (enum priority)priority, c->due_is_first != 0,
                           c->waiting_at),
        .kind = kind,
        .request = (int)p.request,
        .sentiment = (int)p.sentiment,
        .need = 0.5 + before.minutes[RANK_NEED] / 20.0,
        .reach = p.reach,
        .again = before.minutes[RANK_AGAIN] / 15,
        .priority = (enum priority)priority,
    };
    rank_compute(&in, &rank);
    const struct care_sql_set_rank_in set = {
        act->who->brand,     c->id, priority, kind, c->due_at ? in.due_at : 0, rank.rank_at,
        rank_write(a, &rank)};
    return care_sql_set_rank(tx, &set, NULL);
}

static enum err write_priority(struct tx *tx, void *arg, struct errinfo *e)
{
    struct act *act = arg;
    struct care_sql_get_row c;
    TRY(load_case(act, tx, &c, e));
    TRY(rank_anew(act, tx, &c, (int)act->a, (int)c.kind));
    return done(act, tx, "case.priority", str_z(words_name(&priority_words, (int)act->a)));
}

enum err flow_set_priority(struct flow *f, const struct who *who, int64_t case_id, int priority,
                           struct errinfo *e)
{
    if (priority < 0 || priority >= PRIORITY_COUNT)
        return err_set(e, ERR_INVALID, "priority", "the priority is low, normal or high");
    return run(f, write_priority, &(struct act){.who = who, .id = case_id, .a = priority}, e);
}

static enum err write_note(struct tx *tx, void *arg, struct errinfo *e)
{
    struct act *act = arg;
    struct care_sql_get_row c;
    TRY(load_case(act, tx, &c, e));
    const struct care_sql_note_add_in in = {store_id(act->f->o.store, 0),
                                            act->who->brand,
                                            act->id,
                                            act->who->agent,
                                            text_clean(tx_arena(tx), act->text, NOTE_MAX),
                                            act->now};
    TRY(care_sql_note_add(tx, &in, NULL));
    TRY(care_sql_draft_clear(
        tx,
        &(struct care_sql_draft_clear_in){act->who->brand, act->who->agent, act->id, DRAFT_NOTE},
        NULL));
    return done(act, tx, "case.note", STR(""));
}

enum err flow_note(struct flow *f, const struct who *who, int64_t case_id, struct str text,
                   struct errinfo *e)
{
    if (!str_trim(text).n)
        return err_set(e, ERR_INVALID, "text", "the note is empty");
    if (text.n > NOTE_MAX)
        return err_set(e, ERR_LIMIT, "text", "a note has at most %d bytes", NOTE_MAX);
    return run(f, write_note, &(struct act){.who = who, .id = case_id, .text = text}, e);
}

static enum err write_draft(struct tx *tx, void *arg, struct errinfo *e)
{
    struct act *act = arg;
    struct care_sql_get_row c;
    TRY(load_case(act, tx, &c, e));
    if (!act->text.n)
        return care_sql_draft_clear(
            tx,
            &(struct care_sql_draft_clear_in){act->who->brand, act->who->agent, act->id, act->a},
            NULL);
    return care_sql_draft_set(
        tx,
        &(struct care_sql_draft_set_in){act->who->brand, act->who->agent, act->id, act->a,
                                        text_clean(tx_arena(tx), act->text, REPLY_MAX), act->now},
        NULL);
}

enum err flow_draft(struct flow *f, const struct who *who, int64_t case_id, enum draft_kind kind,
                    struct str text, struct errinfo *e)
{
    if (text.n > REPLY_MAX)
        return err_set(e, ERR_LIMIT, "text", "a reply has at most %d bytes", REPLY_MAX);
    return run(f, write_draft, &(struct act){.who = who, .id = case_id, .a = kind, .text = text},
               e);
}

/* --- facts --- */

static int64_t *fact_of(struct post_sql_set_facts_in *in, int fact)
{
    int64_t *const fields[FACT_COUNT] = {
        [FACT_LANGUAGE] = &in->language, [FACT_RELEVANCE] = &in->relevance,
        [FACT_REACTION] = &in->reaction, [FACT_REQUEST] = &in->request,
        [FACT_KIND] = &in->kind,         [FACT_SENTIMENT] = &in->sentiment,
        [FACT_OFFENCE] = &in->offence,
    };
    return fields[fact];
}

/* The case of a corrected post: its kind follows; a post that needs nothing lets a case of its own
 * go. */
static enum err case_follows_fact(struct act *act, struct tx *tx, const struct post_sql_get_row *p)
{
    struct care_sql_by_thread_row found;
    struct care_sql_get_row c;
    enum err err =
        care_sql_by_thread(tx_db(tx), tx_arena(tx),
                           &(struct care_sql_by_thread_in){act->who->brand, p->thread}, &found);
    if (err != ERR_OK)
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    act->id = found.id;
    TRY(load_case(act, tx, &c, NULL));
    if (c.post == p->id && act->a == FACT_KIND && act->b >= 0)
        TRY(rank_anew(act, tx, &c, (int)c.priority, (int)act->b));
    if (c.post == p->id && act->a == FACT_REACTION && act->b == ANSWER_NO && !c.problem)
        TRY(care_sql_close(tx, &(struct care_sql_close_in){act->who->brand, c.id, act->now}, NULL));
    tx_notify(tx, (struct notice){TOPIC_CASE, act->who->brand, c.id, 0});
    return ERR_OK;
}

static enum err write_correct(struct tx *tx, void *arg, struct errinfo *e)
{
    struct act *act = arg;
    struct post_sql_get_row p;
    int64_t post = act->id;
    enum err err =
        post_sql_get(tx_db(tx), tx_arena(tx), &(struct post_sql_get_in){act->who->brand, post}, &p);
    if (err != ERR_OK)
        return err_set(e, err, "post", "this post does not exist");
    struct post_sql_set_facts_in in = {act->who->brand, post,        p.language,
                                       p.relevance,     p.reaction,  p.request,
                                       p.kind,          p.sentiment, p.offence};
    int64_t *value = fact_of(&in, (int)act->a), before = *value;
    if (before == act->b)
        return ERR_OK;
    *value = act->b;
    TRY(post_sql_set_facts(tx, &in, NULL));
    TRY(post_sql_correction_add(
        tx,
        &(struct post_sql_correction_add_in){store_id(act->f->o.store, 0), act->who->brand, post,
                                             act->who->agent, act->a, before, act->b, act->now},
        NULL));
    TRY(case_follows_fact(act, tx, &p));
    return audit_add(
        act->f->o.store, tx,
        &(struct audit){act->who->brand, act->who->agent, act->now, "post.correct", act->id,
                        arena_printf(tx_arena(tx), "%s %s", fact_table[act->a].name,
                                     words_name(fact_table[act->a].words, (int)act->b))});
}

enum err flow_correct(struct flow *f, const struct who *who, int64_t post, int fact, int value,
                      struct errinfo *e)
{
    if (fact < 0 || fact >= FACT_COUNT || value < 0 || value >= fact_table[fact].words->n)
        return err_set(e, ERR_INVALID, "fact", "there is no such fact or value");
    return run(f, write_correct, &(struct act){.who = who, .id = post, .a = fact, .b = value}, e);
}

static enum err write_open(struct tx *tx, void *arg, struct errinfo *e)
{
    struct act *act = arg;
    struct arena *a = tx_arena(tx);
    struct post_sql_get_row p;
    struct care_sql_by_thread_row known;
    struct care_sql_next_number_row number;
    enum err err =
        post_sql_get(tx_db(tx), a, &(struct post_sql_get_in){act->who->brand, act->id}, &p);
    if (err != ERR_OK)
        return err_set(e, err, "post", "this post does not exist");
    err = care_sql_by_thread(tx_db(tx), a,
                             &(struct care_sql_by_thread_in){act->who->brand, p.thread}, &known);
    if (err == ERR_OK) {
        act->id = act->made = known.id;
        return write_reopen(tx, act, e);
    }
    struct rank rank;
    int kind = p.kind >= 0 ? (int)p.kind : KIND_OTHER;
    const struct rank_input in = {flow_due(act->brand, kind, PRIORITY_NORMAL, true, act->now),
                                  kind,
                                  (int)p.request,
                                  (int)p.sentiment,
                                  0.5,
                                  p.reach,
                                  0,
                                  PRIORITY_NORMAL};
    rank_compute(&in, &rank);
    TRY(care_sql_next_number(tx, a, &(struct care_sql_next_number_in){act->who->brand}, &number));
    act->id = act->made = store_id(act->f->o.store, 0);
    const struct care_sql_insert_in row = {
        .id = act->made,
        .brand = act->who->brand,
        .number = number.last,
        .thread = p.thread,
        .account = p.account,
        .author = p.author,
        .post = p.id,
        .title = case_title(a, p.title, p.text),
        .priority = PRIORITY_NORMAL,
        .kind = kind,
        .language = p.language,
        .rank_why = rank_write(a, &rank),
        .now = act->now,
        .waiting_at = act->now,
        .due_at = in.due_at,
        .rank_at = rank.rank_at,
        .posts = 1,
    };
    TRY(care_sql_insert(tx, &row, NULL));
    return done(act, tx, "case.open", STR(""));
}

enum err flow_open_case(struct flow *f, const struct who *who, int64_t post, int64_t *case_id,
                        struct errinfo *e)
{
    struct act act = {.who = who, .id = post};
    TRY(run(f, write_open, &act, e));
    *case_id = act.made;
    return ERR_OK;
}
