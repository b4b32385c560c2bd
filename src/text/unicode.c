/* unicode.c - normal forms, folding, graphemes and sort keys over ICU; see unicode.h. The fast ways
 * cover what German and English posts are made of: ASCII, Latin-1 letters, dashes and quotes,
 * emoji. */
#include "text/unicode.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/ucol.h>
#include <unicode/uidna.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>
#include <unicode/utext.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/memory.h"
#include "text/unicode_int.h"

enum { COLLATORS = 4, MARKS_MAX = 8 };

/* What a thread keeps because ICU takes long to open it. Closed when the thread ends. */
struct tools {
    UBreakIterator *breaks[UNICODE_BREAKS];
    UText text[UNICODE_BREAKS];
    struct {
        char language[8];
        UCollator *collator;
    } sort[COLLATORS];
    size_t sorts;
};

static pthread_once_t tools_once = PTHREAD_ONCE_INIT;
static pthread_key_t tools_key;

static void close_tools(void *p)
{
    struct tools *t = p;
    for (size_t i = 0; i < UNICODE_BREAKS; i++) {
        utext_close(&t->text[i]);
        ubrk_close(t->breaks[i]);
    }
    for (size_t i = 0; i < t->sorts; i++)
        ucol_close(t->sort[i].collator);
    free(t);
}

static void make_key(void)
{
    if (pthread_key_create(&tools_key, close_tools))
        log_fatal("text", "no thread key left");
}

static struct tools *tools(void)
{
    pthread_once(&tools_once, make_key);
    struct tools *t = pthread_getspecific(tools_key);
    if (t)
        return t;
    t = memory_zeroed(1, sizeof *t);
    if (pthread_setspecific(tools_key, t))
        memory_end(sizeof *t);
    for (size_t i = 0; i < UNICODE_BREAKS; i++)
        t->text[i] = (UText)UTEXT_INITIALIZER;
    return t;
}

UBreakIterator *unicode_breaks(enum unicode_break kind, struct str s)
{
    static const UBreakIteratorType types[] = {UBRK_CHARACTER, UBRK_WORD};
    struct tools *t = tools();
    UErrorCode err = U_ZERO_ERROR;
    if (!t->breaks[kind])
        t->breaks[kind] = ubrk_open(types[kind], "en", NULL, 0, &err);
    utext_openUTF8(&t->text[kind], s.n ? s.p : "", (int64_t)s.n, &err);
    if (U_SUCCESS(err))
        ubrk_setUText(t->breaks[kind], &t->text[kind], &err);
    return U_SUCCESS(err) ? t->breaks[kind] : NULL;
}

/* UTF-8 <-> UTF-16; NULL when the text is too large for ICU. Valid UTF-8 never grows in UTF-16
 * units. */
static UChar *to_utf16(struct arena *a, struct str s, int32_t *n)
{
    if (s.n > INT32_MAX / 4)
        return NULL;
    UErrorCode err = U_ZERO_ERROR;
    UChar *u = arena_array(a, s.n + 1, sizeof *u);
    u_strFromUTF8WithSub(u, (int32_t)s.n + 1, n, s.p, (int32_t)s.n, 0xFFFD, NULL, &err);
    return U_SUCCESS(err) ? u : NULL;
}

static struct str from_utf16(struct arena *a, const UChar *u, int32_t n)
{
    UErrorCode err = U_ZERO_ERROR;
    int32_t got = 0;
    char *p = arena_alloc(a, (size_t)n * 3 + 1);
    u_strToUTF8WithSub(p, n * 3 + 1, &got, u, n, 0xFFFD, NULL, &err);
    return U_SUCCESS(err) ? (struct str){p, (size_t)got} : STR_NONE;
}

static struct str normalise(struct arena *a, struct str s, const UNormalizer2 *form)
{
    UErrorCode err = U_ZERO_ERROR;
    int32_t n = 0;
    UChar *u = to_utf16(a, s, &n);
    if (!u || unorm2_spanQuickCheckYes(form, u, n, &err) == n || U_FAILURE(err))
        return s;
    int32_t max = n * 2 + 64, got;
    UChar *out = arena_array(a, (size_t)max, sizeof *out);
    got = unorm2_normalize(form, u, n, out, max, &err);
    if (err == U_BUFFER_OVERFLOW_ERROR) { /* one ligature can become 18 letters */
        err = U_ZERO_ERROR;
        out = arena_array(a, (size_t)got + 1, sizeof *out);
        got = unorm2_normalize(form, u, n, out, got + 1, &err);
    }
    return U_SUCCESS(err) ? from_utf16(a, out, got) : s;
}

/* Bytes at i of a character that both NFC and NFKC_Casefold leave alone: typographic dashes and
 * quotes, and emoji U+1F300..U+1FAFF; 0 for anything else above Latin-1. */
static size_t inert(const unsigned char *p, size_t left)
{
    if (left >= 3 && p[0] == 0xE2 && p[1] == 0x80 &&
        (p[2] == 0x93 || p[2] == 0x94 || (p[2] >= 0x98 && p[2] <= 0x9E)))
        return 3;
    if (left >= 4 && p[0] == 0xF0 && p[1] == 0x9F && p[2] >= 0x8C && p[2] <= 0xAB)
        return 4;
    return 0;
}

struct str text_nfc(struct arena *a, struct str s)
{
    const unsigned char *p = (const unsigned char *)s.p;
    for (size_t i = 0, skip; i < s.n; i += skip) {
        skip = p[i] < 0x80 ? 1 : p[i] < 0xCC ? 2 : inert(p + i, s.n - i);
        if (!skip) { /* all below U+0300 is NFC; the rest is for ICU to say */
            UErrorCode err = U_ZERO_ERROR;
            const UNormalizer2 *form = unorm2_getNFCInstance(&err);
            return U_SUCCESS(err) ? normalise(a, s, form) : s;
        }
    }
    return s;
}

/* Folds into w as long as only characters of the fast way come; false when ICU must do it. */
static bool fold_fast(struct str s, char *w, size_t *n)
{
    const unsigned char *p = (const unsigned char *)s.p;
    char *start = w;
    for (size_t i = 0; i < s.n;) {
        unsigned char c = p[i];
        if (c < 0x80) {
            *w++ = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
            i++;
        } else if (c == 0xC3 && i + 1 < s.n) {
            unsigned char d = p[i + 1];
            if (d == 0x9F) { /* ß */
                *w++ = 's';
                *w++ = 's';
            } else {
                *w++ = (char)c;
                *w++ = (char)(d < 0x9F && d != 0x97 ? d + 0x20 : d);
            }
            i += 2;
        } else {
            size_t skip = inert(p + i, s.n - i);
            if (!skip)
                return false;
            memcpy(w, p + i, skip);
            w += skip;
            i += skip;
        }
    }
    *n = (size_t)(w - start);
    return true;
}

struct str text_fold(struct arena *a, struct str s)
{
    size_t n = 0;
    char *w = arena_alloc(a, s.n + 1);
    if (fold_fast(s, w, &n))
        return (struct str){w, n};
    UErrorCode err = U_ZERO_ERROR;
    const UNormalizer2 *form = unorm2_getNFKCCasefoldInstance(&err);
    return U_SUCCESS(err) ? normalise(a, s, form) : s;
}

static bool is_bidi_control(uint32_t c)
{
    return c == 0x061C || c == 0x200E || c == 0x200F || (c >= 0x202A && c <= 0x202E) ||
           (c >= 0x2066 && c <= 0x2069);
}

static bool is_control(uint32_t c)
{
    return c < 0x20 || (c >= 0x7F && c < 0xA0);
}

static bool is_mark(uint32_t c)
{
    return c >= 0x300 && c != 0xFE0F && (U_GET_GC_MASK((UChar32)c) & (U_GC_MN_MASK | U_GC_ME_MASK));
}

/* Nothing for text_clean to do? Marks are only looked at in a row of bytes beyond Latin. */
static bool is_clean(struct str s)
{
    unsigned marks = 0;
    for (size_t i = 0; i < s.n;) {
        unsigned char c = (unsigned char)s.p[i];
        if (c >= 0xCC) {
            marks = is_mark(utf8_next(s, &i)) ? marks + 1 : 0;
            if (marks > MARKS_MAX)
                return false;
            continue;
        }
        marks = 0;
        i++;
        if (c == 0xC2 ? i < s.n && (unsigned char)s.p[i] < 0xA0
                      : (c < 0x20 && c != '\n' && c != '\t') || c == 0x7F)
            return false;
    }
    return true;
}

struct str text_clean(struct arena *a, struct str s, size_t max)
{
    s = text_nfc(a, utf8_repair(a, utf8_clip(s, max)));
    if (is_clean(s))
        return utf8_clip(s, max);
    struct buf b;
    unsigned marks = 0;
    buf_init_in(&b, a, s.n);
    for (size_t i = 0; i < s.n;) {
        size_t at = i;
        uint32_t c = utf8_next(s, &i);
        marks = is_mark(c) ? marks + 1 : 0;
        if (c == '\r') {
            if (i >= s.n || s.p[i] != '\n')
                buf_add_char(&b, '\n');
        } else if (c == 0x85) {
            buf_add_char(&b, '\n');
        } else if ((!is_control(c) || c == '\n' || c == '\t') && marks <= MARKS_MAX) {
            buf_add(&b, str_sub(s, at, i));
        }
    }
    return utf8_clip(buf_str(&b), max);
}

static bool is_blank(uint32_t c)
{
    return c == ' ' || (c >= 9 && c <= 13) || c == 0x85 ||
           (c >= 0xA0 && u_isUWhiteSpace((UChar32)c));
}

/* Invisible characters that only hide or glue; ZWJ and ZWNJ stay, emoji and scripts need them. */
static bool is_dropped(uint32_t c)
{
    return is_control(c) || is_bidi_control(c) || c == 0xAD || c == 0x200B || c == 0x2060 ||
           c == 0xFEFF;
}

struct str text_plain_line(struct arena *a, struct str s, size_t max)
{
    /* what is removed may stand before what is kept, so look at more than max; but not at megabytes
     */
    s = text_nfc(a, utf8_repair(a, utf8_clip(s, max < 65536 ? max * 4 + 64 : max)));
    struct buf b;
    buf_init_in(&b, a, s.n + 1);
    bool blank = false;
    unsigned marks = 0;
    for (size_t i = 0; i < s.n;) {
        size_t at = i;
        uint32_t c = utf8_next(s, &i);
        if (is_blank(c)) {
            blank = b.n > 0;
            continue;
        }
        marks = is_mark(c) ? marks + 1 : 0;
        if (is_dropped(c) || marks > MARKS_MAX)
            continue;
        if (blank)
            buf_add_char(&b, ' ');
        blank = false;
        buf_add(&b, str_sub(s, at, i));
    }
    return str_trim(utf8_clip(buf_str(&b), max));
}

struct str text_host(struct arena *a, struct str name)
{
    bool latin = true;
    struct str folded = text_fold(a, name);
    for (size_t i = 0; i < folded.n && latin;)
        latin = utf8_next(folded, &i) < 0x100;
    if (latin || !folded.n)
        return folded;
    UErrorCode err = U_ZERO_ERROR;
    UIDNAInfo info = UIDNA_INFO_INITIALIZER;
    char ascii[256];
    UIDNA *idna = uidna_openUTS46(UIDNA_NONTRANSITIONAL_TO_ASCII, &err);
    int32_t n =
        uidna_nameToASCII_UTF8(idna, folded.p, (int32_t)folded.n, ascii, sizeof ascii, &info, &err);
    uidna_close(idna);
    return U_SUCCESS(err) && n > 0 && n <= (int32_t)sizeof ascii
               ? arena_str(a, (struct str){ascii, (size_t)n})
               : STR_NONE;
}

/* Offset behind the given number of graphemes, or s.n; *count tells how many there are up to it. */
static size_t grapheme_end(struct str s, size_t limit, size_t *count)
{
    const unsigned char *p = (const unsigned char *)s.p;
    size_t i = 0;
    *count = 0;
    /* below U+0300 each character is one, but for CR LF; the last before a foreign one is left to
     * ICU */
    while (i < s.n && *count < limit) {
        size_t n = p[i] < 0x80 ? 1 : 2;
        if (p[i] >= 0xCC || p[i] == '\r' || (i + n < s.n && p[i + n] >= 0xCC))
            break;
        i += n;
        ++*count;
    }
    if (i >= s.n || *count == limit)
        return i < s.n ? i : s.n;
    UBreakIterator *it = unicode_breaks(UNICODE_GRAPHEME, str_sub(s, i, s.n));
    if (!it)
        return s.n;
    int32_t end = 0;
    ubrk_first(it);
    while (*count < limit) {
        int32_t next = ubrk_next(it);
        if (next == UBRK_DONE)
            break;
        end = next;
        ++*count;
    }
    return i + (size_t)end;
}

size_t text_length(struct str s)
{
    size_t n;
    grapheme_end(s, SIZE_MAX, &n);
    return n;
}

struct str text_cut(struct arena *a, struct str s, size_t max)
{
    size_t n, end;
    if (s.n <= max || max == 0)
        return str_sub(s, 0, max ? s.n : 0);
    end = grapheme_end(s, max, &n);
    if (end == s.n)
        return s;
    end = grapheme_end(s, max - 1, &n);
    struct str kept = str_trim(str_sub(s, 0, end));
    return arena_join(a, (struct str[]){kept, STR("…")}, 2, STR(""));
}

struct str text_initials(struct arena *a, struct str name)
{
    uint32_t first = 0, last = 0;
    bool in_word = false;
    for (size_t i = 0; i < name.n;) {
        uint32_t c = utf8_next(name, &i);
        if (is_blank(c) || c == '(' || c == '|') {
            in_word = false;
            if (c == '(' || c == '|')
                break; /* "Aylin Brandt (she/her)", "Aylin | Team" */
        } else if (!in_word && u_isalpha((UChar32)c)) {
            in_word = true;
            *(first ? &last : &first) = (uint32_t)u_toupper((UChar32)c);
        }
    }
    struct buf b;
    buf_init_in(&b, a, 16);
    utf8_add(&b, first ? first : '?');
    if (last)
        utf8_add(&b, last);
    return buf_str(&b);
}

static UCollator *collator(const char *language)
{
    struct tools *t = tools();
    for (size_t i = 0; i < t->sorts; i++)
        if (str_eq_z(str_z(t->sort[i].language), language))
            return t->sort[i].collator;
    if (t->sorts == COLLATORS || strlen(language) >= sizeof t->sort[0].language)
        return t->sorts ? t->sort[0].collator : NULL;
    UErrorCode err = U_ZERO_ERROR;
    UCollator *c = ucol_open(language, &err);
    if (U_FAILURE(err))
        return NULL;
    memcpy(t->sort[t->sorts].language, language, strlen(language) + 1);
    t->sort[t->sorts++].collator = c;
    return c;
}

struct str text_sort_key(struct arena *a, struct str s, const char *language)
{
    int32_t n = 0;
    UCollator *c = collator(language);
    UChar *u = c ? to_utf16(a, s, &n) : NULL;
    if (!u)
        return text_fold(a, s);
    int32_t max = n * 4 + 32;
    uint8_t *key = arena_alloc(a, (size_t)max);
    int32_t got = ucol_getSortKey(c, u, n, key, max);
    if (got > max) {
        key = arena_alloc(a, (size_t)got);
        got = ucol_getSortKey(c, u, n, key, got);
    }
    return (struct str){(const char *)key, got > 0 ? (size_t)got - 1 : 0}; /* without the NUL */
}
