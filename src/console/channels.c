/* channels.c - the channels of a brand: what is heard, what is silent, and what can be added. */
#include "console/alarms.h"
#include "console/console.h"
#include "console/pulse.h"

#include "base/clock.h"
#include "channels/channel.h"
#include "channels_sql.h"
#include "channels_tmpl.h"
#include "flow/flow.h"
#include "page/format.h"
#include "store/store.h"

static void add_types(struct request *rq, struct channels_page *page)
{
    static const char *const about[][2] = {
        {"mail", N_("Reads a mailbox and answers by mail.")},
        {"feed", N_("Follows news, blogs and forums. It only listens.")},
        {"api",
         N_("Your own systems bring posts and get the answers: social networks, chats, shops.")},
        {"file", N_("For posts that you import from a file.")},
    };
    struct channel_type_view *types =
        arena_array(rq->arena, sizeof about / sizeof *about, sizeof *types);
    for (size_t i = 0; i < sizeof about / sizeof *about; i++) {
        const struct channel *channel = channel_find(str_z(about[i][0]));
        if (channel)
            types[page->types_n++] =
                (struct channel_type_view){.id = str_z(channel->key),
                                           .word = page_text(rq, channel->label),
                                           .about = page_text(rq, about[i][1])};
    }
    page->types = types;
}

static enum err fill_rows(struct request *rq, const struct brand_view *b,
                          struct channel_rows_view *out)
{
    const struct page_context *ctx = rq->app;
    struct db *db = store_reader(ctx->store);
    struct channels_sql_accounts_row *list;
    struct channels_sql_posts_since_row *counts;
    size_t n, counts_n;
    const struct channels_sql_posts_since_in since = {
        b->id, store_id_first(flow_now(ctx->flow) - CLOCK_DAY)};
    TRY(channels_sql_accounts(db, rq->arena, &(struct channels_sql_accounts_in){b->id}, &list, &n));
    TRY(channels_sql_posts_since(db, rq->arena, &since, &counts, &counts_n));
    struct channel_row_view *rows = arena_array(rq->arena, n, sizeof *rows);
    for (size_t i = 0; i < n; i++) {
        struct pulse_said said = pulse_say(rq, b,
                                           &(struct pulse){.channel = channel_find(list[i].channel),
                                                           .state = list[i].state,
                                                           .success_at = list[i].success_at,
                                                           .failures = list[i].failures,
                                                           .incident = (int)list[i].incident,
                                                           .since = list[i].since,
                                                           .error = list[i].error,
                                                           .next_at = list[i].next_at,
                                                           .send_failures = list[i].send_failures,
                                                           .send_error = list[i].send_error,
                                                           .send_after = list[i].send_after});
        rows[i] = (struct channel_row_view){
            .href = arena_printf(rq->arena, "/desk/channels/%lld", (long long)list[i].id),
            .channel = {list[i].network, word_network(rq, list[i].network)},
            .name = list[i].name,
            .about = list[i].key,
            .state = str_z(said.state),
            .word = said.word,
            .heard = pulse_moment(rq, b, list[i].item_at),
        };
        for (size_t k = 0; k < counts_n; k++)
            if (counts[k].account == list[i].id)
                rows[i].day = counts[k].n;
    }
    out->rows = rows;
    out->rows_n = n;
    return ERR_OK;
}

static void get_part_channels(struct request *rq, struct response *rs)
{
    const struct brand_view *b = settings_brand(rq, rs);
    struct channel_rows_view view = {0};
    if (!b)
        return;
    enum err err = fill_rows(rq, b, &view);
    struct out o = page_begin(rq, rs);
    if (err == ERR_OK)
        channel_rows_view_render(&o, &view);
    else
        pages_fail(rq, rs, err, NULL);
}

static void get_channels(struct request *rq, struct response *rs)
{
    const struct brand_view *b = settings_brand(rq, rs);
    struct channels_page page = {0};
    if (!b || !settings_open(rq, rs, b, N_("Channels"), "channels", &page.sheet))
        return;
    enum err err = fill_rows(rq, b, &page.accounts);
    if (err == ERR_OK)
        err = alarms_fill(rq, b, 0, &page.alarms);
    if (err != ERR_OK) {
        pages_fail(rq, rs, err, NULL);
        return;
    }
    if (right_of_role(rq->who.role, RIGHT_ADMINISTER))
        add_types(rq, &page);
    struct out o = page_begin(rq, rs);
    channels_page_render(&o, &page);
}

/* What could not be read, as it came; a file, never shown by the browser in our name. */
static void get_refused(struct request *rq, struct response *rs)
{
    const struct page_context *ctx = rq->app;
    struct channels_sql_refused_raw_row row;
    int64_t id = 0;
    enum err err = request_param_i64(rq, "id", &id) ? ERR_OK : ERR_NOT_FOUND;
    if (err == ERR_OK)
        err = channels_sql_refused_raw(store_reader(ctx->store), rq->arena,
                                       &(struct channels_sql_refused_raw_in){rq->who.brand, id},
                                       &row);
    if (err != ERR_OK) {
        pages_fail(rq, rs, err, NULL);
        return;
    }
    rs->type = "text/plain; charset=utf-8";
    response_header(
        rs, "Content-Disposition",
        pages_disposition(rq->arena, arena_printf(rq->arena, "refused-%lld.txt", (long long)id)));
    response_header(rs, "Content-Security-Policy", STR("default-src 'none'; sandbox"));
    buf_add(&rs->body, row.raw);
}

const struct route channels_routes[] = {
    {METHOD_GET, "/desk/channels", RIGHT_READ, 0, 0, get_channels},
    {METHOD_GET, "/desk/part/channels", RIGHT_READ, 0, 0, get_part_channels},
    {METHOD_GET, "/desk/refused/:id", RIGHT_ADMINISTER, 0, 0, get_refused},
};
const size_t channels_route_count = sizeof channels_routes / sizeof *channels_routes;
