/* hmac.h - SHA-256 (FIPS 180-4) and HMAC-SHA256 (RFC 2104) for signed webhooks, and the comparison
 * that does not tell by its time how much was right. Threads: any. */
#ifndef CRYPT_HMAC_H
#define CRYPT_HMAC_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"

enum { SHA256_SIZE = 32 };

void sha256(struct str bytes, unsigned char out[SHA256_SIZE]);
struct str sha256_hex(struct arena *a, struct str bytes);
/* The same over bytes that come piece by piece, such as a file's. init, add as often as needed,
 * then hex (which ends it) or deinit. */
struct sha256_run {
    void *inner;
};
void sha256_init(struct sha256_run *r);
void sha256_add(struct sha256_run *r, struct str bytes);
struct str sha256_end_hex(struct sha256_run *r, struct arena *a);
void sha256_deinit(struct sha256_run *r);
void hmac_sha256(struct str key, struct str message, unsigned char out[SHA256_SIZE]);
/* Lower-case hex, as the X-Hub-Signature-256 family of headers carries it. */
struct str hmac_sha256_hex(struct arena *a, struct str key, struct str message);
/* The given hex text (any case) is the HMAC of the message. */
bool hmac_sha256_verify_hex(struct str key, struct str message, struct str hex);
/* Equal length and bytes; the time depends on the lengths alone. */
bool crypt_equal(struct str a, struct str b);

#endif
