/* id.c - ids that sort by time and never repeat.
 *
 * From the top: 41 bits of milliseconds since 2000, 8 bits of node, 14 bits that count; the sign
 * stays 0. The first bits of the count tell how the number was made, so the two kinds can never
 * meet:
 *
 *   000 + 11 bits  a present moment. (milliseconds, count) is one number that only grows: 2,048 a
 *                  millisecond, then the next millisecond is used although it has not come. A
 *                  clock that steps back changes nothing.
 *   1 + 13 bits, 01 + 12 bits, 001 + 11 bits
 *                  a past moment. Any past millisecond may be asked for any number of times, in
 *                  any order, today or next year, so no memory of used counts could be kept.
 *                  Instead one counter runs over all past ids of the node and replaces the lowest
 *                  bits of the time: the first 2^23 of them are exact to a second (10 bits
 *                  replaced), the next 2^28 to about a minute (16), the next 2^35 to a few hours
 *                  (24). Within such a window each value of the counter is another number, and
 *                  the windows of the three kinds differ by their first bits.
 *
 * Restart: the table id_mark holds, for each node, numbers that lie above all that were given, and
 * the run that may give more. A number that reached the disk is always below a mark that reached
 * the disk: the mark is moved in the same commit (SQLite) or in one before (PostgreSQL, where a row
 * that every transaction writes would make them wait for one another), each time with a reserve,
 * so that this is rare. A run that finds its node claimed by another one has lost nothing: what it
 * gave and saved lies below the mark that the other began with. */
#include "base/log.h"
#include "store/store_int.h"

enum { COUNT_BITS = 14, NODE_BITS = 8, TIME_SHIFT = COUNT_BITS + NODE_BITS, LIVE_BITS = 11 };
#define EPOCH INT64_C(946684800000)     /* 2000-01-01 */
#define LATEST ((INT64_C(1) << 41) - 1) /* 2069 */

static const struct past_kind {
    int count_bits; /* of the running counter that stand in the count */
    int time_bits;  /* of it that stand in place of the time's lowest */
} past_kinds[] = {{13, 10}, {12, 16}, {11, 24}};

static int64_t of_epoch(int64_t t)
{
    t -= EPOCH;
    return t < 0 ? 0 : t > LATEST ? LATEST : t;
}

static int64_t join(const struct store *s, int64_t ms, int64_t count)
{
    return ms << TIME_SHIFT | s->id.saved.node << COUNT_BITS | count;
}

static int64_t past_id(struct store *s, int64_t at)
{
    int64_t n = s->id.past++;
    for (size_t i = 0; i < sizeof past_kinds / sizeof *past_kinds; i++) {
        const struct past_kind *k = &past_kinds[i];
        int64_t all = INT64_C(1) << (k->count_bits + k->time_bits);
        if (n < all) {
            int64_t ms = (of_epoch(at) >> k->time_bits << k->time_bits) + (n >> k->count_bits);
            return join(s, ms, INT64_C(1) << k->count_bits | (n & ((1 << k->count_bits) - 1)));
        }
        n -= all;
    }
    log_fatal("store", "node %d has given out all ids of the past", (int)s->id.saved.node);
}

/* A clock that once stood at the end of the numbers has used them up: what comes then is made as of
 * the past. */
static int64_t live_id(struct store *s, int64_t now)
{
    int64_t first = of_epoch(now) << LIVE_BITS;
    if (s->id.live >= LATEST << LIVE_BITS)
        return past_id(s, now);
    s->id.live = s->id.live >= first ? s->id.live + 1 : first;
    return join(s, s->id.live >> LIVE_BITS, s->id.live & ((1 << LIVE_BITS) - 1));
}

int64_t store_id(struct store *s, int64_t at)
{
    int64_t now = clock_now(&s->clock);
    pthread_mutex_lock(&s->id.lock);
    int64_t id = at == 0 || at > now - CLOCK_SECOND ? live_id(s, now) : past_id(s, at);
    pthread_mutex_unlock(&s->id.lock);
    return id;
}

int64_t store_id_first(int64_t at)
{
    return of_epoch(at) << TIME_SHIFT;
}

int64_t store_id_time(int64_t id)
{
    int64_t ms = id >> TIME_SHIFT, count = id & ((1 << COUNT_BITS) - 1);
    for (size_t i = 0; i < sizeof past_kinds / sizeof *past_kinds; i++)
        if (count >> past_kinds[i].count_bits == 1)
            ms = ms >> past_kinds[i].time_bits << past_kinds[i].time_bits;
    return ms + EPOCH;
}

static struct sql_statement claim = {
    .name = "claim of a node",
    .writes = true,
    .types = "ii",
    .sql = "INSERT INTO id_mark(node, live, past, run) VALUES (?1, 0, 0, ?2)"
           " ON CONFLICT(node) DO UPDATE SET run = excluded.run RETURNING live, past",
    .pg = "INSERT INTO id_mark(node, live, past, run) VALUES ($1, 0, 0, $2)"
          " ON CONFLICT(node) DO UPDATE SET run = excluded.run RETURNING live, past",
};

static struct sql_statement save = {
    .name = "marks of ids",
    .writes = true,
    .types = "iiii",
    .sql = "UPDATE id_mark SET live = ?3, past = ?4 WHERE node = ?1 AND run = ?2",
    .pg = "UPDATE id_mark SET live = $3, past = $4 WHERE node = $1 AND run = $2",
};

enum err id_claim(struct tx *tx, int node, int64_t run, struct id_marks *out)
{
    struct sql_run q;
    *out = (struct id_marks){.node = node, .run = run};
    TRY(sql_begin(&q, tx->db, &claim));
    sql_bind_i64(&q, 1, node);
    sql_bind_i64(&q, 2, run);
    if (sql_next(&q)) {
        out->live = sql_i64(&q, 0);
        out->past = sql_i64(&q, 1);
    }
    return sql_end(&q, ERR_OK);
}

void id_seat(struct store *s, const struct id_marks *m)
{
    pthread_mutex_lock(&s->id.lock);
    s->id.live = s->id.live > m->live ? s->id.live : m->live;
    s->id.past = m->past;
    s->id.saved = *m;
    pthread_mutex_unlock(&s->id.lock);
}

void id_raise(struct store *s, const struct id_marks *m)
{
    pthread_mutex_lock(&s->id.lock);
    if (s->id.saved.node == m->node) {
        s->id.live = s->id.live > m->live ? s->id.live : m->live;
        s->id.past = s->id.past > m->past ? s->id.past : m->past;
        s->id.saved.live = s->id.saved.past = 0; /* the next write saves them */
    }
    pthread_mutex_unlock(&s->id.lock);
}

bool id_covered(struct store *s, int64_t live_more, int64_t past_more)
{
    pthread_mutex_lock(&s->id.lock);
    const struct id_marks *m = &s->id.saved;
    bool covered =
        !m->run || (s->id.live + live_more < m->live && s->id.past + past_more < m->past);
    pthread_mutex_unlock(&s->id.lock);
    return covered;
}

enum err id_save(struct store *s, struct db *db, int64_t live_more, int64_t past_more,
                 struct errinfo *e)
{
    struct sql_run q;
    int64_t changed = 0;
    pthread_mutex_lock(&s->id.lock);
    struct id_marks m = s->id.saved;
    m.live = s->id.live + live_more;
    m.past = s->id.past + past_more;
    pthread_mutex_unlock(&s->id.lock);
    enum err err = sql_begin(&q, db, &save);
    if (err == ERR_OK) {
        sql_bind_i64(&q, 1, m.node);
        sql_bind_i64(&q, 2, m.run);
        sql_bind_i64(&q, 3, m.live);
        sql_bind_i64(&q, 4, m.past);
        err = sql_exec(&q, &changed);
    }
    if (err != ERR_OK)
        return err_set(e, err, "store", "%s", db->what);
    if (!changed)
        return err_set(e, ERR_CONFLICT, "store", "another process has become node %d", (int)m.node);
    pthread_mutex_lock(&s->id.lock);
    if (s->id.saved.run == m.run)
        s->id.saved = m;
    pthread_mutex_unlock(&s->id.lock);
    return ERR_OK;
}

void id_unsaved(struct store *s)
{
    pthread_mutex_lock(&s->id.lock);
    s->id.saved.live = s->id.saved.past = 0;
    pthread_mutex_unlock(&s->id.lock);
}
