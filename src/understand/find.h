/* find.h - where the model is. Threads: any. */
#ifndef UNDERSTAND_FIND_H
#define UNDERSTAND_FIND_H

#include "base/err.h"
#include "understand/model.h"

/* Opens the model at path; without one (NULL) that of $ZURUF_MODEL, else the first that exists of: beside the
 * program, in the source tree it was built from, where packages install it. ERR_NOT_FOUND names the ways to give one. */
enum err model_find(struct model **out, const char *path, struct errinfo *e) MUST_CHECK;

#endif
