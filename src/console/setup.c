/* setup.c - the first minutes: brand, first administrator, first account. The first two steps open
 * with the token that the server prints, and only while there is no agent; the third needs the
 * session that the second has begun. */
#include "console/console.h"
#include "console/settings.h"

#include "brand_sql.h"
#include "channels/channel.h"
#include "crypt/hmac.h"
#include "crypt/password.h"
#include "flow/flow.h"
#include "flow/setup.h"
#include "page/error.h"
#include "people/people.h"
#include "people_sql.h"
#include "setup_tmpl.h"
#include "store/store.h"
#include "text/unicode.h"
#include "text/zone.h"

enum step { STEP_BRAND, STEP_AGENT, STEP_ACCOUNT, STEPS };

static void show(struct request *rq, struct response *rs, enum step step, struct setup_page *page,
                 struct fields *f, const struct refusal *r)
{
    static const char *const words[STEPS] = {N_("The brand"), N_("The first administrator"),
                                             N_("The first account")};
    struct setup_step_view steps[STEPS];
    for (int i = 0; i < STEPS; i++)
        steps[i] = (struct setup_step_view){page_text(rq, words[i]), i < (int)step    ? STR("done")
                                                                     : i == (int)step ? STR("now")
                                                                                      : STR("")};
    bool marked = fields_mark(f, r);
    page->error = r->why.n && !marked ? r->why : STR_NONE;
    page->fields = f->v.p;
    page->fields_n = f->v.n;
    page->steps = steps;
    page->steps_n = STEPS;
    page_layout(rq, &page->layout, page->title);
    if (r->why.n)
        rs->status = 422;
    struct out o = page_begin(rq, rs);
    setup_page_render(&o, page);
}

static struct str own_path(struct request *rq)
{
    return arena_printf(rq->arena, "/setup/%.*s", STR_FMT(request_param(rq, "token")));
}

/* --- first step --- */

struct brand_form {
    struct str name, subtitle, names, timezone, language;
};

static void show_brand(struct request *rq, struct response *rs, const struct brand_form *form,
                       const struct refusal *r)
{
    struct fields f;
    struct option_view languages[2];
    struct setup_page page = {
        .title = page_text(rq, "Whom do you speak for?"),
        .intro = page_text(rq, "Three steps, then posts come in. Everything can be changed later."),
        .action = own_path(rq),
        .submit = page_text(rq, "Go on to the administrator")};
    for (size_t i = 0; i < 2; i++)
        languages[i] = (struct option_view){.value = locale_language(locale_at(i)),
                                            .word = locale_name(locale_at(i))};
    fields_init(&f, rq);
    fields_add(&f, "name", "text", N_("Name of the brand"), N_("As you are called in public."),
               form->name);
    fields_add(&f, "subtitle", "text", N_("Line below it"), N_("What you do, in a few words."),
               form->subtitle)
        ->needed = false;
    fields_add(&f, "names", "lines", N_("Further names"),
               N_("One a line: handles, short forms, usual misspellings. A post that holds one of "
                  "them is about you."),
               form->names)
        ->needed = false;
    fields_add_choice(&f, "language", N_("Language"), N_("In which you write by default."),
                      languages, 2, form->language);
    fields_add(&f, "timezone", "text", N_("Time zone"),
               N_("Business hours and all times follow it: Europe/Berlin, Europe/Vienna …"),
               form->timezone);
    show(rq, rs, STEP_BRAND, &page, &f, r);
}

static void post_brand(struct request *rq, struct response *rs)
{
    const struct page_context *ctx = rq->app;
    const struct brand_form form = {
        settings_line(rq, "name", 120), settings_line(rq, "subtitle", 200),
        request_field(rq, "names"), settings_line(rq, "timezone", 60),
        str_eq_z(request_field(rq, "language"), "en") ? STR("en") : STR("de")};
    struct brand_new in = {.name = form.name,
                           .subtitle = form.subtitle,
                           .language = form.language,
                           .timezone = form.timezone};
    struct refusal r = {0};
    struct errinfo e = {0};
    int64_t id;
    in.names = settings_lines(rq->arena, form.names, BRAND_NAMES_MAX, &in.names_n);
    if (!form.name.n)
        refuse(&r, "name", page_text(rq, "A name is missing. Enter how you are called in public."));
    if (!zone_known(form.timezone))
        refuse(&r, "timezone",
               page_text(rq, "This time zone is not known. Names look like Europe/Berlin."));
    enum err err = r.why.n ? ERR_OK : setup_brand(ctx->flow, 0, &in, &id, &e);
    if (err != ERR_OK && !refuse_error(rq, rs, &r, err, &e))
        return;
    if (r.why.n)
        show_brand(rq, rs, &form, &r);
    else
        response_redirect(rs, own_path(rq));
}

/* --- second step --- */

struct agent_form {
    struct str name, email;
};

static void show_agent(struct request *rq, struct response *rs, const struct agent_form *form,
                       const struct refusal *r)
{
    struct fields f;
    struct setup_page page = {
        .title = page_text(rq, "Who are you?"),
        .intro =
            page_text(rq, "You become the first administrator: you add accounts and colleagues."),
        .action = own_path(rq),
        .submit = page_text(rq, "Sign in and go on")};
    fields_init(&f, rq);
    fields_add(&f, "agent", "text", N_("Your name"), N_("Customers see it."), form->name)
        ->complete = STR("name");
    fields_add(&f, "email", "email", N_("E-mail"), N_("You sign in with it."), form->email)
        ->complete = STR("username");
    fields_add(&f, "password", "password", N_("Password"),
               N_("At least 10 characters. Several words in a row are good."), STR(""))
        ->complete = STR("new-password");
    show(rq, rs, STEP_AGENT, &page, &f, r);
}

struct making {
    struct store *store;
    struct agent_new in;
    int64_t id;
};

/* The first one only: whoever else held the token in the same moment comes too late. */
static enum err write_first(struct tx *tx, void *arg, struct errinfo *e)
{
    struct making *m = arg;
    struct people_sql_agent_count_row agents;
    TRY(people_sql_agent_count(tx_db(tx), tx_arena(tx), &agents));
    if (agents.n)
        return err_set(e, ERR_NOT_FOUND, "setup", "Zuruf is set up already");
    return agent_create(m->store, tx, &m->in, &m->id, e);
}

static void post_agent(struct request *rq, struct response *rs, int64_t brand)
{
    const struct page_context *ctx = rq->app;
    const struct agent_form form = {settings_line(rq, "agent", AGENT_NAME_MAX),
                                    settings_line(rq, "email", 255)};
    struct str password = request_field(rq, "password"), email;
    struct making m = {.store = ctx->store};
    struct refusal r = {0};
    struct errinfo e = {0};
    if (!form.name.n)
        refuse(&r, "agent", page_text(rq, "A name is missing. Customers see who answers them."));
    if (email_normalise(rq->arena, form.email, &email, NULL) != ERR_OK)
        refuse(&r, "email",
               page_text(rq, "That is no mail address. It looks like name@example.org."));
    if (text_length(password) < PASSWORD_LENGTH_MIN)
        refuse(&r, "password",
               page_text(rq, "This password is too short. It takes at least 10 characters."));
    else if (password.n > PASSWORD_BYTES_MAX)
        refuse(&r, "password",
               page_text(rq, "This password is too long. It takes at most 1,000 characters."));
    if (r.why.n) {
        show_agent(rq, rs, &form, &r);
        return;
    }
    m.in = (struct agent_new){.email = email,
                              .name = form.name,
                              .role = ROLE_ADMINISTRATOR,
                              .brand = brand,
                              .at = flow_now(ctx->flow)};
    enum err err = password_hash(rq->arena, password, &m.in.password, &e);
    if (err == ERR_OK)
        err = store_write(ctx->store, write_first, &m, &e);
    if (err == ERR_OK)
        door_enter(rq, rs, m.id, STR("/setup/account"));
    else if (refuse_error(rq, rs, &r, err, &e))
        show_agent(rq, rs, &form, &r);
}

/* Where the set-up stands; *brand is the one that the first agent gets. ERR_NOT_FOUND: no set-up,
 * or a wrong token. */
static enum err stand(struct request *rq, enum step *step, int64_t *brand)
{
    const struct page_context *ctx = rq->app;
    struct db *db = store_reader(ctx->store);
    struct people_sql_agent_count_row agents;
    struct brand_sql_list_row *brands;
    struct str token = str_z(ctx->setup_token);
    size_t n;
    if (!token.n || !crypt_equal(token, request_param(rq, "token")))
        return ERR_NOT_FOUND;
    TRY(people_sql_agent_count(db, rq->arena, &agents));
    TRY(brand_sql_list(db, rq->arena, &brands, &n));
    *step = n ? STEP_AGENT : STEP_BRAND;
    *brand = n ? brands[0].id : 0;
    return agents.n ? ERR_NOT_FOUND : ERR_OK;
}

static void get_setup(struct request *rq, struct response *rs)
{
    enum step step;
    int64_t brand;
    enum err err = stand(rq, &step, &brand);
    if (err != ERR_OK)
        pages_fail(rq, rs, err, NULL);
    else if (step == STEP_BRAND)
        show_brand(rq, rs,
                   &(struct brand_form){.name = STR(""),
                                        .subtitle = STR(""),
                                        .names = STR(""),
                                        .timezone = STR("Europe/Berlin"),
                                        .language = locale_language(page_locale(rq))},
                   &(struct refusal){0});
    else
        show_agent(rq, rs, &(struct agent_form){STR(""), STR("")}, &(struct refusal){0});
}

static void post_setup(struct request *rq, struct response *rs)
{
    enum step step;
    int64_t brand;
    enum err err = stand(rq, &step, &brand);
    if (err != ERR_OK)
        pages_fail(rq, rs, err, NULL);
    else if (step == STEP_BRAND)
        post_brand(rq, rs);
    else
        post_agent(rq, rs, brand);
}

/* --- third step --- */

static const struct {
    const char *channel, *says;
} first_channels[] = {
    {"feed", N_("a feed: news, blogs, forums")},
    {"mail", N_("a mailbox")},
    {"api", N_("our own systems, over the API")},
};
enum { FIRST_CHANNELS = sizeof first_channels / sizeof *first_channels };

static void get_account(struct request *rq, struct response *rs)
{
    struct fields f;
    struct option_view options[FIRST_CHANNELS];
    struct setup_page page = {
        .title = page_text(rq, "Where do people speak to you?"),
        .intro = page_text(
            rq, "A feed or a mailbox takes a minute. You can add as many as you like later."),
        .action = STR("/setup/account"),
        .submit = page_text(rq, "Go on to its settings"),
        .skip = STR("/desk")};
    for (size_t i = 0; i < FIRST_CHANNELS; i++)
        options[i] = (struct option_view){.value = str_z(first_channels[i].channel),
                                          .word = page_text(rq, first_channels[i].says)};
    fields_init(&f, rq);
    fields_add_choice(&f, "channel", N_("First account"), NULL, options, FIRST_CHANNELS,
                      STR("feed"));
    show(rq, rs, STEP_ACCOUNT, &page, &f, &(struct refusal){0});
}

static void post_account(struct request *rq, struct response *rs)
{
    const struct channel *channel = channel_find(request_field(rq, "channel"));
    if (channel)
        response_redirect(rs, arena_printf(rq->arena, "/desk/channels/new/%s", channel->key));
    else
        response_redirect(rs, STR("/desk/channels"));
}

const struct route setup_routes[] = {
    {METHOD_GET, "/setup/:token", RIGHT_NONE, 0, 0, get_setup},
    {METHOD_POST, "/setup/:token", RIGHT_NONE, SETTINGS_FORM_MAX, ROUTE_WORKER, post_setup},
    {METHOD_GET, "/setup/account", RIGHT_ADMINISTER, 0, 0, get_account},
    {METHOD_POST, "/setup/account", RIGHT_ADMINISTER, 4096, 0, post_account},
};
const size_t setup_route_count = sizeof setup_routes / sizeof *setup_routes;
