/* What tools/sqlc refuses, and with which words; what PostgreSQL's text of a statement is. Each
 * case is a small .sql file over the schema of these tests. */
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
    /* what the engines would read in different senses */
    {"--: a one -> (n i64)\nSELECT max(n, 3) AS n FROM word;\n", ":1: 'a': 'max' of two values"},
    {"--: a one -> (n i64)\nSELECT max(n) AS n FROM word;\n", NULL},
    {"--: a one -> (n text)\nSELECT group_concat(name) AS n FROM word;\n",
     ":1: 'a': 'group_concat' is no function that is known to do the same on both"},
    {"--: a one -> (name text)\nSELECT name FROM word WHERE name LIKE 'a%';\n",
     ":1: 'a': 'LIKE' takes no notice of case"},
    {"--: a one -> (n i64)\nSELECT n FROM word WHERE n / 2 = 1 AND n % nullif(n, 0) = 1;\n", NULL},
    {"--: a one -> (m i64)\nSELECT n / n AS m FROM word;\n", ":1: 'a': '/' by 0 gives NULL"},
    {"--: a one -> (m i64)\nSELECT n > 3 AS m FROM word;\n",
     ":1: 'a': '>' stands where a value is expected"},
    {"--: a one -> (m i64)\nSELECT CASE WHEN n > 3 AND n IN (4, 5) THEN 1 ELSE 0 END AS m FROM "
     "word WHERE EXISTS (SELECT 1 FROM word);\n",
     NULL},
    {"--: a one -> (m i64)\nSELECT count(n > 3) AS m FROM word;\n", ":1: 'a': '>' stands where"},
    {"--owns: word\n--: a exec\nUPDATE word SET n = n = 3;\n", ":2: 'a': '=' stands where"},
    {"--owns: word\n--: a exec\nINSERT INTO word (name, n) VALUES ('a', 1) ON CONFLICT (name) DO "
     "UPDATE SET n = n + 1;\n",
     ":2: 'a': 'n' behind DO UPDATE: say which, word.n or excluded.n"},
    {"--owns: word\n--: a exec\nINSERT INTO word (name, n) VALUES ('a', 1) ON CONFLICT (name) DO "
     "UPDATE SET n = word.n + excluded.n WHERE word.n > 0;\n",
     NULL},
    {"--owns: word\n--: a exec\nINSERT OR IGNORE INTO word (name, n) VALUES ('a', 1);\n",
     ":2: 'a': INSERT OR is SQLite's alone"},
    {"--: a one (brand i64) -> (id i64)\nSELECT id FROM note WHERE brand = :brand ORDER BY "
     "parent;\n",
     ":1: 'a': 'parent' can be NULL"},
    {"--: a one (brand i64) -> (id i64)\nSELECT id FROM note WHERE brand = :brand ORDER BY parent "
     "DESC NULLS LAST, body, id;\n",
     NULL},
    {"--: a one (brand i64) -> (id i64)\nSELECT m.id FROM note m LEFT JOIN word w ON w.name = "
     "m.body WHERE m.brand = :brand ORDER BY m.body, w.n;\n",
     ":1: 'a': 'n' can be NULL"},
    {"--: a one -> (name text)\nSELECT name FROM note JOIN word WHERE word.rowid = 3;\n", ":1: "},
    {"--: a one -> (m i64)\nSELECT CAST(n AS INTEGER) AS m FROM word;\n", ":1: 'a': 'CAST'"},
    {"--: a one -> (m text)\nSELECT substr(name, -3, 2) AS m FROM word;\n", ":1: 'a': 'substr'"},
    /* lists and rows */
    {"--: a many (names text) -> (n i64) unbounded \"one a name\"\nSELECT w.n FROM "
     "json_each(:names) "
     "AS wanted CROSS JOIN word w WHERE w.name = wanted.value;\n",
     NULL},
    {"--: a many (names text) -> (n i64) unbounded \"one a name\"\nSELECT w.n FROM word w WHERE "
     "w.name IN (SELECT value FROM json_each(:names));\n",
     ":1: 'a': 'json_each' is read in one form"},
    {"--owns: word\n--: a exec (name text, n i64) rows\nINSERT INTO word (name, n) VALUES (:name, "
     ":n) "
     "ON CONFLICT (name) DO NOTHING;\n",
     NULL},
    {"--owns: word\n--: a exec (name text) rows\nDELETE FROM word WHERE name = :name;\n",
     ":2: 'a' has rows: write INSERT"},
    {"--owns: word\n--: a exec (name text, n i64) rows\nINSERT INTO word (name, n) VALUES (:name, "
     "1) "
     "ON CONFLICT (name) DO UPDATE SET n = :n;\n",
     ":2: 'a' has rows: :n stands outside"},
    {"--: a one (n i64) -> (name text) rows\nSELECT name FROM word WHERE n = :n;\n",
     ":1: 'a' has rows: that is for an exec"},
};

/* X.pg.sql beside X.sql; other cases have none. */
static const struct {
    const char *sql, *twin;
    const char *said; /* NULL: accepted */
} twins[] = {
    {"--: a one -> (n text)\nSELECT group_concat(name) AS n FROM word;\n",
     "--: a\nSELECT string_agg(name, ',') AS n FROM word;\n", NULL},
    {"--: a one -> (n i64)\nSELECT n FROM word;\n", "--: a\nSELECT n -- the same\n  FROM word;\n",
     "t.pg.sql:1: 'a' says what is in t.sql already"},
    {"--: a one -> (n i64)\nSELECT n FROM word;\n", "--: b\nSELECT n FROM word;\n",
     "t.pg.sql:1: 'b' is no statement of t.sql"},
    {"--: a one -> (n i64)\nSELECT n FROM word;\n", "-- empty\n--: a one\nSELECT 1;\n",
     "t.pg.sql:2: a twin has a name only"},
    {"--: a one -> (n i64)\nSELECT n FROM word;\n", "SELECT 1;\n",
     "t.pg.sql:1: SQL without a header"},
    {"--: a one (x i64) -> (n i64)\nSELECT n FROM word WHERE n = :x;\n",
     "--: a\nSELECT n FROM word WHERE n = 3;\n", "t.pg.sql:1: 'a' does without :x"},
    {"--: a one (x i64) -> (n i64)\nSELECT n FROM word WHERE n = :x;\n",
     "--: a\nSELECT n FROM word WHERE n = :x + :y;\n", "t.pg.sql:1: 'a' has no parameter :y"},
    {"--: a one -> (n i64)\nSELECT n FROM word;\n", "--: a\nSELECT 1 AS n; SELECT 2;\n",
     "t.pg.sql:1: 'a' has a second statement"},
    {"--: a one -> (n i64)\nSELECT n FROM word;\n", "--: a\n-- nothing\n",
     "t.pg.sql:1: 'a' has no SQL"},
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

static void twins_are_checked(void **state)
{
    struct scratch *s = *state;
    for (size_t i = 0; i < sizeof twins / sizeof *twins; i++) {
        struct str said;
        put_file(s, "t.sql", twins[i].sql);
        put_file(s, "t.pg.sql", twins[i].twin);
        int rc = run(s, "--in t.sql --prefix t_sql --out-h t_sql.h --out-c t_sql.c", &said);
        if (!twins[i].said && (rc != 0 || said.n))
            fail_msg("%s is refused: %s", twins[i].twin, said.p);
        if (twins[i].said && (rc != 1 || !str_starts(said, str_z(twins[i].said))))
            fail_msg("%s gives %d and: %s", twins[i].twin, rc, said.p);
    }
}

static struct str get_file(struct scratch *s, const char *name)
{
    enum { LARGEST = 64 * 1024 };
    FILE *f = fopen(scratch_file(s, name), "r");
    assert_non_null(f);
    char *text = arena_alloc(&s->arena, LARGEST);
    size_t n = fread(text, 1, LARGEST, f);
    fclose(f);
    return (struct str){text, n};
}

static void parameters_keep_their_numbers(void **state)
{
    struct scratch *s = *state;
    struct str said;
    put_file(s, "t.sql",
             "--: a one (y text, x i64) -> (n i64)\nSELECT n -- as :y\nFROM word INDEXED BY "
             "sqlite_autoindex_word_1 WHERE n = :x\n AND name <> ' :y ' AND \"name\" = :y OR n > "
             ":x;\n");
    assert_int_equal(run(s, "--in t.sql --prefix t --out-h t.h --out-c t.c --depend t.d", &said),
                     0);
    struct str c = get_file(s, "t.c");
    assert_true(str_find(c,
                         STR("\"SELECT n -- as :y\\n\"\n        \"FROM word WHERE n = $1\\n\"\n"
                             "        \" AND name <> ' :y ' AND \\\"name\\\" = $2 OR n > $1\""),
                         0) > 0);
    assert_true(str_find(c, STR(".types = \"it\",\n    .columns = \"i\",\n"), 0) > 0);
    assert_true(str_eq_z(get_file(s, "t.d"), "t.h:\n"));
    put_file(s, "t.pg.sql", "--: a\nSELECT $$:y$$ FROM word WHERE name = :y::text AND n = :x;\n");
    assert_int_equal(run(s, "--in t.sql --prefix t --out-h t.h --out-c t.c --depend t.d", &said),
                     0);
    assert_true(str_eq_z(get_file(s, "t.d"), "t.h: t.pg.sql\n"));
}

static const struct {
    const char *sql, *pg, *said; /* said: behind the file's name; NULL: pg is found in the table */
} schemas[] = {
    {"CREATE TABLE a (text TEXT NOT NULL DEFAULT 'x INTEGER', n INTEGER PRIMARY KEY, r REAL, b "
     "BLOB, UNIQUE (n)) WITHOUT ROWID;\nALTER TABLE a ADD COLUMN c TEXT;\n",
     "CREATE TABLE a (text text COLLATE \\\"C\\\" NOT NULL DEFAULT 'x INTEGER', n bigint PRIMARY "
     "KEY, r double precision, b bytea, UNIQUE (n));\\n\"\n        \"ALTER TABLE a ADD COLUMN "
     "c text COLLATE \\\"C\\\";",
     NULL},
    {"CREATE TABLE a (x VARCHAR);\n", NULL, ":1: 'VARCHAR' is no type of a column"},
    {"CREATE TABLE a (x TEXT COLLATE NOCASE);\n", NULL, ":1: 'COLLATE' means something else"},
    {"\nCREATE VIRTUAL TABLE a USING fts5(x);\n", NULL, ":2: 'VIRTUAL' needs a file"},
    {"CREATE TABLE a (x TEXT);\nCREATE TRIGGER b AFTER INSERT ON a BEGIN DELETE FROM a; END;\n",
     NULL, ":2: 'TRIGGER' needs a file"},
    {"PRAGMA user_version = 3;\n", NULL, ":1: 'PRAGMA' is nothing that"},
    {"UPDATE word SET n = max(n, 3);\n", NULL, ":1: 'max' of two values"},
};

static void the_schema_is_translated(void **state)
{
    struct scratch *s = *state;
    for (size_t i = 0; i < sizeof schemas / sizeof *schemas; i++) {
        struct str said;
        put_file(s, "003-a.sql", schemas[i].sql);
        int rc = run(s, "003-a.sql --table schema --out-h s.h --out-c s.c", &said);
        if (!schemas[i].said) {
            if (rc != 0 || str_find(get_file(s, "s.c"), str_z(schemas[i].pg), 0) < 0)
                fail_msg("%s gives %d, %.*s%.*s", schemas[i].sql, rc, STR_FMT(said),
                         STR_FMT(get_file(s, "s.c")));
        } else if (rc != 1 ||
                   !str_starts(said, arena_printf(&s->arena, "003-a.sql%s", schemas[i].said))) {
            fail_msg("%s gives %d and: %s", schemas[i].sql, rc, said.p);
        }
    }
    struct str said;
    put_file(s, "003-a.sql",
             "CREATE VIRTUAL TABLE a USING fts5(x);\nCREATE TABLE b (x TEXT PRIMARY KEY);\n");
    put_file(s, "003-a.pg.sql", "CREATE TABLE a (x tsvector);\n");
    assert_int_equal(run(s, "003-a.sql --table schema --out-h s.h --out-c s.c", &said), 0);
    assert_true(
        str_find(
            get_file(s, "s.c"),
            STR("\"\\n\"\n        \"CREATE TABLE b (x text COLLATE \\\"C\\\" PRIMARY KEY);\\n\"\n"
                "        \"CREATE TABLE a (x tsvector);\\n\""),
            0) > 0);
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
    assert_int_equal(n, 8);
    assert_true(note_sql_statements[0]->writes);
    assert_false(note_sql_statements[1]->writes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(bad_statements_are_refused_in_plain_words, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(twins_are_checked, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(parameters_keep_their_numbers, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(the_schema_is_translated, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(bad_schemas_and_usage_are_refused, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test(all_statements_stand_in_the_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
