/* routes.c - what page/ answers itself: assets. */
#include "http/server.h"
#include "page/asset.h"
#include "page/error.h"
#include "page/page.h"

/* The digest in the address is not compared: an old page may still ask for a file that has not
 * changed since, and a wrong one only costs a second fetch. */
static void get_asset(struct request *rq, struct response *rs)
{
    struct asset found = asset_find(request_param(rq, "name"));
    if (!found.bytes.p) {
        page_error(rq, rs, ERR_NOT_FOUND, NULL);
        return;
    }
    bool current = str_starts(rq->path, asset_base());
    response_static(rq, rs, found.bytes, found.type, found.etag, current);
}

const struct route page_routes[] = {
    {METHOD_GET, "/assets/:hash/*name", RIGHT_NONE, 0, 0, get_asset},
};
const size_t page_route_count = sizeof(page_routes) / sizeof(*page_routes);
