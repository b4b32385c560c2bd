/* crowd.h - how many of something each address has at the moment: connections, or behind a proxy
 * requests and event streams. An IPv4 address counts alone, of an IPv6 address the first 64 bits.
 * Threads: any. */
#ifndef HTTP_CROWD_H
#define HTTP_CROWD_H

#include <netinet/in.h>
#include <stdbool.h>

struct crowd;

/* most: for one address. Never NULL. */
struct crowd *crowd_new(int most);
void crowd_free(struct crowd *c);
/* One more; false, and not counted, when the address has as many as it may. */
bool crowd_enter(struct crowd *c, const struct in6_addr *address);
/* One less; the address was let in before. */
void crowd_leave(struct crowd *c, const struct in6_addr *address);

#endif
