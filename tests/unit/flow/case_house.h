/* case_house.h - a brand with an agent, a team, a rule and an account, over a real store and a
 * model trained on the spot, at a clock that is moved. For the tests of this folder; what goes
 * wrong ends the test. */
#ifndef TEST_CASE_HOUSE_H
#define TEST_CASE_HOUSE_H

#include "base/arena.h"
#include "care_sql.h"
#include "flow/flow.h"
#include "store/store.h"

struct case_house {
    char dir[64];
    struct arena arena;
    struct clock_fake clock; /* begins on Monday 2026-11-23, 11:00 in Berlin */
    struct store_options options;
    struct store *store;
    struct model *model;
    struct flow *flow;
    int64_t brand, account, team;
    struct who who; /* Aylin, an agent */
};

/* cmocka's: *state becomes the house. */
int case_house_setup(void **state);
int case_house_teardown(void **state);
/* A stop and a start in the middle of a test. */
void case_house_open(struct case_house *h);
void case_house_close(struct case_house *h);

/* A post of Hauke's comes in; parent may be NULL. */
struct ingest_result case_house_post(struct case_house *h, const char *id, const char *parent,
                                     const char *text);
struct care_sql_get_row case_house_case(struct case_house *h, int64_t id);
/* The state of a message. */
int64_t case_house_message(struct case_house *h, int64_t message);

#endif
