/* The end of a team: its cases, rules and members go where they are told, and nothing names it any
 * more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "brand/view.h"
#include "brand_sql.h"
#include "case_house.h"
#include "people_sql.h"

enum { MANY = 1003 }; /* more than two steps */

static int64_t other, late;

static enum err write_other(struct tx *tx, void *arg, struct errinfo *e)
{
    struct case_house *h = arg;
    (void)e;
    TRY(brand_sql_team_insert(
        tx, &(struct brand_sql_team_insert_in){other, h->brand, STR("Netz"), STR("globe"), 1},
        NULL));
    TRY(people_sql_team_join(tx, &(struct people_sql_team_join_in){h->brand, h->team, h->who.agent},
                             NULL));
    tx_notify(tx, (struct notice){TOPIC_BRAND, h->brand, h->brand, 0});
    return ERR_OK;
}

static int setup(void **state)
{
    struct errinfo e = {0};
    int failed = case_house_setup(state);
    struct case_house *h = *state;
    other = store_id(h->store, 0);
    assert_int_equal(store_write(h->store, write_other, h, &e), ERR_OK);
    return failed;
}

static int64_t reminder(struct case_house *h, int i)
{
    char id[20];
    snprintf(id, sizeof id, "m%d", i);
    return case_house_post(h, id, NULL, "@acme dritte Mahnung obwohl bezahlt, niemand meldet sich")
        .case_id;
}

static enum err write_copies(struct tx *tx, void *arg, struct errinfo *e)
{
    struct case_house *h = arg;
    (void)e;
    for (int i = 0; i < MANY; i++) {
        int64_t id = store_id(h->store, 0);
        const struct care_sql_insert_in in = {.id = id,
                                              .brand = h->brand,
                                              .number = 1000 + i,
                                              .thread = id,
                                              .title = STR("eine von vielen"),
                                              .team = h->team};
        TRY(care_sql_insert(tx, &in, NULL));
    }
    return ERR_OK;
}

static int64_t members(struct case_house *h, int64_t team)
{
    struct people_sql_team_size_row row;
    assert_int_equal(people_sql_team_size(store_reader(h->store), &h->arena,
                                          &(struct people_sql_team_size_in){h->brand, team}, &row),
                     ERR_OK);
    return row.n;
}

static void all_of_it_goes_where_it_is_told(void **state)
{
    struct case_house *h = *state;
    struct errinfo e = {0};
    int64_t first = reminder(h, 1), closed = reminder(h, 2);
    assert_int_equal(flow_close(h->flow, &h->who, closed, &e), ERR_OK);
    assert_int_equal(case_house_case(h, first).team, h->team);
    int64_t version = case_house_case(h, first).version;
    const struct team_heirs to = {other, other, other};
    assert_int_equal(flow_team_delete(h->flow, &h->who, h->team, &to, &e), ERR_OK);
    assert_int_equal(case_house_case(h, first).team, other);
    assert_int_equal(case_house_case(h, first).version, version); /* who writes is not disturbed */
    assert_int_equal(case_house_case(h, closed).team, other);
    assert_int_equal(members(h, other), 1);
    assert_int_equal(members(h, h->team), 0);
    int64_t next = reminder(h, 3);
    assert_int_equal(case_house_case(h, next).team, other); /* by the rule */
    assert_int_equal(case_house_case(h, next).priority, PRIORITY_HIGH);
    const struct brand_view *b = flow_brand(h->flow, h->brand, &e);
    assert_non_null(b);
    assert_null(brand_team(b, h->team));
    flow_brand_release(b);
    assert_int_equal(flow_team_delete(h->flow, &h->who, h->team, &to, &e), ERR_NOT_FOUND);
}

static void without_heirs_its_cases_have_no_team(void **state)
{
    struct case_house *h = *state;
    struct errinfo e = {0};
    int64_t id = reminder(h, 1);
    assert_int_equal(flow_team_delete(h->flow, &h->who, h->team, &(struct team_heirs){0}, &e),
                     ERR_OK);
    assert_int_equal(case_house_case(h, id).team, 0);
    assert_int_equal(case_house_case(h, reminder(h, 2)).team, 0);
    assert_int_equal(members(h, other), 0);
}

static void many_cases_go_in_steps(void **state)
{
    struct case_house *h = *state;
    struct errinfo e = {0};
    struct care_sql_of_team_row left, there;
    assert_int_equal(store_write(h->store, write_copies, h, &e), ERR_OK);
    const struct team_heirs to = {.cases = other};
    assert_int_equal(flow_team_delete(h->flow, &h->who, h->team, &to, &e), ERR_OK);
    assert_int_equal(care_sql_of_team(store_reader(h->store), &h->arena,
                                      &(struct care_sql_of_team_in){h->brand, h->team}, &left),
                     ERR_OK);
    assert_int_equal(care_sql_of_team(store_reader(h->store), &h->arena,
                                      &(struct care_sql_of_team_in){h->brand, other}, &there),
                     ERR_OK);
    assert_int_equal(left.n, 0);
    assert_int_equal(there.n, MANY);
}

static enum err write_assign(struct tx *tx, void *arg, struct errinfo *e)
{
    struct case_house *h = arg;
    (void)e;
    return care_sql_assign(tx, &(struct care_sql_assign_in){h->brand, late, h->who.agent, h->team},
                           NULL);
}

/* A batch of posts was routed, or a form filled in, before the team went. */
static void what_comes_too_late_has_no_team(void **state)
{
    struct case_house *h = *state;
    struct errinfo e = {0};
    struct care_sql_of_team_row left;
    late = reminder(h, 1);
    assert_int_equal(
        flow_team_delete(h->flow, &h->who, h->team, &(struct team_heirs){.cases = other}, &e),
        ERR_OK);
    assert_int_equal(store_write(h->store, write_copies, h, &e), ERR_OK);
    assert_int_equal(care_sql_of_team(store_reader(h->store), &h->arena,
                                      &(struct care_sql_of_team_in){h->brand, h->team}, &left),
                     ERR_OK);
    assert_int_equal(left.n, 0);
    assert_int_equal(case_house_case(h, late).team, other);
    assert_int_equal(store_write(h->store, write_assign, h, &e), ERR_OK);
    assert_int_equal(case_house_case(h, late).team, 0);
}

static void heirs_are_other_teams_of_the_brand(void **state)
{
    struct case_house *h = *state;
    struct errinfo e = {0};
    int64_t id = reminder(h, 1);
    const struct team_heirs bad[] = {{.cases = h->team}, {.rules = 17}, {.members = -1}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(flow_team_delete(h->flow, &h->who, h->team, &bad[i], &e), ERR_INVALID);
        assert_int_equal(case_house_case(h, id).team, h->team);
    }
    struct who stranger = h->who;
    stranger.brand++;
    assert_int_equal(flow_team_delete(h->flow, &stranger, h->team, &(struct team_heirs){0}, &e),
                     ERR_NOT_FOUND);
    assert_int_equal(case_house_case(h, id).team, h->team);
}

#define TEAM(fn) cmocka_unit_test_setup_teardown(fn, setup, case_house_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEAM(all_of_it_goes_where_it_is_told),
        TEAM(without_heirs_its_cases_have_no_team),
        TEAM(many_cases_go_in_steps),
        TEAM(what_comes_too_late_has_no_team),
        TEAM(heirs_are_other_teams_of_the_brand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
