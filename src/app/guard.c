/* guard.c - see guard.h. The one place where a route's right is checked. */
#include "app/guard.h"

#include "page/context.h"
#include "page/error.h"
#include "page/page.h"
#include "people/session.h"

/* A bearer token opens the API and nothing else; a cookie opens the pages and nothing of the API
 * that writes. */
static enum err guard(struct request *rq, enum right right)
{
    const struct page_context *ctx = rq->app;
    rq->who = (struct who){0};
    if (right == RIGHT_API_WRITE) {
        struct str header = request_header(rq, "Authorization");
        if (!str_starts_nocase(header, STR("Bearer ")))
            return ERR_DENIED;
        struct str token = str_trim(str_sub(header, 7, header.n));
        enum err err = session_find_bearer(ctx->sessions, rq->arena, token, &rq->who);
        return err == ERR_NOT_FOUND ? ERR_DENIED : err;
    }
    struct str cookie = request_cookie(rq, SESSION_COOKIE);
    enum err err =
        cookie.n ? session_find(ctx->sessions, rq->arena, cookie, &rq->who) : ERR_NOT_FOUND;
    if (err != ERR_OK && err != ERR_NOT_FOUND)
        return err;
    if (right == RIGHT_NONE)
        return ERR_OK;
    if (!rq->who.agent)
        return ERR_DENIED;
    if (right == RIGHT_SIGNED_IN)
        return ERR_OK;
    return rq->who.brand && right_of_role(rq->who.role, right) ? ERR_OK : ERR_DENIED;
}

const struct http_hooks guard_hooks = {
    .guard = guard, .csrf_token = page_csrf, .error_page = page_error};
