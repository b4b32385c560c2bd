/* url.h - URLs, as libcurl reads them, so that the one who checks and the one who connects never
 * disagree. For net/ alone: it shows curl. Threads: any. */
#ifndef NET_URL_H
#define NET_URL_H

#include <curl/curl.h>

#include "base/err.h"
#include "base/str.h"

struct arena;

enum url_kind {
    URL_WEB,  /* http, https; ports of other well-known services are refused */
    URL_IMAP, /* imap, imaps */
    URL_SMTP  /* smtp, smtps */
};

/* Parses url, relative to base if that is given, and checks scheme, port, and that it names a host
 * but no user and no zone. *out belongs to the caller (curl_url_cleanup). ERR_INVALID, ERR_LIMIT
 * (too long), or ERR_DENIED (port). */
enum err url_parse(struct str url, CURLU *base, enum url_kind kind, CURLU **out,
                   struct errinfo *e) MUST_CHECK;
/* Host name in ASCII, or an address without brackets; the caller frees it with curl_free. */
enum err url_host(CURLU *url, char **host, struct errinfo *e) MUST_CHECK;

/* One part, or the whole with CURLUPART_URL; a port that is not written is the scheme's. STR_NONE
 * if absent. */
struct str url_part(CURLU *url, CURLUPart part, struct arena *a);

#endif
