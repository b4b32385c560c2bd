/* main.c - the table of commands. Each is one function in app/; all take --help, exit with 0, 1
 * (failed) or 2 (usage), and say errors in one line on stderr. */
#include <stdio.h>
#include <string.h>

#include "app/commands.h"

static int help(int argc, char **argv);

static int version(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    printf("zuruf %s\n", ZURUF_VERSION);
    return 0;
}

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *what;
} commands[] = {
    {"serve", cmd_serve, "run the server"},
    {"backup", cmd_backup, "put everything into one file, while the server runs"},
    {"restore", cmd_restore, "make an installation of such a file, or check it"},
    {"copy", cmd_copy, "copy an installation to another database, PostgreSQL or back"},
    {"doctor", cmd_doctor, "look whether all is well, and say what to do"},
    {"import", cmd_import, "bring in posts from a file (JSON Lines or CSV)"},
    {"user", cmd_user, "add agents, set passwords, make sign-in links"},
    {"channel", cmd_channel, "list and add accounts"},
    {"key", cmd_key, "tell the fingerprint of the sealing key, or begin with a new one"},
    {"search", cmd_search, "search the posts as the search box would"},
    {"triage", cmd_triage, "tell the facts of posts (JSON Lines in and out)"},
    {"train", cmd_train, "make a classifier from labelled texts"},
    {"eval", cmd_eval, "measure a classifier"},
    {"analyse", cmd_analyse, "show the index terms of texts"},
    {"render", cmd_render, "show what a page would make of Markdown or HTML"},
    {"parse", cmd_parse, "read a feed, a mail or JSON into one JSON object"},
    {"fetch", cmd_fetch, "tell whether the guard would connect to a URL"},
    {"help", help, "this list"},
    {"version", version, "the version"},
};
enum { COMMANDS = sizeof commands / sizeof *commands };

static int help(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    printf("usage: zuruf COMMAND [options]\n\n");
    for (size_t i = 0; i < COMMANDS; i++)
        printf("  %-9s %s\n", commands[i].name, commands[i].what);
    printf("\nzuruf COMMAND --help tells more.\n");
    return 0;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: zuruf COMMAND [options]; zuruf help lists the commands\n");
        return 2;
    }
    const char *name = argv[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        name = "help";
    else if (strcmp(name, "--version") == 0)
        name = "version";
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(name, commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    fprintf(stderr, "zuruf: there is no command '%s'; zuruf help lists the commands\n", name);
    return 2;
}
