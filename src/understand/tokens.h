/* tokens.h - a text cut into words, numbers, marks, emoji, handles, hashtags and links, folded for
 * comparing: lower case, Latin letters without accents (ä becomes ae, ß ss), digits all '0', other
 * scripts as they are. One pass over the UTF-8 bytes; nothing is allocated. Bytes that are no UTF-8
 * separate words. Threads: one at a time per struct tokens. */
#ifndef UNDERSTAND_TOKENS_H
#define UNDERSTAND_TOKENS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

enum {
    TOKEN_TEXT_HEAD = 8 * 1024, /* of a longer text the beginning and the end are looked at */
    TOKEN_TEXT_TAIL = 2 * 1024,
    TOKEN_MAX = 4096,    /* further tokens are not looked at */
    TOKEN_WORD_MAX = 40, /* folded bytes kept of one word */
    TOKEN_PAD = 8,       /* bytes that may be read behind a token */
    TOKEN_POOL = TOKEN_MAX * 8 + (TOKEN_TEXT_HEAD + TOKEN_TEXT_TAIL) * 2 + 64
};

enum token_kind {
    TOKEN_WORD,
    TOKEN_NUMBER, /* digits, also with letters, dots and colons: 12:30, S8, 2a */
    TOKEN_ASK,    /* ? */
    TOKEN_CALL,   /* ! */
    TOKEN_STOP,   /* . … and line ends */
    TOKEN_MARK,   /* other signs */
    TOKEN_EMOJI,
    TOKEN_HANDLE,  /* @name; folded without the @ */
    TOKEN_HASHTAG, /* #name; folded without the # */
    TOKEN_URL
};

struct token {
    uint64_t hash;     /* of its folded bytes */
    uint32_t from, to; /* bytes of the text */
    uint32_t start; /* folded bytes in the pool: ' ' word ' ' and padding; start is behind the first
                       blank */
    uint16_t n;     /* how many of them */
    uint8_t kind;   /* enum token_kind */
    bool caps;      /* two or more letters, all capitals */
    bool repeated;  /* ?? !! ... or the same emoji again */
};

struct tokens {
    struct token t[TOKEN_MAX];
    size_t n;
    size_t letters; /* outside links */
    unsigned char pool[TOKEN_POOL];
    size_t pool_n;
};

void tokens_read(struct tokens *out, struct str text);
/* Order-free mixing of 64 bits; the one hash of everything that a model stores. */
static inline uint64_t tokens_mix(uint64_t x)
{
    x ^= x >> 32;
    x *= UINT64_C(0xd6e8feb86659fd93);
    x ^= x >> 32;
    x *= UINT64_C(0xd6e8feb86659fd93);
    x ^= x >> 32;
    return x;
}
/* The hash a word of these folded bytes has. */
uint64_t tokens_hash(const unsigned char *p, size_t n);

#endif
