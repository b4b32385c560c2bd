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
 * Restart: the table id_mark holds, for each node, numbers that lie above all that were given. The
 * writer moves them in the same commit as the first row that could carry a number beyond them
 * (id_save), with a reserve so that this is rare: a number that reached the disk is therefore
 * always below a mark that reached the disk. */
#include "base/log.h"
#include "store/store_int.h"

enum { COUNT_BITS = 14, NODE_BITS = 8, TIME_SHIFT = COUNT_BITS + NODE_BITS, LIVE_BITS = 11 };
#define EPOCH INT64_C(946684800000)               /* 2000-01-01 */
#define LATEST ((INT64_C(1) << 41) - 1)           /* 2069 */
#define LIVE_RESERVE (INT64_C(4000) << LIVE_BITS) /* 4 s */
#define PAST_RESERVE INT64_C(4096)

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
    return ms << TIME_SHIFT | (int64_t)s->node << COUNT_BITS | count;
}

static int64_t live_id(struct store *s, int64_t now)
{
    int64_t first = of_epoch(now) << LIVE_BITS;
    s->id.live = s->id.live >= first ? s->id.live + 1 : first;
    return join(s, s->id.live >> LIVE_BITS, s->id.live & ((1 << LIVE_BITS) - 1));
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
    log_fatal("store", "node %d has given out all ids of the past", s->node);
}

int64_t store_id(struct store *s, int64_t at)
{
    int64_t now = clock_now(&s->clock);
    pthread_mutex_lock(&s->id.lock);
    int64_t id = at == 0 || at >= now ? live_id(s, now) : past_id(s, at);
    pthread_mutex_unlock(&s->id.lock);
    return id;
}

int64_t store_id_time(int64_t id)
{
    int64_t ms = id >> TIME_SHIFT, count = id & ((1 << COUNT_BITS) - 1);
    for (size_t i = 0; i < sizeof past_kinds / sizeof *past_kinds; i++)
        if (count >> past_kinds[i].count_bits == 1)
            ms = ms >> past_kinds[i].time_bits << past_kinds[i].time_bits;
    return ms + EPOCH;
}

enum err id_start(struct store *s, struct db *db, struct errinfo *e)
{
    sqlite3_stmt *q;
    pthread_mutex_init(&s->id.lock, NULL);
    int rc = sqlite3_prepare_v2(db->handle, "SELECT live, past FROM id_mark WHERE node = ?1", -1,
                                &q, NULL);
    if (rc == SQLITE_OK) {
        sqlite3_bind_int(q, 1, s->node);
        rc = sqlite3_step(q);
        if (rc == SQLITE_ROW) {
            s->id.live = s->id.live_mark = sqlite3_column_int64(q, 0);
            s->id.past = s->id.past_mark = sqlite3_column_int64(q, 1);
        }
    }
    sqlite3_finalize(q);
    if (db_error(rc) != ERR_OK)
        return err_set(e, db_error(rc), "store", "ids: %s", sqlite3_errmsg(db->handle));
    return ERR_OK;
}

static enum err write_marks(struct store *s, struct db *db, int64_t live, int64_t past,
                            struct errinfo *e)
{
    sqlite3_stmt *q;
    int rc = sqlite3_prepare_v2(db->handle,
                                "INSERT INTO id_mark(node, live, past) VALUES(?1, ?2, ?3)"
                                " ON CONFLICT(node) DO UPDATE SET live = ?2, past = ?3",
                                -1, &q, NULL);
    if (rc == SQLITE_OK) {
        sqlite3_bind_int(q, 1, s->node);
        sqlite3_bind_int64(q, 2, live);
        sqlite3_bind_int64(q, 3, past);
        rc = sqlite3_step(q);
    }
    sqlite3_finalize(q);
    if (rc != SQLITE_DONE)
        return err_set(e, db_error(rc), "store", "ids: %s", sqlite3_errmsg(db->handle));
    s->id.live_mark = live;
    s->id.past_mark = past;
    return ERR_OK;
}

static void given(struct store *s, int64_t *live, int64_t *past)
{
    pthread_mutex_lock(&s->id.lock);
    *live = s->id.live;
    *past = s->id.past;
    pthread_mutex_unlock(&s->id.lock);
}

enum err id_save(struct store *s, struct db *db, struct errinfo *e)
{
    int64_t live, past;
    given(s, &live, &past);
    if (live < s->id.live_mark && past < s->id.past_mark)
        return ERR_OK;
    return write_marks(s, db, live + LIVE_RESERVE, past + PAST_RESERVE, e);
}

void id_unsaved(struct store *s)
{
    s->id.live_mark = s->id.past_mark = 0;
}

void id_save_exact(struct store *s, struct db *db)
{
    struct errinfo e;
    int64_t live, past;
    given(s, &live, &past);
    if (write_marks(s, db, live, past, &e) != ERR_OK)
        log_warn("store", "the next start skips some ids: %s", e.what);
}

void id_stop(struct store *s)
{
    pthread_mutex_destroy(&s->id.lock);
}
