/* channel.c - zuruf channel: accounts from the shell. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "app/ask.h"
#include "app/commands.h"
#include "app/options.h"
#include "base/clock.h"

#define FETCH_PATIENCE (2 * CLOCK_MINUTE)

static int list(struct ask *q, const char *brand)
{
    struct json *reply;
    ask_begin(q, "channel.list");
    ask_put(q, "brand", brand);
    if (!ask_send(q, &reply))
        return 1;
    const struct json *accounts = json_get(reply, "accounts");
    for (size_t i = 0; i < json_count(accounts); i++) {
        const struct json *v = json_at(accounts, i);
        int64_t items = 0;
        json_i64(v, "items", &items);
        struct str success = json_text(v, "success_at"), error = json_text(v, "error");
        printf("%s\t%s\t%s\t%s\t%lld posts\t%s%s%s\n", json_text(v, "key").p,
               json_text(v, "channel").p, json_text(v, "name").p, json_text(v, "state").p,
               (long long)items, success.n ? success.p : "never", error.n ? "\t" : "",
               error.n ? error.p : "");
    }
    return 0;
}

static int add(struct ask *q, const char *brand, const char *name, const char *network, char **rest,
               size_t n, bool allow_private)
{
    struct json *reply;
    ask_begin(q, "channel.add");
    ask_put(q, "brand", brand);
    ask_put(q, "channel", rest[1]);
    ask_put(q, "key", rest[2]);
    ask_put(q, "name", name ? name : rest[2]);
    ask_put(q, "network", network);
    json_put_bool(&q->w, "allow_private", allow_private);
    json_key(&q->w, "settings");
    json_begin_object(&q->w);
    for (size_t i = 3; i < n; i++) {
        struct str value = str_z(rest[i]), key;
        if (str_find_char(value, '=', 0) < 1 || !str_next(&value, '=', &key)) {
            fprintf(stderr, "zuruf channel: %s: settings are written KEY=VALUE\n", rest[i]);
            return 2;
        }
        json_key_str(&q->w, key);
        json_add_text(&q->w, value);
    }
    json_end_object(&q->w);
    if (!ask_send(q, &reply))
        return 1;
    printf("%s\n", json_text(reply, "key").p);
    if (json_text(reply, "token").n)
        printf("%s\n", json_text(reply, "token").p);
    return 0;
}

/* Until the wish is served; a server may be busy with other accounts. */
static int fetch(struct ask *q, const char *key)
{
    const struct timespec pause = {.tv_nsec = 100 * 1000 * 1000};
    const int64_t end = clock_mono() + FETCH_PATIENCE;
    int64_t wish = 0, posts = 0;
    for (;;) {
        struct json *reply;
        ask_begin(q, "channel.fetch");
        ask_put(q, "account", key);
        if (wish)
            json_put_i64(&q->w, "wish", wish);
        if (!ask_send(q, &reply))
            return 1;
        struct str error = json_text(reply, "error");
        json_i64(reply, "wish", &wish);
        json_i64(reply, "posts", &posts);
        if (json_bool(reply, "done", false)) {
            if (error.n) {
                fprintf(stderr, "zuruf channel: %s: %.*s\n", key, STR_FMT(error));
                return 1;
            }
            printf("%s\t%lld new posts\n", key, (long long)posts);
            return 0;
        }
        if (clock_mono() > end) {
            fprintf(stderr,
                    "zuruf channel: %s: still waiting after %d minutes; the log of the server says "
                    "what it does\n",
                    key, (int)(FETCH_PATIENCE / CLOCK_MINUTE));
            return 1;
        }
        nanosleep(&pause, NULL);
    }
}

int cmd_channel(int argc, char **argv)
{
    struct place place = {0};
    const char *brand = NULL, *name = NULL, *network = NULL, *allow_private = NULL;
    char **rest;
    size_t n;
    const struct option_row rows[] = {
        OPTION_DATA(place),
        OPTION_DB(place),
        {"brand", "KEY", &brand, "brand, when there are several"},
        {"name", "NAME", &name, "our identity there, as people see it"},
        {"network", "WORD", &network,
         "what the posts are: mastodon, whatsapp ... (else the channel)"},
        {"allow-private", NULL, &allow_private, "the address may be in a private network"},
    };
    int done = options_read(argc, argv, rows, sizeof rows / sizeof *rows,
                            "list | add CHANNEL KEY [--name NAME] [SETTING=VALUE ...] | fetch KEY",
                            1, 40, &rest, &n);
    if (done >= 0)
        return done;
    bool listing = strcmp(rest[0], "list") == 0 && n == 1,
         adding = strcmp(rest[0], "add") == 0 && n >= 3,
         fetching = strcmp(rest[0], "fetch") == 0 && n == 2;
    if (!listing && !adding && !fetching) {
        fprintf(stderr, "zuruf channel: say list, add CHANNEL KEY, or fetch KEY; try --help\n");
        return 2;
    }
    struct ask q;
    if (!ask_open(&q, argv[0], &place))
        return 1;
    int exit_code = listing    ? list(&q, brand)
                    : fetching ? fetch(&q, rest[1])
                               : add(&q, brand, name, network, rest, n, allow_private != NULL);
    ask_close(&q);
    return exit_code;
}
