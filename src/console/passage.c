/* passage.c - see passage.h. Each word of the text is analysed by itself and looked up among the
 * query's terms. */
#include "console/passage.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "text/analyse.h"
#include "text/unicode.h"

enum { LOOK_AT = 8 * 1024, LEAD_IN = 60 };

/* Letters, digits, and what holds names and numbers together; anything beyond ASCII counts as a
 * letter. */
static bool in_word(unsigned char c)
{
    return c >= 0x80 || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '@' || c == '#' || c == '_' || c == '-';
}

static void add_terms(struct arena *a, struct map *terms, struct str query, struct str language)
{
    struct str rest = analyse_text(a, query, language), term;
    while (rest.n && str_next(&rest, ' ', &term))
        map_set(terms, term, terms);
}

static bool found(struct arena *a, const struct map *terms, struct str word, struct str language)
{
    struct str rest = analyse_text(a, word, language), term;
    while (rest.n && str_next(&rest, ' ', &term))
        if (map_get(terms, term))
            return true;
    return false;
}

/* The next word at or after *at; false at the end. */
static bool next_word(struct str text, size_t *at, size_t *from)
{
    while (*at < text.n && !in_word((unsigned char)text.p[*at]))
        ++*at;
    *from = *at;
    while (*at < text.n && in_word((unsigned char)text.p[*at]))
        ++*at;
    return *at > *from;
}

/* The start of a word about LEAD_IN bytes before the hit. */
static size_t lead_in(struct str text, size_t hit)
{
    if (hit <= LEAD_IN)
        return 0;
    ptrdiff_t blank = str_find_char(text, ' ', hit - LEAD_IN);
    return blank >= 0 && (size_t)blank < hit ? (size_t)blank + 1 : hit;
}

struct safe_html passage_mark(struct arena *a, struct str text, struct str query,
                              struct str language)
{
    struct map terms;
    struct buf b;
    struct str line = text_plain_line(a, text, LOOK_AT);
    size_t at = 0, from, hit = 0;
    map_init(&terms, a);
    add_terms(a, &terms, query, language);
    add_terms(a, &terms, query, STR(""));
    while (next_word(line, &at, &from))
        if (found(a, &terms, str_sub(line, from, at), language)) {
            hit = from;
            break;
        }
    size_t start = lead_in(line, hit);
    struct str part = utf8_clip(str_sub(line, start, line.n), PASSAGE_BYTES);
    bool cut = start + part.n < line.n;
    for (size_t n = part.n; cut && n > PASSAGE_BYTES / 2; n--)
        if (part.p[n - 1] == ' ') { /* not in the middle of a word */
            part.n = n - 1;
            break;
        }
    buf_init_in(&b, a, PASSAGE_BYTES * 20);
    buf_add_z(&b, start ? "… " : "");
    size_t done = 0;
    for (at = 0; next_word(part, &at, &from); done = at) {
        struct str word = str_sub(part, from, at);
        bool marked = found(a, &terms, word, language);
        html_escape(&b, str_sub(part, done, from));
        buf_add_z(&b, marked ? "<mark>" : "");
        html_escape(&b, word);
        buf_add_z(&b, marked ? "</mark>" : "");
    }
    html_escape(&b, str_sub(part, done, part.n));
    buf_add_z(&b, cut ? " …" : "");
    return (struct safe_html){buf_str(&b)};
}
