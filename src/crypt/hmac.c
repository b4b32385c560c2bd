/* hmac.c - see hmac.h. */
#include "crypt/hmac.h"

#include <limits.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/log.h"
#include "crypt/encode.h"

void sha256(struct str bytes, unsigned char out[SHA256_SIZE])
{
    if (EVP_Digest(bytes.n ? bytes.p : "", bytes.n, out, NULL, EVP_sha256(), NULL) != 1)
        log_fatal("crypt", "SHA-256 is not available in this OpenSSL");
}

struct str sha256_hex(struct arena *a, struct str bytes)
{
    unsigned char digest[SHA256_SIZE];
    sha256(bytes, digest);
    return hex_encode(a, (struct str){(const char *)digest, sizeof digest});
}

void sha256_init(struct sha256_run *r)
{
    r->inner = EVP_MD_CTX_new();
    if (!r->inner || EVP_DigestInit_ex(r->inner, EVP_sha256(), NULL) != 1)
        log_fatal("crypt", "SHA-256 is not available in this OpenSSL");
}

void sha256_add(struct sha256_run *r, struct str bytes)
{
    if (bytes.n && EVP_DigestUpdate(r->inner, bytes.p, bytes.n) != 1)
        log_fatal("crypt", "SHA-256 failed");
}

struct str sha256_end_hex(struct sha256_run *r, struct arena *a)
{
    unsigned char digest[SHA256_SIZE];
    if (EVP_DigestFinal_ex(r->inner, digest, NULL) != 1)
        log_fatal("crypt", "SHA-256 failed");
    sha256_deinit(r);
    return hex_encode(a, (struct str){(const char *)digest, sizeof digest});
}

void sha256_deinit(struct sha256_run *r)
{
    EVP_MD_CTX_free(r->inner);
    r->inner = NULL;
}

void hmac_sha256(struct str key, struct str message, unsigned char out[SHA256_SIZE])
{
    if (key.n > INT_MAX)
        log_fatal("crypt", "impossible key of %zu bytes", key.n);
    const unsigned char *bytes = (const unsigned char *)(message.n ? message.p : "");
    if (!HMAC(EVP_sha256(), key.n ? key.p : "", (int)key.n, bytes, message.n, out, NULL))
        log_fatal("crypt", "HMAC-SHA256 is not available in this OpenSSL");
}

struct str hmac_sha256_hex(struct arena *a, struct str key, struct str message)
{
    unsigned char mac[SHA256_SIZE];
    hmac_sha256(key, message, mac);
    return hex_encode(a, (struct str){(const char *)mac, sizeof mac});
}

bool hmac_sha256_verify_hex(struct str key, struct str message, struct str hex)
{
    struct arena a;
    arena_init(&a);
    unsigned char mac[SHA256_SIZE];
    struct str given;
    hmac_sha256(key, message, mac);
    bool same = hex_decode(&a, hex, &given) &&
                crypt_equal(given, (struct str){(const char *)mac, sizeof mac});
    arena_deinit(&a);
    return same;
}

bool crypt_equal(struct str a, struct str b)
{
    return a.n == b.n && (a.n == 0 || CRYPTO_memcmp(a.p, b.p, a.n) == 0);
}
