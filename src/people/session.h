/* session.h - who a cookie or bearer token belongs to. Found sessions are kept in memory, so that a
 * page does not ask the store; whatever changes an agent, a role or a session drops all of them at
 * once (sessions_forget, wired to TOPIC_AGENT), so a right that was taken away is gone with the
 * next request. Threads: any. */
#ifndef PEOPLE_SESSION_H
#define PEOPLE_SESSION_H

#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"
#include "domain/right.h"

struct arena;
struct store;
struct sessions;

enum { SESSION_DAYS = 14 };
#define SESSION_COOKIE "zuruf"

struct sessions *sessions_new(struct store *s, const struct clock *clock);
void sessions_free(struct sessions *ss);
void sessions_forget(struct sessions *ss);

/* Fills who from the cookie's token. ERR_NOT_FOUND: none, expired, or the agent is disabled. */
enum err session_find(struct sessions *ss, struct arena *a, struct str token,
                      struct who *who) MUST_CHECK;
/* Fills who from a bearer token: account, brand, and nothing else. ERR_DENIED: it was good once,
 * for that account. */
enum err session_find_bearer(struct sessions *ss, struct arena *a, struct str token,
                             struct who *who) MUST_CHECK;

/* A new session in the agent's first brand; *token is what the cookie gets. client: browser, for
 * the agent's list. */
enum err session_start(struct sessions *ss, struct arena *a, int64_t agent, struct str client,
                       struct str *token, struct errinfo *e) MUST_CHECK;
/* A one-time way in for the agent, valid for ms; *token goes into the link. */
enum err session_link(struct sessions *ss, struct arena *a, int64_t agent, int64_t ms,
                      struct str *token, struct errinfo *e) MUST_CHECK;
/* Uses a link up; *agent is who came in. */
enum err session_use_link(struct sessions *ss, struct arena *a, struct str token, int64_t *agent,
                          struct errinfo *e) MUST_CHECK;

#endif
