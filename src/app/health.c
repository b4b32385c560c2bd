/* health.c - see health.h. */
#include "app/health.h"

#include "metrics_sql.h"
#include "page/context.h"
#include "schema.h"
#include "store/store.h"

static void get_alive(struct request *rq, struct response *rs)
{
    (void)rq;
    rs->type = "text/plain; charset=utf-8";
    buf_add(&rs->body, STR("ok\n"));
}

static void get_ready(struct request *rq, struct response *rs)
{
    struct store *s = ((const struct page_context *)rq->app)->store;
    struct metrics_sql_version_row version;
    struct errinfo e = {0};
    const char *why = NULL;
    if (metrics_sql_version(store_reader(s), rq->arena, &version) != ERR_OK)
        why = "the store cannot be read";
    else if (version.number > (int64_t)schema_table[schema_count - 1].number)
        why = "a newer version has changed the database: replace this program";
    else if (store_writable(s, &e) != ERR_OK)
        why = e.what;
    else if (!store_run(s))
        why =
            "this node has lost its lease; it polls and sends nothing until the database gives it "
            "a new one";
    rs->type = "text/plain; charset=utf-8";
    buf_printf(&rs->body, "%s\n", why ? why : "ready");
    if (why) {
        rs->status = 503;
        response_header(rs, "Retry-After", STR("2"));
    }
}

const struct route health_routes[] = {
    {METHOD_GET, "/healthz", RIGHT_NONE, 0, 0, get_alive},
    {METHOD_GET, "/readyz", RIGHT_NONE, 0, 0, get_ready},
};
const size_t health_route_count = sizeof health_routes / sizeof *health_routes;
