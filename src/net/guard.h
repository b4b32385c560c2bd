/* guard.h - where Zuruf connects to when somebody else chose the address (feed, webhook, mail
 * server). The guard judges the address after name resolution, at the moment the socket is opened,
 * so that a name which changes its answer (DNS rebinding) gains nothing.
 *
 * Refused always: unspecified, link-local (cloud metadata lives there), multicast, documentation,
 * benchmark and reserved ranges. Refused unless allow_private: loopback, RFC 1918, carrier NAT (RFC
 * 6598), unique local (RFC 4193). IPv6 forms that carry an IPv4 address (mapped, 6to4, NAT64,
 * ISATAP) are judged by that address; other IPv6 outside 2000::/3 is refused. Source: IANA
 * special-purpose registries (RFC 6890 and updates). Threads: any. */
#ifndef NET_GUARD_H
#define NET_GUARD_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

struct sockaddr;

enum { GUARD_URL_MAX = 2048 }; /* bytes of a URL */

/* One resolved address; families other than IPv4 and IPv6 are refused. */
bool guard_allows(const struct sockaddr *address, bool allow_private);

/* Would fetch() connect to this URL? http or https, no user information, no zone, no port of a
 * well-known service other than the web (the list browsers use), a name that resolves, and at least
 * one address that is allowed. Resolves, but opens no connection. ERR_INVALID: not such a URL,
 * ERR_DENIED: refused by the guard, ERR_IO: the name does not resolve. */
enum err guard_check(struct str url, bool allow_private, struct errinfo *e) MUST_CHECK;

#endif
