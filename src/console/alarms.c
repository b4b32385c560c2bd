/* alarms.c - see alarms.h. */
#include "console/alarms.h"

#include <string.h>

#include "backup_sql.h"
#include "base/clock.h"
#include "channels/channel.h"
#include "channels_sql.h"
#include "console/console.h"
#include "console/pulse.h"
#include "console/rail.h"
#include "flow/house.h"
#include "page/alarm.h"
#include "page/format.h"
#include "store/store.h"
#include "watch_sql.h"

enum { ACTIONS_MAX = 4, LINES_MAX = 3, NAMED_MAX = 3 };

static struct form_action_view action(struct request *rq, int64_t account, const char *what,
                                      struct str word, const char *icon)
{
    return (struct form_action_view){
        .action = arena_printf(rq->arena, "/desk/channels/%lld/%s", (long long)account, what),
        .word = word,
        .icon = str_z(icon)};
}

static void add_actions(struct request *rq, const struct watch_sql_open_list_row *i,
                        struct alarm_view *v)
{
    const struct channel *channel = channel_find(i->channel);
    struct form_action_view *list = arena_array(rq->arena, ACTIONS_MAX, sizeof *list);
    size_t n = 0;
    if (i->kind == INCIDENT_UNSENT)
        list[n++] = action(rq, i->account, "send", page_text(rq, "Send now"), "resend");
    else if (channel && channel->poll && i->kind != INCIDENT_GONE)
        list[n++] = action(rq, i->account, "fetch", page_text(rq, "Fetch now"), "resend");
    list[n++] = action(rq, i->account, "fine/day", page_text(rq, "Fine until tomorrow"), "check");
    list[n++] = action(rq, i->account, "fine/week", page_text(rq, "Fine for a week"), "check");
    if (right_of_role(rq->who.role, RIGHT_ADMINISTER) && i->kind != INCIDENT_GONE)
        list[n++] = action(rq, i->account, "pause", page_text(rq, "Pause"), "pause");
    v->actions = list;
    v->actions_n = right_of_role(rq->who.role, RIGHT_LEAD) ? n : 0;
}

enum err alarms_fill(struct request *rq, const struct brand_view *b, int64_t account,
                     struct alarms_view *out)
{
    const struct page_context *ctx = rq->app;
    int64_t now = flow_now(ctx->flow);
    struct watch_sql_open_list_row *rows;
    size_t rows_n;
    TRY(watch_sql_open_list(store_reader(ctx->store), rq->arena,
                            &(struct watch_sql_open_list_in){b->id}, &rows, &rows_n));
    struct alarm_view *list = arena_array(rq->arena, rows_n, sizeof *list);
    *out = (struct alarms_view){
        .part = arena_printf(rq->arena, "/desk/part/alarms/%lld", (long long)account),
        .on =
            account ? arena_printf(rq->arena, "account:%lld", (long long)account) : STR("account"),
        .list = list};
    for (size_t i = 0; i < rows_n; i++) {
        struct alarm_words words;
        if (account && rows[i].account != account)
            continue;
        alarm_say(rq->arena, page_locale(rq), b->calendar.zone, now,
                  &(struct alarm){(int)rows[i].kind, rows[i].since, rows[i].usual, rows[i].what},
                  &words);
        struct alarm_view *v = &list[out->list_n++];
        *v = (struct alarm_view){
            .name = rows[i].name, .title = words.title, .detail = words.detail, .todo = words.todo};
        if (!account)
            v->href = arena_printf(rq->arena, "/desk/channels/%lld", (long long)rows[i].account);
        if (rows[i].fine_until > now)
            v->fine = words_with(rq, N_("Known. No alarm until %s."),
                                 pulse_moment(rq, b, rows[i].fine_until));
        add_actions(rq, &rows[i], v);
    }
    return ERR_OK;
}

/* --- lines --- */

static void add_line(struct troubles_view *out, struct str text, const char *href, struct str word)
{
    ((struct trouble_view *)(uintptr_t)out->list)[out->list_n++] =
        (struct trouble_view){.text = text, .href = str_z(href), .word = word};
}

static void add_house(struct request *rq, struct troubles_view *out)
{
    static const char *const words[ERR_COUNT] = {
        [ERR_LIMIT] = N_("The disk of the server is full: nothing can be saved or sent. Free some "
                         "space there; then it goes on by itself."),
        [ERR_IO] = N_("The disk of the server failed to keep data: nothing can be saved or sent. "
                      "See that it is sound, then restart Zuruf."),
        [ERR_BUSY] = N_("The database is away: nothing can be saved or sent. See that it runs; "
                        "then it goes on by itself."),
    };
    const struct page_context *ctx = rq->app;
    struct house house;
    house_look(ctx->flow, &house);
    if (house.saving != ERR_OK)
        add_line(out, page_text(rq, words[words[house.saving] ? house.saving : ERR_IO]), "",
                 STR_NONE);
    else if (house_is_narrow(&house))
        add_line(out,
                 words_with(rq,
                            N_("Only %s are left on the disk of the server. When it is full, "
                               "nothing can be saved. Free some space, or move the data to a "
                               "larger disk."),
                            format_size(rq->arena, page_locale(rq), house.room)),
                 "", STR_NONE);
}

static enum err add_backup(struct request *rq, const struct brand_view *b,
                           struct troubles_view *out)
{
    const struct page_context *ctx = rq->app;
    struct backup_sql_runs_row *last;
    size_t n;
    TRY(backup_sql_runs(store_reader(ctx->store), rq->arena, &(struct backup_sql_runs_in){1}, &last,
                        &n));
    if (n && last[0].what.n)
        add_line(out,
                 words_with(rq, N_("The last backup failed (%s)."),
                            pulse_moment(rq, b, last[0].ended_at)),
                 "/desk/backup", page_text(rq, "See why"));
    return ERR_OK;
}

/* With the names of some, as far as they fit into a line. */
static enum err add_accounts(struct request *rq, const struct brand_view *b,
                             struct troubles_view *out)
{
    const struct page_context *ctx = rq->app;
    int64_t now = flow_now(ctx->flow), n = 0;
    struct watch_sql_open_list_row *rows;
    struct str names[NAMED_MAX];
    size_t rows_n, names_n = 0;
    TRY(watch_sql_open_list(store_reader(ctx->store), rq->arena,
                            &(struct watch_sql_open_list_in){b->id}, &rows, &rows_n));
    for (size_t i = 0; i < rows_n; i++) {
        if (rows[i].fine_until > now)
            continue;
        if (names_n < NAMED_MAX)
            names[names_n++] = rows[i].name;
        n++;
    }
    if (!n)
        return ERR_OK;
    struct str list = arena_join(rq->arena, names, names_n, STR(", "));
    struct str text = words_count(rq, "%d channel is silent or cannot be reached",
                                  "%d channels are silent or cannot be reached", n);
    add_line(out,
             arena_printf(rq->arena, "%.*s: %.*s%s", STR_FMT(text), STR_FMT(list),
                          n > NAMED_MAX ? " …" : "."),
             "/desk/channels", page_text(rq, "See what to do"));
    return ERR_OK;
}

enum err troubles_fill(struct request *rq, const struct brand_view *b, const char *shown,
                       struct troubles_view *out)
{
    *out =
        (struct troubles_view){.part = arena_printf(rq->arena, "/desk/part/troubles?on=%s", shown),
                               .list = arena_array(rq->arena, LINES_MAX, sizeof *out->list)};
    if (right_of_role(rq->who.role, RIGHT_ADMINISTER))
        add_house(rq, out);
    if (strcmp(shown, "backup") != 0 && backup_allowed(rq))
        TRY(add_backup(rq, b, out));
    if (strcmp(shown, "channels") != 0)
        TRY(add_accounts(rq, b, out));
    return ERR_OK;
}

/* --- handlers --- */

static void get_part_alarms(struct request *rq, struct response *rs)
{
    const struct page_context *ctx = rq->app;
    const struct brand_view *b = settings_brand(rq, rs);
    struct channels_sql_pulse_row known;
    struct alarms_view view;
    int64_t account = 0;
    if (!b)
        return;
    enum err err = request_param_i64(rq, "id", &account) ? ERR_OK : ERR_NOT_FOUND;
    if (err == ERR_OK && account) /* of the brand? */
        err = channels_sql_pulse(store_reader(ctx->store), rq->arena,
                                 &(struct channels_sql_pulse_in){b->id, account}, &known);
    if (err == ERR_OK)
        err = alarms_fill(rq, b, account, &view);
    struct out o = page_begin(rq, rs);
    if (err == ERR_OK)
        alarms_view_render(&o, &view);
    else
        pages_fail(rq, rs, err, NULL);
}

static void get_part_troubles(struct request *rq, struct response *rs)
{
    static const char *const told[] = {"backup", "channels"};
    const struct brand_view *b = settings_brand(rq, rs);
    struct troubles_view view;
    const char *shown = "";
    if (!b)
        return;
    for (size_t i = 0; i < sizeof told / sizeof *told; i++)
        if (str_eq_z(request_query(rq, "on"), told[i]))
            shown = told[i];
    enum err err = troubles_fill(rq, b, shown, &view);
    struct out o = page_begin(rq, rs);
    if (err == ERR_OK)
        troubles_view_render(&o, &view);
    else
        pages_fail(rq, rs, err, NULL);
}

static void post_fine(struct request *rq, struct response *rs, int64_t until)
{
    const struct page_context *ctx = rq->app;
    struct errinfo e = {0};
    int64_t id = 0;
    enum err err = ERR_NOT_FOUND;
    if (request_param_i64(rq, "id", &id))
        err = flow_incident_fine(ctx->flow, &rq->who, id, flow_now(ctx->flow) + until, &e);
    if (err == ERR_OK)
        pages_done(rq, rs, STR("/desk/channels"));
    else
        pages_fail(rq, rs, err, &e);
}

static void post_day(struct request *rq, struct response *rs)
{
    post_fine(rq, rs, CLOCK_DAY);
}

static void post_week(struct request *rq, struct response *rs)
{
    post_fine(rq, rs, 7 * CLOCK_DAY);
}

const struct route alarm_routes[] = {
    {METHOD_GET, "/desk/part/alarms/:id", RIGHT_READ, 0, 0, get_part_alarms},
    {METHOD_GET, "/desk/part/troubles", RIGHT_READ, 0, 0, get_part_troubles},
    {METHOD_POST, "/desk/channels/:id/fine/day", RIGHT_LEAD, 4096, 0, post_day},
    {METHOD_POST, "/desk/channels/:id/fine/week", RIGHT_LEAD, 4096, 0, post_week},
};
const size_t alarm_route_count = sizeof alarm_routes / sizeof *alarm_routes;
