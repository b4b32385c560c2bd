/* options.c - see options.h. */
#include "app/options.h"

#include <getopt.h>
#include <stdio.h>

enum { ROWS_MAX = 16 };

static int show_help(const char *command, const struct option_row *rows, size_t n,
                     const char *usage)
{
    printf("usage: zuruf %s %s\n", command, usage);
    for (size_t i = 0; i < n; i++) {
        char left[48];
        snprintf(left, sizeof left, "--%s %s", rows[i].name,
                 rows[i].argument ? rows[i].argument : "");
        printf("  %-24s %s\n", left, rows[i].help);
    }
    return 0;
}

/* False when an option stands there more often than there is room. */
static bool take(const struct option_row *row, const char *value)
{
    if (!row->repeat) {
        *row->value = value;
        return true;
    }
    for (size_t i = 0; i < row->repeat; i++)
        if (!row->value[i]) {
            row->value[i] = value;
            return true;
        }
    return false;
}

int options_read(int argc, char **argv, const struct option_row *rows, size_t n, const char *usage,
                 size_t least, size_t most, char ***rest, size_t *rest_n)
{
    struct option options[ROWS_MAX + 2] = {0};
    for (size_t i = 0; i < n && i < ROWS_MAX; i++)
        options[i] = (struct option){
            rows[i].name, rows[i].argument ? required_argument : no_argument, NULL, (int)i + 1};
    options[n] = (struct option){"help", no_argument, NULL, 'h'};
    optind = 1;
    opterr = 0;
    for (int c; (c = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        if (c == 'h')
            return show_help(argv[0], rows, n, usage);
        if (c < 1 || (size_t)c > n) {
            fprintf(stderr, "zuruf %s: %s: unknown option or missing argument; try --help\n",
                    argv[0], argv[optind - 1]);
            return 2;
        }
        if (!take(&rows[c - 1], optarg ? optarg : "")) {
            fprintf(stderr, "zuruf %s: --%s: at most %zu times\n", argv[0], rows[c - 1].name,
                    rows[c - 1].repeat);
            return 2;
        }
    }
    size_t left = (size_t)(argc - optind);
    if (left < least || left > most) {
        fprintf(stderr, "usage: zuruf %s %s\n", argv[0], usage);
        return 2;
    }
    if (rest)
        *rest = argv + optind;
    if (rest_n)
        *rest_n = left;
    return -1;
}
