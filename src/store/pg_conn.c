/* pg_conn.c - one connection to PostgreSQL: opening it with the house's settings, sending,
 * collecting answers within a time, and what its errors mean. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "store/pg_int.h"

enum { OLDEST = 150000 };

/* In one round trip. Plans do not depend on what is bound, as on SQLite, and stay with indexes: a
 * scan of a whole table would make a serializable transaction conflict with every other one. */
static const char settings[] =
    "SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan; SET jit = off;"
    "SET default_transaction_isolation = 'read committed'; SET bytea_output = 'hex';"
    "SET statement_timeout = '15s'; SET idle_in_transaction_session_timeout = '5s';"
    "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3;"
    "SET client_min_messages = 'error';"
    "SELECT current_setting('server_encoding'), current_setting('standard_conforming_strings'),"
    " ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int8,"
    " (SELECT (extract(epoch FROM stats_reset) * 1000000)::int8 FROM pg_stat_wal)";

static const struct state_row {
    const char *prefix;
    enum err err;
} states[] = {
    {"23505", ERR_CONFLICT}, {"23503", ERR_CONFLICT}, {"23P01", ERR_CONFLICT}, {"23", ERR_INVALID},
    {"22", ERR_INVALID},     {"54", ERR_LIMIT},       {"40", ERR_BUSY},        {"55P03", ERR_BUSY},
    {"57014", ERR_BUSY},     {"57P", ERR_BUSY},       {"25P03", ERR_BUSY},     {"25006", ERR_BUSY},
    {"53300", ERR_BUSY},     {"08", ERR_BUSY},        {"53", ERR_IO},          {"58", ERR_IO},
    {"XX", ERR_IO},          {"28", ERR_IO},          {"3D", ERR_IO},          {"42501", ERR_IO},
    {"F0", ERR_IO},
};

/* With these the connection is of no use any more, another one may be. */
static const char *const parting[] = {"57P01", "57P02", "57P03", "57P05", "25006",
                                      "25P03", "26000", "0A000", "08",    "F0"};

enum err pg_error(const char *state)
{
    for (size_t i = 0; i < sizeof states / sizeof *states; i++)
        if (strncmp(state, states[i].prefix, strlen(states[i].prefix)) == 0)
            return states[i].err;
    return ERR_BUG;
}

static void fail_lost(struct pg_conn *c, const char *why)
{
    struct pg_failure *f = &c->failure;
    if (f->err == ERR_OK) {
        f->err = ERR_BUSY;
        snprintf(f->what, sizeof f->what, "the database is away: %.150s", why);
        f->what[strcspn(f->what, "\n")] = 0;
    }
    f->lost = true;
}

static void fail_result(struct pg_conn *c, const char *name, const PGresult *r)
{
    struct pg_failure *f = &c->failure;
    const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
    const char *what = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);
    if (f->err != ERR_OK)
        return;
    if (!state) {
        fail_lost(c, PQresultErrorMessage(r));
        return;
    }
    f->err = pg_error(state);
    snprintf(f->state, sizeof f->state, "%s", state);
    snprintf(f->name, sizeof f->name, "%s", name);
    snprintf(f->what, sizeof f->what, "%.190s", what ? what : state);
    for (size_t i = 0; i < sizeof parting / sizeof *parting; i++)
        f->lost = f->lost || strncmp(state, parting[i], strlen(parting[i])) == 0;
}

bool pg_wait(struct pg_conn *c, int64_t until)
{
    int64_t began = clock_mono(), now = began;
    bool asked = false;
    for (;;) {
        int unsent = PQflush(c->pq);
        if (unsent < 0)
            return false;
        /* in short turns once it lasts: another thread may find out that nobody is there */
        int64_t turn = now - began < PG_SILENCE_MS ? PG_SILENCE_MS - (now - began) : 50;
        if (turn > until - now)
            turn = until > now ? until - now : 0;
        struct pollfd fd = {.fd = PQsocket(c->pq), .events = POLLIN};
        if (unsent)
            fd.events |= POLLOUT;
        int n = poll(&fd, 1, (int)turn);
        if (n < 0 && errno != EINTR)
            return false;
        if (n > 0 && fd.revents & ~POLLOUT)
            return PQconsumeInput(c->pq) == 1;
        now = clock_mono();
        if (now >= until || pool_gave_up(c->pool, began))
            return false;
        if (!asked && !c->listens && now - began >= PG_SILENCE_MS) {
            listener_ask(c->pool);
            asked = true;
        }
    }
}

/* The next result, NULL at the end of those of one command or when the connection is lost. */
static PGresult *next_result(struct pg_conn *c, int64_t until)
{
    while (!c->failure.lost && PQisBusy(c->pq))
        if (!pg_wait(c, until))
            fail_lost(c, PQstatus(c->pq) == CONNECTION_BAD ? PQerrorMessage(c->pq)
                                                           : "it does not answer");
    return c->failure.lost ? NULL : PQgetResult(c->pq); /* which would wait for ever */
}

static bool *prepared_slot(struct pg_conn *c, unsigned id)
{
    if (id >= c->prepared_size) {
        size_t size = c->prepared_size ? c->prepared_size : 64;
        while (size <= id)
            size *= 2;
        bool *list = memory_resize(c->prepared, size * sizeof *list);
        memset(list + c->prepared_size, 0, (size - c->prepared_size) * sizeof *list);
        c->prepared = list;
        c->prepared_size = size;
    }
    return &c->prepared[id];
}

static void due(struct pg_conn *c, int sent, struct pg_due d)
{
    if (!sent)
        fail_lost(c, PQerrorMessage(c->pq));
    else
        c->due[c->due_count++] = d;
}

Oid pg_type(char letter)
{
    static const struct {
        char letter;
        Oid type;
    } types[] = {{'i', 20},   {'r', 701},  {'t', 25},   {'b', 17},
                 {'I', 1016}, {'R', 1022}, {'T', 1009}, {'B', 1001}};
    size_t i = 0;
    while (i + 1 < sizeof types / sizeof *types && types[i].letter != letter)
        i++;
    return types[i].type;
}

static void send_prepare(struct pg_conn *c, const struct sql_statement *s, unsigned id,
                         const char *as)
{
    Oid types[64];
    int n = (int)strlen(s->types ? s->types : "");
    if (!s->pg || n > (int)(sizeof types / sizeof *types))
        log_fatal("store", "%s has no text for PostgreSQL, or too many parameters", s->name);
    for (int i = 0; i < n; i++)
        types[i] = pg_type(s->types[i]);
    *prepared_slot(c, id) = true;
    due(c, PQsendPrepare(c->pq, as, s->pg, n, types), (struct pg_due){DUE_PREPARE, id, s->name});
}

void pg_send(struct pg_conn *c, const struct pg_call *call, enum pg_due_kind kind)
{
    char as[16];
    unsigned id = sql_statement_id(call->statement);
    if (c->failure.err != ERR_OK)
        return;
    snprintf(as, sizeof as, "s%u", id);
    if (!*prepared_slot(c, id))
        send_prepare(c, call->statement, id, as);
    if (c->failure.err == ERR_OK)
        due(c,
            PQsendQueryPrepared(c->pq, as, call->n, call->values, call->lengths, call->formats, 1),
            (struct pg_due){kind, id, call->statement->name});
}

void pg_send_fixed(struct pg_conn *c, struct sql_statement *s, enum pg_due_kind kind)
{
    pg_send(c, &(struct pg_call){.statement = s}, kind);
}

void pg_sync(struct pg_conn *c)
{
    if (!c->failure.lost)
        due(c, PQpipelineSync(c->pq), (struct pg_due){DUE_SYNC, 0, "sync"});
}

/* One command's answer; its result when it is a good one. */
static PGresult *collect_one(struct pg_conn *c, const struct pg_due *d, int64_t until)
{
    PGresult *good = NULL, *r = next_result(c, until);
    ExecStatusType status = r ? PQresultStatus(r) : PGRES_FATAL_ERROR;
    if (!r)
        fail_lost(c, PQerrorMessage(c->pq));
    if (d->kind == DUE_SYNC) {
        if (status != PGRES_PIPELINE_SYNC)
            fail_lost(c, "it answers out of step");
        PQclear(r);
        return NULL;
    }
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) {
        good = r;
    } else {
        if (d->kind == DUE_PREPARE)
            *prepared_slot(c, d->id) = false;
        if (r && status != PGRES_PIPELINE_ABORTED)
            fail_result(c, d->name, r);
        PQclear(r);
    }
    while (!c->failure.lost && (r = next_result(c, until)))
        PQclear(r);
    return good;
}

static int64_t xid_of(const PGresult *r)
{
    uint64_t n;
    if (PQntuples(r) != 1 || PQgetlength(r, 0, 0) != sizeof n)
        return 0;
    memcpy(&n, PQgetvalue(r, 0, 0), sizeof n);
    return (int64_t)__builtin_bswap64(n);
}

PGresult *pg_collect(struct pg_conn *c, int64_t limit_ms)
{
    PGresult *last = NULL;
    int64_t until = clock_mono() + limit_ms;
    /* Always up to a sync: only then the server knows that it waits for us, and ends a transaction
     * whose client stands still (idle_in_transaction_session_timeout). */
    if (c->due_count && c->due[c->due_count - 1].kind != DUE_SYNC)
        pg_sync(c);
    for (size_t i = 0; i < c->due_count && !c->failure.lost; i++) {
        PGresult *r = collect_one(c, &c->due[i], until);
        if (r && c->due[i].kind == DUE_XID)
            c->xid = xid_of(r);
        if (r && c->due[i].kind == DUE_STATEMENT) {
            PQclear(last);
            last = r;
        } else {
            PQclear(r);
        }
    }
    c->due_count = 0;
    if (c->failure.err == ERR_OK)
        return last;
    PQclear(last);
    return NULL;
}

void pg_recovered(struct pg_conn *c)
{
    if (!c->failure.lost)
        c->failure = (struct pg_failure){0};
}

enum err pg_script_on(struct pg_conn *c, const char *sql, int64_t limit_ms, struct errinfo *e)
{
    int64_t until = clock_mono() + limit_ms;
    PGresult *r;
    if (!PQexitPipelineMode(c->pq) || !PQsendQuery(c->pq, sql))
        fail_lost(c, PQerrorMessage(c->pq));
    while (!c->failure.lost && (r = next_result(c, until))) {
        if (PQresultStatus(r) != PGRES_TUPLES_OK && PQresultStatus(r) != PGRES_COMMAND_OK)
            fail_result(c, c->pool->store->name, r);
        PQclear(r);
    }
    if (!c->failure.lost && !PQenterPipelineMode(c->pq))
        fail_lost(c, PQerrorMessage(c->pq));
    if (c->failure.err == ERR_OK)
        return ERR_OK;
    enum err err = err_set(e, c->failure.err, "store", "%s", c->failure.what);
    pg_recovered(c);
    return err;
}

/* What the server is, by the answer to the settings. */
static enum err check_server(struct pg_conn *c, const PGresult *r, struct errinfo *e)
{
    const char *name = c->pool->store->name;
    int version = PQserverVersion(c->pq);
    if (version < OLDEST)
        return err_set(e, ERR_INVALID, "store", "%s is PostgreSQL %d.%d; Zuruf needs %d or newer",
                       name, version / 10000, version % 10000, OLDEST / 10000);
    if (strcmp(PQgetvalue(r, 0, 0), "UTF8") != 0)
        return err_set(e, ERR_INVALID, "store",
                       "%s keeps its texts as %s; make a database with ENCODING 'UTF8'", name,
                       PQgetvalue(r, 0, 0));
    if (strcmp(PQgetvalue(r, 0, 1), "on") != 0)
        return err_set(e, ERR_INVALID, "store",
                       "%s has standard_conforming_strings off; switch it on for this database",
                       name);
    if (!str_to_i64(str_z(PQgetvalue(r, 0, 2)), &c->life.timeline) ||
        !str_to_i64(str_z(PQgetvalue(r, 0, 3)), &c->life.began))
        return err_set(e, ERR_IO, "store", "%s does not say since when it runs", name);
    return ERR_OK;
}

static enum err refused(const struct pg_conn *c, const char *why, struct errinfo *e)
{
    char line[200];
    snprintf(line, sizeof line, "%s", why);
    line[strcspn(line, "\n")] = 0;
    return err_set(e, ERR_IO, "store", "%s: %s", c->pool->store->name, line);
}

static enum err settle(struct pg_conn *c, int64_t until, struct errinfo *e)
{
    enum err err = ERR_OK;
    PGresult *r, *last = NULL;
    if (!PQsendQuery(c->pq, settings))
        return refused(c, PQerrorMessage(c->pq), e);
    while (!c->failure.lost && (r = next_result(c, until))) {
        if (PQresultStatus(r) != PGRES_TUPLES_OK && PQresultStatus(r) != PGRES_COMMAND_OK)
            fail_result(c, "settings", r);
        PQclear(last);
        last = r;
    }
    if (c->failure.err != ERR_OK)
        err = refused(c, c->failure.what, e);
    else
        err = check_server(c, last, e);
    PQclear(last);
    if (err == ERR_OK && !PQenterPipelineMode(c->pq))
        err = refused(c, PQerrorMessage(c->pq), e);
    return err;
}

/* "a,b,c" so that the list begins at another place each turn; NULL stays NULL. */
static const char *rotated(const char *list, unsigned turn, char *out, size_t size)
{
    unsigned n = 1;
    const char *from = list;
    for (const char *p = list; p && *p; p++)
        n += *p == ',';
    if (!list || n == 1)
        return list;
    for (turn %= n; turn; turn--)
        from = strchr(from, ',') + 1;
    size_t head = from == list ? 0 : (size_t)(from - list) - 1;
    if ((size_t)snprintf(out, size, "%s%s%.*s", from, head ? "," : "", (int)head, list) >= size)
        return list;
    return out;
}

/* What stands before dbname can be set otherwise by the URL. A primary is looked for among several
 * hosts, each attempt beginning with another one: a host that is dead without a word would use up
 * the time of every attempt. A dead network is noticed in seconds. */
static PGconn *start(struct pg_store *p)
{
    static const char *const names[] = {"application_name",
                                        "keepalives_idle",
                                        "keepalives_interval",
                                        "keepalives_count",
                                        "tcp_user_timeout",
                                        "target_session_attrs",
                                        "dbname",
                                        "client_encoding",
                                        "host",
                                        "hostaddr",
                                        "port",
                                        NULL};
    enum { HOST, ADDRESS, PORT, LISTS };
    const char *lists[LISTS] = {0};
    char text[LISTS][1024];
    unsigned turn = atomic_fetch_add(&p->dialled, 1);
    PQconninfoOption *all = PQconninfoParse(p->url, NULL);
    for (PQconninfoOption *o = all; o && o->keyword; o++)
        for (int i = 0; i < LISTS; i++)
            if (strcmp(o->keyword, names[8 + i]) == 0)
                lists[i] = rotated(o->val, turn, text[i], sizeof text[i]);
    const char *const values[] = {"zuruf",      "5",    "2",    "3",         "5000",
                                  "read-write", p->url, "UTF8", lists[HOST], lists[ADDRESS],
                                  lists[PORT],  NULL};
    PGconn *pq = PQconnectStartParams(names, values, 1);
    PQconninfoFree(all);
    return pq;
}

static enum err dial(struct pg_conn *c, int64_t limit_ms, struct errinfo *e)
{
    int64_t began = clock_mono(), until = began + limit_ms;
    c->pq = start(c->pool);
    if (!c->pq)
        log_fatal("store", "out of memory for a connection");
    PostgresPollingStatusType doing = PGRES_POLLING_WRITING;
    while (PQstatus(c->pq) != CONNECTION_BAD && doing != PGRES_POLLING_OK &&
           doing != PGRES_POLLING_FAILED) {
        int64_t left = until - clock_mono();
        struct pollfd fd = {.fd = PQsocket(c->pq),
                            .events = doing == PGRES_POLLING_READING ? POLLIN : POLLOUT};
        if (left <= 0 || c->pool->stopping)
            return refused(c, "no answer", e);
        if (c->listens && clock_mono() - began > PG_PING_MS)
            pool_away(c->pool, "it does not answer"); /* who waits shall not wait for this */
        int n = poll(&fd, 1, (int)(left < 100 ? left : 100));
        if (n > 0)
            doing = PQconnectPoll(c->pq);
    }
    if (PQstatus(c->pq) != CONNECTION_OK)
        return refused(c, PQerrorMessage(c->pq), e);
    PQsetnonblocking(c->pq, 1);
    return settle(c, until, e);
}

enum err pg_connect(struct pg_conn **out, struct pg_store *p, bool listens, struct errinfo *e)
{
    struct pg_conn *c = memory_zeroed(1, sizeof *c);
    c->pool = p;
    c->listens = listens;
    enum err err = dial(c, PG_CONNECT_MS, e);
    if (err != ERR_OK) {
        pg_disconnect(c);
        return err;
    }
    *out = c;
    return ERR_OK;
}

void pg_disconnect(struct pg_conn *c)
{
    PQfinish(c->pq);
    free(c->prepared);
    free(c);
}
