/* audit.c - who changed what, newest first. */
#include "console/console.h"
#include "console/settings.h"

#include "base/clock.h"
#include "flow/flow.h"
#include "lists_sql.h"
#include "lists_tmpl.h"
#include "page/format.h"
#include "store/store.h"
#include "text/unicode.h"

enum { PAGE = 100, DETAIL_LENGTH = 120 };

/* What it was done to: a case by its number, a person by name; else the detail that was kept. */
static void add_object(struct request *rq, const struct lists_sql_audit_row *row, struct rows *rows)
{
    if (row->number) {
        rows_cell(rows, arena_printf(rq->arena, "#%lld %.*s", (long long)row->number,
                                     STR_FMT(row->title)))
            ->href = arena_printf(rq->arena, "/desk/case/%lld", (long long)row->object);
    } else if (str_eq_z(row->what, "session.start")) {
        rows_cell(rows, settings_client(rq, row->detail));
    } else if (row->object_name.n) {
        rows_cell(rows, row->object_name);
    } else {
        rows_cell(rows, text_cut(rq->arena, text_plain_line(rq->arena, row->detail, 1000),
                                 DETAIL_LENGTH));
    }
}

static void get_audit(struct request *rq, struct response *rs)
{
    static const char *const columns[] = {N_("When"), N_("Who"), N_("What was done"),
                                          N_("To what")};
    const struct page_context *ctx = rq->app;
    const struct brand_view *b = settings_brand(rq, rs);
    struct lists_page page = {0};
    struct lists_sql_audit_row *list;
    struct rows rows;
    int64_t before = INT64_MAX;
    size_t n;
    if (!b || !settings_open(rq, rs, b, N_("Audit log"), "audit", &page.sheet))
        return;
    if (!str_to_i64(request_query(rq, "before"), &before))
        before = INT64_MAX;
    enum err err =
        lists_sql_audit(store_reader(ctx->store), rq->arena,
                        &(struct lists_sql_audit_in){b->id, before, PAGE + 1}, &list, &n);
    if (err != ERR_OK) {
        pages_fail(rq, rs, err, NULL);
        return;
    }
    rows_init(&rows, rq, columns, 4);
    for (size_t i = 0; i < n && i < PAGE; i++) {
        rows_cell(&rows, format_moment(rq->arena, page_locale(rq), b->calendar.zone,
                                       flow_now(ctx->flow), list[i].at));
        rows_cell(&rows, list[i].agent_name.n ? list[i].agent_name : page_text(rq, "Zuruf itself"));
        rows_cell(&rows, word_audit(rq, list[i].what));
        add_object(rq, &list[i], &rows);
    }
    struct table_view table =
        rows_table(&rows, STR_NONE, STR_NONE, page_text(rq, "Nothing was changed yet."));
    page.tables = &table;
    page.tables_n = 1;
    page.sheet.intro = page_text(rq, "Nobody can change or delete these entries here.");
    if (n > PAGE)
        page.next =
            arena_printf(rq->arena, "/desk/audit?before=%lld", (long long)list[PAGE - 1].id);
    struct out o = page_begin(rq, rs);
    lists_page_render(&o, &page);
}

const struct route audit_routes[] = {
    {METHOD_GET, "/desk/audit", RIGHT_LEAD, 0, 0, get_audit},
};
const size_t audit_route_count = sizeof audit_routes / sizeof *audit_routes;
