/* What templates write: escaped for the place where it stands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "page/asset.h"
#include "page/out.h"
#include "parts_tmpl.h"
#include "signin_tmpl.h"

struct sheet {
    struct buf buf;
    struct out o;
};

static int setup(void **state)
{
    static struct sheet s;
    buf_init(&s.buf, 64 * 1024);
    s.o = (struct out){.buf = &s.buf, .locale = locale_find(STR("en"))};
    *state = &s;
    return 0;
}

static int teardown(void **state)
{
    buf_deinit(&((struct sheet *)*state)->buf);
    return 0;
}

static void assert_is(struct sheet *s, const char *wanted)
{
    struct str got = buf_str(&s->buf);
    if (!str_eq_z(got, wanted))
        fail_msg("got:    %.*s\nwanted: %s", STR_FMT(got), wanted);
    buf_clear(&s->buf);
}

static bool holds(const struct sheet *s, const char *part)
{
    return str_find(buf_str(&s->buf), str_z(part), 0) >= 0;
}

static void text_cannot_leave_its_place(void **state)
{
    struct sheet *s = *state;
    out_text(&s->o, STR("<script>\"&'</script>"));
    assert_is(s, "&lt;script&gt;&quot;&amp;&#39;&lt;/script&gt;");
}

static void only_sound_addresses_pass(void **state)
{
    struct sheet *s = *state;
    static const char *const good[] = {
        "/desk?a=b",           "#reply", "?p=2", "https://example.org/a", "http://example.org",
        "mailto:a@example.org"};
    static const char *const bad[] = {"javascript:alert(1)",
                                      "JaVaScRiPt:alert(1)",
                                      "//evil.example",
                                      "/\\evil.example",
                                      "data:text/html,x",
                                      "vbscript:x",
                                      " https://x",
                                      "java\nscript:x",
                                      "",
                                      "\x01/x",
                                      "/a\tb",
                                      "https:evil"};
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
        out_url(&s->o, str_z(good[i]));
        assert_is(s, good[i]);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        out_url(&s->o, str_z(bad[i]));
        assert_is(s, "#");
    }
    out_url(&s->o, STR("/a?b=1&c=\"2"));
    assert_is(s, "/a?b=1&amp;c=&quot;2");
}

static void a_piece_of_an_address_stays_one_piece(void **state)
{
    struct sheet *s = *state;
    out_url_part(&s->o, STR("a/b?c=d&e#f:\xC3\xBC\"~"));
    assert_is(s, "a%2Fb%3Fc%3Dd%26e%23f%3A%C3%BC%22~");
}

static void texts_take_their_arguments_escaped(void **state)
{
    struct sheet *s = *state;
    struct out_arg args[] = {{.s = STR("<b>%s**x**</b>")}, {.i = 1234567, .number = true}};
    out_message(&s->o, "%s **has** %d, 100 %%", true, args, 2);
    assert_is(s, "&lt;b&gt;%s**x**&lt;/b&gt; <strong>has</strong> 1,234,567, 100 %");
    out_message(&s->o, "a **b**", false, NULL, 0);
    assert_is(s, "a b");
    out_message(&s->o, "%s and %s", true, args, 1); /* too few arguments: nothing, never memory */
    assert_is(s, "&lt;b&gt;%s**x**&lt;/b&gt; and ");
    out_message(&s->o, "%2$d of %1$s", true, args, 2);
    assert_is(s, "1,234,567 of &lt;b&gt;%s**x**&lt;/b&gt;");
    out_message(&s->o, "**open", true, NULL, 0);
    assert_is(s, "<strong>open</strong>");
}

static void plurals_count(void **state)
{
    struct sheet *s = *state;
    struct out_arg args[] = {{.i = 1, .number = true}, {.s = STR("Ada")}};
    out_plural(&s->o, "%d case of %s", "%d cases of %s", true, args, 2);
    assert_is(s, "1 case of Ada");
    args[0].i = 0;
    out_plural(&s->o, "%d case of %s", "%d cases of %s", true, args, 2);
    assert_is(s, "0 cases of Ada");
    args[0].i = 1;
    out_plural(&s->o, "a case of %s", "%d cases of %s", true, args, 2);
    assert_is(s, "a case of Ada");
}

static void numbers_for_machines(void **state)
{
    struct sheet *s = *state;
    out_real(&s->o, 0.25);
    assert_is(s, "0.25");
    out_real(&s->o, 0.0 / 0.0);
    assert_is(s, "0");
}

static void a_form_field_holds_hostile_values(void **state)
{
    struct sheet *s = *state;
    struct option_view options[] = {{STR("a\"b"), STR("<i>"), true}, {STR("c"), STR("d"), false}};
    struct field_view f = {.name = STR("x\" onfocus=\"alert(1)"),
                           .type = STR("choice"),
                           .label = STR("<label>"),
                           .error = STR("\"><script>"),
                           .options = options,
                           .options_n = 2};
    field_view_render(&s->o, &f);
    assert_false(holds(s, "<script"));
    assert_false(holds(s, "onfocus=\""));
    assert_false(holds(s, "<i>"));
    assert_true(holds(
        s, "<option value=\"a&quot;b\" selected>&lt;i&gt;</option><option value=\"c\">d</option>"));
    buf_clear(&s->buf);
    f = (struct field_view){
        .name = STR("t"), .type = STR("lines"), .value = STR("\n</textarea><script>")};
    field_view_render(&s->o, &f);
    assert_true(holds(s, ">\n\n&lt;/textarea&gt;&lt;script&gt;</textarea>"));
    buf_clear(&s->buf);
    f = (struct field_view){
        .name = STR("t"), .type = STR("secret"), .value = STR("hunter2"), .needed = true};
    field_view_render(&s->o, &f);
    assert_false(holds(s, "hunter2"));
    f.type = STR("password");
    field_view_render(&s->o, &f);
    assert_false(holds(s, "hunter2"));
    assert_true(holds(s, "is set"));
}

static void pages_are_small_and_marked(void **state)
{
    struct sheet *s = *state;
    struct clock_view none = {0}, late = {.text = STR("\xE2\x88\x92"
                                                      "12 min"),
                                          .state = STR("late"),
                                          .left = 100};
    clock_view_render(&s->o, &none);
    assert_is(s, "");
    clock_view_render(&s->o, &late);
    assert_true(holds(s, "data-state=\"late\""));
    assert_false(holds(s, "\n"));
    assert_false(holds(s, "> <"));
}

static void forms_carry_the_token(void **state)
{
    struct sheet *s = *state;
    s->o.csrf = STR("tok\"en");
    struct signin_page page = {.email = STR("a@b\"c")};
    signin_page_render(&s->o, &page);
    assert_true(holds(s, "<input type=\"hidden\" name=\"csrf\" value=\"tok&quot;en\">"));
    assert_true(holds(s, "value=\"a@b&quot;c\""));
    assert_false(holds(s, "blockquote"));
    struct signin_word_view quote = {.text = STR("said")};
    page.quote = &quote;
    signin_page_render(&s->o, &page);
    assert_true(holds(s, "<blockquote><p>said</p></blockquote>"));
}

static void assets_are_there(void **state)
{
    struct sheet *s = *state;
    out_asset(&s->o, STR("css/zuruf.css"));
    assert_true(str_starts(buf_str(&s->buf), STR("/assets/")));
    struct asset css = asset_find(STR("css/zuruf.css")), icons = asset_find(STR("icons.svg"));
    assert_true(css.bytes.n > 1000 && css.etag.n == 18);
    assert_string_equal(css.type, "text/css; charset=utf-8");
    assert_true(str_find(icons.bytes, STR("id=\"i-mail\""), 0) > 0 &&
                str_find(icons.bytes, STR("id=\"k-idea\""), 0) > 0);
    struct asset type = asset_find(STR("type/latin-wght-normal.woff2"));
    assert_true(type.bytes.n > 10000 && memcmp(type.bytes.p, "wOF2", 4) == 0);
    assert_null(asset_find(STR("../etc/passwd")).bytes.p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"case 21: text cannot leave its place", text_cannot_leave_its_place, setup, teardown,
         NULL},
        {"case 30: only sound addresses pass", only_sound_addresses_pass, setup, teardown, NULL},
        cmocka_unit_test_setup_teardown(a_piece_of_an_address_stays_one_piece, setup, teardown),
        cmocka_unit_test_setup_teardown(texts_take_their_arguments_escaped, setup, teardown),
        cmocka_unit_test_setup_teardown(plurals_count, setup, teardown),
        cmocka_unit_test_setup_teardown(numbers_for_machines, setup, teardown),
        cmocka_unit_test_setup_teardown(a_form_field_holds_hostile_values, setup, teardown),
        cmocka_unit_test_setup_teardown(pages_are_small_and_marked, setup, teardown),
        cmocka_unit_test_setup_teardown(forms_carry_the_token, setup, teardown),
        cmocka_unit_test_setup_teardown(assets_are_there, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
