/* stem.h - inside text/ only: stems of folded words, and the parts of German compounds. Threads:
 * any; each has its own stemmers. */
#ifndef TEXT_STEM_H
#define TEXT_STEM_H

#include <stddef.h>

#include "base/str.h"

struct arena;

enum stem_language { STEM_NONE, STEM_DE, STEM_EN, STEM_LANGUAGES };

enum { STEM_WORD_MAX = 64, COMPOUND_PARTS_MAX = 6 };

/* The stem in w, which holds STEM_WORD_MAX bytes. NONE: only umlauts are spelt out (ä = ae). The
 * word is folded. */
struct str stem_word(enum stem_language language, struct str word, char *w);
/* A folded word with its umlauts as the German stemmer leaves them ("zaehl", "zähl" give "zahl"):
 * for prefixes. */
struct str stem_bare(struct str word, char *w);
/* Stems of the parts of a long German word, at most COMPOUND_PARTS_MAX, in arena; 0 when it is not
 * known to be one. */
size_t compound_parts(struct arena *a, struct str word, struct str *parts);

#endif
