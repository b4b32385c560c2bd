/* desk.c - the desk: rail, list, case; whole pages and the parts that scripts fetch for live
 * updates. */
#include <string.h>

#include "base/clock.h"
#include "base/vec.h"
#include "case_sql.h"
#include "console/alarms.h"
#include "console/console.h"
#include "console/kept.h"
#include "console/pages.h"
#include "console/pane.h"
#include "console/rail.h"
#include "console/row.h"
#include "console/tally.h"
#include "console/words.h"
#include "desk_tmpl.h"
#include "flow/flow.h"
#include "keys_tmpl.h"
#include "page/error.h"
#include "page/format.h"
#include "page/page.h"
#include "store/store.h"

enum { PAGE_ROWS = 40 };

/* Which cases are shown; the same words in the query of an address. */
struct view {
    const char *key; /* of the rail's entry */
    enum case_state state;
    bool mine, nobody;
    int64_t team, after_rank, after_id;
    int kind;         /* -1: any */
    struct str query; /* "?view=mine&kind=complaint" without the place in the list, or "" */
};

static const struct {
    const char *key;
    enum case_state state;
    const char *word, *empty_title, *empty_text;
} views[] = {
    {"waiting", CASE_WAITING, N_("Waiting for us"), N_("Nobody waits."),
     N_("New cases appear here by themselves.")},
    {"mine", CASE_WAITING, N_("Mine"), N_("Nothing is with you."),
     N_("Take the topmost case of “Waiting for us”.")},
    {"snoozed", CASE_SNOOZED, N_("Cases put off"), N_("Nothing is put off."),
     N_("A case that is put off comes back by itself.")},
    {"answered", CASE_ANSWERED, N_("Answered"), N_("Nothing waits for an answer of theirs."),
     N_("Cases you answered without closing stay here until the customer writes.")},
    {"closed", CASE_CLOSED, N_("Closed"), N_("Nothing is closed yet."),
     N_("Closed cases open when the customer writes again.")},
};
enum { VIEWS = sizeof views / sizeof *views };

static size_t view_index(const struct view *v)
{
    for (size_t i = 0; i < VIEWS; i++)
        if (v->mine ? strcmp(views[i].key, "mine") == 0 : views[i].state == v->state)
            return i;
    return 0;
}

/* An address of this view, with another kind or filter. */
static struct str query_of(struct request *rq, const struct view *v, int kind, bool nobody)
{
    struct str parts[4];
    size_t n = 0;
    if (v->team)
        parts[n++] = arena_printf(rq->arena, "team=%lld", (long long)v->team);
    else if (strcmp(views[view_index(v)].key, "waiting") != 0)
        parts[n++] = arena_printf(rq->arena, "view=%s", views[view_index(v)].key);
    if (kind >= 0)
        parts[n++] = arena_printf(rq->arena, "kind=%s", words_name(&kind_words, kind));
    if (nobody)
        parts[n++] = STR("nobody=1");
    return n ? arena_printf(rq->arena, "?%.*s", STR_FMT(arena_join(rq->arena, parts, n, STR("&"))))
             : STR("");
}

static void name_view(struct request *rq, struct view *v)
{
    v->key = v->team ? arena_printf(rq->arena, "team:%lld", (long long)v->team).p
                     : views[view_index(v)].key;
    v->query = query_of(rq, v, v->kind, v->nobody);
}

static void read_view(struct request *rq, struct view *v)
{
    struct str name = request_query(rq, "view"), after = request_query(rq, "after"), rank;
    *v = (struct view){.state = CASE_WAITING,
                       .after_rank = INT64_MIN,
                       .kind = words_find(&kind_words, request_query(rq, "kind")),
                       .nobody = request_query(rq, "nobody").n > 0};
    for (size_t i = 0; i < VIEWS; i++)
        if (str_eq_z(name, views[i].key)) {
            v->state = views[i].state;
            v->mine = strcmp(views[i].key, "mine") == 0;
        }
    str_to_i64(request_query(rq, "team"), &v->team);
    if (after.n && str_next(&after, '.', &rank) &&
        (!str_to_i64(rank, &v->after_rank) || !str_to_i64(after, &v->after_id)))
        v->after_rank = INT64_MIN, v->after_id = 0;
    name_view(rq, v);
}

/* The three statements give rows of the same columns; they are the same struct by name and order.
 */
static enum err load(struct request *rq, const struct view *v, struct desk_sql_row_row **rows,
                     size_t *n)
{
    const struct page_context *ctx = rq->app;
    struct db *db = store_reader(ctx->store);
    enum err err;
    _Static_assert(sizeof(struct desk_sql_list_row) == sizeof(struct desk_sql_row_row) &&
                       sizeof(struct desk_sql_list_team_row) == sizeof(struct desk_sql_row_row) &&
                       sizeof(struct desk_sql_list_mine_row) == sizeof(struct desk_sql_row_row),
                   "the statements of desk.sql must give the same columns");
    if (v->mine) {
        struct desk_sql_list_mine_row *got;
        err = desk_sql_list_mine(
            db, rq->arena,
            &(struct desk_sql_list_mine_in){rq->who.brand, v->state, rq->who.agent, v->kind,
                                            v->after_rank, v->after_id, PAGE_ROWS + 1},
            &got, n);
        *rows = (void *)got;
    } else if (v->team) {
        struct desk_sql_list_team_row *got;
        err = desk_sql_list_team(db, rq->arena,
                                 &(struct desk_sql_list_team_in){rq->who.brand, v->state, v->team,
                                                                 v->kind, v->nobody, v->after_rank,
                                                                 v->after_id, PAGE_ROWS + 1},
                                 &got, n);
        *rows = (void *)got;
    } else {
        struct desk_sql_list_row *got;
        err = desk_sql_list(db, rq->arena,
                            &(struct desk_sql_list_in){rq->who.brand, v->state, v->kind, v->nobody,
                                                       v->after_rank, v->after_id, PAGE_ROWS + 1},
                            &got, n);
        *rows = (void *)got;
    }
    return err;
}

/* --- groups --- */

static size_t group_of(const struct view *v, const struct desk_sql_row_row *c, int64_t now)
{
    if (c->problem)
        return 0;
    if (v->state != CASE_WAITING)
        return 5;
    if (c->due_at && c->due_at < now)
        return 1;
    return c->rank_at <= now ? 2 : c->rank_at <= now + CLOCK_HOUR ? 3 : 4;
}

static void fill_groups(struct request *rq, const struct brand_view *b, const struct view *v,
                        const struct desk_sql_row_row *rows, size_t n, int64_t chosen,
                        struct case_list_view *out)
{
    static const char *const words[] = {N_("Not delivered"),        N_("Overdue"), N_("Now"),
                                        N_("Within the next hour"), N_("Later"),   N_("Cases")};
    const struct page_context *ctx = rq->app;
    int64_t now = flow_now(ctx->flow);
    struct case_group_view *groups = arena_array(rq->arena, 6, sizeof *groups);
    size_t used = 0;
    for (size_t g = 0; g < 6; g++) {
        struct vec in_group;
        vec_init(&in_group, rq->arena, sizeof(struct case_row_view));
        for (size_t i = 0; i < n; i++)
            if (group_of(v, &rows[i], now) == g)
                row_fill(rq, b, &rows[i], now, chosen, v->query, vec_push(&in_group));
        if (!in_group.n)
            continue;
        groups[used++] = (struct case_group_view){.word = page_text(rq, words[g]),
                                                  .state = str_z(g == 1 ? "late" : ""),
                                                  .count = (int64_t)in_group.n,
                                                  .rows = in_group.p,
                                                  .rows_n = in_group.n};
    }
    out->groups = groups;
    out->groups_n = used;
}

/* --- chips --- */

static enum err fill_chips(struct request *rq, const struct view *v, struct case_list_view *out)
{
    struct tally tally;
    struct tally_filter f = {v->state, -1, v->team ? v->team : -1, v->mine ? rq->who.agent : -1};
    bool counted = v->state != CASE_CLOSED; /* the closed ones are too many to count for a page */
    TRY(tally_load(rq, &tally));
    if (counted)
        out->count = tally_count(&tally, f);
    struct vec chips;
    vec_init(&chips, rq->arena, sizeof(struct chip_view));
    static const struct {
        int kind;
        const char *word;
    } shown[] = {{-1, N_("All")},
                 {KIND_COMPLAINT, N_("Complaints")},
                 {KIND_QUESTION, N_("Questions")},
                 {KIND_PRAISE, N_("Praise")},
                 {KIND_IDEA, N_("Ideas")}};
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
        bool on = v->kind == shown[i].kind && (shown[i].kind >= 0 || !v->nobody);
        f.kind = shown[i].kind;
        int64_t count = tally_count(&tally, f);
        if (shown[i].kind > KIND_COMPLAINT && counted && !count && !on)
            continue;
        *(struct chip_view *)vec_push(&chips) = (struct chip_view){
            .href = arena_printf(rq->arena, "/desk%.*s",
                                 STR_FMT(query_of(rq, v, shown[i].kind, false))),
            .word = page_text(rq, shown[i].word),
            .on = on,
            .kind = shown[i].kind >= 0 ? str_z(words_name(&kind_words, shown[i].kind)) : STR(""),
            .count = shown[i].kind >= 0 && counted
                         ? arena_printf(rq->arena, "%lld", (long long)count)
                         : STR("")};
    }
    f.kind = -1;
    f.assignee = 0;
    if (!v->mine)
        *(struct chip_view *)vec_push(&chips) = (struct chip_view){
            .href = arena_printf(rq->arena, "/desk%.*s", STR_FMT(query_of(rq, v, -1, true))),
            .word = page_text(rq, N_("Nobody on it")),
            .on = v->nobody,
            .count = counted ? arena_printf(rq->arena, "%lld", (long long)tally_count(&tally, f))
                             : STR("")};
    out->chips = chips.p;
    out->chips_n = chips.n;
    return ERR_OK;
}

/* The reply that can still be taken back. */
static enum err fill_toast(struct request *rq, struct case_list_view *out)
{
    const struct page_context *ctx = rq->app;
    struct case_sql_undo_row m;
    int64_t now = flow_now(ctx->flow);
    enum err err = case_sql_undo(store_reader(ctx->store), rq->arena,
                                 &(struct case_sql_undo_in){rq->who.brand, rq->who.agent, now}, &m);
    if (err == ERR_NOT_FOUND)
        return ERR_OK;
    TRY(err);
    struct toast_view *t = ARENA_NEW(rq->arena, struct toast_view);
    *t = (struct toast_view){
        .text = words_with(rq, N_("Answer to %s goes out in"),
                           m.person.n ? m.person : page_text(rq, N_("somebody"))),
        .left = (m.not_before - now + 999) / 1000,
        .undo = arena_printf(rq->arena, "/desk/message/%lld/recall", (long long)m.id),
        .thread = m.case_id};
    out->toast = t;
    return ERR_OK;
}

static enum err list_fill(struct request *rq, const struct brand_view *b, const struct view *v,
                          int64_t chosen, struct case_list_view *out)
{
    struct desk_sql_row_row *rows;
    size_t n, i = view_index(v);
    const struct team *team = v->team ? brand_team(b, v->team) : NULL;
    *out = (struct case_list_view){.word = team ? arena_str(rq->arena, team->name)
                                                : page_text(rq, views[i].word),
                                   .here = arena_printf(rq->arena, "/desk%.*s", STR_FMT(v->query)),
                                   .order = page_text(rq, N_("Cases, the most urgent first")),
                                   .empty_title = page_text(rq, views[i].empty_title),
                                   .empty_text = page_text(rq, views[i].empty_text)};
    TRY(load(rq, v, &rows, &n));
    if (n > PAGE_ROWS) {
        const struct desk_sql_row_row *last = &rows[PAGE_ROWS - 1];
        n = PAGE_ROWS;
        out->more = arena_printf(rq->arena, "/desk%s%.*safter=%lld.%lld", v->query.n ? "" : "?",
                                 STR_FMT(v->query), (long long)last->rank_at, (long long)last->id);
        if (v->query.n)
            out->more = arena_printf(rq->arena, "/desk%.*s&after=%lld.%lld", STR_FMT(v->query),
                                     (long long)last->rank_at, (long long)last->id);
    }
    out->count = (int64_t)n;
    fill_groups(rq, b, v, rows, n, chosen, out);
    TRY(fill_chips(rq, v, out));
    return fill_toast(rq, out);
}

/* --- pages --- */

struct desk {
    const struct brand_view *b;
    struct view view;
};

static bool open_desk(struct request *rq, struct response *rs, struct desk *d)
{
    const struct page_context *ctx = rq->app;
    struct errinfo e = {0};
    d->b = flow_brand(ctx->flow, rq->who.brand, &e);
    if (!d->b) {
        pages_fail(rq, rs, e.code, NULL);
        return false;
    }
    read_view(rq, &d->view);
    if (d->view.team && !brand_team(d->b, d->view.team)) { /* deleted meanwhile */
        d->view.team = 0;
        name_view(rq, &d->view);
    }
    return true;
}

/* A list is asked for again and again, by reloads and after each event; a case is not, and it shows
 * drafts. */
struct keeping {
    uint64_t generation;
    struct str key;
};

/* Answers with what this session was given a moment ago, if nothing of the brand has changed since.
 */
static bool answer_kept(struct request *rq, struct response *rs, struct keeping *k)
{
    const struct page_context *ctx = rq->app;
    k->generation = kept_generation(ctx->kept, rq->who.brand);
    k->key =
        arena_printf(rq->arena, "%lld %lld %d %.*s %s %.*s", (long long)rq->who.session,
                     (long long)rq->who.brand, (int)rq->who.role,
                     STR_FMT(locale_language(page_locale(rq))), rq->who.theme, STR_FMT(rq->target));
    return kept_find(ctx->kept, k->generation, k->key, &rs->body);
}

static void keep_answer(struct request *rq, const struct response *rs, const struct keeping *k,
                        const struct case_list_view *list)
{
    const struct page_context *ctx = rq->app;
    if (buf_ok(&rs->body) && !list->toast) /* a toast counts seconds */
        kept_put(ctx->kept, k->generation, k->key, buf_str(&rs->body));
}

static void show_desk(struct request *rq, struct response *rs, int64_t case_id, const char *screen,
                      bool reply, const struct refused_reply *refused)
{
    struct desk d;
    struct keeping keeping;
    if (!case_id && answer_kept(rq, rs, &keeping))
        return;
    if (!open_desk(rq, rs, &d))
        return;
    struct desk_page *page = ARENA_NEW(rq->arena, struct desk_page);
    struct case_pane_view *pane = ARENA_NEW(rq->arena, struct case_pane_view);
    enum err err = ERR_OK;
    struct desk_sql_me_row me = {0};
    const struct page_context *ctx = rq->app;
    if (case_id)
        err = pane_fill(rq, d.b, case_id, d.view.query, reply, refused, pane);
    if (err == ERR_OK)
        err = list_fill(rq, d.b, &d.view, case_id, &page->list);
    if (err == ERR_OK)
        err = rail_fill(rq, d.b, d.view.key, &page->rail);
    if (err == ERR_OK)
        err = troubles_fill(rq, d.b, "", &page->troubles);
    if (err == ERR_OK)
        err = desk_sql_me(store_reader(ctx->store), rq->arena,
                          &(struct desk_sql_me_in){rq->who.brand, rq->who.agent}, &me);
    if (err != ERR_OK) {
        pages_fail(rq, rs, err, NULL);
        flow_brand_release(d.b);
        return;
    }
    page_layout(rq, &page->layout, case_id ? pane->title : page->list.word);
    page->layout.brand = arena_str(rq->arena, d.b->name);
    page->layout.live = true;
    page->layout.screen = str_z(screen);
    page->layout.keys = me.single_keys != 0;
    page->layout.density = str_eq_z(me.density, "compact") ? me.density : STR("");
    page->late = page_text(rq, N_("A case is overdue."));
    page->pane = case_id ? pane : NULL;
    struct out o = page_begin(rq, rs);
    desk_page_render(&o, page);
    if (!case_id)
        keep_answer(rq, rs, &keeping, &page->list);
    flow_brand_release(d.b);
}

static int64_t id_of(const struct request *rq)
{
    int64_t id = 0;
    request_param_i64(rq, "id", &id);
    return id;
}

static void get_desk(struct request *rq, struct response *rs)
{
    show_desk(rq, rs, 0, "list", false, NULL);
}

static void get_views(struct request *rq, struct response *rs)
{
    show_desk(rq, rs, 0, "views", false, NULL);
}

static void get_case(struct request *rq, struct response *rs)
{
    show_desk(rq, rs, id_of(rq), "case", false, NULL);
}

static void get_reply(struct request *rq, struct response *rs)
{
    show_desk(rq, rs, id_of(rq), "reply", true, NULL);
}

void desk_show_refused(struct request *rq, struct response *rs, int64_t case_id, struct str text,
                       const struct errinfo *e)
{
    static const struct {
        enum err code;
        const char *what;
    } words[] = {
        {ERR_CONFLICT, N_("It was not sent: the case has changed meanwhile. Look at it, then send "
                          "your answer again.")},
        {ERR_LIMIT, N_("It was not sent: it is too long for this channel. Shorten it.")},
        {ERR_INVALID,
         N_("It was not sent: there is nothing to send, or this channel takes no answers.")},
    };
    struct str why = page_text(
        rq, N_("It was not sent. Try again; if that does not help, tell your administrator."));
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (e->code == words[i].code)
            why = page_text(rq, words[i].what);
    struct str unsaved = page_unsaved(rq);
    if (unsaved.n)
        why = arena_printf(rq->arena, "%.*s %.*s", STR_FMT(page_text(rq, "It was not sent.")),
                           STR_FMT(unsaved));
    show_desk(rq, rs, case_id, "reply", true, &(struct refused_reply){why, text});
}

/* --- parts for live updates --- */

static void get_part_list(struct request *rq, struct response *rs)
{
    struct desk d;
    struct case_list_view *list = ARENA_NEW(rq->arena, struct case_list_view);
    struct keeping keeping;
    int64_t chosen = 0;
    if (answer_kept(rq, rs, &keeping) || !open_desk(rq, rs, &d))
        return;
    str_to_i64(request_query(rq, "chosen"), &chosen);
    enum err err = list_fill(rq, d.b, &d.view, chosen, list);
    struct out o = page_begin(rq, rs);
    if (err == ERR_OK) {
        case_list_view_render(&o, list);
        keep_answer(rq, rs, &keeping, list);
    } else {
        pages_fail(rq, rs, err, NULL);
    }
    flow_brand_release(d.b);
}

/* Whether a case belongs into a list; the same question as the statements of load() ask. */
static bool in_view(const struct request *rq, const struct view *v,
                    const struct desk_sql_row_row *c)
{
    if (c->state != (int64_t)v->state || (v->kind >= 0 && c->kind != v->kind))
        return false;
    if (v->mine)
        return c->assignee == rq->who.agent;
    return (!v->team || c->team == v->team) && (!v->nobody || !c->assignee);
}

/* Nothing (204) when the case does not belong into the view: the list drops its row then. */
static void get_part_row(struct request *rq, struct response *rs)
{
    struct desk d;
    struct desk_sql_row_row row;
    struct case_row_view *view = ARENA_NEW(rq->arena, struct case_row_view);
    const struct page_context *ctx = rq->app;
    int64_t chosen = 0;
    if (!open_desk(rq, rs, &d))
        return;
    str_to_i64(request_query(rq, "chosen"), &chosen);
    enum err err = desk_sql_row(store_reader(ctx->store), rq->arena,
                                &(struct desk_sql_row_in){rq->who.brand, id_of(rq)}, &row);
    struct out o = page_begin(rq, rs);
    if (err != ERR_OK) {
        pages_fail(rq, rs, err, NULL);
    } else if (!in_view(rq, &d.view, &row)) {
        rs->status = 204;
    } else {
        row_fill(rq, d.b, &row, flow_now(ctx->flow), chosen, d.view.query, view);
        case_row_view_render(&o, view);
    }
    flow_brand_release(d.b);
}

static void get_part_rail(struct request *rq, struct response *rs)
{
    struct desk d;
    struct rail_view *rail = ARENA_NEW(rq->arena, struct rail_view);
    if (!open_desk(rq, rs, &d))
        return;
    enum err err = rail_fill(rq, d.b, d.view.key, rail);
    struct out o = page_begin(rq, rs);
    if (err == ERR_OK)
        rail_view_render(&o, rail);
    else
        pages_fail(rq, rs, err, NULL);
    flow_brand_release(d.b);
}

static void get_part_case(struct request *rq, struct response *rs)
{
    struct desk d;
    struct case_pane_view *pane = ARENA_NEW(rq->arena, struct case_pane_view);
    if (!open_desk(rq, rs, &d))
        return;
    enum err err = pane_fill(rq, d.b, id_of(rq), d.view.query, false, NULL, pane);
    struct out o = page_begin(rq, rs);
    if (err == ERR_OK)
        case_pane_view_render(&o, pane);
    else
        pages_fail(rq, rs, err, NULL);
    flow_brand_release(d.b);
}

static void get_keys(struct request *rq, struct response *rs)
{
    struct desk d;
    struct desk_sql_me_row me;
    const struct page_context *ctx = rq->app;
    struct keys_page *page = ARENA_NEW(rq->arena, struct keys_page);
    if (!open_desk(rq, rs, &d))
        return;
    enum err err = desk_sql_me(store_reader(ctx->store), rq->arena,
                               &(struct desk_sql_me_in){rq->who.brand, rq->who.agent}, &me);
    if (err == ERR_OK)
        err = sheet_fill(rq, d.b, N_("Shortcuts"), "", &page->sheet);
    page->keys.off = err == ERR_OK && !me.single_keys;
    struct out o = page_begin(rq, rs);
    if (err != ERR_OK)
        pages_fail(rq, rs, err, NULL);
    else if (str_eq_z(request_query(rq, "part"), "dialog"))
        keys_view_render(&o, &page->keys);
    else
        keys_page_render(&o, page);
    flow_brand_release(d.b);
}

const struct route desk_routes[] = {
    {METHOD_GET, "/desk", RIGHT_READ, 0, 0, get_desk},
    {METHOD_GET, "/desk/views", RIGHT_READ, 0, 0, get_views},
    {METHOD_GET, "/desk/keys", RIGHT_READ, 0, 0, get_keys},
    {METHOD_GET, "/desk/case/:id", RIGHT_READ, 0, 0, get_case},
    {METHOD_GET, "/desk/case/:id/reply", RIGHT_ANSWER, 0, 0, get_reply},
    {METHOD_GET, "/desk/part/list", RIGHT_READ, 0, 0, get_part_list},
    {METHOD_GET, "/desk/part/rail", RIGHT_READ, 0, 0, get_part_rail},
    {METHOD_GET, "/desk/part/row/:id", RIGHT_READ, 0, 0, get_part_row},
    {METHOD_GET, "/desk/part/case/:id", RIGHT_READ, 0, 0, get_part_case},
};
const size_t desk_route_count = sizeof desk_routes / sizeof *desk_routes;
