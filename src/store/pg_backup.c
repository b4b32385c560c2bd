/* pg_backup.c - what PostgreSQL's own programs need to copy a database, and what it holds at that
 * moment; see store.h. A plain connection of its own: it lasts longer than those of the pool may,
 * and restore has no store. */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/vec.h"
#include "store/pg_int.h"

/* Tables of extensions do not count. */
static const char list_tables[] =
    "SELECT c.relname FROM pg_class c WHERE c.relkind IN ('r', 'p')"
    " AND c.relnamespace = current_schema()::regnamespace AND NOT EXISTS ("
    "  SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid"
    "  AND d.deptype = 'e') ORDER BY c.relname COLLATE \"C\" LIMIT 1000";

static enum err refused(PGconn *pq, const char *what, struct errinfo *e)
{
    char line[240];
    snprintf(line, sizeof line, "%s", PQerrorMessage(pq));
    line[strcspn(line, "\n")] = 0;
    return err_set(e, ERR_IO, "store", "%s: %s", what, line);
}

static enum err connect_to(const char *url, const char *database, PGconn **out, struct errinfo *e)
{
    /* the first dbname is read as a URL, a later one is a plain name */
    const char *keys[] = {"dbname", "application_name", database ? "dbname" : NULL, NULL};
    const char *values[] = {url, "zuruf backup", database, NULL};
    PGconn *pq = PQconnectdbParams(keys, values, 1);
    if (PQstatus(pq) != CONNECTION_OK) {
        enum err err = refused(pq, "the database cannot be reached", e);
        PQfinish(pq);
        return err;
    }
    *out = pq;
    return ERR_OK;
}

/* The result of one statement, to be cleared; NULL after a failure. */
static PGresult *ask(PGconn *pq, const char *sql, struct errinfo *e)
{
    PGresult *r = PQexec(pq, sql);
    if (PQresultStatus(r) == PGRES_TUPLES_OK || PQresultStatus(r) == PGRES_COMMAND_OK)
        return r;
    refused(pq, "the database refuses", e);
    PQclear(r);
    return NULL;
}

static enum err run(PGconn *pq, const char *sql, struct errinfo *e)
{
    PGresult *r = ask(pq, sql, e);
    PQclear(r);
    return r ? ERR_OK : ERR_IO;
}

/* Every setting of the connection as the variable that PostgreSQL's programs read: a password in
 * their arguments would be seen by everybody on the machine. */
static void fill_environment(PGconn *pq, struct arena *a, struct store_export *out)
{
    struct vec env;
    PQconninfoOption *list = PQconninfo(pq);
    vec_init(&env, a, sizeof(char *));
    for (PQconninfoOption *o = list; o && o->keyword; o++)
        if (o->envvar && o->val && o->val[0])
            *(const char **)vec_push(&env) = arena_printf(a, "%s=%s", o->envvar, o->val).p;
    PQconninfoFree(list);
    vec_push(&env);
    out->environment = env.p;
    out->database = arena_strz(a, PQdb(pq));
}

static enum err count_rows(PGconn *pq, struct store_table *t, struct errinfo *e)
{
    char sql[256];
    char *name = PQescapeIdentifier(pq, t->name.p, t->name.n);
    snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", name ? name : "");
    PQfreemem(name);
    PGresult *r = ask(pq, sql, e);
    bool ok = r && str_to_i64(str_z(PQgetvalue(r, 0, 0)), &t->rows);
    PQclear(r);
    return ok ? ERR_OK : ERR_IO;
}

static enum err fill_version(PGconn *pq, struct arena *a, struct store_summary *out,
                             struct errinfo *e)
{
    int64_t number = 0;
    PGresult *r = ask(pq, "SELECT number, name FROM migration ORDER BY number DESC LIMIT 1", e);
    if (!r)
        return err_set(e, ERR_INVALID, "store", "this is a database of another program");
    if (PQntuples(r) == 1 && str_to_i64(str_z(PQgetvalue(r, 0, 0)), &number)) {
        out->version = (int)number;
        out->version_name = arena_strz(a, PQgetvalue(r, 0, 1));
    }
    PQclear(r);
    return ERR_OK;
}

static enum err fill_summary(PGconn *pq, struct arena *a, struct store_summary *out,
                             struct errinfo *e)
{
    PGresult *r = ask(pq, list_tables, e);
    if (!r)
        return ERR_IO;
    out->table_count = (size_t)PQntuples(r);
    out->tables = arena_array(a, out->table_count, sizeof *out->tables);
    for (size_t i = 0; i < out->table_count; i++)
        out->tables[i].name = arena_strz(a, PQgetvalue(r, (int)i, 0));
    PQclear(r);
    for (size_t i = 0; i < out->table_count; i++)
        TRY(count_rows(pq, &out->tables[i], e));
    return out->table_count ? fill_version(pq, a, out, e) : ERR_OK;
}

static enum err begin(PGconn *pq, struct arena *a, struct store_export *out, struct errinfo *e)
{
    TRY(run(pq,
            "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0;"
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            e));
    PGresult *r = ask(pq, "SELECT pg_export_snapshot(), pg_database_size(current_database())", e);
    if (!r)
        return ERR_IO;
    out->snapshot = arena_strz(a, PQgetvalue(r, 0, 0));
    if (!str_to_i64(str_z(PQgetvalue(r, 0, 1)), &out->bytes))
        out->bytes = 0;
    PQclear(r);
    return fill_summary(pq, a, &out->data, e);
}

enum err store_export_open(const char *url, const char *database, struct arena *a,
                           struct store_export *out, struct errinfo *e)
{
    PGconn *pq;
    *out = (struct store_export){0};
    TRY(connect_to(url, database, &pq, e));
    out->connection = pq;
    fill_environment(pq, a, out);
    enum err err = begin(pq, a, out, e);
    if (err != ERR_OK)
        store_export_close(out);
    return err;
}

void store_export_close(struct store_export *x)
{
    if (x->connection)
        PQfinish(x->connection);
    x->connection = NULL;
}

/* name: lower-case letters, digits and '_'. */
static enum err one_statement(const char *url, const char *sql, struct errinfo *e)
{
    PGconn *pq;
    TRY(connect_to(url, NULL, &pq, e));
    PGresult *r = PQexec(pq, sql);
    const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
    enum err err = ERR_OK;
    if (PQresultStatus(r) != PGRES_COMMAND_OK) {
        bool denied = state && strcmp(state, "42501") == 0;
        err = refused(pq, "the database refuses", e);
        err = denied ? ERR_DENIED : err;
    }
    PQclear(r);
    PQfinish(pq);
    return err;
}

enum err store_database_make(const char *url, const char *name, struct errinfo *e)
{
    char sql[200];
    snprintf(sql, sizeof sql, "CREATE DATABASE \"%s\" TEMPLATE template0 ENCODING 'UTF8'", name);
    return one_statement(url, sql, e);
}

enum err store_database_drop(const char *url, const char *name, struct errinfo *e)
{
    char sql[200];
    snprintf(sql, sizeof sql, "DROP DATABASE IF EXISTS \"%s\" WITH (FORCE)", name);
    return one_statement(url, sql, e);
}
