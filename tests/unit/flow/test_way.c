/* The way of a post in, over a real store and a model trained on the spot: judged, routed, a case;
 * follow-ups, duplicates, and what agents do with a case. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "care_sql.h"
#include "case_house.h"
#include "flow/channel_use.h"
#include "flow/flow.h"
#include "flow/flow_int.h"
#include "flow/item_json.h"
#include "flow/setup.h"
#include "store/lease.h"
#include "store/store.h"
#include "text/json.h"

static void only_a_post_that_needs_somebody_becomes_a_case(void **state)
{
    struct case_house *h = *state;
    assert_int_equal(case_house_post(h, "1", NULL, "Schönes Wetter heute am Strand").case_id, 0);
    struct ingest_result r =
        case_house_post(h, "2", NULL, "@acme dritte Mahnung obwohl bezahlt, niemand meldet sich");
    assert_int_not_equal(r.case_id, 0);
    struct care_sql_get_row c = case_house_case(h, r.case_id);
    assert_int_equal(c.state, CASE_WAITING);
    assert_int_equal(c.kind, KIND_COMPLAINT);
    assert_int_equal(c.team, h->team);
    assert_int_equal(c.priority, PRIORITY_HIGH);
    assert_string_equal(c.tags.p, "mahnung");
    assert_int_equal(c.due_at, h->clock.at + 30 * CLOCK_MINUTE);
    assert_true(c.rank_at < c.due_at);
    assert_int_equal(c.number, 1);
}

static struct str words_of(struct case_house *h, const char *text)
{
    struct errinfo e = {0};
    struct judged said;
    const struct item item = {.text = str_z(text)};
    const struct brand_view *b = flow_brand(h->flow, h->brand, &e);
    assert_non_null(b);
    flow_judge(h->flow, b, &item, false, &h->arena, &said);
    flow_brand_release(b);
    assert_true(said.needs);
    return said.words;
}

static void the_beginning_does_not_stand_for_a_post(void **state)
{
    struct case_house *h = *state;
    static const char *const texts[] = {
        "Niemand meldet sich, liebes Acme, und die Lieferung ist seit drei Tagen kaputt",
        "Kaputt, schon wieder kaputt, @acme, und niemand meldet sich seit drei Tagen"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct str words = words_of(h, texts[i]);
        assert_true(words.n > 3);
        assert_true(str_find(str_z(texts[i]), words, 0) > 0);
    }
    assert_true(words_of(h, "Kaputt @acme").n > 3); /* where there is nothing else */
}

static void the_same_post_twice_is_stored_once(void **state)
{
    struct case_house *h = *state;
    struct ingest_result first = case_house_post(h, "1", NULL, "@acme wo bleibt meine Lieferung?");
    struct ingest_result again = case_house_post(h, "1", NULL, "@acme wo bleibt meine Lieferung?");
    assert_int_equal(first.status, INGEST_STORED);
    assert_int_equal(again.status, INGEST_DUPLICATE);
    assert_int_equal(again.post, first.post);
    assert_int_equal(again.case_id, 0);
}

static void a_thread_is_one_case_also_when_the_answer_comes_first(void **state)
{
    struct case_house *h = *state;
    struct ingest_result child = case_house_post(h, "b", "a", "@acme wann kommt meine Rechnung?");
    struct ingest_result sibling = case_house_post(h, "c", "a", "@acme wo bleibt meine Lieferung?");
    struct ingest_result root = case_house_post(h, "a", NULL, "Heute Abend Fußball im Park");
    assert_int_equal(sibling.case_id, child.case_id);
    assert_int_equal(root.case_id, child.case_id);
    struct care_sql_get_row c = case_house_case(h, child.case_id);
    assert_int_equal(c.post, sibling.post);
    assert_int_equal(c.number, 1);
}

static void two_agents_cannot_take_one_case(void **state)
{
    struct case_house *h = *state;
    struct errinfo e = {0};
    struct ingest_result r = case_house_post(h, "1", NULL, "@acme wo bleibt meine Lieferung?");
    struct who other = h->who;
    other.agent = 99;
    assert_int_equal(flow_take(h->flow, &h->who, r.case_id, &e), ERR_OK);
    assert_int_equal(flow_take(h->flow, &h->who, r.case_id, &e), ERR_OK);
    assert_int_equal(flow_take(h->flow, &other, r.case_id, &e), ERR_CONFLICT);
    assert_non_null(strstr(e.what, "Aylin Brandt"));
}

static void only_who_is_on_it_or_a_lead_gives_a_case_back(void **state)
{
    struct case_house *h = *state;
    struct errinfo e = {0};
    struct ingest_result r = case_house_post(h, "1", NULL, "@acme wo bleibt meine Lieferung?");
    struct who other = h->who, lead = h->who;
    other.agent = 99;
    lead.agent = 98;
    lead.role = ROLE_LEAD;
    h->who.role = other.role = ROLE_AGENT;
    assert_int_equal(flow_release(h->flow, &other, r.case_id, &e), ERR_OK); /* nobody's */
    assert_int_equal(flow_take(h->flow, &h->who, r.case_id, &e), ERR_OK);
    assert_int_equal(flow_release(h->flow, &other, r.case_id, &e), ERR_DENIED);
    assert_int_equal(case_house_case(h, r.case_id).assignee, h->who.agent);
    assert_int_equal(flow_release(h->flow, &lead, r.case_id, &e), ERR_OK);
    assert_int_equal(case_house_case(h, r.case_id).assignee, 0);
    assert_int_equal(flow_take(h->flow, &h->who, r.case_id, &e), ERR_OK);
    assert_int_equal(flow_release(h->flow, &h->who, r.case_id, &e), ERR_OK);
    assert_int_equal(case_house_case(h, r.case_id).assignee, 0);
}

static void a_poll_that_lost_its_account_stores_nothing(void **state)
{
    struct case_house *h = *state;
    struct errinfo e = {0};
    struct lease mine, other;
    struct ingest_result result;
    const struct item item = {.external_id = STR("9"),
                              .author_id = STR("@hauke"),
                              .text = STR("@acme wo bleibt meine Lieferung?"),
                              .published_at = h->clock.at};
    const struct ingest in = {
        .brand = h->brand, .account = h->account, .items = &item, .n = 1, .lease = &mine};
    assert_int_equal(lease_take(h->store, "account:1", CLOCK_MINUTE, &mine), ERR_OK);
    h->clock.at += CLOCK_MINUTE;
    assert_int_equal(lease_take(h->store, "account:1", CLOCK_MINUTE, &other), ERR_OK);
    assert_int_equal(flow_ingest(h->flow, &in, &result, &e), ERR_CONFLICT);
    assert_string_equal(e.where, "cursor");
    lease_release(&other);
    assert_int_equal(lease_take(h->store, "account:1", CLOCK_MINUTE, &mine), ERR_OK);
    assert_int_equal(flow_ingest(h->flow, &in, &result, &e), ERR_OK);
    assert_int_equal(result.status, INGEST_STORED);
}

static void snooze_wakes_and_a_correction_is_kept(void **state)
{
    struct case_house *h = *state;
    struct errinfo e = {0};
    struct ingest_result r = case_house_post(h, "1", NULL, "@acme wo bleibt meine Lieferung?");
    assert_int_equal(flow_snooze(h->flow, &h->who, r.case_id, h->clock.at - 1, &e), ERR_INVALID);
    assert_int_equal(flow_snooze(h->flow, &h->who, r.case_id, h->clock.at + CLOCK_HOUR, &e),
                     ERR_OK);
    flow_tick(h->flow);
    assert_int_equal(case_house_case(h, r.case_id).state, CASE_SNOOZED);
    h->clock.at += CLOCK_HOUR;
    flow_tick(h->flow);
    assert_int_equal(case_house_case(h, r.case_id).state, CASE_WAITING);
    assert_int_equal(flow_correct(h->flow, &h->who, r.post, FACT_KIND, KIND_COMPLAINT, &e), ERR_OK);
    assert_int_equal(case_house_case(h, r.case_id).kind, KIND_COMPLAINT);
    assert_int_equal(flow_correct(h->flow, &h->who, r.post, FACT_REACTION, ANSWER_NO, &e), ERR_OK);
    assert_int_equal(case_house_case(h, r.case_id).state, CASE_CLOSED);
    assert_int_equal(flow_correct(h->flow, &h->who, r.post, FACT_KIND, 77, &e), ERR_INVALID);
}

static void another_brand_finds_nothing(void **state)
{
    struct case_house *h = *state;
    struct errinfo e = {0};
    struct ingest_result r = case_house_post(h, "1", NULL, "@acme wo bleibt meine Lieferung?");
    struct who stranger = h->who;
    assert_int_equal(
        setup_brand(h->flow, 0, &(struct brand_new){.name = STR("Other")}, &stranger.brand, &e),
        ERR_OK);
    assert_int_equal(flow_take(h->flow, &stranger, r.case_id, &e), ERR_NOT_FOUND);
    assert_int_equal(flow_reply(h->flow, &stranger, r.case_id, 0, STR("x"), false, NULL, &e),
                     ERR_NOT_FOUND);
    assert_int_equal(flow_note(h->flow, &stranger, r.case_id, STR("x"), &e), ERR_NOT_FOUND);
    assert_int_equal(flow_correct(h->flow, &stranger, r.post, FACT_KIND, KIND_IDEA, &e),
                     ERR_NOT_FOUND);
    assert_int_equal(flow_close(h->flow, &stranger, r.case_id, &e), ERR_NOT_FOUND);
}

static void fields_of_a_post_are_checked_and_unknown_ones_kept(void **state)
{
    struct case_house *h = *state;
    struct item item;
    struct json *v;
    struct errinfo e = {0};
    assert_int_equal(
        json_parse(
            &h->arena,
            STR("{\"id\":7,\"text\":\"x\",\"mood\":[1],\"author\":{\"id\":\"@a\",\"name\":\"A\"},"
                "\"in_reply_to\":[\"1\",\"2\"],\"published_at\":1700000000}"),
            &v, &e),
        ERR_OK);
    assert_int_equal(item_from_json(&h->arena, v, &item, &e), ERR_OK);
    assert_true(str_eq_z(item.external_id, "7") && item.parent_count == 2 &&
                str_eq_z(item.author_name, "A"));
    assert_int_equal(item.published_at, INT64_C(1700000000000));
    assert_string_equal(item.extra.p, "{\"mood\":[1]}");
    assert_int_equal(json_parse(&h->arena, STR("{\"id\":\"8\",\"text\":\"x\"}"), &v, &e), ERR_OK);
    assert_int_equal(item_from_json(&h->arena, v, &item, &e), ERR_OK);
    assert_true(item.parent_count == 0 && !item.parents);
    static const struct {
        const char *json, *where;
    } bad[] = {{"{\"text\":\"x\"}", "id"},
               {"{\"id\":\"1\"}", "text"},
               {"{\"id\":\"1\",\"text\":5.5}", "text"},
               {"[]", "post"},
               {"{\"id\":\"1\",\"text\":\"x\",\"published_at\":\"gestern\"}", "published_at"},
               {"{\"id\":\"1\",\"text\":\"x\",\"in_reply_to\":[{}]}", "in_reply_to"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(json_parse(&h->arena, str_z(bad[i].json), &v, &e), ERR_OK);
        assert_int_equal(item_from_json(&h->arena, v, &item, &e), ERR_INVALID);
        assert_string_equal(e.where, bad[i].where);
    }
}

static void what_nobody_entered_has_its_preset(void **state)
{
    struct case_house *h = *state;
    struct errinfo e = {0};
    struct seal_key key;
    struct str text[] = {STR("imaps://mail.acme.example"), STR("care@acme.example"), STR("geheim"),
                         STR("all"), STR("")};
    assert_int_equal(seal_key_open(&key, arena_printf(&h->arena, "%s/key", h->dir).p, &e), ERR_OK);
    struct flow *f =
        flow_new(&(struct flow_options){.store = h->store, .model = h->model, .key = &key});
    struct account_new account = {.channel = STR("mail"), .name = STR("care@acme.example")};
    struct account_made made;
    map_init(&account.settings, &h->arena);
    map_set(&account.settings, STR("imap_url"), &text[0]);
    map_set(&account.settings, STR("user"), &text[1]);
    map_set(&account.settings, STR("address"), &text[1]);
    map_set(&account.settings, STR("password"), &text[2]);
    map_set(&account.settings, STR("since"), &text[3]);
    map_set(&account.settings, STR("folders"), &text[4]);
    assert_int_equal(setup_account(f, &h->arena, h->brand, 0, &account, &made, &e), ERR_OK);
    struct channel_use use;
    assert_int_equal(channel_use(f, &h->arena, h->brand, made.id, &use, &e), ERR_OK);
    assert_string_equal(channel_setting(&use.ctx, "folders").p, "INBOX");
    assert_string_equal(channel_setting(&use.ctx, "since").p, "all");
    assert_null(channel_setting(&use.ctx, "smtp_url").p);
    assert_string_equal(channel_setting(&use.ctx, "password").p, "geheim");
    flow_free(f);
    seal_key_deinit(&key);
}

#define WAY(fn) cmocka_unit_test_setup_teardown(fn, case_house_setup, case_house_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WAY(only_a_post_that_needs_somebody_becomes_a_case),
        WAY(the_beginning_does_not_stand_for_a_post),
        WAY(the_same_post_twice_is_stored_once),
        WAY(a_thread_is_one_case_also_when_the_answer_comes_first),
        WAY(two_agents_cannot_take_one_case),
        WAY(only_who_is_on_it_or_a_lead_gives_a_case_back),
        WAY(a_poll_that_lost_its_account_stores_nothing),
        WAY(snooze_wakes_and_a_correction_is_kept),
        WAY(another_brand_finds_nothing),
        WAY(fields_of_a_post_are_checked_and_unknown_ones_kept),
        WAY(what_nobody_entered_has_its_preset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
