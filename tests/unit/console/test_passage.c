/* The passage of a hit: where it begins, what is marked, and that nothing of the text becomes
 * markup. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "console/passage.h"

static struct arena arena;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_deinit(&arena);
    return 0;
}

static const char *marked(const char *text, const char *query)
{
    return arena_str(&arena, passage_mark(&arena, str_z(text), str_z(query), STR("de")).html).p;
}

static void words_are_marked_as_they_are_found(void **state)
{
    (void)state;
    assert_string_equal(marked("Wo bleibt die Rechnung?", "Rechnungen"),
                        "Wo bleibt die <mark>Rechnung</mark>?");
    assert_string_equal(marked("Zwei Mahnungen, eine Rechnung", "mahnung rechnung"),
                        "Zwei <mark>Mahnungen</mark>, eine <mark>Rechnung</mark>");
    assert_string_equal(marked("Der Zählerstand", "zaehlerstand"), "Der <mark>Zählerstand</mark>");
}

static void nothing_of_the_text_becomes_markup(void **state)
{
    (void)state;
    assert_string_equal(marked("<b>Rechnung</b> & \"Co\"", "rechnung"),
                        "&lt;b&gt;<mark>Rechnung</mark>&lt;/b&gt; &amp; &quot;Co&quot;");
    assert_null(strstr(marked("x <script>alert(1)</script>", "<script> OR \" *"), "<script>"));
}

static void a_long_text_is_shown_around_the_first_hit(void **state)
{
    (void)state;
    char text[4000];
    size_t n = 0;
    for (int i = 0; i < 300; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "wort%d ", i);
    snprintf(text + n, sizeof text - n, "Rechnung und noch viel mehr danach");
    const char *html = marked(text, "rechnung");
    assert_non_null(strstr(html, "<mark>Rechnung</mark> und noch"));
    assert_memory_equal(html, "… wort", strlen("… wort"));
    html = marked(text, "nirgends");
    assert_memory_equal(html, "wort0 wort1", 11);
    assert_string_equal(html + strlen(html) - strlen(" …"), " …");
    assert_true(strlen(html) <= PASSAGE_BYTES + strlen(" …"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_marked_as_they_are_found),
        cmocka_unit_test(nothing_of_the_text_becomes_markup),
        cmocka_unit_test(a_long_text_is_shown_around_the_first_hit),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
