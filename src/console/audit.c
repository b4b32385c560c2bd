/* audit.c - who changed what, and who was refused what, newest first. */
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

static void add_moment(struct request *rq, const struct brand_view *b, int64_t at,
                       struct rows *rows)
{
    const struct page_context *ctx = rq->app;
    rows_cell(rows,
              format_moment(rq->arena, page_locale(rq), b->calendar.zone, flow_now(ctx->flow), at));
}

static void add_act(struct request *rq, const struct brand_view *b,
                    const struct lists_sql_audit_row *row, struct rows *rows)
{
    add_moment(rq, b, row->at, rows);
    rows_cell(rows, row->agent_name.n ? row->agent_name : page_text(rq, "Zuruf itself"));
    rows_cell(rows, word_audit(rq, row->what));
    add_object(rq, row, rows);
}

/* One line an hour, with how often; of whom or what it was aimed at, else the address asked for. */
static void add_denial(struct request *rq, const struct brand_view *b,
                       const struct lists_sql_denials_row *row, struct rows *rows)
{
    struct str word = word_audit(rq, row->what);
    struct str times = words_count(rq, "%d time", "%d times", row->n);
    add_moment(rq, b, row->last_at, rows);
    rows_cell(rows, row->agent_name.n ? row->agent_name : page_text(rq, "Somebody"));
    rows_cell(rows, row->n < 2
                        ? word
                        : arena_printf(rq->arena, "%.*s (%.*s)", STR_FMT(word), STR_FMT(times)));
    rows_cell(rows, row->object_name.n    ? row->object_name
                    : row->account_name.n ? row->account_name
                                          : row->place);
}

/* Both lists are in order, newest first. last: id of the last one that is shown, for the next page;
 * 0: there is none. */
static enum err add_lines(struct request *rq, const struct brand_view *b, int64_t before,
                          struct rows *rows, int64_t *last)
{
    const struct page_context *ctx = rq->app;
    struct db *db = store_reader(ctx->store);
    struct lists_sql_audit_row *acts;
    struct lists_sql_denials_row *denials;
    size_t n, m, i = 0, k = 0;
    TRY(lists_sql_audit(db, rq->arena, &(struct lists_sql_audit_in){b->id, before, PAGE + 1}, &acts,
                        &n));
    TRY(lists_sql_denials(db, rq->arena, &(struct lists_sql_denials_in){b->id, before, PAGE + 1},
                          &denials, &m));
    *last = 0;
    while (i + k < PAGE && (i < n || k < m)) {
        if (k == m || (i < n && acts[i].id > denials[k].id)) {
            *last = acts[i].id;
            add_act(rq, b, &acts[i++], rows);
        } else {
            *last = denials[k].id;
            add_denial(rq, b, &denials[k++], rows);
        }
    }
    if (i == n && k == m)
        *last = 0;
    return ERR_OK;
}

static void get_audit(struct request *rq, struct response *rs)
{
    static const char *const columns[] = {N_("When"), N_("Who"), N_("What was done"),
                                          N_("To what")};
    const struct brand_view *b = settings_brand(rq, rs);
    struct lists_page page = {0};
    struct rows rows;
    int64_t before = INT64_MAX, last;
    if (!b || !settings_open(rq, rs, b, N_("Audit log"), "audit", &page.sheet))
        return;
    if (!str_to_i64(request_query(rq, "before"), &before))
        before = INT64_MAX;
    rows_init(&rows, rq, columns, 4);
    enum err err = add_lines(rq, b, before, &rows, &last);
    if (err != ERR_OK) {
        pages_fail(rq, rs, err, NULL);
        return;
    }
    struct table_view table =
        rows_table(&rows, STR_NONE, STR_NONE, page_text(rq, "Nothing was changed yet."));
    table.texts = true;
    page.tables = &table;
    page.tables_n = 1;
    page.sheet.intro = page_text(rq, "Nobody can change or delete these entries here.");
    if (last)
        page.next = arena_printf(rq->arena, "/desk/audit?before=%lld", (long long)last);
    struct out o = page_begin(rq, rs);
    lists_page_render(&o, &page);
}

const struct route audit_routes[] = {
    {METHOD_GET, "/desk/audit", RIGHT_LEAD, 0, 0, get_audit},
};
const size_t audit_route_count = sizeof audit_routes / sizeof *audit_routes;
