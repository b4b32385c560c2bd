/* fuzz_query.c - a search box's line and a text: terms are bounded and made of the letters that an
 * index may hold, in both. The first byte chooses the language. */
#include "fuzz.h"

#include <string.h>

#include "base/arena.h"
#include "text/analyse.h"
#include "text/unicode.h"

static void assert_term(struct str term)
{
    assert(term.n && term.n <= ANALYSE_TERM_MAX && utf8_valid(term));
    for (size_t i = 0; i < term.n; i++) {
        unsigned char c = (unsigned char)term.p[i];
        assert(c >= 0x80 || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
               strchr("@#._-+", c));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const char *const languages[] = {"de", "en", "other", ""};
    struct arena a;
    arena_init(&a);
    struct str language = str_z(languages[n ? bytes[0] % 4 : 0]);
    struct str text = text_clean(&a, (struct str){(const char *)bytes, n}, 64 * 1024);
    struct search_query q = analyse_query(&a, text, language);
    assert(q.n <= ANALYSE_QUERY_MAX);
    for (size_t g = 0; g < q.n; g++)
        for (size_t c = 0; c < q.groups[g].n; c++) {
            const struct search_choice *choice = &q.groups[g].choices[c];
            assert(choice->n);
            for (size_t t = 0; t < choice->n; t++)
                assert_term(choice->terms[t]);
        }
    struct str terms = analyse_text(&a, text, language), term;
    while (terms.n && str_next(&terms, ' ', &term))
        assert_term(term);
    arena_deinit(&a);
    return 0;
}
