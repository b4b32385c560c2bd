/* search.c - zuruf search: rank TAB id TAB title, as the search box would. */
#include <stdio.h>
#include <stdlib.h>

#include "app/ask.h"
#include "app/commands.h"
#include "app/options.h"

int cmd_search(int argc, char **argv)
{
    struct place place = {0};
    const char *limit = "20";
    char **rest;
    size_t n;
    struct json *reply;
    const struct option_row rows[] = {OPTION_DATA(place),
                                      OPTION_DB(place),
                                      {"limit", "N", &limit, "at most so many, newest first (20)"}};
    int done = options_read(argc, argv, rows, sizeof rows / sizeof *rows,
                            "[--data DIR] [--db URL] [--limit N] QUERY", 1, 50, &rest, &n);
    if (done >= 0)
        return done;
    struct ask q;
    if (!ask_open(&q, argv[0], &place))
        return 1;
    struct str *words = arena_array(&q.arena, n, sizeof *words);
    for (size_t i = 0; i < n; i++)
        words[i] = str_z(rest[i]);
    ask_begin(&q, "search");
    ask_put(&q, "query", arena_join(&q.arena, words, n, STR(" ")).p);
    json_put_i64(&q.w, "limit", strtoll(limit, NULL, 10));
    int exit_code = 1;
    if (ask_send(&q, &reply)) {
        const struct json *hits = json_get(reply, "hits");
        for (size_t i = 0; i < json_count(hits); i++)
            printf("%zu\t%s\t%s\n", i + 1, json_text(json_at(hits, i), "id").p,
                   json_text(json_at(hits, i), "title").p);
        exit_code = 0;
    }
    ask_close(&q);
    return exit_code;
}
