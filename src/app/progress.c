/* progress.c - see progress.h. */
#include "app/progress.h"

#include <stdio.h>
#include <unistd.h>

void progress_init(struct progress *p)
{
    *p = (struct progress){.shown = -1, .terminal = isatty(STDERR_FILENO) != 0};
}

void progress_told(void *ctx, int64_t done, int64_t total)
{
    struct progress *p = ctx;
    int percent = total > 0 ? (int)(done * 100 / total) : 100;
    if (!p->terminal || percent == p->shown)
        return;
    fprintf(stderr, "\r\033[K%s %d %%", p->doing, percent);
    p->shown = percent;
    p->begun = true;
}

bool progress_watch(void *ctx, int64_t done, int64_t total)
{
    progress_told(ctx, done, total);
    return true;
}

void progress_end(struct progress *p)
{
    if (p->begun)
        fprintf(stderr, "\r\033[K");
    p->begun = false;
}
