/* analyse_int.h - inside text/ only: what texts and queries are taken apart by. */
#ifndef TEXT_ANALYSE_INT_H
#define TEXT_ANALYSE_INT_H

#include <stdbool.h>

#include "text/stem.h"
#include "text/tokens.h"

enum stem_language analyse_language(struct str s);
/* The term of a token, in w, which holds STEM_WORD_MAX bytes. */
struct str analyse_term(enum stem_language language, struct str token, enum token_kind kind,
                        char *w);

/* Whether a folded word says nothing of what a text is about ("und", "the"). NONE: in German or
 * English. */
bool stop_word(enum stem_language language, struct str word);

#endif
