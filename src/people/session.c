/* session.c - see session.h. The cache is a fixed table of slots by token hash; a slot lives at
 * most CACHE_MS. */
#include "people/session.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/memory.h"
#include "crypt/token.h"
#include "people/people.h"
#include "people_sql.h"
#include "session_sql.h"
#include "store/store.h"

enum { SLOTS = 1024, CACHE_MS = 30000, SEEN_EVERY_MS = 10 * 60 * 1000 };

struct slot {
    unsigned char token[TOKEN_HASH];
    int64_t until;
    struct who who;
};

struct sessions {
    struct store *store;
    const struct clock *clock;
    pthread_mutex_t lock;
    uint64_t generation; /* of what is remembered; grows when all is forgotten */
    struct slot slots[SLOTS];
};

struct sessions *sessions_new(struct store *s, const struct clock *clock)
{
    struct sessions *ss = memory_zeroed(1, sizeof *ss);
    ss->store = s;
    ss->clock = clock;
    pthread_mutex_init(&ss->lock, NULL);
    return ss;
}

void sessions_free(struct sessions *ss)
{
    if (!ss)
        return;
    pthread_mutex_destroy(&ss->lock);
    free(ss);
}

void sessions_forget(struct sessions *ss)
{
    pthread_mutex_lock(&ss->lock);
    for (size_t i = 0; i < SLOTS; i++)
        ss->slots[i].until = 0;
    ss->generation++;
    pthread_mutex_unlock(&ss->lock);
}

static struct slot *slot_of(struct sessions *ss, struct str hash)
{
    uint32_t n;
    memcpy(&n, hash.p, sizeof n);
    return &ss->slots[n % SLOTS];
}

/* generation: to hand to keep, so that what was read before all was forgotten is not remembered
 * after. */
static bool cached(struct sessions *ss, struct str hash, int64_t now, struct who *who,
                   uint64_t *generation)
{
    pthread_mutex_lock(&ss->lock);
    *generation = ss->generation;
    const struct slot *slot = slot_of(ss, hash);
    bool hit = slot->until > now && memcmp(slot->token, hash.p, TOKEN_HASH) == 0;
    if (hit)
        *who = slot->who;
    pthread_mutex_unlock(&ss->lock);
    return hit;
}

static void keep(struct sessions *ss, struct str hash, int64_t until, const struct who *who,
                 uint64_t generation)
{
    pthread_mutex_lock(&ss->lock);
    struct slot *slot = slot_of(ss, hash);
    if (generation == ss->generation) {
        memcpy(slot->token, hash.p, TOKEN_HASH);
        slot->until = until;
        slot->who = *who;
    }
    pthread_mutex_unlock(&ss->lock);
}

static void fill(struct who *who, const struct session_sql_find_row *row)
{
    *who = (struct who){.agent = row->agent, .session = row->id};
    if (row->role) { /* the statement adds 1, so that "no role" is 0 */
        who->brand = row->brand;
        who->role = (enum role)(row->role - 1);
    }
    snprintf(who->name, sizeof who->name, "%.*s", STR_FMT(row->name));
    snprintf(who->initials, sizeof who->initials, "%.*s", STR_FMT(row->initials));
    snprintf(who->language, sizeof who->language, "%.*s", STR_FMT(row->language));
    snprintf(who->theme, sizeof who->theme, "%.*s", STR_FMT(row->theme));
}

static enum err write_seen(struct tx *tx, void *arg, struct errinfo *e)
{
    (void)e;
    return session_sql_seen(tx, arg, NULL);
}

enum err session_find(struct sessions *ss, struct arena *a, struct str token, struct who *who)
{
    struct session_sql_find_row row;
    int64_t now = clock_now(ss->clock);
    uint64_t generation;
    if (!token_plausible(token))
        return ERR_NOT_FOUND;
    struct str hash = token_hash(a, token);
    if (cached(ss, hash, now, who,
               &generation)) /* perhaps found as a bearer token: that is no cookie */
        return who->agent ? ERR_OK : ERR_NOT_FOUND;
    TRY(session_sql_find(store_reader(ss->store), a, &(struct session_sql_find_in){hash, now},
                         &row));
    if (row.disabled_at)
        return ERR_NOT_FOUND;
    fill(who, &row);
    int64_t until = now + CACHE_MS < row.expires_at ? now + CACHE_MS : row.expires_at;
    keep(ss, hash, until, who, generation);
    if (now - row.seen_at > SEEN_EVERY_MS) {
        struct session_sql_seen_in in = {row.id, now, now + SESSION_DAYS * CLOCK_DAY};
        if (store_write(ss->store, write_seen, &in, NULL) != ERR_OK)
            log_warn("people", "cannot renew session %lld", (long long)row.id);
    }
    return ERR_OK;
}

enum err session_find_bearer(struct sessions *ss, struct arena *a, struct str token,
                             struct who *who)
{
    struct session_sql_token_find_row row;
    int64_t now = clock_now(ss->clock);
    uint64_t generation;
    if (!token_plausible(token))
        return ERR_NOT_FOUND;
    struct str hash = token_hash(a, token);
    if (cached(ss, hash, now, who, &generation))
        return who->account ? ERR_OK : ERR_NOT_FOUND;
    TRY(session_sql_token_find(store_reader(ss->store), a,
                               &(struct session_sql_token_find_in){hash}, &row));
    *who = (struct who){.brand = row.brand, .account = row.account};
    if (row.revoked_at)
        return ERR_DENIED;
    keep(ss, hash, now + CACHE_MS, who, generation);
    return ERR_OK;
}

struct starting {
    struct sessions *ss;
    int64_t agent, now;
    struct str hash, client;
};

static enum err write_start(struct tx *tx, void *arg, struct errinfo *e)
{
    const struct starting *st = arg;
    struct people_sql_brands_of_row *brands;
    size_t n;
    (void)e;
    TRY(people_sql_brands_of(tx_db(tx), tx_arena(tx), &(struct people_sql_brands_of_in){st->agent},
                             &brands, &n));
    const struct session_sql_insert_in in = {
        .id = store_id(st->ss->store, 0),
        .token = st->hash,
        .agent = st->agent,
        .brand = n ? brands[0].brand : 0,
        .now = st->now,
        .expires_at = st->now + SESSION_DAYS * CLOCK_DAY,
        .client = st->client,
    };
    TRY(session_sql_insert(tx, &in, NULL));
    return audit_add(
        st->ss->store, tx,
        &(struct audit){in.brand, st->agent, st->now, "session.start", in.id, st->client});
}

enum err session_start(struct sessions *ss, struct arena *a, int64_t agent, struct str client,
                       struct str *token, struct errinfo *e)
{
    *token = token_new(a);
    struct starting st = {ss, agent, clock_now(ss->clock), token_hash(a, *token),
                          str_sub(client, 0, 200)};
    return store_write(ss->store, write_start, &st, e);
}

static enum err write_link(struct tx *tx, void *arg, struct errinfo *e)
{
    (void)e;
    return people_sql_link_add(tx, arg, NULL);
}

enum err session_link(struct sessions *ss, struct arena *a, int64_t agent, int64_t ms,
                      struct str *token, struct errinfo *e)
{
    *token = token_new(a);
    struct people_sql_link_add_in in = {token_hash(a, *token), agent, clock_now(ss->clock) + ms};
    return store_write(ss->store, write_link, &in, e);
}

struct using_link {
    struct people_sql_link_use_in in;
    int64_t agent;
};

static enum err write_use_link(struct tx *tx, void *arg, struct errinfo *e)
{
    struct using_link *u = arg;
    struct people_sql_link_use_row row;
    enum err err = people_sql_link_use(tx, tx_arena(tx), &u->in, &row);
    if (err == ERR_NOT_FOUND)
        return err_set(e, err, "link",
                       "this link was used already or is too old; ask for a new one");
    u->agent = row.agent;
    return err;
}

enum err session_use_link(struct sessions *ss, struct arena *a, struct str token, int64_t *agent,
                          struct errinfo *e)
{
    if (!token_plausible(token))
        return err_set(e, ERR_NOT_FOUND, "link", "this link is incomplete; copy it whole");
    struct using_link u = {.in = {token_hash(a, token), clock_now(ss->clock)}};
    TRY(store_write(ss->store, write_use_link, &u, e));
    *agent = u.agent;
    return ERR_OK;
}
