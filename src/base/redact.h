/* redact.h - takes secrets out of a text before it is written down where many may read it: values
 * of Authorization, Cookie and the like, of password=, token= and the like, passwords in addresses,
 * tokens in paths, keys. It knows shapes, not meanings: what reaches it should hold no secret in
 * the first place, this is the net below. Threads: any. */
#ifndef BASE_REDACT_H
#define BASE_REDACT_H

#include <stddef.h>

#include "base/str.h"

/* Writes at most max - 1 bytes of the redacted text and a NUL; gives their number. "***" stands for
 * each secret. */
size_t redact(char *out, size_t max, struct str text);

#endif
