/* query.c - a search box's line to what is looked for; see analyse.h. */
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/vec.h"
#include "text/analyse.h"
#include "text/analyse_int.h"
#include "text/unicode.h"

enum { LINE_MAX = 1024, TERMS_MAX = ANALYSE_QUERY_MAX };

struct query {
    struct arena *a;
    enum stem_language language;
    enum stem_language stems[STEM_LANGUAGES]; /* by which words are looked for */
    size_t stem_count;
    struct vec groups; /* struct search_group */
    bool common[ANALYSE_QUERY_MAX];
};

static bool same_choice(const struct search_choice *x, const struct search_choice *y)
{
    for (size_t i = 0; x->n == y->n && i < x->n; i++)
        if (!str_eq(x->terms[i], y->terms[i]))
            return false;
    return x->n == y->n && x->how == y->how;
}

static void add_choice(struct query *q, struct vec *choices, const struct str *terms, size_t n,
                       enum search_how how)
{
    struct search_choice choice = {.n = n, .how = how};
    struct str *copies = arena_array(q->a, n, sizeof *copies);
    for (size_t i = 0; i < n; i++)
        copies[i] = arena_str(q->a, utf8_clip(terms[i], ANALYSE_TERM_MAX));
    choice.terms = copies;
    for (size_t i = 0; i < choices->n; i++)
        if (same_choice(vec_at(choices, i), &choice))
            return;
    *(struct search_choice *)vec_push(choices) = choice;
}

static void add_group(struct query *q, const struct vec *choices, bool common)
{
    if (!choices->n)
        return;
    q->common[q->groups.n] = common;
    *(struct search_group *)vec_push(&q->groups) = (struct search_group){choices->p, choices->n};
}

/* By its stems, unstemmed, or by all parts of a compound. */
static void add_word(struct query *q, struct str token, enum token_kind kind)
{
    char w[STEM_WORD_MAX];
    struct vec choices;
    vec_init(&choices, q->a, sizeof(struct search_choice));
    for (size_t i = 0; i < q->stem_count; i++) {
        struct str term = analyse_term(q->stems[i], token, kind, w);
        if (term.n)
            add_choice(q, &choices, &term, 1, SEARCH_ALL);
    }
    for (size_t i = 0; i < q->stem_count && kind == TOKEN_WORD; i++) {
        struct str parts[COMPOUND_PARTS_MAX];
        size_t n = q->stems[i] == STEM_DE ? compound_parts(q->a, token, parts) : 0;
        if (n)
            add_choice(q, &choices, parts, n, SEARCH_ALL);
    }
    add_group(q, &choices, kind == TOKEN_WORD && stop_word(q->language, token));
}

/* As typed so far: unstemmed, in both spellings of umlauts. */
static void add_prefix(struct query *q, struct str token)
{
    char w[STEM_WORD_MAX], v[STEM_WORD_MAX];
    struct str bare = stem_bare(token, w), plain = stem_word(STEM_NONE, token, v);
    struct vec choices;
    vec_init(&choices, q->a, sizeof(struct search_choice));
    if (!plain.n)
        return;
    add_choice(q, &choices, &plain, 1, SEARCH_BEGINS);
    add_choice(q, &choices, &bare, 1, SEARCH_BEGINS);
    add_group(q, &choices, false);
}

/* All words side by side, in one language at a time. */
static void add_phrase(struct query *q, struct str phrase)
{
    struct vec choices;
    vec_init(&choices, q->a, sizeof(struct search_choice));
    for (size_t i = 0; i < q->stem_count; i++) {
        struct str terms[TERMS_MAX], token;
        char w[STEM_WORD_MAX];
        enum token_kind kind;
        struct tokens tokens;
        size_t n = 0;
        tokens_init(&tokens, phrase);
        while (n < TERMS_MAX && tokens_next(&tokens, &token, &kind)) {
            struct str term = analyse_term(q->stems[i], token, kind, w);
            if (term.n)
                terms[n++] = arena_str(q->a, term);
        }
        if (n)
            add_choice(q, &choices, terms, n, n > 1 ? SEARCH_SIDE_BY_SIDE : SEARCH_ALL);
    }
    add_group(q, &choices, false);
}

static void add_words(struct query *q, struct str s)
{
    struct tokens tokens;
    struct str token;
    enum token_kind kind;
    tokens_init(&tokens, s);
    while (q->groups.n < ANALYSE_QUERY_MAX && tokens_next(&tokens, &token, &kind)) {
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

/* Common words are not asked for, unless there is nothing else. */
static struct search_query without_common(struct query *q)
{
    struct search_group *groups = q->groups.p;
    size_t n = 0;
    for (size_t i = 0; i < q->groups.n; i++)
        if (!q->common[i])
            groups[n++] = groups[i];
    return (struct search_query){groups, n ? n : q->groups.n};
}

struct search_query analyse_query(struct arena *a, struct str query, struct str language)
{
    struct query q = {.a = a, .language = analyse_language(language)};
    if (q.language != STEM_EN)
        q.stems[q.stem_count++] = STEM_DE;
    if (q.language != STEM_DE)
        q.stems[q.stem_count++] = STEM_EN;
    q.stems[q.stem_count++] = STEM_NONE;
    vec_init(&q.groups, a, sizeof(struct search_group));
    struct str rest = plain_quotes(a, text_fold(a, utf8_repair(a, utf8_clip(query, LINE_MAX))));
    while (rest.n && q.groups.n < ANALYSE_QUERY_MAX) {
        ptrdiff_t open = str_find_char(rest, '"', 0);
        ptrdiff_t close = open < 0 ? -1 : str_find_char(rest, '"', (size_t)open + 1);
        add_words(&q, str_sub(rest, 0, close < 0 ? rest.n : (size_t)open));
        if (close < 0)
            break;
        if (q.groups.n < ANALYSE_QUERY_MAX)
            add_phrase(&q, str_sub(rest, (size_t)open + 1, (size_t)close));
        rest = str_sub(rest, (size_t)close + 1, rest.n);
    }
    return without_common(&q);
}
