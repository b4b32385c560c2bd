/* routes.h - all routes of the program: the tables of page/, console/, api/ and app/ together, for
 * the server and for whoever checks them. Threads: any. */
#ifndef APP_ROUTES_H
#define APP_ROUTES_H

#include "http/server.h"

enum { ROUTE_TABLES_MAX = 32 };

struct app_routes {
    const struct route *tables[ROUTE_TABLES_MAX];
    size_t counts[ROUTE_TABLES_MAX]; /* rows of each */
    size_t n;
};

void app_routes(struct app_routes *out);

#endif
