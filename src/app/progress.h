/* progress.h - how far a long command is, on a terminal: one line on stderr that is written over.
 * Elsewhere nothing. Threads: the command's. */
#ifndef APP_PROGRESS_H
#define APP_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
    const char *doing; /* "copying the database"; set before each act */
    int shown;         /* percent */
    bool terminal, begun;
};

void progress_init(struct progress *p);
/* ctx: struct progress. */
void progress_told(void *ctx, int64_t done, int64_t total);
/* The same as struct store_watch wants it; goes on always. */
bool progress_watch(void *ctx, int64_t done, int64_t total);
/* Leaves the line, before anything else is written. */
void progress_end(struct progress *p);

#endif
