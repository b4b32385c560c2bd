/* Agents, sessions, one-time links and bearer tokens over a store of the test's own. */
#include <dlfcn.h>
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
#include "base/clock.h"
#include "brand_sql.h"
#include "crypt/token.h"
#include "people/people.h"
#include "people/session.h"
#include "people_sql.h"
#include "schema.h"
#include "session_sql.h"
#include "store/store.h"
#include "text/unicode.h"

enum { BRAND = 7, OTHER_BRAND = 8, ACCOUNT = 70 };
static const int64_t NOW = INT64_C(1795300000000);

struct house {
    char dir[64], path[96];
    struct arena arena;
    struct clock_fake clock;
    struct store *store;
    struct sessions *sessions;
    int64_t agent;
};

/* A job of one statement or call, told by a block of data. */
struct job {
    struct house *house;
    struct agent_new agent;
    int64_t id;
    struct str token;
    struct errinfo e;
};

static enum err add_brands(struct tx *tx, void *arg, struct errinfo *e)
{
    (void)arg;
    (void)e;
    struct brand_sql_insert_in in = {.id = BRAND,
                                     .key = STR("acme"),
                                     .name = STR("Acme"),
                                     .subtitle = STR(""),
                                     .language = STR("de"),
                                     .timezone = STR("Europe/Berlin"),
                                     .signature = STR(""),
                                     .now = NOW};
    TRY(brand_sql_insert(tx, &in, NULL));
    in.id = OTHER_BRAND;
    in.key = STR("zeta");
    in.name = STR("Zeta");
    return brand_sql_insert(tx, &in, NULL);
}

static enum err add_agent(struct tx *tx, void *arg, struct errinfo *e)
{
    struct job *j = arg;
    return agent_create(j->house->store, tx, &j->agent, &j->id, e);
}

static enum err join_team(struct tx *tx, void *arg, struct errinfo *e)
{
    struct house *h = arg;
    (void)e;
    TRY(brand_sql_team_insert(
        tx, &(struct brand_sql_team_insert_in){5, BRAND, STR("Rechnung"), STR("users"), 0}, NULL));
    return people_sql_team_join(tx, &(struct people_sql_team_join_in){BRAND, 5, h->agent}, NULL);
}

static enum err disable_agent(struct tx *tx, void *arg, struct errinfo *e)
{
    struct house *h = arg;
    (void)e;
    return people_sql_agent_disable(
        tx, &(struct people_sql_agent_disable_in){h->agent, h->clock.at}, NULL);
}

static enum err remove_role(struct tx *tx, void *arg, struct errinfo *e)
{
    struct house *h = arg;
    (void)e;
    return people_sql_role_remove(tx, &(struct people_sql_role_remove_in){BRAND, h->agent}, NULL);
}

static enum err add_token(struct tx *tx, void *arg, struct errinfo *e)
{
    struct job *j = arg;
    (void)e;
    const struct session_sql_token_add_in in = {.id = 1,
                                                .brand = BRAND,
                                                .account = ACCOUNT,
                                                .token = token_hash(tx_arena(tx), j->token),
                                                .name = STR("script"),
                                                .now = NOW};
    return session_sql_token_add(tx, &in, NULL);
}

static enum err revoke_tokens(struct tx *tx, void *arg, struct errinfo *e)
{
    (void)arg;
    (void)e;
    return session_sql_token_revoke_all(
        tx, &(struct session_sql_token_revoke_all_in){BRAND, ACCOUNT, NOW}, NULL);
}

static void write_now(struct house *h, store_write_fn fn, void *arg)
{
    struct errinfo e = {0};
    enum err err = store_write(h->store, fn, arg, &e);
    assert_string_equal(e.what, "");
    assert_int_equal(err, ERR_OK);
}

static struct job agent_job(struct house *h, const char *email, const char *name)
{
    return (struct job){.house = h,
                        .agent = {.email = str_z(email),
                                  .name = str_z(name),
                                  .initials = STR(""),
                                  .language = STR("de"),
                                  .face = STR(""),
                                  .password = STR(""),
                                  .role = ROLE_LEAD,
                                  .brand = BRAND,
                                  .at = NOW}};
}

static int setup(void **state)
{
    struct house *h = calloc(1, sizeof *h);
    const char *tmp = getenv("TMPDIR");
    struct errinfo e = {0};
    text_init();
    snprintf(h->dir, sizeof h->dir, "%s/zuruf-people-XXXXXX", tmp ? tmp : "/tmp");
    if (!mkdtemp(h->dir))
        return -1;
    snprintf(h->path, sizeof h->path, "%s/store.db", h->dir);
    arena_init(&h->arena);
    clock_fake_init(&h->clock, NOW);
    const struct store_options o = {.path = h->path,
                                    .migrations = schema_table,
                                    .migration_count = schema_count,
                                    .clock = &h->clock.clock};
    if (store_open(&h->store, &o, &e) != ERR_OK)
        return -1;
    h->sessions = sessions_new(h->store, &h->clock.clock);
    write_now(h, add_brands, NULL);
    struct job j = agent_job(h, "Aylin@Acme.example", "Aylin Brandt");
    write_now(h, add_agent, &j);
    h->agent = j.id;
    *state = h;
    return 0;
}

static int teardown(void **state)
{
    struct house *h = *state;
    static const char *const files[] = {"store.db", "store.db-wal", "store.db-shm", "store.db-lock",
                                        "store.db.lock"};
    sessions_free(h->sessions);
    store_close(h->store);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/%s", h->dir, files[i]);
        unlink(path);
    }
    int left = rmdir(h->dir);
    arena_deinit(&h->arena);
    free(h);
    return left;
}

static struct str start(struct house *h)
{
    struct str token;
    struct errinfo e = {0};
    assert_int_equal(session_start(h->sessions, &h->arena, h->agent, STR("Firefox"), &token, &e),
                     ERR_OK);
    return token;
}

static enum err find(struct house *h, struct str token, struct who *who)
{
    *who = (struct who){0};
    return session_find(h->sessions, &h->arena, token, who);
}

static void mail_addresses_have_one_form(void **state)
{
    struct house *h = *state;
    struct str out;
    struct errinfo e = {0};
    assert_int_equal(email_normalise(&h->arena, STR("  Kim.Ö@Example.ORG\n"), &out, &e), ERR_OK);
    assert_string_equal(arena_str(&h->arena, out).p, "kim.ö@example.org");
    static const char *const wrong[] = {"",
                                        "kim",
                                        "@example.org",
                                        "kim@",
                                        "kim@@example.org",
                                        "a b@example.org",
                                        "kim@example.org, eve@example.org",
                                        "kim@a@b"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        print_message("# %s\n", wrong[i]);
        assert_int_equal(email_normalise(&h->arena, str_z(wrong[i]), &out, &e), ERR_INVALID);
        assert_string_equal(e.where, "email");
    }
    char longest[300];
    memset(longest, 'a', sizeof longest);
    longest[200] = '@';
    assert_int_equal(email_normalise(&h->arena, (struct str){longest, 254}, &out, &e), ERR_OK);
    assert_int_equal(email_normalise(&h->arena, (struct str){longest, 255}, &out, &e), ERR_INVALID);
}

static void an_agent_is_made_once_a_brand(void **state)
{
    struct house *h = *state;
    struct job again = agent_job(h, "aylin@acme.EXAMPLE", "Somebody Else");
    assert_int_equal(store_write(h->store, add_agent, &again, &again.e), ERR_CONFLICT);
    assert_string_equal(again.e.where, "email");
    again.agent.brand = OTHER_BRAND; /* the same person in another brand */
    write_now(h, add_agent, &again);
    assert_true(again.id == h->agent);
    struct people_sql_agent_get_row row;
    assert_int_equal(people_sql_agent_get(store_reader(h->store), &h->arena,
                                          &(struct people_sql_agent_get_in){h->agent}, &row),
                     ERR_OK);
    assert_string_equal(row.name.p, "Aylin Brandt"); /* the name stays the agent's own */
    assert_string_equal(row.initials.p, "AB");
    struct job nameless = agent_job(h, "x@acme.example", " \t ");
    assert_int_equal(store_write(h->store, add_agent, &nameless, &nameless.e), ERR_INVALID);
    assert_string_equal(nameless.e.where, "name");
}

static void a_cookie_leads_to_its_agent(void **state)
{
    struct house *h = *state;
    struct who who;
    struct str token = start(h);
    for (int i = 0; i < 2; i++) { /* from the store, then from memory */
        assert_int_equal(find(h, token, &who), ERR_OK);
        assert_true(who.agent == h->agent);
        assert_true(who.brand == BRAND);
        assert_int_equal(who.role, ROLE_LEAD);
        assert_true(who.account == 0 && who.session != 0);
        assert_string_equal(who.name, "Aylin Brandt");
    }
    char changed[128];
    snprintf(changed, sizeof changed, "%.*s", STR_FMT(token));
    changed[0] = changed[0] == 'a' ? 'b' : 'a';
    assert_int_equal(find(h, str_z(changed), &who), ERR_NOT_FOUND);
    assert_int_equal(find(h, STR("x"), &who), ERR_NOT_FOUND);
    assert_int_equal(find(h, STR(""), &who), ERR_NOT_FOUND);
}

static void a_session_ends_after_two_weeks_unused(void **state)
{
    struct house *h = *state;
    struct who who;
    struct str used = start(h), unused = start(h);
    h->clock.at = NOW + 13 * CLOCK_DAY;
    assert_int_equal(find(h, used, &who), ERR_OK); /* renewed */
    h->clock.at = NOW + SESSION_DAYS * CLOCK_DAY;
    assert_int_equal(find(h, unused, &who), ERR_NOT_FOUND);
    assert_int_equal(find(h, used, &who), ERR_OK);
}

static void memory_never_outlives_the_session(void **state)
{
    struct house *h = *state;
    struct who who;
    struct str token = start(h);
    h->clock.at = NOW + SESSION_DAYS * CLOCK_DAY - 1;
    sessions_forget(h->sessions);
    assert_int_equal(find(h, token, &who), ERR_OK); /* in memory now, and renewed in the store */
    h->clock.at += 1;
    assert_int_equal(find(h, token, &who), ERR_OK);
    h->clock.at += SESSION_DAYS * CLOCK_DAY;
    assert_int_equal(find(h, token, &who), ERR_NOT_FOUND);
}

static void who_was_disabled_is_out(void **state)
{
    struct house *h = *state;
    struct who who;
    struct str token = start(h);
    assert_int_equal(find(h, token, &who), ERR_OK);
    write_now(h, disable_agent, h);
    sessions_forget(h->sessions); /* as serve does on TOPIC_AGENT */
    assert_int_equal(find(h, token, &who), ERR_NOT_FOUND);
}

static void a_role_taken_away_is_gone_at_once(void **state)
{
    struct house *h = *state;
    struct who who;
    struct str token = start(h);
    assert_int_equal(find(h, token, &who), ERR_OK);
    write_now(h, remove_role, h);
    sessions_forget(h->sessions);
    assert_int_equal(find(h, token, &who), ERR_OK); /* still signed in, but nowhere */
    assert_true(who.brand == 0);
    assert_int_equal(who.role, ROLE_READER);
}

/* The library's function; the first one that reads a session is followed by what the test wants to
 * happen right then. */
static void (*behind_read)(struct house *h);
static struct house *behind_house;

struct sqlite3_stmt;
const char *sqlite3_sql(struct sqlite3_stmt *s);
int sqlite3_step(struct sqlite3_stmt *s);
int sqlite3_step(struct sqlite3_stmt *s)
{
    static int (*real)(struct sqlite3_stmt *);
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "sqlite3_step");
    int rc = real(s);
    const char *sql = behind_read ? sqlite3_sql(s) : NULL;
    if (sql && strstr(sql, "FROM session s")) {
        void (*now)(struct house *) = behind_read;
        behind_read = NULL;
        now(behind_house);
    }
    return rc;
}

static void take_the_role_away(struct house *h)
{
    write_now(h, remove_role, h);
    sessions_forget(h->sessions);
}

static void what_was_read_before_all_was_forgotten_is_not_remembered(void **state)
{
    struct house *h = *state;
    struct who who;
    struct str token = start(h);
    behind_house = h;
    behind_read = take_the_role_away;
    assert_int_equal(find(h, token, &who), ERR_OK);
    assert_null(behind_read);
    assert_true(who.brand == BRAND); /* as it was when it was asked */
    assert_int_equal(find(h, token, &who), ERR_OK);
    assert_true(who.brand == 0);
}

static void a_link_works_once_and_in_time(void **state)
{
    struct house *h = *state;
    struct str link, late;
    struct errinfo e = {0};
    int64_t agent = 0;
    assert_int_equal(session_link(h->sessions, &h->arena, h->agent, CLOCK_DAY, &link, &e), ERR_OK);
    assert_int_equal(session_link(h->sessions, &h->arena, h->agent, CLOCK_HOUR, &late, &e), ERR_OK);
    h->clock.at += CLOCK_HOUR;
    assert_int_equal(session_use_link(h->sessions, &h->arena, late, &agent, &e), ERR_NOT_FOUND);
    assert_int_equal(session_use_link(h->sessions, &h->arena, link, &agent, &e), ERR_OK);
    assert_true(agent == h->agent);
    assert_int_equal(session_use_link(h->sessions, &h->arena, link, &agent, &e), ERR_NOT_FOUND);
    struct who who; /* a link is no cookie */
    assert_int_equal(find(h, link, &who), ERR_NOT_FOUND);
}

static void a_bearer_token_is_no_cookie(void **state)
{
    struct house *h = *state;
    struct who who;
    struct job j = {.house = h, .token = token_new(&h->arena)};
    struct str cookie = start(h);
    write_now(h, add_token, &j);
    assert_int_equal(find(h, j.token, &who), ERR_NOT_FOUND);
    who = (struct who){0};
    assert_int_equal(session_find_bearer(h->sessions, &h->arena, j.token, &who), ERR_OK);
    assert_true(who.account == ACCOUNT && who.brand == BRAND && who.agent == 0);
    assert_int_equal(find(h, j.token, &who), ERR_NOT_FOUND); /* not from memory either */
    assert_int_equal(find(h, cookie, &who), ERR_OK);
    assert_int_equal(session_find_bearer(h->sessions, &h->arena, cookie, &who), ERR_NOT_FOUND);
    write_now(h, revoke_tokens, NULL);
    sessions_forget(h->sessions);
    assert_int_equal(session_find_bearer(h->sessions, &h->arena, j.token, &who), ERR_DENIED);
    assert_true(who.account == ACCOUNT && who.brand == BRAND); /* whose it was */
    assert_int_equal(session_find_bearer(h->sessions, &h->arena, j.token, &who), ERR_DENIED);
    assert_int_equal(find(h, j.token, &who), ERR_NOT_FOUND);
}

static void the_check_finds_nothing_in_a_sound_store(void **state)
{
    struct house *h = *state;
    struct errinfo e = {0};
    write_now(h, join_team, h);
    assert_int_equal(store_check(h->store, &e), ERR_OK);
    assert_string_equal(e.what, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(mail_addresses_have_one_form, setup, teardown),
        cmocka_unit_test_setup_teardown(an_agent_is_made_once_a_brand, setup, teardown),
        cmocka_unit_test_setup_teardown(a_cookie_leads_to_its_agent, setup, teardown),
        cmocka_unit_test_setup_teardown(a_session_ends_after_two_weeks_unused, setup, teardown),
        cmocka_unit_test_setup_teardown(memory_never_outlives_the_session, setup, teardown),
        {"case 07: who was disabled is out", who_was_disabled_is_out, setup, teardown, NULL},
        {"case 08: a role taken away is gone at once", a_role_taken_away_is_gone_at_once, setup,
         teardown, NULL},
        cmocka_unit_test_setup_teardown(what_was_read_before_all_was_forgotten_is_not_remembered,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(a_link_works_once_and_in_time, setup, teardown),
        cmocka_unit_test_setup_teardown(a_bearer_token_is_no_cookie, setup, teardown),
        cmocka_unit_test_setup_teardown(the_check_finds_nothing_in_a_sound_store, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
