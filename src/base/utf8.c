/* utf8.c - see utf8.h. */
#include "base/utf8.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"

enum { REPLACEMENT = 0xFFFD };

/* Bytes of the well-formed sequence at p (1..4), or 0; then *bad is the length of the part to
 * replace. */
static size_t sequence(const unsigned char *p, size_t left, size_t *bad)
{
    unsigned char c = p[0], low = 0x80, high = 0xBF;
    size_t need;
    *bad = 1;
    if (c < 0x80)
        return 1;
    if (c >= 0xC2 && c <= 0xDF) {
        need = 2;
    } else if (c >= 0xE0 && c <= 0xEF) {
        need = 3;
        low = c == 0xE0 ? 0xA0 : 0x80;
        high = c == 0xED ? 0x9F : 0xBF;
    } else if (c >= 0xF0 && c <= 0xF4) {
        need = 4;
        low = c == 0xF0 ? 0x90 : 0x80;
        high = c == 0xF4 ? 0x8F : 0xBF;
    } else {
        return 0;
    }
    for (size_t i = 1; i < need; i++) {
        if (i >= left || p[i] < low || p[i] > high) {
            *bad = i;
            return 0;
        }
        low = 0x80;
        high = 0xBF;
    }
    return need;
}

/* Length of the ASCII start of s, eight bytes a step. */
static size_t ascii_run(const char *p, size_t n)
{
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        uint64_t word;
        memcpy(&word, p + i, 8);
        if (word & UINT64_C(0x8080808080808080))
            break;
    }
    while (i < n && !((unsigned char)p[i] & 0x80))
        i++;
    return i;
}

/* Offset of the first bad byte, or s.n. */
static size_t first_bad(struct str s)
{
    size_t i = 0, bad;
    while (i < s.n) {
        i += ascii_run(s.p + i, s.n - i);
        if (i == s.n)
            break;
        size_t n = sequence((const unsigned char *)s.p + i, s.n - i, &bad);
        if (!n)
            return i;
        i += n;
    }
    return i;
}

bool utf8_valid(struct str s)
{
    return first_bad(s) == s.n;
}

struct str utf8_repair(struct arena *a, struct str s)
{
    size_t sound = first_bad(s);
    if (sound == s.n)
        return s;
    struct buf b;
    buf_init_in(&b, a, s.n * 3);
    buf_add(&b, str_sub(s, 0, sound));
    for (size_t i = sound, bad; i < s.n;) {
        size_t n = sequence((const unsigned char *)s.p + i, s.n - i, &bad);
        if (n) {
            buf_add(&b, (struct str){s.p + i, n});
            i += n;
        } else {
            utf8_add(&b, REPLACEMENT);
            i += bad;
        }
    }
    return buf_str(&b);
}

uint32_t utf8_next(struct str s, size_t *at)
{
    const unsigned char *p = (const unsigned char *)s.p + *at;
    size_t bad, n = sequence(p, s.n - *at, &bad);
    *at += n ? n : bad;
    switch (n) {
    case 1:
        return p[0];
    case 2:
        return (p[0] & 0x1FU) << 6 | (p[1] & 0x3FU);
    case 3:
        return (p[0] & 0x0FU) << 12 | (p[1] & 0x3FU) << 6 | (p[2] & 0x3FU);
    case 4:
        return (p[0] & 0x07U) << 18 | (p[1] & 0x3FU) << 12 | (p[2] & 0x3FU) << 6 | (p[3] & 0x3FU);
    default:
        return REPLACEMENT;
    }
}

void utf8_add(struct buf *b, uint32_t c)
{
    if (c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
        c = REPLACEMENT;
    char out[4];
    size_t n;
    if (c < 0x80) {
        out[0] = (char)c;
        n = 1;
    } else if (c < 0x800) {
        out[0] = (char)(0xC0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3F));
        n = 2;
    } else if (c < 0x10000) {
        out[0] = (char)(0xE0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3F));
        out[2] = (char)(0x80 | (c & 0x3F));
        n = 3;
    } else {
        out[0] = (char)(0xF0 | c >> 18);
        out[1] = (char)(0x80 | (c >> 12 & 0x3F));
        out[2] = (char)(0x80 | (c >> 6 & 0x3F));
        out[3] = (char)(0x80 | (c & 0x3F));
        n = 4;
    }
    buf_add(b, (struct str){out, n});
}

struct str utf8_clip(struct str s, size_t max)
{
    if (s.n <= max)
        return s;
    while (max > 0 && ((unsigned char)s.p[max] & 0xC0) == 0x80)
        max--;
    return str_sub(s, 0, max);
}

struct str utf8_from_1252(struct arena *a, struct str s)
{
    /* 0x80..0x9F; what windows-1252 leaves open stays a control, as browsers read it (WHATWG
     * Encoding) */
    static const uint16_t high[32] = {
        0x20AC, 0x81,   0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
        0x2039, 0x0152, 0x8D,   0x017D, 0x8F,   0x90,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
        0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D,   0x017E, 0x0178};
    size_t ascii = ascii_run(s.p, s.n);
    if (ascii == s.n)
        return s;
    struct buf b;
    buf_init_in(&b, a, s.n * 3);
    buf_add(&b, str_sub(s, 0, ascii));
    for (size_t i = ascii; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        utf8_add(&b, c >= 0x80 && c < 0xA0 ? high[c - 0x80] : c);
    }
    return buf_str(&b);
}
