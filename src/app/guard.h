/* guard.h - who asks: the hooks that tie http/ to sessions and pages. */
#ifndef APP_GUARD_H
#define APP_GUARD_H

#include "http/server.h"

extern const struct http_hooks guard_hooks;

#endif
