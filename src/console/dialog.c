/* dialog.c - questions about a case: give to, put off, priority, correct. Each is a page of its
 * own; scripts fetch the form alone (?part=dialog) and show it over the desk. The answers are acts
 * (acts.c). */
#include "base/clock.h"
#include "base/vec.h"
#include "case_sql.h"
#include "console/console.h"
#include "console/pages.h"
#include "console/rail.h"
#include "console/words.h"
#include "dialog_tmpl.h"
#include "flow/flow.h"
#include "page/format.h"
#include "page/page.h"
#include "people_sql.h"
#include "post_sql.h"
#include "store/store.h"
#include "text/zone.h"

struct question {
    struct request *rq;
    struct db *db;
    const struct brand_view *b;
    int64_t id;   /* of the case */
    int64_t post; /* to correct */
    int64_t now;
    struct vec choices;
    struct vec fields;
    struct dialog_view *d;
};

static void add_choice(struct question *q, const char *name, struct str value, struct str word,
                       struct str more, bool chosen)
{
    *(struct dialog_choice_view *)vec_push(&q->choices) = (struct dialog_choice_view){
        .name = str_z(name), .value = value, .word = word, .more = more, .chosen = chosen};
}

static struct field_view *add_field(struct question *q, const char *name, const char *type,
                                    struct str label)
{
    struct field_view *f = vec_push(&q->fields);
    *f = (struct field_view){.name = str_z(name), .type = str_z(type), .label = label};
    return f;
}

static void add_option(struct vec *options, struct str value, struct str word, bool chosen)
{
    *(struct option_view *)vec_push(options) = (struct option_view){value, word, chosen};
}

/* Who can take it, and the team that answers for it. */
static enum err ask_assign(struct question *q)
{
    struct request *rq = q->rq;
    struct case_sql_head_row c;
    struct people_sql_agents_row *agents;
    size_t n;
    struct vec options;
    TRY(case_sql_head(q->db, rq->arena, &(struct case_sql_head_in){rq->who.brand, q->id}, &c));
    TRY(people_sql_agents(q->db, rq->arena, &(struct people_sql_agents_in){rq->who.brand}, &agents,
                          &n));
    q->d->title = page_text(rq, N_("Who shall take it?"));
    q->d->submit = page_text(rq, N_("Give it to them"));
    add_choice(q, "assignee", STR("0"), page_text(rq, N_("Nobody, the team decides")), STR(""),
               !c.assignee);
    for (size_t i = 0; i < n; i++) {
        if (agents[i].disabled_at || agents[i].role == ROLE_READER)
            continue;
        add_choice(q, "assignee", arena_printf(rq->arena, "%lld", (long long)agents[i].id),
                   agents[i].name, word_role(rq, (int)agents[i].role), agents[i].id == c.assignee);
        struct face_view *face = ARENA_NEW(rq->arena, struct face_view);
        *face = (struct face_view){
            .name = agents[i].name, .drawn = agents[i].face, .initials = agents[i].initials};
        ((struct dialog_choice_view *)vec_at(&q->choices, q->choices.n - 1))->face = face;
    }
    vec_init(&options, rq->arena, sizeof(struct option_view));
    add_option(&options, STR("0"), page_text(rq, N_("no team")), !c.team);
    for (size_t i = 0; i < q->b->teams_n; i++)
        add_option(&options, arena_printf(rq->arena, "%lld", (long long)q->b->teams[i].id),
                   arena_str(rq->arena, q->b->teams[i].name), q->b->teams[i].id == c.team);
    struct field_view *team = add_field(q, "team", "choice", page_text(rq, N_("Team")));
    team->needed = true;
    team->options = options.p;
    team->options_n = options.n;
    return ERR_OK;
}

/* Moments people mean by "later". */
static enum err ask_snooze(struct question *q)
{
    struct request *rq = q->rq;
    const struct zone *z = q->b->calendar.zone;
    int64_t day = zone_day(z, q->now);
    struct zone_time today;
    struct case_sql_head_row c;
    TRY(case_sql_head(q->db, rq->arena, &(struct case_sql_head_in){rq->who.brand, q->id}, &c));
    zone_date(day, &today);
    const struct {
        const char *word;
        int64_t at;
    } choices[] = {
        {N_("in an hour"), q->now + CLOCK_HOUR},
        {N_("in three hours"), q->now + 3 * CLOCK_HOUR},
        {N_("tomorrow morning"), zone_moment(z, day + 1, 8 * 60)},
        {N_("on Monday"), zone_moment(z, day + 8 - today.weekday, 8 * 60)},
    };
    q->d->title = page_text(rq, N_("Put it off until when?"));
    q->d->intro = page_text(
        rq,
        N_("The clock goes on meanwhile. If the customer writes again, it comes back at once."));
    q->d->submit = page_text(rq, N_("Put it off"));
    for (size_t i = 0; i < sizeof choices / sizeof *choices; i++)
        add_choice(q, "until", format_field(rq->arena, z, choices[i].at),
                   page_text(rq, choices[i].word),
                   format_moment(rq->arena, page_locale(rq), z, q->now, choices[i].at), i == 0);
    return ERR_OK;
}

static enum err ask_priority(struct question *q)
{
    struct request *rq = q->rq;
    struct case_sql_head_row c;
    static const char *const effects[PRIORITY_COUNT] = {N_("behind the others, longer clocks"),
                                                        N_("as its kind says"),
                                                        N_("ahead of the others, shorter clocks")};
    TRY(case_sql_head(q->db, rq->arena, &(struct case_sql_head_in){rq->who.brand, q->id}, &c));
    q->d->title = page_text(rq, N_("How urgent is it?"));
    q->d->submit = page_text(rq, N_("Set the priority"));
    for (int i = PRIORITY_COUNT - 1; i >= 0; i--)
        add_choice(q, "priority", str_z(words_name(&priority_words, i)), word_priority(rq, i),
                   page_text(rq, effects[i]), c.priority == i);
    return ERR_OK;
}

static enum err ask_correct(struct question *q)
{
    struct request *rq = q->rq;
    struct post_sql_get_row p;
    TRY(post_sql_get(q->db, rq->arena, &(struct post_sql_get_in){rq->who.brand, q->post}, &p));
    const int64_t values[FACT_COUNT] = {p.language, p.relevance, p.reaction, p.request,
                                        p.kind,     p.sentiment, p.offence};
    static const int order[] = {FACT_KIND,      FACT_REACTION, FACT_REQUEST, FACT_SENTIMENT,
                                FACT_RELEVANCE, FACT_OFFENCE,  FACT_LANGUAGE};
    q->d->title = page_text(rq, N_("What is it really?"));
    q->d->intro =
        page_text(rq, N_("Your correction counts at once and teaches Zuruf for this brand."));
    q->d->submit = page_text(rq, N_("Keep the correction"));
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        struct vec options;
        int fact = order[i];
        vec_init(&options, rq->arena, sizeof(struct option_view));
        if (values[fact] < 0)
            add_option(&options, STR(""), page_text(rq, N_("cannot be told")), true);
        for (int v = 0; v < fact_table[fact].words->n; v++)
            add_option(&options, str_z(fact_table[fact].words->words[v]), word_value(rq, fact, v),
                       v == values[fact]);
        struct field_view *f = add_field(q, fact_table[fact].name, "choice", word_fact(rq, fact));
        f->needed = true;
        f->options = options.p;
        f->options_n = options.n;
    }
    return ERR_OK;
}

static void answer(struct request *rq, struct response *rs, const char *act,
                   enum err (*ask)(struct question *))
{
    const struct page_context *ctx = rq->app;
    struct dialog_page *page = ARENA_NEW(rq->arena, struct dialog_page);
    struct errinfo e = {0};
    struct question q = {.rq = rq,
                         .db = store_reader(ctx->store),
                         .now = flow_now(ctx->flow),
                         .d = &page->dialog,
                         .b = flow_brand(ctx->flow, rq->who.brand, &e)};
    vec_init(&q.choices, rq->arena, sizeof(struct dialog_choice_view));
    vec_init(&q.fields, rq->arena, sizeof(struct field_view));
    request_param_i64(rq, "id", &q.id);
    if (ask == ask_correct) {
        q.post = q.id;
        str_to_i64(request_query(rq, "case"), &q.id);
        q.d->action = arena_printf(rq->arena, "/desk/post/%lld/correct?case=%lld",
                                   (long long)q.post, (long long)q.id);
    } else {
        q.d->action = arena_printf(rq->arena, "/desk/case/%lld/%s", (long long)q.id, act);
    }
    q.d->back = arena_printf(rq->arena, "/desk/case/%lld", (long long)q.id);
    enum err err = q.b ? ask(&q) : e.code;
    bool alone = str_eq_z(request_query(rq, "part"), "dialog");
    if (err == ERR_OK && !alone)
        err = sheet_fill(rq, q.b, N_("Case"), "", &page->sheet);
    q.d->choices = q.choices.p;
    q.d->choices_n = q.choices.n;
    q.d->fields = q.fields.p;
    q.d->fields_n = q.fields.n;
    struct out o = page_begin(rq, rs);
    if (err != ERR_OK)
        pages_fail(rq, rs, err, NULL);
    else if (alone)
        dialog_view_render(&o, q.d);
    else
        dialog_page_render(&o, page);
    flow_brand_release(q.b);
}

static void get_assign(struct request *rq, struct response *rs)
{
    answer(rq, rs, "assign", ask_assign);
}

static void get_snooze(struct request *rq, struct response *rs)
{
    answer(rq, rs, "snooze", ask_snooze);
}

static void get_priority(struct request *rq, struct response *rs)
{
    answer(rq, rs, "priority", ask_priority);
}

static void get_correct(struct request *rq, struct response *rs)
{
    answer(rq, rs, "correct", ask_correct);
}

const struct route dialog_routes[] = {
    {METHOD_GET, "/desk/case/:id/assign", RIGHT_ANSWER, 0, 0, get_assign},
    {METHOD_GET, "/desk/case/:id/snooze", RIGHT_ANSWER, 0, 0, get_snooze},
    {METHOD_GET, "/desk/case/:id/priority", RIGHT_ANSWER, 0, 0, get_priority},
    {METHOD_GET, "/desk/post/:id/correct", RIGHT_ANSWER, 0, 0, get_correct},
};
const size_t dialog_route_count = sizeof dialog_routes / sizeof *dialog_routes;
