/* rail.h - the rail of views at the left, and the frame of pages that are one sheet. Threads: the
 * handler's. */
#ifndef CONSOLE_RAIL_H
#define CONSOLE_RAIL_H

#include "brand/view.h"
#include "http/request.h"

struct rail_view;
struct sheet_view;

/* current: key of the entry that is shown ("waiting", "mine", "snoozed", "open", "team:17",
 * "channels", "settings") or "". */
enum err rail_fill(struct request *rq, const struct brand_view *b, const char *current,
                   struct rail_view *out);
/* Layout, rail, title; tabs of the settings when current is one of them ("routing", "teams",
 * "calendar", "agents", "brand", "audit", "channels"). */
enum err sheet_fill(struct request *rq, const struct brand_view *b, const char *title_msgid,
                    const char *current, struct sheet_view *out);

/* The asker may see the backups of the installation: administers every brand (backup.c). */
bool backup_allowed(struct request *rq);

#endif
