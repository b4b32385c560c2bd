/* str.h - counted text for reading. A str never owns its bytes and is UTF-8 unless said otherwise.
 * p == NULL means "absent" (SQL NULL, missing field); n is 0 then. Threads: any. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct str {
    const char *p;
    size_t n;
};

#define STR(literal) ((struct str){("" literal), sizeof(literal) - 1})
#define STR_NONE ((struct str){0})
/* Marks an English text that people read for the catalogues; whoever shows it calls locale_text. */
#define N_(text) text
/* for printf("%.*s") */
#define STR_FMT(s) (int)(s).n, ((s).n ? (s).p : "")

struct str str_z(const char *s); /* NULL gives STR_NONE */
bool str_eq(struct str a, struct str b);
bool str_eq_z(struct str a, const char *b);
/* ASCII letters compare without case: header names, units, hosts. */
bool str_eq_nocase(struct str a, struct str b);
int str_cmp(struct str a, struct str b);
bool str_starts(struct str s, struct str prefix);
bool str_starts_nocase(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
/* Byte offset of the first hit at or after from, or -1. */
ptrdiff_t str_find(struct str s, struct str needle, size_t from);
ptrdiff_t str_find_char(struct str s, char c, size_t from);
bool str_contains_nocase(struct str s, struct str needle);
/* The part [from, to); clamped to the text. */
struct str str_sub(struct str s, size_t from, size_t to);
/* Without ASCII blanks (space, tab, CR, LF, FF) at both ends. */
struct str str_trim(struct str s);
/* Cuts the next piece off *rest at sep; false when nothing is left. "a,,b" gives "a", "", "b". */
bool str_next(struct str *rest, char sep, struct str *piece);
/* Next line without its end (LF or CRLF). */
bool str_next_line(struct str *rest, struct str *line);
/* Whole text is a decimal number in range (optional leading '-'). */
bool str_to_i64(struct str s, int64_t *out);
bool str_to_double(struct str s, double *out);
/* FNV-1a, 64 bit; for tables in memory, not for anything that is stored. */
uint64_t str_hash(struct str s);

#endif
