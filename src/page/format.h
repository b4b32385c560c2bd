/* format.h - numbers, durations and times as people of a language write them. Each adds to a buffer
 * or returns text of the arena. Times are UTC milliseconds, shown in the brand's zone
 * (text/zone.h). Threads: any. */
#ifndef PAGE_FORMAT_H
#define PAGE_FORMAT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

struct arena;
struct locale;
struct zone;

/* -1234567: "−1.234.567" in German, "−1,234,567" in English. */
void format_number(struct buf *b, const struct locale *l, int64_t n);
/* 0.958: "96 %" in German, "96%" in English. */
struct str format_percent(struct arena *a, const struct locale *l, double share);
/* Bytes: "340 KB", "1,2 MB". */
struct str format_size(struct arena *a, const struct locale *l, int64_t bytes);
/* For clocks, at most two units and never seconds: "18 min", "1 Std 20 min" ("1 h 20 min"), "2
 * Tage" ("2 days"); below 0 with a minus: "−12 min". Full minutes, cut towards 0.
 * assets/js/clock.js does the same. */
struct str format_duration(struct arena *a, const struct locale *l, int64_t ms);
/* As short as it can be told apart from now: today "09:04", in the six days around "Do 16:40" ("Thu
 * 16:40"), in the same year "12. Nov." ("12 Nov"), else "12.11.2025" ("12 Nov 2025"). */
struct str format_moment(struct arena *a, const struct locale *l, const struct zone *z, int64_t now,
                         int64_t t);
/* In full, for titles: "Donnerstag, 19. November 2026, 16:40" ("Thursday, 19 November 2026,
 * 16:40"). */
struct str format_full(struct arena *a, const struct locale *l, const struct zone *z, int64_t t);
/* 1 Monday .. 7 Sunday: "Mo" ("Mon"), in full "Montag" ("Monday"). */
struct str format_weekday(const struct locale *l, int weekday, bool full);
/* "16:40" */
struct str format_time(struct arena *a, const struct zone *z, int64_t t);
/* "12. Nov. 2026" ("12 Nov 2026") */
struct str format_date(struct arena *a, const struct locale *l, const struct zone *z, int64_t t);
/* For fields of type datetime-local: "2026-11-19T16:40", local. */
struct str format_field(struct arena *a, const struct zone *z, int64_t t);

#endif
