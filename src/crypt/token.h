/* token.h - random secrets that are handed out once (sessions, API tokens, CSRF, invitations) and
 * stored as a hash only, so that a stolen database opens nothing. A token holds 256 random bits, so
 * a plain fast hash is enough. Threads: any. */
#ifndef CRYPT_TOKEN_H
#define CRYPT_TOKEN_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"

enum { TOKEN_BYTES = 32, TOKEN_TEXT = 43, TOKEN_HASH = 32 };

/* 32 random bytes as 43 letters of url-safe base64. */
struct str token_new(struct arena *a);
/* SHA-256 of the token's text: 32 bytes to store and to look up by. */
struct str token_hash(struct arena *a, struct str token);
/* Has the shape of a token: what has not need not be looked up. */
bool token_plausible(struct str token);
/* A second token bound to the first by purpose, for forms: HMAC-SHA256(token, purpose), url-safe
 * base64. */
struct str token_derive(struct arena *a, struct str token, struct str purpose);

#endif
