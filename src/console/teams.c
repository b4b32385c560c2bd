/* teams.c - the teams of a brand: list, new, change, delete. Who is in them stands at the agents.
 */
#include "console/console.h"
#include "console/settings.h"

#include "brand_sql.h"
#include "care_sql.h"
#include "flow/flow.h"
#include "lists_sql.h"
#include "lists_tmpl.h"
#include "people/people.h"
#include "people_sql.h"
#include "store/store.h"

enum { TEAM_NAME_MAX = 80, TEAMS_MAX = 100 };

static const struct {
    const char *icon, *word;
} icons[] = {
    {"users", N_("People")},
    {"help", N_("Question mark")},
    {"alert", N_("Exclamation mark")},
    {"globe", N_("Globe")},
    {"mail", N_("Letter")},
    {"brand", N_("Building")},
    {"chart", N_("Chart")},
    {"key", N_("Key")},
    {"flag", N_("Flag")},
    {"bell", N_("Bell")},
};
enum { ICONS = sizeof icons / sizeof *icons };

struct team_form {
    int64_t id; /* 0: a new one */
    struct str name, icon;
};

static void get_teams(struct request *rq, struct response *rs)
{
    static const char *const columns[] = {N_("Team"), N_("Members")};
    const struct page_context *ctx = rq->app;
    const struct brand_view *b = settings_brand(rq, rs);
    struct lists_page page = {0};
    struct lists_sql_members_row *members;
    size_t n;
    struct rows rows;
    if (!b || !settings_open(rq, rs, b, N_("Teams"), "teams", &page.sheet))
        return;
    enum err err = lists_sql_members(store_reader(ctx->store), rq->arena,
                                     &(struct lists_sql_members_in){b->id}, &members, &n);
    if (err != ERR_OK) {
        pages_fail(rq, rs, err, NULL);
        return;
    }
    rows_init(&rows, rq, columns, 2);
    for (size_t i = 0; i < b->teams_n; i++) {
        int64_t count = 0;
        for (size_t k = 0; k < n; k++)
            count += members[k].team == b->teams[i].id;
        rows_cell(&rows, b->teams[i].name)->href =
            arena_printf(rq->arena, "/desk/teams/%lld", (long long)b->teams[i].id);
        rows_cell(&rows, arena_printf(rq->arena, "%lld", (long long)count));
    }
    struct table_view table = rows_table(
        &rows, STR_NONE,
        page_text(rq,
                  "The routing key gives cases to teams. Who is in a team is set at the agents."),
        page_text(rq, "There are no teams yet: all cases lie in one list. Add one when more than "
                      "one group works here."));
    page.tables = &table;
    page.tables_n = 1;
    page.add = STR("/desk/teams/new");
    page.add_word = page_text(rq, "Add a team");
    struct out o = page_begin(rq, rs);
    lists_page_render(&o, &page);
}

static void show(struct request *rq, struct response *rs, const struct brand_view *b,
                 const struct team_form *form, const struct refusal *r)
{
    struct form_page page = {.submit = page_text(rq, form->id ? N_("Save") : N_("Add the team")),
                             .back = STR("/desk/teams")};
    struct fields f;
    struct option_view options[ICONS];
    if (!settings_open(rq, rs, b, form->id ? N_("Team") : N_("New team"), "teams", &page.sheet))
        return;
    for (size_t i = 0; i < ICONS; i++)
        options[i] = (struct option_view){.value = str_z(icons[i].icon),
                                          .word = page_text(rq, icons[i].word)};
    fields_init(&f, rq);
    fields_add(&f, "name", "text", N_("Name"),
               N_("Short; it stands in lists and in the routing key."), form->name);
    fields_add_choice(&f, "icon", N_("Sign"), NULL, options, ICONS, form->icon);
    struct form_section_view section = fields_section(&f, NULL, NULL);
    page.sections = &section;
    page.action = form->id ? arena_printf(rq->arena, "/desk/teams/%lld", (long long)form->id)
                           : STR("/desk/teams/new");
    struct form_action_view delete = {
        .ask = arena_printf(rq->arena, "/desk/teams/%lld/delete", (long long)form->id),
        .word = page_text(rq, "Delete this team"),
        .hint = page_text(rq, "You choose where its cases, rules and members go."),
        .icon = STR("delete")};
    page.actions = &delete;
    page.actions_n = form->id != 0;
    settings_show_form(rq, rs, &page, &f, 1, r);
}

static void get_new(struct request *rq, struct response *rs)
{
    const struct brand_view *b = settings_brand(rq, rs);
    if (b)
        show(rq, rs, b, &(struct team_form){0, STR(""), STR("users")}, NULL);
}

/* The team of the path; NULL: the error page is written. */
static const struct team *find(struct request *rq, struct response *rs, const struct brand_view **b)
{
    int64_t id = 0;
    *b = settings_brand(rq, rs);
    const struct team *team = *b && request_param_i64(rq, "id", &id) ? brand_team(*b, id) : NULL;
    if (*b && !team)
        pages_fail(rq, rs, ERR_NOT_FOUND, NULL);
    return team;
}

static void get_team(struct request *rq, struct response *rs)
{
    const struct brand_view *b;
    const struct team *team = find(rq, rs, &b);
    if (team)
        show(rq, rs, b, &(struct team_form){team->id, team->name, team->icon}, NULL);
}

struct saving {
    struct request *rq;
    const struct team_form *form;
    int64_t position, id;
};

static enum err write_team(struct tx *tx, void *arg, struct errinfo *e)
{
    struct saving *s = arg;
    const struct page_context *ctx = s->rq->app;
    const struct who *who = &s->rq->who;
    const struct team_form *form = s->form;
    int64_t changed = 0;
    if (form->id)
        TRY(brand_sql_team_update(
            tx, &(struct brand_sql_team_update_in){who->brand, form->id, form->name, form->icon},
            &changed));
    else
        TRY(brand_sql_team_insert(tx,
                                  &(struct brand_sql_team_insert_in){s->id, who->brand, form->name,
                                                                     form->icon, s->position},
                                  &changed));
    if (!changed)
        return err_set(e, form->id ? ERR_NOT_FOUND : ERR_CONFLICT, "name",
                       "there is a team of that name already");
    tx_notify(tx, (struct notice){TOPIC_BRAND, who->brand, who->brand, 0});
    return audit_add(ctx->store, tx,
                     &(struct audit){who->brand, who->agent, flow_now(ctx->flow), "team.change",
                                     s->id, form->name});
}

static void save(struct request *rq, struct response *rs, int64_t id)
{
    const struct page_context *ctx = rq->app;
    const struct brand_view *b = settings_brand(rq, rs);
    struct team_form form = {id, settings_line(rq, "name", TEAM_NAME_MAX), STR("users")};
    struct refusal r = {0};
    struct errinfo e = {0};
    if (!b)
        return;
    for (size_t i = 0; i < ICONS; i++)
        if (str_eq_z(request_field(rq, "icon"), icons[i].icon))
            form.icon = str_z(icons[i].icon);
    if (!form.name.n)
        refuse(&r, "name", page_text(rq, "A name is missing. Cases are given to the team by it."));
    if (!id && b->teams_n >= TEAMS_MAX)
        refuse(&r, "",
               page_text(rq, "There are too many teams already. Delete one that nobody uses."));
    if (r.why.n) {
        show(rq, rs, b, &form, &r);
        return;
    }
    struct saving s = {rq, &form, (int64_t)b->teams_n, id ? id : store_id(ctx->store, 0)};
    enum err err = store_write(ctx->store, write_team, &s, &e);
    if (err == ERR_CONFLICT)
        refuse(&r, "name",
               page_text(rq, "There is a team of this name already. Choose another name."));
    if (err == ERR_OK)
        settings_saved(rq, rs, STR("/desk/teams"));
    else if (r.why.n || refuse_error(rq, rs, &r, err, &e))
        show(rq, rs, b, &form, &r);
}

static void post_new(struct request *rq, struct response *rs)
{
    save(rq, rs, 0);
}

static void post_team(struct request *rq, struct response *rs)
{
    int64_t id = 0;
    if (request_param_i64(rq, "id", &id) && id)
        save(rq, rs, id);
    else
        pages_fail(rq, rs, ERR_NOT_FOUND, NULL);
}

/* --- deleting --- */

/* What there is of each, so that nobody chooses blindly. */
static enum err heirs_section(struct request *rq, const struct brand_view *b, int64_t team,
                              const struct team_heirs *to, struct fields *f,
                              struct form_section_view *out)
{
    struct db *db = store_reader(((const struct page_context *)rq->app)->store);
    struct care_sql_of_team_row cases;
    struct people_sql_team_size_row members;
    int64_t rules = 0;
    TRY(care_sql_of_team(db, rq->arena, &(struct care_sql_of_team_in){b->id, team}, &cases));
    TRY(people_sql_team_size(db, rq->arena, &(struct people_sql_team_size_in){b->id, team},
                             &members));
    for (size_t i = 0; i < b->rules_n; i++)
        rules += b->rules[i].effects.team == team;
    const struct {
        const char *name, *label;
        struct str count;
        int64_t chosen;
    } rows[] = {{"cases", N_("Its cases go to"), words_count(rq, "%d case", "%d cases", cases.n),
                 to->cases},
                {"rules", N_("Its rules of the routing key give to"),
                 words_count(rq, "%d rule", "%d rules", rules), to->rules},
                {"members", N_("Its members join"),
                 words_count(rq, "%d member", "%d members", members.n), to->members}};
    fields_init(f, rq);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t n;
        struct option_view *options = settings_teams(rq, b, team, &n);
        fields_add_choice(f, rows[i].name, rows[i].label, NULL, options, n,
                          arena_printf(rq->arena, "%lld", (long long)rows[i].chosen))
            ->hint = rows[i].count;
    }
    *out = fields_section(f, NULL,
                          N_("Cases without a team lie in “Waiting for us”, for everybody. What "
                             "was written and done stays as it is. A deleted team does not come "
                             "back."));
    return ERR_OK;
}

static void ask_delete(struct request *rq, struct response *rs, const struct brand_view *b,
                       const struct team *team, const struct team_heirs *to,
                       const struct refusal *r)
{
    struct form_page page = {.submit = page_text(rq, "Delete this team"),
                             .back =
                                 arena_printf(rq->arena, "/desk/teams/%lld", (long long)team->id)};
    struct fields f;
    if (!settings_open(rq, rs, b, N_("Delete this team"), "teams", &page.sheet))
        return;
    page.sheet.intro = arena_str(rq->arena, team->name);
    struct form_section_view section;
    enum err err = heirs_section(rq, b, team->id, to, &f, &section);
    if (err != ERR_OK) {
        pages_fail(rq, rs, err, NULL);
        return;
    }
    page.sections = &section;
    page.action = arena_printf(rq->arena, "/desk/teams/%lld/delete", (long long)team->id);
    settings_show_form(rq, rs, &page, &f, 1, r);
}

static void get_delete(struct request *rq, struct response *rs)
{
    const struct brand_view *b;
    const struct team *team = find(rq, rs, &b);
    if (team)
        ask_delete(rq, rs, b, team, &(struct team_heirs){0}, NULL);
}

static int64_t chosen(struct request *rq, const char *name)
{
    int64_t id = 0;
    return str_to_i64(request_field(rq, name), &id) ? id : 0;
}

static void post_delete(struct request *rq, struct response *rs)
{
    const struct page_context *ctx = rq->app;
    const struct brand_view *b;
    const struct team *team = find(rq, rs, &b);
    struct refusal r = {0};
    struct errinfo e = {0};
    if (!team)
        return;
    const struct team_heirs to = {chosen(rq, "cases"), chosen(rq, "rules"), chosen(rq, "members")};
    enum err err = flow_team_delete(ctx->flow, &rq->who, team->id, &to, &e);
    if (err == ERR_OK) {
        settings_saved(rq, rs, STR("/desk/teams"));
    } else if (err == ERR_INVALID) {
        refuse(&r, "", page_text(rq, "The team you chose has just been deleted. Choose another."));
        ask_delete(rq, rs, b, team, &(struct team_heirs){0}, &r);
    } else {
        pages_fail(rq, rs, err, &e);
    }
}

const struct route team_routes[] = {
    {METHOD_GET, "/desk/teams", RIGHT_LEAD, 0, 0, get_teams},
    {METHOD_GET, "/desk/teams/new", RIGHT_LEAD, 0, 0, get_new},
    {METHOD_POST, "/desk/teams/new", RIGHT_LEAD, SETTINGS_FORM_MAX, 0, post_new},
    {METHOD_GET, "/desk/teams/:id", RIGHT_LEAD, 0, 0, get_team},
    {METHOD_POST, "/desk/teams/:id", RIGHT_LEAD, SETTINGS_FORM_MAX, 0, post_team},
    {METHOD_GET, "/desk/teams/:id/delete", RIGHT_LEAD, 0, 0, get_delete},
    {METHOD_POST, "/desk/teams/:id/delete", RIGHT_LEAD, SETTINGS_FORM_MAX, 0, post_delete},
};
const size_t team_route_count = sizeof team_routes / sizeof *team_routes;
