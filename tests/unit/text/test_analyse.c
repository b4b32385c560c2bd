/* test_analyse.c - what is written one way is found when asked for another way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "text/analyse.h"
#include "text/unicode.h"

static struct arena a;

static int start(void **state)
{
    (void)state;
    arena_init(&a);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    arena_deinit(&a);
    return 0;
}

static struct str terms(const char *text, const char *language)
{
    return analyse_text(&a, str_z(text), str_z(language));
}

static void same(struct str got, const char *expected)
{
    if (!str_eq_z(got, expected))
        fail_msg("got <%.*s>, expected <%s>", STR_FMT(got), expected);
}

static bool has(struct str all, struct str term)
{
    struct str one;
    while (str_next(&all, ' ', &one))
        if (str_eq(one, term))
            return true;
    return false;
}

static void spellings_meet(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {{"Zählerstände", "zaehlerstand"},
                                           {"Straße", "STRASSE"},
                                           {"Müller", "Mueller"},
                                           {"neue", "neuen"},
                                           {"Rechnungen", "Rechnung"},
                                           {"u\xCC\x88"
                                            "ber",
                                            "über"},
                                           {"Störungen", "stoerung"}};
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        same(terms(pairs[i][0], "de"), arena_str(&a, terms(pairs[i][1], "de")).p);
    same(terms("Running SHOES", "en"), "run shoe");
    same(terms("Zürich Zuerich", ""), "zuerich zuerich");
}

static void compounds_are_found_by_their_parts(void **state)
{
    (void)state;
    static const char *const cases[][3] = {{"Zählerstand", "Zähler", "Stände"},
                                           {"Vertragsnummer", "Vertrag", "Nummer"},
                                           {"Rechnungsnummern", "Rechnungen", "Nummer"},
                                           {"Kundenbetreuung", "Kunde", "Betreuung"},
                                           {"Kündigungsfrist", "Kündigung", "Frist"},
                                           {"Internetverbindung", "Internet", "Verbindung"},
                                           {"Abschlagszahlung", "Abschlag", "Zahlungen"},
                                           {"Stromanschlusskosten", "Strom", "Kosten"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct str whole = terms(cases[i][0], "de");
        if (!has(whole, terms(cases[i][1], "de")) || !has(whole, terms(cases[i][2], "de")))
            fail_msg("%s: %.*s", cases[i][0], STR_FMT(whole));
    }
    same(terms("Zählerstand ablesen", "de"),
         "zahlerstand ables zahl stand"); /* parts stand behind */
    same(terms("Verantwortungslos", "en"), "verantwortungslo");
    assert_null(strchr(arena_str(&a, terms("wunderschönerweise", "de")).p, ' '));
}

static void names_numbers_and_addresses_stay_whole(void **state)
{
    (void)state;
    same(terms("Mail jo.m@e.org, @Jo_M! #Strom 12,50 € 4711-08.", ""),
         "mail jo.m@e.org @jo_m #strom 12.50 4711-08 jo m strom");
    same(terms("https://www.example.org/a/b?x=1", ""), "example.org a b x 1");
    same(terms("a@b", ""), "a @b b");
    same(terms("...@#!?", "de"), "");
}

static void scripts_without_blanks_are_cut(void **state)
{
    (void)state;
    struct str t = terms("東京タワーに行く สวัสดีครับ", "");
    assert_true(has(t, STR("に")) && has(t, STR("สวัสดี")));
    same(terms("Привет, мир!", ""), "привет мир");
    same(terms("👍👍 gut", "de"), "gut");
}

static void caps_hold(void **state)
{
    (void)state;
    size_t n = 200000;
    char *p = arena_alloc(&a, n);
    for (size_t i = 0; i < n; i++)
        p[i] = i % 2 ? ' ' : 'a';
    size_t count = 0;
    struct str all = analyse_text(&a, (struct str){p, n}, STR("de")), one;
    while (str_next(&all, ' ', &one))
        count++;
    assert_int_equal(count, ANALYSE_TERMS_MAX);
    memset(p, 'x', n);
    assert_true(analyse_text(&a, (struct str){p, n}, STR("de")).n <= ANALYSE_TERM_MAX);
    for (size_t i = 0; i + 1 < n; i += 2)
        memcpy(p + i, "ü", 2);
    static const char *const languages[] = {"de", "en", ""};
    for (size_t i = 0; i < 3; i++) {
        struct str t = analyse_text(&a, (struct str){p, n}, str_z(languages[i]));
        assert_true(t.n > 0 && t.n <= ANALYSE_TERM_MAX && utf8_valid(t));
    }
    assert_true(utf8_valid(analyse_text(&a, STR("\xFF\xC3 \xE2\x82 ok"), STR("de"))));
}

static void queries_find_what_was_indexed(void **state)
{
    (void)state;
    same(analyse_query(&a, STR("Zählerstand"), STR("de")),
         "(\"zahlerstand\" OR \"zaehlerstand\" OR (\"zahl\" AND \"stand\"))");
    same(analyse_query(&a, STR("Strom weg"), STR("de")), "\"strom\" AND \"weg\"");
    same(analyse_query(&a, STR("„Guten Tag“ jo@e.org"), STR("de")),
         "(\"gut tag\" OR \"guten tag\") AND \"jo@e.org\"");
    same(analyse_query(&a, STR("stro*"), STR("de")), "\"stro\" *");
    same(analyse_query(&a, STR("zähl*"), STR("de")), "(\"zaehl\" * OR \"zahl\" *)");
    same(analyse_query(&a, STR("shoes"), STR("")), "(\"shos\" OR \"shoe\" OR \"shoes\")");
    static const char *const nothing[] = {"", " ", "*", "\"\"", "\"", "()", "-", "^:\\'", "\" \""};
    for (size_t i = 0; i < sizeof nothing / sizeof nothing[0]; i++)
        same(analyse_query(&a, str_z(nothing[i]), STR("de")), "");
}

/* Outside quotes only what this file writes itself may stand. */
static void no_syntax_gets_through(void **state)
{
    (void)state;
    static const char *const hostile[] = {
        "a\" OR 1:*", "NEAR(a b, 5)", "a AND NOT b",   "col:x", "{a b}:c", "^start",
        "a + b",      "\"a\"\"b\"",   "x';DROP TABLE", "%_",    "\xFF\"",  "a\0b",
        "\"a OR b",   "-x",           "(((",           "@\"#"};
    for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
        struct str q = analyse_query(&a, str_z(hostile[i]), STR("de"));
        bool quoted = false;
        struct buf outside;
        buf_init_in(&outside, &a, 65536);
        for (size_t k = 0; k < q.n; k++) {
            if (q.p[k] == '"')
                quoted = !quoted;
            else if (!quoted)
                buf_add_char(&outside, q.p[k]);
        }
        assert_false(quoted);
        struct str rest = buf_str(&outside), word;
        while (str_next(&rest, ' ', &word))
            for (size_t k = 0; k < word.n; k++)
                assert_true(strchr("()*", word.p[k]) || str_eq_z(word, "AND") ||
                            str_eq_z(word, "OR"));
    }
    struct buf many;
    buf_init_in(&many, &a, 100000);
    for (int i = 0; i < 10000; i++)
        buf_printf(&many, "w%d ", i);
    struct str q = analyse_query(&a, buf_str(&many), STR("de"));
    size_t groups = 1;
    for (ptrdiff_t at = -1; (at = str_find(q, STR(" AND "), (size_t)(at + 1))) >= 0;)
        groups++;
    assert_int_equal(groups, ANALYSE_QUERY_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spellings_meet),
        cmocka_unit_test(compounds_are_found_by_their_parts),
        cmocka_unit_test(names_numbers_and_addresses_stay_whole),
        cmocka_unit_test(scripts_without_blanks_are_cut),
        cmocka_unit_test(caps_hold),
        cmocka_unit_test(queries_find_what_was_indexed),
        cmocka_unit_test(no_syntax_gets_through),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
