/* A commit whose answer is lost, and the server is another one when it is asked: it has crashed and
 * come back, or a standby has taken over. Such a server may never have seen the transaction, and
 * may give its number to another one. What was not kept must never pass for kept: a mail would be
 * sent twice. Needs ZURUF_TEST_PG (tests/with-pg), whose server is dead afterwards. */
#include "scratch.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/threads.h"
#include "relay.h"

enum { PATIENCE_MS = 60000, APART = 500 };

/* A node whose next commit gets no answer. */
struct node {
    struct scratch *s;
    struct relay relay;
    char url[256];
    struct store *store;
    pthread_t thread;
    struct note_job job;
    int runs;
    enum err err;
};

static void node_open(struct node *n, struct scratch *s, int64_t id)
{
    *n = (struct node){.s = s, .job.id = id};
    relay_start_before(&n->relay, s->url, n->url, sizeof n->url);
    struct store_options o = s->options;
    struct errinfo e = {0};
    o.url = n->url;
    enum err err = store_open(&n->store, &o, &e);
    assert_string_equal(e.what, "");
    assert_int_equal(err, ERR_OK);
    struct note_job first = {.id = id + 100};
    assert_int_equal(store_write(n->store, note_write, &first, NULL), ERR_OK);
}

static void node_close(struct node *n)
{
    store_close(n->store);
    relay_stop(&n->relay);
}

static enum err write_counted(struct tx *tx, void *arg, struct errinfo *e)
{
    struct node *n = arg;
    n->runs++;
    return note_write(tx, &n->job, e);
}

static void *run(void *arg)
{
    struct node *n = arg;
    n->err = store_write(n->store, write_counted, n, NULL);
    return NULL;
}

static void wait_for(bool (*holds)(void *), void *arg)
{
    for (int64_t until = clock_mono() + PATIENCE_MS; !holds(arg); usleep(2000))
        assert_true(clock_mono() < until);
}

static bool is_cut(void *arg)
{
    return ((struct node *)arg)->relay.cuts > 0;
}

/* Returns when its commit is held or was cut off; it cannot ask anybody yet. */
static void node_write(struct node *n, enum relay_cut how)
{
    n->relay.then_refuse = true;
    n->relay.cut = how;
    assert_int_equal(thread_start(&n->thread, "write", run, n), ERR_OK);
    wait_for(is_cut, n);
}

static void node_ask(struct node *n, int port)
{
    n->relay.server_port = port;
    n->relay.refuse = false;
    pthread_join(n->thread, NULL);
}

static int64_t number_of(struct scratch *s, const char *script)
{
    int64_t n;
    assert_true(str_to_i64(str_z(scratch_psql(s, NULL, script)), &n));
    return n;
}

/* Of the one transaction that waits for its commit longest. */
#define WAITING                                                                                    \
    " FROM pg_stat_activity WHERE application_name = 'zuruf' AND backend_xid IS NOT NULL"          \
    " ORDER BY xact_start LIMIT 1"

/* Transactions by somebody else, up to that number. */
static void use_numbers(struct scratch *s, int64_t up_to)
{
    char script[256];
    snprintf(script, sizeof script,
             "DO $$ BEGIN WHILE pg_current_xact_id()::text::bigint < %lld LOOP COMMIT; END LOOP;"
             " END $$",
             (long long)up_to);
    scratch_psql(s, NULL, script);
}

static bool is_there(struct scratch *s, int64_t id)
{
    char script[80];
    snprintf(script, sizeof script, "SELECT count(*) FROM note WHERE id = %lld", (long long)id);
    return strcmp(scratch_psql(s, strrchr(s->url, '/') + 1, script), "1") == 0;
}

static int port_of(const char *url)
{
    return (int)strtol(strrchr(url, ':') + 1, NULL, 10);
}

/* --- a crash --- */

#define LIFE "SELECT stats_reset FROM pg_stat_wal"

struct crash {
    struct scratch *s;
    const char *before;
};

static bool is_up_again(void *arg)
{
    struct crash *c = arg;
    const char *now = scratch_psql_try(c->s, NULL, LIFE);
    return now && strcmp(now, c->before) != 0;
}

/* One process of the server dies: it ends all others, and begins anew from what is on the disk. */
static void crash(struct scratch *s, int64_t pid)
{
    struct crash c = {s, scratch_psql(s, NULL, LIFE)};
    assert_int_equal(kill((pid_t)pid, SIGKILL), 0);
    wait_for(is_up_again, &c);
}

/* One commit, a crash before it, its number given away. False: the number was on the disk already,
 * so that nobody gets it again. */
static bool crash_before_commit(struct scratch *s, int64_t id)
{
    struct node n;
    char script[80];
    node_open(&n, s, id);
    node_write(&n, CUT_HOLD);
    int64_t xid = number_of(s, "SELECT backend_xid" WAITING);
    crash(s, number_of(s, "SELECT pid" WAITING));
    use_numbers(s, xid + 3);
    snprintf(script, sizeof script, "SELECT pg_xact_status('%lld'::xid8)", (long long)xid);
    bool given_again = strcmp(scratch_psql(s, NULL, script), "committed") == 0;
    node_ask(&n, port_of(s->url));
    if (given_again) {
        assert_int_equal(n.err, ERR_UNCLEAR);
        assert_int_equal(n.runs, 1);
    }
    assert_int_equal(is_there(s, id), n.err == ERR_OK);
    node_close(&n);
    return given_again;
}

static void a_number_given_again_after_a_crash_is_not_ours(void **state)
{
    struct scratch *s = *state;
    int64_t id = 1;
    scratch_psql(s, NULL, "ALTER SYSTEM SET wal_writer_delay = '10s'");
    scratch_psql(s, NULL, "SELECT pg_reload_conf()");
    while (!crash_before_commit(s, id))
        assert_true(++id < 20);
}

static void a_commit_that_a_crash_did_not_undo_is_there_once(void **state)
{
    struct scratch *s = *state;
    struct node n;
    node_open(&n, s, 1);
    node_write(&n, CUT_AFTER);
    crash(s, number_of(s, "SELECT pid FROM pg_stat_activity WHERE backend_type = 'walwriter'"));
    node_ask(&n, port_of(s->url));
    assert_int_equal(n.err, ERR_UNCLEAR); /* the number could be another's by now */
    assert_int_equal(n.runs, 1);
    assert_true(is_there(s, 1));
    node_close(&n);
}

/* --- a standby takes over --- */

struct standby {
    struct scratch *s;
    char url[256];
    int port;
};

static void standby_start(struct standby *b, struct scratch *s)
{
    char text[512];
    const char *server = getenv("ZURUF_TEST_PG"), *colon = strrchr(server, ':');
    *b = (struct standby){.s = s};
    snprintf(text, sizeof text, "%s/tests/pg-standby", getenv("ZURUF_SOURCE"));
    assert_int_equal(system(text), 0);
    snprintf(text, sizeof text, "%s/standby.port", getenv("ZURUF_TEST_PG_DIR"));
    FILE *f = fopen(text, "r");
    assert_non_null(f);
    assert_int_equal(fscanf(f, "%d", &b->port), 1);
    fclose(f);
    snprintf(b->url, sizeof b->url, "%.*s:%d%s", (int)(colon - server), server, b->port,
             strchr(colon, '/'));
}

static bool has_followed(void *arg)
{
    struct standby *b = arg;
    return number_of(b->s, "SELECT count(*) FROM pg_stat_replication"
                           " WHERE replay_lsn >= pg_current_wal_flush_lsn()") == 1;
}

static void kill_primary(struct scratch *s)
{
    int64_t pid = number_of(s, "SELECT split_part(pg_read_file('postmaster.pid'), E'\n', 1)");
    assert_int_equal(kill(-getpgid((pid_t)pid), SIGKILL), 0);
}

/* known: kept, and the standby has it. reused: not kept, its number is another's on the new server.
 * unknown: not kept, the new server has never given its number. */
static void after_a_fail_over_nothing_is_taken_for_kept_that_is_not(void **state)
{
    struct scratch *s = *state;
    struct node known, reused, unknown;
    struct standby standby;
    node_open(&known, s, 1);
    node_open(&reused, s, 2);
    node_open(&unknown, s, 3);
    standby_start(&standby, s);
    node_write(&known, CUT_AFTER);
    wait_for(has_followed, &standby);
    /* nothing more arrives */
    const pid_t sender = (pid_t)number_of(s, "SELECT pid FROM pg_stat_replication");
    assert_int_equal(kill(sender, SIGSTOP), 0);
    node_write(&reused, CUT_HOLD);
    int64_t xid = number_of(s, "SELECT backend_xid" WAITING);
    use_numbers(s, xid + APART);
    node_write(&unknown, CUT_HOLD);
    int64_t began = clock_mono();

    kill_primary(s);
    assert_int_equal(kill(sender, SIGKILL), 0); /* in no group with its server */
    setenv("ZURUF_TEST_PG", standby.url, 1);
    assert_string_equal(scratch_psql(s, NULL, "SELECT pg_promote()"), "t");
    use_numbers(s, xid + 3);
    bool soon = clock_mono() - began < 8000; /* a write is given up after 10 s */
    node_ask(&unknown, standby.port);
    node_ask(&reused, standby.port);
    node_ask(&known, standby.port);

    assert_int_equal(known.err, ERR_UNCLEAR);
    assert_int_equal(known.runs, 1);
    assert_true(is_there(s, 1));
    assert_int_equal(reused.err, ERR_UNCLEAR);
    assert_int_equal(reused.runs, 1);
    assert_false(is_there(s, 2));
    if (soon || unknown.err == ERR_OK) {
        assert_int_equal(unknown.err, ERR_OK);
        assert_int_equal(unknown.runs, 2);
    }
    assert_int_equal(is_there(s, 3), unknown.err == ERR_OK);
    struct note_job last = {.id = 4};
    assert_int_equal(store_write(reused.store, note_write, &last, NULL), ERR_OK);
    assert_true(is_there(s, 4));
    node_close(&known);
    node_close(&reused);
    node_close(&unknown);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_number_given_again_after_a_crash_is_not_ours,
                                        scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(a_commit_that_a_crash_did_not_undo_is_there_once,
                                        scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(after_a_fail_over_nothing_is_taken_for_kept_that_is_not,
                                        scratch_setup, scratch_teardown), /* the last one */
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
