/* seal.h - secrets at rest (channel tokens, TOTP seeds) under one key in a file of the data
 * directory. XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha) with a random nonce; sealed = version
 * byte, 24 bytes nonce, cipher text with 16 bytes tag. The associated data says what the secret
 * belongs to ("account:17"), so that a sealed value copied to another row does not open. Threads:
 * any, once the key is open. */
#ifndef CRYPT_SEAL_H
#define CRYPT_SEAL_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum { SEAL_KEY_BYTES = 32, SEAL_OVERHEAD = 1 + 24 + 16 };

struct seal_key {
    unsigned char bytes[SEAL_KEY_BYTES];
};

/* Reads the key file; makes it (mode 0600, written whole or not at all) when it is not there.
 * ERR_DENIED: others may read it or it is not a plain file; ERR_INVALID: wrong size; ERR_IO. */
enum err seal_key_open(struct seal_key *key, const char *path, struct errinfo *e) MUST_CHECK;
/* Tells keys apart without telling anything about them: 16 hex digits. */
struct str seal_key_fingerprint(struct arena *a, const struct seal_key *key);
/* Wipes it from memory. */
void seal_key_deinit(struct seal_key *key);

struct str seal(struct arena *a, const struct seal_key *key, struct str secret,
                struct str belongs_to);
/* ERR_INVALID: damaged, made with another key, or for something else. */
enum err seal_open(struct arena *a, const struct seal_key *key, struct str sealed,
                   struct str belongs_to, struct str *out, struct errinfo *e) MUST_CHECK;

#endif
