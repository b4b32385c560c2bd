/* health.h - for supervisors and proxies. /healthz: the process answers. /readyz: it also can do
 * its work: the store can be read and keeps what is written, is of this version, and this process
 * is a node; while not, 503 and the reason in words. Threads: any. */
#ifndef APP_HEALTH_H
#define APP_HEALTH_H

#include "http/server.h"

extern const struct route health_routes[];
extern const size_t health_route_count;

#endif
