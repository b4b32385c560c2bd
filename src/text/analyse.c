/* analyse.c - the terms of a text; see analyse.h. query.c is the other half. */
#include "text/analyse.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "text/analyse_int.h"
#include "text/unicode.h"

enum { OUT_MAX = ANALYSE_TERMS_MAX * (ANALYSE_TERM_MAX + 1), INNER_WORDS_MAX = 8 };

_Static_assert((int)ANALYSE_TERM_MAX == (int)STEM_WORD_MAX, "a term is a stem");

enum stem_language analyse_language(struct str s)
{
    return str_eq(s, STR("de")) ? STEM_DE : str_eq(s, STR("en")) ? STEM_EN : STEM_NONE;
}

/* Terms in the making: words in order, and behind them what is only found along. */
struct terms {
    struct arena *a;
    struct buf words, along;
    size_t n;
};

static void add_term(struct terms *t, struct buf *to, struct str term)
{
    term = utf8_clip(term, ANALYSE_TERM_MAX);
    if (!term.n || t->n >= ANALYSE_TERMS_MAX)
        return;
    t->n++;
    if (to->n)
        buf_add_char(to, ' ');
    buf_add(to, term);
}

/* Numbers are written with a point whatever the country. */
static struct str plain_number(struct str token, char *w)
{
    size_t n = token.n < STEM_WORD_MAX ? token.n : STEM_WORD_MAX;
    for (size_t i = 0; i < n; i++)
        w[i] = token.p[i] == ',' ? '.' : token.p[i] == ':' ? '-' : token.p[i];
    return (struct str){w, n};
}

struct str analyse_term(enum stem_language language, struct str token, enum token_kind kind,
                        char *w)
{
    switch (kind) {
    case TOKEN_WORD:
        return stem_word(language, token, w);
    case TOKEN_NUMBER:
        return plain_number(token, w);
    case TOKEN_NAME:
    case TOKEN_WHOLE:
        break;
    }
    return stem_word(STEM_NONE, token, w);
}

/* The pieces of what is joined by signs: of "jo@e.org" jo, e, org. */
static void add_pieces(struct terms *t, struct str whole)
{
    char w[STEM_WORD_MAX];
    size_t from = 0, pieces = 0;
    for (size_t i = 0; i <= whole.n && pieces < INNER_WORDS_MAX; i++) {
        bool sign = i < whole.n && whole.p[i] && strchr("._-+@,:", whole.p[i]);
        if (i < whole.n && !sign)
            continue;
        if (i > from && i - from < whole.n) {
            add_term(t, &t->along, stem_word(STEM_NONE, str_sub(whole, from, i), w));
            pieces++;
        }
        from = i + 1;
    }
}

/* What a token is found under besides its term. */
static void add_along(struct terms *t, enum stem_language language, struct str token,
                      enum token_kind kind)
{
    char w[STEM_WORD_MAX];
    struct str parts[COMPOUND_PARTS_MAX], word;
    if (kind == TOKEN_NAME) {
        struct tokens inner;
        enum token_kind inner_kind;
        tokens_init(&inner, str_sub(token, 1, token.n));
        for (int i = 0; i < INNER_WORDS_MAX && tokens_next(&inner, &word, &inner_kind); i++) {
            add_term(t, &t->along, analyse_term(language, word, inner_kind, w));
            if (inner_kind != TOKEN_WORD)
                add_pieces(t, word);
        }
    } else if (kind == TOKEN_WHOLE || kind == TOKEN_NUMBER) {
        add_pieces(t, token);
    } else if (language == STEM_DE) {
        size_t n = compound_parts(t->a, token, parts);
        for (size_t i = 0; i < n; i++)
            add_term(t, &t->along, parts[i]);
    }
}

struct str analyse_text(struct arena *a, struct str text, struct str language)
{
    enum stem_language lang = analyse_language(language);
    struct terms t = {.a = a};
    buf_init_in(&t.words, a, OUT_MAX);
    buf_init_in(&t.along, a, OUT_MAX);
    struct tokens tokens;
    struct str token;
    enum token_kind kind;
    char w[STEM_WORD_MAX];
    tokens_init(&tokens, text_fold(a, utf8_repair(a, text)));
    while (t.n < ANALYSE_TERMS_MAX && tokens_next(&tokens, &token, &kind)) {
        add_term(&t, &t.words, analyse_term(lang, token, kind, w));
        add_along(&t, lang, token, kind);
    }
    if (t.words.n && t.along.n)
        buf_add_char(&t.words, ' ');
    buf_add(&t.words, buf_str(&t.along));
    return buf_str(&t.words);
}
