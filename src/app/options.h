/* options.h - the command line of a command: a thin layer over getopt_long, so that --help, wrong
 * options and missing arguments look the same everywhere. */
#ifndef APP_OPTIONS_H
#define APP_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

struct option_row {
    const char *name;     /* long name, without dashes */
    const char *argument; /* what to call it in the help; NULL: a flag */
    const char **value;   /* gets the argument, or "" for a flag */
    const char *help;
    size_t repeat; /* how often it may be given; value points to so many then. 0: the last one
                      counts */
};

/* Parses argv by the rows. usage: what follows "zuruf COMMAND". Rest: plain arguments. Returns -1
 * when all is well, else the exit code (0 after --help, 2 after an error that was told). */
int options_read(int argc, char **argv, const struct option_row *rows, size_t n, const char *usage,
                 size_t least, size_t most, char ***rest, size_t *rest_n);

#endif
