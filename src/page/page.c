/* page.c - see page.h. */
#include "page/page.h"

#include "base/clock.h"
#include "crypt/token.h"
#include "http/sse.h"
#include "layout_tmpl.h"
#include "people/session.h"

const struct locale *page_locale(const struct request *rq)
{
    struct str own = str_z(rq->who.language);
    if (own.n)
        return locale_find(own);
    return locale_accept(request_header(rq, "Accept-Language"), locale_find(STR("de")));
}

struct str page_text(const struct request *rq, const char *msgid)
{
    return locale_text(page_locale(rq), msgid);
}

struct str page_csrf(struct request *rq)
{
    struct str cookie = request_cookie(rq, SESSION_COOKIE);
    return rq->who.agent && cookie.n ? token_derive(rq->arena, cookie, STR("csrf")) : STR_NONE;
}

void page_layout(struct request *rq, struct layout_view *l, struct str title)
{
    *l = (struct layout_view){.now = clock_now(&clock_system),
                              .title = title,
                              .language = locale_language(page_locale(rq)),
                              .theme = str_z(rq->who.theme)};
    if (rq->who.agent)
        l->events = arena_printf(rq->arena, "/desk/events?from=%.*s", STR_FMT(sse_position(rq)));
}

struct out page_begin(struct request *rq, struct response *rs)
{
    return (struct out){.buf = &rs->body, .locale = page_locale(rq), .csrf = page_csrf(rq)};
}
