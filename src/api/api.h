/* api.h - the routes of the JSON API; request->app is a struct page_context. */
#ifndef API_API_H
#define API_API_H

#include "http/server.h"

extern const struct route api_routes[];
extern const size_t api_route_count;

#endif
