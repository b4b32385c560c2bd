/* The way of a post and back, over a real store and a model trained on the spot: in, judged,
 * routed, a case, a reply, the outbox, sent; follow-ups, undo, duplicates, a restart in the middle.
 */
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
#include "care_sql.h"
#include "flow/channel_use.h"
#include "flow/flow.h"
#include "flow/flow_int.h"
#include "flow/item_json.h"
#include "flow/setup.h"
#include "outbox_sql.h"
#include "people/people.h"
#include "post_sql.h"
#include "schema.h"
#include "store/lease.h"
#include "store/store.h"
#include "text/json.h"
#include "understand/train.h"

static const char TRAINING[] =
    "text\tbrand\trelevance\treaction\trequest\tkind\tsentiment\toffence\tlanguage\n"
    "@acme wo bleibt meine Lieferung?\tAcme,@acme\tyes\tyes\texplicit\tquestion\tneutral\tno\tde\n"
    "@acme wann kommt meine Rechnung?\tAcme,@acme\tyes\tyes\texplicit\tquestion\tneutral\tno\tde\n"
    "@acme wie ändere ich meine "
    "Adresse?\tAcme,@acme\tyes\tyes\texplicit\tquestion\tneutral\tno\tde\n"
    "@acme seit drei Tagen kaputt, niemand meldet "
    "sich\tAcme,@acme\tyes\tyes\timplicit\tcomplaint\tnegative\tno\tde\n"
    "@acme schon wieder kaputt, das ist eine "
    "Frechheit\tAcme,@acme\tyes\tyes\timplicit\tcomplaint\tnegative\tno\tde\n"
    "@acme dritte Mahnung obwohl bezahlt, niemand meldet "
    "sich\tAcme,@acme\tyes\tyes\timplicit\tcomplaint\tnegative\tno\tde\n"
    "Schönes Wetter heute am Strand\tAcme,@acme\tno\tno\tnone\tother\tpositive\tno\tde\n"
    "Guten Morgen allerseits, Kaffee ist "
    "fertig\tAcme,@acme\tno\tno\tnone\tother\tpositive\tno\tde\n"
    "Der Film gestern war lang\tAcme,@acme\tno\tno\tnone\tother\tneutral\tno\tde\n"
    "Heute Abend Fußball im Park\tAcme,@acme\tno\tno\tnone\tother\tneutral\tno\tde\n"
    "@acme ihr Idioten, ihr Trottel\tAcme,@acme\tyes\tno\tnone\tcomplaint\tnegative\tyes\tde\n"
    "@acme where is my order?\tAcme,@acme\tyes\tyes\texplicit\tquestion\tneutral\tno\ten\n"
    "@acme when will my invoice come?\tAcme,@acme\tyes\tyes\texplicit\tquestion\tneutral\tno\ten\n"
    "@acme broken again for three days, nobody "
    "answers\tAcme,@acme\tyes\tyes\timplicit\tcomplaint\tnegative\tno\ten\n"
    "@acme this is broken and nobody "
    "answers\tAcme,@acme\tyes\tyes\timplicit\tcomplaint\tnegative\tno\ten\n"
    "Lovely weather at the beach today\tAcme,@acme\tno\tno\tnone\tother\tpositive\tno\ten\n"
    "Good morning everybody, coffee is ready\tAcme,@acme\tno\tno\tnone\tother\tpositive\tno\ten\n"
    "The film last night was long\tAcme,@acme\tno\tno\tnone\tother\tneutral\tno\ten\n";

struct house {
    char dir[64];
    struct arena arena;
    struct clock_fake clock;
    struct store_options options;
    struct store *store;
    struct model *model;
    struct flow *flow;
    int64_t brand, account, team;
    struct who who;
};

static void notice(void *ctx, const struct notice *n)
{
    struct house *h = ctx;
    if (h->flow)
        flow_notice(h->flow, n);
}

static struct model *train(struct arena *a)
{
    static const char *const heads[] = {"relevance", "reaction", "request", "kind",
                                        "sentiment", "offence",  "language"};
    struct examples ex;
    struct errinfo e = {0};
    struct buf out;
    struct model *m;
    examples_init(&ex, a, STR("text"), STR("brand"));
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        assert_int_equal(examples_add_head(&ex, str_z(heads[i]), str_z(heads[i]), &e), ERR_OK);
    assert_int_equal(examples_read(&ex, str_z(TRAINING), "training", &e), ERR_OK);
    buf_init(&out, MODEL_FILE_MAX);
    assert_int_equal(train_model(&ex, &(struct train_options){0}, &out, &e), ERR_OK);
    assert_int_equal(model_open_bytes(&m, buf_str(&out), &e), ERR_OK);
    buf_deinit(&out);
    return m;
}

static void open_flow(struct house *h)
{
    struct errinfo e = {0};
    assert_int_equal(store_open(&h->store, &h->options, &e), ERR_OK);
    h->flow = flow_new(&(struct flow_options){
        .store = h->store, .model = h->model, .clock = &h->clock.clock, .undo_ms = 15000});
}

static void close_flow(struct house *h)
{
    flow_stop(h->flow);
    store_close(h->store);
    flow_free(h->flow);
    h->flow = NULL;
}

static enum err write_agent(struct tx *tx, void *arg, struct errinfo *e)
{
    struct house *h = arg;
    const struct agent_new in = {.email = STR("Aylin@Acme.example"),
                                 .name = STR("Aylin Brandt"),
                                 .role = ROLE_AGENT,
                                 .brand = h->brand,
                                 .at = h->clock.at};
    TRY(agent_create(h->store, tx, &in, &h->who.agent, e));
    h->team = store_id(h->store, 0);
    TRY(brand_sql_team_insert(
        tx,
        &(struct brand_sql_team_insert_in){h->team, h->brand, STR("Rechnung"), STR("receipt"), 0},
        NULL));
    TRY(brand_sql_rule_insert(
        tx,
        &(struct brand_sql_rule_insert_in){
            store_id(h->store, 0), h->brand, 0, STR("Mahnungen"),
            STR("[{\"field\":\"words\",\"op\":\"contains\",\"value\":\"mahnung, inkasso\"}]"),
            arena_printf(tx_arena(tx),
                         "{\"team\":\"%lld\",\"priority\":\"high\",\"tags\":[\"mahnung\"]}",
                         (long long)h->team),
            1},
        NULL));
    tx_notify(tx, (struct notice){TOPIC_BRAND, h->brand, h->brand, 0});
    return ERR_OK;
}

static int setup(void **state)
{
    struct house *h = calloc(1, sizeof *h);
    struct errinfo e = {0};
    snprintf(h->dir, sizeof h->dir, "/tmp/zuruf-flow-XXXXXX");
    if (!mkdtemp(h->dir))
        return -1;
    arena_init(&h->arena);
    clock_fake_init(&h->clock, INT64_C(1795428000000)); /* Monday 2026-11-23, 11:00 in Berlin */
    h->model = train(&h->arena);
    h->options = (struct store_options){.path = arena_printf(&h->arena, "%s/zuruf.db", h->dir).p,
                                        .migrations = schema_table,
                                        .migration_count = schema_count,
                                        .clock = &h->clock.clock,
                                        .notice = notice,
                                        .notice_ctx = h};
    open_flow(h);
    const struct str names[] = {STR("@acme")};
    assert_int_equal(
        setup_brand(h->flow, 0,
                    &(struct brand_new){.name = STR("Acme"), .names = names, .names_n = 1},
                    &h->brand, &e),
        ERR_OK);
    h->who = (struct who){
        .brand = h->brand, .role = ROLE_AGENT, .name = "Aylin Brandt", .initials = "AB"};
    assert_int_equal(store_write(h->store, write_agent, h, &e), ERR_OK);
    struct account_made made;
    struct account_new account = {
        .channel = STR("demo"), .name = STR("@acme"), .is_public = true, .text_limit = 100};
    map_init(&account.settings, &h->arena);
    assert_int_equal(setup_account(h->flow, &h->arena, h->brand, 0, &account, &made, &e), ERR_OK);
    h->account = made.id;
    *state = h;
    return 0;
}

static int teardown(void **state)
{
    struct house *h = *state;
    close_flow(h);
    model_close(h->model);
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", h->dir);
    int rc = system(command);
    arena_deinit(&h->arena);
    free(h);
    return rc;
}

static struct ingest_result post(struct house *h, const char *id, const char *parent,
                                 const char *text)
{
    struct str parents[] = {str_z(parent)};
    const struct item item = {.external_id = str_z(id),
                              .parents = parents,
                              .parent_count = parent != NULL,
                              .author_id = STR("@hauke"),
                              .author_name = STR("Hauke Petersen"),
                              .text = str_z(text),
                              .published_at = h->clock.at};
    const struct ingest in = {.brand = h->brand, .account = h->account, .items = &item, .n = 1};
    struct ingest_result r;
    struct errinfo e = {0};
    enum err err = flow_ingest(h->flow, &in, &r, &e);
    assert_string_equal(e.what, "");
    assert_int_equal(err, ERR_OK);
    return r;
}

static struct care_sql_get_row the_case(struct house *h, int64_t id)
{
    struct care_sql_get_row c;
    assert_int_equal(care_sql_get(store_reader(h->store), &h->arena,
                                  &(struct care_sql_get_in){h->brand, id}, &c),
                     ERR_OK);
    return c;
}

static int64_t state_of(struct house *h, int64_t message)
{
    struct outbox_sql_get_row m;
    assert_int_equal(outbox_sql_get(store_reader(h->store), &h->arena,
                                    &(struct outbox_sql_get_in){h->brand, message}, &m),
                     ERR_OK);
    return m.state;
}

static void only_a_post_that_needs_somebody_becomes_a_case(void **state)
{
    struct house *h = *state;
    assert_int_equal(post(h, "1", NULL, "Schönes Wetter heute am Strand").case_id, 0);
    struct ingest_result r =
        post(h, "2", NULL, "@acme dritte Mahnung obwohl bezahlt, niemand meldet sich");
    assert_int_not_equal(r.case_id, 0);
    struct care_sql_get_row c = the_case(h, r.case_id);
    assert_int_equal(c.state, CASE_WAITING);
    assert_int_equal(c.kind, KIND_COMPLAINT);
    assert_int_equal(c.team, h->team);
    assert_int_equal(c.priority, PRIORITY_HIGH);
    assert_string_equal(c.tags.p, "mahnung");
    assert_int_equal(c.due_at, h->clock.at + 30 * CLOCK_MINUTE);
    assert_true(c.rank_at < c.due_at);
    assert_int_equal(c.number, 1);
}

static void the_same_post_twice_is_stored_once(void **state)
{
    struct house *h = *state;
    struct ingest_result first = post(h, "1", NULL, "@acme wo bleibt meine Lieferung?");
    struct ingest_result again = post(h, "1", NULL, "@acme wo bleibt meine Lieferung?");
    assert_int_equal(first.status, INGEST_STORED);
    assert_int_equal(again.status, INGEST_DUPLICATE);
    assert_int_equal(again.post, first.post);
    assert_int_equal(again.case_id, 0);
}

static void a_thread_is_one_case_also_when_the_answer_comes_first(void **state)
{
    struct house *h = *state;
    struct ingest_result child = post(h, "b", "a", "@acme wann kommt meine Rechnung?");
    struct ingest_result sibling = post(h, "c", "a", "@acme wo bleibt meine Lieferung?");
    struct ingest_result root = post(h, "a", NULL, "Heute Abend Fußball im Park");
    assert_int_equal(sibling.case_id, child.case_id);
    assert_int_equal(root.case_id, child.case_id);
    struct care_sql_get_row c = the_case(h, child.case_id);
    assert_int_equal(c.post, sibling.post);
    assert_int_equal(c.number, 1);
}

static void a_reply_waits_for_undo_and_then_leaves_once(void **state)
{
    struct house *h = *state;
    struct errinfo e = {0};
    int64_t message;
    struct ingest_result r = post(h, "1", NULL, "@acme wo bleibt meine Lieferung?");
    assert_int_equal(flow_take(h->flow, &h->who, r.case_id, &e), ERR_OK);
    assert_int_equal(
        flow_reply(h->flow, &h->who, r.case_id, 0, STR("Morgen ist sie da."), true, &message, &e),
        ERR_OK);
    assert_int_equal(flow_deliver_due(h->flow), 0);
    assert_int_equal(state_of(h, message), MESSAGE_QUEUED);
    assert_int_equal(the_case(h, r.case_id).state, CASE_CLOSED);
    h->clock.at += 15 * CLOCK_SECOND;
    assert_int_equal(flow_deliver_due(h->flow), 1);
    assert_int_equal(state_of(h, message), MESSAGE_SENT);
    assert_int_equal(flow_deliver_due(h->flow), 0);
    /* the customer writes again: the case comes back with the clock of a further answer */
    struct ingest_result back = post(h, "2", "1", "@acme wann kommt meine Rechnung?");
    assert_int_equal(back.case_id, r.case_id);
    struct care_sql_get_row c = the_case(h, r.case_id);
    assert_int_equal(c.state, CASE_WAITING);
    assert_int_equal(c.due_is_first, 0);
    assert_int_equal(c.due_at, h->clock.at + 2 * CLOCK_HOUR);
}

static void a_reply_can_be_taken_back_before_it_left(void **state)
{
    struct house *h = *state;
    struct errinfo e = {0};
    int64_t message;
    struct care_sql_draft_get_row draft;
    struct ingest_result r = post(h, "1", NULL, "@acme wo bleibt meine Lieferung?");
    int64_t due = the_case(h, r.case_id).due_at;
    assert_int_equal(flow_reply(h->flow, &h->who, r.case_id, 0, STR("Huch"), false, &message, &e),
                     ERR_OK);
    assert_int_equal(flow_recall(h->flow, &h->who, message, &e), ERR_OK);
    assert_int_equal(the_case(h, r.case_id).state, CASE_WAITING);
    assert_int_equal(the_case(h, r.case_id).due_at, due);
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
    struct house *h = *state;
    struct errinfo e = {0};
    struct ingest_result r = post(h, "1", NULL, "@acme wo bleibt meine Lieferung?");
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
    struct house *h = arg;
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
    struct house *h = arg;
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
    struct house *h = *state;
    struct errinfo e = {0};
    int64_t message;
    struct ingest_result r = post(h, "1", NULL, "@acme wo bleibt meine Lieferung?");
    assert_int_equal(flow_reply(h->flow, &h->who, r.case_id, 0, STR("Morgen."), true, &message, &e),
                     ERR_OK);
    h->clock.at += CLOCK_MINUTE;
    assert_int_equal(store_write(h->store, leave_sending, h, &e), ERR_OK);
    close_flow(h);
    open_flow(h);
    assert_int_equal(deliver_take_over(h->flow, &e), ERR_OK);
    assert_int_equal(state_of(h, message), MESSAGE_QUEUED);
    assert_int_equal(flow_deliver_due(h->flow), 1);
    assert_int_equal(state_of(h, message), MESSAGE_SENT);
    assert_int_equal(the_case(h, r.case_id).problem, 0);
}

static void what_was_being_sent_when_the_process_died_is_work_for_a_person(void **state)
{
    struct house *h = *state;
    struct errinfo e = {0};
    int64_t message;
    assert_int_equal(store_write(h->store, write_mail_account, h, &e), ERR_OK);
    struct ingest_result r = post(h, "1", NULL, "@acme wo bleibt meine Lieferung?");
    assert_int_equal(flow_reply(h->flow, &h->who, r.case_id, 0, STR("Morgen."), true, &message, &e),
                     ERR_OK);
    h->clock.at += CLOCK_MINUTE;
    assert_int_equal(store_write(h->store, leave_sending, h, &e), ERR_OK);
    close_flow(h);
    open_flow(h);
    assert_int_equal(deliver_take_over(h->flow, &e), ERR_OK);
    assert_int_equal(state_of(h, message), MESSAGE_UNCLEAR);
    struct care_sql_get_row c = the_case(h, r.case_id);
    assert_int_equal(c.problem, message);
    assert_int_equal(c.state, CASE_WAITING);
    assert_int_equal(flow_close(h->flow, &h->who, r.case_id, &e), ERR_CONFLICT);
    assert_int_equal(flow_settle(h->flow, &h->who, message, SETTLE_ARRIVED, &e), ERR_OK);
    c = the_case(h, r.case_id);
    assert_int_equal(c.problem, 0);
    assert_int_equal(c.state, CASE_CLOSED);
    assert_int_equal(state_of(h, message), MESSAGE_SENT);
}

static void a_later_reply_waits_until_a_person_has_decided_about_the_earlier(void **state)
{
    struct house *h = *state;
    struct errinfo e = {0};
    int64_t first, second;
    struct outbox_sql_next_due_row next;
    assert_int_equal(store_write(h->store, write_mail_account, h, &e), ERR_OK);
    struct ingest_result r = post(h, "1", NULL, "@acme wo bleibt meine Lieferung?");
    assert_int_equal(flow_reply(h->flow, &h->who, r.case_id, 0, STR("Morgen."), false, &first, &e),
                     ERR_OK);
    assert_int_equal(
        flow_reply(h->flow, &h->who, r.case_id, 0, STR("Oder doch heute."), false, &second, &e),
        ERR_OK);
    h->clock.at += CLOCK_MINUTE;
    assert_int_equal(store_write(h->store, leave_sending, h, &e), ERR_OK);
    assert_int_equal(deliver_take_over(h->flow, &e), ERR_OK);
    assert_int_equal(state_of(h, first), MESSAGE_UNCLEAR);
    assert_int_equal(flow_deliver_due(h->flow), 0);
    assert_int_equal(state_of(h, second), MESSAGE_QUEUED);
    assert_int_equal(outbox_sql_next_due(store_reader(h->store), &h->arena, &next), ERR_NOT_FOUND);
    assert_int_equal(flow_settle(h->flow, &h->who, first, SETTLE_ARRIVED, &e), ERR_OK);
    assert_int_equal(flow_deliver_due(h->flow), 1);
    assert_int_equal(state_of(h, second), MESSAGE_FAILED); /* this account has no mail server */
    assert_int_equal(the_case(h, r.case_id).problem, second);
}

static struct str key_of(struct house *h, int64_t message)
{
    struct outbox_sql_get_row m;
    assert_int_equal(outbox_sql_get(store_reader(h->store), &h->arena,
                                    &(struct outbox_sql_get_in){h->brand, message}, &m),
                     ERR_OK);
    return m.key;
}

static void bounce(struct house *h, int64_t message)
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
    assert_int_equal(state_of(h, message), MESSAGE_FAILED);
}

static void of_two_replies_that_came_back_neither_is_forgotten(void **state)
{
    struct house *h = *state;
    struct errinfo e = {0};
    int64_t first, second;
    struct ingest_result r = post(h, "1", NULL, "@acme wo bleibt meine Lieferung?");
    assert_int_equal(flow_reply(h->flow, &h->who, r.case_id, 0, STR("Morgen."), true, &first, &e),
                     ERR_OK);
    assert_int_equal(
        flow_reply(h->flow, &h->who, r.case_id, 0, STR("Oder heute."), true, &second, &e), ERR_OK);
    h->clock.at += CLOCK_MINUTE;
    assert_int_equal(flow_deliver_due(h->flow), 2);
    bounce(h, first);
    bounce(h, second);
    assert_int_equal(the_case(h, r.case_id).problem, second);
    assert_int_equal(flow_settle(h->flow, &h->who, second, SETTLE_ARRIVED, &e), ERR_OK);
    assert_int_equal(the_case(h, r.case_id).problem, first);
    assert_int_equal(the_case(h, r.case_id).state, CASE_WAITING);
    assert_int_equal(flow_settle(h->flow, &h->who, first, SETTLE_ARRIVED, &e), ERR_OK);
    assert_int_equal(the_case(h, r.case_id).problem, 0);
    assert_int_equal(the_case(h, r.case_id).state, CASE_CLOSED);
}

static void a_form_sent_twice_is_one_reply(void **state)
{
    struct house *h = *state;
    struct errinfo e = {0};
    struct ingest_result r = post(h, "1", NULL, "@acme wo bleibt meine Lieferung?");
    int64_t version = the_case(h, r.case_id).version;
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
    struct house *h = *state;
    struct errinfo e = {0};
    int64_t message;
    assert_int_equal(store_write(h->store, write_mail_account, h, &e), ERR_OK);
    struct ingest_result r = post(h, "1", NULL, "@acme wo bleibt meine Lieferung?");
    assert_int_equal(flow_reply(h->flow, &h->who, r.case_id, 0, STR("Morgen."), true, &message, &e),
                     ERR_OK);
    h->clock.at += CLOCK_MINUTE;
    assert_int_equal(store_write(h->store, leave_sending, h, &e), ERR_OK);
    close_flow(h);
    open_flow(h);
    assert_int_equal(deliver_take_over(h->flow, &e), ERR_OK);
    h->clock.at += CLOCK_MINUTE;
    post(h, "2", "1", "@acme wann kommt meine Rechnung?");
    int64_t due = the_case(h, r.case_id).due_at;
    assert_int_equal(flow_snooze(h->flow, &h->who, r.case_id, h->clock.at + CLOCK_HOUR, &e),
                     ERR_CONFLICT);
    assert_int_equal(flow_settle(h->flow, &h->who, message, SETTLE_ARRIVED, &e), ERR_OK);
    struct care_sql_get_row c = the_case(h, r.case_id);
    assert_int_equal(c.state, CASE_WAITING);
    assert_int_equal(c.due_at, due);
    assert_true(c.rank_at > 0 && c.rank_at < due);
}

static void taking_back_a_further_reply_leaves_the_case_answered(void **state)
{
    struct house *h = *state;
    struct errinfo e = {0};
    int64_t message;
    struct ingest_result r = post(h, "1", NULL, "@acme wo bleibt meine Lieferung?");
    assert_int_equal(flow_reply(h->flow, &h->who, r.case_id, 0, STR("Morgen."), false, NULL, &e),
                     ERR_OK);
    h->clock.at += CLOCK_MINUTE;
    assert_int_equal(flow_deliver_due(h->flow), 1);
    assert_int_equal(
        flow_reply(h->flow, &h->who, r.case_id, 0, STR("Doch heute."), false, &message, &e),
        ERR_OK);
    assert_int_equal(flow_recall(h->flow, &h->who, message, &e), ERR_OK);
    assert_int_equal(the_case(h, r.case_id).state, CASE_ANSWERED);
    assert_int_equal(the_case(h, r.case_id).due_at, 0);
}

static void two_agents_cannot_take_one_case(void **state)
{
    struct house *h = *state;
    struct errinfo e = {0};
    struct ingest_result r = post(h, "1", NULL, "@acme wo bleibt meine Lieferung?");
    struct who other = h->who;
    other.agent = 99;
    assert_int_equal(flow_take(h->flow, &h->who, r.case_id, &e), ERR_OK);
    assert_int_equal(flow_take(h->flow, &h->who, r.case_id, &e), ERR_OK);
    assert_int_equal(flow_take(h->flow, &other, r.case_id, &e), ERR_CONFLICT);
    assert_non_null(strstr(e.what, "Aylin Brandt"));
}

static void only_who_is_on_it_or_a_lead_gives_a_case_back(void **state)
{
    struct house *h = *state;
    struct errinfo e = {0};
    struct ingest_result r = post(h, "1", NULL, "@acme wo bleibt meine Lieferung?");
    struct who other = h->who, lead = h->who;
    other.agent = 99;
    lead.agent = 98;
    lead.role = ROLE_LEAD;
    h->who.role = other.role = ROLE_AGENT;
    assert_int_equal(flow_release(h->flow, &other, r.case_id, &e), ERR_OK); /* nobody's */
    assert_int_equal(flow_take(h->flow, &h->who, r.case_id, &e), ERR_OK);
    assert_int_equal(flow_release(h->flow, &other, r.case_id, &e), ERR_DENIED);
    assert_int_equal(the_case(h, r.case_id).assignee, h->who.agent);
    assert_int_equal(flow_release(h->flow, &lead, r.case_id, &e), ERR_OK);
    assert_int_equal(the_case(h, r.case_id).assignee, 0);
    assert_int_equal(flow_take(h->flow, &h->who, r.case_id, &e), ERR_OK);
    assert_int_equal(flow_release(h->flow, &h->who, r.case_id, &e), ERR_OK);
    assert_int_equal(the_case(h, r.case_id).assignee, 0);
}

struct claiming {
    struct house *h;
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

static bool claims(struct house *h, int64_t message)
{
    struct claiming c = {h, message, 0, 0};
    assert_int_equal(store_write(h->store, write_one_claim, &c, NULL), ERR_OK);
    return c.claimed;
}

static void one_message_of_a_case_is_on_its_way_at_a_time(void **state)
{
    struct house *h = *state;
    struct errinfo e = {0};
    int64_t first, second, elsewhere;
    struct ingest_result r = post(h, "1", NULL, "@acme wo bleibt meine Lieferung?");
    struct ingest_result s = post(h, "2", NULL, "@acme wann kommt meine Rechnung?");
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
    struct house *h = *state;
    struct errinfo e = {0};
    int64_t waiting;
    struct ingest_result r = post(h, "1", NULL, "@acme wo bleibt meine Lieferung?");
    assert_int_equal(
        flow_reply(h->flow, &h->who, r.case_id, 0, STR("Morgen."), false, &waiting, &e), ERR_OK);
    assert_int_equal(flow_record_reply(h->flow, h->brand, h->who.agent, r.case_id,
                                       STR("Am Telefon gesagt."), h->clock.at, false, &e),
                     ERR_OK);
    h->clock.at += CLOCK_MINUTE;
    assert_int_equal(flow_deliver_due(h->flow), 1);
    assert_int_equal(state_of(h, waiting), MESSAGE_SENT);
    assert_int_equal(flow_deliver_due(h->flow), 0);
}

static void a_poll_that_lost_its_account_stores_nothing(void **state)
{
    struct house *h = *state;
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
    struct house *h = *state;
    struct errinfo e = {0};
    struct ingest_result r = post(h, "1", NULL, "@acme wo bleibt meine Lieferung?");
    assert_int_equal(flow_snooze(h->flow, &h->who, r.case_id, h->clock.at - 1, &e), ERR_INVALID);
    assert_int_equal(flow_snooze(h->flow, &h->who, r.case_id, h->clock.at + CLOCK_HOUR, &e),
                     ERR_OK);
    flow_tick(h->flow);
    assert_int_equal(the_case(h, r.case_id).state, CASE_SNOOZED);
    h->clock.at += CLOCK_HOUR;
    flow_tick(h->flow);
    assert_int_equal(the_case(h, r.case_id).state, CASE_WAITING);
    assert_int_equal(flow_correct(h->flow, &h->who, r.post, FACT_KIND, KIND_COMPLAINT, &e), ERR_OK);
    assert_int_equal(the_case(h, r.case_id).kind, KIND_COMPLAINT);
    assert_int_equal(flow_correct(h->flow, &h->who, r.post, FACT_REACTION, ANSWER_NO, &e), ERR_OK);
    assert_int_equal(the_case(h, r.case_id).state, CASE_CLOSED);
    assert_int_equal(flow_correct(h->flow, &h->who, r.post, FACT_KIND, 77, &e), ERR_INVALID);
}

static void another_brand_finds_nothing(void **state)
{
    struct house *h = *state;
    struct errinfo e = {0};
    struct ingest_result r = post(h, "1", NULL, "@acme wo bleibt meine Lieferung?");
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
    struct house *h = *state;
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

#define WAY(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

static void what_nobody_entered_has_its_preset(void **state)
{
    struct house *h = *state;
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        WAY(only_a_post_that_needs_somebody_becomes_a_case),
        WAY(the_same_post_twice_is_stored_once),
        WAY(a_thread_is_one_case_also_when_the_answer_comes_first),
        WAY(a_reply_waits_for_undo_and_then_leaves_once),
        WAY(a_reply_can_be_taken_back_before_it_left),
        WAY(a_reply_that_is_too_long_is_refused_with_its_signature),
        WAY(what_a_dead_run_was_sending_goes_again_where_the_peer_drops_repeats),
        WAY(what_was_being_sent_when_the_process_died_is_work_for_a_person),
        WAY(a_later_reply_waits_until_a_person_has_decided_about_the_earlier),
        {"case 54: of two replies that came back neither is forgotten",
         of_two_replies_that_came_back_neither_is_forgotten, setup, teardown, NULL},
        WAY(a_form_sent_twice_is_one_reply),
        WAY(what_the_customer_wrote_since_is_not_lost_when_a_message_is_settled),
        WAY(taking_back_a_further_reply_leaves_the_case_answered),
        WAY(two_agents_cannot_take_one_case),
        WAY(only_who_is_on_it_or_a_lead_gives_a_case_back),
        WAY(one_message_of_a_case_is_on_its_way_at_a_time),
        WAY(an_answer_given_elsewhere_is_never_sent),
        WAY(a_poll_that_lost_its_account_stores_nothing),
        WAY(snooze_wakes_and_a_correction_is_kept),
        WAY(another_brand_finds_nothing),
        WAY(fields_of_a_post_are_checked_and_unknown_ones_kept),
        WAY(what_nobody_entered_has_its_preset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
