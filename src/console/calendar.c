/* calendar.c - when the brand answers: business hours, holidays, and how fast (targets). All three
 * are one form; they are replaced together in one transaction. */
#include "console/console.h"
#include "console/settings.h"

#include "base/clock.h"
#include "brand_sql.h"
#include "console/hours.h"
#include "flow/flow.h"
#include "people/people.h"
#include "store/store.h"

enum { MINUTES_MAX = 60 * 24 * 90, SECTIONS = KIND_COUNT /* calendar, and each kind but spam */ };

struct calendar_form {
    struct str hours, holidays;                        /* as typed */
    struct str targets[KIND_COUNT][PRIORITY_COUNT][2]; /* as typed: first, next */
    struct calendar_hours *hours_read;
    size_t hours_n;
    struct holiday *days;
    size_t days_n;
    struct target read[KIND_COUNT][PRIORITY_COUNT];
};

static const char *target_field(struct request *rq, int kind, int priority, int which)
{
    return arena_printf(rq->arena, "t-%s-%s-%s", words_name(&kind_words, kind),
                        words_name(&priority_words, priority), which ? "next" : "first")
        .p;
}

static enum err load(struct request *rq, const struct brand_view *b, struct calendar_form *form)
{
    const struct page_context *ctx = rq->app;
    struct brand_sql_holidays_row *rows;
    size_t n;
    TRY(brand_sql_holidays(store_reader(ctx->store), rq->arena,
                           &(struct brand_sql_holidays_in){b->id}, &rows, &n));
    struct holiday *days = arena_array(rq->arena, n, sizeof *days);
    for (size_t i = 0; i < n; i++)
        days[i] = (struct holiday){rows[i].day, rows[i].name};
    form->hours = hours_write(rq->arena, page_locale(rq), b->calendar.hours, b->calendar.hours_n);
    form->holidays = holidays_write(rq->arena, days, n);
    for (int k = 0; k < KIND_COUNT; k++)
        for (int p = 0; p < PRIORITY_COUNT; p++)
            for (int i = 0; i < 2; i++) {
                int64_t ms = i ? b->targets[k][p].next_ms : b->targets[k][p].first_ms;
                form->targets[k][p][i] =
                    arena_printf(rq->arena, "%lld", (long long)(ms / CLOCK_MINUTE));
            }
    return ERR_OK;
}

static void add_targets(struct request *rq, const struct calendar_form *form, int kind,
                        struct fields *f)
{
    static const char *const labels[PRIORITY_COUNT][2] = {
        [PRIORITY_HIGH] = {N_("First answer, high priority"), N_("Further answers, high priority")},
        [PRIORITY_NORMAL] = {N_("First answer"), N_("Further answers")},
        [PRIORITY_LOW] = {N_("First answer, low priority"), N_("Further answers, low priority")},
    };
    fields_init(f, rq);
    for (int p = PRIORITY_COUNT - 1; p >= 0; p--)
        for (int i = 0; i < 2; i++)
            fields_add(f, target_field(rq, kind, p, i), "number", labels[p][i], NULL,
                       form->targets[kind][p][i]);
}

static void show(struct request *rq, struct response *rs, const struct brand_view *b,
                 const struct calendar_form *form, const struct refusal *r)
{
    struct form_page page = {.submit = page_text(rq, "Save"), .action = STR("/desk/calendar")};
    struct fields f[SECTIONS];
    struct form_section_view sections[SECTIONS];
    size_t n = 0;
    if (!settings_open(rq, rs, b, N_("Hours and targets"), "calendar", &page.sheet))
        return;
    page.sheet.intro =
        page_text(rq, "Clocks run only while somebody is there. Changes hold for new cases.");
    fields_init(&f[n], rq);
    fields_add(
        &f[n], "hours", "lines", N_("Business hours"),
        N_("One line for each day or range of days: Mon–Fri 08:00–18:00. Empty: always open."),
        form->hours)
        ->needed = false;
    fields_add(&f[n], "holidays", "lines", N_("Holidays"),
               N_("One line each: 2026-12-25 Christmas Day. Nobody is there on these days."),
               form->holidays)
        ->needed = false;
    sections[n] = fields_section(&f[n], NULL, NULL);
    n++;
    for (int kind = 0; kind < KIND_COUNT; kind++) {
        if (kind == KIND_SPAM)
            continue;
        add_targets(rq, form, kind, &f[n]);
        sections[n] =
            fields_section(&f[n], NULL, N_("Minutes of business time until an answer is due."));
        sections[n].title = word_kind(rq, kind);
        sections[n].pairs = true;
        n++;
    }
    page.sections = sections;
    settings_show_form(rq, rs, &page, f, n, r);
}

/* --- reading what was sent --- */

static struct str line_fault_said(struct request *rq, const struct line_error *e)
{
    static const char *const said[] = {
        [LINE_DAY] = N_(
            "Line %s does not begin with days of the week. Write it like “Mon–Fri 08:00–18:00”."),
        [LINE_TIME] = N_("Line %s has no range of times within one day. Write it like "
                         "“08:00–12:00, 13:00–17:00”."),
        [LINE_OVERLAP] =
            N_("Line %s names a time that another line names already. Delete one of the two."),
        [LINE_DATE] = N_("Line %s does not begin with a date of the calendar. Write it like "
                         "“2026-12-25 Christmas Day”."),
        [LINE_NAME] = N_("Line %s names no holiday. Write its name behind the date."),
        [LINE_TOO_MANY] = N_("From line %s on it is more than can be kept. Delete what is past."),
    };
    return words_with(rq, said[e->fault], arena_printf(rq->arena, "%d", e->line));
}

static void read_targets(struct request *rq, struct calendar_form *form, struct refusal *r)
{
    for (int k = 0; k < KIND_COUNT; k++)
        for (int p = 0; k != KIND_SPAM && p < PRIORITY_COUNT; p++)
            for (int i = 0; i < 2; i++) {
                const char *name = target_field(rq, k, p, i);
                int64_t minutes = 0;
                form->targets[k][p][i] = settings_line(rq, name, 20);
                if (!str_to_i64(form->targets[k][p][i], &minutes) || minutes < 1 ||
                    minutes > MINUTES_MAX)
                    refuse(r, name,
                           page_text(rq, "Enter whole minutes, from 1 to 129,600 (90 days)."));
                *(i ? &form->read[k][p].next_ms : &form->read[k][p].first_ms) =
                    minutes * CLOCK_MINUTE;
            }
}

static void read_form(struct request *rq, struct calendar_form *form, struct refusal *r)
{
    struct line_error e;
    form->hours = request_field(rq, "hours");
    form->holidays = request_field(rq, "holidays");
    if (hours_read(rq->arena, form->hours, &form->hours_read, &form->hours_n, &e) != ERR_OK)
        refuse(r, "hours", line_fault_said(rq, &e));
    if (holidays_read(rq->arena, form->holidays, &form->days, &form->days_n, &e) != ERR_OK)
        refuse(r, "holidays", line_fault_said(rq, &e));
    read_targets(rq, form, r);
}

/* --- saving --- */

struct saving {
    struct request *rq;
    const struct calendar_form *form;
};

static enum err write_targets(struct tx *tx, int64_t brand, const struct calendar_form *form)
{
    for (int k = 0; k < KIND_COUNT; k++)
        for (int p = 0; k != KIND_SPAM && p < PRIORITY_COUNT; p++) {
            const struct target *t = &form->read[k][p];
            TRY(brand_sql_target_set(
                tx, &(struct brand_sql_target_set_in){brand, k, p, t->first_ms, t->next_ms}, NULL));
        }
    return ERR_OK;
}

static enum err write_calendar(struct tx *tx, void *arg, struct errinfo *e)
{
    const struct saving *s = arg;
    const struct page_context *ctx = s->rq->app;
    const struct who *who = &s->rq->who;
    const struct calendar_form *form = s->form;
    (void)e;
    TRY(brand_sql_hours_clear(tx, &(struct brand_sql_hours_clear_in){who->brand}, NULL));
    for (size_t i = 0; i < form->hours_n; i++) {
        const struct calendar_hours *h = &form->hours_read[i];
        TRY(brand_sql_hours_add(
            tx,
            &(struct brand_sql_hours_add_in){who->brand, h->weekday, h->from_minute, h->to_minute},
            NULL));
    }
    TRY(brand_sql_holidays_clear(tx, &(struct brand_sql_holidays_clear_in){who->brand}, NULL));
    for (size_t i = 0; i < form->days_n; i++)
        TRY(brand_sql_holiday_add(
            tx,
            &(struct brand_sql_holiday_add_in){who->brand, form->days[i].day, form->days[i].name},
            NULL));
    TRY(write_targets(tx, who->brand, form));
    tx_notify(tx, (struct notice){TOPIC_BRAND, who->brand, who->brand, 0});
    return audit_add(ctx->store, tx,
                     &(struct audit){who->brand, who->agent, flow_now(ctx->flow), "calendar.change",
                                     0, STR("")});
}

static void get_calendar(struct request *rq, struct response *rs)
{
    const struct brand_view *b = settings_brand(rq, rs);
    struct calendar_form *form = ARENA_NEW(rq->arena, struct calendar_form);
    if (!b)
        return;
    enum err err = load(rq, b, form);
    if (err == ERR_OK)
        show(rq, rs, b, form, NULL);
    else
        pages_fail(rq, rs, err, NULL);
}

static void post_calendar(struct request *rq, struct response *rs)
{
    const struct brand_view *b = settings_brand(rq, rs);
    struct calendar_form *form = ARENA_NEW(rq->arena, struct calendar_form);
    struct refusal r = {0};
    if (!b)
        return;
    read_form(rq, form, &r);
    if (!settings_write(rq, rs, write_calendar, &(struct saving){rq, form}, &r))
        return;
    if (r.why.n)
        show(rq, rs, b, form, &r);
    else
        settings_saved(rq, rs, STR("/desk/calendar"));
}

const struct route calendar_routes[] = {
    {METHOD_GET, "/desk/calendar", RIGHT_LEAD, 0, 0, get_calendar},
    {METHOD_POST, "/desk/calendar", RIGHT_LEAD, SETTINGS_FORM_MAX, 0, post_calendar},
};
const size_t calendar_route_count = sizeof calendar_routes / sizeof *calendar_routes;
