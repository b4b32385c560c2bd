/* pg_write.c - writing on PostgreSQL: the caller's thread runs its function in a serializable
 * transaction on a connection of the pool, again when the server found that it cannot stand beside
 * another one, and finds out what became of it when the connection broke at its commit. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/rand.h"
#include "store/pg_int.h"

enum {
    RETRY_MS = 10000,       /* a write that never gets through ends with ERR_BUSY */
    PAUSE_LAST_MS = 100,    /* between two attempts, with jitter */
    COMMIT_MS = 20000,      /* a commit that waits for its standby */
    FIND_OUT_MS = 10000,    /* what became of a commit */
    PAST_RESERVE = 1 << 16, /* ids, beyond those given */
    PAST_LEAST = 1 << 13
};
#define LIVE_RESERVE (6 * ID_LIVE_SECOND)
#define LIVE_LEAST (2 * ID_LIVE_SECOND)

static struct sql_statement begin = {.name = "begin", .pg = "BEGIN ISOLATION LEVEL SERIALIZABLE"};
static struct sql_statement commit = {.name = "commit", .pg = "COMMIT"};
static struct sql_statement rollback = {.name = "rollback", .pg = "ROLLBACK"};
static struct sql_statement number = {.name = "transaction", .pg = "SELECT pg_current_xact_id()"};
/* Before the transaction: what it sees is fixed when it begins, so it must not begin while another
 * one of the same key is under way. */
static struct sql_statement lock = {
    .name = "wait for others", .types = "i", .pg = "SELECT pg_advisory_lock($1)"};
static struct sql_statement unlock = {
    .name = "let others go on", .types = "i", .pg = "SELECT pg_advisory_unlock($1)"};
static struct sql_statement status = {
    .name = "state of a transaction", .pg = "SELECT pg_xact_status($1::text::xid8)", .types = "i"};
/* A transaction whose client is gone would hold its rows until the server notices. One that already
 * commits is left alone. */
static struct sql_statement cancel = {
    .name = "end of a lost session",
    .types = "i",
    .pg = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
          " WHERE backend_xid::text::bigint = $1 % 4294967296 AND wait_event = 'ClientRead'"};

enum outcome { DONE, FAILED, AGAIN, NOT_THERE };

/* One write: its attempts share this. */
struct attempt {
    struct store *store;
    struct pg_db db;
    struct tx tx;
    struct errinfo *e;
    int64_t key;
    bool ids;
    int duplicates; /* attempts that ended with a duplicate key */
    char why[256];  /* the last one was not the last */
};

static void sleep_ms(int64_t ms)
{
    struct timespec t = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&t, NULL);
}

static void send_number(struct pg_conn *c, struct sql_statement *s, int64_t n)
{
    uint64_t net = __builtin_bswap64((uint64_t)n);
    const char *value = (const char *)&net;
    int length = sizeof net, format = 1;
    const struct pg_call call = {
        .statement = s, .n = 1, .values = &value, .lengths = &length, .formats = &format};
    pg_send(c, &call, DUE_STATEMENT);
    pg_sync(c);
}

static enum err say(struct attempt *a, enum err err, const char *what)
{
    if (a->e->code == ERR_OK)
        err_set(a->e, err, "store", "%s", what[0] ? what : "the write failed");
    return err;
}

static enum err say_failure(struct attempt *a, enum err err, const struct pg_failure *f)
{
    if (a->e->code == ERR_OK)
        err_set(a->e, err, "store", "%s%s%s", f->name, f->name[0] ? ": " : "", f->what);
    return err;
}

/* The marks lie above all ids given so far before a transaction begins that may carry them, in a
 * transaction of their own: no two writes wait for each other here. */
static enum err reserve_ids(struct attempt *a)
{
    struct store *s = a->store;
    enum err err = ERR_OK;
    if (!a->ids || id_covered(s, LIVE_LEAST, PAST_LEAST))
        return ERR_OK;
    pthread_mutex_lock(&s->pg->ids_lock);
    if (!id_covered(s, LIVE_LEAST, PAST_LEAST)) {
        a->db.mode = PG_OWN;
        err = id_save(s, &a->db.db, LIVE_RESERVE, PAST_RESERVE, a->e);
        a->db.mode = PG_WRITE;
    }
    pthread_mutex_unlock(&s->pg->ids_lock);
    return err == ERR_CONFLICT ? ERR_BUSY : err;
}

/* Ends the transaction on the server. Something that was sent and not yet answered may fail before
 * the rollback is reached: then a second time. */
static void roll_back(struct attempt *a, struct pg_conn *c)
{
    for (int turn = 0; turn < 2 && !c->failure.lost; turn++) {
        if (turn && PQtransactionStatus(c->pq) == PQTRANS_IDLE)
            break;
        pg_recovered(c);
        pg_send_fixed(c, &rollback, DUE_STATEMENT);
        pg_sync(c);
        if (a->key)
            send_number(c, &unlock, a->key);
        PQclear(pg_collect(c, PG_ANSWER_MS));
        pg_recovered(c);
    }
}

static bool same_life(const struct pg_life *a, const struct pg_life *b)
{
    return a->timeline == b->timeline && a->began == b->began;
}

/* What the server says of a transaction whose commit was not answered. In another life of it the
 * number may be that of somebody else's transaction by now; had ours been kept, it could not. */
static enum outcome ask(struct pg_conn *c, int64_t xid, const struct pg_life *life)
{
    send_number(c, &status, xid);
    PGresult *r = pg_collect(c, PG_ANSWER_MS);
    bool future = strcmp(c->failure.state, "22023") == 0; /* this server never had it */
    bool known = r && !PQgetisnull(r, 0, 0);
    struct str said = known ? str_z(PQgetvalue(r, 0, 0)) : STR_NONE;
    enum outcome outcome = AGAIN;
    if (future || str_eq_z(said, "aborted"))
        outcome = NOT_THERE;
    else if (str_eq_z(said, "committed"))
        outcome = same_life(&c->life, life) ? DONE : FAILED;
    else if (str_eq_z(said, "in progress"))
        outcome = same_life(&c->life, life) ? AGAIN : NOT_THERE;
    else if (r)
        outcome = FAILED;
    PQclear(r);
    pg_recovered(c);
    if (outcome == AGAIN && !c->failure.lost && same_life(&c->life, life)) {
        send_number(c, &cancel, xid);
        PQclear(pg_collect(c, PG_ANSWER_MS));
        pg_recovered(c);
    }
    return outcome;
}

/* DONE: it is durable. NOT_THERE: nothing of it was kept. FAILED: nobody can tell. */
static enum outcome find_out(struct store *s, int64_t xid, const struct pg_life *life)
{
    int64_t until = clock_mono() + FIND_OUT_MS;
    for (int64_t pause = 5; clock_mono() < until; pause = pause < 200 ? pause * 2 : pause) {
        struct pg_conn *c;
        struct errinfo e;
        if (pool_take(s->pg, clock_mono() + 500, &c, &e) == ERR_OK) {
            enum outcome outcome = ask(c, xid, life);
            pool_give(c);
            if (outcome != AGAIN) {
                log_warn("store", "transaction %lld, whose commit was not answered, %s",
                         (long long)xid,
                         outcome == DONE        ? "was kept"
                         : outcome == NOT_THERE ? "was not kept"
                                                : "has an unknown end");
                return outcome;
            }
        }
        sleep_ms(pause);
    }
    log_error("store", "nobody can say whether transaction %lld was kept", (long long)xid);
    return FAILED;
}

/* What follows from a failure before, or an answer to, the commit. */
static enum outcome judge(struct attempt *a, const struct pg_failure *f)
{
    if (f->lost)
        return NOT_THERE;
    snprintf(a->why, sizeof a->why, "%s", f->what);
    if (strcmp(f->state, "40001") == 0 || strcmp(f->state, "40P01") == 0)
        return AGAIN;
    /* two transactions that both saw a key free: the second one must look again */
    if (strcmp(f->state, "23505") == 0 && a->duplicates++ == 0)
        return AGAIN;
    return FAILED;
}

static enum outcome end_commit(struct attempt *a, struct pg_conn *c, enum err *err)
{
    /* its number must be known before the commit can be on its way */
    if (!c->xid)
        PQclear(pg_collect(c, PG_ANSWER_MS));
    bool sent = c->failure.err == ERR_OK;
    if (sent) {
        tx_settle_notices(&a->tx);
        listener_send_strict(c, &a->tx);
        pg_send_fixed(c, &commit, DUE_STATEMENT);
        pg_sync(c);
        if (a->key)
            send_number(c, &unlock, a->key);
        PQclear(pg_collect(c, COMMIT_MS));
    }
    if (c->failure.err == ERR_OK)
        return DONE;
    struct pg_failure f = c->failure;
    enum outcome outcome = judge(a, &f);
    if (f.lost && sent)
        outcome = find_out(a->store, c->xid, &c->life);
    else
        roll_back(a, c);
    if (outcome == FAILED && f.lost) {
        *err = say(a, ERR_UNCLEAR,
                   "the database was lost while it committed: this may or may not be done");
    } else if (outcome == FAILED) {
        *err = say_failure(a, f.err, &f);
    }
    return outcome;
}

static enum outcome run(struct attempt *a, struct pg_conn *c, store_write_fn fn, void *arg,
                        enum err *err)
{
    struct pg_db *db = &a->db;
    db->conn = c;
    db->failure = (struct pg_failure){0};
    db->db.what[0] = 0;
    db->db.spoiled = ERR_OK;
    tx_clear(&a->tx);
    *a->e = (struct errinfo){0};
    *err = reserve_ids(a);
    if (*err != ERR_OK)
        return c->failure.lost ? NOT_THERE : FAILED;
    *a->e = (struct errinfo){0};
    c->xid = 0;
    if (a->key)
        send_number(c, &lock, a->key);
    pg_send_fixed(c, &begin, DUE_STATEMENT);
    pg_send_fixed(c, &number, DUE_XID);
    *err = fn(&a->tx, arg, a->e);
    if (db->failure.err != ERR_OK || c->failure.err != ERR_OK) {
        struct pg_failure f = db->failure.err != ERR_OK ? db->failure : c->failure;
        enum outcome outcome = judge(a, &f);
        if (*err == ERR_OK)
            *err = f.err;
        if (outcome == FAILED)
            say_failure(a, *err, &f);
        roll_back(a, c);
        return outcome;
    }
    if (*err == ERR_OK)
        *err = db->db.spoiled;
    if (*err != ERR_OK) {
        say(a, *err, db->db.what);
        roll_back(a, c);
        return FAILED;
    }
    if (a->ids && !id_covered(a->store, 0, 0)) { /* many ids were given meanwhile */
        roll_back(a, c);
        return AGAIN;
    }
    return end_commit(a, c, err);
}

static void tell(struct attempt *a)
{
    struct store *s = a->store;
    if (!a->tx.notices.n)
        return;
    listener_tell(s->pg, &a->tx);
    if (!s->notice)
        return;
    pthread_mutex_lock(&s->pg->notice_lock);
    for (size_t i = 0; i < a->tx.notices.n; i++)
        s->notice(s->notice_ctx, vec_at(&a->tx.notices, i));
    pthread_mutex_unlock(&s->pg->notice_lock);
}

/* Attempts until one comes to an end. */
static enum err run_all(struct attempt *a, store_write_fn fn, void *arg)
{
    int64_t began = clock_mono(), away = began + PG_AWAY_MS, pause = 1;
    for (;;) {
        struct pg_conn *c;
        enum err err = pool_take(a->store->pg, away, &c, a->e);
        if (err != ERR_OK)
            return err;
        enum outcome outcome = run(a, c, fn, arg, &err);
        bool lost = c->failure.lost;
        pool_give(c);
        a->db.conn = NULL;
        if (outcome == DONE)
            return ERR_OK;
        if (outcome == FAILED)
            return err;
        int64_t now = clock_mono();
        *a->e = (struct errinfo){0};
        if (now - began > RETRY_MS) {
            log_warn("store", "a write is given up: %s", a->why);
            return say(a, ERR_BUSY, "others write the same all the time; try again");
        }
        if (outcome == NOT_THERE && lost) {
            away = now < away ? away : now + 200; /* one more attempt after a commit was settled */
            continue;
        }
        sleep_ms((int64_t)rand_below((uint64_t)pause + 1));
        pause = pause < PAUSE_LAST_MS ? pause * 2 : pause;
        away = clock_mono() + PG_AWAY_MS;
    }
}

enum err pg_write(struct store *s, store_write_fn fn, void *arg, int64_t key, bool ids,
                  struct errinfo *e)
{
    struct errinfo own;
    struct attempt a = {.store = s, .e = e ? e : &own, .key = key, .ids = ids};
    a.db = (struct pg_db){.db = {.driver = &pg_driver, .store = s}, .mode = PG_WRITE};
    *a.e = (struct errinfo){0};
    tx_init(&a.tx, &a.db.db);
    enum err err = run_all(&a, fn, arg);
    if (err == ERR_OK)
        tell(&a);
    tx_deinit(&a.tx);
    pg_db_deinit(&a.db);
    return err;
}
