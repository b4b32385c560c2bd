/* Writing and reading: groups, failures, notices, and what generated statements make of each type.
 */
#include "scratch.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "base/threads.h"

static void each_type_there_and_back(void **state)
{
    struct scratch *s = *state;
    scratch_open(s);
    struct note_job j = {.id = 7, .body = "Grüße"};
    assert_int_equal(store_write(s->store, note_write, &j, NULL), ERR_OK);
    struct note_sql_get_row row;
    struct db *db = store_reader(s->store);
    assert_int_equal(note_sql_get(db, &s->arena, &(struct note_sql_get_in){1, 7}, &row), ERR_OK);
    assert_int_equal(row.id, 7);
    assert_string_equal(row.body.p, "Grüße");
    assert_null(row.extra.p);
    assert_true(row.score == 0.5);
    assert_null(row.raw.p);
    assert_int_equal(row.parent, 0);
    assert_int_equal(note_sql_get(db, &s->arena, &(struct note_sql_get_in){2, 7}, &row),
                     ERR_NOT_FOUND);
    assert_int_equal(row.id, 0);
}

static enum err write_full(struct tx *tx, void *arg, struct errinfo *e)
{
    (void)arg;
    (void)e;
    struct note_sql_add_in in = {.id = 1,
                                 .brand = 1,
                                 .body = STR_NONE,
                                 .extra = STR(""),
                                 .score = -1e300,
                                 .raw = {"\0\1", 2}};
    TRY(note_sql_add(tx, &in, NULL));
    in = (struct note_sql_add_in){.id = 2, .brand = 1, .body = STR("ab"), .parent = 1};
    TRY(note_sql_add(tx, &in, NULL));
    struct note_sql_get_row row; /* sees what it has written itself */
    TRY(note_sql_get(tx_db(tx), tx_arena(tx), &(struct note_sql_get_in){1, 2}, &row));
    int64_t changed = -1;
    struct note_sql_rename_in rename = {.brand = 1, .id = 99, .body = STR("x")};
    TRY(note_sql_rename(tx, &rename, &changed));
    assert_int_equal(changed, 0);
    rename.id = 2;
    TRY(note_sql_rename(tx, &rename, &changed));
    assert_int_equal(changed, 1);
    struct note_sql_bump_row bump;
    TRY(note_sql_bump(tx, tx_arena(tx), &(struct note_sql_bump_in){STR("w")}, &bump));
    assert_int_equal(bump.n, 1);
    TRY(note_sql_bump(tx, tx_arena(tx), &(struct note_sql_bump_in){STR("w")}, &bump));
    assert_int_equal(bump.n, 2);
    return ERR_OK;
}

enum { MANY = 700, LARGE = 4000 }; /* more bytes than travel at once */

static enum err write_rows(struct tx *tx, void *arg, struct errinfo *e)
{
    struct note_sql_add_in in[MANY];
    int *bad = arg;
    struct str large = {arena_alloc(tx_arena(tx), LARGE), LARGE};
    (void)e;
    for (int i = 0; i < MANY; i++)
        in[i] = (struct note_sql_add_in){.id = i + 1,
                                         .brand = 1,
                                         .body = i % 2 ? STR("ab") : STR_NONE,
                                         .extra = i % 3 ? STR("{\"a\",NULL}") : STR_NONE,
                                         .score = i == MANY - 1 ? -1e300 : i / 2.0,
                                         .raw = i % 5 ? large : STR(""),
                                         .parent = i % 7};
    if (*bad > 0)
        in[*bad].id = 1;
    TRY(note_sql_add_rows(tx, in, 0));
    return note_sql_add_rows(tx, in, MANY);
}

static void many_rows_go_as_one_and_are_whole(void **state)
{
    struct scratch *s = *state;
    int bad = MANY - 10;
    struct note_sql_count_row count;
    struct note_sql_get_row row;
    scratch_open(s);
    struct db *db = store_reader(s->store);
    assert_int_equal(store_write(s->store, write_rows, &bad, NULL), ERR_CONFLICT);
    assert_int_equal(note_sql_count(db, &s->arena, &count), ERR_OK);
    assert_int_equal(count.n, 0);
    bad = -1;
    assert_int_equal(store_write(s->store, write_rows, &bad, NULL), ERR_OK);
    assert_int_equal(note_sql_count(db, &s->arena, &count), ERR_OK);
    assert_int_equal(count.n, MANY);
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(note_sql_get(db, &s->arena, &(struct note_sql_get_in){1, i + 1}, &row),
                         ERR_OK);
        assert_int_equal(row.body.n, i % 2 ? 2 : 0);
        assert_non_null(row.body.p);
        if (i % 3)
            assert_string_equal(row.extra.p, "{\"a\",NULL}");
        else
            assert_null(row.extra.p);
        assert_true(row.score == (i == MANY - 1 ? -1e300 : i / 2.0));
        assert_int_equal(row.raw.n, i % 5 ? LARGE : 0);
        assert_int_equal(row.parent, i % 7);
    }
}

static void absent_is_null_only_where_declared(void **state)
{
    struct scratch *s = *state;
    scratch_open(s);
    struct errinfo e;
    assert_int_equal(store_write(s->store, write_full, NULL, &e), ERR_OK);
    struct note_sql_get_row row;
    struct db *db = store_reader(s->store);
    assert_int_equal(note_sql_get(db, &s->arena, &(struct note_sql_get_in){1, 1}, &row), ERR_OK);
    assert_non_null(row.body.p);
    assert_int_equal(row.body.n, 0);
    assert_non_null(row.extra.p);
    assert_int_equal(row.extra.n, 0);
    assert_true(row.score == -1e300);
    assert_int_equal(row.raw.n, 2);
    assert_memory_equal(row.raw.p, "\0\1", 2);
    struct note_sql_list_row *rows;
    size_t n;
    struct note_sql_list_in in = {.brand = 1, .before = 100, .limit = 10};
    assert_int_equal(note_sql_list(db, &s->arena, &in, &rows, &n), ERR_OK);
    assert_int_equal(n, 2);
    assert_int_equal(rows[0].id, 2);
    assert_string_equal(rows[0].body.p, "x");
    in.limit = 1;
    assert_int_equal(note_sql_list(db, &s->arena, &in, &rows, &n), ERR_OK);
    assert_int_equal(n, 1);
    struct note_sql_words_row *words;
    assert_int_equal(note_sql_words(db, &s->arena, &words, &n), ERR_OK);
    assert_int_equal(n, 1);
    assert_int_equal(words[0].n, 2);
}

static enum err write_text(struct tx *tx, void *arg, struct errinfo *e)
{
    (void)e;
    struct note_sql_add_in in = {.id = 1, .brand = 1, .body = *(struct str *)arg};
    return note_sql_add(tx, &in, NULL);
}

/* Both engines take the same texts, so that an installation can move from one to the other. */
static void what_is_no_text_is_refused(void **state)
{
    struct scratch *s = *state;
    scratch_open(s);
    struct str bad[] = {{"a\0b", 3}, {"\xff", 1}, {"\xc3", 1}, {"\xed\xa0\x80", 3}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct errinfo e;
        assert_int_equal(store_write(s->store, write_text, &bad[i], &e), ERR_INVALID);
        assert_non_null(strstr(e.what, "note_sql_add: parameter 3 is no text"));
    }
    assert_int_equal(note_count(s), 0);
}

static void refusals_of_the_engine_have_their_codes(void **state)
{
    struct scratch *s = *state;
    scratch_open(s);
    struct errinfo e;
    struct note_job twice = {.id = 1};
    assert_int_equal(store_write(s->store, note_write, &twice, &e), ERR_OK);
    assert_int_equal(e.code, ERR_OK);
    assert_int_equal(store_write(s->store, note_write, &twice, &e), ERR_CONFLICT);
    assert_non_null(strstr(e.what, "note_sql_add"));
    char longer[200];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = 0;
    struct note_job checked = {.id = 2, .body = longer};
    assert_int_equal(store_write(s->store, note_write, &checked, &e), ERR_INVALID);
    struct note_job refused = {.id = 3, .refuse = true};
    assert_int_equal(store_write(s->store, note_write, &refused, &e), ERR_DENIED);
    assert_string_equal(e.what, "refused");
    assert_int_equal(note_count(s), 1);
}

static enum err write_on(struct tx *tx, void *arg, struct errinfo *e)
{
    int64_t changed;
    (void)arg;
    (void)e;
    struct note_sql_add_in in = {.id = 1, .brand = 1, .body = STR("twice")};
    TRY(note_sql_add(tx, &in, &changed));
    if (note_sql_add(tx, &in, &changed) == ERR_OK)
        return ERR_BUG;
    in.id = 2;
    if (note_sql_add(tx, &in, &changed) == ERR_BUG)
        return ERR_BUG;
    return ERR_OK;
}

static void nothing_is_kept_after_a_failed_statement(void **state)
{
    struct scratch *s = *state;
    scratch_open(s);
    struct errinfo e;
    assert_int_equal(store_write(s->store, write_on, NULL, &e), ERR_CONFLICT);
    assert_non_null(strstr(e.what, "note_sql_add"));
    assert_int_equal(note_count(s), 0);
}

/* Many threads at once: a part of their jobs is refused, one has a broken deferred key. */
enum { THREADS = 8, EACH = 60 };

struct crowd {
    struct scratch *s;
    pthread_t thread;
    int number, wrong;
};

static void *crowd_writes(void *p)
{
    struct crowd *c = p;
    for (int i = 0; i < EACH; i++) {
        struct note_job j = {.id = 1 + c->number * EACH + i, .refuse = i % 3 == 1};
        enum err want = j.refuse ? ERR_DENIED : ERR_OK;
        if (i % 10 == 5) {
            j.parent = 1000000;
            j.refuse = false;
            want = ERR_CONFLICT;
        }
        c->wrong += store_write(c->s->store, note_write, &j, NULL) != want;
        struct note_sql_get_row row;
        struct note_sql_get_in in = {1, j.id};
        struct arena a;
        arena_init(&a);
        enum err seen = note_sql_get(store_reader(c->s->store), &a, &in, &row);
        c->wrong += seen != (want == ERR_OK ? ERR_OK : ERR_NOT_FOUND);
        arena_deinit(&a);
    }
    return NULL;
}

static atomic_int notices;

static void count_notice(void *ctx, const struct notice *n)
{
    struct scratch *s = ctx;
    struct note_sql_get_row row;
    struct arena a;
    arena_init(&a);
    /* the reader of the writer's thread is another connection: it sees committed rows only */
    assert_int_equal(
        note_sql_get(store_reader(s->store), &a, &(struct note_sql_get_in){1, n->id}, &row),
        ERR_OK);
    arena_deinit(&a);
    notices++;
}

static void a_failing_job_fails_alone(void **state)
{
    struct scratch *s = *state;
    s->options.notice = count_notice;
    s->options.notice_ctx = s;
    notices = 0;
    scratch_open(s);
    struct crowd crowd[THREADS];
    for (int i = 0; i < THREADS; i++) {
        crowd[i] = (struct crowd){.s = s, .number = i};
        assert_int_equal(thread_start(&crowd[i].thread, "crowd", crowd_writes, &crowd[i]), ERR_OK);
    }
    int good = 0;
    for (int i = 0; i < EACH; i++)
        good += (i % 3 != 1 && i % 10 != 5) ? THREADS : 0;
    for (int i = 0; i < THREADS; i++) {
        pthread_join(crowd[i].thread, NULL);
        assert_int_equal(crowd[i].wrong, 0);
    }
    assert_int_equal(note_count(s), good);
    assert_int_equal(notices, good);
}

static struct notice told[8];
static size_t told_count;

static void keep_notice(void *ctx, const struct notice *n)
{
    (void)ctx;
    assert_in_range(told_count, 0, 7);
    told[told_count++] = *n;
}

static enum err tell_often(struct tx *tx, void *arg, struct errinfo *e)
{
    (void)e;
    tx_notify(tx, (struct notice){TOPIC_CASE, 1, 10, 1});
    tx_notify(tx, (struct notice){TOPIC_POST, 1, 10, 1});
    tx_notify(tx, (struct notice){TOPIC_CASE, 1, 10, 1});
    tx_notify(tx, (struct notice){TOPIC_CASE, 1, 10, 2});
    return *(enum err *)arg;
}

static void notices_come_once_in_order_after_the_commit(void **state)
{
    struct scratch *s = *state;
    s->options.notice = keep_notice;
    told_count = 0;
    scratch_open(s);
    enum err result = ERR_DENIED;
    assert_int_equal(store_write(s->store, tell_often, &result, NULL), ERR_DENIED);
    assert_int_equal(told_count, 0);
    result = ERR_OK;
    assert_int_equal(store_write(s->store, tell_often, &result, NULL), ERR_OK);
    assert_int_equal(told_count, 3);
    assert_int_equal(told[0].topic, TOPIC_CASE);
    assert_int_equal(told[1].topic, TOPIC_POST);
    assert_int_equal(told[2].version, 2);
}

static void a_snapshot_stands_still(void **state)
{
    struct scratch *s = *state;
    scratch_open(s);
    struct db *db = store_reader(s->store);
    struct note_job j = {.id = 1};
    assert_int_equal(store_write(s->store, note_write, &j, NULL), ERR_OK);
    assert_int_equal(db_begin(db), ERR_OK);
    assert_int_equal(note_count(s), 1);
    j.id = 2;
    assert_int_equal(store_write(s->store, note_write, &j, NULL), ERR_OK);
    assert_int_equal(note_count(s), 1);
    db_end(db);
    assert_int_equal(note_count(s), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_type_there_and_back, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(many_rows_go_as_one_and_are_whole, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(absent_is_null_only_where_declared, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(what_is_no_text_is_refused, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(refusals_of_the_engine_have_their_codes, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(nothing_is_kept_after_a_failed_statement, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(a_failing_job_fails_alone, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(notices_come_once_in_order_after_the_commit, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(a_snapshot_stands_still, scratch_setup, scratch_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
