/* pulse.c - see pulse.h. The pulse on a page renews itself (assets/js/part.js). */
#include "console/pulse.h"

#include "base/clock.h"
#include "channels/channel.h"
#include "channels_sql.h"
#include "console/console.h"
#include "flow/flow.h"
#include "page/alarm.h"
#include "page/format.h"
#include "store/store.h"

enum { TABLES = 4 };

struct str pulse_moment(struct request *rq, const struct brand_view *b, int64_t at)
{
    const struct page_context *ctx = rq->app;
    if (!at)
        return page_text(rq, "never");
    return format_moment(rq->arena, page_locale(rq), b->calendar.zone, flow_now(ctx->flow), at);
}

/* What is wrong and when it is tried again: later, or now. */
static struct pulse_said trouble_said(struct request *rq, const struct brand_view *b,
                                      const char *later, const char *now, struct str kept,
                                      int64_t at)
{
    const struct page_context *ctx = rq->app;
    struct str why = fault_text(rq->arena, page_locale(rq), kept);
    if (at <= flow_now(ctx->flow))
        return (struct pulse_said){"late", words_with(rq, now, why)};
    const struct str args[] = {why, pulse_moment(rq, b, at)};
    return (struct pulse_said){"late", words_fill(rq, later, args, 2)};
}

struct pulse_said pulse_say(struct request *rq, const struct brand_view *b, const struct pulse *p)
{
    bool polls = p->channel && p->channel->poll_every > 0;
    struct str since = pulse_moment(rq, b, p->since);
    struct str why = fault_text(rq->arena, page_locale(rq), p->error);
    if (p->state == ACCOUNT_PAUSED)
        return (struct pulse_said){"soon", page_text(rq, "paused")};
    if (p->state == ACCOUNT_STOPPED)
        return (struct pulse_said){"late", words_with(rq, N_("stopped: %s"), why)};
    if (p->fetching)
        return (struct pulse_said){"", page_text(rq, "is fetching…")};
    if (p->failures > 0)
        return trouble_said(rq, b, N_("does not hear: %s. Next try %s"),
                            N_("does not hear: %s. It is tried again now"), p->error, p->next_at);
    if (p->send_failures > 0)
        return trouble_said(rq, b, N_("answers wait: %s. Next try %s"),
                            N_("answers wait: %s. It is tried again now"), p->send_error,
                            p->send_after);
    if (p->incident == INCIDENT_SILENT)
        return (struct pulse_said){"late", words_with(rq, N_("silent since %s"), since)};
    if (p->incident >= 0 && p->incident != INCIDENT_UNSENT)
        return (struct pulse_said){"late", words_with(rq, N_("not fetched since %s"), since)};
    if (polls && !p->success_at)
        return (struct pulse_said){"", page_text(rq, "is asked for the first time")};
    return (struct pulse_said){"done", polls ? page_text(rq, "hears") : page_text(rq, "ready")};
}

/* --- what came of it --- */

static struct pulse pulse_of(const struct channels_sql_pulse_row *p)
{
    const struct channel *channel = channel_find(p->channel);
    return (struct pulse){
        .channel = channel,
        .state = p->state,
        .success_at = p->success_at,
        .failures = p->failures,
        .incident = (int)p->incident,
        .since = p->since,
        .fetching = channel && channel->poll && p->state == ACCOUNT_ON && p->asked > p->served,
        .error = p->error,
        .next_at = p->next_at,
        .send_failures = p->send_failures,
        .send_error = p->send_error,
        .send_after = p->send_after,
    };
}

/* What the last fetch brought, and when nothing may be fetched. */
static struct str last_fetch(struct request *rq, const struct brand_view *b,
                             const struct channels_sql_pulse_row *p)
{
    const struct page_context *ctx = rq->app;
    const struct channel *channel = channel_find(p->channel);
    if (!channel || !channel->poll || !p->attempt_at || p->asked > p->served)
        return STR_NONE;
    if (p->held_until > flow_now(ctx->flow))
        return words_with(rq, N_("The other side asks us to wait until %s."),
                          pulse_moment(rq, b, p->held_until));
    if (p->failures) {
        struct str failed =
            words_with(rq, N_("Last fetch %s: failed."), pulse_moment(rq, b, p->attempt_at));
        const struct str both[] = {failed, fault_todo(page_locale(rq), p->error)};
        return both[1].n ? arena_join(rq->arena, both, 2, STR(" ")) : failed;
    }
    if (!p->fetched)
        return words_with(rq, N_("Last fetch %s: nothing new."),
                          pulse_moment(rq, b, p->attempt_at));
    const struct str args[] = {pulse_moment(rq, b, p->attempt_at),
                               words_count(rq, "%d new post", "%d new posts", p->fetched)};
    return words_fill(rq, N_("Last fetch %s: %s."), args, 2);
}

/* Answers that wait for the other side: since when, why, and what to do. */
static struct str wait_of_answers(struct request *rq, const struct brand_view *b,
                                  const struct channels_sql_pulse_row *p)
{
    const struct page_context *ctx = rq->app;
    if (!p->send_failures)
        return STR_NONE;
    if (p->send_asked && p->send_after > flow_now(ctx->flow))
        return words_with(rq, N_("The other side asks us to wait until %s."),
                          pulse_moment(rq, b, p->send_after));
    struct pulse_said said =
        trouble_said(rq, b, N_("Answers wait: %s. Next try %s."),
                     N_("Answers wait: %s. It is tried again now."), p->send_error, p->send_after);
    const struct str both[] = {said.word, fault_todo(page_locale(rq), p->send_error)};
    return both[1].n ? arena_join(rq->arena, both, 2, STR(" ")) : said.word;
}

static struct str last_words(struct request *rq, const struct brand_view *b,
                             const struct channels_sql_pulse_row *p)
{
    const struct str both[] = {last_fetch(rq, b, p), wait_of_answers(rq, b, p)};
    if (!both[0].n || !both[1].n)
        return both[0].n ? both[0] : both[1];
    return arena_join(rq->arena, both, 2, STR(" "));
}

static enum err pulse_table(struct request *rq, struct db *db, const struct brand_view *b,
                            int64_t account, struct table_view *out)
{
    static const char *const columns[] = {N_("State"),      N_("Last success"), N_("Next attempt"),
                                          N_("Last heard"), N_("Posts"),        N_("Refused")};
    struct channels_sql_pulse_row p;
    struct rows rows;
    TRY(channels_sql_pulse(db, rq->arena, &(struct channels_sql_pulse_in){b->id, account}, &p));
    const struct pulse pulse = pulse_of(&p);
    struct pulse_said said = pulse_say(rq, b, &pulse);
    bool waits = p.state == ACCOUNT_ON && pulse.channel && pulse.channel->poll_every > 0;
    rows_init(&rows, rq, columns, 6);
    rows_cell(&rows, said.word)->state = str_z(said.state);
    rows_cell(&rows, pulse_moment(rq, b, p.success_at));
    rows_cell(&rows, !waits      ? STR("–")
                     : p.next_at ? pulse_moment(rq, b, p.next_at)
                                 : page_text(rq, "at once"));
    rows_cell(&rows, pulse_moment(rq, b, p.item_at));
    rows_cell(&rows, arena_printf(rq->arena, "%lld", (long long)p.items));
    rows_cell(&rows, arena_printf(rq->arena, "%lld", (long long)p.refused));
    *out = rows_table(&rows, page_text(rq, "Pulse"), last_words(rq, b, &p), STR_NONE);
    out->part = arena_printf(rq->arena, "/desk/part/pulse/%lld", (long long)account);
    out->on = arena_printf(rq->arena, "account:%lld", (long long)account);
    return ERR_OK;
}

static enum err refused_table(struct request *rq, struct db *db, const struct brand_view *b,
                              int64_t account, struct table_view *out)
{
    static const char *const columns[] = {N_("When"), N_("Where"), N_("Why"), N_("Original")};
    struct channels_sql_refused_row *list;
    struct rows rows;
    size_t n;
    TRY(channels_sql_refused(db, rq->arena, &(struct channels_sql_refused_in){b->id, account},
                             &list, &n));
    rows_init(&rows, rq, columns, right_of_role(rq->who.role, RIGHT_ADMINISTER) ? 4 : 3);
    for (size_t i = 0; i < n; i++) {
        rows_cell(&rows, pulse_moment(rq, b, list[i].at));
        rows_cell(&rows, list[i].place);
        rows_cell(&rows, list[i].what);
        if (rows.columns == 4)
            rows_cell(&rows, page_text(rq, "as a file"))->href =
                arena_printf(rq->arena, "/desk/refused/%lld", (long long)list[i].id);
    }
    *out = rows_table(&rows, page_text(rq, "What could not be read"), STR_NONE,
                      page_text(rq, "So far everything could be read."));
    return ERR_OK;
}

static enum err deliveries_table(struct request *rq, struct db *db, const struct brand_view *b,
                                 int64_t account, struct table_view *out)
{
    static const char *const columns[] = {N_("When"), N_("Case"), N_("Try"), N_("Result"),
                                          N_("What the other side said")};
    static const char *const results[][2] = {{"accepted", N_("arrived")},
                                             {"refused", N_("refused")},
                                             {"later", N_("tried again later")},
                                             {"unclear", N_("unclear")}};
    struct channels_sql_deliveries_row *list;
    struct rows rows;
    size_t n;
    TRY(channels_sql_deliveries(db, rq->arena, &(struct channels_sql_deliveries_in){b->id, account},
                                &list, &n));
    rows_init(&rows, rq, columns, 5);
    for (size_t i = 0; i < n; i++) {
        struct str result = list[i].result;
        for (size_t k = 0; k < sizeof results / sizeof *results; k++)
            if (str_eq_z(list[i].result, results[k][0]))
                result = page_text(rq, results[k][1]);
        rows_cell(&rows, pulse_moment(rq, b, list[i].at));
        struct table_cell_view *to = rows_cell(
            &rows, list[i].number ? arena_printf(rq->arena, "#%lld", (long long)list[i].number)
                                  : STR("–"));
        if (list[i].case_id)
            to->href = arena_printf(rq->arena, "/desk/case/%lld", (long long)list[i].case_id);
        rows_cell(&rows, arena_printf(rq->arena, "%lld", (long long)list[i].attempt));
        rows_cell(&rows, result)->state =
            str_eq_z(list[i].result, "accepted") ? STR("done") : STR("late");
        rows_cell(&rows, fault_text(rq->arena, page_locale(rq), list[i].what));
    }
    *out = rows_table(&rows, page_text(rq, "Answers on their way"), STR_NONE,
                      page_text(rq, "Nothing was sent over this account yet."));
    return ERR_OK;
}

enum err pulse_tables(struct request *rq, const struct brand_view *b, int64_t account,
                      const struct channel *channel, const struct table_view **tables, size_t *n)
{
    const struct page_context *ctx = rq->app;
    struct db *db = store_reader(ctx->store);
    struct table_view *t = arena_array(rq->arena, TABLES, sizeof *t);
    *n = 0;
    TRY(pulse_table(rq, db, b, account, &t[(*n)++]));
    if (channel->can_reply)
        TRY(deliveries_table(rq, db, b, account, &t[(*n)++]));
    TRY(refused_table(rq, db, b, account, &t[(*n)++]));
    *tables = t;
    return ERR_OK;
}

/* --- handlers --- */

static void get_part_pulse(struct request *rq, struct response *rs)
{
    const struct page_context *ctx = rq->app;
    const struct brand_view *b = settings_brand(rq, rs);
    struct table_view table;
    int64_t id = 0;
    if (!b)
        return;
    enum err err = request_param_i64(rq, "id", &id) ? ERR_OK : ERR_NOT_FOUND;
    if (err == ERR_OK)
        err = pulse_table(rq, store_reader(ctx->store), b, id, &table);
    struct out o = page_begin(rq, rs);
    if (err == ERR_OK)
        table_view_render(&o, &table);
    else
        pages_fail(rq, rs, err, NULL);
}

/* A wish that cannot be served now is no error: the pulse says why. */
static void post_fetch(struct request *rq, struct response *rs)
{
    const struct page_context *ctx = rq->app;
    struct errinfo e = {0};
    int64_t id = 0, asked;
    enum err err = ERR_NOT_FOUND;
    if (request_param_i64(rq, "id", &id))
        err = flow_fetch(ctx->flow, rq->who.brand, rq->who.agent, id, &asked, &e);
    if (err == ERR_OK || err == ERR_CONFLICT)
        pages_done(rq, rs, arena_printf(rq->arena, "/desk/channels/%lld", (long long)id));
    else
        pages_fail(rq, rs, err, &e);
}

static void post_send(struct request *rq, struct response *rs)
{
    const struct page_context *ctx = rq->app;
    struct errinfo e = {0};
    int64_t id = 0;
    enum err err = ERR_NOT_FOUND;
    if (request_param_i64(rq, "id", &id))
        err = flow_send_now(ctx->flow, &rq->who, id, 0, &e);
    if (err == ERR_OK || err == ERR_CONFLICT)
        pages_done(rq, rs, arena_printf(rq->arena, "/desk/channels/%lld", (long long)id));
    else
        pages_fail(rq, rs, err, &e);
}

const struct route pulse_routes[] = {
    {METHOD_GET, "/desk/part/pulse/:id", RIGHT_READ, 0, 0, get_part_pulse},
    {METHOD_POST, "/desk/channels/:id/fetch", RIGHT_LEAD, 4096, 0, post_fetch},
    {METHOD_POST, "/desk/channels/:id/send", RIGHT_LEAD, 4096, 0, post_send},
};
const size_t pulse_route_count = sizeof pulse_routes / sizeof *pulse_routes;
