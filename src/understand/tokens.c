/* tokens.c - see tokens.h. The speed of triage is decided here and in feature.c: one table look-up
 * a byte, no library calls, no allocation. */
#include "understand/tokens.h"

#include <string.h>

enum byte_class { SPACE, LETTER, DIGIT, MARK, HIGH, LINE };

/* Class of each byte below 0x80; HIGH ones are decoded. */
static const uint8_t classes[256] = {
    [0 ... 9] = SPACE,      ['\n'] = LINE,        [11 ... ' '] = SPACE,   ['!' ... '/'] = MARK,
    ['0' ... '9'] = DIGIT,  [':' ... '@'] = MARK, ['A' ... 'Z'] = LETTER, ['[' ... '`'] = MARK,
    ['a' ... 'z'] = LETTER, ['{' ... '~'] = MARK, [127] = SPACE,          [128 ... 255] = HIGH,
};

/* U+00C0 to U+017F in plain letters, two bytes each; a blank is nothing. */
static const char latin[] = "A A A A AeA AEC E E E E I I I I D N O O O O Oe  O U U U UeY THss"
                            "a a a a aea aec e e e e i i i i d n o o o o oe  o u u u uey thy "
                            "A a A a A a C c C c C c C c D d D d E e E e E e E e E e G g G g "
                            "G g G g H h H h I i I i I i I i I i IJijJ j K k k L l L l L l L "
                            "l L l N n N n N n n N n O o O o O o OEoeR r R r R r S s S s S s "
                            "S s T t T t T t U u U u U u U u U u U u W w Y y Y Z z Z z Z z s ";
_Static_assert(sizeof latin - 1 == 2 * (0x180 - 0xC0), "one pair for each letter");

struct reader {
    struct tokens *out;
    struct token *word; /* being read; NULL between words */
    size_t capitals, letters;
    unsigned char *w;   /* where the next folded byte goes */
    unsigned char *end; /* of the room of this word */
};

uint64_t tokens_hash(const unsigned char *p, size_t n)
{
    uint64_t h = n * UINT64_C(0x9e3779b97f4a7c15);
    for (; n >= 8; p += 8, n -= 8) {
        uint64_t v;
        memcpy(&v, p, 8);
        h = (h ^ v) * UINT64_C(0xff51afd7ed558ccd);
        h ^= h >> 29;
    }
    uint64_t v = 0;
    memcpy(&v, p, n);
    return tokens_mix(h ^ v);
}

static void begin(struct reader *r, enum token_kind kind, size_t at)
{
    struct token *t = &r->out->t[r->out->n];
    unsigned char *pool = r->out->pool + r->out->pool_n;
    pool[0] = ' ';
    *t = (struct token){
        .from = (uint32_t)at, .start = (uint32_t)(r->out->pool_n + 1), .kind = (uint8_t)kind};
    r->word = t;
    r->w = pool + 1;
    r->end = r->w + TOKEN_WORD_MAX;
    r->capitals = r->letters = 0;
}

static void finish(struct reader *r, size_t at)
{
    struct token *t = r->word;
    if (!t)
        return;
    r->word = NULL;
    unsigned char *start = r->out->pool + t->start;
    t->n = (uint16_t)(r->w - start);
    if (t->n == 0 && t->kind != TOKEN_URL)
        return;
    t->to = (uint32_t)at;
    t->caps = r->letters >= 2 && r->capitals == r->letters;
    t->hash = tokens_hash(start, t->n);
    memset(r->w, 0, TOKEN_PAD);
    r->w[0] = ' ';
    r->out->pool_n = t->start + t->n + 1u;
    if (t->kind != TOKEN_URL)
        r->out->letters += r->letters;
    r->out->n++;
}

/* A folded byte of the word; three equal letters in a row become two. */
static void add(struct reader *r, unsigned char c)
{
    if (r->w >= r->end || (c != '0' && r->w[-1] == c && r->w[-2] == c))
        return;
    *r->w++ = c;
}

static void add_letter(struct reader *r, unsigned char c)
{
    r->letters++;
    if (c < 'a' && c >= 'A') {
        r->capitals++;
        c |= 0x20;
    }
    add(r, c);
}

/* A token of its own for a sign; a run of the same sign is one. */
static void sign(struct reader *r, enum token_kind kind, const char *name, size_t n, size_t from,
                 size_t to)
{
    struct tokens *out = r->out;
    finish(r, from);
    if (out->n) {
        struct token *last = &out->t[out->n - 1];
        if (last->kind == kind && last->to == from && last->n == n &&
            memcmp(out->pool + last->start, name, n) == 0) {
            last->to = (uint32_t)to;
            last->repeated = true;
            return;
        }
    }
    if (out->n == TOKEN_MAX)
        return;
    begin(r, kind, from);
    memcpy(r->w, name, n);
    r->w += n;
    finish(r, to);
}

static size_t decode(const unsigned char *p, size_t n, uint32_t *cp)
{
    size_t len = p[0] >= 0xF0 && p[0] < 0xF5 ? 4 : p[0] >= 0xE0 ? 3 : p[0] >= 0xC2 ? 2 : 0;
    if (p[0] >= 0xF5 || len == 0 || n < len) {
        *cp = 0;
        return 1;
    }
    uint32_t c = p[0] & (0x7Fu >> len);
    for (size_t i = 1; i < len; i++) {
        if ((p[i] & 0xC0) != 0x80) {
            *cp = 0;
            return 1;
        }
        c = c << 6 | (p[i] & 0x3Fu);
    }
    *cp = c;
    return len;
}

static bool is_invisible(uint32_t c)
{
    return (c >= 0x200B && c <= 0x200F) || (c >= 0x202A && c <= 0x202E) ||
           (c >= 0x2060 && c <= 0x206F) || (c >= 0x300 && c <= 0x36F) ||
           (c >= 0xFE00 && c <= 0xFE0F) || (c >= 0x1F3FB && c <= 0x1F3FF) || c == 0xAD ||
           c == 0xFEFF || (c >= 0xE0000 && c <= 0xE007F);
}

static bool is_emoji(uint32_t c)
{
    return (c >= 0x1F000 && c <= 0x1FAFF) || (c >= 0x2300 && c <= 0x23FF) ||
           (c >= 0x2600 && c <= 0x27BF) || (c >= 0x2B00 && c <= 0x2BFF);
}

static void read_punctuation(struct reader *r, uint32_t c, const unsigned char *p, size_t at,
                             size_t len)
{
    if (c == 0x2019 || c == 0x2BC) /* apostrophe: don’t is one word */
        return;
    if (c == 0x2026)
        sign(r, TOKEN_STOP, "...", 3, at, at + len);
    else if (c == 0xAB || c == 0xBB || (c >= 0x2018 && c <= 0x201F) || c == 0x2039 || c == 0x203A)
        sign(r, TOKEN_MARK, "\"", 1, at, at + len);
    else if (c == 0x2010 || c == 0x2011)
        finish(r, at);
    else if (c >= 0x2012 && c <= 0x2015)
        sign(r, TOKEN_MARK, "-", 1, at, at + len);
    else if (c == 0x2028 || c == 0x2029)
        sign(r, TOKEN_STOP, "\n", 1, at, at + len);
    else if (c == 0 || c == 0xA0 || c == 0x3000 || (c >= 0x2000 && c <= 0x200A) || c == 0x202F)
        finish(r, at);
    else
        sign(r, TOKEN_MARK, (const char *)p, len, at, at + len);
}

/* One character outside ASCII at p; its length is returned. */
static size_t read_high(struct reader *r, const unsigned char *p, size_t n, size_t at)
{
    uint32_t c;
    size_t len = decode(p, n, &c);
    if (is_invisible(c))
        return len;
    if (is_emoji(c)) {
        sign(r, TOKEN_EMOJI, (const char *)p, len, at, at + len);
        return len;
    }
    if (c < 0xC0 || c == 0xD7 || c == 0xF7 || (c >= 0x2000 && c <= 0x2BFF) ||
        (c >= 0x3000 && c <= 0x3004)) {
        read_punctuation(r, c, p, at, len);
        return len;
    }
    if (!r->word) {
        if (r->out->n == TOKEN_MAX)
            return len;
        begin(r, TOKEN_WORD, at);
    }
    if (c < 0x180) {
        const char *pair = latin + 2 * (c - 0xC0);
        if (pair[0] != ' ')
            add_letter(r, (unsigned char)pair[0]);
        if (pair[1] != ' ')
            add(r, (unsigned char)pair[1] | 0x20);
    } else {
        r->letters++;
        if (r->w + len <= r->end)
            for (size_t i = 0; i < len; i++)
                *r->w++ = p[i];
    }
    return len;
}

static bool is_link(const unsigned char *p, size_t n)
{
    return (n > 8 && (memcmp(p, "https://", 8) == 0)) || (n > 7 && memcmp(p, "http://", 7) == 0) ||
           (n > 4 && (memcmp(p, "www.", 4) == 0));
}

static size_t read_link(struct reader *r, const unsigned char *p, size_t i, size_t n)
{
    begin(r, TOKEN_URL, i);
    while (i < n && p[i] > ' ')
        i++;
    finish(r, i);
    return i;
}

static bool is_name_byte(unsigned char c)
{
    return classes[c] == LETTER || classes[c] == DIGIT || c == '_';
}

/* @name, @name@host; the signs inside are left out of the folded form. */
static size_t read_handle(struct reader *r, const unsigned char *p, size_t i, size_t n)
{
    begin(r, TOKEN_HANDLE, i);
    for (i++; i < n; i++) {
        if (classes[p[i]] == LETTER)
            add_letter(r, p[i]);
        else if (classes[p[i]] == DIGIT)
            add(r, p[i]);
        else if (p[i] != '_' && !((p[i] == '.' || p[i] == '-' || p[i] == '@') && i + 1 < n &&
                                  is_name_byte(p[i + 1])))
            break;
    }
    finish(r, i);
    return i;
}

/* Bytes of the typed face :-) ;P =( <3 that starts at p[i], 0: none. Sources that cut words apart
 * leave a blank behind the eyes. */
static size_t face_length(const unsigned char *p, size_t i, size_t n)
{
    static const char noses[] = "-'^o ", mouths[] = ")(]/[|*\\DPp3";
    size_t at = i + 1;
    if (p[i] == '<')
        return at < n && p[at] == '3' ? 2 : 0;
    if (at < n && memchr(noses, p[at], sizeof noses - 1))
        at++;
    if (at >= n || !memchr(mouths, p[at], sizeof mouths - 1) ||
        (p[at] == '/' && at + 1 < n && p[at + 1] == '/'))
        return 0;
    bool letter = classes[p[at]] != MARK;
    if (letter && (p[at - 1] == ' ' || (at + 1 < n && classes[p[at + 1]] != SPACE)))
        return 0;
    return at + 1 - i;
}

/* One emoji for all ways to type it; a mouth may be repeated. */
static size_t read_face(struct reader *r, const unsigned char *p, size_t i, size_t n, size_t length)
{
    char mouth = (char)p[i + length - 1];
    size_t from = i;
    for (i += length; i < n && p[i] == (unsigned char)mouth && mouth != '3';)
        i++;
    mouth = (char)(mouth == ']'                                    ? ')'
                   : mouth == '['                                  ? '('
                   : mouth == 'p'                                  ? 'P'
                   : mouth == '\\' || mouth == '|' || mouth == '/' ? '/'
                                                                   : mouth);
    char name[2] = {(char)(p[from] == '=' ? ':' : p[from]), mouth};
    sign(r, TOKEN_EMOJI, name, sizeof name, from, i);
    return i;
}

/* &amp; and its like, as many sources deliver them. */
static size_t read_entity(struct reader *r, const unsigned char *p, size_t i, size_t n)
{
    static const struct {
        const char *written, *sign;
        enum token_kind kind;
    } table[] = {{"&amp;", "&", TOKEN_MARK},
                 {"&lt;3", "<3", TOKEN_EMOJI},
                 {"&lt;", "<", TOKEN_MARK},
                 {"&gt;", ">", TOKEN_MARK},
                 {"&quot;", "\"", TOKEN_MARK}};
    for (size_t k = 0; k < sizeof table / sizeof *table; k++) {
        size_t length = strlen(table[k].written);
        if (n - i >= length && memcmp(p + i, table[k].written, length) == 0) {
            sign(r, table[k].kind, table[k].sign, strlen(table[k].sign), i, i + length);
            return i + length;
        }
    }
    return 0;
}

static size_t read_mark(struct reader *r, const unsigned char *p, size_t i, size_t n)
{
    unsigned char c = p[i];
    bool more = i + 1 < n;
    if (c == '\'' && r->word)
        return i + 1;
    if ((c == '.' || c == ':' || c == ',') && r->word && r->word->kind == TOKEN_NUMBER && more &&
        classes[p[i + 1]] == DIGIT) {
        add(r, c);
        return i + 1;
    }
    if (c == '@' && !r->word && more && is_name_byte(p[i + 1]) && r->out->n < TOKEN_MAX)
        return read_handle(r, p, i, n);
    if (c == '#' && !r->word && more && (is_name_byte(p[i + 1]) || p[i + 1] >= 0x80) &&
        r->out->n < TOKEN_MAX) {
        begin(r, TOKEN_HASHTAG, i);
        return i + 1;
    }
    if (c == '_' || c == '-') {
        /* joins names, and the parts of a compound are words of their own */
        finish(r, i);
        return i + 1;
    }
    bool eyes = c == ':' || c == ';' || c == '=' || c == '<';
    size_t length = eyes ? face_length(p, i, n) : 0;
    if (length)
        return read_face(r, p, i, n, length);
    if (c == '&' && (length = read_entity(r, p, i, n)) > 0)
        return length;
    char name = (char)c;
    sign(r,
         c == '?'   ? TOKEN_ASK
         : c == '!' ? TOKEN_CALL
         : c == '.' ? TOKEN_STOP
                    : TOKEN_MARK,
         &name, 1, i, i + 1);
    return i + 1;
}

static void read_part(struct reader *r, const unsigned char *p, size_t i, size_t n)
{
    while (i < n) {
        unsigned char c = p[i];
        enum byte_class class = classes[c];
        if (class == LETTER || class == DIGIT) {
            if (!r->word) {
                if (r->out->n == TOKEN_MAX)
                    return;
                if ((c == 'h' || c == 'w') && is_link(p + i, n - i)) {
                    i = read_link(r, p, i, n);
                    continue;
                }
                begin(r, class == DIGIT ? TOKEN_NUMBER : TOKEN_WORD, i);
            }
            if (class == LETTER) {
                add_letter(r, c);
            } else {
                if (r->word->kind == TOKEN_WORD)
                    r->word->kind = TOKEN_NUMBER;
                if (r->w - (r->out->pool + r->word->start) < 6)
                    add(r, '0');
            }
            i++;
        } else if (class == SPACE) {
            finish(r, i++);
        } else if (class == HIGH) {
            i += read_high(r, p + i, n - i, i);
        } else if (class == LINE) {
            sign(r, TOKEN_STOP, "\n", 1, i, i + 1);
            i++;
        } else {
            i = read_mark(r, p, i, n);
        }
    }
    finish(r, n);
}

void tokens_read(struct tokens *out, struct str text)
{
    struct reader r = {.out = out};
    out->n = out->letters = 0;
    out->pool[0] = out->pool[1] = 0;
    out->pool_n = 2; /* add() looks two bytes back */
    if (text.n > UINT32_MAX)
        text.n = UINT32_MAX;
    const unsigned char *p = (const unsigned char *)text.p;
    if (text.n <= TOKEN_TEXT_HEAD + TOKEN_TEXT_TAIL) {
        read_part(&r, p, 0, text.n);
    } else {
        read_part(&r, p, 0, TOKEN_TEXT_HEAD);
        read_part(&r, p, text.n - TOKEN_TEXT_TAIL, text.n);
    }
}
