/* alarms.c - see alarms.h. */
#include "console/alarms.h"

#include "base/clock.h"
#include "channels/channel.h"
#include "console/console.h"
#include "console/pulse.h"
#include "flow/flow.h"
#include "page/alarm.h"
#include "store/store.h"
#include "watch_sql.h"

enum { ACTIONS_MAX = 4 };

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
    if (channel && channel->poll && i->kind != INCIDENT_GONE)
        list[n++] = action(rq, i->account, "fetch", page_text(rq, "Fetch now"), "resend");
    list[n++] = action(rq, i->account, "fine/day", page_text(rq, "Fine until tomorrow"), "check");
    list[n++] = action(rq, i->account, "fine/week", page_text(rq, "Fine for a week"), "check");
    if (right_of_role(rq->who.role, RIGHT_ADMINISTER) && i->kind != INCIDENT_GONE)
        list[n++] = action(rq, i->account, "pause", page_text(rq, "Pause"), "pause");
    v->actions = list;
    v->actions_n = right_of_role(rq->who.role, RIGHT_LEAD) ? n : 0;
}

enum err alarms_fill(struct request *rq, const struct brand_view *b, int64_t account,
                     const struct alarm_view **out, size_t *n)
{
    const struct page_context *ctx = rq->app;
    int64_t now = flow_now(ctx->flow);
    struct watch_sql_open_list_row *rows;
    size_t rows_n;
    TRY(watch_sql_open_list(store_reader(ctx->store), rq->arena,
                            &(struct watch_sql_open_list_in){b->id}, &rows, &rows_n));
    struct alarm_view *list = arena_array(rq->arena, rows_n, sizeof *list);
    *n = 0;
    for (size_t i = 0; i < rows_n; i++) {
        struct alarm_words words;
        if (account && rows[i].account != account)
            continue;
        alarm_say(rq->arena, page_locale(rq), b->calendar.zone, now,
                  &(struct alarm){(int)rows[i].kind, rows[i].since, rows[i].usual, rows[i].what},
                  &words);
        struct alarm_view *v = &list[(*n)++];
        *v = (struct alarm_view){
            .name = rows[i].name, .title = words.title, .detail = words.detail, .todo = words.todo};
        if (!account)
            v->href = arena_printf(rq->arena, "/desk/channels/%lld", (long long)rows[i].account);
        if (rows[i].fine_until > now)
            v->fine = words_with(rq, N_("Known. No alarm until %s."),
                                 pulse_moment(rq, b, rows[i].fine_until));
        add_actions(rq, &rows[i], v);
    }
    *out = list;
    return ERR_OK;
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
    {METHOD_POST, "/desk/channels/:id/fine/day", RIGHT_LEAD, 4096, 0, post_day},
    {METHOD_POST, "/desk/channels/:id/fine/week", RIGHT_LEAD, 4096, 0, post_week},
};
const size_t alarm_route_count = sizeof alarm_routes / sizeof *alarm_routes;
