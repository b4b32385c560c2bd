/* fuzz_url.c - addresses from strangers, whole or relative as in a redirect: what is accepted is
 * http or https with a host and without user, and reads the same when it is written and read again.
 */
#include "fuzz.h"

#include "base/arena.h"
#include "net/guard.h"
#include "net/url.h"

static void check(struct arena *a, CURLU *u)
{
    CURLU *again;
    struct str whole = url_part(u, CURLUPART_URL, a), scheme = url_part(u, CURLUPART_SCHEME, a);
    assert(str_eq(scheme, STR("http")) || str_eq(scheme, STR("https")));
    assert(url_part(u, CURLUPART_HOST, a).n > 0);
    assert(!url_part(u, CURLUPART_USER, a).p && !url_part(u, CURLUPART_PASSWORD, a).p);
    if (whole.n > GUARD_URL_MAX) /* escapes may have made it longer */
        return;
    assert(url_parse(whole, NULL, URL_WEB, &again, NULL) == ERR_OK);
    assert(str_eq(url_part(again, CURLUPART_HOST, a), url_part(u, CURLUPART_HOST, a)));
    assert(str_eq(url_part(again, CURLUPART_PORT, a), url_part(u, CURLUPART_PORT, a)));
    curl_url_cleanup(again);
    char *host = NULL;
    if (url_host(u, &host, NULL) == ERR_OK)
        assert(host[0] && host[0] != '[');
    curl_free(host);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct str url = {(const char *)bytes, n};
    struct arena a;
    CURLU *base, *u;
    arena_init(&a);
    if (url_parse(url, NULL, URL_WEB, &u, NULL) == ERR_OK) {
        check(&a, u);
        curl_url_cleanup(u);
    }
    if (url_parse(STR("https://blatt.test/a/b?c"), NULL, URL_WEB, &base, NULL) == ERR_OK) {
        if (url_parse(url, base, URL_WEB, &u, NULL) == ERR_OK) {
            check(&a, u);
            curl_url_cleanup(u);
        }
        curl_url_cleanup(base);
    }
    arena_deinit(&a);
    return 0;
}
