/* pace.h - how often this process asks one server: whatever posts, feeds and redirects say, at most
 * PACE_MAX requests that read (GET, HEAD) a host and minute, so that nobody can turn us against a
 * server. Bounded: a full table forgets the hosts that rested longest. Threads: any. */
#ifndef NET_PACE_H
#define NET_PACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

enum { PACE_MAX = 60 };

/* Counts a request to host (name or address, with its port where it is not the usual one) at the
 * moment now (clock_mono). False: it has had its number in this minute. */
bool pace_take(struct str host, int64_t now);

#endif
