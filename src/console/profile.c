/* profile.c - what agents set for themselves: name, how the pages look to them, password, where
 * they are signed in. */
#include "console/console.h"
#include "console/settings.h"

#include "crypt/password.h"
#include "flow/flow.h"
#include "lists_sql.h"
#include "page/format.h"
#include "people/people.h"
#include "people/throttle.h"
#include "people_sql.h"
#include "session_sql.h"
#include "store/store.h"
#include "text/unicode.h"

struct profile {
    struct people_sql_agent_get_row agent;
    bool has_password;
    struct str old, new, hash; /* typed; hash of the new one, empty: it stays */
};

/* --- showing --- */

static void add_looks(struct request *rq, const struct profile *p, struct fields *f)
{
    static const char *const themes[][2] = {
        {"system", N_("as the device has it")}, {"light", N_("light")}, {"dark", N_("dark")}};
    static const char *const densities[][2] = {{"comfortable", N_("comfortable")},
                                               {"compact", N_("compact")}};
    struct option_view *language = arena_array(rq->arena, 3, sizeof *language);
    struct option_view *theme = arena_array(rq->arena, 3, sizeof *theme);
    struct option_view *density = arena_array(rq->arena, 2, sizeof *density);
    language[0] =
        (struct option_view){.value = STR(""), .word = page_text(rq, "as the browser has it")};
    for (size_t i = 0; i < 2; i++) {
        language[i + 1] = (struct option_view){.value = locale_language(locale_at(i)),
                                               .word = locale_name(locale_at(i))};
        density[i] = (struct option_view){.value = str_z(densities[i][0]),
                                          .word = page_text(rq, densities[i][1])};
    }
    for (size_t i = 0; i < 3; i++)
        theme[i] =
            (struct option_view){.value = str_z(themes[i][0]), .word = page_text(rq, themes[i][1])};
    fields_add_choice(f, "language", N_("Language of these pages"), NULL, language, 3,
                      p->agent.language);
    fields_add_choice(f, "theme", N_("Light or dark"), NULL, theme, 3, p->agent.theme);
    fields_add_choice(f, "density", N_("Lists"), NULL, density, 2, p->agent.density);
    fields_add_check(f, "single_keys", N_("Single letters act as shortcuts"),
                     N_("Switch it off if you dictate, or press letters by accident."),
                     p->agent.single_keys != 0);
}

static void add_password(const struct profile *p, struct fields *f)
{
    struct field_view *v;
    if (p->has_password) {
        v = fields_add(f, "old", "password", N_("Password until now"), NULL, STR(""));
        v->needed = false;
        v->complete = STR("current-password");
    }
    v = fields_add(f, "new", "password", N_("New password"),
                   N_("At least 10 characters. Several words in a row are good."), STR(""));
    v->needed = false;
    v->complete = STR("new-password");
}

static enum err add_sessions(struct request *rq, const struct brand_view *b, struct form_page *page)
{
    const struct page_context *ctx = rq->app;
    struct lists_sql_sessions_row *list;
    size_t n, at = 0;
    TRY(lists_sql_sessions(store_reader(ctx->store), rq->arena,
                           &(struct lists_sql_sessions_in){rq->who.agent}, &list, &n));
    struct form_action_view *actions = arena_array(rq->arena, n, sizeof *actions);
    for (size_t i = 0; i < n; i++) {
        if (list[i].id == rq->who.session)
            continue;
        const struct str args[] = {settings_client(rq, list[i].client),
                                   format_moment(rq->arena, page_locale(rq), b->calendar.zone,
                                                 flow_now(ctx->flow), list[i].seen_at)};
        actions[at++] = (struct form_action_view){
            .action =
                arena_printf(rq->arena, "/desk/profile/session/%lld/end", (long long)list[i].id),
            .word = page_text(rq, "Sign out there"),
            .hint = words_fill(rq, "%s, last seen %s", args, 2),
            .icon = STR("signout"),
        };
    }
    page->actions = actions;
    page->actions_n = at;
    return ERR_OK;
}

static void show(struct request *rq, struct response *rs, const struct profile *p,
                 const struct refusal *r)
{
    const struct brand_view *b = settings_brand(rq, rs);
    struct form_page page = {.submit = page_text(rq, "Save"), .action = STR("/desk/profile")};
    struct fields f[3];
    struct form_section_view sections[3];
    if (!b || !settings_open(rq, rs, b, N_("My profile"), "profile", &page.sheet))
        return;
    enum err err = add_sessions(rq, b, &page);
    if (err != ERR_OK) {
        pages_fail(rq, rs, err, NULL);
        return;
    }
    page.sheet.intro = p->agent.email;
    fields_init(&f[0], rq);
    fields_add(&f[0], "name", "text", N_("Name"), N_("Customers see it."), p->agent.name)
        ->complete = STR("name");
    fields_add(&f[0], "initials", "text", N_("Initials"), N_("They sign answers: ^AB."),
               p->agent.initials);
    fields_init(&f[1], rq);
    add_looks(rq, p, &f[1]);
    fields_init(&f[2], rq);
    add_password(p, &f[2]);
    sections[0] = fields_section(&f[0], NULL, NULL);
    sections[1] = fields_section(&f[1], N_("How these pages look"), NULL);
    sections[2] = fields_section(&f[2], N_("Password"),
                                 N_("Empty: it stays. A new one signs you out everywhere else."));
    page.sections = sections;
    settings_show_form(rq, rs, &page, f, 3, r);
}

static enum err load(struct request *rq, struct profile *p)
{
    const struct page_context *ctx = rq->app;
    struct db *db = store_reader(ctx->store);
    struct people_sql_agent_password_row row;
    TRY(people_sql_agent_get(db, rq->arena, &(struct people_sql_agent_get_in){rq->who.agent},
                             &p->agent));
    TRY(people_sql_agent_password(db, rq->arena,
                                  &(struct people_sql_agent_password_in){rq->who.agent}, &row));
    p->hash = row.password;
    p->has_password = row.password.n > 0;
    return ERR_OK;
}

/* --- saving --- */

static struct str one_of(const struct request *rq, const char *field, struct str a, struct str b,
                         struct str other)
{
    struct str v = request_field(rq, field);
    return str_eq(v, a) ? a : str_eq(v, b) ? b : other;
}

static void read_form(struct request *rq, struct profile *p, struct refusal *r)
{
    p->agent.name = settings_line(rq, "name", AGENT_NAME_MAX);
    p->agent.initials = settings_line(rq, "initials", AGENT_INITIALS_MAX);
    p->agent.language = one_of(rq, "language", STR("de"), STR("en"), STR(""));
    p->agent.theme = one_of(rq, "theme", STR("light"), STR("dark"), STR("system"));
    p->agent.density =
        one_of(rq, "density", STR("compact"), STR("comfortable"), STR("comfortable"));
    p->agent.single_keys = settings_flag(rq, "single_keys");
    p->old = request_field(rq, "old");
    p->new = request_field(rq, "new");
    if (!p->agent.name.n)
        refuse(r, "name", page_text(rq, "A name is missing. Customers see who answers them."));
    if (!p->agent.initials.n)
        p->agent.initials = text_initials(rq->arena, p->agent.name);
}

/* Checks the old password and hashes the new one; p->hash is empty when it stays. Slow: on a
 * worker. */
static void read_password(struct request *rq, struct profile *p, struct refusal *r)
{
    const struct page_context *ctx = rq->app;
    struct str known = p->hash, key = arena_printf(rq->arena, "old %lld", (long long)rq->who.agent);
    int64_t now = flow_now(ctx->flow);
    p->hash = STR("");
    if (!p->new.n || r->why.n)
        return;
    if (text_length(p->new) < PASSWORD_LENGTH_MIN)
        refuse(r, "new",
               page_text(rq, "This password is too short. It takes at least 10 characters."));
    else if (p->new.n > PASSWORD_BYTES_MAX)
        refuse(r, "new",
               page_text(rq, "This password is too long. It takes at most 1,000 characters."));
    else if (p->has_password && throttle_wait(ctx->throttle, key, 5, now) > 0)
        refuse(r, "old", page_text(rq, "Too many tries. Wait a little, then try again."));
    else if (p->has_password &&
             (p->old.n > PASSWORD_BYTES_MAX || !password_verify(known, p->old))) {
        throttle_failed(ctx->throttle, key, now);
        refuse(r, "old",
               page_text(rq, "This is not your password until now. Nothing was changed."));
    } else if (password_hash(rq->arena, p->new, &p->hash, NULL) != ERR_OK)
        refuse(r, "new",
               page_text(rq, "The password could not be set just now. Try again in a minute."));
}

struct saving {
    struct request *rq;
    const struct profile *p;
};

static enum err write_profile(struct tx *tx, void *arg, struct errinfo *e)
{
    const struct saving *s = arg;
    const struct page_context *ctx = s->rq->app;
    const struct who *who = &s->rq->who;
    const struct people_sql_agent_get_row *a = &s->p->agent;
    const struct people_sql_agent_update_in in = {.agent = who->agent,
                                                  .name = a->name,
                                                  .initials = a->initials,
                                                  .language = a->language,
                                                  .theme = a->theme,
                                                  .density = a->density,
                                                  .single_keys = a->single_keys};
    (void)e;
    TRY(people_sql_agent_update(tx, &in, NULL));
    tx_notify(tx, (struct notice){TOPIC_AGENT, who->brand, who->agent, 0});
    if (!s->p->hash.n)
        return ERR_OK;
    TRY(people_sql_agent_set_password(
        tx, &(struct people_sql_agent_set_password_in){who->agent, s->p->hash}, NULL));
    TRY(agent_sign_out(tx, who->agent, who->session));
    return audit_add(ctx->store, tx,
                     &(struct audit){who->brand, who->agent, flow_now(ctx->flow), "agent.password",
                                     who->agent, STR("")});
}

static void get_profile(struct request *rq, struct response *rs)
{
    struct profile p = {0};
    enum err err = load(rq, &p);
    if (err == ERR_OK)
        show(rq, rs, &p, NULL);
    else
        pages_fail(rq, rs, err, NULL);
}

static void post_profile(struct request *rq, struct response *rs)
{
    const struct page_context *ctx = rq->app;
    struct profile p = {0};
    struct refusal r = {0};
    struct errinfo e = {0};
    enum err err = load(rq, &p);
    if (err != ERR_OK) {
        pages_fail(rq, rs, err, NULL);
        return;
    }
    read_form(rq, &p, &r);
    read_password(rq, &p, &r);
    if (!r.why.n)
        err = store_write(ctx->store, write_profile, &(struct saving){rq, &p}, &e);
    if (err != ERR_OK && !refuse_error(rq, rs, &r, err, &e))
        return;
    if (r.why.n)
        show(rq, rs, &p, &r);
    else
        settings_saved(rq, rs, STR("/desk/profile"));
}

struct ending {
    int64_t agent, brand, session;
};

static enum err write_end(struct tx *tx, void *arg, struct errinfo *e)
{
    const struct ending *s = arg;
    (void)e;
    tx_notify(tx, (struct notice){TOPIC_AGENT, s->brand, s->agent, 0});
    return session_sql_end_own(tx, &(struct session_sql_end_own_in){s->agent, s->session}, NULL);
}

static void post_end(struct request *rq, struct response *rs)
{
    const struct page_context *ctx = rq->app;
    struct errinfo e = {0};
    struct ending s = {.agent = rq->who.agent, .brand = rq->who.brand};
    enum err err = ERR_NOT_FOUND;
    if (request_param_i64(rq, "id", &s.session))
        err = store_write(ctx->store, write_end, &s, &e);
    if (err == ERR_OK)
        settings_saved(rq, rs, STR("/desk/profile"));
    else
        pages_fail(rq, rs, err, &e);
}

const struct route profile_routes[] = {
    {METHOD_GET, "/desk/profile", RIGHT_SIGNED_IN, 0, 0, get_profile},
    {METHOD_POST, "/desk/profile", RIGHT_SIGNED_IN, SETTINGS_FORM_MAX, ROUTE_WORKER, post_profile},
    {METHOD_POST, "/desk/profile/session/:id/end", RIGHT_SIGNED_IN, 4096, 0, post_end},
};
const size_t profile_route_count = sizeof profile_routes / sizeof *profile_routes;
