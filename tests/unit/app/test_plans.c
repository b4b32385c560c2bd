/* No statement of the product walks a whole table that grows. The proof is in the bytecode, not in
 * the words of EXPLAIN QUERY PLAN: a walk is Rewind, Last or Count on a cursor that was opened on
 * the pages of the table or of one of its indexes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "account_sql.h"
#include "author_sql.h"
#include "backup_sql.h"
#include "brand_sql.h"
#include "care_sql.h"
#include "case_sql.h"
#include "channels_sql.h"
#include "desk_sql.h"
#include "lease_sql.h"
#include "lists_sql.h"
#include "ops_sql.h"
#include "outbox_sql.h"
#include "people_sql.h"
#include "post_sql.h"
#include "schema.h"
#include "search_sql.h"
#include "session_sql.h"
#include "store_schema.h"

static const struct sql_statement *const *const all[] = {
    account_sql_statements, author_sql_statements, backup_sql_statements,   brand_sql_statements,
    care_sql_statements,    case_sql_statements,   channels_sql_statements, desk_sql_statements,
    lease_sql_statements,   lists_sql_statements,  ops_sql_statements,      outbox_sql_statements,
    people_sql_statements,  post_sql_statements,   search_sql_statements,   session_sql_statements,
};

/* They grow with what people write or do; the others with the organisation. */
static const char *const large[] = {"post",       "case",       "author",          "message",
                                    "delivery",   "note",       "draft",           "audit",
                                    "session",    "correction", "refused",         "post_terms",
                                    "thread_ref", "attachment", "attachment_chunk"};

/* Statements that may, and why. */
static const struct {
    const char *name, *why;
} allowed[] = {
    {"care_sql_next_wake", "first row of an index that holds the sleeping cases only"},
    {"care_sql_wake", "the first 200 rows of that index"},
    {"session_sql_expire", "the index by time, from its start to the first that has not expired"},
};

enum { CURSORS = 64 };

static sqlite3 *db;

static int setup(void **state)
{
    (void)state;
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_QPSG, 1, NULL); /* as src/store/db.c */
    assert_int_equal(sqlite3_exec(db, store_schema_table[0].sql, NULL, NULL, NULL), SQLITE_OK);
    for (size_t i = 0; i < schema_count; i++)
        assert_int_equal(sqlite3_exec(db, schema_table[i].sql, NULL, NULL, NULL), SQLITE_OK);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    return sqlite3_close(db);
}

static sqlite3_stmt *prepare(const char *sql)
{
    sqlite3_stmt *s = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) != SQLITE_OK)
        print_error("%s\n%s\n", sqlite3_errmsg(db), sql);
    assert_non_null(s);
    return s;
}

/* The large table whose pages begin there, or NULL. */
static const char *large_table(int root)
{
    sqlite3_stmt *s = prepare("SELECT tbl_name FROM sqlite_schema WHERE rootpage = ?1");
    const char *found = NULL;
    sqlite3_bind_int(s, 1, root);
    if (sqlite3_step(s) == SQLITE_ROW)
        for (size_t i = 0; i < sizeof large / sizeof *large; i++)
            if (strcmp((const char *)sqlite3_column_text(s, 0), large[i]) == 0)
                found = large[i];
    sqlite3_finalize(s);
    return found;
}

/* The large table that the statement walks, or NULL. */
static const char *walks(const char *sql)
{
    char explain[8192];
    int roots[CURSORS] = {0};
    const char *found = NULL;
    assert_true(snprintf(explain, sizeof explain, "EXPLAIN %s", sql) < (int)sizeof explain);
    sqlite3_stmt *s = prepare(explain);
    while (sqlite3_step(s) == SQLITE_ROW) {
        const char *op = (const char *)sqlite3_column_text(s, 1);
        int cursor = sqlite3_column_int(s, 2);
        if (cursor < 0 || cursor >= CURSORS)
            continue;
        if (strcmp(op, "OpenRead") == 0 || strcmp(op, "OpenWrite") == 0 ||
            strcmp(op, "ReopenIdx") == 0)
            roots[cursor] = sqlite3_column_int(s, 3);
        else if (strncmp(op, "Open", 4) == 0)
            roots[cursor] = 0;
        else if ((strcmp(op, "Rewind") == 0 || strcmp(op, "Last") == 0 ||
                  strcmp(op, "Count") == 0) &&
                 roots[cursor] && !found)
            found = large_table(roots[cursor]);
    }
    sqlite3_finalize(s);
    return found;
}

static bool is_allowed(const char *name)
{
    for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
        if (strcmp(allowed[i].name, name) == 0)
            return true;
    return false;
}

static void no_statement_walks_a_large_table(void **state)
{
    (void)state;
    int seen = 0, faults = 0;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        for (const struct sql_statement *const *s = all[i]; *s; s++, seen++) {
            const char *table = walks((*s)->sql);
            if (table && !is_allowed((*s)->name)) {
                print_error("%s walks all of %s\n", (*s)->name, table);
                faults++;
            }
        }
    assert_true(seen > 100);
    assert_int_equal(faults, 0);
}

/* An exception that is none any more has to go. */
static void exceptions_are_needed(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof allowed / sizeof *allowed; k++) {
        bool needed = false;
        for (size_t i = 0; i < sizeof all / sizeof *all; i++)
            for (const struct sql_statement *const *s = all[i]; *s; s++)
                needed |= strcmp((*s)->name, allowed[k].name) == 0 && walks((*s)->sql);
        if (!needed)
            print_error("%s walks nothing\n", allowed[k].name);
        assert_true(needed);
    }
}

/* The test itself sees a walk. */
static void a_walk_is_seen(void **state)
{
    (void)state;
    assert_non_null(walks("SELECT text FROM post WHERE text = ?1"));
    assert_non_null(walks("SELECT count(*) FROM \"case\""));
    assert_non_null(walks("UPDATE message SET what = '' WHERE what = ?1"));
    assert_non_null(walks("SELECT max(at) FROM audit WHERE at < ?1"));
    assert_null(walks("SELECT text FROM post WHERE id = ?1"));
    assert_null(walks("SELECT id FROM post WHERE brand = ?1 ORDER BY id DESC LIMIT 10"));
    assert_null(walks("SELECT name FROM team"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_walk_is_seen),
        cmocka_unit_test(no_statement_walks_a_large_table),
        cmocka_unit_test(exceptions_are_needed),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
