/* csrf.h - may this changing request have come from one of our own pages? Browsers tell by
 * Sec-Fetch-Site or Origin; the form's token tells for those that do not. Threads: the handler's.
 */
#ifndef HTTP_CSRF_H
#define HTTP_CSRF_H

#include <stdbool.h>

#include "http/request.h"
#include "http/server.h"

/* Name of the form field; scripts send the header X-CSRF-Token instead. */
#define CSRF_FIELD "csrf"

bool csrf_passes(struct request *rq, const struct http_hooks *hooks);

#endif
