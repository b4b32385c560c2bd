/* unicode.h - what every text from outside goes through: sound UTF-8, one normal form, folding for
 * search and matching, lengths and cuts as people see them. ASCII and Latin text take fast ways
 * that do not touch ICU. Results live in the arena given; a text that needs no change is returned
 * as it is, so it must live as long. Sources: RFC 3629, UAX 15 (NFC, NFKC_Casefold), UAX 29
 * (graphemes), UAX 9 (bidi controls). Threads: any. */
#ifndef TEXT_UNICODE_H
#define TEXT_UNICODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "base/utf8.h"

struct arena;
struct buf;

/* Global state of the libraries below (ICU's per-thread iterators, libxml2, gmime). Once per
 * process is enough, more often is harmless; every function of this folder that needs it calls it
 * itself. Threads: any. */
void text_init(void);

/* Bytes in the named charset ("iso-8859-15", "utf-16le", "shift_jis"); what cannot be read becomes
 * U+FFFD. ISO 8859-1 and ASCII are taken as windows-1252, as browsers do. A charset that claims to
 * be UTF-8 or is unknown, with bytes that are mostly not UTF-8, is taken as windows-1252 too. Any
 * name, even an empty one, gives valid UTF-8. */
struct str utf8_decode(struct arena *a, struct str bytes, struct str charset);

/* NFC of valid UTF-8. */
struct str text_nfc(struct arena *a, struct str s);
/* The border for a body of text: repaired, NFC, CRLF and CR to LF, no controls but LF and TAB, at
 * most 8 combining marks in a row, at most max bytes. */
struct str text_clean(struct arena *a, struct str s, size_t max);
/* The border for a name, title or other single line: as text_clean, and without line ends and bidi
 * controls; blanks collapsed to one space and trimmed; at most 8 combining marks in a row; at most
 * max bytes. */
struct str text_plain_line(struct arena *a, struct str s, size_t max);
/* NFKC_Casefold, for comparing and matching. Valid UTF-8 in. */
struct str text_fold(struct arena *a, struct str s);

/* The name of a host in lower case; as ASCII ("xn--...") when it has letters beyond Latin-1.
 * STR_NONE when it cannot be written so. */
struct str text_host(struct arena *a, struct str name);
/* Number of characters as people count them (extended grapheme clusters). */
size_t text_length(struct str s);
/* At most max graphemes; a text that is longer ends with "…", which counts as one. */
struct str text_cut(struct arena *a, struct str s, size_t max);
/* Up to two capital letters for a face without picture: "Aylin Brandt" gives "AB", "@care" gives
 * "C", else "?". */
struct str text_initials(struct arena *a, struct str name);
/* Bytes that sort as people of that language ("de", "en") expect; compare with memcmp. */
struct str text_sort_key(struct arena *a, struct str s, const char *language);

#endif
