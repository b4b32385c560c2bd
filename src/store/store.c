/* store.c - see store.h: opens one of the two engines and keeps a reading connection for each
 * thread. */
#include "base/log.h"
#include "base/memory.h"
#include "store/store_int.h"

#include <stdlib.h>

/* A thread that ends closes its connection. */
static void reader_ends(void *p)
{
    struct db *db = p;
    struct store *s = db->store;
    pthread_mutex_lock(&s->readers_lock);
    struct db **at = &s->readers;
    while (*at && *at != db)
        at = &(*at)->next;
    if (*at)
        *at = db->next;
    pthread_mutex_unlock(&s->readers_lock);
    s->driver->db_close(db);
}

struct db *store_reader(struct store *s)
{
    struct db *db = pthread_getspecific(s->reader_key);
    if (db)
        return db;
    struct errinfo e;
    if (s->driver->reader_open(&db, s, &e) != ERR_OK)
        log_fatal("store", "no connection for reading: %s", e.what);
    pthread_mutex_lock(&s->readers_lock);
    db->next = s->readers;
    s->readers = db;
    pthread_mutex_unlock(&s->readers_lock);
    pthread_setspecific(s->reader_key, db);
    return db;
}

static void free_store(struct store *s)
{
    s->driver->close(s);
    pthread_key_delete(s->reader_key);
    pthread_mutex_destroy(&s->readers_lock);
    pthread_mutex_destroy(&s->id.lock);
    free(s->name);
    free(s);
}

enum err store_open(struct store **out, const struct store_options *o, struct errinfo *e)
{
    struct errinfo own;
    if (!e)
        e = &own;
    if (o->node < 0 || o->node > 255)
        return err_set(e, ERR_INVALID, "node", "%d is not in 0..255", o->node);
    struct store *s = memory_zeroed(1, sizeof *s);
    if (pthread_key_create(&s->reader_key, reader_ends) != 0)
        log_fatal("store", "no thread key left");
    pthread_mutex_init(&s->readers_lock, NULL);
    pthread_mutex_init(&s->id.lock, NULL);
    s->driver = o->url ? &pg_driver : &sqlite_driver;
    s->clock = o->clock ? *o->clock : clock_system;
    s->notice = o->notice;
    s->notice_ctx = o->notice_ctx;
    enum err err = s->driver->open(s, o, e);
    if (err != ERR_OK) {
        free_store(s);
        return err;
    }
    err = node_start(s, o->node, e);
    if (err != ERR_OK) {
        store_close(s);
        return err;
    }
    *out = s;
    return ERR_OK;
}

void store_close(struct store *s)
{
    if (!s)
        return;
    node_stop(s);
    s->driver->stop(s); /* before the readers: its thread may have one, for notices */
    while (s->readers) {
        struct db *db = s->readers;
        s->readers = db->next;
        s->driver->db_close(db);
    }
    free_store(s);
}

enum store_engine store_engine(const struct store *s)
{
    return s->driver->engine;
}

enum err store_now(struct db *db, int64_t *now)
{
    return db->driver->now(db, now);
}

enum err db_begin(struct db *db)
{
    return db->driver->begin(db);
}

void db_end(struct db *db)
{
    db->driver->end(db);
}

enum err store_write(struct store *s, store_write_fn fn, void *arg, struct errinfo *e)
{
    return store_write_keyed(s, 0, fn, arg, e);
}

enum err store_write_keyed(struct store *s, int64_t key, store_write_fn fn, void *arg,
                           struct errinfo *e)
{
    int64_t began = clock_mono_us();
    s->writing++;
    enum err err = s->driver->write(s, fn, arg, key, true, e);
    s->writing--;
    if (err != ERR_OK)
        s->failed++;
    histogram_add(&s->took, clock_mono_us() - began);
    return err;
}

void store_figures(struct store *s, struct store_figures *out)
{
    *out = (struct store_figures){.writing = s->writing, .failed = s->failed};
    histogram_read(&s->took, &out->took);
    out->writes = out->took.n;
    pthread_mutex_lock(&s->readers_lock);
    for (const struct db *db = s->readers; db; db = db->next)
        out->readers++;
    pthread_mutex_unlock(&s->readers_lock);
}

enum err store_writable(const struct store *s, struct errinfo *e)
{
    return s->driver->writable(s, e);
}

enum err store_backup(struct store *s, const char *path, const struct store_watch *watch,
                      struct errinfo *e)
{
    return s->driver->backup(s, path, watch, e);
}

enum err store_check(struct store *s, struct errinfo *e)
{
    return s->driver->check(s, e);
}
