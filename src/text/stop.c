/* stop.c - words that say nothing of what a text is about. Umlauts are spelt
 * out, as in terms. */
#include "text/analyse_int.h"

static const char *const german[] = {
    "aber",   "als",    "also",   "am",     "an",     "auch",    "auf",    "aus",   "bei",
    "beim",   "bin",    "bis",    "bist",   "da",     "damit",   "dann",   "das",   "dass",
    "dein",   "deine",  "dem",    "den",    "denn",   "der",     "des",    "die",   "dies",
    "diese",  "diesem", "diesen", "dieser", "dieses", "doch",    "dort",   "du",    "durch",
    "ein",    "eine",   "einem",  "einen",  "einer",  "eines",   "er",     "es",    "euch",
    "euer",   "eure",   "fuer",   "haben",  "hat",    "hatte",   "hatten", "hier",  "ich",
    "ihm",    "ihn",    "ihnen",  "ihr",    "ihre",   "ihrem",   "ihren",  "ihrer", "im",
    "in",     "ins",    "ist",    "ja",     "kann",   "koennen", "man",    "mein",  "meine",
    "meinem", "meinen", "meiner", "mich",   "mir",    "mit",     "nach",   "noch",  "nun",
    "nur",    "ob",     "oder",   "ohne",   "schon",  "sehr",    "sein",   "seine", "seinem",
    "seinen", "seiner", "seit",   "sich",   "sie",    "sind",    "so",     "ueber", "um",
    "und",    "uns",    "unser",  "unsere", "unter",  "vom",     "von",    "vor",   "war",
    "waren",  "warum",  "was",    "weil",   "wenn",   "wer",     "werden", "wie",   "wieder",
    "wir",    "wird",   "wo",     "wurde",  "wurden", "zu",      "zum",    "zur",   "zwar"};

static const char *const english[] = {
    "a",     "about", "after",   "all",  "also", "am",   "an",    "and",   "any",  "are",  "as",
    "at",    "be",    "because", "been", "but",  "by",   "can",   "could", "did",  "do",   "does",
    "for",   "from",  "had",     "has",  "have", "he",   "her",   "his",   "how",  "i",    "if",
    "in",    "into",  "is",      "it",   "its",  "just", "me",    "my",    "no",   "of",   "on",
    "or",    "our",   "she",     "so",   "than", "that", "the",   "their", "them", "then", "there",
    "these", "they",  "this",    "to",   "too",  "us",   "was",   "we",    "were", "what", "when",
    "where", "which", "who",     "why",  "will", "with", "would", "you",   "your"};

static bool among(struct str word, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq_z(word, list[i]))
            return true;
    return false;
}

bool stop_word(enum stem_language language, struct str word)
{
    char w[STEM_WORD_MAX];
    struct str plain = stem_word(STEM_NONE, word, w);
    return (language != STEM_EN && among(plain, german, sizeof german / sizeof *german)) ||
           (language != STEM_DE && among(plain, english, sizeof english / sizeof *english));
}
