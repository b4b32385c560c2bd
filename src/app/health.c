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
    struct errinfo e = {0};
    rs->status = 503;
    if (people_sql_agent_count(store_reader(ctx->store), rq->arena, &row) != ERR_OK) {
        buf_add(&rs->body, STR("the store cannot be read\n"));
    } else if (store_writable(ctx->store, &e) != ERR_OK) {
        buf_printf(&rs->body, "%s\n", e.what);
    } else if (!store_run(ctx->store)) {
        buf_add(&rs->body, STR("this node has lost its lease; it polls and sends nothing until the"
                               " database gives it a new one\n"));
    } else {
        rs->status = 200;
        buf_add(&rs->body, STR("ready\n"));
    }
}

const struct route health_routes[] = {
    {METHOD_GET, "/healthz", RIGHT_NONE, 0, 0, healthz},
    {METHOD_GET, "/readyz", RIGHT_NONE, 0, 0, readyz},
};
const size_t health_route_count = sizeof health_routes / sizeof *health_routes;
