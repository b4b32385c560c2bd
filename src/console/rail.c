/* rail.c - see rail.h. */
#include "console/rail.h"

#include "backup_sql.h"

#include <string.h>

#include "base/clock.h"
#include "base/vec.h"
#include "console/alarms.h"
#include "console/tally.h"
#include "console/words.h"
#include "desk_sql.h"
#include "flow/flow.h"
#include "frame_tmpl.h"
#include "page/context.h"
#include "page/page.h"
#include "store/store.h"

#define SEEN_LATELY (15 * CLOCK_MINUTE)

static struct str number(struct arena *a, int64_t n)
{
    return n ? arena_printf(a, "%lld", (long long)n) : STR("");
}

static void add(struct request *rq, struct vec *v, const char *current, const char *key,
                struct str href, struct str word, const char *icon, struct str shown,
                const char *letter)
{
    struct entry_view *e = vec_push(v);
    *e = (struct entry_view){.href = href,
                             .word = word,
                             .icon = str_z(icon),
                             .count = shown,
                             .current = strcmp(current, key) == 0,
                             .key = str_z(letter)};
    (void)rq;
}

static void fill_views(struct request *rq, const struct tally *t, const char *current,
                       struct rail_view *out)
{
    struct vec v;
    const struct tally_filter waiting = {CASE_WAITING, -1, -1, -1},
                              mine = {CASE_WAITING, -1, -1, rq->who.agent},
                              snoozed = {CASE_SNOOZED, -1, -1, -1};
    vec_init(&v, rq->arena, sizeof(struct entry_view));
    add(rq, &v, current, "waiting", STR("/desk"), page_text(rq, N_("Waiting for us")), "inbox",
        number(rq->arena, tally_count(t, waiting)), "w");
    add(rq, &v, current, "mine", STR("/desk?view=mine"), page_text(rq, N_("Mine")), "user",
        number(rq->arena, tally_count(t, mine)), "m");
    add(rq, &v, current, "snoozed", STR("/desk?view=snoozed"), page_text(rq, N_("Cases put off")),
        "snooze", number(rq->arena, tally_count(t, snoozed)), "s");
    add(rq, &v, current, "answered", STR("/desk?view=answered"), page_text(rq, N_("Answered")),
        "reply", STR(""), "b");
    add(rq, &v, current, "closed", STR("/desk?view=closed"), page_text(rq, N_("Closed")), "check",
        STR(""), "c");
    out->views = v.p;
    out->views_n = v.n;
}

static void fill_teams(struct request *rq, const struct tally *t, const struct brand_view *b,
                       const char *current, struct rail_view *out)
{
    struct vec v;
    vec_init(&v, rq->arena, sizeof(struct entry_view));
    for (size_t i = 0; i < b->teams_n; i++) {
        int64_t waiting =
            tally_count(t, (struct tally_filter){CASE_WAITING, -1, b->teams[i].id, -1});
        struct str key = arena_printf(rq->arena, "team:%lld", (long long)b->teams[i].id);
        struct str href = arena_printf(rq->arena, "/desk?team=%lld", (long long)b->teams[i].id);
        add(rq, &v, current, key.p, href, arena_str(rq->arena, b->teams[i].name),
            arena_str(rq->arena, b->teams[i].icon).p, number(rq->arena, waiting), "");
    }
    out->teams = v.p;
    out->teams_n = v.n;
}

/* Shown only while the last one failed, to those who can do something about it. */
static enum err add_backup(struct request *rq, struct db *db, const char *current, struct vec *v)
{
    struct backup_sql_runs_row *last;
    size_t n;
    if (!right_of_role(rq->who.role, RIGHT_ADMINISTER))
        return ERR_OK;
    TRY(backup_sql_runs(db, rq->arena, &(struct backup_sql_runs_in){1}, &last, &n));
    if (!n || !last[0].what.n || !backup_allowed(rq))
        return ERR_OK;
    add(rq, v, current, "backup", STR("/desk/backup"), page_text(rq, "Backup"), "save",
        page_text(rq, "missing"), "");
    ((struct entry_view *)vec_at(v, v->n - 1))->late = true;
    return ERR_OK;
}

static enum err fill_overview(struct request *rq, struct db *db, const char *current,
                              struct rail_view *out)
{
    struct desk_sql_ill_accounts_row ill;
    struct vec v;
    vec_init(&v, rq->arena, sizeof(struct entry_view));
    TRY(desk_sql_ill_accounts(
        db, rq->arena,
        &(struct desk_sql_ill_accounts_in){rq->who.brand,
                                           flow_now(((const struct page_context *)rq->app)->flow)},
        &ill));
    add(rq, &v, current, "channels", STR("/desk/channels"), page_text(rq, N_("Channels")), "pulse",
        ill.n ? words_count(rq, "%d silent", "%d silent", ill.n) : STR(""), "");
    ((struct entry_view *)vec_at(&v, 0))->late = ill.n > 0;
    if (right_of_role(rq->who.role, RIGHT_LEAD))
        add(rq, &v, current, "settings", STR("/desk/routing"), page_text(rq, N_("Settings")),
            "settings", STR(""), "");
    TRY(add_backup(rq, db, current, &v));
    out->overview = v.p;
    out->overview_n = v.n;
    return ERR_OK;
}

static enum err fill_people(struct request *rq, struct db *db, const struct brand_view *b,
                            struct rail_view *out)
{
    const struct page_context *ctx = rq->app;
    struct desk_sql_on_duty_row *rows;
    struct desk_sql_other_brands_row *brands;
    struct desk_sql_me_row me;
    size_t n, brands_n;
    TRY(desk_sql_on_duty(
        db, rq->arena,
        &(struct desk_sql_on_duty_in){rq->who.brand, flow_now(ctx->flow) - SEEN_LATELY}, &rows,
        &n));
    struct face_view *faces = arena_array(rq->arena, n, sizeof *faces);
    for (size_t i = 0; i < n; i++)
        faces[i] = (struct face_view){
            .name = rows[i].name, .drawn = rows[i].face, .initials = rows[i].initials};
    out->duty = faces;
    out->duty_n = n;
    TRY(desk_sql_other_brands(db, rq->arena,
                              &(struct desk_sql_other_brands_in){rq->who.brand, rq->who.agent},
                              &brands, &brands_n));
    struct brand_choice_view *choices = arena_array(rq->arena, brands_n, sizeof *choices);
    for (size_t i = 0; i < brands_n; i++)
        choices[i] = (struct brand_choice_view){brands[i].id, brands[i].name};
    out->brands = choices;
    out->brands_n = brands_n;
    TRY(desk_sql_me(db, rq->arena, &(struct desk_sql_me_in){rq->who.brand, rq->who.agent}, &me));
    out->me = (struct face_view){.name = me.name, .drawn = me.face, .initials = me.initials};
    out->name = me.name;
    if (str_eq_z(b->signature, "initials"))
        out->signs = words_with(rq, N_("signs ^%s"), me.initials);
    else if (str_eq_z(b->signature, "name"))
        out->signs = page_text(rq, N_("signs with the name"));
    return ERR_OK;
}

enum err rail_fill(struct request *rq, const struct brand_view *b, const char *current,
                   struct rail_view *out)
{
    const struct page_context *ctx = rq->app;
    struct db *db = store_reader(ctx->store);
    struct tally t;
    *out = (struct rail_view){.brand = arena_str(rq->arena, b->name),
                              .line = arena_str(rq->arena, b->subtitle),
                              .demo = ctx->demo};
    TRY(tally_load(rq, &t));
    fill_views(rq, &t, current, out);
    fill_teams(rq, &t, b, current, out);
    TRY(fill_overview(rq, db, current, out));
    return fill_people(rq, db, b, out);
}

static void fill_tabs(struct request *rq, const char *current, struct sheet_view *out)
{
    static const struct {
        const char *key, *href, *word;
        enum right right;
    } tabs[] = {
        {"routing", "/desk/routing", N_("Routing key"), RIGHT_LEAD},
        {"teams", "/desk/teams", N_("Teams"), RIGHT_LEAD},
        {"calendar", "/desk/calendar", N_("Hours and targets"), RIGHT_LEAD},
        {"channels", "/desk/channels", N_("Channels"), RIGHT_READ},
        {"agents", "/desk/agents", N_("Agents"), RIGHT_ADMINISTER},
        {"brand", "/desk/brand", N_("Brand"), RIGHT_ADMINISTER},
        {"audit", "/desk/audit", N_("Audit log"), RIGHT_LEAD},
        {"backup", "/desk/backup", N_("Backup"), RIGHT_ADMINISTER},
    };
    struct vec v;
    bool in_settings = false;
    vec_init(&v, rq->arena, sizeof(struct entry_view));
    for (size_t i = 0; i < sizeof tabs / sizeof *tabs; i++) {
        in_settings |= strcmp(current, tabs[i].key) == 0;
        if (right_of_role(rq->who.role, tabs[i].right) &&
            (strcmp(tabs[i].key, "backup") != 0 || backup_allowed(rq)))
            add(rq, &v, current, tabs[i].key, str_z(tabs[i].href), page_text(rq, tabs[i].word), "",
                STR(""), "");
    }
    if (in_settings && v.n > 1) {
        out->tabs = v.p;
        out->tabs_n = v.n;
    }
}

enum err sheet_fill(struct request *rq, const struct brand_view *b, const char *title_msgid,
                    const char *current, struct sheet_view *out)
{
    bool channels = strcmp(current, "channels") == 0;
    *out = (struct sheet_view){.title = page_text(rq, title_msgid)};
    page_layout(rq, &out->layout, out->title);
    out->layout.brand = arena_str(rq->arena, b->name);
    out->layout.live = true;
    fill_tabs(rq, current, out);
    TRY(troubles_fill(rq, b, current, &out->troubles));
    return rail_fill(rq, b, out->tabs_n && !channels ? "settings" : current, &out->rail);
}
