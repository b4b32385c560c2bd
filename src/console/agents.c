/* agents.c - who works for the brand: list, new, role and teams, shutting out, a new way in. A
 * brand never loses its last administrator, and nobody gets a way in as somebody who works for
 * other brands too: their administrators decide there. */
#include "console/console.h"
#include "console/settings.h"

#include "base/clock.h"
#include "flow/flow.h"
#include "lists_sql.h"
#include "lists_tmpl.h"
#include "page/format.h"
#include "people/people.h"
#include "people/session.h"
#include "people_sql.h"
#include "session_sql.h"
#include "store/store.h"

#define LINK_LASTS (3 * CLOCK_DAY)

enum { EMAIL_MAX = 254 };

struct agent_form {
    struct lists_sql_member_row member; /* id 0: a new one */
    struct str email, name, initials;   /* of a new one */
    int role;
    bool *in_team; /* by place in brand_view.teams */
};

/* --- list --- */

struct members {
    struct lists_sql_members_row *rows;
    size_t n;
};

static struct str team_names(struct request *rq, const struct brand_view *b,
                             const struct members *m, int64_t agent)
{
    struct vec names;
    vec_init(&names, rq->arena, sizeof(struct str));
    for (size_t i = 0; i < m->n; i++) {
        const struct team *t = m->rows[i].agent == agent ? brand_team(b, m->rows[i].team) : NULL;
        if (t)
            *(struct str *)vec_push(&names) = t->name;
    }
    return arena_join(rq->arena, names.p, names.n, STR(", "));
}

static void get_agents(struct request *rq, struct response *rs)
{
    static const char *const columns[] = {N_("Name"), N_("E-mail"), N_("Role"), N_("Teams"),
                                          N_("State")};
    const struct page_context *ctx = rq->app;
    const struct brand_view *b = settings_brand(rq, rs);
    struct lists_page page = {.add = STR("/desk/agents/new")};
    struct people_sql_agents_row *list;
    struct members members;
    size_t n;
    struct rows rows;
    if (!b || !settings_open(rq, rs, b, N_("Agents"), "agents", &page.sheet))
        return;
    struct db *db = store_reader(ctx->store);
    enum err err =
        people_sql_agents(db, rq->arena, &(struct people_sql_agents_in){b->id}, &list, &n);
    if (err == ERR_OK)
        err = lists_sql_members(db, rq->arena, &(struct lists_sql_members_in){b->id}, &members.rows,
                                &members.n);
    if (err != ERR_OK) {
        pages_fail(rq, rs, err, NULL);
        return;
    }
    rows_init(&rows, rq, columns, 5);
    for (size_t i = 0; i < n; i++) {
        rows_cell(&rows, list[i].name)->href =
            arena_printf(rq->arena, "/desk/agents/%lld", (long long)list[i].id);
        rows_cell(&rows, list[i].email);
        rows_cell(&rows, word_role(rq, (int)list[i].role));
        rows_cell(&rows, team_names(rq, b, &members, list[i].id));
        rows_cell(&rows,
                  list[i].disabled_at ? page_text(rq, "shut out") : page_text(rq, "may sign in"))
            ->state = list[i].disabled_at ? STR("late") : STR("done");
    }
    struct table_view table = rows_table(&rows, STR_NONE, STR_NONE, STR_NONE);
    table.texts = true;
    page.tables = &table;
    page.tables_n = 1;
    page.add_word = page_text(rq, "Add an agent");
    struct out o = page_begin(rq, rs);
    lists_page_render(&o, &page);
}

/* --- form --- */

static const char *team_field(struct request *rq, const struct team *t)
{
    return arena_printf(rq->arena, "team-%lld", (long long)t->id).p;
}

static void add_role(struct request *rq, const struct agent_form *form, struct fields *f)
{
    static const char *const says[ROLE_COUNT] = {
        N_("reads along: sees cases and posts"),
        N_("agent: takes cases and answers"),
        N_("team lead: also the routing key, hours and targets"),
        N_("administrator: also accounts, agents and the brand"),
    };
    struct option_view *options = arena_array(rq->arena, ROLE_COUNT, sizeof *options);
    for (int i = 0; i < ROLE_COUNT; i++)
        options[i] = (struct option_view){.value = str_z(words_name(&role_words, i)),
                                          .word = page_text(rq, says[i])};
    fields_add_choice(f, "role", N_("Role"), NULL, options, ROLE_COUNT,
                      str_z(words_name(&role_words, form->role)));
}

static void add_actions(struct request *rq, const struct agent_form *form, struct form_page *page)
{
    const struct lists_sql_member_row *m = &form->member;
    struct form_action_view *actions = arena_array(rq->arena, 2, sizeof *actions);
    bool own = m->brands == 1; /* works for nobody else */
    if (!m->disabled_at && own)
        actions[page->actions_n++] = (struct form_action_view){
            .action = arena_printf(rq->arena, "/desk/agents/%lld/link", (long long)m->id),
            .word = page_text(rq, "Make a link to sign in"),
            .hint = page_text(
                rq,
                "For the first time, or when the password is lost. It works once, for three days."),
            .icon = STR("key"),
        };
    if (!own)
        actions[page->actions_n++] = (struct form_action_view){
            .action = arena_printf(rq->arena, "/desk/agents/%lld/remove", (long long)m->id),
            .word = page_text(rq, "Take out of this brand"),
            .hint = page_text(rq, "They go on working for their other brands."),
            .icon = STR("signout"),
            .danger = true,
        };
    else if (m->disabled_at)
        actions[page->actions_n++] = (struct form_action_view){
            .action = arena_printf(rq->arena, "/desk/agents/%lld/enable", (long long)m->id),
            .word = page_text(rq, "Let in again"),
            .hint = page_text(rq, "The role and the teams are as they were."),
            .icon = STR("user"),
        };
    else
        actions[page->actions_n++] = (struct form_action_view){
            .action = arena_printf(rq->arena, "/desk/agents/%lld/disable", (long long)m->id),
            .word = page_text(rq, "Shut out"),
            .hint = page_text(
                rq, "Signed out everywhere at once. What they wrote stays, with their name."),
            .icon = STR("lock"),
            .danger = true,
        };
    page->actions = actions;
}

static struct form_once_view *link_view(struct request *rq, struct str token)
{
    const struct page_context *ctx = rq->app;
    struct form_once_view *once = ARENA_NEW(rq->arena, struct form_once_view);
    struct str host = request_header(rq, "Host");
    struct str base = ctx->url[0] ? str_z(ctx->url)
                                  : arena_printf(rq->arena, "%s://%.*s",
                                                 rq->secure ? "https" : "http", STR_FMT(host));
    once->title = page_text(rq, "Link to sign in");
    once->value = arena_printf(rq->arena, "%.*s/signin/link/%.*s", STR_FMT(base), STR_FMT(token));
    once->hint = page_text(
        rq,
        "It is shown this once. Pass it on over a way you trust: whoever opens it is signed in.");
    return once;
}

static void show(struct request *rq, struct response *rs, const struct brand_view *b,
                 const struct agent_form *form, struct str token, const struct refusal *r)
{
    const struct lists_sql_member_row *m = &form->member;
    struct form_page page = {.submit = page_text(rq, m->id ? N_("Save") : N_("Add the agent")),
                             .back = STR("/desk/agents")};
    struct fields f[2];
    struct form_section_view sections[2];
    if (!settings_open(rq, rs, b, N_("New agent"), "agents", &page.sheet))
        return;
    fields_init(&f[0], rq);
    if (m->id) {
        page.sheet.title = page.sheet.layout.title = m->name;
        page.sheet.intro = m->email;
        add_actions(rq, form, &page);
    } else {
        fields_add(&f[0], "name", "text", N_("Name"), N_("Customers see it."), form->name);
        fields_add(&f[0], "email", "email", N_("E-mail"), N_("They sign in with it."), form->email);
        fields_add(&f[0], "initials", "text", N_("Initials"),
                   N_("They sign answers: ^AB. Empty: made of the name."), form->initials)
            ->needed = false;
    }
    add_role(rq, form, &f[0]);
    sections[0] = fields_section(&f[0], NULL, NULL);
    fields_init(&f[1], rq);
    for (size_t i = 0; i < b->teams_n; i++)
        fields_add_check(&f[1], team_field(rq, &b->teams[i]), N_("Team"), NULL, form->in_team[i])
            ->label = b->teams[i].name;
    sections[1] = fields_section(&f[1], N_("Teams"), NULL);
    page.sections = sections;
    page.action = m->id ? arena_printf(rq->arena, "/desk/agents/%lld", (long long)m->id)
                        : STR("/desk/agents/new");
    page.once = token.n ? link_view(rq, token) : NULL;
    settings_show_form(rq, rs, &page, f, b->teams_n ? 2 : 1, r);
}

/* The agent of the path with role and teams. False: the error page is written. */
static bool load(struct request *rq, struct response *rs, const struct brand_view *b,
                 struct agent_form *form)
{
    const struct page_context *ctx = rq->app;
    struct lists_sql_members_row *members;
    int64_t id = 0;
    size_t n = 0;
    enum err err = request_param_i64(rq, "id", &id) ? ERR_OK : ERR_NOT_FOUND;
    if (err == ERR_OK)
        err = lists_sql_member(store_reader(ctx->store), rq->arena,
                               &(struct lists_sql_member_in){b->id, id}, &form->member);
    if (err == ERR_OK)
        err = lists_sql_members(store_reader(ctx->store), rq->arena,
                                &(struct lists_sql_members_in){b->id}, &members, &n);
    if (err != ERR_OK) {
        pages_fail(rq, rs, err, NULL);
        return false;
    }
    form->role = (int)form->member.role;
    form->in_team = arena_array(rq->arena, b->teams_n, sizeof *form->in_team);
    for (size_t i = 0; i < b->teams_n; i++)
        for (size_t k = 0; k < n; k++)
            form->in_team[i] |= members[k].agent == id && members[k].team == b->teams[i].id;
    return true;
}

static void read_form(struct request *rq, const struct brand_view *b, struct agent_form *form)
{
    int role = words_find(&role_words, request_field(rq, "role"));
    form->role = role < 0 ? ROLE_READER : role;
    form->in_team = arena_array(rq->arena, b->teams_n, sizeof *form->in_team);
    for (size_t i = 0; i < b->teams_n; i++)
        form->in_team[i] = settings_flag(rq, team_field(rq, &b->teams[i]));
}

/* --- writing --- */

struct saving {
    struct request *rq;
    const struct brand_view *b;
    const struct agent_form *form;
    int64_t id; /* out */
};

static enum err write_teams(struct tx *tx, const struct saving *s)
{
    TRY(people_sql_team_leave_all(tx, &(struct people_sql_team_leave_all_in){s->b->id, s->id},
                                  NULL));
    for (size_t i = 0; i < s->b->teams_n; i++)
        if (s->form->in_team[i])
            TRY(people_sql_team_join(
                tx, &(struct people_sql_team_join_in){s->b->id, s->b->teams[i].id, s->id}, NULL));
    return ERR_OK;
}

/* After the change, in the same transaction: somebody must be left who can administer. */
static enum err check_left(struct tx *tx, int64_t brand, struct errinfo *e)
{
    struct people_sql_administrators_row left;
    TRY(people_sql_administrators(tx_db(tx), tx_arena(tx),
                                  &(struct people_sql_administrators_in){brand}, &left));
    return left.n > 0
               ? ERR_OK
               : err_set(e, ERR_CONFLICT, "last", "the brand would be without an administrator");
}

static enum err finish(struct tx *tx, const struct saving *s, const char *what, struct str detail,
                       struct errinfo *e)
{
    const struct page_context *ctx = s->rq->app;
    const struct who *who = &s->rq->who;
    TRY(check_left(tx, who->brand, e));
    tx_notify(tx, (struct notice){TOPIC_AGENT, who->brand, s->id, 0});
    return audit_add(
        ctx->store, tx,
        &(struct audit){who->brand, who->agent, flow_now(ctx->flow), what, s->id, detail});
}

static enum err write_new(struct tx *tx, void *arg, struct errinfo *e)
{
    struct saving *s = arg;
    const struct page_context *ctx = s->rq->app;
    const struct agent_new in = {.email = s->form->email,
                                 .name = s->form->name,
                                 .initials = s->form->initials,
                                 .role = (enum role)s->form->role,
                                 .brand = s->b->id,
                                 .by = s->rq->who.agent,
                                 .at = flow_now(ctx->flow)};
    TRY(agent_create(ctx->store, tx, &in, &s->id, e));
    return write_teams(tx, s);
}

static enum err write_change(struct tx *tx, void *arg, struct errinfo *e)
{
    struct saving *s = arg;
    TRY(people_sql_role_set(tx, &(struct people_sql_role_set_in){s->b->id, s->id, s->form->role},
                            NULL));
    TRY(write_teams(tx, s));
    return finish(tx, s, "agent.change", s->form->member.email, e);
}

static enum err write_disable(struct tx *tx, void *arg, struct errinfo *e)
{
    struct saving *s = arg;
    const struct page_context *ctx = s->rq->app;
    TRY(people_sql_agent_disable(
        tx, &(struct people_sql_agent_disable_in){s->id, flow_now(ctx->flow)}, NULL));
    TRY(agent_sign_out(tx, s->id, 0));
    return finish(tx, s, "agent.disable", s->form->member.email, e);
}

static enum err write_enable(struct tx *tx, void *arg, struct errinfo *e)
{
    struct saving *s = arg;
    TRY(people_sql_agent_disable(tx, &(struct people_sql_agent_disable_in){s->id, 0}, NULL));
    return finish(tx, s, "agent.enable", s->form->member.email, e);
}

static enum err write_remove(struct tx *tx, void *arg, struct errinfo *e)
{
    struct saving *s = arg;
    TRY(people_sql_team_leave_all(tx, &(struct people_sql_team_leave_all_in){s->b->id, s->id},
                                  NULL));
    TRY(people_sql_role_remove(tx, &(struct people_sql_role_remove_in){s->b->id, s->id}, NULL));
    return finish(tx, s, "agent.remove", s->form->member.email, e);
}

/* A way in is worth a line in the log before it exists. */
static enum err write_link(struct tx *tx, void *arg, struct errinfo *e)
{
    struct saving *s = arg;
    return finish(tx, s, "agent.link", s->form->member.email, e);
}

/* --- handlers --- */

static void get_new(struct request *rq, struct response *rs)
{
    const struct brand_view *b = settings_brand(rq, rs);
    if (!b)
        return;
    struct agent_form form = {.role = ROLE_AGENT,
                              .in_team = arena_array(rq->arena, b->teams_n, sizeof(bool)),
                              .email = STR(""),
                              .name = STR(""),
                              .initials = STR("")};
    show(rq, rs, b, &form, STR_NONE, NULL);
}

/* Shows the agent of the path again, with a fresh link when they work for this brand alone. */
static void show_with_link(struct request *rq, struct response *rs, const struct brand_view *b,
                           struct agent_form *form)
{
    const struct page_context *ctx = rq->app;
    struct str token = STR_NONE;
    struct errinfo e = {0};
    enum err err = ERR_OK;
    if (form->member.brands == 1 && !form->member.disabled_at) {
        struct saving s = {.rq = rq, .b = b, .form = form, .id = form->member.id};
        err = store_write(ctx->store, write_link, &s, &e);
        if (err == ERR_OK)
            err = session_link(ctx->sessions, rq->arena, form->member.id, LINK_LASTS, &token, &e);
    }
    if (err == ERR_OK)
        show(rq, rs, b, form, token, NULL);
    else
        pages_fail(rq, rs, err, &e);
}

static void post_new(struct request *rq, struct response *rs)
{
    const struct page_context *ctx = rq->app;
    const struct brand_view *b = settings_brand(rq, rs);
    struct agent_form form = {.email = settings_line(rq, "email", EMAIL_MAX + 1),
                              .name = settings_line(rq, "name", AGENT_NAME_MAX),
                              .initials = settings_line(rq, "initials", AGENT_INITIALS_MAX)};
    struct refusal r = {0};
    struct errinfo e = {0};
    if (!b)
        return;
    read_form(rq, b, &form);
    struct saving s = {.rq = rq, .b = b, .form = &form};
    enum err err = store_write(ctx->store, write_new, &s, &e);
    if (err != ERR_OK) {
        if (refuse_error(rq, rs, &r, err, &e))
            show(rq, rs, b, &form, STR_NONE, &r);
        return;
    }
    err = lists_sql_member(store_reader(ctx->store), rq->arena,
                           &(struct lists_sql_member_in){b->id, s.id}, &form.member);
    if (err == ERR_OK && !form.member.has_password)
        show_with_link(rq, rs, b, &form);
    else if (err == ERR_OK)
        settings_saved(rq, rs, STR("/desk/agents"));
    else
        pages_fail(rq, rs, err, NULL);
}

static void get_agent(struct request *rq, struct response *rs)
{
    const struct brand_view *b = settings_brand(rq, rs);
    struct agent_form form = {0};
    if (b && load(rq, rs, b, &form))
        show(rq, rs, b, &form, STR_NONE, NULL);
}

/* Runs one of the writes on the agent of the path. */
static void change(struct request *rq, struct response *rs, store_write_fn write, bool with_form,
                   bool own_only)
{
    const struct page_context *ctx = rq->app;
    const struct brand_view *b = settings_brand(rq, rs);
    struct agent_form form = {0};
    struct refusal r = {0};
    struct errinfo e = {0};
    if (!b || !load(rq, rs, b, &form))
        return;
    if (own_only && form.member.brands != 1) {
        pages_fail(rq, rs, ERR_DENIED, NULL);
        return;
    }
    if (with_form)
        read_form(rq, b, &form);
    struct saving s = {.rq = rq, .b = b, .form = &form, .id = form.member.id};
    enum err err = store_write(ctx->store, write, &s, &e);
    if (err == ERR_CONFLICT && str_eq_z(STR("last"), e.where))
        refuse(&r, "",
               page_text(rq, "Not done: the brand would be without an administrator. Give somebody "
                             "else that role first."));
    if (err == ERR_OK)
        settings_saved(rq, rs, STR("/desk/agents"));
    else if (r.why.n || refuse_error(rq, rs, &r, err, &e))
        show(rq, rs, b, &form, STR_NONE, &r);
}

static void post_agent(struct request *rq, struct response *rs)
{
    change(rq, rs, write_change, true, false);
}

static void post_disable(struct request *rq, struct response *rs)
{
    change(rq, rs, write_disable, false, true);
}

static void post_enable(struct request *rq, struct response *rs)
{
    change(rq, rs, write_enable, false, true);
}

static void post_remove(struct request *rq, struct response *rs)
{
    change(rq, rs, write_remove, false, false);
}

static void post_link(struct request *rq, struct response *rs)
{
    const struct brand_view *b = settings_brand(rq, rs);
    struct agent_form form = {0};
    if (!b || !load(rq, rs, b, &form))
        return;
    if (form.member.brands != 1 || form.member.disabled_at)
        pages_fail(rq, rs, ERR_DENIED, NULL);
    else
        show_with_link(rq, rs, b, &form);
}

const struct route agent_routes[] = {
    {METHOD_GET, "/desk/agents", RIGHT_ADMINISTER, 0, 0, get_agents},
    {METHOD_GET, "/desk/agents/new", RIGHT_ADMINISTER, 0, 0, get_new},
    {METHOD_POST, "/desk/agents/new", RIGHT_ADMINISTER, SETTINGS_FORM_MAX, 0, post_new},
    {METHOD_GET, "/desk/agents/:id", RIGHT_ADMINISTER, 0, 0, get_agent},
    {METHOD_POST, "/desk/agents/:id", RIGHT_ADMINISTER, SETTINGS_FORM_MAX, 0, post_agent},
    {METHOD_POST, "/desk/agents/:id/disable", RIGHT_ADMINISTER, 4096, 0, post_disable},
    {METHOD_POST, "/desk/agents/:id/enable", RIGHT_ADMINISTER, 4096, 0, post_enable},
    {METHOD_POST, "/desk/agents/:id/remove", RIGHT_ADMINISTER, 4096, 0, post_remove},
    {METHOD_POST, "/desk/agents/:id/link", RIGHT_ADMINISTER, 4096, 0, post_link},
};
const size_t agent_route_count = sizeof agent_routes / sizeof *agent_routes;
