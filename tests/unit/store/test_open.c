/* Opening, migrating, the lock on the file, backup and check. */
#include "scratch.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/threads.h"

static void assert_refused(struct scratch *s, enum err want, const char *word, const char *second)
{
    struct errinfo e = {0};
    struct store *store = NULL;
    assert_int_equal(store_open(&store, &s->options, &e), want);
    assert_null(store);
    assert_int_equal(e.code, want);
    if (!strstr(e.what, word) || !strstr(e.what, second))
        fail_msg("'%s' does not name '%s' and '%s'", e.what, word, second);
}

static void a_newer_database_is_refused_with_both_versions(void **state)
{
    struct scratch *s = *state;
    scratch_open(s);
    scratch_close(s);
    s->options.migration_count = 1;
    assert_refused(s, ERR_INVALID, "version 2", "knows 1");
    s->options.migration_count = schema_count;
    scratch_open(s); /* nothing was changed by it */
}

static int64_t version_of(struct scratch *s, const char *path)
{
    struct store_summary found;
    struct errinfo e = {0};
    assert_int_equal(store_summarize(path, NULL, &s->arena, &found, &e), ERR_OK);
    return found.version;
}

/* The way back after an upgrade: the database as the older program left it. */
static void an_upgrade_keeps_what_was_before(void **state)
{
    struct scratch *s = *state;
    const char *kept = scratch_file(s, "store.db.before-upgrade");
    s->options.migration_count = 1;
    scratch_open(s);
    scratch_close(s);
    assert_int_not_equal(access(kept, F_OK), 0); /* a new one has nothing before it */
    s->options.migration_count = schema_count;
    s->options.as_it_is = true;
    scratch_open(s);
    scratch_close(s);
    assert_int_equal(version_of(s, s->path), 1); /* only looked at */
    s->options.as_it_is = false;
    scratch_open(s);
    scratch_close(s);
    assert_int_equal(version_of(s, s->path), 2);
    assert_int_equal(version_of(s, kept), 1);
    s->options.migration_count = 1;
    s->options.path = kept;
    scratch_open(s); /* the older program runs on it */
    scratch_close(s);
    s->options.as_it_is = true;
    s->options.path = scratch_file(s, "none.db");
    assert_refused(s, ERR_NOT_FOUND, "none.db", "nothing");
}

static void another_history_is_refused(void **state)
{
    struct scratch *s = *state;
    scratch_open(s);
    scratch_close(s);
    struct migration other[3] = {schema_table[0],
                                 schema_table[1],
                                 {3, "more", "CREATE TABLE more(x)", "CREATE TABLE more(x int)"}};
    other[1].name = "renamed";
    s->options.migrations = other;
    s->options.migration_count = 3;
    assert_refused(s, ERR_INVALID, "'word'", "'renamed'");
}

static void a_failing_migration_leaves_nothing(void **state)
{
    struct scratch *s = *state;
    struct migration list[3] = {
        schema_table[0],
        schema_table[1],
        {3, "halfway", "CREATE TABLE half(x INTEGER); INSERT INTO nowhere VALUES (1)"}};
    list[2].pg = list[2].sql;
    s->options.migrations = list;
    s->options.migration_count = 3;
    assert_refused(s, ERR_BUG, "halfway", "nowhere");
    list[2].pg = list[2].sql = "CREATE TABLE half(x INTEGER); COMMIT";
    assert_refused(s, ERR_BUG, "halfway", "transaction");
    /* that COMMIT kept its table without a mark; a migration that sees it fails until somebody
     * looks */
    list[2].pg = list[2].sql = "DROP TABLE half; CREATE TABLE half(y INTEGER);";
    scratch_open(s);
    struct note_job j = {.id = 1};
    assert_int_equal(store_write(s->store, note_write, &j, NULL), ERR_OK);
    scratch_close(s);
    s->options.migration_count = 3;
    struct migration next[4] = {
        list[0], list[1], list[2], {4, "orphans", "UPDATE note SET parent = 12345"}};
    next[3].pg = next[3].sql;
    s->options.migrations = next;
    s->options.migration_count = 4;
    assert_refused(s, ERR_BUG, "orphans", "nowhere");
    s->options.migration_count = 3;
    scratch_open(s);
    assert_int_equal(note_count(s), 1);
}

static void each_opening_is_another_run(void **state)
{
    struct scratch *s = *state;
    scratch_open(s);
    int64_t first = store_run(s->store), now = 0;
    assert_true(first > 0);
    assert_int_equal(store_now(store_reader(s->store), &now), ERR_OK);
    assert_in_range(now, clock_now(&clock_system) - CLOCK_MINUTE,
                    clock_now(&clock_system) + CLOCK_MINUTE);
    scratch_close(s);
    scratch_open(s);
    assert_true(store_run(s->store) != first);
}

static void a_second_open_is_refused(void **state)
{
    struct scratch *s = *state;
    scratch_open(s);
    assert_refused(s, ERR_BUSY, "in use", s->path);
    scratch_close(s);
    scratch_open(s);
}

static void strange_files_are_refused(void **state)
{
    struct scratch *s = *state;
    FILE *f = fopen(s->path, "w");
    for (int i = 0; i < 500; i++)
        fputs("this is not a database at all\n", f);
    fclose(f);
    assert_refused(s, ERR_INVALID, s->path, "not a database");
    s->options.path = scratch_file(s, "no/such/folder/store.db");
    assert_refused(s, ERR_IO, "no/such", "");
    s->options.node = 256;
    assert_refused(s, ERR_INVALID, "256", "0..255");
}

struct busy {
    pthread_t thread;
    struct store *store;
    atomic_bool stop;
    int written;
};

static void *keep_writing(void *p)
{
    struct busy *b = p;
    while (!b->stop) {
        struct note_job j = {.id = 1000 + b->written};
        if (store_write(b->store, note_write, &j, NULL) == ERR_OK)
            b->written++;
    }
    return NULL;
}

static void a_backup_while_writing_is_whole(void **state)
{
    struct scratch *s = *state;
    scratch_open(s);
    struct note_job j = {.id = 1};
    assert_int_equal(store_write(s->store, note_write, &j, NULL), ERR_OK);
    struct busy busy = {.store = s->store};
    assert_int_equal(thread_start(&busy.thread, "busy", keep_writing, &busy), ERR_OK);
    struct errinfo e = {0};
    const char *copy = scratch_file(s, "copy.db");
    assert_int_equal(store_backup(s->store, copy, NULL, &e), ERR_OK);
    assert_int_equal(store_backup(s->store, copy, NULL, &e), ERR_CONFLICT);
    assert_non_null(strstr(e.what, "exists"));
    assert_int_equal(store_backup(s->store, scratch_file(s, "no/such/copy.db"), NULL, &e), ERR_IO);
    busy.stop = true;
    pthread_join(busy.thread, NULL);
    assert_int_equal(store_check(s->store, &e), ERR_OK);
    assert_int_equal(note_count(s), busy.written + 1);
    scratch_close(s);

    s->options.path = copy;
    scratch_open(s);
    assert_int_equal(store_check(s->store, &e), ERR_OK);
    assert_in_range(note_count(s), 1, busy.written + 1);
}

static void damage_is_found(void **state)
{
    struct scratch *s = *state;
    scratch_open(s);
    for (int i = 0; i < 500; i++) {
        struct note_job j = {.id = i + 1, .body = "a line of text that fills pages of the file"};
        assert_int_equal(store_write(s->store, note_write, &j, NULL), ERR_OK);
    }
    scratch_close(s);
    int fd = open(s->path, O_RDWR);
    struct stat st;
    assert_int_equal(fstat(fd, &st), 0);
    char junk[4096];
    memset(junk, 0x55, sizeof junk);
    assert_int_equal(pwrite(fd, junk, sizeof junk, st.st_size - 4096), sizeof junk);
    close(fd);
    scratch_open(s);
    struct errinfo e = {0};
    assert_int_equal(store_check(s->store, &e), ERR_IO);
    assert_non_null(strstr(e.what, s->path));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_newer_database_is_refused_with_both_versions,
                                        scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(another_history_is_refused, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(a_failing_migration_leaves_nothing, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(each_opening_is_another_run, scratch_setup,
                                        scratch_teardown),
        /* of SQLite's file, not on PostgreSQL: */
        cmocka_unit_test_setup_teardown(an_upgrade_keeps_what_was_before, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(a_second_open_is_refused, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(strange_files_are_refused, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(a_backup_while_writing_is_whole, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(damage_is_found, scratch_setup, scratch_teardown),
    };
    size_t n = getenv("ZURUF_TEST_PG") ? 4 : sizeof tests / sizeof *tests;
    return _cmocka_run_group_tests("open", tests, n, NULL, NULL);
}
