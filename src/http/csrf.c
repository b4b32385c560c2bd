/* csrf.c - see csrf.h. */
#include "http/csrf.h"

#include "crypt/hmac.h"

/* Origin is scheme "://" host; the scheme may not fall back to plain HTTP where the request came by
 * TLS. */
static bool same_origin(const struct request *rq, struct str origin)
{
    ptrdiff_t at = str_find(origin, STR("://"), 0);
    if (at < 0 || (rq->secure && !str_starts_nocase(origin, STR("https:"))))
        return false;
    return str_eq_nocase(str_sub(origin, (size_t)at + 3, origin.n), request_header(rq, "Host"));
}

static bool from_own_page(const struct request *rq)
{
    struct str site = request_header(rq, "Sec-Fetch-Site"), origin = request_header(rq, "Origin");
    if (site.p)
        return str_eq_z(site, "same-origin") || str_eq_z(site, "none");
    return !origin.p || same_origin(rq, origin);
}

bool csrf_passes(struct request *rq, const struct http_hooks *hooks)
{
    if (!from_own_page(rq))
        return false;
    struct str wanted = hooks->csrf_token ? hooks->csrf_token(rq) : STR_NONE;
    if (!wanted.p)
        return true;
    struct str given = request_header(rq, "X-CSRF-Token");
    if (!given.p)
        given = request_field(rq, CSRF_FIELD);
    return given.n > 0 && crypt_equal(given, wanted);
}
