/* unicode_int.h - inside text/ only: ICU's break iterators, one of each kind per thread. */
#ifndef TEXT_UNICODE_INT_H
#define TEXT_UNICODE_INT_H

#include <unicode/ubrk.h>

#include "base/str.h"

enum unicode_break { UNICODE_GRAPHEME, UNICODE_WORD, UNICODE_BREAKS };

/* The thread's iterator, set to s (valid UTF-8, offsets are bytes), which must live until the next
 * call with the same kind. NULL when ICU's data cannot be had. */
UBreakIterator *unicode_breaks(enum unicode_break kind, struct str s);

#endif
