/* health.c - see health.h. */
#include "app/health.h"

#include "page/context.h"
#include "people_sql.h"
#include "store/store.h"

static void healthz(struct request *rq, struct response *rs)
{
    (void)rq;
    rs->type = "text/plain; charset=utf-8";
    buf_add(&rs->body, STR("ok\n"));
}

static void readyz(struct request *rq, struct response *rs)
{
    const struct page_context *ctx = rq->app;
    struct people_sql_agent_count_row row;
    rs->type = "text/plain; charset=utf-8";
    if (!store_run(ctx->store)) {
        rs->status = 503;
        buf_add(&rs->body, STR("this node has lost its lease; it polls and sends nothing until the"
                               " database gives it a new one\n"));
        return;
    }
    if (people_sql_agent_count(store_reader(ctx->store), rq->arena, &row) == ERR_OK) {
        buf_add(&rs->body, STR("ready\n"));
        return;
    }
    rs->status = 503;
    buf_add(&rs->body, STR("the store cannot be read\n"));
}

const struct route health_routes[] = {
    {METHOD_GET, "/healthz", RIGHT_NONE, 0, 0, healthz},
    {METHOD_GET, "/readyz", RIGHT_NONE, 0, 0, readyz},
};
const size_t health_route_count = sizeof health_routes / sizeof *health_routes;
