/* test_feed.c - feeds of all families, in the shapes and with the faults that they have in the
 * wild. */
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
#include "text/feed.h"
#include "text/json.h"
#include "text/unicode.h"

static struct arena a;
static struct feed f;
static struct errinfo e;

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

static void read_from(const char *url, struct str s)
{
    assert_int_equal(feed_parse(&a, s, STR_NONE, str_z(url), &f, &e), ERR_OK);
}

static void same(struct str got, const char *expected)
{
    if (!str_eq_z(got, expected))
        fail_msg("got <%.*s>, expected <%s>", STR_FMT(got), expected);
}

static void rss_2(void **state)
{
    (void)state;
    read_from(
        "https://e.org/feed.xml",
        STR("<?xml version=\"1.0\"?><rss version=\"2.0\" "
            "xmlns:dc=\"http://purl.org/dc/elements/1.1/\""
            " xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" "
            "xmlns:atom=\"http://www.w3.org/2005/Atom\">"
            "<channel><title>Stadtwerke &amp; "
            "Co</title><link>https://e.org/</link><language>de-de</language>"
            "<atom:link rel=\"self\" href=\"https://e.org/feed.xml\"/><atom:link rel=\"hub\" "
            "href=\"https://hub.org/\"/>"
            "<ttl>60</ttl><skipHours><hour>0</hour><hour>23</hour></skipHours>"
            "<managingEditor>chef@e.org (Ada)</managingEditor>"
            "<image><title>Logo</title><link>https://logo.org/</link></image>"
            "<item><title>St&ouml;rung</title><link>/a?x=1&y=2</link><guid "
            "isPermaLink=\"false\">g1</guid>"
            "<pubDate>Sun, 22 Nov 2026 09:04:00 +0100</pubDate><dc:creator>Jo</dc:creator>"
            "<description>&lt;p&gt;kurz&lt;/p&gt;</description>"
            "<content:encoded><![CDATA[<p>lang <a href=\"/b\">b</a></p>]]></content:encoded>"
            "<category domain=\"x\">Netz</category><category> Strom "
            "</category><category>Netz</category>"
            "<enclosure url=\"https://e.org/a.mp3\" type=\"audio/mpeg\" length=\"123\"/></item>"
            "<item><title>Zwei</title><guid>https://e.org/2</guid><author>me@e.org "
            "(Me)</author></item>"
            "<item><description>ohne alles</description></item><item></item></channel></rss>"));
    same(f.title, "Stadtwerke & Co");
    same(f.link, "https://e.org/");
    same(f.language, "de-de");
    same(f.hub, "https://hub.org/");
    same(f.author, "chef@e.org (Ada)");
    assert_int_equal(f.ttl_minutes, 60);
    assert_int_equal(f.skip_hours, 1U | 1U << 23);
    assert_int_equal(f.entry_count, 3);
    const struct feed_entry *x = &f.entries[0];
    same(x->title, "Störung");
    same(x->link, "https://e.org/a?x=1&y=2");
    same(x->id, "g1");
    same(x->author, "Jo");
    same(x->summary, "<p>kurz</p>");
    same(x->content, "<p>lang <a href=\"https://e.org/b\">b</a></p>");
    assert_true(x->summary_is_html && x->content_is_html && !x->title_is_html);
    same(clock_format(&a, x->published), "2026-11-22T08:04:00Z");
    assert_int_equal(x->tag_count, 2);
    same(x->tags[1], "Strom");
    assert_int_equal(x->enclosures[0].length, 123);
    same(f.entries[1].link, "https://e.org/2");
    same(f.entries[1].author_name, "Me");
    same(f.entries[1].author_email, "me@e.org");
    assert_true(str_starts(f.entries[2].id, STR("hash:")));
    assert_false(f.recovered);
}

static void atom_1(void **state)
{
    (void)state;
    read_from(
        "", STR("<feed xmlns='http://www.w3.org/2005/Atom' xml:lang='en' "
                "xml:base='http://e.org/x/'><title type='text'>T</title>"
                "<link rel='self' href='http://e.org/atom'/><link "
                "href='home'/><updated>2026-11-22T09:04:00Z</updated>"
                "<entry><id>tag:e.org,2026:1</id><title type='html'>A &lt;b&gt;b&lt;/b&gt;</title>"
                "<link rel='alternate' type='application/json' href='j'/><link rel='alternate' "
                "href='p'/>"
                "<link rel='enclosure' href='f.mp3' type='audio/mpeg' length='9'/><link rel='via' "
                "href='http://v.org'/>"
                "<author><name>Ada</name><email>ada@e.org</email><uri>http://ada.org</uri></author>"
                "<published>2026-01-02T03:04:05Z</published><updated>2026-01-03T00:00:00+01:00</"
                "updated>"
                "<category term='a' label='A'/><summary type='text'>1 &lt; 2</summary>"
                "<content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>x<br/><a "
                "href='q'>&amp;</a></div></content>"
                "</entry><entry><id>2</id><title>b64</title><content "
                "type='application/octet-stream'>w7wgaGk=</content></entry>"
                "<entry xml:base='sub/'><id>3</id><link href='y'/><content type='text/html' "
                "mode='escaped' >"
                "&lt;i&gt;z&lt;/i&gt;</content></entry></feed>"));
    same(f.link, "http://e.org/x/home");
    same(f.language, "en");
    const struct feed_entry *x = f.entries;
    same(x->id, "tag:e.org,2026:1");
    same(x->title, "A <b>b</b>");
    assert_true(x->title_is_html);
    same(x->link, "http://e.org/x/p");
    same(x->author, "Ada (ada@e.org)");
    same(x->author_name, "Ada");
    same(x->summary, "1 < 2");
    assert_false(x->summary_is_html);
    same(x->content, "x<br /><a href=\"http://e.org/x/q\">&amp;</a>");
    same(x->tags[0], "a");
    same(x->enclosures[0].url, "http://e.org/x/f.mp3");
    same(clock_format(&a, x->updated), "2026-01-02T23:00:00Z");
    same(f.entries[1].content, "ü hi");
    same(f.entries[2].link, "http://e.org/x/sub/y");
    same(f.entries[2].summary, "<i>z</i>");
}

static void rdf_and_old_ones(void **state)
{
    (void)state;
    read_from("", STR("<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' "
                      "xmlns='http://purl.org/rss/1.0/'"
                      " xmlns:dc='http://purl.org/dc/elements/1.1/'><channel "
                      "rdf:about='http://e.org/'><title>R</title>"
                      "<link>http://e.org/</link><dc:language>fr</"
                      "dc:language><items><rdf:Seq><rdf:li resource='x'/></rdf:Seq></items>"
                      "</channel><image><title>no</title></image><item "
                      "rdf:about='http://e.org/1'><title>eins</title>"
                      "<link>http://e.org/1</link><dc:date>2026-11</dc:date><dc:subject>s</"
                      "dc:subject></item></rdf:RDF>"));
    same(f.title, "R");
    same(f.language, "fr");
    same(f.entries[0].id, "http://e.org/1");
    same(clock_format(&a, f.entries[0].updated), "2026-11-01T00:00:00Z");
    read_from("", STR("<rss "
                      "version='0.91'><channel><title>o</title><item><title>x</"
                      "title><dc:creator>un</dc:creator>"
                      "</item></channel></rss>"));
    same(f.entries[0].author, "un");
    read_from(
        "",
        STR("<feed version='0.3' xmlns='http://purl.org/atom/ns#'><title>o</title><entry><id>1</id>"
            "<issued>2004-01-01T00:00:00Z</issued><content mode='base64' "
            "type='text/html'>PGI+eDwvYj4="
            "</content></entry></feed>"));
    same(f.entries[0].content, "<b>x</b>");
    assert_true(f.entries[0].published > 0 && f.entries[0].content_is_html);
}

static void json_feed(void **state)
{
    (void)state;
    read_from("https://e.org/feed.json",
              STR("{\"version\":\"https://jsonfeed.org/version/"
                  "1.1\",\"title\":\"J\",\"home_page_url\":\"/\",\"language\":\"de\","
                  "\"items\":[{\"id\":7,\"url\":\"/7\",\"title\":\"t\",\"content_html\":\"<p>x</"
                  "p>\",\"authors\":[{\"name\":\"N\"}],"
                  "\"date_published\":\"2026-11-22T09:04:00+01:00\",\"tags\":[\"a\",\"b\"],"
                  "\"attachments\":[{\"url\":\"m.mp3\",\"mime_type\":\"audio/"
                  "mpeg\",\"size_in_bytes\":5}]},"
                  "{\"id\":\"8\",\"content_text\":\"a < b\"}]}"));
    same(f.link, "https://e.org/");
    same(f.entries[0].id, "7");
    same(f.entries[0].link, "https://e.org/7");
    same(f.entries[0].author, "N");
    assert_int_equal(f.entries[0].enclosures[0].length, 5);
    assert_false(f.entries[1].content_is_html);
    assert_int_equal(feed_parse(&a, STR("{\"title\":\"x\"}"), STR_NONE, STR_NONE, &f, &e),
                     ERR_INVALID);
}

#define RSS(title) "<rss><channel><item><title>" title "</title></item></channel></rss>"

static void encodings_may_lie(void **state)
{
    (void)state;
    read_from("", STR("<?xml version='1.0' encoding='iso-8859-1'?>" RSS("\xDC"
                                                                        "ber \x80")));
    same(f.entries[0].title, "Über €");
    read_from("", STR("<?xml version='1.0' encoding='utf-8'?>" RSS("\xDC"
                                                                   "ber")));
    same(f.entries[0].title, "Über");
    read_from("", STR("<?xml version='1.0' encoding='iso-8859-1'?>" RSS("Über")));
    same(f.entries[0].title, "Über");
    read_from("", STR("\xEF\xBB\xBF<?xml version='1.0' encoding='koi8-r'?>" RSS("Über")));
    same(f.entries[0].title, "Über");
    assert_int_equal(feed_parse(&a, STR(RSS("\xC4\xD2")), STR("koi8-r"), STR_NONE, &f, &e), ERR_OK);
    same(f.entries[0].title, "др");
    static const char wide[] =
        "<\0r\0s\0s\0>\0<\0i\0t\0e\0m\0>\0<\0t\0i\0t\0l\0e\0>\0\xDC\0<\0/\0t\0i\0t\0l\0e\0>\0"
        "<\0/\0i\0t\0e\0m\0>\0<\0/\0r\0s\0s\0>";
    read_from("", (struct str){wide, sizeof wide});
    same(f.entries[0].title, "Ü");
}

static void no_document_brings_its_own_entities(void **state)
{
    (void)state;
    read_from("", STR("<!DOCTYPE rss [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\"><!ENTITY x SYSTEM "
                      "\"file:///etc/passwd\">]>" RSS(
                          "&b; &x; &nbsp;&uuml;&#228;&#60;b&#62; & &bogus; AT&T")));
    same(f.entries[0].title, "&b; &x; \xC2\xA0üä<b> & &bogus; AT&T");
}

static void a_broken_tail_costs_only_itself(void **state)
{
    (void)state;
    read_from("", STR("<rss><channel><title>t</title><item><title>1</title></item><item><title>2</"
                      "title></item>"
                      "<item><title>3</tit"));
    assert_true(f.recovered && f.entry_count >= 2);
    same(f.entries[1].title, "2");
    read_from("", STR("<rss><channel><item><title>1</b></title></item><item><title>\x0B"
                      "2</title></item></channel></rss>"));
    assert_true(f.recovered && f.entry_count == 2);
    static const char *const none[] = {"", "hello", "<html><body>x</body></html>", "<rss",
                                       "<?xml version='1.0'?>"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        assert_int_equal(feed_parse(&a, str_z(none[i]), STR_NONE, STR_NONE, &f, &e), ERR_INVALID);
}

static void caps_hold(void **state)
{
    (void)state;
    struct buf b;
    buf_init_in(&b, &a, FEED_BYTES_MAX + 100);
    buf_add_z(&b, "<rss><channel>");
    for (int i = 0; i < 3000; i++)
        buf_printf(&b, "<item><guid>%d</guid></item>", i);
    read_from("", buf_str(&b));
    assert_int_equal(f.entry_count, FEED_ENTRIES_MAX);
    buf_clear(&b);
    buf_add_z(&b, "<rss><channel><item><description>");
    for (int i = 0; i < 100000; i++)
        buf_add_z(&b, "<div>");
    read_from("", buf_str(&b)); /* nothing of it is deeper than allowed */
    assert_true(f.recovered && f.entry_count <= 1);
    buf_clear(&b);
    while (b.n <= FEED_BYTES_MAX)
        buf_add_z(&b, "<rss><channel>");
    assert_int_equal(feed_parse(&a, buf_str(&b), STR_NONE, STR_NONE, &f, &e), ERR_LIMIT);
}

static void printed_as_agreed(void **state)
{
    (void)state;
    read_from(
        "",
        STR("<rss><channel><title>t</title><item><title>1</title><guid isPermaLink='false'>g</guid>"
            "<pubDate>2026-11-22</pubDate></item></channel></rss>"));
    struct buf b;
    buf_init_in(&b, &a, 10000);
    feed_to_json(&b, &f);
    same(buf_str(&b),
         "{\"title\":\"t\",\"link\":null,\"language\":null,\"entries\":[{\"id\":\"g\",\"title\":"
         "\"1\",\"link\":null,"
         "\"author\":null,\"published\":\"2026-11-22T00:00:00Z\",\"updated\":null,\"summary\":null,"
         "\"content\":null,\"tags\":[],\"enclosures\":[]}]}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rss_2),
        cmocka_unit_test(atom_1),
        cmocka_unit_test(rdf_and_old_ones),
        cmocka_unit_test(json_feed),
        cmocka_unit_test(encodings_may_lie),
        {"case 64: no document brings its own entities", no_document_brings_its_own_entities, NULL,
         NULL, NULL},
        cmocka_unit_test(a_broken_tail_costs_only_itself),
        {"case 64: caps hold", caps_hold, NULL, NULL, NULL},
        cmocka_unit_test(printed_as_agreed),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
