/* texts.c - the text abilities from a shell: analyse, render, parse, fetch. Text in, text out. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/app.h"
#include "app/commands.h"
#include "app/options.h"
#include "base/arena.h"
#include "base/buf.h"
#include "net/guard.h"
#include "text/analyse.h"
#include "text/feed.h"
#include "text/html.h"
#include "text/json.h"
#include "text/markdown.h"
#include "text/mime.h"
#include "text/unicode.h"

enum { INPUT_MAX = 32 * 1024 * 1024, OUTPUT_MAX = 256 * 1024 * 1024 };

/* All of stdin; false when it is larger than any document may be. */
static bool read_all(struct buf *b)
{
    char piece[65536];
    buf_init(b, INPUT_MAX);
    for (size_t n; (n = fread(piece, 1, sizeof piece, stdin)) > 0;)
        buf_add(b, (struct str){piece, n});
    return buf_ok(b) && !ferror(stdin);
}

static int print(const char *command, const struct buf *out)
{
    struct str s = buf_str(out);
    struct errinfo e = {0};
    if (buf_ok(out) && fwrite(s.p, 1, s.n, stdout) == s.n && fflush(stdout) == 0)
        return 0;
    err_set(&e, ERR_LIMIT, "stdout", "the result could not be written");
    return app_fail(command, &e);
}

int cmd_analyse(int argc, char **argv)
{
    const char *lang = NULL;
    const struct option_row rows[] = {{"lang", "de|en", &lang, "language of the texts"}};
    int done = options_read(argc, argv, rows, 1, "--lang de|en", 0, 0, NULL, NULL);
    if (done >= 0)
        return done;
    if (!lang || (strcmp(lang, "de") != 0 && strcmp(lang, "en") != 0)) {
        fprintf(stderr, "zuruf analyse: --lang: say de or en\n");
        return 2;
    }
    char *line = NULL;
    size_t cap = 0;
    struct arena a;
    arena_init(&a);
    for (ssize_t n; (n = getline(&line, &cap, stdin)) >= 0;) {
        arena_clear(&a);
        struct str text = text_clean(&a, str_trim((struct str){line, (size_t)n}), INPUT_MAX);
        struct str terms = analyse_text(&a, text, str_z(lang));
        printf("%.*s\n", STR_FMT(terms));
    }
    arena_deinit(&a);
    free(line);
    return ferror(stdout) != 0;
}

int cmd_render(int argc, char **argv)
{
    const char *raw = NULL;
    char **rest;
    const struct option_row rows[] = {
        {"raw", NULL, &raw, "the Markdown renderer alone, not sanitised"}};
    int done = options_read(argc, argv, rows, 1, "markdown|html [--raw]", 1, 1, &rest, NULL);
    if (done >= 0)
        return done;
    bool markdown = strcmp(rest[0], "markdown") == 0;
    if ((!markdown && strcmp(rest[0], "html") != 0) || (raw && !markdown)) {
        fprintf(stderr, "zuruf render: say markdown or html; --raw goes with markdown\n");
        return 2;
    }
    struct buf in, out;
    struct errinfo e = {0};
    struct arena a;
    if (!read_all(&in)) {
        err_set(&e, ERR_LIMIT, "stdin", "more than %d bytes", INPUT_MAX);
        buf_deinit(&in);
        return app_fail(argv[0], &e);
    }
    arena_init(&a);
    buf_init(&out, OUTPUT_MAX);
    if (raw)
        markdown_render_raw(&out, buf_str(&in));
    else if (markdown)
        buf_add(&out, markdown_render(&a, buf_str(&in), 0).html);
    else
        buf_add(&out, html_sanitise(&a, buf_str(&in), 0).html);
    if (out.n && out.p[out.n - 1] != '\n')
        buf_add_char(&out, '\n');
    int exit_code = print(argv[0], &out);
    buf_deinit(&out);
    buf_deinit(&in);
    arena_deinit(&a);
    return exit_code;
}

static enum err parse(struct arena *a, const char *what, struct str in, const char *url,
                      struct buf *out, struct errinfo *e)
{
    if (strcmp(what, "feed") == 0) {
        struct feed feed;
        TRY(feed_parse(a, in, STR_NONE, str_z(url), &feed, e));
        feed_to_json(out, &feed);
    } else if (strcmp(what, "mail") == 0) {
        struct mail mail;
        TRY(mail_parse(a, in, &mail, e));
        mail_to_json(out, &mail);
    } else {
        struct json *v;
        struct json_writer w;
        TRY(json_parse(a, in, &v, e));
        json_writer_init(&w, out);
        json_add_value(&w, v);
    }
    buf_add_char(out, '\n');
    return ERR_OK;
}

int cmd_parse(int argc, char **argv)
{
    const char *url = NULL;
    char **rest;
    const struct option_row rows[] = {
        {"url", "URL", &url, "with feed: its own address, for relative links"}};
    int done = options_read(argc, argv, rows, 1, "feed|mail|json [--url URL]", 1, 1, &rest, NULL);
    if (done >= 0)
        return done;
    const char *what = rest[0];
    if (strcmp(what, "feed") != 0 && strcmp(what, "mail") != 0 && strcmp(what, "json") != 0) {
        fprintf(stderr, "zuruf parse: say feed, mail or json\n");
        return 2;
    }
    struct buf in, out;
    struct errinfo e = {0};
    struct arena a;
    arena_init(&a);
    buf_init(&out, OUTPUT_MAX);
    enum err err = read_all(&in) ? parse(&a, what, buf_str(&in), url, &out, &e)
                                 : err_set(&e, ERR_LIMIT, "stdin", "more than %d bytes", INPUT_MAX);
    int exit_code = err == ERR_OK ? print(argv[0], &out) : app_fail(argv[0], &e);
    buf_deinit(&out);
    buf_deinit(&in);
    arena_deinit(&a);
    return exit_code;
}

int cmd_fetch(int argc, char **argv)
{
    const char *check = NULL;
    struct errinfo e = {0};
    const struct option_row rows[] = {
        {"check", "URL", &check, "exit 0 only if the guard would connect to it"}};
    int done = options_read(argc, argv, rows, 1, "--check URL", 0, 0, NULL, NULL);
    if (done >= 0)
        return done;
    if (!check) {
        fprintf(stderr, "zuruf fetch: --check: which URL?\n");
        return 2;
    }
    return guard_check(str_z(check), false, &e) == ERR_OK ? 0 : app_fail(argv[0], &e);
}
