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
         "mail jo.m@e.org @jo_m #strom 12.50 4711-08 jo m e org jo m strom 12 50 4711 08");
    same(terms("https://www.example.org/a/b?x=1", ""), "example.org a b x 1 example org");
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

/* (a|b c|"d e"|f*) for a group; blanks between groups. */
static struct str query(const char *line, const char *language)
{
    static const char *const marks[] = {"", "\"", "*"};
    struct search_query q = analyse_query(&a, str_z(line), str_z(language));
    struct buf b;
    buf_init_in(&b, &a, 65536);
    for (size_t i = 0; i < q.n; i++) {
        buf_add_z(&b, i ? " (" : "(");
        for (size_t k = 0; k < q.groups[i].n; k++) {
            const struct search_choice *c = &q.groups[i].choices[k];
            buf_add_z(&b, k ? "|" : "");
            buf_add_z(&b, c->how == SEARCH_SIDE_BY_SIDE ? "\"" : "");
            buf_add(&b, arena_join(&a, c->terms, c->n, STR(" ")));
            buf_add_z(&b, marks[c->how]);
        }
        buf_add_char(&b, ')');
    }
    return buf_str(&b);
}

static void queries_find_what_was_indexed(void **state)
{
    (void)state;
    same(query("Zählerstand", "de"), "(zahlerstand|zaehlerstand|zahl stand)");
    same(query("Strom weg", "de"), "(strom) (weg)");
    same(query("„Guten Tag“ jo@e.org", "de"), "(\"gut tag\"|\"guten tag\") (jo@e.org)");
    same(query("\"Strom\"", "de"), "(strom)");
    same(query("stro*", "de"), "(stro*)");
    same(query("zähl*", "de"), "(zaehl*|zahl*)");
    same(query("shoes", ""), "(shos|shoe|shoes)");
    static const char *const nothing[] = {"", " ", "*", "\"\"", "\"", "()", "-", "^:\\'", "\" \""};
    for (size_t i = 0; i < sizeof nothing / sizeof nothing[0]; i++)
        same(query(nothing[i], "de"), "");
}

static void small_words_are_not_asked_for(void **state)
{
    (void)state;
    same(query("die Rechnung für den Strom", "de"), "(rechnung) (strom)");
    same(query("the shoes", "en"), "(shoe|shoes)");
    same(query("the Strom und shoes", ""), "(strom) (shos|shoe|shoes)");
    same(query("für", "de"), "(fur|fuer)"); /* there is nothing else */
    same(query("the und", "de"), "(the)");  /* "the" is no German word */
    same(query("\"wie die Rechnung\"", "de"), "(\"wie die rechnung\")"); /* as it was said */
    same(query("un* Strom", "de"), "(un*) (strom)");
}

/* Terms of queries are made of the letters of terms, whatever is typed. */
static void no_syntax_gets_through(void **state)
{
    (void)state;
    static const char *const hostile[] = {
        "a\" OR 1:*", "NEAR(a b, 5)", "a AND NOT b",   "col:x", "{a b}:c", "^start",
        "a + b",      "\"a\"\"b\"",   "x';DROP TABLE", "%_",    "\xFF\"",  "a\0b",
        "\"a OR b",   "-x",           "(((",           "@\"#",  "a:*",     "!a & b | 'c' <-> d\\"};
    for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
        struct search_query q = analyse_query(&a, str_z(hostile[i]), STR("de"));
        for (size_t g = 0; g < q.n; g++)
            for (size_t k = 0; k < q.groups[g].n; k++)
                for (size_t t = 0; t < q.groups[g].choices[k].n; t++) {
                    struct str term = q.groups[g].choices[k].terms[t];
                    assert_true(term.n > 0 && term.n <= ANALYSE_TERM_MAX);
                    for (size_t c = 0; c < term.n; c++)
                        assert_null(memchr(" \"'\\()*:&|!<>^{}", term.p[c], 17));
                }
    }
    struct buf many;
    buf_init_in(&many, &a, 100000);
    for (int i = 0; i < 10000; i++)
        buf_printf(&many, "w%d ", i);
    assert_int_equal(analyse_query(&a, buf_str(&many), STR("de")).n, ANALYSE_QUERY_MAX);
    buf_clear(&many);
    for (int i = 0; i < 10000; i++)
        buf_printf(&many, "\"w%d\" ", i);
    assert_int_equal(analyse_query(&a, buf_str(&many), STR("de")).n, ANALYSE_QUERY_MAX);
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
        cmocka_unit_test(small_words_are_not_asked_for),
        {"case 60: no syntax gets through", no_syntax_gets_through, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests(tests, start, stop);
}
