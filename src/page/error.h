/* error.h - the page for an error: what happened, what it means, what to do. The hook of
 * http/server.h. Threads: the handler's. */
#ifndef PAGE_ERROR_H
#define PAGE_ERROR_H

#include "base/err.h"
#include "http/request.h"

void page_error(struct request *rq, struct response *rs, enum err code, const struct errinfo *e);

#endif
