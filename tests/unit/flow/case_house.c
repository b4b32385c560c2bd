/* case_house.c - see case_house.h. */
#include "case_house.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"
#include "brand_sql.h"
#include "flow/setup.h"
#include "outbox_sql.h"
#include "people/people.h"
#include "schema.h"
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

static void notice(void *ctx, const struct notice *n)
{
    struct case_house *h = ctx;
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

void case_house_open(struct case_house *h)
{
    struct errinfo e = {0};
    assert_int_equal(store_open(&h->store, &h->options, &e), ERR_OK);
    h->flow = flow_new(&(struct flow_options){
        .store = h->store, .model = h->model, .clock = &h->clock.clock, .undo_ms = 15000});
}

void case_house_close(struct case_house *h)
{
    flow_stop(h->flow);
    store_close(h->store);
    flow_free(h->flow);
    h->flow = NULL;
}

static enum err write_agent(struct tx *tx, void *arg, struct errinfo *e)
{
    struct case_house *h = arg;
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

int case_house_setup(void **state)
{
    struct case_house *h = calloc(1, sizeof *h);
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
    case_house_open(h);
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

int case_house_teardown(void **state)
{
    struct case_house *h = *state;
    case_house_close(h);
    model_close(h->model);
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", h->dir);
    int rc = system(command);
    arena_deinit(&h->arena);
    free(h);
    return rc;
}

struct ingest_result case_house_post(struct case_house *h, const char *id, const char *parent,
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

struct care_sql_get_row case_house_case(struct case_house *h, int64_t id)
{
    struct care_sql_get_row c;
    assert_int_equal(care_sql_get(store_reader(h->store), &h->arena,
                                  &(struct care_sql_get_in){h->brand, id}, &c),
                     ERR_OK);
    return c;
}

int64_t case_house_message(struct case_house *h, int64_t message)
{
    struct outbox_sql_get_row m;
    assert_int_equal(outbox_sql_get(store_reader(h->store), &h->arena,
                                    &(struct outbox_sql_get_in){h->brand, message}, &m),
                     ERR_OK);
    return m.state;
}
