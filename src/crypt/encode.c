/* encode.c - see encode.h; the work is libsodium's, which does not branch on the bytes. */
#include "crypt/encode.h"

#include <sodium.h>

struct str hex_encode(struct arena *a, struct str bytes)
{
    char *p = arena_alloc(a, bytes.n * 2 + 1);
    sodium_bin2hex(p, bytes.n * 2 + 1, (const unsigned char *)bytes.p, bytes.n);
    return (struct str){p, bytes.n * 2};
}

bool hex_decode(struct arena *a, struct str text, struct str *out)
{
    unsigned char *p = arena_alloc(a, text.n / 2 + 1);
    size_t n = 0;
    /* without an end pointer libsodium takes the whole text or fails */
    if (text.n % 2 || sodium_hex2bin(p, text.n / 2, text.p, text.n, NULL, &n, NULL) != 0)
        return false;
    *out = (struct str){(const char *)p, n};
    return true;
}

static struct str encode(struct arena *a, struct str bytes, int variant)
{
    size_t size = sodium_base64_encoded_len(bytes.n, variant); /* with the NUL */
    char *p = arena_alloc(a, size);
    sodium_bin2base64(p, size, (const unsigned char *)bytes.p, bytes.n, variant);
    return (struct str){p, size - 1};
}

static bool decode(struct arena *a, struct str text, int variant, struct str *out)
{
    size_t max = text.n / 4 * 3 + 3, n = 0;
    unsigned char *p = arena_alloc(a, max);
    if (sodium_base642bin(p, max, text.p, text.n, NULL, &n, NULL, variant) != 0)
        return false;
    *out = (struct str){(const char *)p, n};
    return true;
}

struct str base64_encode(struct arena *a, struct str bytes)
{
    return encode(a, bytes, sodium_base64_VARIANT_ORIGINAL);
}

bool base64_decode(struct arena *a, struct str text, struct str *out)
{
    return decode(a, text, sodium_base64_VARIANT_ORIGINAL, out);
}

struct str base64url_encode(struct arena *a, struct str bytes)
{
    return encode(a, bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

bool base64url_decode(struct arena *a, struct str text, struct str *out)
{
    return decode(a, text, sodium_base64_VARIANT_URLSAFE_NO_PADDING, out);
}
