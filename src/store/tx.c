/* tx.c - what transactions of both engines have: scratch memory and notices. */
#include "base/map.h"
#include "store/store_int.h"

enum { SCRATCH_KEEP = 1 << 20 };

struct db *tx_db(struct tx *tx)
{
    return tx->db;
}

struct arena *tx_arena(struct tx *tx)
{
    return &tx->arena;
}

void tx_notify(struct tx *tx, struct notice n)
{
    *(struct notice *)vec_push(&tx->notices) = n;
}

void tx_init(struct tx *tx, struct db *db)
{
    *tx = (struct tx){.db = db};
    arena_init(&tx->arena);
    vec_init(&tx->notices, &tx->arena, sizeof(struct notice));
}

void tx_clear(struct tx *tx)
{
    if (tx->arena.used > SCRATCH_KEEP) {
        arena_deinit(&tx->arena);
        arena_init(&tx->arena);
    } else {
        arena_clear(&tx->arena);
    }
    vec_init(&tx->notices, &tx->arena, sizeof(struct notice));
}

void tx_deinit(struct tx *tx)
{
    arena_deinit(&tx->arena);
}

void tx_settle_notices(struct tx *tx)
{
    struct map seen;
    size_t kept = 0;
    map_init(&seen, &tx->arena);
    for (size_t i = 0; i < tx->notices.n; i++) {
        const struct notice *n = vec_at(&tx->notices, i);
        int64_t *key = arena_array(&tx->arena, 4, sizeof *key);
        key[0] = n->topic;
        key[1] = n->brand;
        key[2] = n->id;
        key[3] = n->version;
        struct str bytes = {(const char *)key, 4 * sizeof *key};
        if (map_get(&seen, bytes))
            continue;
        map_set(&seen, bytes, key);
        *(struct notice *)vec_at(&tx->notices, kept++) = *n;
    }
    tx->notices.n = kept;
}
