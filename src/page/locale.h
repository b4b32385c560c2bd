/* locale.h - languages of the pages. The texts in code and templates are English; a catalogue
 * (po/de.po, compiled into the program) holds each other language, written for its readers rather
 * than translated. Threads: any; everything is constant. */
#ifndef PAGE_LOCALE_H
#define PAGE_LOCALE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct arena;
struct locale;

/* "de", "en", also "de-AT"; an unknown language gives English. */
const struct locale *locale_find(struct str language) __attribute__((returns_nonnull));
/* The best of an Accept-Language header; fallback when it names none that we have. */
const struct locale *locale_accept(struct str header, const struct locale *fallback)
    __attribute__((returns_nonnull));
/* "de" */
struct str locale_language(const struct locale *l);
/* All of them, for a choice; i from 0, NULL behind the last. */
const struct locale *locale_at(size_t i);
/* Its own name: "Deutsch". */
struct str locale_name(const struct locale *l);

/* The text in this language; the English one when the catalogue lacks it. */
struct str locale_text(const struct locale *l, const char *msgid);
/* The same with each %s replaced by the next of the arguments; *used, when it is not NULL, tells
 * how many there were. */
struct str locale_fill(struct arena *a, const struct locale *l, const char *msgid,
                       const struct str *args, size_t n, size_t *used);
/* one or many by the language's rule. */
struct str locale_plural(const struct locale *l, const char *one, const char *many, int64_t n);

/* Look-up in a catalogue as msgfmt writes it (GNU MO, either byte order); STR_NONE when it is not
 * there or the file is broken. A plural entry gives all its forms, each ended by NUL. */
struct str mo_find(struct str file, struct str msgid);

#endif
