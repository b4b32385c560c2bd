/* encode.h - bytes as text and back: hex (RFC 4648 section 8, lower case out, any case in) and
 * base64 (standard with padding; url-safe without, as tokens and JOSE want it). Decoding is strict:
 * no blanks, no missing or superfluous padding, no foreign letters. Results live in the arena.
 * Threads: any. */
#ifndef CRYPT_ENCODE_H
#define CRYPT_ENCODE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"

struct str hex_encode(struct arena *a, struct str bytes);
bool hex_decode(struct arena *a, struct str text, struct str *out);
struct str base64_encode(struct arena *a, struct str bytes);
bool base64_decode(struct arena *a, struct str text, struct str *out);
struct str base64url_encode(struct arena *a, struct str bytes);
bool base64url_decode(struct arena *a, struct str text, struct str *out);

#endif
