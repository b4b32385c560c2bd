/* console.h - the routes of the desk; request->app is a struct page_context. */
#ifndef CONSOLE_CONSOLE_H
#define CONSOLE_CONSOLE_H

#include "http/server.h"

extern const struct route door_routes[];   /* signing in and out */
extern const struct route act_routes[];    /* what agents do */
extern const struct route desk_routes[];   /* list and case */
extern const struct route dialog_routes[]; /* questions about a case */
extern const size_t door_route_count, act_route_count, desk_route_count, dialog_route_count;

/* settings, search, set-up */
extern const struct route account_routes[], agent_routes[], alarm_routes[], audit_routes[],
    backup_routes[], brand_routes[], calendar_routes[], channels_routes[], profile_routes[],
    pulse_routes[], routing_routes[], search_routes[], setup_routes[], team_routes[];
extern const size_t account_route_count, agent_route_count, alarm_route_count, audit_route_count,
    backup_route_count, brand_route_count, calendar_route_count, channels_route_count,
    profile_route_count, pulse_route_count, routing_route_count, search_route_count,
    setup_route_count, team_route_count;

#endif
