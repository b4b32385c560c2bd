/* pages.c - see pages.h. */
#include "console/pages.h"

#include "base/buf.h"
#include "base/clock.h"
#include "brand/view.h"
#include "flow/flow.h"
#include "page/error.h"
#include "text/zone.h"

enum { NAME_MAX = 1024 };

bool pages_from_script(const struct request *rq)
{
    return str_eq(request_header(rq, "X-Requested-With"), STR("fetch"));
}

void pages_fail(struct request *rq, struct response *rs, enum err code, const struct errinfo *e)
{
    if (pages_from_script(rq)) {
        response_json_error(rq, rs, code, e);
        return;
    }
    rs->status = err_table[code].http;
    page_error(rq, rs, code, e);
}

void pages_done(struct request *rq, struct response *rs, struct str path)
{
    if (pages_from_script(rq))
        rs->status = 204;
    else
        response_redirect(rs, path);
}

int64_t pages_local_moment(struct request *rq, struct str field)
{
    const struct page_context *ctx = rq->app;
    int64_t local;
    /* read as if it were UTC, then moved by what the clock there is ahead */
    if (field.n != 16 || !clock_parse(arena_printf(rq->arena, "%.*s:00Z", STR_FMT(field)), &local))
        return 0;
    const struct brand_view *b = flow_brand(ctx->flow, rq->who.brand, NULL);
    if (!b)
        return 0;
    int64_t day = local / CLOCK_DAY;
    int64_t t = zone_moment(b->calendar.zone, day, (int)((local - day * CLOCK_DAY) / CLOCK_MINUTE));
    flow_brand_release(b);
    return t;
}

struct str pages_disposition(struct arena *a, struct str name)
{
    struct buf b;
    buf_init_in(&b, a, NAME_MAX * 4);
    buf_add(&b, STR("attachment; filename*=UTF-8''"));
    for (size_t i = 0; i < name.n && i < NAME_MAX; i++) {
        unsigned char c = (unsigned char)name.p[i];
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
            c == '.' || c == '-' || c == '_')
            buf_add_char(&b, (char)c);
        else
            buf_printf(&b, "%%%02X", c);
    }
    return buf_str(&b);
}
