/* people.h - what the room people does beyond single statements: the audit log, agents, ways in.
 * Statements: people_sql.h, session_sql.h, author_sql.h (generated). Threads: as the transaction
 * given. */
#ifndef PEOPLE_PEOPLE_H
#define PEOPLE_PEOPLE_H

#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "domain/right.h"

struct arena;
struct store;
struct tx;

/* Who changed what. detail: plain words or data for the reader; never a secret. agent 0: the system
 * itself. */
struct audit {
    int64_t brand, agent, at;
    const char *what; /* "case.close" */
    int64_t object;
    struct str detail;
};
enum err audit_add(struct store *s, struct tx *tx, const struct audit *entry) MUST_CHECK;

/* A new agent, or one who exists, with a role in a brand. */
struct agent_new {
    struct str email, name, initials, language, face;
    struct str password; /* argon2id hash; empty: signs in by link */
    enum role role;
    int64_t brand, by, at;
};
/* ERR_INVALID names the field. *id is the agent's; ERR_CONFLICT when the address is taken by a
 * member already. */
enum err agent_create(struct store *s, struct tx *tx, const struct agent_new *in, int64_t *id,
                      struct errinfo *e) MUST_CHECK;
/* After a new password or a shut-out: no session but except (0: none) and no link of the agent
 * opens anything. */
enum err agent_sign_out(struct tx *tx, int64_t agent, int64_t except) MUST_CHECK;
/* Lower case, one '@', no blanks, at most 254 bytes (RFC 5321); into the arena. */
enum err email_normalise(struct arena *a, struct str email, struct str *out,
                         struct errinfo *e) MUST_CHECK;

enum { PASSWORD_LENGTH_MIN = 10, AGENT_NAME_MAX = 80, AGENT_INITIALS_MAX = 6 };

#endif
