/* preview.c - writes each page with sample data, and the assets, below a folder: preview DIR
 * [language [theme]]. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "assets.h"
#include "base/buf.h"
#include "error_tmpl.h"
#include "page/asset.h"
#include "sample.h"
#include "setup_tmpl.h"
#include "signin_tmpl.h"

static const char *dir;
static struct buf page;
static struct out out = {.buf = &page, .csrf = {"token", 5}};

/* Creates the folders above the file, then the file. */
static int save(const char *name, struct str s)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(path, 0755) != 0 && errno != EEXIST)
            return 1;
        *slash = '/';
    }
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(s.p, 1, s.n, f) != s.n || fclose(f) != 0) {
        perror(path);
        return 1;
    }
    return 0;
}

static int done(const char *name)
{
    int failed = save(name, buf_str(&page));
    buf_clear(&page);
    return failed;
}

static int desks(struct layout_view layout)
{
    static const struct {
        const char *file, *tab, *way, *screen;
    } shots[] = {
        {"desk.html", "thread", "public", "list"},     {"case.html", "thread", "public", "case"},
        {"reply.html", "thread", "public", "reply"},   {"note.html", "thread", "note", "case"},
        {"person.html", "person", "public", "case"},   {"log.html", "log", "public", "case"},
        {"unclear.html", "unclear", "public", "case"}, {"views.html", "thread", "public", "views"},
    };
    int failed = 0;
    for (size_t i = 0; i < sizeof(shots) / sizeof(*shots); i++) {
        struct case_pane_view pane =
            sample_pane(shots[i].tab, shots[i].way, strcmp(shots[i].screen, "reply") == 0);
        struct desk_page p = {
            .layout = layout, .rail = sample_rail(), .list = sample_list(), .pane = &pane};
        p.layout.screen = str_z(shots[i].screen);
        p.layout.title = STR("Wartet auf uns (23)");
        desk_page_render(&out, &p);
        failed |= done(shots[i].file);
    }
    struct desk_page quiet = {.layout = layout, .rail = sample_rail(), .list = sample_list()};
    quiet.layout.screen = STR("list");
    quiet.layout.keys = false;
    desk_page_render(&out, &quiet);
    failed |= done("desk-quiet.html");
    struct desk_page empty = {.layout = layout, .rail = sample_rail(), .list = sample_list_empty()};
    empty.layout.screen = STR("list");
    desk_page_render(&out, &empty);
    return failed | done("empty.html");
}

static int sheets(struct layout_view layout)
{
    int failed = 0;
    struct form_page form = sample_form(layout);
    form_page_render(&out, &form);
    failed |= done("form.html");
    struct channels_page channels = sample_channels(layout);
    channels_page_render(&out, &channels);
    failed |= done("channels.html");
    struct routing_page routing = sample_routing(layout);
    routing_page_render(&out, &routing);
    failed |= done("routing.html");
    struct search_page search = sample_search(layout);
    search_page_render(&out, &search);
    failed |= done("search.html");
    struct lists_page lists = sample_lists(layout);
    lists_page_render(&out, &lists);
    failed |= done("lists.html");
    struct dialog_page dialog = {sample_sheet(layout, "Fall 4812", NULL), sample_dialog()};
    dialog_page_render(&out, &dialog);
    failed |= done("dialog.html");
    dialog_view_render(&out, &dialog.dialog);
    failed |= done("part/dialog.html");
    struct keys_page keys = {sample_sheet(layout, "Tastatur", NULL), {false}};
    keys_page_render(&out, &keys);
    return failed | done("keys.html");
}

/* What the scripts fetch: the same row a little later, one that is new, the list, the case. */
static int parts(void)
{
    struct case_list_view list = sample_list();
    struct case_row_view row = list.groups[2].rows[0];
    row.version = 99;
    row.why = STR("hat noch einmal geschrieben");
    case_row_view_render(&out, &row);
    int failed = done("part/row-4.html");
    row.id = 77;
    case_row_view_render(&out, &row);
    failed |= done("part/row-77.html");
    case_list_view_render(&out, &list);
    failed |= done("part/list.html");
    struct rail_view rail = sample_rail();
    rail_view_render(&out, &rail);
    failed |= done("part/rail.html");
    struct case_pane_view pane = sample_pane("thread", "public", false);
    pane.version = 99;
    pane.title = STR("Dritte Mahnung, und er schreibt wieder");
    case_pane_view_render(&out, &pane);
    return failed | done("part/case-4.html");
}

static int doors(struct layout_view layout)
{
    static const struct signin_word_view quote = {
        STR("Zwei Minuten Stecker raus, und es läuft. Danke, Frau Claasen!"),
        STR("routerkapitaen an Merle Claasen"), STR("heute, 08:02, in der Community")};
    static const struct setup_step_view steps[] = {{STR("Marke"), STR("done")},
                                                   {STR("Erste Person"), STR("now")},
                                                   {STR("Erster Kanal"), STR_NONE}};
    static const struct field_view fields[] = {
        {.name = STR("name"), .type = STR("text"), .label = STR("Ihr Name"), .needed = true},
        {.name = STR("email"), .type = STR("email"), .label = STR("E-Mail"), .needed = true},
        {.name = STR("password"),
         .type = STR("password"),
         .label = STR("Kennwort"),
         .hint = STR("Mindestens zehn Zeichen."),
         .needed = true},
    };
    struct signin_page signin = {.layout = layout,
                                 .brand = STR("Nordwerk"),
                                 .email = STR("aylin.brandt@nordwerk.example"),
                                 .error = STR("E-Mail und Kennwort passen nicht zusammen."),
                                 .quote = &quote};
    signin_page_render(&out, &signin);
    int failed = done("signin.html");
    struct setup_page setup = {
        .layout = layout,
        .steps = steps,
        .steps_n = 3,
        .title = STR("Wer sind Sie?"),
        .intro = STR("Sie werden Verwalterin oder Verwalter und können weitere Personen einladen."),
        .action = STR("/setup/agent"),
        .fields = fields,
        .fields_n = 3,
        .submit = STR("Weiter")};
    setup_page_render(&out, &setup);
    failed |= done("setup.html");
    struct error_page error = {.layout = layout,
                               .what = STR("Hier ist nichts"),
                               .means = STR("Die Adresse stimmt nicht."),
                               .todo = STR("Gehen Sie zurück."),
                               .request = STR("4f2a"),
                               .home = STR("/desk")};
    error_page_render(&out, &error);
    return failed | done("error.html");
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fputs("usage: preview DIR [language [theme]]\n", stderr);
        return 2;
    }
    dir = argv[1];
    buf_init(&page, 4 * 1024 * 1024);
    out.locale = locale_find(str_z(argc > 2 ? argv[2] : "de"));
    struct layout_view layout = {.title = STR("Seite"),
                                 .language = locale_language(out.locale),
                                 .brand = STR("Nordwerk"),
                                 .theme = str_z(argc > 3 ? argv[3] : ""),
                                 .keys = true,
                                 .live = true,
                                 .events = STR("/desk/events?from=1-0")};
    int failed = desks(layout) | sheets(layout) | doors(layout) | parts();
    for (size_t i = 0; i < assets_count; i++) {
        char name[256];
        snprintf(name, sizeof(name), "%.*s%s", STR_FMT(str_sub(asset_base(), 1, asset_base().n)),
                 assets[i].name);
        failed |= save(name, (struct str){(const char *)assets[i].bytes, assets[i].n});
    }
    buf_deinit(&page);
    return failed;
}
