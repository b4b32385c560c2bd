/* Copying a database into another one and back: every value arrives, ids go on above the old ones,
 * and what is not finished says so. With ZURUF_TEST_PG the other one is PostgreSQL. */
#include "scratch.h"

#include <float.h>
#include <stdio.h>
#include <string.h>

#include "store/copy.h"

enum { NOTES = 1234 };

static struct store *open_file(struct scratch *s, const char *name, enum err wanted)
{
    struct store *out = NULL;
    struct errinfo e = {0};
    const struct store_options o = {.path = scratch_file(s, name),
                                    .migrations = schema_table,
                                    .migration_count = schema_count,
                                    .clock = s->options.clock};
    enum err err = store_open(&out, &o, &e);
    if (err != wanted)
        fail_msg("%s: %s", e.where, e.what);
    return out;
}

static enum err write_notes(struct tx *tx, void *arg, struct errinfo *e)
{
    static const char raw[] = {0, 1, '\'', '\\', (char)0xff, 0};
    struct store *s = arg;
    (void)e;
    for (int64_t i = 1; i <= NOTES; i++) {
        int64_t changed;
        const struct note_sql_add_in in = {
            .id = i == NOTES ? store_id(s, CLOCK_DAY * 12000) : i * 3,
            .brand = i % 5,
            .body = arena_printf(tx_arena(tx), "Text %lld ' \\ \t äöü 👍", (long long)i),
            .extra = i % 3   ? STR_NONE
                     : i % 2 ? STR("")
                             : STR("more"),
            .score = i == 1   ? -0.0
                     : i == 2 ? DBL_MAX
                     : i == 3 ? DBL_MIN
                              : (double)i / 3,
            .raw = i % 4 ? (struct str){raw, (size_t)(i % 7)} : STR_NONE,
            .parent = i > 10 && i < NOTES ? (i - 9) * 3 : 0};
        TRY(note_sql_add(tx, &in, &changed));
    }
    for (int i = 0; i < 40; i++) {
        struct note_sql_bump_row row;
        TRY(note_sql_bump(tx, tx_arena(tx),
                          &(struct note_sql_bump_in){
                              arena_printf(tx_arena(tx), "%c%d", i % 2 ? 'Z' : 'a', i * 37 % 40)},
                          &row));
    }
    return ERR_OK;
}

static struct store *make_source(struct scratch *s)
{
    struct errinfo e = {0};
    struct store *from = open_file(s, "from.db", ERR_OK);
    assert_int_equal(store_write(from, write_notes, from, &e), ERR_OK);
    return from;
}

static void copy(struct scratch *s, struct store *from, struct store *to,
                 struct copy_count **counts)
{
    struct errinfo e = {0};
    if (store_copy(from, to, schema_tables, schema_tables_count, NULL, &s->arena, counts, &e) !=
            ERR_OK ||
        store_copy_end(from, to, schema_tables, schema_tables_count, *counts, NULL, &e) != ERR_OK)
        fail_msg("%s: %s", e.where, e.what);
}

static void there_and_back_all_is_alike(void **state)
{
    struct scratch *s = *state;
    struct copy_count *there, *back;
    struct store *from = make_source(s);
    int64_t last = store_id(from, 0), past = store_id(from, CLOCK_DAY * 12000);
    scratch_open(s);
    copy(s, from, s->store, &there);
    store_close(from);
    assert_true(store_id(s->store, 0) > last);
    assert_true(store_id(s->store, CLOCK_DAY * 12000) != past);
    from = open_file(s, "back.db", ERR_OK);
    copy(s, s->store, from, &back);
    assert_int_equal(schema_tables_count, 2);
    assert_int_equal(there[0].rows, NOTES);
    assert_int_equal(there[1].rows, 40);
    for (size_t i = 0; i < schema_tables_count; i++) {
        assert_int_equal(there[i].rows, back[i].rows);
        assert_true(there[i].sum.n == 64 && str_eq(there[i].sum, back[i].sum));
    }
    assert_false(str_eq(there[0].sum, there[1].sum));
    struct note_sql_get_row row;
    assert_int_equal(
        note_sql_get(store_reader(from), &s->arena, &(struct note_sql_get_in){3, 9}, &row), ERR_OK);
    assert_true(row.score == DBL_MIN && row.extra.p && !row.extra.n && row.raw.n == 3 &&
                !row.parent);
    store_close(from);
    scratch_close(s);
    store_close(open_file(s, "back.db", ERR_OK)); /* nothing is left unfinished */
}

static void a_copy_that_was_cut_off_says_so(void **state)
{
    struct scratch *s = *state;
    struct copy_count *counts;
    struct errinfo e = {0};
    struct store *from = make_source(s);
    scratch_open(s);
    assert_int_equal(store_copy(from, s->store, schema_tables, schema_tables_count, NULL, &s->arena,
                                &counts, &e),
                     ERR_OK);
    scratch_close(s);
    assert_int_equal(store_open(&s->store, &s->options, &e), ERR_CONFLICT);
    assert_non_null(strstr(e.what, "did not finish"));
    s->store = NULL;
    store_close(from);
}

static enum err change_one(struct tx *tx, void *arg, struct errinfo *e)
{
    int64_t changed;
    (void)arg;
    (void)e;
    return note_sql_rename(tx, &(struct note_sql_rename_in){1, 3, STR("Text 1 ' \\ \t aou 👍")},
                           &changed);
}

static void what_differs_is_named(void **state)
{
    struct scratch *s = *state;
    struct copy_count *counts;
    struct errinfo e = {0};
    struct store *from = make_source(s);
    scratch_open(s);
    assert_int_equal(store_copy(from, s->store, schema_tables, schema_tables_count, NULL, &s->arena,
                                &counts, &e),
                     ERR_OK);
    assert_int_equal(store_write(s->store, change_one, NULL, &e), ERR_OK);
    assert_int_equal(
        store_copy_end(from, s->store, schema_tables, schema_tables_count, counts, NULL, &e),
        ERR_IO);
    assert_string_equal(e.where, "note");
    store_close(from);
    scratch_close(s);
    assert_int_equal(store_open(&s->store, &s->options, &e), ERR_CONFLICT);
    s->store = NULL;
}

static void only_into_an_empty_database(void **state)
{
    struct scratch *s = *state;
    struct copy_count *counts;
    struct errinfo e = {0};
    struct store *from = make_source(s);
    scratch_open(s);
    assert_int_equal(store_write(s->store, write_notes, s->store, &e), ERR_OK);
    assert_int_equal(store_copy(from, s->store, schema_tables, schema_tables_count, NULL, &s->arena,
                                &counts, &e),
                     ERR_CONFLICT);
    assert_non_null(strstr(e.what, "is not empty"));
    store_close(from);
    scratch_close(s);
    scratch_open(s); /* nothing happened to it */
    assert_int_equal(note_count(s), NOTES);
    scratch_close(s);
}

static void not_while_another_uses_it(void **state)
{
    struct scratch *s = *state;
    struct copy_count *counts;
    struct errinfo e = {0};
    struct store *from = make_source(s), *node = NULL;
    scratch_open(s);
    if (scratch_on_pg(s)) {
        assert_int_equal(store_open(&node, &s->options, &e), ERR_OK);
        assert_int_equal(store_copy(from, s->store, schema_tables, schema_tables_count, NULL,
                                    &s->arena, &counts, &e),
                         ERR_BUSY);
        assert_non_null(strstr(e.what, "in use by 1 other process"));
        store_close(node);
        copy(s, from, s->store, &counts);
    } else {
        assert_null(open_file(s, "from.db", ERR_BUSY));
    }
    store_close(from);
    scratch_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(there_and_back_all_is_alike, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(a_copy_that_was_cut_off_says_so, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(what_differs_is_named, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(only_into_an_empty_database, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(not_while_another_uses_it, scratch_setup, scratch_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
