/* date.h - moments as feeds and mails write them: RFC 822 and 5322 with their usual errors, RFC
 * 3339, W3C date-times down to a year, asctime, "22.11.2026 09:04". A wrong weekday is ignored; a
 * missing zone means UTC. Threads: any. */
#ifndef TEXT_DATE_H
#define TEXT_DATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/* UTC milliseconds. False when no date can be told, or it is impossible (31 February). */
bool date_parse(struct str s, int64_t *out);

#endif
