/* analyse.c - see analyse.h. */
#include "text/analyse.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "text/stem.h"
#include "text/tokens.h"
#include "text/unicode.h"

enum { OUT_MAX = ANALYSE_TERMS_MAX * (ANALYSE_TERM_MAX + 1), INNER_WORDS_MAX = 8 };

_Static_assert((int)ANALYSE_TERM_MAX == (int)STEM_WORD_MAX, "a term is a stem");

static enum stem_language language_of(struct str s)
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

static struct str term_of(enum stem_language language, struct str token, enum token_kind kind,
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
        for (int i = 0; i < INNER_WORDS_MAX && tokens_next(&inner, &word, &inner_kind); i++)
            add_term(t, &t->along, term_of(language, word, inner_kind, w));
    } else if (kind == TOKEN_WORD && language == STEM_DE) {
        size_t n = compound_parts(t->a, token, parts);
        for (size_t i = 0; i < n; i++)
            add_term(t, &t->along, parts[i]);
    }
}

struct str analyse_text(struct arena *a, struct str text, struct str language)
{
    enum stem_language lang = language_of(language);
    struct terms t = {.a = a};
    buf_init_in(&t.words, a, OUT_MAX);
    buf_init_in(&t.along, a, OUT_MAX);
    struct tokens tokens;
    struct str token;
    enum token_kind kind;
    char w[STEM_WORD_MAX];
    tokens_init(&tokens, text_fold(a, utf8_repair(a, text)));
    while (t.n < ANALYSE_TERMS_MAX && tokens_next(&tokens, &token, &kind)) {
        add_term(&t, &t.words, term_of(lang, token, kind, w));
        add_along(&t, lang, token, kind);
    }
    if (t.words.n && t.along.n)
        buf_add_char(&t.words, ' ');
    buf_add(&t.words, buf_str(&t.along));
    return buf_str(&t.words);
}

/* --- queries --- */

struct query {
    struct arena *a;
    struct buf out;
    enum stem_language stems[STEM_LANGUAGES]; /* by which words are looked for */
    size_t stem_count;
    size_t groups;
};

static void begin_group(struct query *q)
{
    if (q->groups++)
        buf_add_z(&q->out, " AND ");
}

static void add_quoted(struct query *q, struct str term)
{
    buf_add_char(&q->out, '"');
    for (size_t i = 0; i < term.n; i++)
        if (term.p[i] != '"' && term.p[i]) /* no term holds one; this keeps it so */
            buf_add_char(&q->out, term.p[i]);
    buf_add_char(&q->out, '"');
}

/* ("stem" OR "plain" OR ("part" AND "part")) */
static void add_word(struct query *q, struct str token, enum token_kind kind)
{
    struct str terms[STEM_LANGUAGES], parts[COMPOUND_PARTS_MAX];
    size_t n = 0, part_count = 0;
    char w[STEM_WORD_MAX];
    for (size_t i = 0; i < q->stem_count; i++) {
        struct str term = arena_str(q->a, term_of(q->stems[i], token, kind, w));
        bool known = false;
        for (size_t k = 0; k < n; k++)
            known |= str_eq(terms[k], term);
        if (!known && term.n)
            terms[n++] = term;
        if (q->stems[i] == STEM_DE && kind == TOKEN_WORD)
            part_count = compound_parts(q->a, token, parts);
    }
    if (!n)
        return;
    begin_group(q);
    if (n + part_count > 1)
        buf_add_char(&q->out, '(');
    for (size_t i = 0; i < n; i++) {
        if (i)
            buf_add_z(&q->out, " OR ");
        add_quoted(q, terms[i]);
    }
    for (size_t i = 0; i < part_count; i++) {
        buf_add_z(&q->out, i ? " AND " : " OR (");
        add_quoted(q, parts[i]);
    }
    if (part_count)
        buf_add_char(&q->out, ')');
    if (n + part_count > 1)
        buf_add_char(&q->out, ')');
}

/* As typed so far: unstemmed, in both spellings of umlauts. */
static void add_prefix(struct query *q, struct str token)
{
    char w[STEM_WORD_MAX], v[STEM_WORD_MAX];
    struct str bare = stem_bare(token, w), plain = stem_word(STEM_NONE, token, v);
    if (!plain.n)
        return;
    begin_group(q);
    bool two = !str_eq(bare, plain);
    if (two)
        buf_add_char(&q->out, '(');
    add_quoted(q, plain);
    buf_add_z(&q->out, " *");
    if (two) {
        buf_add_z(&q->out, " OR ");
        add_quoted(q, bare);
        buf_add_z(&q->out, " *)");
    }
}

/* All words side by side, in one language at a time. */
static void add_phrase(struct query *q, struct str phrase)
{
    char w[STEM_WORD_MAX];
    struct str token;
    enum token_kind kind;
    struct buf first;
    buf_init_in(&first, q->a, OUT_MAX);
    for (size_t i = 0; i < q->stem_count; i++) {
        struct tokens tokens;
        struct buf terms;
        buf_init_in(&terms, q->a, OUT_MAX);
        tokens_init(&tokens, phrase);
        for (int k = 0; k < ANALYSE_QUERY_MAX && tokens_next(&tokens, &token, &kind); k++) {
            if (terms.n)
                buf_add_char(&terms, ' ');
            buf_add(&terms, utf8_clip(term_of(q->stems[i], token, kind, w), ANALYSE_TERM_MAX));
        }
        if (!terms.n)
            return;
        if (!first.n) {
            begin_group(q);
            buf_add_char(&q->out, '(');
        } else if (str_eq(buf_str(&first), buf_str(&terms))) {
            continue;
        } else {
            buf_add_z(&q->out, " OR ");
        }
        add_quoted(q, buf_str(&terms));
        if (!first.n)
            buf_add(&first, buf_str(&terms));
    }
    buf_add_char(&q->out, ')');
}

static void add_words(struct query *q, struct str s)
{
    struct tokens tokens;
    struct str token;
    enum token_kind kind;
    tokens_init(&tokens, s);
    while (q->groups < ANALYSE_QUERY_MAX && tokens_next(&tokens, &token, &kind)) {
        if (kind == TOKEN_WORD && !tokens.run.n && tokens.at < s.n && s.p[tokens.at] == '*')
            add_prefix(q, token);
        else
            add_word(q, token, kind);
    }
}

/* Typographic quotes as people's phones write them, as ASCII ones. */
static struct str plain_quotes(struct arena *a, struct str s)
{
    struct buf b;
    buf_init_in(&b, a, s.n + 1);
    for (size_t i = 0; i < s.n;) {
        size_t at = i;
        uint32_t c = utf8_next(s, &i);
        if (c == 0x201C || c == 0x201D || c == 0x201E || c == 0xAB || c == 0xBB)
            buf_add_char(&b, '"');
        else
            buf_add(&b, str_sub(s, at, i));
    }
    return buf_str(&b);
}

struct str analyse_query(struct arena *a, struct str query, struct str language)
{
    struct query q = {.a = a};
    enum stem_language lang = language_of(language);
    if (lang != STEM_EN)
        q.stems[q.stem_count++] = STEM_DE;
    if (lang != STEM_DE)
        q.stems[q.stem_count++] = STEM_EN;
    q.stems[q.stem_count++] = STEM_NONE;
    buf_init_in(&q.out, a, 64 * 1024);
    struct str rest = plain_quotes(a, text_fold(a, utf8_repair(a, utf8_clip(query, 1024))));
    while (rest.n && q.groups < ANALYSE_QUERY_MAX) {
        ptrdiff_t open = str_find_char(rest, '"', 0);
        ptrdiff_t close = open < 0 ? -1 : str_find_char(rest, '"', (size_t)open + 1);
        add_words(&q, str_sub(rest, 0, close < 0 ? rest.n : (size_t)open));
        if (close < 0)
            break;
        add_phrase(&q, str_sub(rest, (size_t)open + 1, (size_t)close));
        rest = str_sub(rest, (size_t)close + 1, rest.n);
    }
    return buf_ok(&q.out) ? buf_str(&q.out) : STR("");
}
