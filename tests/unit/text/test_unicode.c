/* test_unicode.c - the border of text: validity, normal forms, folding, graphemes, names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "text/unicode.h"

static struct arena a;

#define SAME(got, expected)                                                                        \
    do {                                                                                           \
        struct str got_ = (got);                                                                   \
        assert_int_equal(got_.n, strlen(expected));                                                \
        assert_memory_equal(got_.n ? got_.p : "", expected, strlen(expected));                     \
    } while (0)

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

static void validity_is_that_of_the_standard(void **state)
{
    (void)state;
    static const char *const good[] = {
        "", "abc", "ä", "€", "😀", "\xED\x9F\xBF", "\xEF\xBF\xBF", "\xF4\x8F\xBF\xBF", "12345678ü"};
    static const char *const bad[] = {"\x80",
                                      "\xC0\x80",
                                      "\xC1\xBF",
                                      "\xC3",
                                      "\xE0\x80\x80",
                                      "\xED\xA0\x80",
                                      "\xF0\x80\x80\x80",
                                      "\xF4\x90\x80\x80",
                                      "\xF5\x80\x80\x80",
                                      "\xE2\x82",
                                      "12345678\xFF"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(utf8_valid(str_z(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(utf8_valid(str_z(bad[i])));
}

static void repair_replaces_maximal_parts(void **state)
{
    (void)state;
    struct str sound = STR("Grüße");
    assert_ptr_equal(utf8_repair(&a, sound).p, sound.p);
    SAME(utf8_repair(&a, STR("a\xE2\x82z")), "a\xEF\xBF\xBDz");
    SAME(utf8_repair(&a, STR("\xFF\xFE")), "\xEF\xBF\xBD\xEF\xBF\xBD");
    SAME(utf8_repair(&a, STR("\xED\xA0\x80")), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
    SAME(utf8_repair(&a, STR("ok\xF0\x9F\x98")), "ok\xEF\xBF\xBD");
    struct buf b;
    buf_init_in(&b, &a, 64);
    utf8_add(&b, 0xD800);
    utf8_add(&b, 0x110000);
    utf8_add(&b, 0x1F600);
    SAME(buf_str(&b), "\xEF\xBF\xBD\xEF\xBF\xBD\xF0\x9F\x98\x80");
}

static void clips_between_characters(void **state)
{
    (void)state;
    SAME(utf8_clip(STR("aä"), 2), "a");
    SAME(utf8_clip(STR("aä"), 3), "aä");
    SAME(utf8_clip(STR("😀"), 3), "");
    SAME(utf8_from_1252(&a, STR("\x80uro Stra\xDF"
                                "e \x84")),
         "€uro Straße „");
}

static void one_normal_form(void **state)
{
    (void)state;
    struct str nfc = STR("Müller „läuft“ – 😀");
    assert_ptr_equal(text_nfc(&a, nfc).p, nfc.p);
    SAME(text_nfc(&a, STR("Mu\xCC\x88ller")), "Müller");
    SAME(text_nfc(&a, STR("\xE2\x84\xA6")), "Ω"); /* OHM SIGN */
    SAME(text_nfc(&a, STR("A\xCC\x8A")), "Å");
}

static void folding_matches_what_people_call_equal(void **state)
{
    (void)state;
    SAME(text_fold(&a, STR("STRASSE Äpfel ÖL")), "strasse äpfel öl");
    SAME(text_fold(&a, STR("Straße × 2")), "strasse × 2");
    SAME(text_fold(&a, STR("ﬁn ＡＢＣ １")), "fin abc 1");
    SAME(text_fold(&a, STR("ΣΊΣΥΦΟΣ")), "σίσυφοσ");
    SAME(text_fold(&a, STR("U\xCC\x88"
                           "BER")),
         "über");
    SAME(text_fold(&a, STR("soft\xC2\xADhyphen")), "softhyphen");
    SAME(text_fold(&a, STR("ﷺ")), "صلى الله عليه وسلم"); /* one character, eighteen */
    SAME(text_fold(&a, STR("„Nein“ – 😀 É")), "„nein“ – 😀 é");
    SAME(text_fold(&a, STR("")), "");
}

static void the_fast_way_of_folding_agrees_with_icu(void **state)
{
    (void)state;
    /* the same letters with a mark of the slow way behind must fold alike */
    for (uint32_t c = 0x20; c < 0x100; c++) {
        struct buf b;
        if (c >= 0x7F && c < 0xC0)
            continue;
        buf_init_in(&b, &a, 64);
        utf8_add(&b, c);
        struct str fast = text_fold(&a, buf_str(&b));
        utf8_add(&b, 0x4E00);
        struct str slow = text_fold(&a, buf_str(&b));
        assert_int_equal(slow.n, fast.n + 3);
        assert_memory_equal(slow.p, fast.p, fast.n);
    }
}

static void lengths_count_what_people_see(void **state)
{
    (void)state;
    assert_int_equal(text_length(STR("")), 0);
    assert_int_equal(text_length(STR("Grüße")), 5);
    assert_int_equal(text_length(STR("a\r\nb")), 3);
    assert_int_equal(text_length(STR("e\xCC\x81t\xC3\xA9")), 3);
    assert_int_equal(text_length(STR("👩‍👩‍👧‍👦🇩🇪👍🏽!")), 4);
    SAME(text_cut(&a, STR("Guten Morgen"), 12), "Guten Morgen");
    SAME(text_cut(&a, STR("Guten Morgen"), 7), "Guten…");
    SAME(text_cut(&a, STR("👩‍👩‍👧‍👦🇩🇪👍🏽"), 2),
         "👩‍👩‍👧‍👦…");
    SAME(text_cut(&a, STR("👩‍👩‍👧‍👦🇩🇪👍🏽"), 3),
         "👩‍👩‍👧‍👦🇩🇪👍🏽");
    SAME(text_cut(&a, STR("abc"), 0), "");
}

static void a_name_cannot_leave_its_line(void **state)
{
    (void)state;
    SAME(text_plain_line(&a, STR("  Aylin \r\n\t Brandt\xC2\xA0 "), 100), "Aylin Brandt");
    SAME(text_plain_line(&a,
                         STR("gpj\xE2\x80\xAE"
                             "exe.\xE2\x81\xA6x\x07"),
                         100),
         "gpjexe.x");
    SAME(text_plain_line(&a, STR("Zürich"), 2), "Z");
    SAME(text_plain_line(&a, STR("a\0b"), 100), "ab");
    struct buf b;
    buf_init_in(&b, &a, 100000);
    buf_add_char(&b, 'Z');
    for (int i = 0; i < 10000; i++)
        utf8_add(&b, 0x0335);
    assert_int_equal(text_plain_line(&a, buf_str(&b), 1024).n, 1 + 8 * 2);
    SAME(text_plain_line(&a, STR("👩‍🚒 da"), 100), "👩‍🚒 da");
}

static void a_body_keeps_its_lines_and_loses_its_controls(void **state)
{
    (void)state;
    struct str clean = STR("eins\nzwei\tdrei");
    assert_ptr_equal(text_clean(&a, clean, 100).p, clean.p);
    SAME(text_clean(&a, STR("a\r\nb\rc\0d\x1B[0m\xC2\x80 \xFF"), 100), "a\nb\ncd[0m \xEF\xBF\xBD");
    SAME(text_clean(&a, STR("ääää"), 5), "ää");
}

static void faces_without_picture(void **state)
{
    (void)state;
    SAME(text_initials(&a, STR("Aylin Brandt")), "AB");
    SAME(text_initials(&a, STR("anna maria von österreich")), "AÖ");
    SAME(text_initials(&a, STR("@care")), "C");
    SAME(text_initials(&a, STR("Jo Meier (Stadtwerke)")), "JM");
    SAME(text_initials(&a, STR("1234")), "?");
}

static void sorting_is_that_of_the_language(void **state)
{
    (void)state;
    struct str z = text_sort_key(&a, STR("Zahn"), "de"), o = text_sort_key(&a, STR("Öl"), "de");
    struct str p = text_sort_key(&a, STR("Papier"), "de"), b = text_sort_key(&a, STR("oben"), "de");
    assert_true(str_cmp(o, p) < 0 && str_cmp(p, z) < 0 && str_cmp(b, o) < 0);
    assert_true(str_cmp(text_sort_key(&a, STR("Öl"), "sv"), text_sort_key(&a, STR("Zahn"), "sv")) >
                0);
    assert_true(str_eq(text_sort_key(&a, STR("Öl"), "de"), o));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(validity_is_that_of_the_standard),
        cmocka_unit_test(repair_replaces_maximal_parts),
        cmocka_unit_test(clips_between_characters),
        cmocka_unit_test(one_normal_form),
        cmocka_unit_test(folding_matches_what_people_call_equal),
        cmocka_unit_test(the_fast_way_of_folding_agrees_with_icu),
        cmocka_unit_test(lengths_count_what_people_see),
        cmocka_unit_test(a_name_cannot_leave_its_line),
        cmocka_unit_test(a_body_keeps_its_lines_and_loses_its_controls),
        cmocka_unit_test(faces_without_picture),
        cmocka_unit_test(sorting_is_that_of_the_language),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
