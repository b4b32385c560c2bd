/* stem.c - Snowball's stemmers, with German spellings of umlauts brought together before. */
#include "text/stem.h"

#include <libstemmer.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;

struct stemmers {
    struct sb_stemmer *of[STEM_LANGUAGES];
};

static void close_stemmers(void *p)
{
    struct stemmers *s = p;
    for (size_t i = 0; i < STEM_LANGUAGES; i++)
        sb_stemmer_delete(s->of[i]);
    free(s);
}

static void make_key(void)
{
    if (pthread_key_create(&key, close_stemmers))
        log_fatal("text", "no thread key left");
}

static struct sb_stemmer *stemmer(enum stem_language language)
{
    static const char *const names[STEM_LANGUAGES] = {NULL, "german", "english"};
    pthread_once(&once, make_key);
    struct stemmers *s = pthread_getspecific(key);
    if (!s) {
        s = memory_zeroed(1, sizeof *s);
        if (pthread_setspecific(key, s))
            memory_end(sizeof *s);
    }
    if (!s->of[language])
        s->of[language] = sb_stemmer_new(names[language], "UTF_8");
    if (!s->of[language])
        log_fatal("text", "libstemmer knows no %s", names[language]);
    return s->of[language];
}

static bool is_vowel(char c)
{
    return c && strchr("aeiouy", c);
}

/* "ae", "oe", "ue" become umlauts, but not behind a vowel or q ("neue", "Quelle", "Feuer" keep
 * theirs). */
static size_t join_umlauts(struct str s, char *w)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool pair = (c == 'a' || c == 'o' || c == 'u') && i + 1 < s.n && s.p[i + 1] == 'e';
        if (pair && !(i > 0 && (is_vowel(s.p[i - 1]) || s.p[i - 1] == 'q'))) {
            w[n++] = (char)0xC3;
            w[n++] = (char)(c == 'a' ? 0xA4 : c == 'o' ? 0xB6 : 0xBC);
            i++;
        } else {
            w[n++] = c;
        }
    }
    return n;
}

/* The vowel under a German umlaut's second byte, 0 for others. */
static char under_umlaut(unsigned char second)
{
    return second == 0xA4 ? 'a' : second == 0xB6 ? 'o' : second == 0xBC ? 'u' : 0;
}

/* Replaces umlauts by their vowel, followed by e when spelt out. Cuts at STEM_WORD_MAX. */
static struct str without_umlauts(struct str s, char *w, bool spelt_out)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        bool two = (unsigned char)s.p[i] == 0xC3 && i + 1 < s.n;
        char vowel = two ? under_umlaut((unsigned char)s.p[i + 1]) : 0;
        if (n + 2 > STEM_WORD_MAX)
            break;
        if (vowel) {
            w[n++] = vowel;
            if (spelt_out)
                w[n++] = 'e';
            i++;
        } else {
            w[n++] = s.p[i];
        }
    }
    /* a cut must not split a character */
    size_t end = n;
    while (end > 0 && ((unsigned char)w[end - 1] & 0xC0) == 0x80)
        end--;
    if (end > 0 && (unsigned char)w[end - 1] >= 0xC0) {
        unsigned char lead = (unsigned char)w[end - 1];
        size_t need = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
        if (n - (end - 1) < need)
            n = end - 1;
    }
    return (struct str){w, n};
}

struct str stem_bare(struct str word, char *w)
{
    char joined[STEM_WORD_MAX];
    word = str_sub(word, 0, STEM_WORD_MAX);
    size_t n = join_umlauts(word, joined);
    return without_umlauts((struct str){joined, n}, w, false);
}

struct str stem_word(enum stem_language language, struct str word, char *w)
{
    if (language == STEM_NONE || word.n > STEM_WORD_MAX || word.n < 3)
        return without_umlauts(word, w, true);
    char ready[STEM_WORD_MAX * 2];
    size_t n;
    if (language == STEM_DE) {
        n = join_umlauts(word, ready);
    } else {
        struct str plain = without_umlauts(word, ready, true);
        n = plain.n;
    }
    struct sb_stemmer *s = stemmer(language);
    const sb_symbol *out = sb_stemmer_stem(s, (const sb_symbol *)ready, (int)n);
    struct str stem = {(const char *)out, out ? (size_t)sb_stemmer_length(s) : 0};
    return without_umlauts(stem.n ? stem : word, w, false);
}
