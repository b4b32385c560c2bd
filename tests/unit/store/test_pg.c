/* What only PostgreSQL has: writes that run side by side, a network in between, several nodes. The
 * network is a relay (relay.h). Needs ZURUF_TEST_PG (tests/with-pg). */
#include "scratch.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/threads.h"
#include "relay.h"

enum { PATIENCE_MS = 30000 };

struct far { /* a scratch whose store reaches its server through a relay */
    struct scratch *s;
    struct relay relay;
    char url[256];
};

static void far_start(struct far *f, struct scratch *s)
{
    f->s = s;
    relay_start_before(&f->relay, s->url, f->url, sizeof f->url);
    s->options.url = f->url;
}

static void far_stop(struct far *f)
{
    scratch_close(f->s);
    relay_stop(&f->relay);
}

static enum err read_count(struct scratch *s, int64_t *n)
{
    struct note_sql_count_row row = {0};
    enum err err = note_sql_count(store_reader(s->store), &s->arena, &row);
    *n = row.n;
    return err;
}

/* --- side by side --- */

struct side {
    struct store *store;
    pthread_t thread;
    int64_t id;
    enum err err;
    atomic_int *runs, *have_read;
};

/* Writes down how many it saw. In its first run it waits until the other one has read as well. */
static enum err write_what_it_saw(struct tx *tx, void *arg, struct errinfo *e)
{
    struct side *side = arg;
    struct note_sql_count_row seen;
    char text[32];
    (void)e;
    TRY(note_sql_count(tx_db(tx), tx_arena(tx), &seen));
    if (atomic_fetch_add(side->runs, 1) < 2) {
        atomic_fetch_add(side->have_read, 1);
        while (atomic_load(side->have_read) < 2)
            usleep(1000);
    }
    snprintf(text, sizeof text, "%lld", (long long)seen.n);
    struct note_sql_add_in in = {.id = side->id, .brand = 1, .body = str_z(text)};
    return note_sql_add(tx, &in, NULL);
}

static void *run_side(void *arg)
{
    struct side *side = arg;
    side->err = store_write(side->store, write_what_it_saw, side, NULL);
    return NULL;
}

static void writes_side_by_side_are_as_one_after_the_other(void **state)
{
    struct scratch *s = *state;
    scratch_open(s);
    atomic_int runs = 0, have_read = 0;
    struct side sides[2];
    for (int i = 0; i < 2; i++) {
        sides[i] =
            (struct side){.store = s->store, .id = i + 1, .runs = &runs, .have_read = &have_read};
        assert_int_equal(thread_start(&sides[i].thread, "side", run_side, &sides[i]), ERR_OK);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(sides[i].thread, NULL);
        assert_int_equal(sides[i].err, ERR_OK);
    }
    assert_true(runs >= 3); /* one of them had to look again */
    struct note_sql_list_row *rows;
    size_t n;
    assert_int_equal(note_sql_list(store_reader(s->store), &s->arena,
                                   &(struct note_sql_list_in){1, 10, 10}, &rows, &n),
                     ERR_OK);
    assert_int_equal(n, 2);
    assert_true(rows[0].body.p[0] + rows[1].body.p[0] == '0' + '1');
}

enum { BUMPERS = 6, BUMPS = 25 };

static enum err bump(struct tx *tx, void *arg, struct errinfo *e)
{
    struct note_sql_bump_row row;
    (void)e;
    atomic_fetch_add((atomic_int *)arg, 1);
    return note_sql_bump(tx, tx_arena(tx), &(struct note_sql_bump_in){STR("hot")}, &row);
}

static void *bump_often(void *arg)
{
    struct side *side = arg;
    for (int i = 0; i < BUMPS && side->err == ERR_OK; i++)
        side->err = side->id ? store_write_keyed(side->store, side->id, bump, side->runs, NULL)
                             : store_write(side->store, bump, side->runs, NULL);
    return NULL;
}

/* Returns how often the function ran. */
static int bump_together(struct scratch *s, int64_t key)
{
    atomic_int runs = 0;
    struct side sides[BUMPERS];
    for (int i = 0; i < BUMPERS; i++) {
        sides[i] = (struct side){.store = s->store, .id = key, .runs = &runs};
        assert_int_equal(thread_start(&sides[i].thread, "side", bump_often, &sides[i]), ERR_OK);
    }
    for (int i = 0; i < BUMPERS; i++) {
        pthread_join(sides[i].thread, NULL);
        assert_int_equal(sides[i].err, ERR_OK);
    }
    return runs;
}

static void a_row_that_all_write_counts_right(void **state)
{
    struct scratch *s = *state;
    scratch_open(s);
    assert_true(bump_together(s, 0) >= BUMPERS * BUMPS);
    assert_int_equal(bump_together(s, 7), BUMPERS * BUMPS); /* nobody had to run again */
    struct note_sql_words_row *words;
    size_t n;
    assert_int_equal(note_sql_words(store_reader(s->store), &s->arena, &words, &n), ERR_OK);
    assert_int_equal(words[0].n, 2 * BUMPERS * BUMPS);
}

/* --- the end of a commit --- */

struct counted {
    struct note_job job;
    int runs;
};

static enum err write_counted(struct tx *tx, void *arg, struct errinfo *e)
{
    struct counted *c = arg;
    c->runs++;
    return note_write(tx, &c->job, e);
}

/* Nothing lost, nothing twice, whatever the server saw. */
static void a_commit_that_is_cut_off_is_found_out(void **state)
{
    static const struct {
        enum relay_cut cut;
        int runs;
    } cases[] = {{CUT_BEFORE, 2}, {CUT_AFTER, 1}, {CUT_BEHIND, 2}};
    struct scratch *s = *state;
    struct far f;
    far_start(&f, s);
    scratch_open(s);
    struct counted c = {.job.id = 1000};
    assert_int_equal(store_write(s->store, write_counted, &c, NULL), ERR_OK);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct errinfo e = {0};
        c = (struct counted){.job.id = (int64_t)i + 1};
        f.relay.cut = cases[i].cut;
        enum err err = store_write(s->store, write_counted, &c, &e);
        assert_string_equal(e.what, "");
        assert_int_equal(err, ERR_OK);
        assert_int_equal(f.relay.cuts, i + 1);
        assert_int_equal(c.runs, cases[i].runs);
        assert_int_equal(note_count(s), i + 2);
    }
    far_stop(&f);
}

static void a_commit_of_which_nobody_can_tell_is_unclear(void **state)
{
    struct scratch *s = *state;
    struct far f;
    far_start(&f, s);
    scratch_open(s);
    struct errinfo e;
    struct counted c = {.job.id = 1};
    f.relay.then_refuse = true;
    f.relay.cut = CUT_AFTER;
    assert_int_equal(store_write(s->store, write_counted, &c, &e), ERR_UNCLEAR);
    assert_non_null(strstr(e.what, "may or may not"));
    assert_int_equal(c.runs, 1);
    far_stop(&f);
}

/* --- the database away --- */

static atomic_int told[TOPIC_COUNT];

static void count_topic(void *ctx, const struct notice *n)
{
    (void)ctx;
    told[n->topic]++;
}

static void forget_told(void)
{
    for (int i = 0; i < TOPIC_COUNT; i++)
        told[i] = 0;
}

/* The database comes back by itself: reading, writing, and what was not heard meanwhile. */
static void assert_back(struct scratch *s)
{
    int64_t until = clock_mono() + PATIENCE_MS, n;
    struct note_job j = {.id = store_id(s->store, 0)};
    while (read_count(s, &n) != ERR_OK || !told[TOPIC_ALL]) {
        assert_true(clock_mono() < until);
        usleep(5000);
    }
    assert_int_equal(store_write(s->store, note_write, &j, NULL), ERR_OK);
    assert_int_equal(store_writable(s->store, NULL), ERR_OK);
    assert_int_equal(note_count(s), n + 1);
}

/* While it is away each call says so, the first ones soon and the later ones at once. */
static void assert_away(struct scratch *s)
{
    struct note_job j = {.id = 77};
    struct errinfo e = {0};
    int64_t n, before = clock_mono();
    assert_int_equal(read_count(s, &n), ERR_BUSY);
    assert_int_equal(store_write(s->store, note_write, &j, &e), ERR_BUSY);
    if (!strstr(e.what, "away"))
        fail_msg("'%s' does not say that the database is away", e.what);
    assert_in_range(clock_mono() - before, 0, 8000); /* 2 s each, on a machine of its own */
    for (int64_t until = before + PATIENCE_MS;;) {
        before = clock_mono();
        assert_int_equal(store_write(s->store, note_write, &j, NULL), ERR_BUSY);
        if (clock_mono() - before < 100)
            break;
        assert_true(before < until);
    }
    assert_int_equal(store_writable(s->store, &e), ERR_BUSY);
}

static void a_database_that_was_away_comes_back(void **state)
{
    struct scratch *s = *state;
    struct far f;
    far_start(&f, s);
    s->options.notice = count_topic;
    scratch_open(s);
    for (int turn = 0; turn < 2; turn++) {
        forget_told();
        f.relay.refuse = turn == 0;
        f.relay.silent = turn == 1;
        if (turn == 0)
            relay_cut_all(&f.relay);
        assert_away(s);
        f.relay.refuse = f.relay.silent = false;
        assert_back(s);
    }
    far_stop(&f);
}

static void ended_sessions_are_not_noticed(void **state)
{
    struct scratch *s = *state;
    scratch_open(s);
    for (int i = 0; i < 5; i++) {
        struct note_job j = {.id = i + 1};
        assert_int_equal(store_write(s->store, note_write, &j, NULL), ERR_OK);
        assert_int_equal(note_count(s), i + 1);
        scratch_psql(s, NULL,
                     "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                     " WHERE pid <> pg_backend_pid() AND application_name = 'zuruf'");
    }
}

static void a_snapshot_that_is_lost_says_so_to_its_end(void **state)
{
    struct scratch *s = *state;
    struct far f;
    int64_t n;
    far_start(&f, s);
    scratch_open(s);
    struct db *db = store_reader(s->store);
    assert_int_equal(db_begin(db), ERR_OK);
    assert_int_equal(read_count(s, &n), ERR_OK);
    relay_cut_all(&f.relay);
    assert_int_equal(read_count(s, &n), ERR_BUSY);
    assert_int_equal(read_count(s, &n), ERR_BUSY); /* it would be another snapshot */
    db_end(db);
    assert_int_equal(read_count(s, &n), ERR_OK);
    far_stop(&f);
}

static void a_slow_line_is_slow_and_nothing_else(void **state)
{
    struct scratch *s = *state;
    struct far f;
    far_start(&f, s);
    f.relay.delay_ms = 100; /* each way */
    scratch_open(s);
    for (int i = 0; i < 3; i++) {
        struct note_job j = {.id = i + 1};
        struct errinfo e = {0};
        enum err err = store_write(s->store, note_write, &j, &e);
        assert_string_equal(e.what, "");
        assert_int_equal(err, ERR_OK);
        assert_int_equal(note_count(s), i + 1);
    }
    assert_int_equal(store_writable(s->store, NULL), ERR_OK);
    far_stop(&f);
}

/* --- several nodes --- */

enum { MANY = 2000 };

static enum err tell_many(struct tx *tx, void *arg, struct errinfo *e)
{
    (void)e;
    for (int i = 0; i < MANY; i++)
        tx_notify(tx, (struct notice){*(enum topic *)arg, 1, i + 1, 1});
    return ERR_OK;
}

static void wait_for_topic(enum topic topic, int least)
{
    for (int64_t until = clock_mono() + PATIENCE_MS; told[topic] < least;) {
        assert_true(clock_mono() < until);
        usleep(2000);
    }
}

static void notices_reach_the_other_nodes_once(void **state)
{
    struct scratch *s = *state;
    struct store *other;
    scratch_open(s);
    s->options.notice = count_topic;
    assert_int_equal(store_open(&other, &s->options, NULL), ERR_OK);
    forget_told();
    struct note_job j = {.id = 1};
    assert_int_equal(store_write(s->store, note_write, &j, NULL), ERR_OK);
    wait_for_topic(TOPIC_POST, 1);
    j.id = 2;
    assert_int_equal(store_write(other, note_write, &j, NULL), ERR_OK);
    assert_int_equal(told[TOPIC_POST], 2); /* its own ones before the write returns */
    enum topic topic = TOPIC_CASE;
    assert_int_equal(store_write(s->store, tell_many, &topic, NULL), ERR_OK);
    wait_for_topic(TOPIC_CASE, MANY);
    topic = TOPIC_AGENT; /* part of the transaction: as much as one notification takes */
    assert_int_equal(store_write(s->store, tell_many, &topic, NULL), ERR_OK);
    wait_for_topic(TOPIC_ALL, 1);
    assert_int_equal(told[TOPIC_POST], 2); /* and not once more when they come back */
    assert_int_equal(told[TOPIC_CASE], MANY);
    assert_int_equal(told[TOPIC_AGENT], 0);
    store_close(other);
}

static void *open_one(void *arg)
{
    struct side *side = arg;
    struct scratch *s = (struct scratch *)side->have_read;
    side->err = store_open(&side->store, &s->options, NULL);
    return NULL;
}

static void nodes_that_start_together_migrate_once(void **state)
{
    struct scratch *s = *state;
    enum { NODES = 5 };
    struct side sides[NODES];
    int64_t ids[NODES];
    for (int i = 0; i < NODES; i++) {
        sides[i] = (struct side){.have_read = (atomic_int *)s};
        assert_int_equal(thread_start(&sides[i].thread, "node", open_one, &sides[i]), ERR_OK);
    }
    for (int i = 0; i < NODES; i++) {
        pthread_join(sides[i].thread, NULL);
        assert_int_equal(sides[i].err, ERR_OK);
        ids[i] = store_id(sides[i].store, 1); /* nothing but the slot makes them differ */
        for (int k = 0; k < i; k++)
            assert_true(ids[k] != ids[i]);
    }
    for (int i = 0; i < NODES; i++)
        store_close(sides[i].store);
}

/* --- what is no database for Zuruf --- */

static void assert_refused(struct scratch *s, const char *word)
{
    struct errinfo e = {0};
    struct store *store = NULL;
    assert_int_equal(store_open(&store, &s->options, &e), ERR_INVALID);
    assert_null(store);
    if (!strstr(e.what, word))
        fail_msg("'%s' does not name '%s'", e.what, word);
    assert_null(strstr(e.what, "secret"));
}

static void unfit_databases_are_refused(void **state)
{
    struct scratch *s = *state;
    const char *name = strrchr(s->url, '/') + 1;
    char script[256];
    scratch_psql(s, name, "CREATE TABLE customer(id int)");
    assert_refused(s, "another program");
    scratch_psql(s, name, "DROP TABLE customer");
    snprintf(script, sizeof script, "ALTER DATABASE %s SET standard_conforming_strings = off",
             name);
    scratch_psql(s, NULL, script);
    assert_refused(s, "standard_conforming_strings");
    snprintf(script, sizeof script, "ALTER DATABASE %s RESET ALL", name);
    scratch_psql(s, NULL, script);
    scratch_open(s);
    scratch_close(s);
    snprintf(script, sizeof script, "DROP DATABASE %s WITH (FORCE)", name);
    scratch_psql(s, NULL, script);
    snprintf(script, sizeof script, "CREATE DATABASE %s ENCODING 'SQL_ASCII' TEMPLATE template0",
             name);
    scratch_psql(s, NULL, script);
    assert_refused(s, "SQL_ASCII");
}

static void a_server_that_is_not_there_is_named_without_its_password(void **state)
{
    struct scratch *s = *state;
    struct errinfo e = {0};
    struct store *store = NULL;
    s->options.url = "postgresql://zuruf:secret@127.0.0.1:1/nothing";
    assert_int_equal(store_open(&store, &s->options, &e), ERR_IO);
    assert_non_null(strstr(e.what, "postgresql://zuruf@127.0.0.1:1/nothing"));
    assert_null(strstr(e.what, "secret"));
}

/* --- types --- */

static void numbers_of_every_kind_are_read(void **state)
{
    static struct sql_statement kinds = {
        .name = "kinds",
        .types = "",
        .pg = "SELECT true, -5::smallint, -70000::int, 9007199254740993::bigint,"
              " sum(n::bigint), -sum(n::bigint), 12345.5::numeric, -0.25::numeric, 0::numeric,"
              " 1e20::float8, NULL::bigint, avg(n)"
              " FROM (VALUES (4611686018427387904), (1)) AS v(n)"};
    static const int64_t whole[] = {1,
                                    -5,
                                    -70000,
                                    INT64_C(9007199254740993),
                                    INT64_C(4611686018427387905),
                                    INT64_C(-4611686018427387905)};
    struct scratch *s = *state;
    struct sql_run r;
    scratch_open(s);
    assert_int_equal(sql_begin(&r, store_reader(s->store), &kinds), ERR_OK);
    assert_true(sql_next(&r));
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++)
        assert_true(sql_i64(&r, (int)i) == whole[i]);
    assert_true(sql_real(&r, 1) == -5);
    assert_true(sql_real(&r, 6) == 12345.5);
    assert_true(sql_real(&r, 7) == -0.25);
    assert_true(sql_real(&r, 8) == 0);
    assert_true(sql_real(&r, 9) == 1e20);
    assert_int_equal(sql_i64(&r, 10), 0);
    assert_true(sql_real(&r, 11) == 2305843009213693952.5);
    assert_false(sql_next(&r));
    assert_int_equal(sql_end(&r, ERR_OK), ERR_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(writes_side_by_side_are_as_one_after_the_other,
                                        scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(a_row_that_all_write_counts_right, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(a_commit_that_is_cut_off_is_found_out, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(a_commit_of_which_nobody_can_tell_is_unclear, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(a_database_that_was_away_comes_back, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(ended_sessions_are_not_noticed, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(a_snapshot_that_is_lost_says_so_to_its_end, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(a_slow_line_is_slow_and_nothing_else, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(notices_reach_the_other_nodes_once, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(nodes_that_start_together_migrate_once, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(unfit_databases_are_refused, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(a_server_that_is_not_there_is_named_without_its_password,
                                        scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(numbers_of_every_kind_are_read, scratch_setup,
                                        scratch_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
