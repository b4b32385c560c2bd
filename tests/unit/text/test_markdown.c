/* test_markdown.c - what people type becomes HTML that may be shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "text/markdown.h"
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

static const char *render(const char *text)
{
    return arena_str(&a, markdown_render(&a, str_z(text), HTML_OWN_PATHS).html).p;
}

#define REL " rel=\"nofollow ugc noopener\""

static void the_usual_is_rendered(void **state)
{
    (void)state;
    assert_string_equal(
        render("**fett** *kursiv* ~~weg~~ `code`"),
        "<p><strong>fett</strong> <em>kursiv</em> <del>weg</del> <code>code</code></p>");
    assert_string_equal(render("[x](https://e.org) https://f.org [y](/topic/1)"),
                        "<p><a href=\"https://e.org\"" REL ">x</a> <a href=\"https://f.org\"" REL
                        ">https://f.org</a> <a href=\"/topic/1\">y</a></p>");
    assert_string_equal(render("|a|b|\n|---|---|\n|c|d|"),
                        "<table>\n<thead>\n<tr>\n<th>a</th>\n<th>b</th>\n</tr>\n</"
                        "thead>\n<tbody>\n<tr>\n<td>c</td>\n"
                        "<td>d</td>\n</tr>\n</tbody>\n</table>");
    assert_string_equal(render("- [x] da"), "<ul>\n<li>☑da</li>\n</ul>");
}

static void nothing_runs(void **state)
{
    (void)state;
    static const char *const vectors[] = {
        "<script>alert(1)</script>",       "[x](javascript:alert(1))",
        "[x](java&#115;cript:alert(1))",   "[x](data:text/html;base64,xx)",
        "<javascript:alert(1)>",           "![x](javascript:alert(1))",
        "[x]: javascript:alert(1)\n\n[x]", "[x](https://e.org \"a\\\" onclick=alert(1)\")",
        "<img src=x onerror=alert(1)>",    "```<script>\nx\n```",
        "[x](JaVaScRiPt\\:alert(1))",      "[a](//evil.org)"};
    static const char *const never[] = {"<script",  "<img",      "href=\"j", "href=\"J",
                                        "href=\"d", "href=\"//", "\" on"};
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++)
        for (size_t k = 0; k < sizeof never / sizeof never[0]; k++)
            assert_null(strstr(render(vectors[i]), never[k]));
    assert_non_null(strstr(render("<b>x</b>"), "&lt;b&gt;")); /* raw HTML is text */
}

static void raw_is_the_standard(void **state)
{
    (void)state;
    struct buf b;
    buf_init_in(&b, &a, 10000);
    markdown_render_raw(&b, STR("a  \nb <i>c</i>\n\n***\n"));
    assert_true(str_eq(buf_str(&b), STR("<p>a<br />\nb <i>c</i></p>\n<hr />\n")));
}

static void hostile_texts_stay_cheap(void **state)
{
    (void)state;
    static const char *const units[] = {"[",          "*a_", "`",         "![[]()", "> ", "- ",
                                        "|a|\n|-|\n", "<",   "http://a ", "~~",     "&",  "\0"};
    char *p = arena_alloc(&a, MARKDOWN_BYTES_MAX + 100);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        size_t n = 0, len = units[i][0] ? strlen(units[i]) : 1;
        for (; n + len <= MARKDOWN_BYTES_MAX; n += len)
            memcpy(p + n, units[i], len);
        int64_t before = clock_mono();
        struct safe_html h = markdown_render(&a, (struct str){p, n}, 0);
        assert_true(clock_mono() - before < 2000);
        assert_true(utf8_valid(h.html));
    }
    memset(p, 'x', MARKDOWN_BYTES_MAX + 100);
    assert_true(str_starts(markdown_render(&a, (struct str){p, MARKDOWN_BYTES_MAX + 100}, 0).html,
                           STR("<p>xxx")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_usual_is_rendered),
        {"case 22: nothing runs", nothing_runs, NULL, NULL, NULL},
        cmocka_unit_test(raw_is_the_standard),
        {"case 60: hostile texts stay cheap", hostile_texts_stay_cheap, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests(tests, start, stop);
}
