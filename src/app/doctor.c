/* doctor.c - zuruf doctor: looks at everything that has to be right, and says what to do. Changes
 * nothing. See doctor.h. */
#include "app/doctor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/commands.h"
#include "app/control.h"
#include "app/options.h"
#include "base/buf.h"
#include "base/clock.h"
#include "page/format.h"
#include "text/json.h"
#include "text/unicode.h"
#include "text/zone.h"

static const char *const state_words[] = {"ok", "warn", "fail"};

void doctor_init(struct doctor *d, struct arena *a, const struct locale *l)
{
    *d = (struct doctor){.arena = a, .locale = l};
    vec_init(&d->findings, a, sizeof(struct finding));
}

void doctor_found(struct doctor *d, enum finding_state state, struct str check, const char *what,
                  const char *todo, const struct str *args, size_t n)
{
    struct finding *f = vec_push(&d->findings);
    size_t used = 0;
    *f = (struct finding){.state = state, .check = check};
    f->what = locale_fill(d->arena, d->locale, what, args, n, &used);
    if (todo)
        f->todo =
            locale_fill(d->arena, d->locale, todo, n > used ? args + used : NULL, n - used, NULL);
}

struct str doctor_size(const struct doctor *d, int64_t bytes)
{
    return format_size(d->arena, d->locale, bytes);
}

struct str doctor_moment(const struct doctor *d, int64_t at)
{
    struct zone_time t;
    zone_local(zone_find(STR("UTC")), at, &t);
    return arena_printf(d->arena, "%04d-%02d-%02d %02d:%02d UTC", t.year, t.month, t.day,
                        t.minute / 60, t.minute % 60);
}

struct str doctor_number(const struct doctor *d, int64_t n)
{
    struct buf b;
    buf_init_in(&b, d->arena, 64);
    format_number(&b, d->locale, n);
    return buf_str(&b);
}

/* --- the half that runs where the database is open --- */

enum err op_doctor(struct app *app, struct arena *a, const struct json *request,
                   struct json_writer *reply, struct errinfo *e)
{
    struct doctor d;
    (void)e;
    doctor_init(&d, a, locale_find(json_text(request, "lang")));
    doctor_look_at_house(&d, app, control_serving(), json_bool(request, "outside", true));
    json_key(reply, "findings");
    json_begin_list(reply);
    for (size_t i = 0; i < d.findings.n; i++) {
        const struct finding *f = vec_at(&d.findings, i);
        json_begin_object(reply);
        json_put_i64(reply, "state", f->state);
        json_put_text(reply, "check", f->check);
        json_put_text(reply, "what", f->what);
        json_put_text(reply, "todo", f->todo);
        json_end_object(reply);
    }
    json_end_list(reply);
    return ERR_OK;
}

/* --- the command --- */

static void take_findings(struct doctor *d, const struct json *list)
{
    for (size_t i = 0; i < json_count(list); i++) {
        const struct json *v = json_at(list, i);
        int64_t state = FINDING_FAIL;
        json_i64(v, "state", &state);
        if (state < FINDING_OK || state > FINDING_FAIL)
            state = FINDING_FAIL;
        *(struct finding *)vec_push(&d->findings) =
            (struct finding){(enum finding_state)state, json_text(v, "check"), json_text(v, "what"),
                             json_text(v, "todo")};
    }
}

static void look_through(struct doctor *d, struct control *c, bool outside)
{
    struct json *reply;
    struct errinfo e = {0};
    struct str request =
        arena_printf(d->arena, "{\"op\":\"doctor\",\"lang\":\"%.*s\",\"outside\":%s}",
                     STR_FMT(locale_language(d->locale)), outside ? "true" : "false");
    enum err err = control_call(c, d->arena, request, &reply, &e);
    if (err == ERR_OK)
        take_findings(d, json_get(reply, "findings"));
    else
        doctor_found(d, FINDING_FAIL, STR("server"), N_("The running server does not answer: %s"),
                     N_("Look into its log; restart it when it is of another version."),
                     SAY(arena_strz(d->arena, e.what)));
}

/* Through the server where one runs; else the database is opened as it is. */
static void look_inside(struct doctor *d, const struct place *p, bool may_open, bool outside)
{
    struct control *c;
    struct errinfo e = {0};
    if (!p->db && control_connect(&c, app_dir(p), &e) == ERR_OK) {
        doctor_found(d, FINDING_OK, STR("server"), N_("The server is running."), NULL, SAY_NOTHING);
        look_through(d, c, outside);
        control_close(c);
        return;
    }
    doctor_found(d, FINDING_WARN, STR("server"), N_("No server is running on this directory."),
                 N_("Start it: systemctl start zuruf, or zuruf serve"), SAY_NOTHING);
    if (!may_open)
        return;
    enum err err = control_open_as_it_is(&c, p, &e);
    if (err == ERR_OK) {
        look_through(d, c, outside);
        control_close(c);
    } else {
        doctor_found(d, FINDING_FAIL, STR("database"), N_("The database cannot be opened: %s"),
                     N_("Do what the message says; a backup can be restored into a new directory."),
                     SAY(arena_strz(d->arena, e.what)));
    }
}

static void print_text(const struct doctor *d)
{
    for (size_t i = 0; i < d->findings.n; i++) {
        const struct finding *f = vec_at(&d->findings, i);
        printf("%-4s  %-12.*s  %.*s\n", state_words[f->state], STR_FMT(f->check), STR_FMT(f->what));
        if (f->todo.n)
            printf("%-4s  %-12s  -> %.*s\n", "", "", STR_FMT(f->todo));
    }
}

static void print_json(const struct doctor *d, const size_t *counts)
{
    struct buf b;
    struct json_writer w;
    buf_init_in(&b, d->arena, CONTROL_FRAME_MAX);
    json_writer_init(&w, &b);
    json_begin_object(&w);
    for (int i = 0; i < 3; i++)
        json_put_i64(&w, state_words[i], (int64_t)counts[i]);
    json_key(&w, "checks");
    json_begin_list(&w);
    for (size_t i = 0; i < d->findings.n; i++) {
        const struct finding *f = vec_at(&d->findings, i);
        json_begin_object(&w);
        json_put_text(&w, "check", f->check);
        json_put_text(&w, "state", str_z(state_words[f->state]));
        json_put_text(&w, "what", f->what);
        json_put_text(&w, "do", f->todo.n ? f->todo : STR_NONE);
        json_end_object(&w);
    }
    json_end_list(&w);
    json_end_object(&w);
    printf("%.*s\n", STR_FMT(buf_str(&b)));
}

/* --lang, else what the shell says. */
static const struct locale *choose_language(const char *given)
{
    static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    for (size_t i = 0; !given && i < sizeof names / sizeof *names; i++) {
        const char *value = getenv(names[i]);
        given = value && *value ? value : NULL;
    }
    return locale_find(str_sub(str_z(given), 0, 2));
}

int cmd_doctor(int argc, char **argv)
{
    struct place place = {0};
    const char *json = NULL, *lang = NULL, *offline = NULL;
    size_t counts[3] = {0};
    struct arena a;
    struct doctor d;
    const struct option_row rows[] = {
        OPTION_DATA(place),
        OPTION_DB(place),
        {"json", NULL, &json, "one JSON object in place of lines"},
        {"lang", "de|en", &lang, "language of the words (else the shell's)"},
        {"offline", NULL, &offline, "ask no mail server, no feed, not the public address"}};
    int done = options_read(argc, argv, rows, sizeof rows / sizeof *rows,
                            "[--data DIR | --db URL] [--json] [--lang de|en] [--offline]\n"
                            "Exit 1 when something has to be mended (fail).",
                            0, 0, NULL, NULL);
    if (done >= 0)
        return done;
    text_init();
    arena_init(&a);
    doctor_init(&d, &a, choose_language(lang));
    bool may_open = doctor_look_at_place(&d, &place);
    look_inside(&d, &place, may_open, offline == NULL);
    for (size_t i = 0; i < d.findings.n; i++)
        counts[((const struct finding *)vec_at(&d.findings, i))->state]++;
    if (json)
        print_json(&d, counts);
    else
        print_text(&d);
    arena_deinit(&a);
    return counts[FINDING_FAIL] ? 1 : 0;
}
