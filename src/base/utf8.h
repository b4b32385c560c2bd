/* utf8.h - the byte level of text: checking, repairing, decoding. Threads: any. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct arena;
struct buf;

bool utf8_valid(struct str s);
/* Each maximal invalid sequence becomes U+FFFD. */
struct str utf8_repair(struct arena *a, struct str s);
/* Decodes the character at *at and moves behind it; U+FFFD and one byte further when it is invalid.
 * *at < s.n. */
uint32_t utf8_next(struct str s, size_t *at);
/* Appends c; U+FFFD for surrogates and what lies above U+10FFFF. */
void utf8_add(struct buf *b, uint32_t c);
/* The longest start of s with at most max bytes that does not split a character. */
struct str utf8_clip(struct str s, size_t max);
/* Reads s as windows-1252, the usual truth behind text that claims to be UTF-8 and is not. */
struct str utf8_from_1252(struct arena *a, struct str s);

#endif
