/* account.c - one account: its settings as a form made from the channel's rows
 * (channels/channel.h), trying it, pausing it, its token, and what came of it lately. Secrets go in
 * and never come out. */
#include "console/alarms.h"
#include "console/console.h"
#include "console/pulse.h"

#include "base/trouble.h"
#include "channels/channel.h"
#include "flow/channel_use.h"
#include "flow/setup.h"
#include "lists_tmpl.h"
#include "page/alarm.h"
#include "store/store.h"

enum { TEXT_LIMIT_MAX = 100000, NAME_MAX = 200, ACTIONS_MAX = 5 };

struct account_form {
    int64_t id; /* 0: a new one */
    int64_t version;
    const struct channel *channel;
    bool api, on;
    struct str name, network, text_limit; /* as typed */
    bool is_public, allow_private;
    struct map settings; /* key -> struct str *; of secrets only whether they are set */
};

static struct flow *flow_of(const struct request *rq)
{
    return ((const struct page_context *)rq->app)->flow;
}

static const char *setting_field(struct request *rq, const struct channel_setting *row)
{
    return arena_printf(rq->arena, "s-%s", row->key).p; /* apart from our own fields */
}

/* --- the form --- */

static void add_network(struct request *rq, const struct account_form *form, struct fields *f)
{
    static const char *const networks[] = {"api",       "mastodon", "bluesky", "facebook",
                                           "instagram", "whatsapp", "x",       "community",
                                           "forum",     "news"};
    enum { N = sizeof networks / sizeof *networks };
    struct option_view *options = arena_array(rq->arena, N, sizeof *options);
    for (size_t i = 0; i < N; i++)
        options[i] = (struct option_view){.value = str_z(networks[i]),
                                          .word = word_network(rq, str_z(networks[i]))};
    fields_add_choice(f, "network", N_("Network"),
                      N_("Where these posts were written. It decides sign and word in lists."),
                      options, N, form->network);
}

static void add_general(struct request *rq, const struct account_form *form, struct fields *f)
{
    fields_init(f, rq);
    fields_add(f, "name", "text", N_("Name of the account"),
               N_("How you are called there: colleagues see it at each post."), form->name);
    if (form->api) {
        add_network(rq, form, f);
        fields_add_check(f, "is_public", N_("Posts and answers are public"),
                         N_("Off for direct messages and chats."), form->is_public);
    }
    if (form->channel->can_reply)
        fields_add(f, "text_limit", "number", N_("Longest answer, in characters"),
                   N_("Empty: as long as the channel takes."), form->text_limit)
            ->needed = false;
}

static void add_choice(struct request *rq, const struct channel_setting *row, const char *name,
                       struct str value, struct fields *f)
{
    static const char *const said[][2] = {{"new", N_("only what arrives from now on")},
                                          {"all", N_("everything in the folders")}};
    struct str rest = str_z(row->choices), choice;
    struct vec options;
    vec_init(&options, rq->arena, sizeof(struct option_view));
    while (str_next(&rest, '|', &choice)) {
        struct str word = choice;
        for (size_t i = 0; i < sizeof said / sizeof *said; i++)
            if (str_eq_z(choice, said[i][0]))
                word = page_text(rq, said[i][1]);
        *(struct option_view *)vec_push(&options) =
            (struct option_view){.value = choice, .word = word};
    }
    fields_add_choice(f, name, row->label, row->hint, options.p, options.n, value);
}

static void add_settings(struct request *rq, const struct account_form *form, struct fields *f)
{
    static const char *const types[] = {
        [SETTING_TEXT] = "text",     [SETTING_SECRET] = "secret", [SETTING_URL] = "text",
        [SETTING_NUMBER] = "number", [SETTING_FLAG] = "check",    [SETTING_CHOICE] = "choice"};
    fields_init(f, rq);
    for (size_t i = 0; i < form->channel->setting_count; i++) {
        const struct channel_setting *row = &form->channel->settings[i];
        const char *name = setting_field(rq, row);
        const struct str *known = map_get(&form->settings, str_z(row->key));
        struct str value = known ? *known : str_z(row->preset);
        bool secret_set = row->type == SETTING_SECRET && value.n;
        if (row->type == SETTING_FLAG)
            fields_add_check(f, name, row->label, row->hint, str_eq_z(value, "1"));
        else if (row->type == SETTING_CHOICE)
            add_choice(rq, row, name, value, f);
        else
            fields_add(f, name, types[row->type], row->label, row->hint,
                       secret_set ? STR("set") : value)
                ->needed = row->required && !secret_set;
    }
    fields_add_check(f, "allow_private", N_("Private addresses are allowed"),
                     N_("Only if this server stands in your own network: then the account may "
                        "reach machines that the internet "
                        "cannot. Leave it off otherwise."),
                     form->allow_private);
}

static struct form_action_view action_of(struct request *rq, const struct account_form *form,
                                         const char *what, struct str word, struct str hint,
                                         const char *icon)
{
    return (struct form_action_view){
        .action = arena_printf(rq->arena, "/desk/channels/%lld/%s", (long long)form->id, what),
        .word = word,
        .hint = hint,
        .icon = str_z(icon)};
}

static void add_actions(struct request *rq, const struct account_form *form, struct form_page *page)
{
    struct form_action_view *actions = arena_array(rq->arena, ACTIONS_MAX, sizeof *actions);
    size_t n = 0;
    if (form->channel->poll && form->on)
        actions[n++] = action_of(
            rq, form, "fetch", page_text(rq, "Fetch now"),
            page_text(rq, "Looks for news at once instead of at the next round."), "resend");
    if (form->channel->can_reply && form->on)
        actions[n++] = action_of(
            rq, form, "send", page_text(rq, "Send now"),
            page_text(rq, "Answers that wait after a failed try are tried again at once."),
            "resend");
    if (!right_of_role(rq->who.role, RIGHT_ADMINISTER)) {
        page->actions = actions;
        page->actions_n = right_of_role(rq->who.role, RIGHT_LEAD) ? n : 0;
        return;
    }
    if (form->channel->check)
        actions[n++] =
            action_of(rq, form, "test", page_text(rq, "Try it now"),
                      page_text(rq, "Signs in with what is saved, and changes nothing."), "play");
    if (form->on)
        actions[n++] = action_of(
            rq, form, "pause", page_text(rq, "Pause"),
            page_text(rq, "Nothing is heard and nothing leaves until you go on."), "pause");
    else
        actions[n++] = action_of(
            rq, form, "resume", page_text(rq, "Go on listening"),
            page_text(rq, "What came meanwhile is fetched, as far as the source still has it."),
            "play");
    if (form->api) {
        actions[n] = action_of(rq, form, "token", page_text(rq, "Make a new token"),
                               page_text(rq, "The one until now stops working at once."), "key");
        actions[n++].danger = true;
    }
    page->actions = actions;
    page->actions_n = n;
}

static struct form_once_view *token_view(struct request *rq, struct str token)
{
    struct form_once_view *once = ARENA_NEW(rq->arena, struct form_once_view);
    *once = (struct form_once_view){
        .title = page_text(rq, "Token"),
        .value = token,
        .hint = page_text(rq, "It is shown this once. Your system sends it with each request: "
                              "Authorization: Bearer …")};
    return once;
}

/* --- the page --- */

struct told {
    struct str token, saved, error; /* each may be empty */
    struct refusal r;
};

/* Who may not change it sees how it does. */
static void show_tables(struct request *rq, struct response *rs, const struct form_page *page)
{
    struct lists_page plain = {.sheet = page->sheet,
                               .alarms = page->alarms,
                               .actions = page->actions,
                               .actions_n = page->actions_n,
                               .tables = page->tables,
                               .tables_n = page->tables_n};
    struct out o = page_begin(rq, rs);
    lists_page_render(&o, &plain);
}

static void show(struct request *rq, struct response *rs, const struct account_form *form,
                 const struct told *told)
{
    const struct brand_view *b = settings_brand(rq, rs);
    struct form_page page = {.submit = page_text(rq, form->id ? N_("Save") : N_("Add the account")),
                             .back = STR("/desk/channels")};
    struct fields f[2];
    struct form_section_view sections[2];
    enum err err = ERR_OK;
    if (!b || !settings_open(rq, rs, b, N_("New account"), "channels", &page.sheet))
        return;
    if (form->id) {
        page.sheet.title = page.sheet.layout.title = form->name;
        add_actions(rq, form, &page);
        err = alarms_fill(rq, b, form->id, &page.alarms);
        if (err == ERR_OK)
            err = pulse_tables(rq, b, form->id, form->channel, &page.tables, &page.tables_n);
    }
    if (err != ERR_OK) {
        pages_fail(rq, rs, err, NULL);
        return;
    }
    page.sheet.intro = page_text(rq, form->channel->label);
    page.sheet.saved = told->saved.n ? told->saved : page.sheet.saved;
    page.sheet.error = told->error;
    if (!right_of_role(rq->who.role, RIGHT_ADMINISTER)) {
        show_tables(rq, rs, &page);
        return;
    }
    page.once = told->token.n ? token_view(rq, told->token) : NULL;
    page.action = form->id ? arena_printf(rq->arena, "/desk/channels/%lld?version=%lld",
                                          (long long)form->id, (long long)form->version)
                           : arena_printf(rq->arena, "/desk/channels/new/%s", form->channel->key);
    add_general(rq, form, &f[0]);
    sections[0] = fields_section(&f[0], NULL, NULL);
    add_settings(rq, form, &f[1]);
    sections[1] = fields_section(&f[1], N_("Connection"), NULL);
    page.sections = sections;
    settings_show_form(rq, rs, &page, f, 2, &told->r);
}

/* --- reading --- */

/* The account of the path as a form. False: the error page is written. */
static bool load(struct request *rq, struct response *rs, struct account_form *form)
{
    const struct page_context *ctx = rq->app;
    struct account a;
    struct errinfo e = {0};
    int64_t id = 0;
    enum err err = request_param_i64(rq, "id", &id) ? ERR_OK : ERR_NOT_FOUND;
    if (err == ERR_OK)
        err = setup_account_load(ctx->flow, rq->arena, rq->who.brand, id, &a, &e);
    if (err == ERR_OK && !channel_find(a.channel))
        err = ERR_NOT_FOUND;
    if (err != ERR_OK) {
        pages_fail(rq, rs, err, &e);
        return false;
    }
    *form = (struct account_form){
        .id = id,
        .version = a.version,
        .channel = channel_find(a.channel),
        .api = str_eq_z(a.channel, "api"),
        .on = a.on,
        .name = a.name,
        .network = a.network,
        .text_limit =
            a.text_limit ? arena_printf(rq->arena, "%lld", (long long)a.text_limit) : STR(""),
        .is_public = a.is_public,
        .allow_private = a.allow_private,
        .settings = a.settings,
    };
    return true;
}

static void read_form(struct request *rq, struct account_form *form, struct account_new *in,
                      struct refusal *r)
{
    form->name = settings_line(rq, "name", NAME_MAX);
    form->network = form->api ? settings_line(rq, "network", NAME_MAX) : STR("");
    form->text_limit = settings_line(rq, "text_limit", 20);
    form->is_public = form->api ? settings_flag(rq, "is_public") : !form->channel->is_private;
    form->allow_private = settings_flag(rq, "allow_private");
    *in = (struct account_new){.channel = str_z(form->channel->key),
                               .name = form->name,
                               .network = form->network,
                               .is_public = form->is_public,
                               .allow_private = form->allow_private};
    map_init(&in->settings, rq->arena);
    for (size_t i = 0; i < form->channel->setting_count; i++) {
        const struct channel_setting *row = &form->channel->settings[i];
        struct str *value = ARENA_NEW(rq->arena, struct str);
        *value = str_trim(request_field(rq, setting_field(rq, row)));
        map_set(&in->settings, str_z(row->key), value);
        if (row->type !=
            SETTING_SECRET) /* typed secrets are not sent back; known ones stay known */
            map_set(&form->settings, str_z(row->key), value);
    }
    if (!form->name.n)
        refuse(r, "name",
               page_text(rq, "A name is missing. Colleagues tell accounts apart by it."));
    if (form->text_limit.n && (!str_to_i64(form->text_limit, &in->text_limit) ||
                               in->text_limit < 1 || in->text_limit > TEXT_LIMIT_MAX))
        refuse(r, "text_limit",
               page_text(rq, "Enter a whole number from 1 to 100,000, or leave it empty."));
}

/* What the setting's row demands, said at its field. */
static struct str setting_fault(struct request *rq, const struct channel_setting *row,
                                enum err code)
{
    if (code == ERR_LIMIT)
        return page_text(rq, "This is too long. It takes at most 4,000 characters.");
    if (row->required && !request_field(rq, setting_field(rq, row)).n)
        return page_text(rq, "This is missing. Without it the account cannot work.");
    if (row->type == SETTING_URL)
        return page_text(rq, "This is no whole address. It begins with the kind of connection, "
                             "like https://example.org/feed.");
    if (row->type == SETTING_NUMBER)
        return page_text(rq, "Enter a whole number.");
    return page_text(rq, "This cannot be used here. Check what you entered.");
}

/* Puts what the set-up refused at its field. False: the error page is written. */
static bool refused(struct request *rq, struct response *rs, const struct account_form *form,
                    struct refusal *r, enum err code, const struct errinfo *e)
{
    for (size_t i = 0;
         i < form->channel->setting_count && (code == ERR_INVALID || code == ERR_LIMIT); i++)
        if (str_eq_z(str_z(form->channel->settings[i].key), e->where))
            refuse(r, setting_field(rq, &form->channel->settings[i]),
                   setting_fault(rq, &form->channel->settings[i], code));
    if (code == ERR_CONFLICT && str_eq_z(STR("key"), e->where))
        refuse(r, "name",
               page_text(rq, "There is an account of this name already. Choose another name."));
    return refuse_error(rq, rs, r, code, e);
}

/* --- handlers --- */

static bool load_new(struct request *rq, struct response *rs, struct account_form *form)
{
    *form = (struct account_form){.channel = channel_find(request_param(rq, "channel")),
                                  .name = STR(""),
                                  .text_limit = STR(""),
                                  .is_public = true,
                                  .network = STR("api")};
    if (!form->channel || str_eq_z(request_param(rq, "channel"), "demo")) {
        pages_fail(rq, rs, ERR_NOT_FOUND, NULL);
        return false;
    }
    form->api = str_eq_z(request_param(rq, "channel"), "api");
    map_init(&form->settings, rq->arena);
    return true;
}

static void get_new(struct request *rq, struct response *rs)
{
    struct account_form form;
    if (load_new(rq, rs, &form))
        show(rq, rs, &form, &(struct told){0});
}

static struct str path_of(struct request *rq, int64_t id)
{
    return arena_printf(rq->arena, "/desk/channels/%lld", (long long)id);
}

static void post_new(struct request *rq, struct response *rs)
{
    struct account_form form;
    struct account_new in;
    struct account_made made;
    struct told told = {0};
    struct errinfo e = {0};
    if (!load_new(rq, rs, &form))
        return;
    read_form(rq, &form, &in, &told.r);
    enum err err = told.r.why.n ? ERR_OK
                                : setup_account(flow_of(rq), rq->arena, rq->who.brand,
                                                rq->who.agent, &in, &made, &e);
    if (err != ERR_OK && !refused(rq, rs, &form, &told.r, err, &e))
        return;
    if (told.r.why.n) {
        show(rq, rs, &form, &told);
    } else if (made.token.n) { /* the token is shown by this answer and never again */
        form.id = made.id;
        form.on = true;
        told.token = made.token;
        told.saved = page_text(rq, "Saved.");
        show(rq, rs, &form, &told);
    } else {
        settings_saved(rq, rs, path_of(rq, made.id));
    }
}

static void get_account(struct request *rq, struct response *rs)
{
    struct account_form form;
    if (load(rq, rs, &form))
        show(rq, rs, &form, &(struct told){0});
}

static void post_account(struct request *rq, struct response *rs)
{
    struct account_form form;
    struct account_new in;
    struct told told = {0};
    struct errinfo e = {0};
    if (!load(rq, rs, &form))
        return;
    read_form(rq, &form, &in, &told.r);
    if (str_to_i64(request_query(rq, "version"), &in.version)) /* the one the form was made of */
        form.version = in.version;
    enum err err = told.r.why.n ? ERR_OK
                                : setup_account_change(flow_of(rq), rq->arena, rq->who.brand,
                                                       rq->who.agent, form.id, &in, &e);
    if (err != ERR_OK && !refused(rq, rs, &form, &told.r, err, &e))
        return;
    if (told.r.why.n)
        show(rq, rs, &form, &told);
    else
        settings_saved(rq, rs, path_of(rq, form.id));
}

/* Runs on a worker: it waits for the other side. */
static void post_test(struct request *rq, struct response *rs)
{
    struct account_form form;
    struct channel_use use;
    struct told told = {0};
    struct errinfo e = {0};
    if (!load(rq, rs, &form))
        return;
    enum err err = channel_use(flow_of(rq), rq->arena, rq->who.brand, form.id, &use, &e);
    if (err == ERR_OK && use.channel->check)
        err = use.channel->check(&use.ctx, &e);
    e.code = err;
    if (err == ERR_OK)
        told.saved = page_text(rq, "It works: the other side has let us in.");
    else
        told.error =
            words_with(rq, N_("It does not work yet: %s"),
                       fault_text(rq->arena, page_locale(rq), trouble_kept(&e, rq->arena)));
    show(rq, rs, &form, &told);
}

static void set_state(struct request *rq, struct response *rs, int state)
{
    struct errinfo e = {0};
    int64_t id = 0;
    enum err err = ERR_NOT_FOUND;
    if (request_param_i64(rq, "id", &id))
        err = setup_account_state(flow_of(rq), rq->who.brand, rq->who.agent, id, state, &e);
    if (err == ERR_OK)
        settings_saved(rq, rs, path_of(rq, id));
    else
        pages_fail(rq, rs, err, &e);
}

static void post_pause(struct request *rq, struct response *rs)
{
    set_state(rq, rs, ACCOUNT_PAUSED);
}

static void post_resume(struct request *rq, struct response *rs)
{
    set_state(rq, rs, ACCOUNT_ON);
}

static void post_token(struct request *rq, struct response *rs)
{
    struct account_form form;
    struct told told = {0};
    struct errinfo e = {0};
    if (!load(rq, rs, &form))
        return;
    enum err err = setup_account_token(flow_of(rq), rq->arena, rq->who.brand, rq->who.agent,
                                       form.id, &told.token, &e);
    if (err == ERR_OK)
        show(rq, rs, &form, &told);
    else
        pages_fail(rq, rs, err, &e);
}

const struct route account_routes[] = {
    {METHOD_GET, "/desk/channels/new/:channel", RIGHT_ADMINISTER, 0, 0, get_new},
    {METHOD_POST, "/desk/channels/new/:channel", RIGHT_ADMINISTER, SETTINGS_FORM_MAX, 0, post_new},
    {METHOD_GET, "/desk/channels/:id", RIGHT_READ, 0, 0, get_account},
    {METHOD_POST, "/desk/channels/:id", RIGHT_ADMINISTER, SETTINGS_FORM_MAX, 0, post_account},
    {METHOD_POST, "/desk/channels/:id/test", RIGHT_ADMINISTER, 4096, ROUTE_WORKER, post_test},
    {METHOD_POST, "/desk/channels/:id/pause", RIGHT_ADMINISTER, 4096, 0, post_pause},
    {METHOD_POST, "/desk/channels/:id/resume", RIGHT_ADMINISTER, 4096, 0, post_resume},
    {METHOD_POST, "/desk/channels/:id/token", RIGHT_ADMINISTER, 4096, 0, post_token},
};
const size_t account_route_count = sizeof account_routes / sizeof *account_routes;
