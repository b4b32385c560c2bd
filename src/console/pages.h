/* pages.h - what the pages of the desk share, and their tables of routes. */
#ifndef CONSOLE_PAGES_H
#define CONSOLE_PAGES_H

#include "base/arena.h"
#include "http/server.h"
#include "page/context.h"

/* An act that failed: JSON for scripts, a page for people. */
void pages_fail(struct request *rq, struct response *rs, enum err code, const struct errinfo *e);
/* The request comes from a script that wants a status, not a page. */
bool pages_from_script(const struct request *rq);
/* After an act: 204 for a script, else back to path. */
void pages_done(struct request *rq, struct response *rs, struct str path);

/* Signs the agent in and leads on to next, an own path; the desk when it is empty (door.c). */
void door_enter(struct request *rq, struct response *rs, int64_t agent, struct str next);

/* The case with its reply box, this text in it, and why it was not sent. */
void desk_show_refused(struct request *rq, struct response *rs, int64_t case_id, struct str text,
                       const struct errinfo *e);
/* "2026-11-23T09:00" as the clock of the brand shows it; 0 when it is none. */
int64_t pages_local_moment(struct request *rq, struct str field);
/* Content-Disposition of a file with this name (RFC 6266, RFC 8187). */
struct str pages_disposition(struct arena *a, struct str name);

#endif
