/* console.h - the routes of the desk; request->app is a struct page_context. */
#ifndef CONSOLE_CONSOLE_H
#define CONSOLE_CONSOLE_H

#include "http/server.h"

extern const struct route door_routes[];    /* signing in and out */
extern const struct route act_routes[];     /* what agents do */
extern const struct route desk_routes[];    /* list and case */
extern const struct route dialog_routes[];  /* questions about a case */
extern const size_t door_route_count, act_route_count, desk_route_count, dialog_route_count;

#endif
