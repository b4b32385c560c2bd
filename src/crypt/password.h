/* password.h - argon2id (RFC 9106) with 19 MiB, two passes, one lane: about 30 ms and 19 MiB each.
 * At most two run at a time in the whole process; the others wait in line inside these functions.
 * So they must be called on a worker (ROUTE_WORKER), never on a page thread. Threads: any. */
#ifndef CRYPT_PASSWORD_H
#define CRYPT_PASSWORD_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum { PASSWORD_BYTES_MAX = 1024 };

/* "$argon2id$v=19$m=19456,t=2,p=1$...". ERR_LIMIT: longer than PASSWORD_BYTES_MAX; ERR_IO: no
 * memory. */
enum err password_hash(struct arena *a, struct str password, struct str *out,
                       struct errinfo *e) MUST_CHECK;
/* False as well for a hash that is none. */
bool password_verify(struct str hash, struct str password);
/* Made with weaker or other figures than today's: hash anew after the next successful sign-in. */
bool password_needs_rehash(struct str hash);
/* The same work as password_verify for a user that does not exist, so that time does not tell. */
void password_dummy_verify(struct str password);

#endif
