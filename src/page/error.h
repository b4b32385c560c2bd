/* error.h - the page for an error: what happened, what it means, what to do. The hook of
 * http/server.h. Threads: the handler's. */
#ifndef PAGE_ERROR_H
#define PAGE_ERROR_H

#include "base/err.h"
#include "http/request.h"

/* Why nothing can be saved just now, and what to do, for whoever wanted to; STR_NONE: it can. */
struct str page_unsaved(const struct request *rq);
/* For a while only (503): says when to try again; a page that was asked for does so by itself. What
 * was written in a form's field "text" stands on the page, so that it is not lost. */
void page_error(struct request *rq, struct response *rs, enum err code, const struct errinfo *e);

#endif
