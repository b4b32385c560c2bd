/* routes.c - see routes.h. */
#include "app/routes.h"

#include "api/api.h"
#include "app/health.h"
#include "app/metrics.h"
#include "console/console.h"
#include "page/page.h"

static const struct {
    const struct route *rows;
    const size_t *n;
} all[] = {
    {page_routes, &page_route_count},         {door_routes, &door_route_count},
    {desk_routes, &desk_route_count},         {dialog_routes, &dialog_route_count},
    {act_routes, &act_route_count},           {account_routes, &account_route_count},
    {agent_routes, &agent_route_count},       {alarm_routes, &alarm_route_count},
    {audit_routes, &audit_route_count},       {backup_routes, &backup_route_count},
    {brand_routes, &brand_route_count},       {calendar_routes, &calendar_route_count},
    {channels_routes, &channels_route_count}, {profile_routes, &profile_route_count},
    {pulse_routes, &pulse_route_count},       {routing_routes, &routing_route_count},
    {search_routes, &search_route_count},     {setup_routes, &setup_route_count},
    {team_routes, &team_route_count},         {api_routes, &api_route_count},
    {health_routes, &health_route_count},     {metrics_routes, &metrics_route_count},
};

void app_routes(struct app_routes *out)
{
    _Static_assert(sizeof all / sizeof *all <= ROUTE_TABLES_MAX, "more tables than fit");
    out->n = sizeof all / sizeof *all;
    for (size_t i = 0; i < out->n; i++) {
        out->tables[i] = all[i].rows;
        out->counts[i] = *all[i].n;
    }
}
