/* denial.c - see denial.h. */
#include "people/denial.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/bell.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/threads.h"
#include "people_sql.h"
#include "store/store.h"

enum {
    COUNTED_MAX = 512, /* different ones between two writes; what is more is not written */
    REST_MS = 2000     /* between two writes */
};

struct counted {
    struct denial d;
    int64_t hour, at, n;
};

struct denials {
    struct store *store;
    const struct clock *clock;
    pthread_mutex_t lock;
    struct counted list[COUNTED_MAX];
    size_t n;
    int64_t lost; /* for which there was no room */
    struct bell first, rest;
    bool stopping;
    pthread_t thread;
};

static bool is_same(const struct counted *a, const struct counted *b)
{
    return a->hour == b->hour && a->d.brand == b->d.brand && a->d.agent == b->d.agent &&
           a->d.object == b->d.object && strcmp(a->d.what, b->d.what) == 0 &&
           strcmp(a->d.place, b->d.place) == 0 && strcmp(a->d.verb, b->d.verb) == 0;
}

/* With the lock held. */
static void count(struct denials *d, const struct counted *c)
{
    for (size_t i = 0; i < d->n; i++)
        if (is_same(&d->list[i], c)) {
            d->list[i].n += c->n;
            d->list[i].at = c->at > d->list[i].at ? c->at : d->list[i].at;
            return;
        }
    if (d->n < COUNTED_MAX)
        d->list[d->n++] = *c;
    else
        d->lost += c->n;
}

void denials_note(struct denials *d, const struct denial *what)
{
    int64_t now = clock_now(d->clock);
    const struct counted c = {.d = *what, .hour = now - now % CLOCK_HOUR, .at = now, .n = 1};
    pthread_mutex_lock(&d->lock);
    bool first = !d->n;
    count(d, &c);
    pthread_mutex_unlock(&d->lock);
    if (first)
        bell_ring(&d->first);
}

struct writing {
    struct store *store;
    const struct counted *list;
    size_t n;
};

static enum err write_one(struct store *s, struct tx *tx, const struct counted *c, int64_t brand)
{
    struct str place =
        arena_printf(tx_arena(tx), "%s%s%s", c->d.verb, *c->d.verb ? " " : "", c->d.place);
    return people_sql_denial_add(tx,
                                 &(struct people_sql_denial_add_in){
                                     .id = store_id(s, 0),
                                     .brand = brand,
                                     .hour = c->hour,
                                     .agent = c->d.agent,
                                     .object = c->d.object,
                                     .what = str_z(c->d.what),
                                     .place = place,
                                     .n = c->n,
                                     .at = c->at,
                                 },
                                 NULL);
}

static enum err write_list(struct tx *tx, void *arg, struct errinfo *e)
{
    const struct writing *w = arg;
    (void)e;
    for (size_t i = 0; i < w->n; i++) {
        const struct counted *c = &w->list[i];
        struct people_sql_brands_of_row *brands;
        size_t n;
        if (c->d.brand) {
            TRY(write_one(w->store, tx, c, c->d.brand));
            continue;
        }
        TRY(people_sql_brands_of(tx_db(tx), tx_arena(tx),
                                 &(struct people_sql_brands_of_in){c->d.object}, &brands, &n));
        for (size_t k = 0; k < n; k++)
            TRY(write_one(w->store, tx, c, brands[k].brand));
    }
    return ERR_OK;
}

/* What cannot be written now is counted on. */
static void write_all(struct denials *d, struct counted *list)
{
    struct errinfo e = {0};
    pthread_mutex_lock(&d->lock);
    struct writing w = {.store = d->store, .list = list, .n = d->n};
    int64_t lost = d->lost;
    memcpy(list, d->list, d->n * sizeof *list);
    d->n = 0;
    d->lost = 0;
    pthread_mutex_unlock(&d->lock);
    if (lost)
        log_warn("people", "%lld refusals of too many kinds are not in the audit log",
                 (long long)lost);
    if (!w.n || store_write(d->store, write_list, &w, &e) == ERR_OK)
        return;
    log_warn("people", "refusals are not in the audit log yet: %s", e.what);
    pthread_mutex_lock(&d->lock);
    for (size_t i = 0; i < w.n; i++)
        count(d, &list[i]);
    pthread_mutex_unlock(&d->lock);
    bell_ring(&d->first);
}

static bool is_stopping(struct denials *d)
{
    pthread_mutex_lock(&d->lock);
    bool stopping = d->stopping;
    pthread_mutex_unlock(&d->lock);
    return stopping;
}

static void *run(void *arg)
{
    struct denials *d = arg;
    struct counted *list = memory_zeroed(COUNTED_MAX, sizeof *list);
    while (!is_stopping(d)) {
        bell_wait(&d->first, CLOCK_HOUR);
        write_all(d, list);
        bell_wait(&d->rest, REST_MS);
    }
    write_all(d, list);
    free(list);
    return NULL;
}

static void release(struct denials *d)
{
    bell_deinit(&d->first);
    bell_deinit(&d->rest);
    pthread_mutex_destroy(&d->lock);
    free(d);
}

enum err denials_start(struct denials **out, struct store *s, const struct clock *clock,
                       struct errinfo *e)
{
    struct denials *d = memory_zeroed(1, sizeof *d);
    d->store = s;
    d->clock = clock;
    pthread_mutex_init(&d->lock, NULL);
    bell_init(&d->first);
    bell_init(&d->rest);
    if (thread_start(&d->thread, "refusals", run, d) != ERR_OK) {
        release(d);
        return err_set(e, ERR_IO, "", "no thread to write down who was refused what");
    }
    *out = d;
    return ERR_OK;
}

void denials_stop(struct denials *d)
{
    if (!d)
        return;
    pthread_mutex_lock(&d->lock);
    d->stopping = true;
    pthread_mutex_unlock(&d->lock);
    bell_close(&d->first);
    bell_close(&d->rest);
    pthread_join(d->thread, NULL);
    release(d);
}
