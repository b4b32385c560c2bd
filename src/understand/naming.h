/* naming.h - a brand's names, and where a text uses them: whole ("Nordbahn", "@nordbahn", "Albatros
 * Versicherung", "Nordbahns"), or by the first word of a longer name. Immutable once made; any
 * number of threads. */
#ifndef UNDERSTAND_NAMING_H
#define UNDERSTAND_NAMING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "domain/facts.h"

struct arena;
struct naming;
struct tokens;

/* The part of a token in naming the brand. */
enum named { NAMED_NOT, NAMED_BRAND, NAMED_REST /* further words of the name */, NAMED_PART };

/* The names as an administrator writes them ("Nordbahn", "@nordbahn"); NULL when there is none. */
const struct naming *naming_new(struct arena *a, struct brand_names names);
/* Is this handle or name (of an author) one of the brand's own? n may be NULL. */
bool naming_owns(const struct naming *n, struct str name);
/* What each token is (enum named) for n, which may be NULL; out has room for all tokens. */
void naming_find(const struct naming *n, const struct tokens *tokens, uint8_t *out);

#endif
