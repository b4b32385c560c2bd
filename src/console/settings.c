/* settings.c - see settings.h. */
#include "console/settings.h"

#include <stdio.h>
#include <string.h>

#include "console/rail.h"
#include "flow/flow.h"
#include "text/unicode.h"

enum { LINES_LENGTH_MAX = 120 };

static void release(void *b)
{
    flow_brand_release(b);
}

const struct brand_view *settings_brand(struct request *rq, struct response *rs)
{
    const struct page_context *ctx = rq->app;
    struct errinfo e = {0};
    const struct brand_view *b = flow_brand(ctx->flow, rq->who.brand, &e);
    if (b)
        arena_defer(rq->arena, release, (void *)(uintptr_t)b);
    else
        pages_fail(rq, rs, e.code, NULL);
    return b;
}

bool settings_open(struct request *rq, struct response *rs, const struct brand_view *b,
                   const char *title, const char *current, struct sheet_view *sheet)
{
    enum err err = sheet_fill(rq, b, title, current, sheet);
    if (err != ERR_OK) {
        pages_fail(rq, rs, err, NULL);
        return false;
    }
    if (rq->method == METHOD_GET && str_eq(request_query(rq, "done"), STR("saved")))
        sheet->saved = page_text(rq, "Saved.");
    return true;
}

void settings_saved(struct request *rq, struct response *rs, struct str path)
{
    pages_done(rq, rs, arena_printf(rq->arena, "%.*s?done=saved", STR_FMT(path)));
}

/* --- refusals --- */

/* What the rooms say in English, as the forms say it. */
static const struct {
    const char *what, *said;
} known[] = {
    {"that is no mail address; it looks like name@example.org",
     N_("That is no mail address. It looks like name@example.org.")},
    {"an agent needs a name: customers see who answers",
     N_("A name is missing. Customers see who answers them.")},
    {"this address belongs to an agent of the brand already",
     N_("This address belongs to somebody who works here already. Look in the list.")},
    {"a brand needs a name", N_("A name is missing. Enter how you are called in public.")},
    {"there is a brand of that name already",
     N_("There is a brand of this name already. Choose another name.")},
    {"an account needs the name under which it speaks",
     N_("A name is missing. Colleagues tell accounts apart by it.")},
    {"somebody else has changed this account; look at it again",
     N_("Somebody else has changed this in the meantime. Reload the page and change it again.")},
};

void refuse(struct refusal *r, const char *field, struct str why)
{
    if (r->why.n)
        return;
    snprintf(r->field, sizeof r->field, "%s", field);
    r->why = why;
}

bool refuse_error(struct request *rq, struct response *rs, struct refusal *r, enum err code,
                  const struct errinfo *e)
{
    if (code != ERR_INVALID && code != ERR_CONFLICT && code != ERR_LIMIT) {
        pages_fail(rq, rs, code, e);
        return false;
    }
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(e->what, known[i].what) == 0)
            refuse(r, e->where, page_text(rq, known[i].said));
    refuse(r, e->where,
           e->what[0] ? arena_strz(rq->arena, e->what)
                      : page_text(rq, "That could not be saved. Check what you entered."));
    return true;
}

bool settings_write(struct request *rq, struct response *rs, store_write_fn fn, void *arg,
                    struct refusal *r)
{
    const struct page_context *ctx = rq->app;
    struct errinfo e = {0};
    if (r->why.n)
        return true;
    enum err err = store_write(ctx->store, fn, arg, &e);
    if (err == ERR_CONFLICT)
        refuse(r, "",
               page_text(rq, "Somebody else has changed this in the meantime. Reload the page and "
                             "change it again."));
    return err == ERR_OK || r->why.n || refuse_error(rq, rs, r, err, &e);
}

/* --- fields --- */

void fields_init(struct fields *f, struct request *rq)
{
    f->rq = rq;
    vec_init(&f->v, rq->arena, sizeof(struct field_view));
}

struct field_view *fields_add(struct fields *f, const char *name, const char *type,
                              const char *label, const char *hint, struct str value)
{
    struct field_view *v = vec_push(&f->v);
    *v = (struct field_view){
        .name = arena_strz(f->rq->arena, name),
        .type = str_z(type),
        .label = page_text(f->rq, label),
        .hint = hint ? page_text(f->rq, hint) : STR_NONE,
        .value = value,
        .needed = true,
    };
    return v;
}

struct field_view *fields_add_check(struct fields *f, const char *name, const char *label,
                                    const char *hint, bool chosen)
{
    struct field_view *v = fields_add(f, name, "check", label, hint, STR_NONE);
    v->chosen = chosen;
    return v;
}

struct field_view *fields_add_choice(struct fields *f, const char *name, const char *label,
                                     const char *hint, struct option_view *options, size_t n,
                                     struct str chosen)
{
    struct field_view *v = fields_add(f, name, "choice", label, hint, chosen);
    for (size_t i = 0; i < n; i++)
        options[i].chosen = str_eq(options[i].value, chosen);
    v->options = options;
    v->options_n = n;
    return v;
}

struct form_section_view fields_section(const struct fields *f, const char *title,
                                        const char *intro)
{
    return (struct form_section_view){
        .title = title ? page_text(f->rq, title) : STR_NONE,
        .intro = intro ? page_text(f->rq, intro) : STR_NONE,
    };
}

bool fields_mark(struct fields *f, const struct refusal *r)
{
    struct field_view *all = f->v.p;
    for (size_t i = 0; r->why.n && i < f->v.n; i++)
        if (str_eq_z(all[i].name, r->field)) {
            all[i].error = r->why;
            return true;
        }
    return false;
}

void settings_show_form(struct request *rq, struct response *rs, struct form_page *page,
                        struct fields *sections, size_t n, const struct refusal *r)
{
    bool marked = false;
    struct form_section_view *views = (struct form_section_view *)(uintptr_t)page->sections;
    page->sections_n = n;
    for (size_t i = 0; i < n; i++) {
        marked = (r && fields_mark(&sections[i], r)) || marked;
        views[i].fields = sections[i].v.p;
        views[i].fields_n = sections[i].v.n;
    }
    if (r && r->why.n) {
        rs->status = 422;
        page->sheet.saved = STR_NONE;
        page->sheet.error =
            marked
                ? page_text(rq, "Not saved yet: one entry has to be changed. It is marked below.")
                : r->why;
    }
    struct out o = page_begin(rq, rs);
    form_page_render(&o, page);
}

/* --- tables --- */

void rows_init(struct rows *t, struct request *rq, const char *const *columns, size_t n)
{
    struct str *names = arena_array(rq->arena, n, sizeof *names);
    for (size_t i = 0; i < n; i++)
        names[i] = page_text(rq, columns[i]);
    t->columns = n;
    t->names = names;
    vec_init(&t->rows, rq->arena, sizeof(struct table_row_view));
    vec_init(&t->cells, rq->arena, sizeof(struct table_cell_view));
}

struct table_cell_view *rows_cell(struct rows *t, struct str text)
{
    struct table_cell_view *c = vec_push(&t->cells);
    c->text = text;
    return c;
}

struct table_view rows_table(struct rows *t, struct str title, struct str intro, struct str empty)
{
    const struct table_cell_view *cells = t->cells.p;
    for (size_t at = 0; at + t->columns <= t->cells.n; at += t->columns)
        *(struct table_row_view *)vec_push(&t->rows) =
            (struct table_row_view){.cells = cells + at, .cells_n = t->columns};
    return (struct table_view){.title = title,
                               .intro = intro,
                               .columns = t->names,
                               .columns_n = t->columns,
                               .rows = t->rows.p,
                               .rows_n = t->rows.n,
                               .empty = empty};
}

bool settings_flag(const struct request *rq, const char *name)
{
    return str_eq(request_field(rq, name), STR("1"));
}

struct str settings_line(const struct request *rq, const char *name, size_t max)
{
    return text_plain_line(rq->arena, request_field(rq, name), max);
}

const struct str *settings_lines(struct arena *a, struct str text, size_t max, size_t *n)
{
    struct vec v;
    struct str line;
    vec_init(&v, a, sizeof(struct str));
    while (v.n < max && str_next_line(&text, &line)) {
        line = text_plain_line(a, line, LINES_LENGTH_MAX);
        if (line.n)
            *(struct str *)vec_push(&v) = line;
    }
    *n = v.n;
    return v.p;
}

static const char *browser_of(struct str client)
{
    static const char *const browsers[][2] = {
        {"Edg/", "Edge"}, {"Firefox/", "Firefox"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"}};
    for (size_t i = 0; i < sizeof browsers / sizeof *browsers; i++)
        if (str_find(client, str_z(browsers[i][0]), 0) >= 0)
            return browsers[i][1];
    return NULL;
}

static const char *system_of(struct str client)
{
    static const char *const systems[][2] = {{"Android", "Android"}, {"iPhone", "iPhone"},
                                             {"iPad", "iPad"},       {"Windows", "Windows"},
                                             {"Mac OS", "macOS"},    {"Linux", "Linux"}};
    for (size_t i = 0; i < sizeof systems / sizeof *systems; i++)
        if (str_find(client, str_z(systems[i][0]), 0) >= 0)
            return systems[i][1];
    return NULL;
}

struct str settings_client(struct request *rq, struct str client)
{
    const char *browser = browser_of(client), *system = system_of(client);
    if (browser && system)
        return arena_printf(rq->arena, "%s, %s", browser, system);
    return client.n ? text_cut(rq->arena, text_plain_line(rq->arena, client, 200), 40)
                    : page_text(rq, "unknown browser");
}

struct option_view *settings_teams(struct request *rq, const struct brand_view *b, int64_t without,
                                   size_t *n)
{
    struct option_view *options = arena_array(rq->arena, b->teams_n + 1, sizeof *options);
    *n = 0;
    options[(*n)++] = (struct option_view){.value = STR("0"), .word = page_text(rq, "no team")};
    for (size_t i = 0; i < b->teams_n; i++)
        if (b->teams[i].id != without)
            options[(*n)++] = (struct option_view){
                .value = arena_printf(rq->arena, "%lld", (long long)b->teams[i].id),
                .word = b->teams[i].name};
    return options;
}
