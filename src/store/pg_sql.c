/* pg_sql.c - statements on PostgreSQL; see sql.h and struct store_driver. Everything travels in
 * binary: whole numbers and reals as eight bytes in the order of the network, texts and blobs as
 * they are. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/pg_int.h"

enum {
    OID_BOOL = 16,
    OID_INT8 = 20,
    OID_INT2 = 21,
    OID_INT4 = 23,
    OID_FLOAT8 = 701,
    OID_NUMERIC = 1700
};

enum { ROWS_BYTES = 1 << 20, ARRAY_MAX = 64 << 20 }; /* sent from here on; the largest possible */

/* How an array begins, in the order of the network. */
struct array_head {
    uint32_t dimensions, flags, type, count, from;
};

static struct sql_statement begin_snapshot = {
    .name = "snapshot", .pg = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"};
static struct sql_statement end_snapshot = {.name = "end of a snapshot", .pg = "COMMIT"};

enum err pg_prepare(struct sql_run *r, struct sql_statement *s)
{
    struct pg_call *call = &pg_of(r->db)->call;
    r->stmt = call;
    call->statement = s;
    call->n = (int)strlen(s->types ? s->types : "");
    call->rows = 0;
    if (call->n > call->cap) {
        size_t had = (size_t)call->cap, cap = (size_t)call->n + 8;
        call->cap = (int)cap;
        call->values = memory_resize(call->values, cap * sizeof *call->values);
        call->lengths = memory_resize(call->lengths, cap * sizeof *call->lengths);
        call->formats = memory_resize(call->formats, cap * sizeof *call->formats);
        call->numbers = memory_resize(call->numbers, cap * sizeof *call->numbers);
        call->arrays = memory_resize(call->arrays, cap * sizeof *call->arrays);
        for (size_t i = had; i < cap; i++)
            buf_init(&call->arrays[i], ARRAY_MAX);
    }
    for (int i = 0; i < call->n; i++) {
        call->values[i] = NULL;
        call->lengths[i] = 0;
        call->formats[i] = 1;
    }
    return ERR_OK;
}

static bool is_array(const struct pg_call *call, int at)
{
    char letter = call->statement->types[at - 1];
    return letter >= 'A' && letter <= 'Z';
}

/* One more of the array; without p NULL. */
static void add_item(struct buf *b, const char *p, size_t n)
{
    uint32_t length = __builtin_bswap32(p ? (uint32_t)n : UINT32_MAX);
    if (!b->n)
        buf_add(b, (struct str){(const char *)&(struct array_head){0}, sizeof(struct array_head)});
    buf_add(b, (struct str){(const char *)&length, sizeof length});
    buf_add(b, (struct str){p, n});
}

static void bind(struct sql_run *r, int at, const char *p, size_t n)
{
    struct pg_call *call = r->stmt;
    if (at < 1 || at > call->n || n > INT32_MAX / 2) {
        sql_failed(r, at < 1 || at > call->n ? ERR_BUG : ERR_LIMIT, NULL,
                   "a parameter does not fit");
        return;
    }
    if (is_array(call, at)) {
        add_item(&call->arrays[at - 1], p, n);
        return;
    }
    call->values[at - 1] = p;
    call->lengths[at - 1] = (int)n;
}

static void bind_number(struct sql_run *r, int at, uint64_t bits)
{
    struct pg_call *call = r->stmt;
    if (at >= 1 && at <= call->n)
        call->numbers[at - 1] = __builtin_bswap64(bits);
    bind(r, at, at >= 1 && at <= call->n ? (const char *)&call->numbers[at - 1] : NULL, 8);
}

void pg_bind_i64(struct sql_run *r, int at, int64_t v)
{
    bind_number(r, at, (uint64_t)v);
}

void pg_bind_real(struct sql_run *r, int at, double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    bind_number(r, at, bits);
}

void pg_bind_text(struct sql_run *r, int at, struct str v)
{
    bind(r, at, v.p, v.n);
}

void pg_bind_null(struct sql_run *r, int at)
{
    bind(r, at, NULL, 0);
}

/* The failure of a transaction or snapshot stays: what follows in it fails likewise. */
static void failed(struct sql_run *r, const struct pg_failure *f)
{
    struct pg_db *db = pg_of(r->db);
    if ((db->mode == PG_WRITE || db->mode == PG_SNAPSHOT) && db->failure.err == ERR_OK)
        db->failure = *f;
    sql_failed(r, f->err, f->name[0] ? f->name : NULL, f->what);
}

static struct pg_failure away(const struct errinfo *e)
{
    struct pg_failure f = {.err = e->code, .lost = true};
    snprintf(f.what, sizeof f.what, "%.190s", e->what);
    return f;
}

/* On a connection of its own; after a loss once more, since a statement outside of a transaction
 * only reads. */
static void run_each(struct sql_run *r)
{
    struct pg_store *p = r->db->store->pg;
    struct pg_failure failure = {0};
    int64_t until = clock_mono() + PG_AWAY_MS;
    for (int turn = 0; turn < 2; turn++) {
        struct pg_conn *c;
        struct errinfo e;
        if (pool_take(p, until, &c, &e) != ERR_OK) {
            failure = away(&e);
            break;
        }
        struct pg_call *call = r->stmt;
        pg_send(c, call, DUE_STATEMENT);
        pg_sync(c);
        call->result = pg_collect(c, PG_ANSWER_MS);
        failure = c->failure;
        pg_recovered(c);
        pool_give(c);
        if (!failure.lost || clock_mono() >= until)
            break;
    }
    if (failure.err != ERR_OK)
        failed(r, &failure);
}

static void begin_if_first(struct pg_db *db)
{
    struct errinfo e;
    if (db->begun)
        return;
    if (!db->conn &&
        pool_take(db->db.store->pg, clock_mono() + PG_AWAY_MS, &db->conn, &e) != ERR_OK) {
        db->failure = away(&e);
        return;
    }
    pg_send_fixed(db->conn, &begin_snapshot, DUE_STATEMENT);
    db->begun = true;
}

/* On the connection of the transaction, snapshot or owner. */
static void run_on(struct sql_run *r, bool wait)
{
    struct pg_db *db = pg_of(r->db);
    struct pg_call *call = r->stmt;
    if (db->mode == PG_SNAPSHOT && db->failure.err == ERR_OK)
        begin_if_first(db);
    if (db->failure.err != ERR_OK) {
        failed(r, &db->failure);
        return;
    }
    struct pg_conn *c = db->conn;
    pg_send(c, call, DUE_STATEMENT);
    if (db->mode == PG_OWN)
        pg_sync(c);
    if (wait || c->due_count >= PG_DUE_MAX)
        call->result = pg_collect(c, PG_ANSWER_MS);
    if (c->failure.err != ERR_OK)
        failed(r, &c->failure);
    if (db->mode == PG_OWN)
        pg_recovered(c);
}

static void run(struct sql_run *r, bool wait)
{
    struct pg_call *call = r->stmt;
    call->row = -1;
    if (pg_of(r->db)->mode == PG_EACH)
        run_each(r);
    else
        run_on(r, wait);
}

bool pg_next(struct sql_run *r)
{
    struct pg_call *call = r->stmt;
    if (!call->result)
        run(r, true);
    return r->err == ERR_OK && ++call->row < PQntuples(call->result);
}

void pg_exec(struct sql_run *r, int64_t *changed)
{
    struct pg_call *call = r->stmt;
    run(r, changed != NULL || pg_of(r->db)->mode != PG_WRITE);
    if (changed && r->err == ERR_OK && !str_to_i64(str_z(PQcmdTuples(call->result)), changed))
        *changed = 0;
}

static void send_rows(struct sql_run *r)
{
    struct pg_call *call = r->stmt;
    for (int i = 0; i < call->n; i++) {
        struct buf *b = &call->arrays[i];
        char letter = (char)(call->statement->types[i] - 'A' + 'a');
        const struct array_head head = {__builtin_bswap32(1), 0, __builtin_bswap32(pg_type(letter)),
                                        __builtin_bswap32((uint32_t)call->rows),
                                        __builtin_bswap32(1)};
        if (!buf_ok(b)) {
            sql_failed(r, ERR_LIMIT, NULL, "the rows are too large");
            break;
        }
        memcpy(b->p, &head, sizeof head);
        call->values[i] = b->p;
        call->lengths[i] = (int)b->n;
    }
    if (r->err == ERR_OK)
        run(r, false);
    PQclear(call->result);
    call->result = NULL;
    for (int i = 0; i < call->n; i++)
        buf_clear(&call->arrays[i]);
    call->rows = 0;
}

void pg_row(struct sql_run *r)
{
    struct pg_call *call = r->stmt;
    size_t bytes = 0;
    call->rows++;
    for (int i = 0; i < call->n; i++)
        bytes += call->arrays[i].n;
    if (bytes >= ROWS_BYTES)
        send_rows(r);
}

void pg_rows_end(struct sql_run *r)
{
    const struct pg_call *call = r->stmt;
    if (call->rows)
        send_rows(r);
}

void pg_end(struct sql_run *r)
{
    struct pg_call *call = r->stmt;
    PQclear(call->result);
    call->result = NULL;
}

struct str pg_bytes(struct sql_run *r, int at)
{
    const struct pg_call *call = r->stmt;
    if (PQgetisnull(call->result, call->row, at))
        return STR_NONE;
    return (struct str){PQgetvalue(call->result, call->row, at),
                        (size_t)PQgetlength(call->result, call->row, at)};
}

static uint64_t big_endian(struct str s)
{
    uint64_t n = 0;
    for (size_t i = 0; i < s.n && i < 8; i++)
        n = n << 8 | (unsigned char)s.p[i];
    return n;
}

/* numeric: what sum() of whole numbers gives. Groups of four decimal digits, the first of them
 * times 10000 to the power of weight. */
static long double of_numeric(struct str s)
{
    if (s.n < 8)
        return 0;
    int digits = (int)big_endian(str_sub(s, 0, 2)), weight = (int16_t)big_endian(str_sub(s, 2, 4));
    bool negative = big_endian(str_sub(s, 4, 6)) == 0x4000;
    long double n = 0;
    for (int i = 0; i < digits && 10 + 2 * (size_t)i <= s.n; i++)
        n = n * 10000 + (long double)big_endian(str_sub(s, 8 + 2 * (size_t)i, 10 + 2 * (size_t)i));
    for (int i = digits; i <= weight; i++)
        n *= 10000;
    for (int i = weight + 1; i < digits; i++)
        n /= 10000;
    return negative ? -n : n;
}

static double of_float8(struct str s)
{
    uint64_t bits = big_endian(s);
    double v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

int64_t pg_i64(struct sql_run *r, int at)
{
    const struct pg_call *call = r->stmt;
    struct str s = pg_bytes(r, at);
    if (!s.p)
        return 0;
    switch (PQftype(call->result, at)) {
    case OID_INT8:
        return (int64_t)big_endian(s);
    case OID_INT4:
        return (int32_t)big_endian(s);
    case OID_INT2:
        return (int16_t)big_endian(s);
    case OID_BOOL:
        return s.p[0] != 0;
    case OID_NUMERIC:
        return (int64_t)of_numeric(s);
    case OID_FLOAT8:
        return (int64_t)of_float8(s);
    default:
        sql_failed(r, ERR_BUG, NULL, "a column is no number");
        return 0;
    }
}

double pg_real(struct sql_run *r, int at)
{
    const struct pg_call *call = r->stmt;
    struct str s = pg_bytes(r, at);
    if (!s.p)
        return 0;
    switch (PQftype(call->result, at)) {
    case OID_FLOAT8:
        return of_float8(s);
    case OID_NUMERIC:
        return (double)of_numeric(s);
    default:
        return (double)pg_i64(r, at);
    }
}

enum err pg_begin_snapshot(struct db *p)
{
    struct pg_db *db = pg_of(p);
    /* a write's connection is in its transaction already */
    if (db->mode == PG_EACH)
        db->mode = PG_SNAPSHOT;
    if (db->mode == PG_SNAPSHOT)
        db->depth++;
    return ERR_OK;
}

void pg_end_snapshot(struct db *p)
{
    struct pg_db *db = pg_of(p);
    if (db->mode != PG_SNAPSHOT || --db->depth > 0)
        return;
    if (db->conn) {
        struct pg_conn *c = db->conn;
        pg_recovered(c);
        pg_send_fixed(c, &end_snapshot, DUE_STATEMENT);
        pg_sync(c);
        PQclear(pg_collect(c, PG_ANSWER_MS));
        pg_recovered(c);
        pool_give(c);
    }
    db->conn = NULL;
    db->begun = false;
    db->failure = (struct pg_failure){0};
    db->mode = PG_EACH;
}

void pg_db_deinit(struct pg_db *db)
{
    if (db->depth) {
        db->depth = 1;
        pg_end_snapshot(&db->db);
    }
    free(db->call.values);
    free(db->call.lengths);
    free(db->call.formats);
    free(db->call.numbers);
    for (int i = 0; i < db->call.cap; i++)
        buf_deinit(&db->call.arrays[i]);
    free(db->call.arrays);
}
