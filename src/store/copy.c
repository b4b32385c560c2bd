/* copy.c - see copy.h. */
#include "store/copy.h"

#include <string.h>

#include "base/arena.h"
#include "crypt/hmac.h"
#include "lease_sql.h"
#include "store/store_int.h"

enum { ROWS = 500, ROWS_WITH_BLOBS = 16 };

static struct sql_statement begun = {
    .name = "mark of a copy",
    .writes = true,
    .types = "i",
    .sql = "INSERT INTO unfinished (what, since) VALUES ('copy', ?1)",
    .pg = "INSERT INTO unfinished (what, since) VALUES ('copy', $1)"};
static struct sql_statement ended = {.name = "end of a copy",
                                     .writes = true,
                                     .types = "",
                                     .sql = "DELETE FROM unfinished",
                                     .pg = "DELETE FROM unfinished"};
static struct sql_statement marks = {.name = "marks of ids",
                                     .types = "",
                                     .sql = "SELECT node, live, past FROM id_mark ORDER BY node",
                                     .pg = "SELECT node, live, past FROM id_mark ORDER BY node"};
static struct sql_statement set_mark = {
    .name = "a mark of ids",
    .writes = true,
    .types = "iii",
    .sql =
        "INSERT INTO id_mark (node, live, past, run) VALUES (?1, ?2, ?3, 0) ON CONFLICT (node) DO"
        " UPDATE SET live = excluded.live, past = excluded.past WHERE id_mark.run = 0",
    .pg = "INSERT INTO id_mark (node, live, past, run) VALUES ($1, $2, $3, 0) ON CONFLICT (node) DO"
          " UPDATE SET live = excluded.live, past = excluded.past WHERE id_mark.run = 0"};

/* One value of a row, of any type. */
struct value {
    bool null;
    int64_t i;
    double r;
    struct str s;
};

struct batch {
    const struct copy_table *table;
    size_t columns, limit, n;
    struct value *values; /* n times columns */
    struct value *last;   /* the key of the last row read before; NULL: none */
};

static void read_value(struct sql_run *r, int at, char letter, struct arena *a, struct value *v)
{
    const struct store_driver *d = r->db->driver;
    *v = (struct value){0};
    if (letter == 'i')
        v->i = d->i64(r, at);
    else if (letter == 'r')
        v->r = d->real(r, at);
    const struct str bytes = letter == 'b' ? d->blob(r, at) : d->text(r, at);
    v->null = !bytes.p;
    if (!v->null && (letter == 't' || letter == 'b'))
        v->s = arena_str(a, bytes);
}

static void bind_value(struct sql_run *r, int at, char letter, const struct value *v)
{
    const struct store_driver *d = r->db->driver;
    if (v->null)
        d->bind_null(r, at);
    else if (letter == 'i')
        sql_bind_i64(r, at, v->i);
    else if (letter == 'r')
        sql_bind_real(r, at, v->r);
    else if (letter == 't')
        sql_bind_text(r, at, v->s);
    else
        sql_bind_blob(r, at, v->s);
}

static void batch_init(struct batch *b, const struct copy_table *t)
{
    *b = (struct batch){.table = t, .columns = strlen(t->columns)};
    b->limit = strchr(t->columns, 'b') ? ROWS_WITH_BLOBS : ROWS;
}

/* The next rows behind the last ones. */
static enum err batch_read(struct batch *b, struct db *db, struct arena *a, struct errinfo *e)
{
    const struct copy_table *t = b->table;
    struct sql_run r;
    int at = 1;
    struct value *values = arena_array(a, b->limit * b->columns, sizeof *values);
    enum err err = sql_begin(&r, db, b->last ? t->next : t->first);
    if (err != ERR_OK)
        return err_set(e, err, t->name, "%s", db->what);
    for (size_t k = 0; b->last && k < t->key_count; k++)
        bind_value(&r, at++, t->columns[t->keys[k]], &b->last[t->keys[k]]);
    sql_bind_i64(&r, at, (int64_t)b->limit);
    for (b->n = 0; b->n < b->limit && sql_next(&r); b->n++)
        for (size_t i = 0; i < b->columns; i++)
            read_value(&r, (int)i, t->columns[i], a, &values[b->n * b->columns + i]);
    err = sql_end(&r, ERR_OK);
    b->values = values;
    if (b->n)
        b->last = &values[(b->n - 1) * b->columns];
    return err == ERR_OK ? ERR_OK : err_set(e, err, t->name, "%s", db->what);
}

static enum err batch_write(struct tx *tx, void *arg, struct errinfo *e)
{
    const struct batch *b = arg;
    (void)e;
    for (size_t row = 0; row < b->n; row++) {
        struct sql_run r;
        TRY(sql_begin(&r, tx_db(tx), b->table->write));
        for (size_t i = 0; i < b->columns; i++)
            bind_value(&r, (int)i + 1, b->table->columns[i], &b->values[row * b->columns + i]);
        TRY(sql_exec(&r, NULL));
    }
    return ERR_OK;
}

/* Every value with its length before it, so that no two rows look alike. */
static void batch_sum(const struct batch *b, struct sha256_run *sum)
{
    for (size_t i = 0; i < b->n * b->columns; i++) {
        const struct value *v = &b->values[i];
        char letter = b->table->columns[i % b->columns];
        int64_t head[2] = {v->null, letter == 'i' ? v->i : (int64_t)v->s.n};
        if (letter == 'r')
            memcpy(&head[1], &v->r, sizeof v->r);
        sha256_add(sum, (struct str){(const char *)head, sizeof head});
        sha256_add(sum, v->s);
    }
}

/* Two arenas take turns, because a batch stands on the key of the one before. */
struct pass {
    struct store *from, *to; /* to may be NULL: only read */
    const struct store_watch *watch;
    int64_t done, total;
};

static enum err tell(struct pass *p, struct errinfo *e)
{
    if (!p->watch || p->watch->told(p->watch->ctx, p->done, p->total))
        return ERR_OK;
    return err_set(e, ERR_BUSY, "copy", "ended before it was complete");
}

static enum err pass_table(struct pass *p, const struct copy_table *t, struct arena *a,
                           struct copy_count *out, struct errinfo *e)
{
    struct arena turns[2];
    struct batch b;
    struct sha256_run sum;
    int turn = 0;
    enum err err;
    *out = (struct copy_count){0};
    arena_init(&turns[0]);
    arena_init(&turns[1]);
    sha256_init(&sum);
    batch_init(&b, t);
    do {
        arena_clear(&turns[turn]);
        err = batch_read(&b, store_reader(p->from), &turns[turn], e);
        turn = !turn;
        if (err == ERR_OK && b.n && p->to)
            err = store_write(p->to, batch_write, &b, e);
        if (err != ERR_OK)
            break;
        batch_sum(&b, &sum);
        out->rows += (int64_t)b.n;
        p->done += (int64_t)b.n;
        err = tell(p, e);
    } while (err == ERR_OK && b.n == b.limit);
    if (err == ERR_OK)
        out->sum = sha256_end_hex(&sum, a);
    else
        sha256_deinit(&sum);
    arena_deinit(&turns[0]);
    arena_deinit(&turns[1]);
    return err;
}

/* --- the whole --- */

static enum err nobody_else(struct store *s, struct errinfo *e)
{
    struct lease_sql_slots_row *rows = NULL;
    struct db *db = store_reader(s);
    struct arena a;
    size_t n = 0, others = 0;
    int64_t now = 0;
    arena_init(&a);
    enum err err = store_now(db, &now);
    if (err == ERR_OK)
        err = lease_sql_slots(db, &a, &rows, &n);
    for (size_t i = 0; i < n; i++)
        others += rows[i].until > now && rows[i].slot != s->slot.number;
    arena_deinit(&a);
    if (err != ERR_OK)
        return err_set(e, err, "store", "%s", db->what);
    if (others)
        return err_set(e, ERR_BUSY, "store",
                       "%s is in use by %zu other process%s: stop them and wait half a minute",
                       s->name, others, others > 1 ? "es" : "");
    return ERR_OK;
}

static enum err count(struct store *s, const struct copy_table *tables, size_t n, int64_t *rows,
                      const char **filled, struct errinfo *e)
{
    *rows = 0;
    *filled = NULL;
    for (size_t i = 0; i < n; i++) {
        int64_t some;
        TRY(sql_number(store_reader(s), tables[i].count, &some, e));
        if (some > tables[i].seeds)
            *filled = tables[i].name;
        *rows += some;
    }
    return ERR_OK;
}

struct beginning {
    const struct copy_table *tables;
    size_t n;
    int64_t now;
};

/* The mark; and what the schema has put in goes, in the reverse order of what points to what. */
static enum err write_begun(struct tx *tx, void *arg, struct errinfo *e)
{
    struct sql_run r;
    const struct beginning *b = arg;
    (void)e;
    TRY(sql_begin(&r, tx_db(tx), &begun));
    sql_bind_i64(&r, 1, b->now);
    TRY(sql_exec(&r, NULL));
    for (size_t i = b->n; i-- > 0;)
        if (b->tables[i].seeds) {
            TRY(sql_begin(&r, tx_db(tx), b->tables[i].clear));
            TRY(sql_exec(&r, NULL));
        }
    return ERR_OK;
}

enum err store_copy(struct store *from, struct store *to, const struct copy_table *tables, size_t n,
                    const struct store_watch *watch, struct arena *a, struct copy_count **counts,
                    struct errinfo *e)
{
    const char *filled;
    int64_t rows;
    struct pass p = {.from = from, .to = to, .watch = watch};
    *counts = arena_array(a, n, sizeof **counts);
    TRY(nobody_else(from, e));
    TRY(nobody_else(to, e));
    TRY(count(to, tables, n, &rows, &filled, e));
    if (filled)
        return err_set(e, ERR_CONFLICT, "store",
                       "%s is not empty (%s has rows): name a new database", to->name, filled);
    TRY(count(from, tables, n, &p.total, &filled, e));
    TRY(store_write(to, write_begun, &(struct beginning){tables, n, clock_now(&to->clock)}, e));
    for (size_t i = 0; i < n; i++)
        TRY(pass_table(&p, &tables[i], a, &(*counts)[i], e));
    return ERR_OK;
}

/* The marks of the source's nodes; those of the target's own node are kept in its memory. */
static enum err write_marks(struct tx *tx, void *arg, struct errinfo *e)
{
    const struct vec *rows = arg;
    struct sql_run r;
    (void)e;
    for (size_t i = 0; i < rows->n; i++) {
        const struct id_marks *m = vec_at(rows, i);
        TRY(sql_begin(&r, tx_db(tx), &set_mark));
        sql_bind_i64(&r, 1, m->node);
        sql_bind_i64(&r, 2, m->live);
        sql_bind_i64(&r, 3, m->past);
        TRY(sql_exec(&r, NULL));
    }
    TRY(sql_begin(&r, tx_db(tx), &ended));
    return sql_exec(&r, NULL);
}

static enum err carry_marks(struct store *from, struct store *to, struct arena *a,
                            struct errinfo *e)
{
    struct sql_run r;
    struct vec rows;
    struct db *db = store_reader(from);
    vec_init(&rows, a, sizeof(struct id_marks));
    enum err err = sql_begin(&r, db, &marks);
    while (err == ERR_OK && sql_next(&r))
        *(struct id_marks *)vec_push(&rows) = (struct id_marks){
            .node = sql_i64(&r, 0), .live = sql_i64(&r, 1), .past = sql_i64(&r, 2)};
    if (err == ERR_OK)
        err = sql_end(&r, ERR_OK);
    if (err != ERR_OK)
        return err_set(e, err, "store", "%s", db->what);
    for (size_t i = 0; i < rows.n; i++)
        id_raise(to, vec_at(&rows, i));
    return store_write(to, write_marks, &rows, e);
}

enum err store_copy_end(struct store *from, struct store *to, const struct copy_table *tables,
                        size_t n, const struct copy_count *counts, const struct store_watch *watch,
                        struct errinfo *e)
{
    struct arena a;
    struct pass p = {.from = to, .watch = watch};
    enum err err = ERR_OK;
    arena_init(&a);
    for (size_t i = 0; i < n; i++)
        p.total += counts[i].rows;
    for (size_t i = 0; i < n && err == ERR_OK; i++) {
        struct copy_count got;
        err = pass_table(&p, &tables[i], &a, &got, e);
        if (err == ERR_OK && (got.rows != counts[i].rows || !str_eq(got.sum, counts[i].sum)))
            err = err_set(e, ERR_IO, tables[i].name,
                          "the copy differs: %lld rows of %lld, or other values in them",
                          (long long)got.rows, (long long)counts[i].rows);
    }
    if (err == ERR_OK)
        err = nobody_else(from, e);
    if (err == ERR_OK)
        err = carry_marks(from, to, &a, e);
    arena_deinit(&a);
    return err;
}
