/* The way of an answer out: undo, the outbox, sent once; what came back, what was being sent when a
 * run ended, and what a person decides about it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "account_sql.h"
#include "base/arena.h"
#include "care_sql.h"
#include "case_house.h"
#include "flow/flow.h"
#include "flow/flow_int.h"
#include "flow/setup.h"
#include "outbox_sql.h"
#include "store/store.h"

static void a_reply_waits_for_undo_and_then_leaves_once(void **state)
{
    struct case_house *h = *state;
    struct errinfo e = {0};
    int64_t message;
    struct ingest_result r = case_house_post(h, "1", NULL, "@acme wo bleibt meine Lieferung?");
    assert_int_equal(flow_take(h->flow, &h->who, r.case_id, &e), ERR_OK);
    assert_int_equal(
        flow_reply(h->flow, &h->who, r.case_id, 0, STR("Morgen ist sie da."), true, &message, &e),
        ERR_OK);
    assert_int_equal(flow_deliver_due(h->flow), 0);
    assert_int_equal(case_house_message(h, message), MESSAGE_QUEUED);
    assert_int_equal(case_house_case(h, r.case_id).state, CASE_CLOSED);
    h->clock.at += 15 * CLOCK_SECOND;
    assert_int_equal(flow_deliver_due(h->flow), 1);
    assert_int_equal(case_house_message(h, message), MESSAGE_SENT);
    assert_int_equal(flow_deliver_due(h->flow), 0);
    /* the customer writes again: the case comes back with the clock of a further answer */
    struct ingest_result back = case_house_post(h, "2", "1", "@acme wann kommt meine Rechnung?");
    assert_int_equal(back.case_id, r.case_id);
    struct care_sql_get_row c = case_house_case(h, r.case_id);
    assert_int_equal(c.state, CASE_WAITING);
    assert_int_equal(c.due_is_first, 0);
    assert_int_equal(c.due_at, h->clock.at + 2 * CLOCK_HOUR);
}

static void a_reply_can_be_taken_back_before_it_left(void **state)
{
    struct case_house *h = *state;
    struct errinfo e = {0};
    int64_t message;
    struct care_sql_draft_get_row draft;
    struct ingest_result r = case_house_post(h, "1", NULL, "@acme wo bleibt meine Lieferung?");
    int64_t due = case_house_case(h, r.case_id).due_at;
    assert_int_equal(flow_reply(h->flow, &h->who, r.case_id, 0, STR("Huch"), false, &message, &e),
                     ERR_OK);
    assert_int_equal(flow_recall(h->flow, &h->who, message, &e), ERR_OK);
    assert_int_equal(case_house_case(h, r.case_id).state, CASE_WAITING);
    assert_int_equal(case_house_case(h, r.case_id).due_at, due);
    assert_int_equal(care_sql_draft_get(store_reader(h->store), &h->arena,
                                        &(struct care_sql_draft_get_in){h->brand, h->who.agent,
                                                                        r.case_id, DRAFT_ANSWER},
                                        &draft),
                     ERR_OK);
    assert_string_equal(draft.text.p, "Huch ^AB");
    h->clock.at += CLOCK_HOUR;
    assert_int_equal(flow_deliver_due(h->flow), 0);
    assert_int_equal(flow_recall(h->flow, &h->who, message, &e), ERR_CONFLICT);
}

static void a_reply_that_is_too_long_is_refused_with_its_signature(void **state)
{
    struct case_house *h = *state;
    struct errinfo e = {0};
    struct ingest_result r = case_house_post(h, "1", NULL, "@acme wo bleibt meine Lieferung?");
    char text[101];
    memset(text, 'x', 98);
    text[98] = 0;
    assert_int_equal(flow_reply(h->flow, &h->who, r.case_id, 0, str_z(text), false, NULL, &e),
                     ERR_LIMIT);
    text[96] = 0;
    assert_int_equal(flow_reply(h->flow, &h->who, r.case_id, 0, str_z(text), false, NULL, &e),
                     ERR_OK);
}

static enum err leave_sending(struct tx *tx, void *arg, struct errinfo *e)
{
    struct case_house *h = arg;
    (void)e;
    struct outbox_sql_due_row *due;
    size_t n;
    TRY(outbox_sql_due(tx_db(tx), tx_arena(tx), &(struct outbox_sql_due_in){h->clock.at, 10}, &due,
                       &n));
    for (size_t i = 0; i < n; i++) {
        TRY(outbox_sql_claim(
            tx, &(struct outbox_sql_claim_in){h->brand, due[i].id, 4711, 0, h->clock.at}, NULL));
        TRY(outbox_sql_mark_sending(
            tx, &(struct outbox_sql_mark_sending_in){h->brand, due[i].id, 4711}, NULL));
    }
    return n ? ERR_OK : ERR_NOT_FOUND;
}

static enum err write_mail_account(struct tx *tx, void *arg, struct errinfo *e)
{
    struct case_house *h = arg;
    (void)e;
    h->account = store_id(h->store, 0);
    const struct account_sql_insert_in in = {.id = h->account,
                                             .brand = h->brand,
                                             .key = STR("mail"),
                                             .channel = STR("mail"),
                                             .network = STR("mail"),
                                             .name = STR("care@acme.example"),
                                             .settings = STR("{}")};
    return account_sql_insert(tx, &in, NULL);
}

static void what_a_dead_run_was_sending_goes_again_where_the_peer_drops_repeats(void **state)
{
    struct case_house *h = *state;
    struct errinfo e = {0};
    int64_t message;
    struct ingest_result r = case_house_post(h, "1", NULL, "@acme wo bleibt meine Lieferung?");
    assert_int_equal(flow_reply(h->flow, &h->who, r.case_id, 0, STR("Morgen."), true, &message, &e),
                     ERR_OK);
    h->clock.at += CLOCK_MINUTE;
    assert_int_equal(store_write(h->store, leave_sending, h, &e), ERR_OK);
    case_house_close(h);
    case_house_open(h);
    assert_int_equal(deliver_take_over(h->flow, &e), ERR_OK);
    assert_int_equal(case_house_message(h, message), MESSAGE_QUEUED);
    assert_int_equal(flow_deliver_due(h->flow), 1);
    assert_int_equal(case_house_message(h, message), MESSAGE_SENT);
    assert_int_equal(case_house_case(h, r.case_id).problem, 0);
}

static void what_was_being_sent_when_the_process_died_is_work_for_a_person(void **state)
{
    struct case_house *h = *state;
    struct errinfo e = {0};
    int64_t message;
    assert_int_equal(store_write(h->store, write_mail_account, h, &e), ERR_OK);
    struct ingest_result r = case_house_post(h, "1", NULL, "@acme wo bleibt meine Lieferung?");
    assert_int_equal(flow_reply(h->flow, &h->who, r.case_id, 0, STR("Morgen."), true, &message, &e),
                     ERR_OK);
    h->clock.at += CLOCK_MINUTE;
    assert_int_equal(store_write(h->store, leave_sending, h, &e), ERR_OK);
    case_house_close(h);
    case_house_open(h);
    assert_int_equal(deliver_take_over(h->flow, &e), ERR_OK);
    assert_int_equal(case_house_message(h, message), MESSAGE_UNCLEAR);
    struct care_sql_get_row c = case_house_case(h, r.case_id);
    assert_int_equal(c.problem, message);
    assert_int_equal(c.state, CASE_WAITING);
    assert_int_equal(flow_close(h->flow, &h->who, r.case_id, &e), ERR_CONFLICT);
    assert_int_equal(flow_settle(h->flow, &h->who, message, SETTLE_ARRIVED, &e), ERR_OK);
    c = case_house_case(h, r.case_id);
    assert_int_equal(c.problem, 0);
    assert_int_equal(c.state, CASE_CLOSED);
    assert_int_equal(case_house_message(h, message), MESSAGE_SENT);
}

static void a_later_reply_waits_until_a_person_has_decided_about_the_earlier(void **state)
{
    struct case_house *h = *state;
    struct errinfo e = {0};
    int64_t first, second;
    struct outbox_sql_next_due_row next;
    assert_int_equal(store_write(h->store, write_mail_account, h, &e), ERR_OK);
    struct ingest_result r = case_house_post(h, "1", NULL, "@acme wo bleibt meine Lieferung?");
    assert_int_equal(flow_reply(h->flow, &h->who, r.case_id, 0, STR("Morgen."), false, &first, &e),
                     ERR_OK);
    assert_int_equal(
        flow_reply(h->flow, &h->who, r.case_id, 0, STR("Oder doch heute."), false, &second, &e),
        ERR_OK);
    h->clock.at += CLOCK_MINUTE;
    assert_int_equal(store_write(h->store, leave_sending, h, &e), ERR_OK);
    assert_int_equal(deliver_take_over(h->flow, &e), ERR_OK);
    assert_int_equal(case_house_message(h, first), MESSAGE_UNCLEAR);
    assert_int_equal(flow_deliver_due(h->flow), 0);
    assert_int_equal(case_house_message(h, second), MESSAGE_QUEUED);
    assert_int_equal(outbox_sql_next_due(store_reader(h->store), &h->arena, &next), ERR_NOT_FOUND);
    assert_int_equal(flow_settle(h->flow, &h->who, first, SETTLE_ARRIVED, &e), ERR_OK);
    assert_int_equal(flow_deliver_due(h->flow), 1);
    assert_int_equal(case_house_message(h, second),
                     MESSAGE_FAILED); /* this account has no mail server */
    assert_int_equal(case_house_case(h, r.case_id).problem, second);
}

static struct str key_of(struct case_house *h, int64_t message)
{
    struct outbox_sql_get_row m;
    assert_int_equal(outbox_sql_get(store_reader(h->store), &h->arena,
                                    &(struct outbox_sql_get_in){h->brand, message}, &m),
                     ERR_OK);
    return m.key;
}

static void bounce(struct case_house *h, int64_t message)
{
    struct errinfo e = {0};
    const struct str id = arena_printf(&h->arena, "bounce-%lld", (long long)message);
    struct str parent = key_of(h, message);
    const struct item item = {.external_id = id,
                              .text = STR("unknown user"),
                              .is_bounce = true,
                              .is_automatic = true,
                              .parents = &parent,
                              .parent_count = 1};
    const struct ingest in = {.brand = h->brand, .account = h->account, .items = &item, .n = 1};
    assert_int_equal(flow_ingest(h->flow, &in, NULL, &e), ERR_OK);
    assert_int_equal(case_house_message(h, message), MESSAGE_FAILED);
}

static void of_two_replies_that_came_back_neither_is_forgotten(void **state)
{
    struct case_house *h = *state;
    struct errinfo e = {0};
    int64_t first, second;
    struct ingest_result r = case_house_post(h, "1", NULL, "@acme wo bleibt meine Lieferung?");
    assert_int_equal(flow_reply(h->flow, &h->who, r.case_id, 0, STR("Morgen."), true, &first, &e),
                     ERR_OK);
    assert_int_equal(
        flow_reply(h->flow, &h->who, r.case_id, 0, STR("Oder heute."), true, &second, &e), ERR_OK);
    h->clock.at += CLOCK_MINUTE;
    assert_int_equal(flow_deliver_due(h->flow), 2);
    bounce(h, first);
    bounce(h, second);
    assert_int_equal(case_house_case(h, r.case_id).problem, second);
    assert_int_equal(flow_settle(h->flow, &h->who, second, SETTLE_ARRIVED, &e), ERR_OK);
    assert_int_equal(case_house_case(h, r.case_id).problem, first);
    assert_int_equal(case_house_case(h, r.case_id).state, CASE_WAITING);
    assert_int_equal(flow_settle(h->flow, &h->who, first, SETTLE_ARRIVED, &e), ERR_OK);
    assert_int_equal(case_house_case(h, r.case_id).problem, 0);
    assert_int_equal(case_house_case(h, r.case_id).state, CASE_CLOSED);
}

static void a_form_sent_twice_is_one_reply(void **state)
{
    struct case_house *h = *state;
    struct errinfo e = {0};
    struct ingest_result r = case_house_post(h, "1", NULL, "@acme wo bleibt meine Lieferung?");
    int64_t version = case_house_case(h, r.case_id).version;
    assert_int_equal(
        flow_reply(h->flow, &h->who, r.case_id, version, STR("Morgen."), true, NULL, &e), ERR_OK);
    assert_int_equal(
        flow_reply(h->flow, &h->who, r.case_id, version, STR("Morgen."), true, NULL, &e),
        ERR_CONFLICT);
    h->clock.at += CLOCK_MINUTE;
    assert_int_equal(flow_deliver_due(h->flow), 1);
}

static void what_the_customer_wrote_since_is_not_lost_when_a_message_is_settled(void **state)
{
    struct case_house *h = *state;
    struct errinfo e = {0};
    int64_t message;
    assert_int_equal(store_write(h->store, write_mail_account, h, &e), ERR_OK);
    struct ingest_result r = case_house_post(h, "1", NULL, "@acme wo bleibt meine Lieferung?");
    assert_int_equal(flow_reply(h->flow, &h->who, r.case_id, 0, STR("Morgen."), true, &message, &e),
                     ERR_OK);
    h->clock.at += CLOCK_MINUTE;
    assert_int_equal(store_write(h->store, leave_sending, h, &e), ERR_OK);
    case_house_close(h);
    case_house_open(h);
    assert_int_equal(deliver_take_over(h->flow, &e), ERR_OK);
    h->clock.at += CLOCK_MINUTE;
    case_house_post(h, "2", "1", "@acme wann kommt meine Rechnung?");
    int64_t due = case_house_case(h, r.case_id).due_at;
    assert_int_equal(flow_snooze(h->flow, &h->who, r.case_id, h->clock.at + CLOCK_HOUR, &e),
                     ERR_CONFLICT);
    assert_int_equal(flow_settle(h->flow, &h->who, message, SETTLE_ARRIVED, &e), ERR_OK);
    struct care_sql_get_row c = case_house_case(h, r.case_id);
    assert_int_equal(c.state, CASE_WAITING);
    assert_int_equal(c.due_at, due);
    assert_true(c.rank_at > 0 && c.rank_at < due);
}

static void taking_back_a_further_reply_leaves_the_case_answered(void **state)
{
    struct case_house *h = *state;
    struct errinfo e = {0};
    int64_t message;
    struct ingest_result r = case_house_post(h, "1", NULL, "@acme wo bleibt meine Lieferung?");
    assert_int_equal(flow_reply(h->flow, &h->who, r.case_id, 0, STR("Morgen."), false, NULL, &e),
                     ERR_OK);
    h->clock.at += CLOCK_MINUTE;
    assert_int_equal(flow_deliver_due(h->flow), 1);
    assert_int_equal(
        flow_reply(h->flow, &h->who, r.case_id, 0, STR("Doch heute."), false, &message, &e),
        ERR_OK);
    assert_int_equal(flow_recall(h->flow, &h->who, message, &e), ERR_OK);
    assert_int_equal(case_house_case(h, r.case_id).state, CASE_ANSWERED);
    assert_int_equal(case_house_case(h, r.case_id).due_at, 0);
}

struct claiming {
    struct case_house *h;
    int64_t message, attempt, claimed;
};

static enum err write_one_claim(struct tx *tx, void *arg, struct errinfo *e)
{
    struct claiming *c = arg;
    (void)e;
    return outbox_sql_claim(tx,
                            &(struct outbox_sql_claim_in){c->h->brand, c->message,
                                                          store_run(c->h->store), c->attempt,
                                                          c->h->clock.at},
                            &c->claimed);
}

static bool claims(struct case_house *h, int64_t message)
{
    struct claiming c = {h, message, 0, 0};
    assert_int_equal(store_write(h->store, write_one_claim, &c, NULL), ERR_OK);
    return c.claimed;
}

static void one_message_of_a_case_is_on_its_way_at_a_time(void **state)
{
    struct case_house *h = *state;
    struct errinfo e = {0};
    int64_t first, second, elsewhere;
    struct ingest_result r = case_house_post(h, "1", NULL, "@acme wo bleibt meine Lieferung?");
    struct ingest_result s = case_house_post(h, "2", NULL, "@acme wann kommt meine Rechnung?");
    assert_int_equal(flow_reply(h->flow, &h->who, r.case_id, 0, STR("Morgen."), false, &first, &e),
                     ERR_OK);
    assert_int_equal(
        flow_reply(h->flow, &h->who, r.case_id, 0, STR("Doch heute."), false, &second, &e), ERR_OK);
    assert_int_equal(
        flow_reply(h->flow, &h->who, s.case_id, 0, STR("Heute."), false, &elsewhere, &e), ERR_OK);
    h->clock.at += CLOCK_MINUTE;
    assert_false(claims(h, second)); /* an older one waits */
    assert_true(claims(h, first));
    assert_false(claims(h, first));
    assert_false(claims(h, second));
    assert_true(claims(h, elsewhere));
}

static void an_answer_given_elsewhere_is_never_sent(void **state)
{
    struct case_house *h = *state;
    struct errinfo e = {0};
    int64_t waiting;
    struct ingest_result r = case_house_post(h, "1", NULL, "@acme wo bleibt meine Lieferung?");
    assert_int_equal(
        flow_reply(h->flow, &h->who, r.case_id, 0, STR("Morgen."), false, &waiting, &e), ERR_OK);
    assert_int_equal(flow_record_reply(h->flow, h->brand, h->who.agent, r.case_id,
                                       STR("Am Telefon gesagt."), h->clock.at, false, &e),
                     ERR_OK);
    h->clock.at += CLOCK_MINUTE;
    assert_int_equal(flow_deliver_due(h->flow), 1);
    assert_int_equal(case_house_message(h, waiting), MESSAGE_SENT);
    assert_int_equal(flow_deliver_due(h->flow), 0);
}

#define WAY(fn) cmocka_unit_test_setup_teardown(fn, case_house_setup, case_house_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WAY(a_reply_waits_for_undo_and_then_leaves_once),
        WAY(a_reply_can_be_taken_back_before_it_left),
        WAY(a_reply_that_is_too_long_is_refused_with_its_signature),
        WAY(what_a_dead_run_was_sending_goes_again_where_the_peer_drops_repeats),
        WAY(what_was_being_sent_when_the_process_died_is_work_for_a_person),
        WAY(a_later_reply_waits_until_a_person_has_decided_about_the_earlier),
        {"case 54: of two replies that came back neither is forgotten",
         of_two_replies_that_came_back_neither_is_forgotten, case_house_setup, case_house_teardown,
         NULL},
        WAY(a_form_sent_twice_is_one_reply),
        WAY(what_the_customer_wrote_since_is_not_lost_when_a_message_is_settled),
        WAY(taking_back_a_further_reply_leaves_the_case_answered),
        WAY(one_message_of_a_case_is_on_its_way_at_a_time),
        WAY(an_answer_given_elsewhere_is_never_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
