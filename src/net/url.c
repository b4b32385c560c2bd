/* url.c - see url.h. */
#include "net/url.h"

#include <string.h>

#include "base/arena.h"
#include "base/trouble.h"
#include "net/guard.h"

static const char *const schemes[][2] = {
    [URL_WEB] = {"http", "https"},
    [URL_IMAP] = {"imap", "imaps"},
    [URL_SMTP] = {"smtp", "smtps"},
};

/* "Bad ports" of the WHATWG Fetch standard: services that could take an HTTP request for their own
 * language. */
static const uint16_t bad_ports[] = {
    0,    1,    7,    9,    11,   13,   15,   17,   19,   20,   21,   22,   23,    25,
    37,   42,   43,   53,   69,   77,   79,   87,   95,   101,  102,  103,  104,   109,
    110,  111,  113,  115,  117,  119,  123,  135,  137,  139,  143,  161,  179,   389,
    427,  465,  512,  513,  514,  515,  526,  530,  531,  532,  540,  548,  554,   556,
    563,  587,  601,  636,  989,  990,  993,  995,  1719, 1720, 1723, 2049, 3659,  4045,
    4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
};

static enum err check_scheme(CURLU *u, enum url_kind kind, struct errinfo *e)
{
    char *scheme = NULL;
    if (curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK)
        return err_trouble(e, ERR_INVALID, "url", TROUBLE_SCHEME, "%s\t%s", schemes[kind][0],
                           schemes[kind][1]);
    bool right = strcmp(scheme, schemes[kind][0]) == 0 || strcmp(scheme, schemes[kind][1]) == 0;
    curl_free(scheme);
    if (right)
        return ERR_OK;
    return err_trouble(e, ERR_INVALID, "url", TROUBLE_SCHEME, "%s\t%s", schemes[kind][0],
                       schemes[kind][1]);
}

static enum err check_port(CURLU *u, struct errinfo *e)
{
    char *text = NULL;
    if (curl_url_get(u, CURLUPART_PORT, &text, CURLU_DEFAULT_PORT) != CURLUE_OK)
        return err_trouble(e, ERR_INVALID, "url", TROUBLE_PORT, NULL);
    int64_t port = 0;
    bool good = str_to_i64(str_z(text), &port) && port <= UINT16_MAX;
    for (size_t i = 0; good && i < sizeof bad_ports / sizeof *bad_ports; i++)
        good = port != bad_ports[i];
    curl_free(text);
    if (good)
        return ERR_OK;
    return err_trouble(e, ERR_DENIED, "url", TROUBLE_PORT_SERVICE, NULL);
}

static enum err check_absent(CURLU *u, CURLUPart part, struct errinfo *e)
{
    char *text = NULL;
    if (curl_url_get(u, part, &text, 0) != CURLUE_OK)
        return ERR_OK;
    curl_free(text);
    return err_trouble(e, ERR_INVALID, "url", TROUBLE_CREDENTIALS, NULL);
}

/* curl takes more than names and addresses ("%", "|") and reads some of it otherwise the second
 * time. Bytes beyond ASCII are international names. */
static enum err check_host(CURLU *u, struct errinfo *e)
{
    static const char others[] = "-._:[]";
    char *host = NULL;
    if (curl_url_get(u, CURLUPART_HOST, &host, 0) != CURLUE_OK)
        return err_trouble(e, ERR_INVALID, "url", TROUBLE_NO_SERVER, NULL);
    bool good = host[0] != 0;
    for (const char *p = host; good && *p; p++)
        good = (unsigned char)*p >= 0x80 || (*p >= '0' && *p <= '9') || (*p >= 'a' && *p <= 'z') ||
               (*p >= 'A' && *p <= 'Z') || strchr(others, *p);
    curl_free(host);
    return good ? ERR_OK : err_trouble(e, ERR_INVALID, "url", TROUBLE_SERVER_NAME, NULL);
}

static enum err check_parts(CURLU *u, enum url_kind kind, struct errinfo *e)
{
    TRY(check_scheme(u, kind, e));
    TRY(check_host(u, e));
    TRY(check_absent(u, CURLUPART_USER, e));
    TRY(check_absent(u, CURLUPART_PASSWORD, e));
    TRY(check_absent(u, CURLUPART_ZONEID, e));
    if (kind == URL_WEB)
        TRY(check_port(u, e));
    return ERR_OK;
}

/* Replaces *u by what curl reads from its own writing of it. "http:/%36351" names a host 6351 the
 * first time and the address 0.0.24.207 the second: checked, connected to and saved is always the
 * latter. */
static CURLUcode reread(CURLU **u)
{
    char *text = NULL;
    CURLUcode rc = curl_url_get(*u, CURLUPART_URL, &text, 0);
    CURLU *again = rc == CURLUE_OK ? curl_url() : NULL;
    if (again && (rc = curl_url_set(again, CURLUPART_URL, text, 0)) == CURLUE_OK) {
        curl_url_cleanup(*u);
        *u = again;
    } else {
        curl_url_cleanup(again);
        rc = rc == CURLUE_OK ? CURLUE_OUT_OF_MEMORY : rc;
    }
    curl_free(text);
    return rc;
}

enum err url_parse(struct str url, CURLU *base, enum url_kind kind, CURLU **out, struct errinfo *e)
{
    char text[GUARD_URL_MAX + 1];
    if (url.n > GUARD_URL_MAX)
        return err_trouble(e, ERR_LIMIT, "url", TROUBLE_ADDRESS_LONG, "%d", GUARD_URL_MAX);
    if (url.n == 0 || memchr(url.p, 0, url.n))
        return err_trouble(e, ERR_INVALID, "url", TROUBLE_ADDRESS, NULL);
    memcpy(text, url.p, url.n);
    text[url.n] = 0;
    CURLU *u = base ? curl_url_dup(base) : curl_url();
    if (!u)
        return err_set(e, ERR_IO, "url", "out of memory");
    /* Servers do send blanks in Location; people do not type them. */
    CURLUcode rc = curl_url_set(u, CURLUPART_URL, text, base ? CURLU_URLENCODE : 0);
    if (rc == CURLUE_OK)
        rc = reread(&u);
    enum err err = rc == CURLUE_OK ? check_parts(u, kind, e)
                                   : err_trouble(e, ERR_INVALID, "url", TROUBLE_ADDRESS, NULL);
    if (err != ERR_OK) {
        curl_url_cleanup(u);
        return err;
    }
    *out = u;
    return ERR_OK;
}

enum err url_host(CURLU *url, char **host, struct errinfo *e)
{
    if (curl_url_get(url, CURLUPART_HOST, host, CURLU_PUNYCODE) != CURLUE_OK)
        return err_trouble(e, ERR_INVALID, "url", TROUBLE_SERVER_NAME, NULL);
    size_t n = strlen(*host);
    if (n > 2 && (*host)[0] == '[') {
        memmove(*host, *host + 1, n - 2);
        (*host)[n - 2] = 0;
    }
    return ERR_OK;
}

struct str url_part(CURLU *url, CURLUPart part, struct arena *a)
{
    char *text = NULL;
    unsigned flags = part == CURLUPART_PORT ? CURLU_DEFAULT_PORT : 0;
    if (curl_url_get(url, part, &text, flags) != CURLUE_OK)
        return STR_NONE;
    struct str s = arena_strz(a, text);
    curl_free(text);
    return s;
}
