/* What a brand does not keep any longer goes, and nothing else; posts come in meanwhile. Once more
 * on PostgreSQL with ZURUF_TEST_PG. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "author_sql.h"
#include "base/arena.h"
#include "brand_sql.h"
#include "care_sql.h"
#include "case_sql.h"
#include "flow/flow.h"
#include "flow/flow_int.h"
#include "flow/setup.h"
#include "lists_sql.h"
#include "outbox_sql.h"
#include "people/people.h"
#include "post_sql.h"
#include "posts/search.h"
#include "schema.h"
#include "search_sql.h"
#include "store/store.h"
#include "text/unicode.h"
#include "understand/model.h"

enum { MANY = 3000, SLOW_MS = 5000 };

struct house {
    char dir[64];
    struct arena arena;
    struct clock_fake clock;
    struct store *store;
    struct model *model;
    struct flow *flow;
    int64_t brand, account;
    struct who who;
};

static struct errinfo e;

#define WELL(call)                                                                                 \
    do {                                                                                           \
        if ((call) != ERR_OK)                                                                      \
            fail_msg("%s: %s %s", #call, e.where, e.what);                                         \
    } while (0)

static enum err write_agent(struct tx *tx, void *arg, struct errinfo *info)
{
    struct house *h = arg;
    const struct agent_new in = {.email = STR("a@acme.example"),
                                 .name = STR("Aylin Brandt"),
                                 .role = ROLE_AGENT,
                                 .brand = h->brand,
                                 .at = h->clock.at};
    return agent_create(h->store, tx, &in, &h->who.agent, info);
}

static int setup(void **state)
{
    struct house *h = calloc(1, sizeof *h);
    const char *url = getenv("ZURUF_TEST_PG");
    text_init();
    arena_init(&h->arena);
    snprintf(h->dir, sizeof h->dir, "/tmp/zuruf-retain-XXXXXX");
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
    WELL(setup_brand(h->flow, 0, &(struct brand_new){.name = STR("Acme")}, &h->brand, &e));
    h->who = (struct who){.brand = h->brand, .role = ROLE_AGENT, .name = "Aylin Brandt"};
    WELL(store_write(h->store, write_agent, h, &e));
    struct account_made made;
    struct account_new account = {.channel = STR("demo"), .name = STR("@acme"), .is_public = true};
    map_init(&account.settings, &h->arena);
    WELL(setup_account(h->flow, &h->arena, h->brand, 0, &account, &made, &e));
    h->account = made.id;
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

/* A post that came so many days ago. */
static int64_t post(struct house *h, const char *id, const char *parent, const char *author,
                    const char *text, int days)
{
    struct str parents[] = {str_z(parent)};
    const struct item_attachment file = {
        .name = STR("bild.png"), .type = STR("image/png"), .data = STR("12345")};
    const struct item item = {.external_id = str_z(id),
                              .parents = parents,
                              .parent_count = parent != NULL,
                              .author_id = str_z(author),
                              .author_name = str_z(author),
                              .text = str_z(text),
                              .attachments = &file,
                              .attachment_count = 1,
                              .published_at = h->clock.at - days * CLOCK_DAY};
    const struct ingest_refused bad = {STR("line 1"), STR("no JSON"), STR("raw bytes")};
    const struct ingest in = {.brand = h->brand,
                              .account = h->account,
                              .items = &item,
                              .n = 1,
                              .refused = &bad,
                              .refused_n = 1};
    struct ingest_result r;
    WELL(flow_ingest(h->flow, &in, &r, &e));
    assert_int_equal(r.status, INGEST_STORED);
    return r.post;
}

static enum err write_days(struct tx *tx, void *arg, struct errinfo *info)
{
    struct house *h = arg;
    struct brand_sql_get_row b;
    int64_t changed;
    (void)info;
    TRY(brand_sql_get(tx_db(tx), tx_arena(tx), &(struct brand_sql_get_in){h->brand}, &b));
    TRY(brand_sql_update(tx,
                         &(struct brand_sql_update_in){.brand = h->brand,
                                                       .name = b.name,
                                                       .language = b.language,
                                                       .timezone = b.timezone,
                                                       .signature = b.signature,
                                                       .address = b.address,
                                                       .retention_days = 30,
                                                       .now = h->clock.at,
                                                       .version = b.version},
                         &changed));
    return changed ? ERR_OK : ERR_CONFLICT;
}

/* Until a look has come to its end. */
static void delete_old(struct house *h)
{
    h->flow->retain.next = 0;
    for (int i = 0; !h->flow->retain.next; i++) {
        assert_true(i < 600);
        flow_tick(h->flow);
    }
}

static bool there(struct house *h, int64_t post)
{
    struct post_sql_get_row row;
    return post_sql_get(store_reader(h->store), &h->arena,
                        &(struct post_sql_get_in){h->brand, post}, &row) == ERR_OK;
}

static size_t found(struct house *h, const char *words)
{
    struct search_sql_posts_row *rows;
    size_t n = 0;
    const struct search_sql_posts_in in = {
        .brand = h->brand,
        .match = post_search_match(&h->arena, store_engine(h->store), &(struct search_where){0},
                                   str_z(words)),
        .before = INT64_MAX,
        .kind = -1,
        .state = -1,
        .limit = 5000};
    WELL(search_sql_posts(store_reader(h->store), &h->arena, &in, &rows, &n));
    return n;
}

static bool author_there(struct house *h, const char *identity)
{
    struct author_sql_find_row *rows;
    size_t n;
    WELL(author_sql_find(store_reader(h->store), &h->arena,
                         &(struct author_sql_find_in){
                             h->brand, STR("demo"), arena_printf(&h->arena, "[\"%s\"]", identity)},
                         &rows, &n));
    return n == 1;
}

static size_t lines_of_log(struct house *h, const char **detail)
{
    struct lists_sql_audit_row *rows;
    size_t n, lines = 0;
    WELL(lists_sql_audit(store_reader(h->store), &h->arena,
                         &(struct lists_sql_audit_in){h->brand, INT64_MAX, 200}, &rows, &n));
    for (size_t i = n; i-- > 0;)
        if (str_eq_z(rows[i].what, "retention.delete")) {
            lines++;
            *detail = rows[i].detail.p;
        }
    return lines;
}

static void old_conversations_go_and_nothing_else(void **state)
{
    struct house *h = *state;
    struct db *db = store_reader(h->store);
    struct case_sql_notes_row *notes;
    struct case_sql_attachments_row *files;
    struct care_sql_get_row c;
    struct outbox_sql_waiting_row *waiting;
    const char *detail = "";
    int64_t open_case, closed_case;
    size_t n;
    int64_t ended[] = {post(h, "a1", NULL, "@only", "Laterne am Deich kaputt", 60),
                       post(h, "a2", "a1", "@both", "Laterne brennt wieder", 50)};
    int64_t closed = post(h, "d1", NULL, "@only", "Rechnung doppelt Laterne", 90);
    int64_t kept[] = {post(h, "b1", NULL, "@both", "Laterne alt, Gespräch jung", 60),
                      post(h, "b2", "b1", "@late", "Laterne, immer noch dunkel", 5),
                      post(h, "c1", NULL, "@open", "Laterne offen", 70),
                      post(h, "e1", NULL, "@late", "Laterne von gestern", 1)};
    WELL(flow_open_case(h->flow, &h->who, kept[2], &open_case, &e));
    WELL(flow_open_case(h->flow, &h->who, closed, &closed_case, &e));
    WELL(flow_note(h->flow, &h->who, closed_case, STR("eine Notiz"), &e));
    WELL(flow_record_reply(h->flow, h->brand, h->who.agent, closed_case, STR("Laterne: erledigt"),
                           h->clock.at - 80 * CLOCK_DAY, true, &e));
    assert_int_equal(found(h, "Laterne"), 8);
    delete_old(h);
    assert_int_equal(found(h, "Laterne"), 8); /* the brand keeps everything */

    WELL(store_write(h->store, write_days, h, &e));
    delete_old(h);
    assert_int_equal(found(h, "Laterne"), 8); /* time to notice a wrong number */
    h->clock.at += CLOCK_HOUR + CLOCK_MINUTE;
    delete_old(h);
    assert_int_equal(found(h, "Laterne"), 4);
    assert_false(there(h, ended[0]) || there(h, ended[1]) || there(h, closed));
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        assert_true(there(h, kept[i]));
    assert_int_equal(
        care_sql_get(db, &h->arena, &(struct care_sql_get_in){h->brand, closed_case}, &c),
        ERR_NOT_FOUND);
    WELL(care_sql_get(db, &h->arena, &(struct care_sql_get_in){h->brand, open_case}, &c));
    WELL(case_sql_notes(db, &h->arena, &(struct case_sql_notes_in){h->brand, closed_case}, &notes,
                        &n));
    assert_int_equal(n, 0);
    WELL(case_sql_attachments(db, &h->arena, &(struct case_sql_attachments_in){h->brand, kept[0]},
                              &files, &n));
    assert_int_equal(n, 2);
    WELL(outbox_sql_waiting(db, &h->arena, &waiting, &n));
    assert_false(author_there(h, "@only"));
    assert_true(author_there(h, "@both") && author_there(h, "@open") && author_there(h, "@late"));
    assert_int_equal(lines_of_log(h, &detail), 1);
    assert_string_equal(detail, "4 posts, 1 cases");

    /* the case is closed: then its conversation is old enough as well */
    WELL(flow_close(h->flow, &h->who, open_case, &e));
    delete_old(h);
    assert_int_equal(found(h, "Laterne"), 3);
    assert_false(author_there(h, "@open"));
    delete_old(h);
    assert_int_equal(lines_of_log(h, &detail), 2);
    WELL(store_check(h->store, &e));
}

/* --- while posts come in --- */

struct stream {
    struct house *h;
    atomic_bool stop;
    int batches;
    int64_t slowest;
    enum err err;
};

static enum err bring(struct house *h, const char *prefix, int number, int n, int days)
{
    struct item items[100];
    struct arena a;
    struct errinfo own = {0};
    arena_init(&a);
    for (int i = 0; i < n; i++)
        items[i] = (struct item){
            .external_id = arena_printf(&a, "%s%d-%d", prefix, number, i),
            .author_id = arena_printf(&a, "@%s%d", prefix, (number * n + i) % 50),
            .text = arena_printf(&a, "Strom weg in der Straße %d, seit %d Tagen", i, number),
            .published_at = h->clock.at - days * CLOCK_DAY + i};
    const struct ingest in = {
        .brand = h->brand, .account = h->account, .items = items, .n = (size_t)n};
    enum err err = flow_ingest(h->flow, &in, NULL, &own);
    arena_deinit(&a);
    return err;
}

static void *bring_all(void *arg)
{
    struct stream *s = arg;
    do {
        int64_t since = clock_mono();
        s->err = bring(s->h, "new", s->batches++, 10, 0);
        int64_t took = clock_mono() - since;
        s->slowest = took > s->slowest ? took : s->slowest;
        /* a busy source, not one that keeps the database from everybody else */
        nanosleep(&(struct timespec){.tv_nsec = 10 * 1000 * 1000}, NULL);
    } while (!atomic_load(&s->stop) && s->err == ERR_OK);
    return NULL;
}

static void posts_come_in_meanwhile(void **state)
{
    struct house *h = *state;
    struct stream s = {.h = h};
    pthread_t thread;
    for (int i = 0; i < MANY / 100; i++)
        WELL(bring(h, "old", i, 100, 40 + i));
    assert_int_equal(found(h, "\"Strom weg\""), MANY);
    assert_int_equal(pthread_create(&thread, NULL, bring_all, &s), 0);
    delete_old(h);
    atomic_store(&s.stop, true);
    pthread_join(thread, NULL);
    assert_int_equal(s.err, ERR_OK);
    print_message("# %d batches of 10 came in meanwhile, the slowest took %lld ms\n", s.batches,
                  (long long)s.slowest);
    assert_true(s.batches > 3);
    assert_true(s.slowest < SLOW_MS);
    assert_int_equal(found(h, "\"Strom weg\""), s.batches * 10 < 5000 ? s.batches * 10 : 5000);
    assert_false(author_there(h, "@old0"));
    WELL(store_check(h->store, &e));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"case 09: old conversations go, from search too, and nothing else",
         old_conversations_go_and_nothing_else, NULL, NULL, NULL},
        cmocka_unit_test(posts_come_in_meanwhile),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
