/* test_html.c - strangers' HTML: inert when shown, readable as text, bounded in time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "text/html.h"
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

static const char *clean(const char *html, unsigned options)
{
    return arena_str(&a, html_sanitise(&a, str_z(html), options).html).p;
}

static const char *text(const char *html)
{
    return arena_str(&a, html_to_text(&a, str_z(html))).p;
}

#define REL " rel=\"nofollow ugc noopener\""

static void what_may_stay_stays(void **state)
{
    (void)state;
    assert_string_equal(
        clean("<p class=x style='color:red' onclick=a()>Hallo <b id=y>du</b> &amp; ich<br>neu", 0),
        "<p>Hallo <b>du</b> &amp; ich<br>neu</p>");
    assert_string_equal(clean("<a href='https://example.org/?a=1&b=2' target=_top>x</a>", 0),
                        "<a href=\"https://example.org/?a=1&amp;b=2\"" REL ">x</a>");
    assert_string_equal(clean("<table><tr><td colspan=2 rowspan=9999>x", 0),
                        "<table><tbody><tr><td colspan=\"2\">x</td></tr></tbody></table>");
    assert_string_equal(clean("<ol start=3><li>x<li>y</ol>", 0),
                        "<ol start=\"3\"><li>x</li><li>y</li></ol>");
    assert_string_equal(clean("<font color=red>x</font><span>y</span><o:p>z</o:p>", 0), "xyz");
    assert_string_equal(clean("<img src=https://e.org/i.png alt='Ein Bild'>", 0), "Ein Bild");
    assert_string_equal(clean("<img src=https://e.org/i.png alt='Ein Bild'>", HTML_IMAGES_AS_LINKS),
                        "<a href=\"https://e.org/i.png\"" REL ">Ein Bild</a>");
    assert_string_equal(
        clean("<a href=/topic/1>x</a><a href=//evil.org>y</a><a href='/\\evil.org'>z</a>",
              HTML_OWN_PATHS),
        "<a href=\"/topic/1\">x</a>yz");
}

static void nothing_runs(void **state)
{
    (void)state;
    static const char *const vectors[] = {
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<a href='javascript:alert(1)'>x</a>",
        "<a href='java\tscript:alert(1)'>x</a>",
        "<a href='&#106;avascript:alert(1)'>x</a>",
        "<a href=' javascript:alert(1)'>x</a>",
        "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
        "<a href='vbscript:x'>x</a>",
        "<svg onload=alert(1)><a xlink:href='javascript:alert(1)'>x</a></svg>",
        "<math><mi xlink:href='javascript:alert(1)'>x</mi></math>",
        "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 "
        "onerror=alert(1)&gt;'>",
        "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
        "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
        "<form action=javascript:alert(1)><input type=submit><button "
        "formaction=javascript:alert(1)>x",
        "<style>@import 'javascript:alert(1)';</style>",
        "<p style='background:url(javascript:alert(1))'>x",
        "<template><script>alert(1)</script></template>",
        "<object data=javascript:alert(1)><embed src=javascript:alert(1)>",
        "<textarea></textarea><script>alert(1)</script>",
        "<xmp><script>alert(1)</script></xmp><plaintext><script>",
        "<base href='javascript:alert(1)//'><meta http-equiv=refresh "
        "content='0;javascript:alert(1)'>",
        "<<script>script>alert(1)<</script>/script>",
        "<a href=\"https://x/\" onmouseover=\"alert(1)\">x</a>",
        "<details open ontoggle=alert(1)>x</details><video><source onerror=alert(1)></video>",
    };
    static const char *const never[] = {
        "<script",     "<svg",      "<math",  "<img",      "<iframe",  "<style", "<form",
        "<input",      "<object",   "<embed", "<base",     "<meta",    " on",    "href=\"java",
        "href=\"data", "href=\"vb", "srcdoc", "<template", "<textarea"};
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++)
        for (size_t k = 0; k < sizeof never / sizeof never[0]; k++)
            assert_null(strstr(clean(vectors[i], HTML_IMAGES_AS_LINKS | HTML_OWN_PATHS), never[k]));
}

static void output_is_stable(void **state)
{
    (void)state;
    static const char *const inputs[] = {
        "<b><p>x</b>y</p>",   "<a href=http://e.org>x<a href=http://f.org>y</a>",
        "<table>x<tr>y<td>z", "<p>a<div>b</p>c",
        "1 < 2 && 3 > 2",     "<li>x</li><dd>y",
        "<h1>a<h2>b"};
    for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++) {
        const char *once = clean(inputs[i], 0);
        assert_string_equal(clean(once, 0), once);
    }
}

static void html_reads_as_text(void **state)
{
    (void)state;
    assert_string_equal(
        text("<h1>Titel</h1><p>Eins  zwei\ndrei<br>vier</p><p>f&uuml;nf&nbsp;sechs"),
        "Titel\n\nEins zwei drei\nvier\n\nfünf sechs");
    assert_string_equal(text("<ul><li>a<li>b <ul><li>c</ul></ul>d"), "- a\n- b\n  - c\n\nd");
    assert_string_equal(
        text("<a href='https://e.org/x'>hier</a>, <a href='https://e.org/'>e.org</a>, "
             "<a href=mailto:a@e.org>a@e.org</a>, <a href=javascript:x>y</a>"),
        "hier (https://e.org/x), e.org, a@e.org, y");
    assert_string_equal(
        text("neu<blockquote><p>alt<br>älter</p><blockquote>ur</blockquote></blockquote>ende"),
        "neu\n\n> alt\n> älter\n\n> > ur\n\nende");
    assert_string_equal(text("<style>p{}</style><script>x</script><title>t</title><p>nur das"),
                        "nur das");
    assert_string_equal(text("<table><tr><td>a<td>b<tr><td>c<td>d</table>"), "a b\nc d");
    assert_string_equal(text("<pre>a\n  b\n</pre>"), "a\n  b");
    assert_string_equal(text("plain &amp; simple"), "plain & simple");
}

static void hostile_documents_stay_cheap(void **state)
{
    (void)state;
    static const char *const units[] = {"<p>x" /* after 900 open tags */,
                                        "<div>",
                                        "<a><b>",
                                        "<ul><li>",
                                        "<p>x",
                                        "<table><td>",
                                        "&amp;",
                                        "http://",
                                        "(http://a",
                                        "<!--",
                                        "<",
                                        "\"'",
                                        "<i><p>",
                                        "h"};
    char *p = arena_alloc(&a, HTML_BYTES_MAX);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        size_t n = 0;
        for (int k = 0; n + 16 < HTML_BYTES_MAX; k++) {
            char piece[32];
            int len = i == 0 && k < 900 ? snprintf(piece, sizeof piece, "<b id=%d>", k)
                                        : snprintf(piece, sizeof piece, "%s", units[i]);
            memcpy(p + n, piece, (size_t)len);
            n += (size_t)len;
        }
        for (int full = 0; full < 2; full++) { /* the whole is stripped, 1,990 tags are parsed */
            size_t used = n, tags = 0;
            for (size_t k = 0; !full && k < n; k++)
                if (p[k] == '<' && ++tags > 1990) {
                    used = k;
                    break;
                }
            struct arena one;
            arena_init(&one);
            int64_t before = clock_mono();
            struct safe_html out = html_sanitise(&one, (struct str){p, used}, 0);
            struct str plain = html_to_text(&one, (struct str){p, used});
            int64_t took = clock_mono() - before;
            assert_true(took < 2000);
            assert_true(utf8_valid(out.html) && utf8_valid(plain));
            arena_deinit(&one);
        }
    }
}

static void plain_text_becomes_html(void **state)
{
    (void)state;
    struct safe_html h =
        html_from_text(&a, STR("a <b>\nzwei\n\n(https://e.org/x?a=1&b) xhttp://no."));
    assert_true(str_eq(
        h.html, STR("<p>a &lt;b&gt;<br>\nzwei</p>\n<p>(<a href=\"https://e.org/x?a=1&amp;b\"" REL
                    ">https://e.org/x?a=1&amp;b</a>) xhttp://no.</p>")));
}

static void entities_decode(void **state)
{
    (void)state;
    assert_true(
        str_eq(html_decode(&a, STR("AT&amp;T &#228;&#xE4;&auml; &#150; &bogus; & &#0; &lt;")),
               STR("AT&T äää – &bogus; & &#0; <")));
    assert_int_equal(html_entity(STR("nbsp")), 0xA0);
    assert_int_equal(html_entity(STR("x")), 0);
}

static void invalid_bytes_do_not_pass(void **state)
{
    (void)state;
    assert_true(utf8_valid(html_sanitise(&a, STR("<p>\xFF\xC3</p>"), 0).html));
    assert_true(utf8_valid(html_to_text(&a, STR("<p>\xFF\0\xC3</p>"))));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_may_stay_stays),
        {"case 21: nothing runs", nothing_runs, NULL, NULL, NULL},
        cmocka_unit_test(output_is_stable),
        cmocka_unit_test(html_reads_as_text),
        cmocka_unit_test(hostile_documents_stay_cheap),
        cmocka_unit_test(plain_text_becomes_html),
        cmocka_unit_test(entities_decode),
        cmocka_unit_test(invalid_bytes_do_not_pass),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
