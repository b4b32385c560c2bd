/* alarms.h - what is wrong with the accounts of a brand, as boxes with what can be done about it.
 * Threads: the handler's. */
#ifndef CONSOLE_ALARMS_H
#define CONSOLE_ALARMS_H

#include "console/settings.h"

/* account: of one only, as on its own page; 0: of all. */
enum err alarms_fill(struct request *rq, const struct brand_view *b, int64_t account,
                     const struct alarm_view **out, size_t *n) MUST_CHECK;

#endif
