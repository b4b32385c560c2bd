/* No statement of the product walks a whole table that grows.
 *
 * SQLite: the proof is in the bytecode, not in the words of EXPLAIN QUERY PLAN: a walk is Rewind,
 * Last or Count on a cursor that was opened on the pages of the table or of one of its indexes.
 * PostgreSQL (with ZURUF_TEST_PG): a sequential scan, or an index scan without a condition, under
 * the settings that the store gives its connections; and what a statement takes and returns has the
 * types that its header declares. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <libpq-fe.h>
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
#include "metrics_sql.h"
#include "ops_sql.h"
#include "outbox_sql.h"
#include "people_sql.h"
#include "post_sql.h"
#include "schema.h"
#include "search_sql.h"
#include "session_sql.h"
#include "watch_sql.h"
#include "store_schema.h"

static const struct sql_statement *const *const all[] = {
    account_sql_statements, author_sql_statements, backup_sql_statements,   brand_sql_statements,
    care_sql_statements,    case_sql_statements,   channels_sql_statements, desk_sql_statements,
    lease_sql_statements,   lists_sql_statements,  ops_sql_statements,      outbox_sql_statements,
    people_sql_statements,  post_sql_statements,   search_sql_statements,   session_sql_statements,
    watch_sql_statements,
};

/* They grow with what people write or do; the others with the organisation. */
static const char *const large[] = {
    "post",       "case",       "author",           "message",    "delivery", "note",
    "draft",      "audit",      "session",          "correction", "refused",  "post_terms",
    "thread_ref", "attachment", "attachment_chunk", "denial"};

/* Statements that may, and why. */
static const struct exception {
    const char *name, *why;
} allowed[] =
    {
        {"care_sql_next_wake", "first row of an index that holds the sleeping cases only"},
        {"care_sql_wake", "the first 200 rows of that index"},
        {"outbox_sql_newest", "the last row"},
        {"people_sql_denials_expire",
         "the index by hour, from its start to the first that is kept"},
        {"session_sql_expire",
         "the index by time, from its start to the first that has not expired"},
},
  pg_allowed[] = {
      {"session_sql_end_everyone", "once, after a restore"},
};

enum { CURSORS = 64, EXPLAIN_MAX = 16384 };

static sqlite3 *db;
static PGconn *pg; /* NULL: not asked for */

/* --- PostgreSQL --- */

static PGresult *pg_run(const char *sql)
{
    PGresult *r = PQexec(pg, sql);
    if (PQresultStatus(r) != PGRES_COMMAND_OK && PQresultStatus(r) != PGRES_TUPLES_OK)
        fail_msg("%s%s", PQerrorMessage(pg), sql);
    return r;
}

static void pg_setup(const char *url)
{
    pg = PQconnectdb(url);
    assert_int_equal(PQstatus(pg), CONNECTION_OK);
    PQclear(pg_run("SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan; SET jit = "
                   "off")); /* as src/store/pg_conn.c */
    PQclear(pg_run(store_schema_table[0].pg));
    for (size_t i = 0; i < schema_count; i++)
        PQclear(pg_run(schema_table[i].pg));
}

static const char *pg_type(char letter)
{
    static const struct {
        char letter;
        const char *name;
    } types[] = {{'i', "bigint"},   {'r', "double precision"},   {'t', "text"},   {'b', "bytea"},
                 {'I', "bigint[]"}, {'R', "double precision[]"}, {'T', "text[]"}, {'B', "bytea[]"}};
    size_t i = 0;
    while (types[i].letter != letter)
        i++;
    return types[i].name;
}

/* PREPARE one (types) AS ..., and the start of its call with NULL for each: "(NULL, NULL)". */
static void pg_prepare(const char *sql, const char *types, char *call, size_t size)
{
    char text[EXPLAIN_MAX];
    size_t n = strlen(types), at = (size_t)snprintf(text, sizeof text, "PREPARE one"), c = 0;
    *call = 0;
    for (size_t i = 0; i < n; i++) {
        at += (size_t)snprintf(text + at, sizeof text - at, "%s%s", i ? ", " : " (",
                               pg_type(types[i]));
        c += (size_t)snprintf(call + c, size - c, i ? ", NULL" : " (NULL");
        assert_true(at < sizeof text && c + 1 < size);
    }
    if (n)
        snprintf(call + c, size - c, ")");
    at += (size_t)snprintf(text + at, sizeof text - at, "%sAS %s", n ? ") " : " ", sql);
    assert_true(at < sizeof text);
    PQclear(pg_run(text));
}

/* The large table of a line of a plan that scans one; with its alias behind. */
static const char *pg_scanned(const char *line)
{
    const char *on = strstr(line, " on ");
    if (!on || !strstr(line, " Scan"))
        return NULL;
    on += on[4] == '"' ? 5 : 4;
    for (size_t i = 0; i < sizeof large / sizeof *large; i++) {
        size_t n = strlen(large[i]);
        if (strncmp(on, large[i], n) == 0 && strchr(" \"", on[n]))
            return large[i];
    }
    return NULL;
}

/* As walks. A scan by an index has its condition on the lines behind it, up to the next node. */
static const char *pg_walks(const char *sql, const char *types)
{
    char call[1024], explain[1200];
    const char *found = NULL, *open = NULL;
    pg_prepare(sql, types, call, sizeof call);
    snprintf(explain, sizeof explain, "EXPLAIN (COSTS OFF) EXECUTE one%s", call);
    PGresult *r = pg_run(explain);
    for (int i = 0; i <= PQntuples(r) && !found; i++) {
        const char *line = i < PQntuples(r) ? PQgetvalue(r, i, 0) : "->";
        if (strstr(line, "Index Cond:"))
            open = NULL;
        if ((!strstr(line, "->") && i > 0) || strstr(line, "Bitmap Index") ||
            strstr(line, "BitmapOr") || strstr(line, "BitmapAnd"))
            continue;
        if (open)
            found = open;
        open = pg_scanned(line);
        if (strstr(line, "Seq Scan"))
            found = found ? found : open;
    }
    PQclear(r);
    PQclear(pg_run("DEALLOCATE one"));
    return found;
}

/* What PostgreSQL says of a prepared statement, against the letters of its header. */
static bool pg_types_fit(const struct sql_statement *s)
{
    static const struct {
        char letter;
        unsigned type;
    } fits[] = {{'i', 20}, {'i', 23}, {'r', 701}, {'t', 25}, {'b', 17}};
    char call[1024];
    pg_prepare(s->pg, s->types, call, sizeof call);
    PGresult *r = PQdescribePrepared(pg, "one");
    bool all_fit = PQresultStatus(r) == PGRES_COMMAND_OK &&
                   PQnfields(r) == (int)strlen(s->columns) && PQnparams(r) == (int)strlen(s->types);
    for (int i = 0; all_fit && i < PQnfields(r); i++) {
        bool one = false;
        for (size_t k = 0; k < sizeof fits / sizeof *fits; k++)
            one |= fits[k].letter == s->columns[i] && fits[k].type == PQftype(r, i);
        if (!one)
            print_error("%s: column %s is no '%c'\n", s->name, PQfname(r, i), s->columns[i]);
        all_fit = one;
    }
    PQclear(r);
    PQclear(pg_run("DEALLOCATE one"));
    return all_fit;
}

/* --- SQLite --- */

static int setup(void **state)
{
    (void)state;
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_QPSG, 1, NULL); /* as src/store/db.c */
    assert_int_equal(sqlite3_exec(db, store_schema_table[0].sql, NULL, NULL, NULL), SQLITE_OK);
    for (size_t i = 0; i < schema_count; i++)
        assert_int_equal(sqlite3_exec(db, schema_table[i].sql, NULL, NULL, NULL), SQLITE_OK);
    if (getenv("ZURUF_TEST_PG"))
        pg_setup(getenv("ZURUF_TEST_PG"));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    PQfinish(pg);
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

static const char *statement_walks(const struct sql_statement *s, bool on_pg)
{
    return on_pg ? pg_walks(s->pg, s->types) : walks(s->sql);
}

static bool is_allowed(const char *name, bool on_pg)
{
    for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
        if (strcmp(allowed[i].name, name) == 0)
            return true;
    for (size_t i = 0; on_pg && i < sizeof pg_allowed / sizeof *pg_allowed; i++)
        if (strcmp(pg_allowed[i].name, name) == 0)
            return true;
    return false;
}

static void no_walks(bool on_pg)
{
    int seen = 0, faults = 0;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        for (const struct sql_statement *const *s = all[i]; *s; s++, seen++) {
            const char *table = statement_walks(*s, on_pg);
            if (table && !is_allowed((*s)->name, on_pg)) {
                print_error("%s walks all of %s\n", (*s)->name, table);
                faults++;
            }
        }
    assert_true(seen > 100);
    assert_int_equal(faults, 0);
}

static void no_statement_walks_a_large_table(void **state)
{
    (void)state;
    no_walks(false);
}

/* An exception that is none any more has to go. */
static void are_needed(const struct exception *list, size_t n, bool on_pg)
{
    for (size_t k = 0; k < n; k++) {
        bool needed = false;
        for (size_t i = 0; i < sizeof all / sizeof *all; i++)
            for (const struct sql_statement *const *s = all[i]; *s; s++)
                needed |= strcmp((*s)->name, list[k].name) == 0 && statement_walks(*s, on_pg);
        if (!needed)
            print_error("%s walks nothing\n", list[k].name);
        assert_true(needed);
    }
}

static void exceptions_are_needed(void **state)
{
    (void)state;
    are_needed(allowed, sizeof allowed / sizeof *allowed, false);
}

static void nor_on_postgresql(void **state)
{
    (void)state;
    if (!pg)
        return; /* the program runs once more with a server */
    assert_non_null(pg_walks("SELECT text FROM post WHERE text = $1", "t"));
    assert_non_null(pg_walks("SELECT count(*) FROM \"case\"", ""));
    assert_non_null(pg_walks("UPDATE message SET what = '' WHERE what = $1", "t"));
    assert_non_null(pg_walks("SELECT max(at) FROM audit WHERE at < $1", "i"));
    assert_null(pg_walks("SELECT text FROM post WHERE id = $1", "i"));
    assert_null(pg_walks("SELECT id FROM post WHERE brand = $1 ORDER BY id DESC LIMIT 10", "i"));
    assert_null(pg_walks("SELECT name FROM team", ""));
    no_walks(true);
    are_needed(pg_allowed, sizeof pg_allowed / sizeof *pg_allowed, true);
}

static void types_are_as_declared(void **state)
{
    (void)state;
    int faults = 0;
    for (size_t i = 0; pg && i < sizeof all / sizeof *all; i++)
        for (const struct sql_statement *const *s = all[i]; *s; s++)
            faults += !pg_types_fit(*s);
    assert_int_equal(faults, 0);
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
        cmocka_unit_test(a_walk_is_seen),        cmocka_unit_test(no_statement_walks_a_large_table),
        cmocka_unit_test(exceptions_are_needed), cmocka_unit_test(nor_on_postgresql),
        cmocka_unit_test(types_are_as_declared),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
