/* feature.c - see feature.h. */
#include "understand/feature.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/memory.h"
#include "understand/naming.h"
#include "understand/tokens.h"

enum {
    GRAM_MIN = 2, /* bytes of a character sequence, the blank at a word's border included */
    GRAM_MAX = 5,
    LIST_MAX = 24 * 1024,  /* different features of one text */
    TABLE_FIRST = 1024,    /* slots */
    TABLE_MAX = 64 * 1024, /* a power of two above LIST_MAX * 2 */
    PLACES_MAX = 64 * 1024,
    NEGATION_REACH = 3, /* words */
    CALLED_REACH = 8    /* tokens from the beginning */
};

/* Kinds of features; mixed into their hashes. */
enum salt {
    SALT_WORD = 1,
    SALT_PAIR,
    SALT_THREE,
    SALT_ADDRESSED,
    SALT_GRAM,
    SALT_OPENING,
    SALT_OPENING_PAIR,
    SALT_ASKED,
    SALT_ASKED_LAST,
    SALT_FIRST,
    SALT_LAST,
    SALT_SHAPE,
    SALT_PLACEHOLDER,
    SALT_NEGATED,
    SALT_EARLY,
    SALT_LATE
};

/* What stands in word pairs instead of names and links. */
enum placeholder {
    HOLD_BRAND = 1,
    HOLD_HANDLE,
    HOLD_URL,
    HOLD_ASK,
    HOLD_ASKS,
    HOLD_CALL,
    HOLD_DOTS
};

enum shape {
    SHAPE_BRAND = 1,
    SHAPE_ADDRESS,
    SHAPE_ASKS,
    SHAPE_ASK_END,
    SHAPE_CALLS,
    SHAPE_LINKS,
    SHAPE_HASHTAGS,
    SHAPE_HANDLES,
    SHAPE_EMOJI,
    SHAPE_CAPS,
    SHAPE_LENGTH,
    SHAPE_NUMBERS,
    SHAPE_SENTENCES,
    SHAPE_QUOTES,
    SHAPE_DOTS,
    SHAPE_ADDRESS_ASKS,
    SHAPE_ADDRESS_LENGTH,
    SHAPE_SIGN_OFF,
    SHAPE_RETWEET
};

/* Small, so that the table of a small text stays in the nearest cache. */
struct slot {
    uint32_t hash; /* its upper half */
    uint16_t turn, feature;
};
_Static_assert(LIST_MAX < UINT16_MAX, "a slot can name every feature");

struct features {
    struct tokens tokens;
    uint8_t namings[TOKEN_MAX];
    uint64_t words[TOKEN_MAX]; /* hash that stands for a token in pairs; 0: left out */
    struct feature list[LIST_MAX];
    size_t n;
    struct feature_place places[PLACES_MAX];
    size_t place_count;
    bool keep_places;
    struct slot table[TABLE_MAX];
    uint32_t mask;
    uint16_t turn; /* a slot of another turn is free */
};

static uint64_t salted(enum salt salt, uint64_t h)
{
    return tokens_mix(h + (uint64_t)salt * UINT64_C(0x9e3779b97f4a7c15));
}

static uint64_t then(uint64_t a, uint64_t b)
{
    return a * UINT64_C(0xc2b2ae3d27d4eb4f) + b;
}

/* collecting */

/* Forgets all slots. */
static void next_turn(struct features *f)
{
    if (++f->turn == 0) {
        memset(f->table, 0, sizeof f->table);
        f->turn = 1;
    }
}

/* The slot of a feature, or the free one where it belongs. Two whose upper halves are the same near
 * each other would be taken for one: about once in a million posts. */
static struct slot *find_slot(struct features *f, uint64_t hash)
{
    uint32_t at = (uint32_t)hash & f->mask, upper = (uint32_t)(hash >> 32);
    while (f->table[at].turn == f->turn && f->table[at].hash != upper)
        at = (at + 1) & f->mask;
    return &f->table[at];
}

static void grow_table(struct features *f)
{
    f->mask = f->mask * 2 + 1;
    next_turn(f);
    for (size_t i = 0; i < f->n; i++)
        *find_slot(f, f->list[i].hash) =
            (struct slot){(uint32_t)(f->list[i].hash >> 32), f->turn, (uint16_t)i};
}

static void emit(struct features *f, uint64_t hash, enum feature_block block, size_t first,
                 size_t last)
{
    struct slot *s = find_slot(f, hash);
    if (s->turn != f->turn) {
        if (f->n == LIST_MAX)
            return;
        if (f->n * 2 > f->mask && f->mask < TABLE_MAX - 1) {
            grow_table(f);
            s = find_slot(f, hash);
        }
        *s = (struct slot){(uint32_t)(hash >> 32), f->turn, (uint16_t)f->n};
        f->list[f->n++] = (struct feature){hash, 1, (uint8_t)block};
    } else if (f->list[s->feature].count < UINT16_MAX) {
        f->list[s->feature].count++;
    }
    if (f->keep_places && f->place_count < PLACES_MAX)
        f->places[f->place_count++] =
            (struct feature_place){s->feature, (uint16_t)first, (uint16_t)last};
}

static void emit_shape(struct features *f, enum shape shape, unsigned value)
{
    emit(f, salted(SALT_SHAPE, shape * 256u + value), FEATURE_SHAPE, 1, 0);
}

static void emit_grams(struct features *f, size_t i)
{
    static const uint64_t masks[] = {0, 0xff, 0xffff, 0xffffff, 0xffffffff, 0xffffffffff};
    const struct token *t = &f->tokens.t[i];
    const unsigned char *p = f->tokens.pool + t->start - 1;
    size_t n = t->n + 2u;
    for (size_t at = 0; at + GRAM_MIN <= n; at++) {
        uint64_t bytes;
        memcpy(&bytes, p + at, 8);
        size_t longest = n - at < GRAM_MAX ? n - at : GRAM_MAX;
        for (size_t k = GRAM_MIN; k <= longest; k++)
            emit(f, salted(SALT_GRAM, (bytes & masks[k]) | (uint64_t)k << 56), FEATURE_CHARS, i, i);
    }
}

static uint64_t hold(enum placeholder p)
{
    return salted(SALT_PLACEHOLDER, p);
}

/* What stands for a token among its neighbours; 0: nothing. */
static uint64_t standing(const struct token *t, enum named naming)
{
    if (naming == NAMED_BRAND || naming == NAMED_PART)
        return hold(HOLD_BRAND);
    switch (t->kind) {
    case TOKEN_WORD:
    case TOKEN_NUMBER:
    case TOKEN_HASHTAG:
    case TOKEN_EMOJI:
        return naming == NAMED_REST ? 0 : t->hash;
    case TOKEN_HANDLE:
        return hold(HOLD_HANDLE);
    case TOKEN_URL:
        return hold(HOLD_URL);
    case TOKEN_ASK:
        return hold(t->repeated ? HOLD_ASKS : HOLD_ASK);
    case TOKEN_CALL:
        return hold(HOLD_CALL);
    case TOKEN_STOP:
        return t->repeated || t->n == 3 ? hold(HOLD_DOTS) : 0;
    default:
        return 0;
    }
}

static bool is_negation(const struct features *f, size_t i)
{
    static const struct {
        uint8_t n;
        char word[9];
    } words[] = {{5, "nicht"},   {4, "nich"},   {3, "nix"},     {6, "nichts"},  {4, "kein"},
                 {5, "keine"},   {6, "keinen"}, {6, "keinem"},  {6, "keiner"},  {3, "nie"},
                 {7, "niemals"}, {4, "ohne"},   {5, "weder"},   {4, "kaum"},    {3, "not"},
                 {2, "no"},      {5, "never"},  {3, "nor"},     {7, "without"}, {4, "cant"},
                 {4, "dont"},    {4, "wont"},   {6, "doesnt"},  {4, "isnt"},    {5, "didnt"},
                 {5, "wasnt"},   {5, "arent"},  {6, "havent"},  {5, "hasnt"},   {4, "aint"},
                 {4, "none"},    {6, "cannot"}, {7, "nothing"}, {6, "hardly"},  {7, "couldnt"},
                 {7, "wouldnt"}};
    const struct token *t = &f->tokens.t[i];
    if (t->kind != TOKEN_WORD || t->n > sizeof words->word)
        return false;
    for (size_t k = 0; k < sizeof words / sizeof *words; k++)
        if (t->n == words[k].n && memcmp(f->tokens.pool + t->start, words[k].word, words[k].n) == 0)
            return true;
    return false;
}

/* The words that a "not" reaches, in addition to what they are alone. */
static void read_negations(struct features *f)
{
    size_t left = 0;
    for (size_t i = 0; i < f->tokens.n; i++) {
        enum token_kind kind = (enum token_kind)f->tokens.t[i].kind;
        if (kind == TOKEN_STOP || kind == TOKEN_ASK || kind == TOKEN_CALL)
            left = 0;
        if (is_negation(f, i)) {
            left = NEGATION_REACH;
        } else if (left && f->words[i]) {
            left--;
            emit(f, salted(SALT_NEGATED, f->words[i]), FEATURE_WORDS, i, i);
        }
    }
}

static void read_words(struct features *f, bool addressed)
{
    size_t before = 0, earlier = 0; /* indexes + 1 of the last two words */
    for (size_t i = 0; i < f->tokens.n; i++) {
        uint64_t h = f->words[i];
        if (!h)
            continue;
        const struct token *t = &f->tokens.t[i];
        emit(f, salted(SALT_WORD, h), FEATURE_WORDS, i, i);
        if (addressed)
            emit(f, salted(SALT_ADDRESSED, h), FEATURE_WORDS, i, i);
        if (i * 4 < f->tokens.n)
            emit(f, salted(SALT_EARLY, h), FEATURE_WORDS, i, i);
        else if (i * 4 >= f->tokens.n * 3)
            emit(f, salted(SALT_LATE, h), FEATURE_WORDS, i, i);
        if (before)
            emit(f, salted(SALT_PAIR, then(f->words[before - 1], h)), FEATURE_WORDS, before - 1, i);
        if (earlier)
            emit(f, salted(SALT_THREE, then(then(f->words[earlier - 1], f->words[before - 1]), h)),
                 FEATURE_WORDS, earlier - 1, i);
        if (t->kind == TOKEN_HANDLE && f->namings[i] == NAMED_NOT)
            emit(f, salted(SALT_WORD, t->hash), FEATURE_WORDS, i, i);
        if ((t->kind == TOKEN_WORD || t->kind == TOKEN_HASHTAG || t->kind == TOKEN_HANDLE) &&
            f->namings[i] == NAMED_NOT)
            emit_grams(f, i);
        earlier = before;
        before = i + 1;
    }
}

/* First words of sentences, and of those that end in a question mark also the last. */
static void read_sentences(struct features *f)
{
    size_t first = SIZE_MAX, second = SIZE_MAX, last = SIZE_MAX, opening = SIZE_MAX, sentences = 0;
    for (size_t i = 0; i <= f->tokens.n; i++) {
        enum token_kind kind = i < f->tokens.n ? (enum token_kind)f->tokens.t[i].kind : TOKEN_STOP;
        if (kind == TOKEN_STOP || kind == TOKEN_ASK || kind == TOKEN_CALL) {
            if (first == SIZE_MAX)
                continue;
            sentences++;
            emit(f, salted(SALT_OPENING, f->words[first]), FEATURE_SHAPE, first, first);
            if (second != SIZE_MAX)
                emit(f, salted(SALT_OPENING_PAIR, then(f->words[first], f->words[second])),
                     FEATURE_SHAPE, first, second);
            if (kind == TOKEN_ASK) {
                emit(f, salted(SALT_ASKED, f->words[first]), FEATURE_SHAPE, first, i);
                emit(f, salted(SALT_ASKED_LAST, f->words[last]), FEATURE_SHAPE, last, i);
            }
            first = second = SIZE_MAX;
        } else if ((kind == TOKEN_WORD || kind == TOKEN_NUMBER) && f->words[i]) {
            if (first == SIZE_MAX)
                first = i;
            else if (second == SIZE_MAX)
                second = i;
            last = i;
            if (opening == SIZE_MAX)
                opening = i;
        }
    }
    if (opening != SIZE_MAX) {
        emit(f, salted(SALT_FIRST, f->words[opening]), FEATURE_SHAPE, opening, opening);
        emit(f, salted(SALT_LAST, f->words[last]), FEATURE_SHAPE, last, last);
    }
    emit_shape(f, SHAPE_SENTENCES, sentences < 5 ? (unsigned)sentences : 5);
}

struct tally {
    unsigned asks, calls, links, hashtags, handles, emoji, caps, words, numbers, quotes, dots,
        sign_offs;
    unsigned brand, part;
    bool brand_handle, brand_first, brand_called, handle_first, retweet, ask_last;
};

/* "Hallo Nordbahn, ..." near the beginning of the post or of a sentence. */
static bool is_called(const struct features *f, size_t i, size_t sentence)
{
    bool early = i <= CALLED_REACH || i - sentence <= 1;
    for (i++; i < f->tokens.n && f->namings[i] == NAMED_REST;)
        i++;
    if (!early || i >= f->tokens.n)
        return false;
    const struct token *next = &f->tokens.t[i];
    return next->kind == TOKEN_CALL ||
           (next->kind == TOKEN_MARK && f->tokens.pool[next->start] == ',');
}

static void tally_count(const struct features *f, struct tally *y)
{
    bool opened = false; /* something other than handles was seen */
    size_t sentence = 0; /* its first token */
    for (size_t i = 0; i < f->tokens.n; i++) {
        const struct token *t = &f->tokens.t[i];
        enum named naming = (enum named)f->namings[i];
        y->asks += t->kind == TOKEN_ASK ? 1u + t->repeated : 0;
        y->calls += t->kind == TOKEN_CALL ? 1u + t->repeated : 0;
        y->links += t->kind == TOKEN_URL;
        y->hashtags += t->kind == TOKEN_HASHTAG;
        y->handles += t->kind == TOKEN_HANDLE;
        y->emoji += t->kind == TOKEN_EMOJI;
        y->words += t->kind == TOKEN_WORD;
        y->caps += t->kind == TOKEN_WORD && t->caps;
        y->numbers += t->kind == TOKEN_NUMBER;
        y->dots += t->kind == TOKEN_STOP && (t->repeated || t->n == 3);
        if (t->kind == TOKEN_MARK) {
            char c = (char)f->tokens.pool[t->start];
            y->quotes += c == '"';
            y->sign_offs += (c == '^' || c == '/') && i + 2 >= f->tokens.n;
        }
        y->brand += naming == NAMED_BRAND;
        y->part += naming == NAMED_PART;
        y->brand_called |=
            (naming == NAMED_BRAND || naming == NAMED_PART) && is_called(f, i, sentence);
        if (t->kind == TOKEN_STOP || t->kind == TOKEN_CALL || t->kind == TOKEN_ASK)
            sentence = i + 1;
        y->brand_handle |= naming == NAMED_BRAND && t->kind == TOKEN_HANDLE;
        if (!opened) {
            y->brand_first |= naming == NAMED_BRAND;
            y->handle_first |= t->kind == TOKEN_HANDLE;
            y->retweet |= t->kind == TOKEN_WORD && t->caps && t->n == 2 && i == 0 &&
                          i + 1 < f->tokens.n && f->tokens.t[1].kind == TOKEN_HANDLE;
            opened = t->kind != TOKEN_HANDLE && t->kind != TOKEN_MARK;
        }
        if (t->kind != TOKEN_URL && t->kind != TOKEN_EMOJI && t->kind != TOKEN_HASHTAG)
            y->ask_last = t->kind == TOKEN_ASK;
    }
}

static unsigned up_to(unsigned v, unsigned most)
{
    return v < most ? v : most;
}

static unsigned magnitude(unsigned v)
{
    unsigned m = 0;
    for (; v; v >>= 1)
        m++;
    return m;
}

/* The post's outer form; tells whether somebody is addressed. */
static bool read_shape(struct features *f, bool brand_known)
{
    struct tally y = {0};
    tally_count(f, &y);
    bool addressed =
        brand_known ? y.brand_handle || y.brand_first || y.brand_called : y.handles > 0;
    unsigned address;
    if (brand_known)
        address = y.brand_first    ? 1
                  : y.brand_handle ? 2
                  : y.brand_called ? 10
                  : y.brand        ? 3
                  : y.part         ? 4
                  : y.handle_first ? 5
                                   : 6;
    else
        address = y.handle_first ? 7 : y.handles ? 8 : 9;
    emit_shape(f, SHAPE_ADDRESS, address);
    emit_shape(f, SHAPE_BRAND, brand_known ? 1 + up_to(y.brand + y.part, 2) : 0);
    emit_shape(f, SHAPE_ASKS, up_to(y.asks, 3));
    emit_shape(f, SHAPE_ASK_END, y.ask_last);
    emit_shape(f, SHAPE_CALLS, up_to(y.calls, 3));
    emit_shape(f, SHAPE_LINKS, up_to(y.links, 2));
    emit_shape(f, SHAPE_HASHTAGS, up_to(y.hashtags, 3));
    emit_shape(f, SHAPE_HANDLES, up_to(y.handles, 3));
    emit_shape(f, SHAPE_EMOJI, up_to(y.emoji, 2));
    emit_shape(f, SHAPE_CAPS, y.words && y.caps * 2 > y.words ? 3 : up_to(y.caps, 2));
    emit_shape(f, SHAPE_LENGTH, up_to(magnitude(y.words), 8));
    emit_shape(f, SHAPE_NUMBERS, up_to(y.numbers, 3));
    emit_shape(f, SHAPE_QUOTES, up_to(y.quotes, 2));
    emit_shape(f, SHAPE_DOTS, up_to(y.dots, 2));
    emit_shape(f, SHAPE_SIGN_OFF, up_to(y.sign_offs, 1));
    emit_shape(f, SHAPE_RETWEET, y.retweet);
    emit_shape(f, SHAPE_ADDRESS_ASKS, address * 2 + y.ask_last);
    emit_shape(f, SHAPE_ADDRESS_LENGTH, address * 16 + up_to(magnitude(y.words), 8));
    return addressed;
}

/* the outside */

struct features *features_new(void)
{
    struct features *f = memory_zeroed(1, sizeof *f);
    return f;
}

void features_free(struct features *f)
{
    free(f);
}

void features_read(struct features *f, struct str text, const struct naming *brand, bool places)
{
    tokens_read(&f->tokens, text);
    f->n = f->place_count = 0;
    f->keep_places = places;
    /* a small table stays in the nearest cache, and a roomy one is quicker than one that grows */
    uint32_t slots = TABLE_FIRST;
    while (slots < TABLE_MAX && slots < f->tokens.pool_n * 10)
        slots *= 2;
    f->mask = slots - 1;
    next_turn(f);
    naming_find(brand, &f->tokens, f->namings);
    for (size_t i = 0; i < f->tokens.n; i++)
        f->words[i] = standing(&f->tokens.t[i], (enum named)f->namings[i]);
    bool addressed = read_shape(f, brand != NULL);
    read_words(f, addressed);
    read_negations(f);
    read_sentences(f);
}

const struct feature *features_list(const struct features *f, size_t *n)
{
    *n = f->n;
    return f->list;
}

const struct feature_place *features_places(const struct features *f, size_t *n)
{
    *n = f->place_count;
    return f->places;
}

size_t features_letters(const struct features *f)
{
    unsigned char first = 0;
    for (size_t i = 0; i < f->tokens.n; i++) {
        const struct token *t = &f->tokens.t[i];
        const unsigned char *p = f->tokens.pool + t->start;
        if (t->kind == TOKEN_URL || t->kind == TOKEN_EMOJI)
            continue;
        for (size_t k = 0; k < t->n; k++) {
            if (p[k] < 'a')
                continue;
            if (first && p[k] != first)
                return f->tokens.letters;
            first = p[k];
        }
    }
    return 0;
}

void features_token(const struct features *f, size_t i, uint32_t *from, uint32_t *to)
{
    *from = f->tokens.t[i].from;
    *to = f->tokens.t[i].to;
}

size_t features_token_count(const struct features *f)
{
    return f->tokens.n;
}

float feature_count_weight(unsigned count)
{
    return count < 2 ? 1 : 1 + logf((float)count);
}
