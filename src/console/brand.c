/* brand.c - what the brand is called and how it speaks; and the switch to another brand of the
 * asker. */
#include "console/console.h"
#include "console/settings.h"

#include "brand_sql.h"
#include "flow/flow.h"
#include "flow/setup.h"
#include "lists_sql.h"
#include "people/people.h"
#include "people_sql.h"
#include "session_sql.h"
#include "store/store.h"
#include "text/zone.h"

enum { NAME_MAX = 120, LINE_MAX = 200, DAYS_LEAST = 7, DAYS_MOST = 36500, COUNTED_MOST = 10000 };

struct brand_form {
    int64_t version, days; /* days: what is written, when it is a number that can be */
    struct str retention;  /* as it stands in the field; empty: nothing is deleted */
    struct str name, subtitle, names, language, timezone, signature, address;
};

/* All spellings but the name itself, one a line. */
static struct str names_as_lines(struct arena *a, const struct brand_view *b)
{
    return b->names.n > 1 ? arena_join(a, b->names.names + 1, b->names.n - 1, STR("\n")) : STR("");
}

static void add_choices(struct request *rq, const struct brand_form *form, struct fields *f)
{
    struct option_view *languages = arena_array(rq->arena, 2, sizeof *languages);
    struct option_view *signatures = arena_array(rq->arena, 3, sizeof *signatures);
    struct option_view *addresses = arena_array(rq->arena, 2, sizeof *addresses);
    for (size_t i = 0; i < 2; i++)
        languages[i] = (struct option_view){.value = locale_language(locale_at(i)),
                                            .word = locale_name(locale_at(i))};
    signatures[0] =
        (struct option_view){.value = STR("initials"), .word = page_text(rq, "with initials, ^AB")};
    signatures[1] =
        (struct option_view){.value = STR("name"), .word = page_text(rq, "with the name")};
    signatures[2] = (struct option_view){.value = STR("none"), .word = page_text(rq, "not at all")};
    addresses[0] = (struct option_view){.value = STR("sie"), .word = page_text(rq, "formal (Sie)")};
    addresses[1] = (struct option_view){.value = STR("du"), .word = page_text(rq, "familiar (du)")};
    fields_add_choice(f, "language", N_("Language"), N_("In which you write by default."),
                      languages, 2, form->language);
    fields_add_choice(f, "address", N_("Form of address in German"), NULL, addresses, 2,
                      form->address);
    fields_add_choice(f, "signature", N_("Answers are signed"),
                      N_("Customers like to know who answers."), signatures, 3, form->signature);
}

/* What the number means for the posts that are there. */
static struct str deleted_now(struct request *rq, const struct brand_form *form)
{
    const struct page_context *ctx = rq->app;
    struct lists_sql_older_posts_row row = {0};
    const struct lists_sql_older_posts_in in = {
        rq->who.brand, store_id_first(flow_now(ctx->flow) - form->days * CLOCK_DAY),
        COUNTED_MOST + 1};
    if (!form->days)
        return page_text(rq, "Nothing is deleted: all posts are kept.");
    if (lists_sql_older_posts(store_reader(ctx->store), rq->arena, &in, &row) != ERR_OK)
        return STR_NONE;
    if (row.n > COUNTED_MOST)
        return page_text(
            rq, "More than 10,000 posts are older and will be deleted, but for open cases.");
    if (!row.n)
        return page_text(rq, "No post is older at the moment.");
    return words_count(rq, "%d post is older and will be deleted, but for open cases.",
                       "%d posts are older and will be deleted, but for open cases.", row.n);
}

static struct form_section_view add_retention(struct request *rq, const struct brand_form *form,
                                              struct fields *f)
{
    fields_init(f, rq);
    fields_add(
        f, "retention", "text", N_("Delete posts after so many days"),
        N_("Empty: everything is kept. A conversation goes as a whole when its last post is so "
           "old, with attachments, case, notes and answers; never one with an open case. It "
           "begins an hour after saving and cannot be undone."),
        form->retention)
        ->needed = false;
    struct form_section_view section = fields_section(f, N_("How long you keep posts"), NULL);
    section.intro = deleted_now(rq, form);
    return section;
}

static void show(struct request *rq, struct response *rs, const struct brand_view *b,
                 const struct brand_form *form, const struct refusal *r)
{
    struct form_page page = {.submit = page_text(rq, "Save"),
                             .action = arena_printf(rq->arena, "/desk/brand/change?version=%lld",
                                                    (long long)form->version)};
    struct fields f[3];
    struct form_section_view sections[3];
    if (!settings_open(rq, rs, b, N_("Brand"), "brand", &page.sheet))
        return;
    fields_init(&f[0], rq);
    fields_add(&f[0], "name", "text", N_("Name"), N_("As you are called in public."), form->name);
    fields_add(&f[0], "subtitle", "text", N_("Line below it"), N_("What you do, in a few words."),
               form->subtitle)
        ->needed = false;
    fields_add(&f[0], "names", "lines", N_("Further names"),
               N_("One a line: handles, short forms, usual misspellings. A post that holds one of "
                  "them is about you."),
               form->names)
        ->needed = false;
    sections[0] = fields_section(&f[0], N_("How you are called"), NULL);
    fields_init(&f[1], rq);
    add_choices(rq, form, &f[1]);
    fields_add(&f[1], "timezone", "text", N_("Time zone"),
               N_("Business hours and all times follow it: Europe/Berlin, Europe/Vienna …"),
               form->timezone);
    sections[1] = fields_section(&f[1], N_("How you speak"), NULL);
    sections[2] = add_retention(rq, form, &f[2]);
    page.sections = sections;
    settings_show_form(rq, rs, &page, f, 3, r);
}

static void get_brand(struct request *rq, struct response *rs)
{
    const struct brand_view *b = settings_brand(rq, rs);
    if (!b)
        return;
    const struct brand_form form = {
        .version = b->version,
        .days = b->retention_days,
        .retention = b->retention_days
                         ? arena_printf(rq->arena, "%lld", (long long)b->retention_days)
                         : STR(""),
        .name = b->name,
        .subtitle = b->subtitle,
        .names = names_as_lines(rq->arena, b),
        .language = b->language,
        .timezone = b->timezone,
        .signature = b->signature,
        .address = b->address};
    show(rq, rs, b, &form, NULL);
}

/* --- saving --- */

struct saving {
    struct request *rq;
    const struct brand_form *form;
    const struct str *names;
    size_t names_n;
};

static enum err write_brand(struct tx *tx, void *arg, struct errinfo *e)
{
    const struct saving *s = arg;
    const struct page_context *ctx = s->rq->app;
    const struct who *who = &s->rq->who;
    const struct brand_form *form = s->form;
    int64_t changed;
    const struct brand_sql_update_in in = {
        .brand = who->brand,
        .name = form->name,
        .subtitle = form->subtitle,
        .language = form->language,
        .timezone = form->timezone,
        .signature = form->signature,
        .address = form->address,
        .retention_days = form->days,
        .now = flow_now(ctx->flow),
        .version = form->version,
    };
    TRY(brand_sql_update(tx, &in, &changed));
    if (!changed)
        return err_set(e, ERR_CONFLICT, "brand", "somebody else has changed the brand");
    TRY(brand_sql_names_clear(tx, &(struct brand_sql_names_clear_in){who->brand}, NULL));
    for (size_t i = 0; i < s->names_n; i++)
        TRY(brand_sql_name_add(tx, &(struct brand_sql_name_add_in){who->brand, s->names[i]}, NULL));
    tx_notify(tx, (struct notice){TOPIC_BRAND, who->brand, who->brand, form->version + 1});
    return audit_add(ctx->store, tx,
                     &(struct audit){who->brand, who->agent, flow_now(ctx->flow), "brand.change",
                                     who->brand, form->name});
}

/* One of the words, else the first of them: a choice that only a forged form can miss. */
static struct str one_of(const struct request *rq, const char *field, struct str first,
                         struct str second, struct str third)
{
    struct str v = request_field(rq, field);
    return str_eq(v, second) ? second : third.n && str_eq(v, third) ? third : first;
}

static void read_form(struct request *rq, struct brand_form *form, struct refusal *r)
{
    *form = (struct brand_form){
        .version = form->version,
        .name = settings_line(rq, "name", NAME_MAX),
        .subtitle = settings_line(rq, "subtitle", LINE_MAX),
        .names = request_field(rq, "names"),
        .timezone = settings_line(rq, "timezone", LINE_MAX),
        .retention = settings_line(rq, "retention", LINE_MAX),
        .language = one_of(rq, "language", STR("de"), STR("en"), STR("")),
        .signature = one_of(rq, "signature", STR("initials"), STR("name"), STR("none")),
        .address = one_of(rq, "address", STR("sie"), STR("du"), STR("")),
    };
    if (!form->name.n)
        refuse(r, "name", page_text(rq, "A name is missing. Enter how you are called in public."));
    if (form->retention.n && !str_eq_z(form->retention, "0") &&
        (!str_to_i64(form->retention, &form->days) || form->days < DAYS_LEAST ||
         form->days > DAYS_MOST)) {
        form->days = 0;
        refuse(r, "retention",
               page_text(rq, "Write whole days, at least 7, or nothing to keep everything."));
    }
    if (!zone_known(form->timezone))
        refuse(r, "timezone",
               page_text(rq, "This time zone is not known. Names look like Europe/Berlin."));
}

static void post_brand(struct request *rq, struct response *rs)
{
    const struct brand_view *b = settings_brand(rq, rs);
    struct brand_form form = {0};
    struct refusal r = {0};
    if (!b)
        return;
    if (!str_to_i64(request_query(rq, "version"), &form.version)) /* the one the form was made of */
        form.version = b->version;
    read_form(rq, &form, &r);
    struct saving s = {.rq = rq, .form = &form};
    s.names = settings_lines(rq->arena, form.names, BRAND_NAMES_MAX, &s.names_n);
    if (!settings_write(rq, rs, write_brand, &s, &r))
        return;
    if (r.why.n)
        show(rq, rs, b, &form, &r);
    else
        settings_saved(rq, rs, STR("/desk/brand"));
}

/* --- another brand --- */

struct switching {
    const struct who *who;
    int64_t brand;
};

/* Membership is checked in the transaction that switches. */
static enum err write_switch(struct tx *tx, void *arg, struct errinfo *e)
{
    const struct switching *s = arg;
    struct people_sql_role_row role;
    enum err err = people_sql_role(tx_db(tx), tx_arena(tx),
                                   &(struct people_sql_role_in){s->brand, s->who->agent}, &role);
    if (err != ERR_OK)
        return err_set(e, err, "brand", "you do not work for this brand");
    TRY(session_sql_set_brand(tx, &(struct session_sql_set_brand_in){s->who->session, s->brand},
                              NULL));
    tx_notify(tx, (struct notice){TOPIC_AGENT, s->brand, s->who->agent, 0});
    return ERR_OK;
}

static void post_switch(struct request *rq, struct response *rs)
{
    const struct page_context *ctx = rq->app;
    struct errinfo e = {0};
    struct switching s = {.who = &rq->who};
    enum err err = ERR_NOT_FOUND;
    if (str_to_i64(request_field(rq, "brand"), &s.brand))
        err = store_write(ctx->store, write_switch, &s, &e);
    if (err == ERR_OK)
        pages_done(rq, rs, STR("/desk"));
    else
        pages_fail(rq, rs, err, &e);
}

const struct route brand_routes[] = {
    {METHOD_GET, "/desk/brand", RIGHT_ADMINISTER, 0, 0, get_brand},
    {METHOD_POST, "/desk/brand/change", RIGHT_ADMINISTER, SETTINGS_FORM_MAX, 0, post_brand},
    {METHOD_POST, "/desk/brand", RIGHT_SIGNED_IN, 4096, 0, post_switch},
};
const size_t brand_route_count = sizeof brand_routes / sizeof *brand_routes;
