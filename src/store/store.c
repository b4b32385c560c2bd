/* store.c - opening, the lock on the file, readers per thread, closing; see store.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/log.h"
#include "store/store_int.h"

/* PATH.lock is held as long as the store is open. It is never removed: a new file under the same
 * name would be a second lock. */
static enum err take_lock(struct store *s, struct errinfo *e)
{
    char name[4096];
    if ((size_t)snprintf(name, sizeof name, "%s.lock", s->path) >= sizeof name)
        return err_set(e, ERR_INVALID, "store", "the path is too long");
    s->lock_fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (s->lock_fd < 0)
        return err_set(e, ERR_IO, "store", "%s: %s", name, strerror(errno));
    if (flock(s->lock_fd, LOCK_EX | LOCK_NB) != 0)
        return err_set(e, errno == EWOULDBLOCK ? ERR_BUSY : ERR_IO, "store",
                       "%s is in use by another process; stop it first", s->path);
    return ERR_OK;
}

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
    db_close(db);
}

struct db *store_reader(struct store *s)
{
    struct db *db = pthread_getspecific(s->reader_key);
    if (db)
        return db;
    struct errinfo e;
    if (db_open(&db, s, DB_READER, &e) != ERR_OK)
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
    if (s->lock_fd >= 0)
        close(s->lock_fd);
    pthread_key_delete(s->reader_key);
    pthread_mutex_destroy(&s->readers_lock);
    free(s->path);
    free(s);
}

enum err store_open(struct store **out, const struct store_options *o, struct errinfo *e)
{
    struct errinfo own;
    struct db *db = NULL;
    if (!e)
        e = &own;
    if (o->node < 0 || o->node > 255)
        return err_set(e, ERR_INVALID, "node", "%d is not in 0..255", o->node);
    if (o->url)
        return err_set(e, ERR_INVALID, "store", "this program has no driver for %.40s", o->url);
    struct store *s = calloc(1, sizeof *s);
    if (!s || !(s->path = strdup(o->path)) || pthread_key_create(&s->reader_key, reader_ends) != 0)
        log_fatal("store", "no memory to open the store");
    pthread_mutex_init(&s->readers_lock, NULL);
    s->lock_fd = -1;
    s->clock = o->clock ? *o->clock : clock_system;
    s->node = o->node;
    s->notice = o->notice;
    s->notice_ctx = o->notice_ctx;

    enum err err = take_lock(s, e);
    if (err == ERR_OK)
        err = db_open(&db, s, DB_WRITER, e);
    if (err == ERR_OK)
        err = store_migrate(db, o, e);
    if (err == ERR_OK)
        err = id_start(s, db, e);
    if (err == ERR_OK)
        err = writer_start(s, db, o->queue_max);
    if (err == ERR_OK && (err = node_start(s, e)) != ERR_OK) {
        store_close(s);
        return err;
    }
    if (err != ERR_OK) {
        if (db)
            db_close(db);
        free_store(s);
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
    writer_stop(s); /* before the readers: its thread may have one, for notices */
    while (s->readers) {
        struct db *db = s->readers;
        s->readers = db->next;
        db_close(db);
    }
    writer_free(s); /* the last connection to close copies the log into the file and removes it */
    id_stop(s);
    free_store(s);
}

enum store_engine store_engine(const struct store *s)
{
    (void)s;
    return STORE_SQLITE;
}

enum err store_now(struct db *db, int64_t *now)
{
    *now = clock_now(&db->store->clock);
    return ERR_OK;
}
