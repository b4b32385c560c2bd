/* examples.h - labelled texts from TSV files: UTF-8, a header line, no quoting; an empty label
 * leaves the row out of that head. Threads: one at a time; immutable once read. */
#ifndef UNDERSTAND_EXAMPLES_H
#define UNDERSTAND_EXAMPLES_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "base/vec.h"
#include "understand/model.h"
#include "understand/naming.h"

enum { EXAMPLES_ROWS_MAX = 4 * 1000 * 1000 };

struct tokens;

struct examples_head {
    struct str name, column;
    struct vec classes; /* struct str, in the order in which they were met */
};

struct example {
    struct str text;
    const struct naming *brand;      /* NULL: not told */
    int16_t labels[MODEL_HEADS_MAX]; /* class of each head; -1: none */
    uint64_t likeness; /* the same for texts that are copies but for links, names and signs: such
                          are never trained on and measured by at once */
};

struct examples {
    struct arena *arena;                  /* holds everything */
    struct str text_column, brand_column; /* brand_column may be absent: names, divided by commas */
    struct examples_head heads[MODEL_HEADS_MAX];
    int head_count;
    struct vec rows;   /* struct example */
    struct vec brands; /* what brands were met, so that each is prepared once */
    struct tokens *tokens;
};

void examples_init(struct examples *ex, struct arena *a, struct str text_column,
                   struct str brand_column);
/* ERR_LIMIT when there are too many heads, ERR_CONFLICT when the name is there already. */
enum err examples_add_head(struct examples *ex, struct str name, struct str column,
                           struct errinfo *e) MUST_CHECK;
/* Appends the rows of a file. ERR_INVALID names the file's line, or the column it lacks. */
enum err examples_read_file(struct examples *ex, const char *path, struct errinfo *e) MUST_CHECK;
/* The same from bytes, which must live as long as the examples; name is for error messages. */
enum err examples_read(struct examples *ex, struct str bytes, const char *name,
                       struct errinfo *e) MUST_CHECK;
/* Names divided by commas ("Nordbahn,@nordbahn"); NULL when there is none. */
const struct naming *examples_brand(struct examples *ex, struct str names);

struct example *examples_row(const struct examples *ex, size_t i);
struct str examples_class(const struct examples *ex, int head, int class);

#endif
