/* guard.c - see guard.h. The one place where a route's right is checked. */
#include "app/guard.h"

#include <string.h>

#include "http/csrf.h"
#include "http/router.h"
#include "page/context.h"
#include "page/error.h"
#include "page/page.h"
#include "people/denial.h"
#include "people/session.h"

/* A token that was taken back is nobody's, but the audit log tells whose it was. */
static enum err check_token(struct request *rq, struct str token)
{
    const struct page_context *ctx = rq->app;
    struct who who = {0};
    enum err err = session_find_bearer(ctx->sessions, rq->arena, token, &who);
    if (err == ERR_DENIED)
        denials_note(ctx->denials, &(struct denial){who.brand, 0, who.account, "denied.token",
                                                    rq->route->pattern, method_names[rq->method]});
    if (err == ERR_OK)
        rq->who = who;
    return err == ERR_NOT_FOUND ? ERR_DENIED : err;
}

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
        return check_token(rq, str_trim(str_sub(header, 7, header.n)));
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

static void denied(struct request *rq, int status, const char *where)
{
    const struct page_context *ctx = rq->app;
    const char *what = status == 429                    ? "denied.often"
                       : strcmp(where, CSRF_FIELD) == 0 ? "denied.form"
                                                        : "denied.right";
    if (rq->who.agent && rq->who.brand)
        denials_note(ctx->denials, &(struct denial){rq->who.brand, rq->who.agent, 0, what,
                                                    rq->route->pattern, method_names[rq->method]});
}

const struct http_hooks guard_hooks = {
    .guard = guard, .denied = denied, .csrf_token = page_csrf, .error_page = page_error};
