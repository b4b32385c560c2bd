/* retry.h - how long to wait before the next try. Threads: any. */
#ifndef NET_RETRY_H
#define NET_RETRY_H

#include <stdint.h>

#include "base/clock.h"

#define RETRY_FIRST (15 * CLOCK_SECOND)
#define RETRY_LONGEST CLOCK_HOUR
#define RETRY_PROBE (10 * CLOCK_MINUTE) /* the longest for one try on behalf of many */

/* attempt: number of the try that failed, 1 for the first. Doubles from RETRY_FIRST up to
 * longest, plus up to a quarter by chance, so that a thousand messages do not knock again at
 * the same moment. retry_after: what the peer asked for, in ms, 0 if nothing: never earlier than
 * that, at most a tenth later. random: any random number; the same number gives the same answer. */
int64_t retry_delay(int attempt, int64_t longest, int64_t retry_after, uint64_t random);

#endif
