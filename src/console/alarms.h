/* alarms.h - what is wrong with the accounts of a brand, as boxes with what can be done about it;
 * and with the whole desk, as lines on its pages. Threads: the handler's. */
#ifndef CONSOLE_ALARMS_H
#define CONSOLE_ALARMS_H

#include "console/settings.h"

/* account: of one only, as on its own page; 0: of all. */
enum err alarms_fill(struct request *rq, const struct brand_view *b, int64_t account,
                     struct alarms_view *out) MUST_CHECK;

/* Accounts that are silent or fail, for everybody; nothing can be saved, little room, no backup,
 * for administrators. shown: the key of the page (rail.h) that tells its own at length; or "". */
enum err troubles_fill(struct request *rq, const struct brand_view *b, const char *shown,
                       struct troubles_view *out) MUST_CHECK;

#endif
