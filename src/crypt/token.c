/* token.c - see token.h. */
#include "crypt/token.h"

#include "base/rand.h"
#include "crypt/encode.h"
#include "crypt/hmac.h"

struct str token_new(struct arena *a)
{
    char bytes[TOKEN_BYTES];
    rand_bytes(bytes, sizeof bytes);
    return base64url_encode(a, (struct str){bytes, sizeof bytes});
}

struct str token_hash(struct arena *a, struct str token)
{
    unsigned char *hash = arena_alloc(a, TOKEN_HASH);
    sha256(token, hash);
    return (struct str){(const char *)hash, TOKEN_HASH};
}

bool token_plausible(struct str token)
{
    if (token.n != TOKEN_TEXT)
        return false;
    for (size_t i = 0; i < token.n; i++) {
        char c = token.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !(c >= '0' && c <= '9') && c != '-' && c != '_')
            return false;
    }
    return true;
}

struct str token_derive(struct arena *a, struct str token, struct str purpose)
{
    unsigned char mac[SHA256_SIZE];
    hmac_sha256(token, purpose, mac);
    return base64url_encode(a, (struct str){(const char *)mac, sizeof mac});
}
