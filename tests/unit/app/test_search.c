/* What the search box finds: the same posts in the same order on both engines, over the texts of
 * the demo and some of other scripts. With ZURUF_TEST_PG the queries run on PostgreSQL as well. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "account_sql.h"
#include "base/arena.h"
#include "base/buf.h"
#include "brand_sql.h"
#include "post_sql.h"
#include "posts/search.h"
#include "schema.h"
#include "search_sql.h"
#include "store/store.h"
#include "text/analyse.h"
#include "text/json.h"
#include "text/unicode.h"

enum { CORPUS_MAX = 600, QUERIES_MAX = 2000, BRANDS = 2, LIMIT = 1000 };

static const char *const others[] = {
    "Привет, мир! Где мой заказ?",
    "東京タワーに行く。電気が来ません。",
    "สวัสดีครับ ไฟดับ",
    "Ελληνικά: πού είναι το ρεύμα;",
    "नमस्ते, बिजली नहीं है",
    "Mail an jo.m@e.org oder https://www.example.org/hilfe/strom?x=1, Tel. 0800-1234-56",
    "Rechnung Nr. 4711-08 vom 22.11.2026 über 1.234,56 €",
    "ÄÖÜ äöü ß ẞ ﬁn ①② ½ İstanbul ıI",
    "👍🏽👍 ❤️ gut gut gut sehr gut",
    "a\xCC\x88u\xCC\x88 kombiniert, e\xCC\x81t\xC3\xA9",
    "don't can't o'neill d'accord l’eau",
    "C++ C# .NET @all #StromWeg #strom_weg @jo@social.example",
    "die der das und oder nicht",
    "' \\ : * & | ! < > ( ) \" ; --",
};

static const char *const asked[] = {
    "Rechnung",
    "rechnungen",
    "Strom",
    "strom weg",
    "die Rechnung für den Strom",
    "\"seit drei Tagen\"",
    "\"guten Morgen\"",
    "stro*",
    "zähl*",
    "Zähler",
    "zaehler",
    "ausfall",
    "Glasfaser",
    "glas*",
    "Störung",
    "stoerung",
    "Mahnung",
    "Inkasso",
    "Vertrag kündigen",
    "Kündigung",
    "Techniker",
    "\"der Techniker\"",
    "Termin",
    "invoice",
    "the power is out",
    "outage",
    "\"power outage\"",
    "jo.m@e.org",
    "e.org",
    "example.org",
    "0800-1234-56",
    "1234",
    "4711-08",
    "4711",
    "22.11.2026",
    "2026",
    "1.234,56",
    "#stromweg",
    "stromweg",
    "#strom_weg",
    "@jo@social.example",
    "social",
    "Привет",
    "заказ",
    "東京タワー",
    "電気",
    "สวัสดี",
    "ρεύμα",
    "बिजली",
    "ß",
    "ss",
    "ä",
    "ae",
    "fin",
    "İstanbul",
    "istanbul",
    "gut",
    "\"gut gut\"",
    "\"gut gut gut gut\"",
    "\"sehr gut\"",
    "und",
    "die und der",
    "nicht",
    "don't",
    "o'neill",
    "l’eau",
    "C++",
    "été",
    "äü",
    "nosuchword",
    "Rechnung nosuchword",
    "\"Strom Rechnung\"",
    "Wasser OR Strom",
    "NOT Strom",
    "a* b*",
    "s*",
    "Svea",
    "Lorenz",
    "Malte Ketelsen",
    "@malte.ketelsen",
    "malte",
    "Christiansen",
    "bernd rechnung",
    "Deichkurier",
};

struct doc {
    int64_t id, brand;
    struct str title, text, terms;
    const char *language;
};

static const struct search_where everywhere;

struct house {
    char dir[64];
    struct arena arena;
    struct doc docs[CORPUS_MAX];
    size_t doc_count;
    struct str queries[QUERIES_MAX];
    size_t query_count;
    struct store *stores[2];
    size_t store_count;
};

static void add_doc(struct house *h, struct str title, struct str text, struct str who)
{
    struct arena *a = &h->arena;
    assert_true(h->doc_count < CORPUS_MAX);
    struct doc *d = &h->docs[h->doc_count];
    *d = (struct doc){.id = 1000 + (int64_t)h->doc_count * 7,
                      .brand = h->doc_count % 9 == 8 ? 2 : 1,
                      .title = arena_str(a, title),
                      .text = arena_str(a, text),
                      .language = h->doc_count % 5 == 4 ? "en" : "de"};
    const struct str parts[] = {d->title, d->text, who};
    d->terms = analyse_text(a, arena_join(a, parts, 3, STR("\n")), str_z(d->language));
    h->doc_count++;
}

static void read_corpus(struct house *h)
{
    struct json_lines lines;
    struct json *v;
    struct errinfo e = {0};
    struct arena one;
    arena_init(&one);
    FILE *f = fopen(arena_printf(&h->arena, "%s/demo/posts.jsonl", getenv("ZURUF_SOURCE")).p, "r");
    assert_non_null(f);
    json_lines_init(&lines, f);
    while (json_lines_next(&lines, &one, &v, &e) == ERR_OK && v)
        add_doc(h, json_text(v, "title"), json_text(v, "text"), json_text(v, "author"));
    json_lines_deinit(&lines);
    fclose(f);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        add_doc(h, STR_NONE, str_z(others[i]), STR_NONE);
    assert_true(h->doc_count > 300);
    arena_deinit(&one);
}

static void add_query(struct house *h, const char *fmt, struct str x, struct str y)
{
    assert_true(h->query_count < QUERIES_MAX);
    struct buf b;
    buf_init_in(&b, &h->arena, 1000);
    for (const char *p = fmt; *p; p++)
        if (*p == 'X' || *p == 'Y')
            buf_add(&b, *p == 'X' ? x : y);
        else
            buf_add_char(&b, *p);
    h->queries[h->query_count++] = buf_str(&b);
}

/* Those from above, and words of each text: one, two, side by side, begun. */
static void make_queries(struct house *h)
{
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++)
        h->queries[h->query_count++] = str_z(asked[i]);
    for (size_t i = 0; i < h->doc_count; i += 3) {
        struct str rest = h->docs[i].text, words[40];
        size_t n = 0;
        while (n < 40 && str_next(&rest, ' ', &words[n]))
            n++;
        if (n < 2)
            continue;
        size_t at = i % (n - 1);
        add_query(h, "X", words[at], STR_NONE);
        add_query(h, "X Y", words[at], words[n - 1]);
        add_query(h, "\"X Y\"", words[at], words[at + 1]);
        add_query(h, "X*", utf8_clip(words[at], 4), STR_NONE);
    }
}

static enum err write_corpus(struct tx *tx, void *arg, struct errinfo *e)
{
    struct house *h = arg;
    (void)e;
    for (int64_t b = 1; b <= BRANDS; b++) {
        const struct str key = b == 1 ? STR("one") : STR("two");
        TRY(brand_sql_insert(tx,
                             &(struct brand_sql_insert_in){.id = b,
                                                           .key = key,
                                                           .name = key,
                                                           .language = STR("de"),
                                                           .timezone = STR("Europe/Berlin"),
                                                           .signature = STR("none")},
                             NULL));
        TRY(account_sql_insert(tx,
                               &(struct account_sql_insert_in){.id = b,
                                                               .brand = b,
                                                               .key = key,
                                                               .channel = STR("file"),
                                                               .network = STR("mail"),
                                                               .name = key,
                                                               .settings = STR("{}")},
                               NULL));
    }
    for (size_t i = 0; i < h->doc_count; i++) {
        const struct doc *d = &h->docs[i];
        TRY(post_sql_insert(
            tx,
            &(struct post_sql_insert_in){.id = d->id,
                                         .brand = d->brand,
                                         .account = d->brand,
                                         .external_id = arena_printf(tx_arena(tx), "%zu", i),
                                         .thread = d->id,
                                         .title = d->title,
                                         .text = d->text},
            NULL));
        struct str terms = post_search_terms(tx_arena(tx), d->terms, d->brand);
        TRY(post_sql_terms_add(tx, &(struct post_sql_terms_add_in){d->id, ANALYSE_VERSION, terms},
                               NULL));
        TRY(post_sql_search_add(tx, &(struct post_sql_search_add_in){d->id, terms}, NULL));
    }
    return ERR_OK;
}

static void open_store(struct house *h, const char *path, const char *url)
{
    struct errinfo e = {0};
    const struct store_options o = {
        .path = path, .url = url, .migrations = schema_table, .migration_count = schema_count};
    if (store_open(&h->stores[h->store_count], &o, &e) != ERR_OK)
        fail_msg("%s: %s", e.where, e.what);
    if (store_write(h->stores[h->store_count++], write_corpus, h, &e) != ERR_OK)
        fail_msg("%s: %s", e.where, e.what);
}

static int setup(void **state)
{
    struct house *h = calloc(1, sizeof *h);
    const char *tmp = getenv("TMPDIR"), *url = getenv("ZURUF_TEST_PG");
    text_init();
    arena_init(&h->arena);
    snprintf(h->dir, sizeof h->dir, "%s/zuruf-search-XXXXXX", tmp ? tmp : "/tmp");
    assert_non_null(mkdtemp(h->dir));
    read_corpus(h);
    make_queries(h);
    open_store(h, arena_printf(&h->arena, "%s/zuruf.db", h->dir).p, NULL);
    if (url)
        open_store(h, NULL, url);
    *state = h;
    return 0;
}

static int teardown(void **state)
{
    struct house *h = *state;
    for (size_t i = 0; i < h->store_count; i++)
        store_close(h->stores[i]);
    unlink(arena_printf(&h->arena, "%s/zuruf.db", h->dir).p);
    unlink(arena_printf(&h->arena, "%s/zuruf.db.lock", h->dir).p);
    rmdir(h->dir);
    arena_deinit(&h->arena);
    free(h);
    return 0;
}

/* Ids that a query finds, newest first. */
static size_t search(struct house *h, struct arena *a, size_t store, struct str query,
                     const struct search_where *where, int64_t brand, int64_t before, int64_t limit,
                     struct search_sql_posts_row **rows)
{
    struct store *s = h->stores[store];
    size_t n = 0;
    const struct search_sql_posts_in in = {.brand = brand,
                                           .match =
                                               post_search_match(a, store_engine(s), where, query),
                                           .before = before,
                                           .kind = -1,
                                           .state = -1,
                                           .limit = limit};
    *rows = NULL;
    if (in.match.n && search_sql_posts(store_reader(s), a, &in, rows, &n) != ERR_OK)
        fail_msg("'%.*s' fails as: %.*s", STR_FMT(query), STR_FMT(in.match));
    for (size_t i = 1; i < n; i++)
        assert_true((*rows)[i].id < (*rows)[i - 1].id);
    return n;
}

static bool finds(struct house *h, const char *query, const char *text)
{
    struct arena a;
    struct search_sql_posts_row *rows;
    bool found = false;
    arena_init(&a);
    for (int64_t brand = 1; brand <= BRANDS; brand++) {
        size_t n = search(h, &a, 0, str_z(query), &everywhere, brand, INT64_MAX, LIMIT, &rows);
        for (size_t i = 0; i < n; i++)
            found |= str_find(rows[i].text, str_z(text), 0) >= 0;
    }
    arena_deinit(&a);
    return found;
}

static void what_is_asked_for_is_found(void **state)
{
    static const struct {
        const char *query, *text;
        bool found;
    } cases[] = {
        {"example.org", "www.example.org", true},
        {"jo.m@e.org", "Mail an jo", true},
        {"1234", "0800-1234-56", true},
        {"0800-1234-56", "0800-1234-56", true},
        {"\"gut gut\"", "gut gut gut", true},
        {"\"gut sehr\"", "gut sehr gut", true},
        {"\"sehr sehr\"", "gut sehr gut", false},
        {"die Hilfe und der Strom", "hilfe/strom", true},
        {"Svea Lorenz", "der Polier auf dem", true},
        {"電気", "電気が来ません", true},
        {"weg strom", "#strom_weg", true},
        {"strom_weg", "#strom_weg", true},
        {"Polier", "geduldiger Polier", true},
        {"Onkel Polier", "ist mein Onkel", true},
        /* what the index holds of a post's place is no word */
        {".a1", "gut", false},
        {"\".a1\"", "gut", false},
        {".a1*", "gut", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (finds(*state, cases[i].query, cases[i].text) != cases[i].found)
            fail_msg("'%s' %s '%s'", cases[i].query, cases[i].found ? "does not find" : "finds",
                     cases[i].text);
}

static void both_engines_find_the_same(void **state)
{
    struct house *h = *state;
    struct arena a;
    size_t found = 0, hits = 0;
    arena_init(&a);
    assert_true(h->query_count > 400);
    for (size_t q = 0; q < h->query_count; q++)
        for (int64_t brand = 1; brand <= BRANDS; brand++) {
            struct search_sql_posts_row *rows[2] = {NULL};
            size_t n[2] = {0};
            for (size_t s = 0; s < h->store_count; s++)
                n[s] =
                    search(h, &a, s, h->queries[q], &everywhere, brand, INT64_MAX, LIMIT, &rows[s]);
            found += n[0] > 0;
            hits += n[0];
            for (size_t s = 1; s < h->store_count; s++) {
                bool same = n[s] == n[0];
                for (size_t i = 0; same && i < n[0]; i++)
                    same = rows[s][i].id == rows[0][i].id && rows[0][i].id != 0 &&
                           str_eq(rows[s][i].text, rows[0][i].text);
                if (!same)
                    fail_msg("'%.*s' finds %zu and %zu: %.*s", STR_FMT(h->queries[q]), n[0], n[s],
                             STR_FMT(post_search_match(&a, store_engine(h->stores[s]), &everywhere,
                                                       h->queries[q])));
            }
            arena_clear(&a);
        }
    print_message("# %zu queries on %zu engines, %zu of them with hits, %zu hits\n", h->query_count,
                  h->store_count, found, hits);
    assert_true(found > 300 && hits > 2000);
    arena_deinit(&a);
}

/* Where one looks narrows what is passed, not what is found. */
static void looking_in_the_right_place_finds_the_same(void **state)
{
    struct house *h = *state;
    struct arena a;
    size_t hits = 0;
    arena_init(&a);
    for (size_t q = 0; q < h->query_count; q++)
        for (size_t s = 0; s < h->store_count; s++) {
            struct search_sql_posts_row *all, *some;
            const int64_t accounts[] = {99, 1}, other[] = {2};
            const struct search_where places[] = {{.accounts = accounts, .n = 2},
                                                  {accounts, 2, SEARCH_NARROW_MAX + 1}};
            size_t n = search(h, &a, s, h->queries[q], &everywhere, 1, INT64_MAX, LIMIT, &all);
            for (size_t p = 0; p < 2; p++) {
                assert_int_equal(
                    search(h, &a, s, h->queries[q], &places[p], 1, INT64_MAX, LIMIT, &some), n);
                for (size_t i = 0; i < n; i++)
                    assert_int_equal(some[i].id, all[i].id);
            }
            assert_int_equal(search(h, &a, s, h->queries[q],
                                    &(struct search_where){.accounts = other, .n = 1}, 1, INT64_MAX,
                                    LIMIT, &some),
                             0);
            hits += n;
            arena_clear(&a);
        }
    assert_true(hits > 1000);
    arena_deinit(&a);
}

static void pages_follow_one_another(void **state)
{
    struct house *h = *state;
    struct arena a;
    arena_init(&a);
    for (size_t s = 0; s < h->store_count; s++) {
        struct search_sql_posts_row *all, *page;
        size_t n = search(h, &a, s, STR("s*"), &everywhere, 1, INT64_MAX, LIMIT, &all), at = 0, got;
        assert_true(n > 100);
        int64_t before = INT64_MAX;
        while ((got = search(h, &a, s, STR("s*"), &everywhere, 1, before, 30, &page)) > 0) {
            for (size_t i = 0; i < got; i++, at++)
                assert_int_equal(page[i].id, all[at].id);
            before = page[got - 1].id;
        }
        assert_int_equal(at, n);
    }
    arena_deinit(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_asked_for_is_found),
        cmocka_unit_test(both_engines_find_the_same),
        cmocka_unit_test(looking_in_the_right_place_finds_the_same),
        cmocka_unit_test(pages_follow_one_another),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
