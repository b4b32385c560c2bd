/* small.h - a small model for the tests, made from sixty short posts: two heads, kind and reaction.
 */
#ifndef TESTS_UNDERSTAND_SMALL_H
#define TESTS_UNDERSTAND_SMALL_H

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "understand/examples.h"
#include "understand/judge.h"
#include "understand/train.h"

static const char *const small_places[] = {"Halle", "Ulm",  "Bonn", "Kiel", "Trier", "Essen",
                                           "Mainz", "Köln", "Jena", "Gera", "Hof",   "Fulda"};

/* The labelled posts as TSV: text, kind, reaction. */
static inline void small_examples(struct buf *b)
{
    buf_add_z(b, "text\tkind\treaction\tbrand\n");
    for (size_t i = 0; i < sizeof small_places / sizeof *small_places; i++) {
        const char *place = small_places[i];
        buf_printf(b,
                   "@nordbahn wann öffnet der Schalter in %s?\tquestion\tyes\tNordbahn,@nordbahn\n",
                   place);
        buf_printf(b,
                   "@nordbahn der Automat in %s ist kaputt, das "
                   "nervt\tcomplaint\tyes\tNordbahn,@nordbahn\n",
                   place);
        buf_printf(b, "Danke an das nette Team in %s, super!\tpraise\tno\tNordbahn,@nordbahn\n",
                   place);
        buf_printf(b, "Heute Abend Konzert in %s, ich freue mich\tother\tno\tNordbahn,@nordbahn\n",
                   place);
        buf_printf(b, "@nordbahn when does the desk at %s open?\tquestion\tyes\t\n", place);
    }
}

/* The model file's bytes, in the arena; base may be NULL. */
static inline struct str small_model_from(struct arena *a, const struct model *base,
                                          enum train_start *start)
{
    struct examples ex;
    struct buf text, file;
    buf_init_in(&text, a, 1 << 20);
    buf_init_in(&file, a, 64 << 20);
    small_examples(&text);
    examples_init(&ex, a, STR("text"), STR("brand"));
    if (examples_add_head(&ex, STR("kind"), STR("kind"), NULL) != ERR_OK ||
        examples_add_head(&ex, STR("reaction"), STR("reaction"), NULL) != ERR_OK ||
        examples_read(&ex, buf_str(&text), "small", NULL) != ERR_OK)
        return STR_NONE;
    struct train_options options = {.base = base, .start = start};
    if (train_model(&ex, &options, &file, NULL) != ERR_OK)
        return STR_NONE;
    return buf_str(&file);
}

static inline struct str small_model_bytes(struct arena *a)
{
    return small_model_from(a, NULL, NULL);
}

#endif
