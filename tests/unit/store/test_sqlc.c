/* What tools/sqlc refuses, and with which words. Each case is a small .sql file over the schema of
 * these tests. */
#include "scratch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/buf.h"

static const struct refusal {
    const char *sql;
    const char *said; /* behind the file's name; NULL: it is accepted */
} refusals[] = {
    {"--: a one (brand i64) -> (n i64)\nSELECT count(*) AS n FROM note WHERE brand = :brand;\n",
     NULL},
    {"SELECT 1;\n", ":1: SQL without a header (--: name kind ...)"},
    {"-- only a comment\n\n--: a one -> (n i64)\n", ":3: 'a' has no SQL"},
    {"--: a one -> (n i64)\n\nSELECT absent AS n\nFROM word;\n", ":3: 'a': no such column: absent"},
    {"--: a one -> (n i64)\nSELECT 1 AS n FROM nowhere;\n", ":2: 'a': no such table: nowhere"},
    {"--: a one -> (n i64)\nSELECT 1 AS n; SELECT 2;\n", ":2: 'a' has a second statement"},
    {"--: a one (x i64) -> (n i64)\nSELECT 1 AS n;\n",
     ":1: parameter 'x' is declared, but the SQL has no :x"},
    {"--: a one -> (n i64)\nSELECT :x AS n;\n", ":1: the SQL has :x, but it is not declared"},
    {"--: a one (x i64) -> (n i64)\nSELECT ?1 AS n;\n", ":1: parameter 'x' is declared"},
    {"--: a one (x i64, x text) -> (n i64)\nSELECT :x AS n;\n", ":1: 'x' is declared twice"},
    {"--: a one -> (n i64, m i64)\nSELECT 1 AS n;\n",
     ":1: 'a' declares 2 columns, the SQL returns 1"},
    {"--: a one -> (n i64)\nSELECT 1 AS m;\n",
     ":1: column 1 is declared as 'n', but the SQL calls it 'm'"},
    {"--: a one -> (name i64)\nSELECT name FROM word;\n",
     ":1: column 'name' is declared as i64, but the schema says TEXT"},
    {"--: a one -> (n int)\nSELECT 1 AS n;\n",
     ":1: 'n' has the type 'int'; it is one of i64, real, text, blob"},
    {"--: a one -> (n real?)\nSELECT 1 AS n;\n", ":1: 'n': real cannot be NULL"},
    {"--: a some -> (n i64)\nSELECT 1 AS n;\n",
     ":1: 'a' is of kind 'some'; it is one of one, many, exec"},
    {"--: case one -> (n i64)\nSELECT 1 AS n;\n", ":1: 'case' is a word of C"},
    {"--: a one\nSELECT 1 AS n;\n", ":1: 'a' returns rows: declare them"},
    {"--: a one -> (n i64)\nSELECT 1 AS n;\n\n--: a one -> (n i64)\nSELECT 1 AS n;\n",
     ":4: 'a' exists already"},
    {"--: a one -> (n i64) sometimes\nSELECT 1 AS n;\n", ":1: 'sometimes' is not understood"},
    /* lists are bounded */
    {"--: a many -> (n i64)\nSELECT n FROM word;\n",
     ":1: 'a' may return any number of rows: add LIMIT"},
    {"--: a many -> (n i64)\nSELECT n FROM (SELECT n FROM word LIMIT 3);\n",
     ":1: 'a' may return any number"},
    {"--: a many -> (n i64)\nSELECT n FROM word -- LIMIT 3\n;\n", ":1: 'a' may return any number"},
    {"--: a many -> (n i64)\nSELECT n FROM word WHERE name <> ' LIMIT ';\n",
     ":1: 'a' may return any number"},
    {"--: a many -> (n i64)\nSELECT n FROM word LIMIT 3;\n", NULL},
    {"--: a many -> (n i64) unbounded \"\"\nSELECT n FROM word;\n",
     ":1: unbounded wants its reason"},
    {"--: a many -> (n i64) unbounded \"ten at most\"\nSELECT n FROM word;\n", NULL},
    /* brands are kept apart */
    {"--: a one -> (n i64)\nSELECT count(*) AS n FROM note;\n",
     ":1: 'a' touches note, which belongs to brands"},
    {"--: a one (id i64) -> (n i64)\nSELECT n FROM word WHERE n = (SELECT parent FROM note WHERE "
     "id = :id);\n",
     ":1: 'a' touches note"},
    {"--: a one -> (n i64) any-brand \"counts all\"\nSELECT count(*) AS n FROM note;\n", NULL},
    /* each room writes its own tables */
    {"--: a exec\nDELETE FROM word;\n", ":1: 'a' writes word, which is not in this file's --owns:"},
    {"--owns: note\n--: a exec\nDELETE FROM word;\n", ":2: 'a' writes word"},
    {"--owns: note, word\n--: a exec\nDELETE FROM word;\n", NULL},
    {"--owns: elsewhere\n", ":1: --owns: names 'elsewhere', which is no table"},
    {"--owns: word\n--owns: note\n", ":2: --owns: stands once in a file"},
    {"--: a exec\nSELECT 1;\n", ":1: 'a' is exec, but writes nothing"},
    {"--owns: word\n--: a exec -> (n i64)\nDELETE FROM word RETURNING n;\n",
     ":2: 'a' is exec and returns nothing"},
    /* and nothing else */
    {"--: a exec\nDROP TABLE word;\n", ":1: 'a' reads or writes no rows"},
    {"--: a exec\nCOMMIT;\n", ":1: 'a' reads or writes no rows"},
    {"--: a one -> (n i64)\nPRAGMA user_version;\n", ":1: 'a' reads or writes no rows"},
    {"--: a exec\nATTACH 'x' AS y;\n", ":1: 'a' reads or writes no rows"},
};

static int run(struct scratch *s, const char *arguments, struct str *said)
{
    const char *source = getenv("ZURUF_SOURCE");
    const char *tool = getenv("SQLC");
    assert_non_null(source);
    assert_non_null(tool);
    const char *command =
        arena_printf(&s->arena, "cd %s && %s --schema %s/tests/unit/store/schema/*.sql %s 2>&1",
                     s->dir, tool, source, arguments)
            .p;
    FILE *p = popen(command, "r");
    assert_non_null(p);
    char *text = arena_alloc(&s->arena, 4096);
    size_t n = fread(text, 1, 4095, p);
    *said = (struct str){text, n};
    return WEXITSTATUS(pclose(p));
}

static void put_file(struct scratch *s, const char *name, const char *text)
{
    FILE *f = fopen(scratch_file(s, name), "w");
    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
}

static void bad_statements_are_refused_in_plain_words(void **state)
{
    struct scratch *s = *state;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        const struct refusal *r = &refusals[i];
        struct str said;
        put_file(s, "t.sql", r->sql);
        int rc = run(s, "--in t.sql --prefix t_sql --out-h t_sql.h --out-c t_sql.c", &said);
        if (!r->said && (rc != 0 || said.n))
            fail_msg("%s is refused: %s", r->sql, said.p);
        if (r->said && (rc != 1 || !str_starts(said, arena_printf(&s->arena, "t.sql%s", r->said))))
            fail_msg("%s gives %d and: %s", r->sql, rc, said.p);
    }
}

static void bad_schemas_and_usage_are_refused(void **state)
{
    struct scratch *s = *state;
    struct str said;
    put_file(s, "003-bad.sql", "CREATE TABLE good(x);\n\nCREATE TABLE note(x);\n");
    const char *table = "--table schema --out-h s.h --out-c s.c";
    assert_int_equal(run(s, arena_printf(&s->arena, "003-bad.sql %s", table).p, &said), 1);
    assert_true(str_starts(said, STR("003-bad.sql:3: table note already exists")));
    put_file(s, "005-gap.sql", "CREATE TABLE good(x);\n");
    assert_int_equal(run(s, arena_printf(&s->arena, "005-gap.sql %s", table).p, &said), 1);
    assert_true(str_starts(said, STR("005-gap.sql: has the number 5, but is schema file 3")));
    put_file(s, "003-begin.sql", "BEGIN;\n");
    assert_int_equal(run(s, arena_printf(&s->arena, "003-begin.sql %s", table).p, &said), 1);
    assert_true(str_find(said, STR("opens a transaction"), 0) > 0);
    assert_int_equal(run(s, "--in x.sql", &said), 2);
    assert_true(str_starts(said, STR("usage: sqlc")));
    assert_int_equal(run(s, "--in x.sql --prefix x --out-h x.h --out-c x.c", &said), 1);
    assert_true(str_starts(said, STR("x.sql: cannot be read")));
}

static void all_statements_stand_in_the_list(void **state)
{
    (void)state;
    size_t n = 0;
    for (const struct sql_statement *const *s = note_sql_statements; *s; s++)
        n += str_starts(str_z((*s)->name), STR("note_sql_")) && (*s)->sql[0];
    assert_int_equal(n, 7);
    assert_true(note_sql_statements[0]->writes);
    assert_false(note_sql_statements[1]->writes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(bad_statements_are_refused_in_plain_words, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(bad_schemas_and_usage_are_refused, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test(all_statements_stand_in_the_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
