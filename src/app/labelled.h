/* labelled.h - the options that train and eval share: which columns of labelled files are read as
 * what. Threads: main only. */
#ifndef APP_LABELLED_H
#define APP_LABELLED_H

#include "base/err.h"
#include "understand/examples.h"
#include "understand/model.h"

struct labelled {
    const char *text, *brand;
    const char *heads[MODEL_HEADS_MAX]; /* NAME=COL; NULL behind the last */
};

/* Prepares ex for the columns; ERR_INVALID when --text or --head is missing or malformed. */
enum err labelled_init(const struct labelled *l, struct examples *ex, struct arena *a,
                       struct errinfo *e) MUST_CHECK;
enum err labelled_read(struct examples *ex, char **files, size_t n, struct errinfo *e) MUST_CHECK;
/* The model to start from: the one at path, else the shipped one; NULL when there is none or it is
 * not wanted. What the base was trained on must not be measured by what starts from it. */
enum err labelled_base(const char *path, const char *from_scratch, struct model **out,
                       struct errinfo *e) MUST_CHECK;
/* Prints the error as one line and returns the exit status: 2 for a usage error, else 1. */
int labelled_fail(const char *command, const struct errinfo *e);

#endif
