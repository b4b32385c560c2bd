/* pg_pool.c - the connections of a store. One thread makes new ones, so that a database that is
 * away sees one attempt at a time, however many callers wait; they wait PG_AWAY_MS at most, and not
 * at all once it has been away for that long. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <poll.h>

#include "base/log.h"
#include "base/rand.h"
#include "base/threads.h"
#include "store/pg_int.h"

enum { PAUSE_FIRST_MS = 50, PAUSE_LAST_MS = 1000 };

static void wait_until(pthread_cond_t *c, pthread_mutex_t *lock, int64_t until)
{
    int64_t left = until - clock_mono();
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    left = left < 0 ? 0 : left;
    t.tv_sec += left / 1000;
    t.tv_nsec += left % 1000 * 1000000;
    if (t.tv_nsec >= 1000000000) {
        t.tv_sec++;
        t.tv_nsec -= 1000000000;
    }
    pthread_cond_timedwait(c, lock, &t);
}

/* An idle connection on which something arrived was closed by the server: nothing else is due. */
static bool still_there(struct pg_conn *c)
{
    struct pollfd fd = {.fd = PQsocket(c->pq), .events = POLLIN};
    if (poll(&fd, 1, 0) == 0)
        return true;
    if (!PQconsumeInput(c->pq) || PQstatus(c->pq) != CONNECTION_OK)
        return false;
    return poll(&fd, 1, 0) == 0; /* it was a notice or a changed setting */
}

/* Under the lock; gives it up for the moment. */
static void drop(struct pg_store *p, struct pg_conn *c)
{
    p->count--;
    pthread_mutex_unlock(&p->lock);
    pg_disconnect(c);
    pthread_mutex_lock(&p->lock);
}

static struct pg_conn *take_idle(struct pg_store *p)
{
    while (p->idle && !p->away_since) {
        struct pg_conn *c = p->idle;
        p->idle = c->next;
        if (still_there(c))
            return c;
        drop(p, c);
    }
    return NULL;
}

enum err pool_take(struct pg_store *p, int64_t until, struct pg_conn **out, struct errinfo *e)
{
    struct pg_conn *c;
    enum err err = ERR_OK;
    pthread_mutex_lock(&p->lock);
    while (!(c = take_idle(p)) && err == ERR_OK) {
        int64_t now = clock_mono();
        if (p->away_since && (now >= until || now - p->away_since > PG_AWAY_MS)) {
            err = err_set(e, ERR_BUSY, "store", "the database is away: %s", p->why);
        } else if (now >= until && p->count < p->max) {
            err = err_set(e, ERR_BUSY, "store", "the database is away, or very slow; try again");
        } else if (now >= until) {
            err = err_set(e, ERR_BUSY, "store", "all %d connections are in use; try again", p->max);
        } else {
            p->waiting++;
            pthread_cond_signal(&p->wanted);
            wait_until(&p->given, &p->lock, until);
            p->waiting--;
        }
    }
    pthread_mutex_unlock(&p->lock);
    *out = c;
    return err;
}

void pool_give(struct pg_conn *c)
{
    struct pg_store *p = c->pool;
    pthread_mutex_lock(&p->lock);
    if (c->failure.lost || PQstatus(c->pq) != CONNECTION_OK || p->away_since) {
        drop(p, c);
        pthread_cond_signal(&p->wanted);
    } else {
        c->next = p->idle;
        p->idle = c;
        pthread_cond_signal(&p->given);
    }
    pthread_mutex_unlock(&p->lock);
}

static void drop_idle(struct pg_store *p)
{
    struct pg_conn *c;
    while ((c = p->idle)) {
        p->idle = c->next;
        drop(p, c);
    }
}

void pool_away(struct pg_store *p, const char *why)
{
    pthread_mutex_lock(&p->lock);
    if (!p->away_since) {
        log_error("store", "the database is away: %s", why);
        p->away_since = clock_mono();
    }
    snprintf(p->why, sizeof p->why, "%s", why);
    drop_idle(p);
    pthread_cond_signal(&p->wanted);
    pthread_mutex_unlock(&p->lock);
}

void pool_back(struct pg_store *p)
{
    pthread_mutex_lock(&p->lock);
    if (p->away_since)
        log_info("store", "the database is there again after %lld ms",
                 (long long)(clock_mono() - p->away_since));
    p->away_since = 0;
    pthread_mutex_unlock(&p->lock);
}

bool pool_gave_up(struct pg_store *p, int64_t since)
{
    pthread_mutex_lock(&p->lock);
    bool gave_up = p->away_since >= since && p->away_since;
    pthread_mutex_unlock(&p->lock);
    return gave_up;
}

/* Under the lock. */
static bool one_is_wanted(const struct pg_store *p)
{
    return p->away_since || (p->waiting && !p->idle && p->count < p->max);
}

/* Adds a connection; how long to wait before the next attempt. */
static int64_t add_one(struct pg_store *p, int64_t pause)
{
    struct pg_conn *c;
    struct errinfo e;
    if (pg_connect(&c, p, false, &e) != ERR_OK) {
        pthread_mutex_lock(&p->lock);
        bool others = p->count > 0;
        pthread_mutex_unlock(&p->lock);
        if (others) /* too many for the server, perhaps: the others may be good */
            listener_ask(p);
        else if (!p->stopping)
            pool_away(p, e.what);
        pause = pause ? pause * 2 : PAUSE_FIRST_MS;
        return pause > PAUSE_LAST_MS ? PAUSE_LAST_MS : pause;
    }
    pool_back(p);
    pthread_mutex_lock(&p->lock);
    p->count++;
    c->next = p->idle;
    p->idle = c;
    pthread_cond_signal(&p->given);
    pthread_mutex_unlock(&p->lock);
    return 0;
}

static void *keep(void *arg)
{
    struct pg_store *p = arg;
    int64_t pause = 0;
    pthread_mutex_lock(&p->lock);
    while (!p->stopping) {
        if (pause)
            wait_until(&p->wanted, &p->lock,
                       clock_mono() + pause / 2 + (int64_t)rand_below((uint64_t)pause));
        else if (!one_is_wanted(p))
            pthread_cond_wait(&p->wanted, &p->lock);
        if (p->stopping || !one_is_wanted(p))
            continue;
        pthread_mutex_unlock(&p->lock);
        pause = add_one(p, pause);
        pthread_mutex_lock(&p->lock);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

enum err pool_start(struct pg_store *p)
{
    TRY(thread_start(&p->keeper, "store", keep, p));
    p->keeper_runs = true;
    return ERR_OK;
}

void pool_stop(struct pg_store *p)
{
    pthread_mutex_lock(&p->lock);
    p->stopping = true;
    pthread_cond_broadcast(&p->wanted);
    pthread_mutex_unlock(&p->lock);
    if (p->keeper_runs)
        pthread_join(p->keeper, NULL);
    p->keeper_runs = false;
    pthread_mutex_lock(&p->lock);
    drop_idle(p);
    if (p->count)
        log_error("store", "%d connections are in use while the store closes", p->count);
    pthread_mutex_unlock(&p->lock);
}
