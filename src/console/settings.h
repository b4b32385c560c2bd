/* settings.h - what the settings pages share: the sheet they stand on, the fields of a form, and
 * what is said at a field that was refused. Everything lives in the request's arena. Threads: the
 * handler's. */
#ifndef CONSOLE_SETTINGS_H
#define CONSOLE_SETTINGS_H

#include "base/vec.h"
#include "brand/view.h"
#include "console/pages.h"
#include "console/words.h"
#include "form_tmpl.h"
#include "frame_tmpl.h"
#include "page/locale.h"
#include "page/page.h"
#include "store/store.h"

enum { SETTINGS_FORM_MAX = 128 * 1024 };

/* The asker's brand as it is now, held until the request ends. NULL: the error page is written. */
const struct brand_view *settings_brand(struct request *rq, struct response *rs);
/* Fills the sheet (console/rail.h), and "Saved." when the address says so. current: key of the tab.
 * False: the error page is written. */
bool settings_open(struct request *rq, struct response *rs, const struct brand_view *b,
                   const char *title, const char *current, struct sheet_view *sheet);
/* After a change: back to a page of ours that then says "Saved.". */
void settings_saved(struct request *rq, struct response *rs, struct str path);

/* Why a form was not taken. field: where it is said; empty or unknown: at the top of the page. */
struct refusal {
    char field[64];
    struct str why; /* empty: nothing was refused */
};
/* The first reason stays. */
void refuse(struct refusal *r, const char *field, struct str why);
/* What a room said, in the asker's language where it is known. False for errors that are no matter
 * of the form (store, bug): the error page is written instead. */
bool refuse_error(struct request *rq, struct response *rs, struct refusal *r, enum err code,
                  const struct errinfo *e);

/* Runs the write of a form that nothing was refused of; what it says becomes a refusal, also that
 * somebody else was faster (ERR_CONFLICT). False: the error page is written. */
bool settings_write(struct request *rq, struct response *rs, store_write_fn fn, void *arg,
                    struct refusal *r);

struct fields {
    struct request *rq;
    struct vec v; /* struct field_view */
};
void fields_init(struct fields *f, struct request *rq);
/* type: see page/parts.html. label and hint are msgids, hint may be NULL. The result is good until
 * the next is added. */
struct field_view *fields_add(struct fields *f, const char *name, const char *type,
                              const char *label, const char *hint, struct str value);
struct field_view *fields_add_check(struct fields *f, const char *name, const char *label,
                                    const char *hint, bool chosen);
/* options: n of them; the one whose value is chosen gets marked. */
struct field_view *fields_add_choice(struct fields *f, const char *name, const char *label,
                                     const char *hint, struct option_view *options, size_t n,
                                     struct str chosen);
/* Teams to choose from, "no team" (0) first; without one of them. */
struct option_view *settings_teams(struct request *rq, const struct brand_view *b, int64_t without,
                                   size_t *n);
struct form_section_view fields_section(const struct fields *f, const char *title,
                                        const char *intro);
/* Shows the refusal at its field; false when these fields have none of that name. */
bool fields_mark(struct fields *f, const struct refusal *r);

/* Ends a form page: status, the refusal at its field or at the top, and out it goes. */
void settings_show_form(struct request *rq, struct response *rs, struct form_page *page,
                        struct fields *sections, size_t n, const struct refusal *r);

/* A table row by row. */
struct rows {
    struct vec rows, cells;
    size_t columns;
    const struct str *names;
};
void rows_init(struct rows *t, struct request *rq, const char *const *columns, size_t n);
/* The next cell; a row is full after as many as there are columns. */
struct table_cell_view *rows_cell(struct rows *t, struct str text);
struct table_view rows_table(struct rows *t, struct str title, struct str intro, struct str empty);

/* A check that was sent. */
bool settings_flag(const struct request *rq, const char *name);
/* Text field as one clean line. */
struct str settings_line(const struct request *rq, const char *name, size_t max);
/* A browser's User-Agent as people tell browsers apart: "Firefox, Linux"; an unknown one as it
 * calls itself, cut. */
struct str settings_client(struct request *rq, struct str client);
/* The lines of a text, cleaned, without empty ones; the first max of them. */
const struct str *settings_lines(struct arena *a, struct str text, size_t max, size_t *n);

#endif
