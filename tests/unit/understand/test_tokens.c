/* tokens, and what features make of names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "understand/feature.h"
#include "understand/naming.h"
#include "understand/tokens.h"

static struct tokens tokens;

static const char *folded(size_t i)
{
    static char text[64];
    assert_true(i < tokens.n);
    memcpy(text, tokens.pool + tokens.t[i].start, tokens.t[i].n);
    text[tokens.t[i].n] = 0;
    return text;
}

static void words_are_folded(void **state)
{
    (void)state;
    tokens_read(&tokens, STR("Größe, ÄRGER: Café don\xE2\x80\x99t sooooo"));
    assert_string_equal(folded(0), "groesse");
    assert_string_equal(folded(2), "aerger");
    assert_true(tokens.t[2].caps);
    assert_string_equal(folded(4), "cafe");
    assert_string_equal(folded(5), "dont");
    assert_string_equal(folded(6), "soo");
    assert_int_equal(tokens.t[0].from, 0);
    assert_int_equal(tokens.t[0].to, 7);
}

static void kinds_are_told_apart(void **state)
{
    (void)state;
    tokens_read(&tokens, STR("@DB_Bahn RE7 um 12:30?? #Ausfall https://a.example/x "
                             "\xF0\x9F\x98\xA1\xF0\x9F\x98\xA1"));
    const enum token_kind kinds[] = {TOKEN_HANDLE, TOKEN_NUMBER,  TOKEN_WORD, TOKEN_NUMBER,
                                     TOKEN_ASK,    TOKEN_HASHTAG, TOKEN_URL,  TOKEN_EMOJI};
    assert_int_equal(tokens.n, sizeof kinds / sizeof *kinds);
    for (size_t i = 0; i < tokens.n; i++)
        assert_int_equal(tokens.t[i].kind, kinds[i]);
    assert_string_equal(folded(0), "dbbahn");
    assert_true(tokens.t[4].repeated);
    assert_true(tokens.t[7].repeated);
    assert_string_equal(folded(3), "00:00");
}

static void typed_faces_are_emoji(void **state)
{
    (void)state;
    static const struct {
        const char *text, *faces[3];
    } cases[] = {{"Danke :-)) :) :]", {":)", ":)", ":)"}},
                 {"na toll ;P <3", {";P", "<3"}},
                 {"so =( :/", {":(", ":/"}},
                 {"Tag : ) &lt;3", {":)", "<3"}},
                 {"um 12:30 http://a.example", {NULL}},
                 {"Das:Dach a &lt; 3 R&amp;D", {NULL}},
                 {"Wer: Peter, wo:) ", {":)"}}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        size_t met = 0;
        tokens_read(&tokens, str_z(cases[c].text));
        for (size_t i = 0; i < tokens.n; i++)
            if (tokens.t[i].kind == TOKEN_EMOJI) {
                assert_true(met < 3 && cases[c].faces[met]);
                assert_string_equal(folded(i), cases[c].faces[met++]);
            }
        assert_true(met == 3 || !cases[c].faces[met]);
    }
    tokens_read(&tokens, STR("R&amp;D"));
    assert_int_equal(tokens.n, 3);
    assert_string_equal(folded(1), "&");
}

static void invisible_characters_hide_nothing(void **state)
{
    (void)state;
    tokens_read(&tokens, STR("kapu\xE2\x80\x8Btt"));
    assert_int_equal(tokens.n, 1);
    assert_string_equal(folded(0), "kaputt");
}

static void bytes_that_are_no_text_are_passed_over(void **state)
{
    (void)state;
    tokens_read(&tokens, (struct str){"a\xFF\xC3 b\xE2\x82 c\xF0\x9F", 11});
    assert_int_equal(tokens.n, 3);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(tokens.t[i].n, 1);
}

static void long_texts_show_beginning_and_end(void **state)
{
    (void)state;
    size_t n = 1 << 20;
    char *text = malloc(n);
    memset(text, ' ', n);
    memcpy(text, "anfang", 6);
    memcpy(text + n / 2, "mitte", 5);
    memcpy(text + n - 4, "ende", 4);
    tokens_read(&tokens, (struct str){text, n});
    assert_int_equal(tokens.n, 2);
    assert_string_equal(folded(0), "anfang");
    assert_string_equal(folded(1), "ende");
    assert_int_equal(tokens.t[1].to, n);
    free(text);
}

static void tokens_never_overflow(void **state)
{
    (void)state;
    static char text[TOKEN_TEXT_HEAD + TOKEN_TEXT_TAIL];
    const char *const units[] = {"?.",  "x ", "\xC3\x9F", "\xF0\x9F\x98\xA1x",
                                 "@a ", "#",  "1a-",      "\xE4\xBD\xA0"};
    for (size_t u = 0; u < sizeof units / sizeof *units; u++) {
        size_t unit = strlen(units[u]), n = 0;
        for (; n + unit <= sizeof text; n += unit)
            memcpy(text + n, units[u], unit);
        tokens_read(&tokens, (struct str){text, n});
        assert_true(tokens.n <= TOKEN_MAX);
        assert_true(tokens.pool_n + TOKEN_WORD_MAX + TOKEN_PAD < sizeof tokens.pool);
        for (size_t i = 0; i < tokens.n; i++)
            assert_true(tokens.t[i].from < tokens.t[i].to && tokens.t[i].to <= n);
    }
}

/* Hashes of all features, mixed in any order. */
static uint64_t digest(struct features *f, const char *text, const struct naming *brand)
{
    size_t n;
    uint64_t sum = 0;
    features_read(f, str_z(text), brand, false);
    const struct feature *list = features_list(f, &n);
    for (size_t i = 0; i < n; i++)
        sum += list[i].hash * list[i].count;
    return sum;
}

static void brands_are_known_by_all_their_names(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a);
    struct str names[] = {STR("Albatros Versicherung"), STR("@albatros_vers")};
    const struct naming *b = naming_new(&a, (struct brand_names){names, 2});
    assert_non_null(b);
    assert_true(naming_owns(b, STR("@Albatros_Vers")));
    assert_true(naming_owns(b, STR("albatros versicherung")));
    assert_false(naming_owns(b, STR("albatros")));
    assert_null(naming_new(&a, (struct brand_names){names, 0}));

    /* one brand's name stands for the other's, so a model works for brands that it never met */
    struct str others[] = {STR("Teleblitz"), STR("@teleblitz")};
    const struct naming *other = naming_new(&a, (struct brand_names){others, 2});
    struct features *f = features_new();
    assert_true(digest(f, "@albatros_vers wo bleibt mein Geld?", b) ==
                digest(f, "@teleblitz wo bleibt mein Geld?", other));
    assert_true(digest(f, "@albatros_vers wo bleibt mein Geld?", b) !=
                digest(f, "@teleblitz wo bleibt mein Geld?", b));
    features_free(f);
    arena_deinit(&a);
}

/* Facts are judged without places, their reasons with them: both must see the same text. */
static void places_change_no_feature(void **state)
{
    (void)state;
    static char text[TOKEN_TEXT_HEAD];
    static struct feature plain[1 << 15];
    uint32_t random = 1;
    for (size_t i = 0; i < sizeof text; i++) { /* words of seven letters, many of them twice */
        random = random * 1664525 + 1013904223;
        text[i] = i % 8 == 7               ? ' '
                  : i >= 512 && i % 64 < 8 ? text[i - 512]
                                           : (char)('a' + (random >> 16) % 26);
    }
    struct features *f = features_new();
    for (size_t n = 8; n <= sizeof text; n *= 4) {
        size_t count, again, places;
        features_read(f, (struct str){text, n}, NULL, false);
        const struct feature *list = features_list(f, &count);
        memcpy(plain, list, count * sizeof *plain);
        features_read(f, (struct str){text, n}, NULL, true);
        list = features_list(f, &again);
        assert_int_equal(again, count);
        for (size_t i = 0; i < count; i++) {
            assert_true(list[i].hash == plain[i].hash && list[i].block == plain[i].block);
            assert_int_equal(list[i].count, plain[i].count);
        }
        (void)features_places(f, &places);
        assert_true(places >= count);
    }
    features_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_folded),
        cmocka_unit_test(kinds_are_told_apart),
        cmocka_unit_test(typed_faces_are_emoji),
        cmocka_unit_test(invisible_characters_hide_nothing),
        cmocka_unit_test(bytes_that_are_no_text_are_passed_over),
        cmocka_unit_test(long_texts_show_beginning_and_end),
        cmocka_unit_test(tokens_never_overflow),
        cmocka_unit_test(brands_are_known_by_all_their_names),
        cmocka_unit_test(places_change_no_feature),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
