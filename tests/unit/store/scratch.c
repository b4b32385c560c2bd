/* scratch.c - see scratch.h. */
#include "scratch.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libpq-fe.h>

/* The URL of another database of the same server. */
static void url_of(const char *server, const char *database, char *out, size_t size)
{
    const char *slash = strrchr(server, '/');
    snprintf(out, size, "%.*s/%s", (int)(slash - server), server, database);
}

static const char *database_of(const struct scratch *s)
{
    return strrchr(s->url, '/') + 1;
}

bool scratch_on_pg(const struct scratch *s)
{
    return s->url[0];
}

static const char *psql(struct scratch *s, const char *database, const char *script, bool may_fail)
{
    char url[256];
    if (database)
        url_of(getenv("ZURUF_TEST_PG"), database, url, sizeof url);
    else
        snprintf(url, sizeof url, "%s", getenv("ZURUF_TEST_PG"));
    PGconn *c = PQconnectdb(url);
    PGresult *r = PQexec(c, script);
    bool well = PQresultStatus(r) == PGRES_COMMAND_OK || PQresultStatus(r) == PGRES_TUPLES_OK;
    if (!well && !may_fail)
        fail_msg("%s: %s", script, PQerrorMessage(c));
    const char *value = PQntuples(r) && PQnfields(r) ? PQgetvalue(r, 0, 0) : "";
    value = well ? arena_strz(&s->arena, value).p : NULL;
    PQclear(r);
    PQfinish(c);
    return value;
}

const char *scratch_psql(struct scratch *s, const char *database, const char *script)
{
    return psql(s, database, script, false);
}

const char *scratch_psql_try(struct scratch *s, const char *database, const char *script)
{
    return psql(s, database, script, true);
}

static void make_database(struct scratch *s)
{
    static int made;
    char name[64], script[128];
    snprintf(name, sizeof name, "test_%d_%d", (int)getpid(), ++made);
    url_of(getenv("ZURUF_TEST_PG"), name, s->url, sizeof s->url);
    snprintf(script, sizeof script, "CREATE DATABASE %s", name);
    scratch_psql(s, NULL, script);
}

static void drop_database(struct scratch *s)
{
    char script[128];
    snprintf(script, sizeof script, "DROP DATABASE IF EXISTS %s WITH (FORCE)", database_of(s));
    scratch_psql(s, NULL, script);
}

void scratch_wipe(struct scratch *s)
{
    static const char *const files[] = {"store.db", "store.db-wal", "store.db-shm"};
    scratch_close(s);
    if (scratch_on_pg(s)) {
        drop_database(s);
        make_database(s);
    }
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        unlink(scratch_file(s, files[i]));
}

int scratch_setup(void **state)
{
    struct scratch *s = calloc(1, sizeof *s);
    const char *tmp = getenv("TMPDIR");
    snprintf(s->dir, sizeof s->dir, "%s/zuruf-test-XXXXXX", tmp ? tmp : "/tmp");
    if (!mkdtemp(s->dir))
        return -1;
    snprintf(s->path, sizeof s->path, "%s/store.db", s->dir);
    arena_init(&s->arena);
    s->options = (struct store_options){
        .path = s->path, .migrations = schema_table, .migration_count = schema_count, .node = 3};
    if (getenv("ZURUF_TEST_PG")) {
        make_database(s);
        s->options.path = NULL;
        s->options.url = s->url;
    }
    *state = s;
    return 0;
}

int scratch_teardown(void **state)
{
    struct scratch *s = *state;
    scratch_close(s);
    DIR *d = opendir(s->dir);
    for (struct dirent *f; d && (f = readdir(d));)
        unlink(scratch_file(s, f->d_name));
    closedir(d);
    rmdir(s->dir);
    if (scratch_on_pg(s))
        drop_database(s);
    arena_deinit(&s->arena);
    free(s);
    return 0;
}

void scratch_open(struct scratch *s)
{
    struct errinfo e = {0};
    enum err err = store_open(&s->store, &s->options, &e);
    assert_string_equal(e.what, "");
    assert_int_equal(err, ERR_OK);
}

void scratch_close(struct scratch *s)
{
    store_close(s->store);
    s->store = NULL;
}

const char *scratch_file(struct scratch *s, const char *name)
{
    return arena_printf(&s->arena, "%s/%s", s->dir, name).p;
}

enum err note_write(struct tx *tx, void *arg, struct errinfo *e)
{
    const struct note_job *j = arg;
    struct note_sql_add_in in = {.id = j->id,
                                 .brand = 1,
                                 .body = str_z(j->body ? j->body : "text"),
                                 .score = 0.5,
                                 .parent = j->parent};
    TRY(note_sql_add(tx, &in, NULL));
    tx_notify(tx, (struct notice){.topic = TOPIC_POST, .brand = 1, .id = j->id});
    return j->refuse ? err_set(e, ERR_DENIED, "test", "refused") : ERR_OK;
}

int64_t note_count(struct scratch *s)
{
    struct note_sql_count_row row;
    assert_int_equal(note_sql_count(store_reader(s->store), &s->arena, &row), ERR_OK);
    return row.n;
}
