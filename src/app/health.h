/* health.h - /healthz: the process answers; /readyz: it can also read its store and
 * holds the lease of a node. For supervisors and proxies. */
#ifndef APP_HEALTH_H
#define APP_HEALTH_H

#include "http/server.h"

extern const struct route health_routes[];
extern const size_t health_route_count;

#endif
