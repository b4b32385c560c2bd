/* Languages: choice, catalogue look-up, broken catalogues. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "page/locale.h"

static bool is(struct str s, const char *wanted)
{
    return str_eq_z(s, wanted);
}

static void languages_are_chosen(void **state)
{
    (void)state;
    const struct locale *de = locale_find(STR("de")), *en = locale_find(STR("en"));
    assert_ptr_not_equal(de, en);
    assert_ptr_equal(locale_find(STR("DE-at")), de);
    assert_ptr_equal(locale_find(STR("fr")), en);
    assert_ptr_equal(locale_accept(STR("fr, en;q=0.3, de;q=0.8"), en), de);
    assert_ptr_equal(locale_accept(STR("en-US,en;q=0.9"), de), en);
    assert_ptr_equal(locale_accept(STR("en;q=0, de;q=nonsense"), de), de);
    assert_ptr_equal(locale_accept(STR_NONE, de), de);
    assert_true(is(locale_name(locale_at(0)), "Deutsch"));
    assert_null(locale_at(2));
}

static void texts_are_found(void **state)
{
    (void)state;
    const struct locale *de = locale_find(STR("de")), *en = locale_find(STR("en"));
    assert_true(is(locale_text(de, "Sign in"), "Anmelden"));
    assert_true(is(locale_text(en, "Sign in"), "Sign in"));
    assert_true(is(locale_text(de, "no such text"), "no such text"));
    assert_true(is(locale_plural(de, "day", "days", 1), "Tag"));
    assert_true(is(locale_plural(de, "day", "days", 0), "Tage"));
    assert_true(is(locale_plural(en, "day", "days", 1), "day"));
    assert_true(is(locale_plural(en, "day", "days", 2), "days"));
    assert_true(is(locale_plural(de, "no such", "no suches", 2), "no suches"));
}

/* Two entries, as msgfmt would write them. */
static const unsigned char small[] = {
    0xde, 0x12, 0x04, 0x95, 0, 0,   0, 0,   2,   0, 0,   0,   28, 0,   0,   0, 44, 0, 0,
    0,    0,    0,    0,    0, 60,  0, 0,   0,   1, 0,   0,   0,  60,  0,   0, 0,  1, 0,
    0,    0,    62,   0,    0, 0,   2, 0,   0,   0, 64,  0,   0,  0,   5,   0, 0,  0, 67,
    0,    0,    0,    'a',  0, 'b', 0, 'A', 'A', 0, 'B', 'B', 0,  'C', 'C', 0,
};

static void broken_catalogues_give_nothing(void **state)
{
    (void)state;
    struct str file = {(const char *)small, sizeof(small)};
    assert_true(is(mo_find(file, STR("a")), "AA"));
    assert_int_equal(mo_find(file, STR("b")).n, 5);
    assert_null(mo_find(file, STR("c")).p);
    unsigned char bent[sizeof(small)];
    for (size_t cut = 0; cut < sizeof(small);
         cut++) /* every shorter file: no read behind its end (ASan) */
        (void)mo_find((struct str){(const char *)memcpy(bent, small, cut), cut}, STR("b"));
    for (size_t i = 0; i < 60; i++) {
        memcpy(bent, small, sizeof(small));
        bent[i] = 0xff;
        struct str got = mo_find((struct str){(const char *)bent, sizeof(bent)}, STR("b"));
        assert_true(!got.p || (got.p >= (const char *)bent && got.n <= sizeof(bent)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(languages_are_chosen),
        cmocka_unit_test(texts_are_found),
        cmocka_unit_test(broken_catalogues_give_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
