/* import.c - zuruf import: posts from a file, in batches, while the server runs or not. A bad line
 * is reported with its number and stops nothing; a second run of the same file stores nothing
 * twice. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/app.h"
#include "app/commands.h"
#include "app/control.h"
#include "app/options.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "domain/item.h"
#include "text/csv.h"
#include "text/json.h"

enum { BATCH = 500, BATCH_BYTES = 4 * 1024 * 1024, SHOWN_MAX = 100 };

struct import {
    struct control *control;
    const char *account;
    FILE *file;
    struct arena arena; /* of the batch */
    struct buf request;
    struct json_writer w;
    size_t in_batch;
    int64_t stored, duplicates, refused, lines, shown_at;
    off_t size;
    bool terminal;
};

static void begin_batch(struct import *im)
{
    arena_clear(&im->arena);
    buf_clear(&im->request);
    json_writer_init(&im->w, &im->request);
    json_begin_object(&im->w);
    json_put_text(&im->w, "op", STR("import"));
    json_put_text(&im->w, "account", str_z(im->account));
    json_key(&im->w, "posts");
    json_begin_list(&im->w);
    im->in_batch = 0;
}

static void report(struct import *im, int64_t line, const char *what)
{
    if (im->refused++ < SHOWN_MAX)
        fprintf(stderr, "%sline %lld: %s\n", im->terminal ? "\r\033[K" : "", (long long)line, what);
}

static void progress(struct import *im, bool last)
{
    int64_t now = clock_mono();
    if (!last && now - im->shown_at < 500)
        return;
    im->shown_at = now;
    off_t at = ftello(im->file);
    int percent = im->size > 0 && at >= 0 ? (int)(at * 100 / im->size) : 0;
    fprintf(stderr, "%s%lld lines, %lld stored, %lld known already, %lld refused (%d %%)%s",
            im->terminal ? "\r\033[K" : "", (long long)im->lines, (long long)im->stored,
            (long long)im->duplicates, (long long)im->refused, last ? 100 : percent,
            im->terminal && !last ? "" : "\n");
}

static enum err send_batch(struct import *im, struct errinfo *e)
{
    struct json *reply;
    if (!im->in_batch)
        return ERR_OK;
    json_end_list(&im->w);
    json_end_object(&im->w);
    if (!buf_ok(&im->request))
        return err_set(e, ERR_LIMIT, "file", "the posts of one batch are too large");
    TRY(control_call(im->control, &im->arena, buf_str(&im->request), &reply, e));
    const struct json *results = json_get(reply, "results");
    for (size_t i = 0; i < json_count(results); i++) {
        const struct json *r = json_at(results, i);
        struct str status = json_text(r, "status");
        int64_t line = 0;
        json_i64(r, "line", &line);
        if (str_eq_z(status, "stored"))
            im->stored++;
        else if (str_eq_z(status, "duplicate"))
            im->duplicates++;
        else
            report(im, line, json_text(r, "what").n ? json_text(r, "what").p : "refused");
    }
    begin_batch(im);
    return ERR_OK;
}

static enum err next_in_batch(struct import *im, struct errinfo *e)
{
    im->in_batch++;
    progress(im, false);
    return im->in_batch >= BATCH || im->request.n >= BATCH_BYTES ? send_batch(im, e) : ERR_OK;
}

/* What could not even be read goes along, kept for the owner of the account. */
static enum err send_refused(struct import *im, int64_t line, const struct errinfo *why,
                             struct str raw, struct errinfo *e)
{
    json_begin_object(&im->w);
    json_put_i64(&im->w, "line", line);
    json_put_text(&im->w, "refused", str_z(why->what));
    json_put_text(&im->w, "raw", str_sub(raw, 0, ITEM_RAW_MAX));
    json_end_object(&im->w);
    return next_in_batch(im, e);
}

static enum err import_json(struct import *im, struct errinfo *e)
{
    struct json_lines lines;
    struct json *v;
    enum err err;
    json_lines_init(&lines, im->file);
    for (;;) {
        struct errinfo bad = {0};
        err = json_lines_next(&lines, &im->arena, &v, &bad);
        im->lines = lines.line;
        if (err == ERR_INVALID || err == ERR_LIMIT) {
            if ((err = send_refused(im, lines.line, &bad, lines.text, e)) != ERR_OK)
                break;
            continue;
        }
        if (err != ERR_OK || !v)
            break;
        json_begin_object(&im->w);
        json_put_i64(&im->w, "line", lines.line);
        json_key(&im->w, "post");
        json_add_value(&im->w, v);
        json_end_object(&im->w);
        if ((err = next_in_batch(im, e)) != ERR_OK)
            break;
    }
    json_lines_deinit(&lines);
    return err;
}

/* A row as the JSON object that the same post would be. */
static void add_row(struct import *im, const struct csv_row *head, const struct csv_row *row)
{
    json_begin_object(&im->w);
    json_put_i64(&im->w, "line", row->line);
    json_key(&im->w, "post");
    json_begin_object(&im->w);
    for (size_t i = 0; i < row->n && i < head->n; i++) {
        if (!row->cells[i].n)
            continue;
        bool flag = str_eq_z(head->cells[i], "private") || str_eq_z(head->cells[i], "ours");
        json_key_str(&im->w, head->cells[i]);
        if (flag)
            json_add_bool(&im->w, str_eq_nocase(row->cells[i], STR("true")) ||
                                      str_eq_z(row->cells[i], "1") ||
                                      str_eq_nocase(row->cells[i], STR("yes")));
        else
            json_add_text(&im->w, row->cells[i]);
    }
    json_end_object(&im->w);
    json_end_object(&im->w);
}

static enum err import_csv(struct import *im, struct arena *long_lived, struct errinfo *e)
{
    struct csv_reader csv;
    struct csv_row head, row;
    enum err err;
    csv_reader_init(&csv, im->file);
    err = csv_next(&csv, long_lived, &head, e);
    if (err == ERR_OK && !head.cells)
        err = err_set(e, ERR_INVALID, "file", "the file is empty");
    while (err == ERR_OK) {
        struct errinfo bad = {0};
        err = csv_next(&csv, &im->arena, &row, &bad);
        im->lines = csv.line;
        if (err == ERR_INVALID || err == ERR_LIMIT) {
            err = send_refused(im, row.line, &bad, row.raw, e);
            continue;
        }
        if (err != ERR_OK || !row.cells)
            break;
        if (row.n > head.n) {
            err_set(&bad, ERR_INVALID, "", "more cells than the header line has names");
            err = send_refused(im, row.line, &bad, row.raw, e);
            continue;
        }
        add_row(im, &head, &row);
        err = next_in_batch(im, e);
    }
    csv_reader_deinit(&csv);
    return err;
}

/* JSON Lines begin with '{'; anything else is read as a table. */
static bool looks_like_json(FILE *f)
{
    int c;
    while ((c = fgetc(f)) != EOF && (c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == 0xef ||
                                     c == 0xbb || c == 0xbf)) {
    }
    rewind(f);
    return c == '{';
}

static enum err import_file(struct import *im, struct errinfo *e)
{
    struct arena long_lived;
    arena_init(&long_lived);
    begin_batch(im);
    enum err err = looks_like_json(im->file) ? import_json(im, e) : import_csv(im, &long_lived, e);
    if (err == ERR_OK)
        err = send_batch(im, e);
    arena_deinit(&long_lived);
    return err;
}

int cmd_import(int argc, char **argv)
{
    struct place place = {0};
    const char *account = NULL;
    char **rest;
    const struct option_row rows[] = {
        OPTION_DATA(place),
        OPTION_DB(place),
        {"account", "A", &account, "key of the account the posts belong to"}};
    int done = options_read(argc, argv, rows, sizeof rows / sizeof *rows,
                            "[--data DIR] [--db URL] --account A FILE", 1, 1, &rest, NULL);
    if (done >= 0)
        return done;
    struct errinfo e = {0};
    struct stat st;
    struct import im = {.account = account, .terminal = isatty(STDERR_FILENO) != 0};
    if (!account) {
        fprintf(stderr,
                "zuruf import: --account is missing: which account do these posts belong to?\n");
        return 2;
    }
    im.file = fopen(rest[0], "rb");
    if (!im.file || fstat(fileno(im.file), &st) || !S_ISREG(st.st_mode)) {
        err_set(&e, ERR_IO, rest[0], "not a file that can be read: %s",
                errno ? strerror(errno) : "no regular file");
        return app_fail(argv[0], &e);
    }
    im.size = st.st_size;
    arena_init(&im.arena);
    buf_init(&im.request, CONTROL_FRAME_MAX);
    enum err err = control_open(&im.control, &place, &e);
    if (err == ERR_OK)
        err = import_file(&im, &e);
    if (err == ERR_OK)
        progress(&im, true);
    if (im.refused > SHOWN_MAX)
        fprintf(stderr, "%lld more refused lines are not shown\n",
                (long long)(im.refused - SHOWN_MAX));
    control_close(im.control);
    buf_deinit(&im.request);
    arena_deinit(&im.arena);
    fclose(im.file);
    return err == ERR_OK ? 0 : app_fail(argv[0], &e);
}
