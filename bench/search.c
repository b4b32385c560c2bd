/* search.c - the search box over 1,000,000 posts, newest first, as the page of results asks: the
 * time of the statement for 31 hits, by kind of question, on SQLite and, with ZURUF_TEST_PG, on
 * PostgreSQL. Texts are words of the shipped labels as often as they stand there, with names among
 * them that are the rarer the longer (by Zipf). The store is made in FOLDER once and kept there.
 *   bench_search SOURCE [FOLDER [POSTS]]    exit 1 when p95 on SQLite is not below 5 ms */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <libpq-fe.h>

#include "account_sql.h"
#include "author_sql.h"
#include "base/arena.h"
#include "base/buf.h"
#include "brand_sql.h"
#include "care_sql.h"
#include "domain/words.h"
#include "house.h"
#include "post_sql.h"
#include "posts/search.h"
#include "schema.h"
#include "search_sql.h"
#include "text/analyse.h"
#include "text/unicode.h"

enum {
    POSTS = 1000000,
    BATCH = 5000,
    NAMES = 300000,
    AUTHORS = 50000,
    LINES = 60, /* of a kind of question */
    TURNS = 4,  /* each line; the quickest counts: others use this machine, too */
    HITS = 31,  /* a page and one more */
    LARGE = 1,  /* the brand of nearly all posts; */
    SMALL = 2,  /* of every thousandth */
    WORDS_MIN = 6,
    WORDS_MAX = 30
};
static const int64_t NOON = INT64_C(1795428000000);

/* Account = 10 * brand + place. The third network has one post in 20,000, the last one none. */
static const char *const networks[] = {"mastodon", "mail", "webhook", "telegram"};
enum { NETWORKS = 4 };

struct bench {
    struct texts texts;
    struct str *words; /* all words of all texts, as often as they come */
    size_t word_count;
    int64_t posts;
    struct store *store;
    int64_t done; /* written so far */
};

/* The same posts each time. */
static uint64_t random_state = 4711;
static uint64_t chance(uint64_t below)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (random_state >> 33) % below;
}

static void split_words(struct bench *b)
{
    for (size_t turn = 0; turn < 2; turn++) {
        b->word_count = 0;
        for (size_t i = 0; i < b->texts.n; i++) {
            struct str rest = b->texts.list[i], word;
            while (str_next(&rest, ' ', &word)) {
                if (word.n && b->words)
                    b->words[b->word_count] = word;
                b->word_count += word.n > 0;
            }
        }
        if (!b->words)
            b->words = arena_array(&b->texts.arena, b->word_count, sizeof *b->words);
    }
}

/* "bakolu": three bytes of a place, or four. */
static struct str name_of(struct arena *a, uint64_t place)
{
    static const char *const parts[] = {"ba", "ko", "lu", "mi", "ne", "ra", "su", "ti",
                                        "vo", "xa", "ze", "pi", "do", "fu", "ga", "ju"};
    struct buf buf;
    buf_init_in(&buf, a, 64);
    for (uint64_t n = place + 4096; n; n /= 16)
        buf_add_z(&buf, parts[n % 16]);
    return buf_str(&buf);
}

static uint64_t zipf(uint64_t most)
{
    uint64_t below = 1;
    while (below < most && chance(8))
        below *= 2;
    return chance(below < most ? below : most);
}

static struct str join(struct arena *a, struct str x, struct str y)
{
    return arena_join(a, (const struct str[]){x, y}, 2, STR(" "));
}

static struct str make_text(struct bench *b, struct arena *a)
{
    struct buf out;
    if (chance(2))
        return join(a, b->texts.list[chance(b->texts.n)], name_of(a, zipf(NAMES)));
    buf_init_in(&out, a, 4000);
    for (uint64_t n = WORDS_MIN + chance(WORDS_MAX - WORDS_MIN); n; n--) {
        buf_add(&out, chance(12) ? b->words[chance(b->word_count)] : name_of(a, zipf(NAMES)));
        buf_add_char(&out, ' ');
    }
    return buf_str(&out);
}

static enum err write_frame(struct tx *tx, void *arg, struct errinfo *e)
{
    struct author_sql_insert_in author = {.brand = LARGE, .network = STR("mastodon"), .now = NOON};
    (void)arg;
    (void)e;
    for (int64_t brand = LARGE; brand <= SMALL; brand++) {
        struct str key = arena_printf(tx_arena(tx), "brand%lld", (long long)brand);
        TRY(brand_sql_insert(tx,
                             &(struct brand_sql_insert_in){.id = brand,
                                                           .key = key,
                                                           .name = key,
                                                           .language = STR("de"),
                                                           .timezone = STR("Europe/Berlin"),
                                                           .signature = STR("none")},
                             NULL));
        for (int i = 0; i < NETWORKS; i++)
            TRY(account_sql_insert(tx,
                                   &(struct account_sql_insert_in){.id = 10 * brand + i,
                                                                   .brand = brand,
                                                                   .key = str_z(networks[i]),
                                                                   .channel = STR("api"),
                                                                   .network = str_z(networks[i]),
                                                                   .name = key,
                                                                   .settings = STR("{}")},
                                   NULL));
    }
    for (int i = 1; i <= AUTHORS; i++) {
        author.id = i;
        author.identity = author.name = arena_printf(tx_arena(tx), "@customer%d", i);
        TRY(author_sql_insert_rows(tx, &author, 1));
    }
    return ERR_OK;
}

static void make_post(struct bench *b, struct arena *a, int64_t id, struct post_sql_insert_in *p,
                      struct post_sql_terms_add_in *t, struct post_sql_search_add_in *s)
{
    int64_t brand = chance(1000) ? LARGE : SMALL;
    int64_t network = chance(20000) == 0 ? 2 : chance(4) == 0;
    *p = (struct post_sql_insert_in){.id = id,
                                     .brand = brand,
                                     .account = 10 * brand + network,
                                     .external_id = arena_printf(a, "post-%lld", (long long)id),
                                     .thread = id,
                                     .author = 1 + (int64_t)chance(AUTHORS),
                                     .published_at = NOON + id,
                                     .received_at = NOON + id,
                                     .kind = (int64_t)chance(KIND_COUNT),
                                     .text = make_text(b, a)};
    *t = (struct post_sql_terms_add_in){
        id, ANALYSE_VERSION, post_search_terms(a, analyse_text(a, p->text, STR("de")), p->account)};
    *s = (struct post_sql_search_add_in){id, t->terms};
}

/* Every third post has a case; those of long ago are closed, but for some. */
static void make_case(const struct bench *b, const struct post_sql_insert_in *p,
                      struct care_sql_insert_in *c)
{
    *c = (struct care_sql_insert_in){.id = p->id,
                                     .brand = p->brand,
                                     .number = p->id,
                                     .thread = p->id,
                                     .account = p->account,
                                     .author = p->author,
                                     .post = p->id,
                                     .title = STR("case"),
                                     .kind = p->kind,
                                     .posts = 1,
                                     .now = p->published_at,
                                     .waiting_at = p->published_at,
                                     .rank_at = p->published_at};
    (void)b;
}

static enum err write_posts(struct tx *tx, void *arg, struct errinfo *e)
{
    static struct post_sql_insert_in posts[BATCH];
    static struct post_sql_terms_add_in terms[BATCH];
    static struct post_sql_search_add_in search[BATCH];
    static struct care_sql_insert_in cases[BATCH];
    struct bench *b = arg;
    size_t n = 0, with_case = 0;
    uint64_t before = random_state;
    (void)e;
    for (; n < BATCH && b->done + (int64_t)n < b->posts; n++) {
        make_post(b, tx_arena(tx), b->done + (int64_t)n + 1, &posts[n], &terms[n], &search[n]);
        if (chance(3) == 0)
            make_case(b, &posts[n], &cases[with_case++]);
    }
    enum err err = post_sql_insert_rows(tx, posts, n);
    if (err == ERR_OK)
        err = post_sql_terms_add_rows(tx, terms, n);
    if (err == ERR_OK)
        err = care_sql_insert_rows(tx, cases, with_case);
    for (size_t i = 0; err == ERR_OK && i < with_case; i++)
        if (b->done + (int64_t)n < b->posts - b->posts / 50 && cases[i].id % 100)
            err = care_sql_close(
                tx, &(struct care_sql_close_in){cases[i].brand, cases[i].id, NOON + b->posts},
                NULL);
    if (err == ERR_OK)
        err = post_sql_search_add_rows(tx, search, n);
    if (err != ERR_OK)
        random_state = before; /* it may run again */
    else
        b->done += (int64_t)n;
    return err;
}

static void open_store(struct bench *b, const char *path, const char *url)
{
    struct errinfo e = {0};
    const struct store_options o = {
        .path = path, .url = url, .migrations = schema_table, .migration_count = schema_count};
    if (store_open(&b->store, &o, &e) != ERR_OK)
        fail(e.what);
}

static void fill(struct bench *b)
{
    struct errinfo e = {0};
    b->done = 0;
    random_state = 4711;
    if (store_write(b->store, write_frame, b, &e) != ERR_OK)
        fail(e.what);
    while (b->done < b->posts) {
        if (store_write(b->store, write_posts, b, &e) != ERR_OK)
            fail(e.what);
        if (b->done % 100000 == 0)
            fprintf(stderr, "%lld posts\n", (long long)b->done);
    }
}

/* --- questions --- */

struct question {
    struct str line, network;
    int64_t brand, kind, state;
};

static struct str word_of(struct bench *b, struct arena *a, size_t least)
{
    for (;;) {
        struct str w = b->words[chance(b->word_count)];
        if (analyse_text(a, w, STR("de")).n >= least)
            return w;
    }
}

static struct str often(void)
{
    static const char *const words[] = {"nordwerk", "rechnung", "app",     "support", "service",
                                        "kunden",   "seit",     "problem", "email",   "order"};
    return str_z(words[chance(sizeof words / sizeof *words)]);
}

static void ask_rare(struct bench *b, struct arena *a, struct question *q)
{
    (void)b;
    q->line = name_of(a, NAMES / 4 + chance(NAMES / 2));
}
static void ask_often(struct bench *b, struct arena *a, struct question *q)
{
    (void)b;
    (void)a;
    q->line = often();
}
static void ask_any(struct bench *b, struct arena *a, struct question *q)
{
    q->line = word_of(b, a, 4);
}
static void ask_two(struct bench *b, struct arena *a, struct question *q)
{
    q->line = join(a, word_of(b, a, 4), word_of(b, a, 4));
}
static void ask_often_and_rare(struct bench *b, struct arena *a, struct question *q)
{
    (void)b;
    q->line = join(a, often(), name_of(a, chance(NAMES / 2)));
}
static void ask_three(struct bench *b, struct arena *a, struct question *q)
{
    q->line = join(a, often(), join(a, word_of(b, a, 4), word_of(b, a, 4)));
}
/* Two words that stand side by side in a text. */
static void ask_phrase(struct bench *b, struct arena *a, struct question *q)
{
    size_t at = chance(b->word_count - 2);
    struct buf out;
    buf_init_in(&out, a, 1000);
    for (size_t i = at; i < at + 2; i++)
        for (size_t k = 0; k <= b->words[i].n; k++) {
            char c = k < b->words[i].n ? b->words[i].p[k] : ' ';
            if (c != '"')
                buf_add_char(&out, c);
        }
    struct str both = str_trim(buf_str(&out));
    q->line = arena_printf(a, "\"%.*s\"", STR_FMT(both));
}
/* Words that never stand side by side. */
static void ask_no_phrase(struct bench *b, struct arena *a, struct question *q)
{
    (void)b;
    struct str word = often();
    q->line = arena_printf(a, "\"%.*s nordwerk nordwerk\"", STR_FMT(word));
}
static void ask_begins(struct bench *b, struct arena *a, struct question *q)
{
    static const char *const begins[] = {"rechn*",  "kund*",  "tele*",  "vertr*",
                                         "liefer*", "inter*", "bako*",  "luxam*",
                                         "stör*",   "mahn*",  "order*", "deliv*"};
    (void)b;
    (void)a;
    q->line = str_z(begins[chance(sizeof begins / sizeof *begins)]);
}
static void ask_none(struct bench *b, struct arena *a, struct question *q)
{
    (void)b;
    struct str never = arena_printf(a, "qyqyqy%llu", (unsigned long long)chance(100000));
    q->line = join(a, often(), never);
}
static void ask_waiting(struct bench *b, struct arena *a, struct question *q)
{
    ask_often(b, a, q);
    q->state = CASE_WAITING;
}
static void ask_kind(struct bench *b, struct arena *a, struct question *q)
{
    ask_any(b, a, q);
    q->kind = KIND_COMPLAINT;
}
static void ask_channel(struct bench *b, struct arena *a, struct question *q)
{
    ask_often(b, a, q);
    q->network = STR("mail");
}
static void ask_rare_channel(struct bench *b, struct arena *a, struct question *q)
{
    ask_often(b, a, q);
    q->network = STR("webhook");
}
static void ask_empty_channel(struct bench *b, struct arena *a, struct question *q)
{
    ask_often(b, a, q);
    q->network = STR("telegram");
}
static void ask_small_brand(struct bench *b, struct arena *a, struct question *q)
{
    ask_any(b, a, q);
    q->brand = SMALL;
}

static const struct kind_of {
    const char *name;
    void (*ask)(struct bench *b, struct arena *a, struct question *q);
    bool apart; /* the worst that somebody can think of: not in the sum */
} kinds[] = {
    {"a rare word", ask_rare},
    {"a word of the texts", ask_any},
    {"a common word", ask_often},
    {"two words", ask_two},
    {"a common and a rare word", ask_often_and_rare},
    {"three words, one common", ask_three},
    {"two words side by side", ask_phrase},
    {"common words, never side by side", ask_no_phrase, true},
    {"words that begin like this", ask_begins},
    {"nothing is found", ask_none},
    {"a word, complaints only", ask_kind},
    {"a common word, a channel", ask_channel},
    {"a common word, a rare channel", ask_rare_channel},
    {"a common word, a channel without posts", ask_empty_channel},
    {"a common word, waiting cases", ask_waiting},
    {"a word, a brand with every 1,000th post", ask_small_brand},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

static double millis(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1000 + (double)t.tv_nsec / 1e6;
}

/* As account.items counts them. */
static int64_t share_of(const struct bench *b, int64_t brand, int network)
{
    static const double shares[] = {0.75, 0.25, 1.0 / 20000, 0};
    return (int64_t)((double)b->posts * shares[network] * (brand == LARGE ? 0.999 : 0.001));
}

static size_t ask(struct bench *b, struct arena *a, const struct question *q, double *took)
{
    struct search_sql_posts_row *rows;
    size_t n;
    int64_t accounts[NETWORKS];
    struct search_where where = {.accounts = accounts};
    for (int i = 0; i < NETWORKS; i++)
        if (!q->network.n || str_eq_z(q->network, networks[i])) {
            accounts[where.n++] = 10 * q->brand + i;
            where.posts += share_of(b, q->brand, i);
        }
    double from = millis();
    const struct search_sql_posts_in in = {
        .brand = q->brand,
        .match = post_search_match(a, store_engine(b->store), &where, q->line),
        .before = INT64_MAX,
        .kind = q->kind,
        .state = q->state,
        .network = q->network,
        .limit = HITS};
    if (search_sql_posts(store_reader(b->store), a, &in, &rows, &n) != ERR_OK)
        fail("the search failed");
    *took = millis() - from;
    return n;
}

static int by_size(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;
    return (a > b) - (a < b);
}

static double at_share(double *list, size_t n, double share)
{
    qsort(list, n, sizeof *list, by_size);
    return list[(size_t)((double)(n - 1) * share)];
}

/* The 95th percentile of all kinds together. */
static double measure(struct bench *b, const char *engine)
{
    static double all[KINDS * LINES];
    double took[LINES];
    size_t n = 0;
    random_state = 99;
    printf("%s, %lld posts\n%-42s %8s %8s %8s %6s\n", engine, (long long)b->posts, "", "p50 ms",
           "p95 ms", "max ms", "hits");
    for (size_t k = 0; k < KINDS; k++) {
        size_t hits = 0;
        for (int i = 0; i < LINES; i++) {
            struct arena a;
            struct question q = {.brand = LARGE, .kind = -1, .state = -1};
            double ms;
            arena_init(&a);
            kinds[k].ask(b, &a, &q);
            for (int turn = 0; turn < TURNS; turn++) {
                size_t found = ask(b, &a, &q, &ms);
                hits += turn ? 0 : found;
                took[i] = turn && took[i] < ms ? took[i] : ms;
            }
            if (getenv("BENCH_LINES"))
                printf("  %8.2f %.*s\n", took[i], STR_FMT(q.line));
            arena_deinit(&a);
        }
        if (!kinds[k].apart) {
            memcpy(all + n, took, sizeof took);
            n += LINES;
        }
        double p50 = at_share(took, LINES, 0.5), p95 = at_share(took, LINES, 0.95);
        printf("%-42s %8.2f %8.2f %8.2f %6.1f\n", kinds[k].name, p50, p95, took[LINES - 1],
               (double)hits / LINES);
        fflush(stdout);
    }
    double p50 = at_share(all, n, 0.5), p95 = at_share(all, n, 0.95);
    printf("%-42s %8.2f %8.2f %8.2f\n", "all but the words never side by side", p50, p95,
           all[n - 1]);
    return p95;
}

static void forget(const char *path)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    char file[500];
    for (size_t i = 0; i < 3; i++) {
        snprintf(file, sizeof file, "%s%s", path, ends[i]);
        unlink(file);
    }
}

/* What autovacuum does on a server that runs. */
static void settle(const char *url)
{
    PGconn *c = PQconnectdb(url);
    PGresult *r = PQexec(c, "VACUUM ANALYZE");
    if (PQresultStatus(r) != PGRES_COMMAND_OK)
        fail(PQerrorMessage(c));
    PQclear(r);
    PQfinish(c);
}

int main(int argc, char **argv)
{
    struct bench b = {.posts = argc > 3 ? strtoll(argv[3], NULL, 10) : POSTS};
    const char *url = getenv("ZURUF_TEST_PG");
    char path[400], making[420];
    if (argc < 2 || b.posts < BATCH) {
        fprintf(stderr, "usage: bench_search SOURCE [FOLDER [POSTS]]\n");
        return 2;
    }
    text_init();
    texts_read(&b.texts, argv[1]);
    split_words(&b);
    snprintf(path, sizeof path, "%s/zuruf-search-%lld.db", argc > 2 ? argv[2] : "/tmp",
             (long long)b.posts);
    snprintf(making, sizeof making, "%s.new", path);
    if (access(path, R_OK) != 0) { /* a half-made one is never taken for a whole one */
        forget(making);
        forget(path);
        open_store(&b, making, NULL);
        fill(&b);
        store_close(b.store);
        if (rename(making, path) != 0)
            fail(path);
    }
    open_store(&b, path, NULL);
    double p95 = measure(&b, "SQLite");
    store_close(b.store);
    if (url) {
        open_store(&b, NULL, url);
        fill(&b);
        settle(url);
        measure(&b, "PostgreSQL");
        store_close(b.store);
    }
    bool good = report("search, SQLite, p95", p95, 1, "ms", 5, true);
    texts_free(&b.texts);
    return good ? 0 : 1;
}
