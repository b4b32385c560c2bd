/* backup.c - the backups of the installation: when one is made, what came of each, one now, and
 * taking one away. A backup holds all brands: only who administers each of them sees these pages,
 * and a file leaves only in the answer to a form with the asker's password, never by a link. */
#include "console/console.h"
#include "console/settings.h"

#include "backup_sql.h"
#include "console/rail.h"
#include "crypt/password.h"
#include "flow/flow.h"
#include "flow/keep.h"
#include "page/alarm.h"
#include "page/format.h"
#include "people/people.h"
#include "people/throttle.h"
#include "people_sql.h"
#include "store/store.h"

enum { RUNS_SHOWN = 20, HOURS = 24, KEEP_MAX = 90, TRIES = 5 };

struct plan_form {
    struct backup_sql_plan_row plan;
    struct str keep; /* as typed */
};

bool backup_allowed(struct request *rq)
{
    const struct page_context *ctx = rq->app;
    struct people_sql_brands_beyond_row row;
    return right_of_role(rq->who.role, RIGHT_ADMINISTER) &&
           people_sql_brands_beyond(store_reader(ctx->store), rq->arena,
                                    &(struct people_sql_brands_beyond_in){rq->who.agent},
                                    &row) == ERR_OK &&
           row.n == 0;
}

/* The brand worked in; NULL: the error page is written. */
static const struct brand_view *enter(struct request *rq, struct response *rs)
{
    if (backup_allowed(rq))
        return settings_brand(rq, rs);
    struct errinfo e = {0};
    err_set(&e, ERR_DENIED, "", "backups are for those who administer every brand here");
    pages_fail(rq, rs, ERR_DENIED, &e);
    return NULL;
}

/* --- showing --- */

static struct str moment(struct request *rq, const struct brand_view *b, int64_t at)
{
    const struct page_context *ctx = rq->app;
    return format_moment(rq->arena, page_locale(rq), b->calendar.zone, flow_now(ctx->flow), at);
}

static struct str why(struct request *rq, const struct backup_sql_runs_row *failed)
{
    return fault_text(rq->arena, page_locale(rq), failed->what);
}

/* What an administrator wants to know at a glance. */
static void say_state(struct request *rq, const struct brand_view *b,
                      const struct backup_sql_plan_row *plan,
                      const struct backup_sql_runs_row *runs, size_t n, struct sheet_view *sheet)
{
    const struct page_context *ctx = rq->app;
    struct backup_sql_whole_row whole;
    int64_t next =
        keep_next(flow_now(ctx->flow), plan->enabled != 0, (int)plan->hour, plan->timezone);
    bool any = backup_sql_whole(store_reader(ctx->store), rq->arena, &whole) == ERR_OK;
    if (n && runs[0].what.n && !sheet->error.n) {
        const struct str args[] = {moment(rq, b, runs[0].ended_at), why(rq, &runs[0])};
        sheet->error = words_fill(rq, N_("The last backup failed (%s): %s."), args, 2);
    }
    struct str last = any ? words_with(rq, N_("Last backup: %s."), moment(rq, b, whole.made_at))
                          : page_text(rq, "There is no backup yet.");
    struct str then = next ? words_with(rq, N_("Next one: %s."), moment(rq, b, next))
                           : page_text(rq, "None is made by itself.");
    sheet->intro = arena_printf(rq->arena, "%.*s %.*s", STR_FMT(last), STR_FMT(then));
}

static struct str phase_word(struct request *rq, const struct keep_state *now)
{
    static const char *const words[] = {
        [KEEP_IDLE] = "",
        [KEEP_COPYING] = N_("A backup is being made: copying, %s."),
        [KEEP_PACKING] = N_("A backup is being made: packing, %s."),
        [KEEP_CHECKING] = N_("A backup is being made: restoring it to compare, %s.")};
    return words_with(rq, words[now->phase],
                      format_percent(rq->arena, page_locale(rq), now->percent / 100.0));
}

static struct table_view runs_table(struct request *rq, const struct brand_view *b,
                                    const struct backup_sql_runs_row *runs, size_t n,
                                    struct rows *rows)
{
    static const char *const columns[] = {N_("Data of"), N_("Size"), N_("Restored and compared"),
                                          N_("Where"), N_("Take away")};
    char host[256];
    keep_host(host, sizeof host);
    rows_init(rows, rq, columns, 5);
    for (size_t i = 0; i < n; i++) {
        bool whole = runs[i].what.n == 0, here = str_eq_z(runs[i].host, host);
        rows_cell(rows, moment(rq, b, runs[i].made_at));
        rows_cell(rows, whole ? format_size(rq->arena, page_locale(rq), runs[i].bytes) : STR("–"));
        struct table_cell_view *said =
            rows_cell(rows, whole ? moment(rq, b, runs[i].ended_at) : why(rq, &runs[i]));
        said->state = whole ? STR("done") : STR("late");
        rows_cell(rows, runs[i].host);
        struct table_cell_view *way =
            rows_cell(rows, whole && here ? page_text(rq, "Download") : STR("–"));
        if (whole && here)
            way->href = arena_printf(rq->arena, "/desk/backup/file/%lld", (long long)runs[i].id);
    }
    return rows_table(rows, page_text(rq, "What was made"), STR_NONE,
                      page_text(rq, "Nothing yet. Make one now, and look whether it succeeds."));
}

static void add_plan(struct request *rq, const struct plan_form *form, struct fields *f)
{
    struct option_view *hours = arena_array(rq->arena, HOURS, sizeof *hours);
    for (int i = 0; i < HOURS; i++)
        hours[i] = (struct option_view){.value = arena_printf(rq->arena, "%d", i),
                                        .word = arena_printf(rq->arena, "%02d:00", i)};
    fields_add_check(f, "enabled", N_("Make a backup every night"),
                     N_("Each is restored into a scratch place and compared before it counts."),
                     form->plan.enabled != 0);
    fields_add_choice(f, "hour", N_("At"), NULL, hours, HOURS,
                      arena_printf(rq->arena, "%lld", (long long)form->plan.hour));
    fields_add(
        f, "keep", "number", N_("How many to keep"),
        N_("The oldest goes when a newer one is whole. They lie in the data directory, under "
           "backups; copy them to another machine."),
        form->keep);
}

static void show(struct request *rq, struct response *rs, const struct brand_view *b,
                 const struct plan_form *form, const struct refusal *r)
{
    const struct page_context *ctx = rq->app;
    struct form_page page = {.submit = page_text(rq, "Save")};
    struct backup_sql_runs_row *runs;
    struct keep_state now;
    struct fields f;
    struct rows rows;
    size_t n;
    if (!settings_open(rq, rs, b, N_("Backup"), "backup", &page.sheet))
        return;
    enum err err = backup_sql_runs(store_reader(ctx->store), rq->arena,
                                   &(struct backup_sql_runs_in){RUNS_SHOWN}, &runs, &n);
    if (err != ERR_OK) {
        pages_fail(rq, rs, err, NULL);
        return;
    }
    keep_state(ctx->flow, &now);
    say_state(rq, b, &form->plan, runs, n, &page.sheet);
    if (now.phase != KEEP_IDLE) {
        page.sheet.saved = phase_word(rq, &now);
        response_header(rs, "Refresh", STR("2; url=/desk/backup"));
    }
    fields_init(&f, rq);
    add_plan(rq, form, &f);
    struct form_section_view section = fields_section(&f, NULL, NULL);
    struct form_action_view action = {
        .action = STR("/desk/backup/now"),
        .word = page_text(rq, "Make a backup now"),
        .hint = page_text(rq, "Work goes on meanwhile. It takes some seconds for each gigabyte."),
        .icon = STR("save")};
    struct table_view table = runs_table(rq, b, runs, n, &rows);
    page.sections = &section;
    page.action =
        arena_printf(rq->arena, "/desk/backup?version=%lld", (long long)form->plan.version);
    page.actions = &action;
    page.actions_n = now.phase == KEEP_IDLE;
    page.tables = &table;
    page.tables_n = 1;
    settings_show_form(rq, rs, &page, &f, 1, r);
}

static bool load(struct request *rq, struct response *rs, struct plan_form *form)
{
    const struct page_context *ctx = rq->app;
    enum err err = backup_sql_plan(store_reader(ctx->store), rq->arena, &form->plan);
    form->keep = arena_printf(rq->arena, "%lld", (long long)form->plan.keep);
    if (err != ERR_OK)
        pages_fail(rq, rs, err, NULL);
    return err == ERR_OK;
}

static void get_backup(struct request *rq, struct response *rs)
{
    const struct brand_view *b = enter(rq, rs);
    struct plan_form form;
    if (b && load(rq, rs, &form))
        show(rq, rs, b, &form, NULL);
}

/* --- the plan --- */

struct saving {
    struct request *rq;
    const struct backup_sql_plan_row *plan;
};

static enum err audit(struct tx *tx, struct request *rq, const char *what, struct str detail)
{
    const struct page_context *ctx = rq->app;
    return audit_add(
        ctx->store, tx,
        &(struct audit){rq->who.brand, rq->who.agent, flow_now(ctx->flow), what, 0, detail});
}

static enum err write_plan(struct tx *tx, void *arg, struct errinfo *e)
{
    const struct saving *s = arg;
    int64_t changed;
    const struct backup_sql_plan_set_in in = {s->plan->enabled, s->plan->hour, s->plan->timezone,
                                              s->plan->keep, s->plan->version};
    TRY(backup_sql_plan_set(tx, &in, &changed));
    if (!changed)
        return err_set(e, ERR_CONFLICT, "", "somebody else has changed the plan");
    return audit(tx, s->rq, "backup.plan", STR(""));
}

static void post_backup(struct request *rq, struct response *rs)
{
    const struct brand_view *b = enter(rq, rs);
    struct plan_form form;
    struct refusal r = {0};
    if (!b || !load(rq, rs, &form))
        return;
    str_to_i64(request_query(rq, "version"), &form.plan.version); /* the one the form was made of */
    form.plan.enabled = settings_flag(rq, "enabled");
    form.plan.timezone = b->timezone;
    form.keep = settings_line(rq, "keep", 20);
    if (!str_to_i64(request_field(rq, "hour"), &form.plan.hour) || form.plan.hour < 0 ||
        form.plan.hour >= HOURS)
        refuse(&r, "hour", page_text(rq, "Choose an hour of the list."));
    if (!str_to_i64(form.keep, &form.plan.keep) || form.plan.keep < 1 || form.plan.keep > KEEP_MAX)
        refuse(&r, "keep", page_text(rq, "Enter a number from 1 to 90."));
    if (!settings_write(rq, rs, write_plan, &(struct saving){rq, &form.plan}, &r))
        return;
    if (r.why.n)
        show(rq, rs, b, &form, &r);
    else
        settings_saved(rq, rs, STR("/desk/backup"));
}

/* --- one now --- */

static enum err write_asked(struct tx *tx, void *arg, struct errinfo *e)
{
    (void)e;
    return audit(tx, arg, "backup.start", STR(""));
}

static void post_now(struct request *rq, struct response *rs)
{
    const struct page_context *ctx = rq->app;
    struct errinfo e = {0};
    if (!enter(rq, rs))
        return;
    enum err err = keep_start(ctx->flow, rq->who.agent, &e);
    if (err == ERR_OK)
        err = store_write(ctx->store, write_asked, rq, &e);
    if (err == ERR_OK || err == ERR_BUSY) /* the page shows the one that is running */
        response_redirect(rs, STR("/desk/backup"));
    else
        pages_fail(rq, rs, err, &e);
}

/* --- taking one away --- */

/* ERR_NOT_FOUND also when it lies on another machine. */
static enum err find(struct request *rq, struct backup_sql_run_row *run)
{
    const struct page_context *ctx = rq->app;
    int64_t id;
    char host[256];
    if (!request_param_i64(rq, "id", &id))
        return ERR_NOT_FOUND;
    TRY(backup_sql_run(store_reader(ctx->store), rq->arena, &(struct backup_sql_run_in){id}, run));
    keep_host(host, sizeof host);
    return run->file.n && str_eq_z(run->host, host) ? ERR_OK : ERR_NOT_FOUND;
}

static void ask(struct request *rq, struct response *rs, const struct brand_view *b,
                const struct backup_sql_run_row *run, const struct refusal *r)
{
    struct form_page page = {.submit = page_text(rq, "Download"), .back = STR("/desk/backup")};
    struct fields f;
    if (!settings_open(rq, rs, b, N_("Download a backup"), "backup", &page.sheet))
        return;
    page.sheet.intro = words_with(rq, N_("Data of %s."), moment(rq, b, run->made_at));
    fields_init(&f, rq);
    fields_add(&f, "password", "password", N_("Your password"),
               N_("This file holds everything, also the key to all passwords of accounts. Keep it "
                  "as carefully as the server."),
               STR(""))
        ->complete = STR("current-password");
    struct form_section_view section = fields_section(&f, NULL, NULL);
    page.sections = &section;
    page.action = arena_printf(rq->arena, "/desk/backup/file/%lld", (long long)run->id);
    settings_show_form(rq, rs, &page, &f, 1, r);
}

static void get_file(struct request *rq, struct response *rs)
{
    const struct brand_view *b = enter(rq, rs);
    struct backup_sql_run_row run;
    if (!b)
        return;
    enum err err = find(rq, &run);
    if (err == ERR_OK)
        ask(rq, rs, b, &run, NULL);
    else
        pages_fail(rq, rs, err, NULL);
}

/* Slow: on a worker. */
static enum err confirm(struct request *rq, struct refusal *r)
{
    const struct page_context *ctx = rq->app;
    struct people_sql_agent_password_row known;
    struct str typed = request_field(rq, "password");
    struct str key = arena_printf(rq->arena, "old %lld", (long long)rq->who.agent);
    int64_t now = flow_now(ctx->flow);
    TRY(people_sql_agent_password(store_reader(ctx->store), rq->arena,
                                  &(struct people_sql_agent_password_in){rq->who.agent}, &known));
    if (!known.password.n)
        refuse(r, "password",
               page_text(rq, "You have no password. Set one in your profile first."));
    else if (throttle_wait(ctx->throttle, key, TRIES, now) > 0)
        refuse(r, "password", page_text(rq, "Too many tries. Wait a little, then try again."));
    else if (typed.n > PASSWORD_BYTES_MAX || !password_verify(known.password, typed)) {
        throttle_failed(ctx->throttle, key, now);
        refuse(r, "password", page_text(rq, "This is not your password."));
    } else {
        throttle_passed(ctx->throttle, key);
    }
    return ERR_OK;
}

struct taking {
    struct request *rq;
    struct str file;
};

static enum err write_taken(struct tx *tx, void *arg, struct errinfo *e)
{
    const struct taking *t = arg;
    (void)e;
    return audit(tx, t->rq, "backup.download", t->file);
}

static void post_file(struct request *rq, struct response *rs)
{
    const struct page_context *ctx = rq->app;
    const struct brand_view *b = enter(rq, rs);
    struct backup_sql_run_row run;
    struct refusal r = {0};
    struct errinfo e = {0};
    int64_t size = 0;
    int fd = -1;
    if (!b)
        return;
    enum err err = find(rq, &run);
    if (err == ERR_OK)
        err = confirm(rq, &r);
    if (err == ERR_OK && r.why.n) {
        ask(rq, rs, b, &run, &r);
        return;
    }
    if (err == ERR_OK)
        err = store_write(ctx->store, write_taken, &(struct taking){rq, run.file}, &e);
    if (err == ERR_OK)
        err = keep_open_file(ctx->flow, run.file, &fd, &size, &e);
    if (err != ERR_OK) {
        pages_fail(rq, rs, err, &e);
        return;
    }
    rs->type = "application/octet-stream";
    response_header(rs, "Content-Disposition", pages_disposition(rq->arena, run.file));
    response_header(rs, "Content-Security-Policy", STR("default-src 'none'; sandbox"));
    response_file(rq, rs, fd, size);
}

const struct route backup_routes[] = {
    {METHOD_GET, "/desk/backup", RIGHT_ADMINISTER, 0, 0, get_backup},
    {METHOD_POST, "/desk/backup", RIGHT_ADMINISTER, SETTINGS_FORM_MAX, 0, post_backup},
    {METHOD_POST, "/desk/backup/now", RIGHT_ADMINISTER, 4096, 0, post_now},
    {METHOD_GET, "/desk/backup/file/:id", RIGHT_ADMINISTER, 0, 0, get_file},
    {METHOD_POST, "/desk/backup/file/:id", RIGHT_ADMINISTER, 16 * 1024, ROUTE_WORKER, post_file},
};
const size_t backup_route_count = sizeof backup_routes / sizeof *backup_routes;
