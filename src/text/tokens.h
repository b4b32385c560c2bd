/* tokens.h - inside text/ only: folded text cut into words, numbers and names. Threads: one at a
 * time. */
#ifndef TEXT_TOKENS_H
#define TEXT_TOKENS_H

#include "base/str.h"

enum token_kind {
    TOKEN_WORD,   /* letters, perhaps with digits */
    TOKEN_NUMBER, /* "12.50", "2026-11-22" */
    TOKEN_NAME,   /* @name, #tag: text holds the sign too */
    TOKEN_WHOLE   /* a mail address or host */
};

struct tokens {
    struct str text; /* folded; must outlive the tokens */
    size_t at;
    struct str run; /* letters of a script without blanks, still to be cut */
};

void tokens_init(struct tokens *t, struct str folded);
/* False at the end. */
bool tokens_next(struct tokens *t, struct str *token, enum token_kind *kind);

#endif
