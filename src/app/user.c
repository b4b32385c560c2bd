/* user.c - zuruf user: agents from the shell; also the way back in when nobody can sign in any
 * more. */
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "app/ask.h"
#include "app/commands.h"
#include "app/options.h"
#include "base/arena.h"

/* From the terminal without echo, else the first line of stdin. */
static bool read_password(char *out, size_t size)
{
    struct termios before, quiet;
    bool terminal = tcgetattr(STDIN_FILENO, &before) == 0;
    if (terminal) {
        quiet = before;
        quiet.c_lflag &= ~(tcflag_t)ECHO;
        fprintf(stderr, "New password: ");
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
    }
    bool ok = fgets(out, (int)size, stdin) != NULL;
    if (terminal) {
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
        fprintf(stderr, "\n");
    }
    if (ok)
        out[strcspn(out, "\r\n")] = 0;
    return ok;
}

static int list(struct ask *q)
{
    struct json *reply;
    ask_begin(q, "user.list");
    if (!ask_send(q, &reply))
        return 1;
    const struct json *agents = json_get(reply, "agents");
    for (size_t i = 0; i < json_count(agents); i++) {
        const struct json *v = json_at(agents, i);
        printf("%s\t%s\t%s%s\n", json_text(v, "email").p, json_text(v, "name").p,
               json_text(v, "role").p, json_bool(v, "disabled", false) ? "\tdisabled" : "");
    }
    return 0;
}

static int print_link(struct ask *q)
{
    struct json *reply;
    if (!ask_send(q, &reply))
        return 1;
    printf("%s\n", json_text(reply, "link").p);
    fprintf(stderr, "This link signs in once, within a day.\n");
    return 0;
}

int cmd_user(int argc, char **argv)
{
    struct place place = {0};
    const char *brand = NULL, *name = NULL, *role = NULL, *initials = NULL;
    char **rest, password[1025];
    size_t n;
    const struct option_row rows[] = {
        OPTION_DATA(place),
        OPTION_DB(place),
        {"brand", "KEY", &brand, "brand, when there are several"},
        {"name", "NAME", &name, "with add: the name that customers see"},
        {"initials", "AB", &initials, "with add: how replies are signed"},
        {"role", "ROLE", &role,
         "with add: reader, agent, lead, administrator (agent if not given)"},
    };
    int done =
        options_read(argc, argv, rows, sizeof rows / sizeof *rows,
                     "list | add EMAIL --name NAME [--role ROLE] | link EMAIL | password EMAIL | "
                     "disable EMAIL",
                     1, 2, &rest, &n);
    if (done >= 0)
        return done;
    const char *what = rest[0];
    bool listing = strcmp(what, "list") == 0, adding = strcmp(what, "add") == 0,
         linking = strcmp(what, "link") == 0;
    bool changing = strcmp(what, "password") == 0, disabling = strcmp(what, "disable") == 0;
    if (!(listing || adding || linking || changing || disabling) || (n == 1) != listing ||
        (adding && !name)) {
        fprintf(stderr, "zuruf user: %s; try --help\n",
                adding && !name ? "add needs --name" : "what shall be done?");
        return 2;
    }
    struct ask q;
    if (!ask_open(&q, argv[0], &place))
        return 1;
    int exit_code;
    if (listing) {
        exit_code = list(&q);
        goto out;
    }
    ask_begin(&q, adding ? "user.add" : linking ? "user.link" : "user.change");
    ask_put(&q, "brand", brand);
    ask_put(&q, "email", rest[1]);
    if (adding) {
        ask_put(&q, "name", name);
        ask_put(&q, "initials", initials);
        ask_put(&q, "role", role ? role : "agent");
    }
    if (disabling)
        json_put_bool(&q.w, "disable", true);
    if (changing && !read_password(password, sizeof password)) {
        fprintf(stderr, "zuruf user: no password was given\n");
        exit_code = 1;
        goto out;
    }
    if (changing)
        ask_put(&q, "password", password);
    struct json *reply;
    exit_code = adding || linking ? print_link(&q) : !ask_send(&q, &reply);
out:
    ask_close(&q);
    return exit_code;
}
