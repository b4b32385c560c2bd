/* A batch of posts is what the same posts are one after the other: conversations in any order,
 * repeated ids, authors who change their names. Once more on PostgreSQL with ZURUF_TEST_PG. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "author_sql.h"
#include "base/arena.h"
#include "base/map.h"
#include "care_sql.h"
#include "flow/flow.h"
#include "flow/setup.h"
#include "post_sql.h"
#include "schema.h"
#include "store/store.h"
#include "text/unicode.h"
#include "understand/model.h"

enum { POSTS = 300, IDS = 220, AUTHORS = 25, BATCH = 150 };

struct side {
    int64_t brand, account;
    struct ingest_result results[POSTS];
};
struct house {
    char dir[64];
    struct arena arena;
    struct clock_fake clock;
    struct store *store;
    struct model *model;
    struct flow *flow;
    struct side one, many;
    struct item items[POSTS];
};

static struct errinfo e;

#define WELL(call)                                                                                 \
    do {                                                                                           \
        if ((call) != ERR_OK)                                                                      \
            fail_msg("%s: %s %s", #call, e.where, e.what);                                         \
    } while (0)

static void make_side(struct house *h, struct side *s, const char *name)
{
    struct account_made made;
    struct account_new account = {.channel = STR("demo"), .name = STR("@acme"), .is_public = true};
    const struct str names[] = {STR("@acme")};
    map_init(&account.settings, &h->arena);
    WELL(setup_brand(h->flow, 0,
                     &(struct brand_new){.name = str_z(name), .names = names, .names_n = 1},
                     &s->brand, &e));
    WELL(setup_account(h->flow, &h->arena, s->brand, 0, &account, &made, &e));
    s->account = made.id;
}

static int setup(void **state)
{
    struct house *h = calloc(1, sizeof *h);
    const char *url = getenv("ZURUF_TEST_PG");
    text_init();
    arena_init(&h->arena);
    snprintf(h->dir, sizeof h->dir, "/tmp/zuruf-batch-XXXXXX");
    assert_non_null(mkdtemp(h->dir));
    clock_fake_init(&h->clock, INT64_C(1795428000000));
    const struct store_options o = {.path = url ? NULL
                                                : arena_printf(&h->arena, "%s/zuruf.db", h->dir).p,
                                    .url = url,
                                    .migrations = schema_table,
                                    .migration_count = schema_count,
                                    .clock = &h->clock.clock};
    WELL(store_open(&h->store, &o, &e));
    WELL(model_open(&h->model,
                    arena_printf(&h->arena, "%s/model/zuruf.model", getenv("ZURUF_SOURCE")).p, &e));
    h->flow = flow_new(
        &(struct flow_options){.store = h->store, .model = h->model, .clock = &h->clock.clock});
    make_side(h, &h->one, "Acme");
    make_side(h, &h->many, "Acme again");
    *state = h;
    return 0;
}

static int teardown(void **state)
{
    struct house *h = *state;
    char command[128];
    flow_stop(h->flow);
    store_close(h->store);
    flow_free(h->flow);
    model_close(h->model);
    snprintf(command, sizeof command, "rm -r %s", h->dir);
    int rc = system(command);
    arena_deinit(&h->arena);
    free(h);
    return rc;
}

/* The same each time. */
static unsigned chance(unsigned below)
{
    static unsigned state = 4711;
    state = state * 1664525 + 1013904223;
    return (state >> 8) % below;
}

static void make_items(struct house *h)
{
    static const char *const texts[] = {"@acme wo bleibt meine Lieferung? Seit drei Tagen nichts!",
                                        "Schönes Wetter heute am Strand",
                                        "@acme dritte Mahnung obwohl bezahlt, niemand meldet sich",
                                        "@acme my order has not arrived, where is it?",
                                        "Danke, das hilft mir weiter \"<&>\" \\"};
    for (int i = 0; i < POSTS; i++) {
        struct str *parents = arena_array(&h->arena, 3, sizeof *parents);
        size_t n = chance(3);
        for (size_t k = 0; k < n; k++)
            parents[k] = arena_printf(&h->arena, "id \"%u\"", chance(IDS * 5 / 4));
        unsigned author = chance(AUTHORS);
        h->items[i] = (struct item){
            .external_id = arena_printf(&h->arena, "id \"%u\"", chance(IDS)),
            .parents = parents,
            .parent_count = n,
            .author_id = author ? arena_printf(&h->arena, "@who\\%u", author) : STR_NONE,
            .author_name =
                chance(4) ? arena_printf(&h->arena, "Who %u %u", author, chance(3)) : STR_NONE,
            .text = str_z(texts[chance(5)]),
            .published_at = h->clock.at - (int64_t)chance(1000) * CLOCK_MINUTE,
            .is_ours = chance(8) == 0,
            .is_private = chance(9) == 0,
            .reach = chance(1000)};
    }
}

static void bring(struct house *h, struct side *s, int from, int n)
{
    const struct ingest in = {
        .brand = s->brand, .account = s->account, .items = h->items + from, .n = (size_t)n};
    WELL(flow_ingest(h->flow, &in, s->results + from, &e));
}

static struct post_sql_get_row get_post(struct house *h, const struct side *s, int64_t id)
{
    struct post_sql_get_row p;
    WELL(post_sql_get(store_reader(h->store), &h->arena, &(struct post_sql_get_in){s->brand, id},
                      &p));
    return p;
}

/* All that is to be the same, in words. */
static const char *told(struct house *h, const struct side *s, int at)
{
    const struct ingest_result *r = &s->results[at];
    struct post_sql_get_row p = get_post(h, s, r->post);
    struct post_sql_get_row root = get_post(h, s, p.thread);
    struct care_sql_by_thread_row t;
    struct care_sql_get_row c = {0};
    struct author_sql_get_row who = {0};
    struct db *db = store_reader(h->store);
    struct str decides = STR("");
    enum err err =
        care_sql_by_thread(db, &h->arena, &(struct care_sql_by_thread_in){s->brand, p.thread}, &t);
    assert_true(err == ERR_OK || err == ERR_NOT_FOUND);
    if (err == ERR_OK) {
        WELL(care_sql_get(db, &h->arena, &(struct care_sql_get_in){s->brand, t.id}, &c));
        decides = get_post(h, s, c.post).external_id;
    }
    assert_true(!r->case_id || r->case_id == c.id);
    if (p.author)
        WELL(author_sql_get(db, &h->arena, &(struct author_sql_get_in){s->brand, p.author}, &who));
    return arena_printf(&h->arena,
                        "%d %d case %d | %s in %s by %s (%s) | %s | %lld %lld %lld %lld %lld %lld "
                        "%lld %lld %s of %s",
                        r->status, r->differs, r->case_id != 0, p.external_id.p, root.external_id.p,
                        who.identity.p, who.name.p, p.text.p, (long long)c.number,
                        (long long)c.state, (long long)c.kind, (long long)c.waiting_at,
                        (long long)c.due_at, (long long)c.rank_at, (long long)c.first_answered_at,
                        (long long)c.version, c.rank_why.p, decides.p)
        .p;
}

static size_t found(struct house *h, const struct side *s)
{
    struct post_sql_terms_after_row *rows;
    size_t n, own = 0;
    struct post_sql_get_row p;
    WELL(post_sql_terms_after(store_reader(h->store), &h->arena,
                              &(struct post_sql_terms_after_in){0, 3 * POSTS}, &rows, &n));
    for (size_t i = 0; i < n; i++)
        own += post_sql_get(store_reader(h->store), &h->arena,
                            &(struct post_sql_get_in){s->brand, rows[i].post}, &p) == ERR_OK;
    return own;
}

static void a_batch_is_what_its_posts_are_one_by_one(void **state)
{
    struct house *h = *state;
    size_t stored = 0, cases = 0, renamed = 0;
    make_items(h);
    for (int i = 0; i < POSTS; i++)
        bring(h, &h->one, i, 1);
    for (int i = 0; i < POSTS; i += BATCH)
        bring(h, &h->many, i, BATCH);
    for (int i = 0; i < POSTS; i++) {
        assert_string_equal(told(h, &h->many, i), told(h, &h->one, i));
        stored += h->many.results[i].status == INGEST_STORED;
        cases += h->many.results[i].case_id != 0;
        renamed += h->many.results[i].differs;
    }
    assert_true(stored > POSTS / 2 && stored < POSTS);
    assert_true(cases > POSTS / 6 && renamed > POSTS / 20);
    assert_int_equal(found(h, &h->one), stored);
    assert_int_equal(found(h, &h->many), stored);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_batch_is_what_its_posts_are_one_by_one, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
