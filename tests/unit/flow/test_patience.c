/* How long an answer is tried again while its receiver is out of order: told by a clock of the
 * test's own, days in a moment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "crypt/seal.h"
#include "flow/flow.h"
#include "flow/setup.h"
#include "outbox_sql.h"
#include "schema.h"
#include "stand_in.h"
#include "store/store.h"
#include "understand/model.h"

#define NOW INT64_C(1795428000000)
enum { TRIES_MAX = 1000 };

static struct house {
    char dir[64];
    struct arena arena;
    struct clock_fake clock;
    struct store *store;
    struct model *model;
    struct flow *flow;
    struct seal_key key;
    struct stand_in receiver;
    int64_t brand, account;
    char id[128];   /* X-Zuruf-Id of the first try */
    bool other_ids; /* another one came */
} h;

static void answer(void *ctx, int fd, const struct stand_in_request *r)
{
    struct str id = stand_in_header(r, "x-zuruf-id");
    (void)ctx;
    if (!h.id[0])
        snprintf(h.id, sizeof h.id, "%.*s", STR_FMT(id));
    h.other_ids |= !id.n || !str_eq_z(id, h.id);
    stand_in_printf(fd, "HTTP/1.1 500 Out of order\r\nContent-Length: 0\r\n\r\n");
}

static int setup(void **unused)
{
    struct errinfo e = {0};
    char path[512];
    (void)unused;
    h = (struct house){.dir = "/tmp/zuruf-patience-XXXXXX"};
    if (!mkdtemp(h.dir))
        return -1;
    arena_init(&h.arena);
    clock_fake_init(&h.clock, NOW);
    stand_in_start(&h.receiver, answer, NULL);
    const struct store_options options = {.path = arena_printf(&h.arena, "%s/zuruf.db", h.dir).p,
                                          .migrations = schema_table,
                                          .migration_count = schema_count,
                                          .clock = &h.clock.clock};
    assert_int_equal(store_open(&h.store, &options, &e), ERR_OK);
    snprintf(path, sizeof path, "%s/model/zuruf.model", getenv("ZURUF_SOURCE"));
    assert_int_equal(model_open(&h.model, path, &e), ERR_OK);
    h.flow = flow_new(&(struct flow_options){
        .store = h.store, .model = h.model, .key = &h.key, .clock = &h.clock.clock});
    assert_int_equal(setup_brand(h.flow, 0, &(struct brand_new){.name = STR("Acme")}, &h.brand, &e),
                     ERR_OK);
    struct account_made made;
    struct account_new account = {
        .channel = STR("api"), .name = STR("Portal"), .is_public = true, .allow_private = true};
    struct str url = stand_in_url(&h.receiver, &h.arena, "/answers");
    map_init(&account.settings, &h.arena);
    struct str secret = STR("geheim-geheim-geheim");
    map_set(&account.settings, STR("url"), &url);
    map_set(&account.settings, STR("secret"), &secret);
    assert_int_equal(setup_account(h.flow, &h.arena, h.brand, 0, &account, &made, &e), ERR_OK);
    h.account = made.id;
    return 0;
}

static int teardown(void **unused)
{
    char command[128];
    (void)unused;
    flow_stop(h.flow);
    store_close(h.store);
    flow_free(h.flow);
    model_close(h.model);
    stand_in_stop(&h.receiver);
    arena_deinit(&h.arena);
    snprintf(command, sizeof command, "rm -r %s", h.dir);
    return system(command);
}

static int64_t answer_to(const char *text)
{
    const struct item item = {
        .external_id = STR("1"), .author_id = STR("@hauke"), .text = str_z(text)};
    const struct ingest in = {.brand = h.brand, .account = h.account, .items = &item, .n = 1};
    const struct who who = {
        .agent = 7, .brand = h.brand, .role = ROLE_AGENT, .name = "A", .initials = "A"};
    struct ingest_result r;
    struct errinfo e = {0};
    int64_t case_id, message;
    assert_int_equal(flow_ingest(h.flow, &in, &r, &e), ERR_OK);
    assert_int_equal(flow_open_case(h.flow, &who, r.post, &case_id, &e), ERR_OK);
    assert_int_equal(
        flow_reply(h.flow, &who, case_id, 0, STR("Wir sehen nach."), false, &message, &e), ERR_OK);
    return message;
}

static struct outbox_sql_get_row message_now(int64_t id)
{
    struct outbox_sql_get_row m;
    assert_int_equal(outbox_sql_get(store_reader(h.store), &h.arena,
                                    &(struct outbox_sql_get_in){h.brand, id}, &m),
                     ERR_OK);
    return m;
}

static void an_answer_is_given_up_after_three_days(void **unused)
{
    struct outbox_sql_next_due_row next;
    struct outbox_sql_get_row m;
    (void)unused;
    int64_t id = answer_to("Meine Rechnung ist falsch!"), tries = 0, longest = 0;
    while ((m = message_now(id)).state == MESSAGE_QUEUED) {
        assert_int_equal(outbox_sql_next_due(store_reader(h.store), &h.arena, &next), ERR_OK);
        int64_t pause = next.at - h.clock.at;
        longest = pause > longest ? pause : longest;
        h.clock.at = pause > 0 ? next.at : h.clock.at;
        assert_int_equal(flow_deliver_due(h.flow), 1);
        assert_true(++tries < TRIES_MAX);
    }
    assert_int_equal(m.state, MESSAGE_FAILED);
    assert_true(h.clock.at - m.created_at >= 3 * CLOCK_DAY);
    assert_true(h.clock.at - m.created_at < 3 * CLOCK_DAY + 2 * CLOCK_HOUR);
    assert_true(longest <= CLOCK_HOUR * 5 / 4);
    assert_true(atomic_load(&h.receiver.hits) > 10); /* the rest: no more than a host is asked */
    assert_false(h.other_ids);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"case 56: an answer is given up after three days", an_answer_is_given_up_after_three_days,
         setup, teardown, NULL},
    };
    return cmocka_run_group_tests_name("flow/patience", tests, NULL, NULL);
}
