/* pg_listen.c - what the nodes of one installation tell one another: a notification for each commit
 * that has notices, and a thread that listens with a connection of its own. The same thread is
 * asked whether anybody is there when a statement gets no answer.
 *
 * A notification is the number of the run that sent it, then ";topic,brand,id,version" for each
 * notice, or ";*" when they are too many: TOPIC_ALL then. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/threads.h"
#include "store/pg_int.h"

enum { PAYLOAD_MAX = 7900, PAUSE_MS = 250 }; /* the server takes less than 8,000 bytes */

struct str listener_payload(const struct store *s, struct tx *tx)
{
    struct buf b;
    buf_init_in(&b, &tx->arena, PAYLOAD_MAX);
    buf_printf(&b, "%lld", (long long)s->pg->sender);
    for (size_t i = 0; i < tx->notices.n; i++) {
        const struct notice *n = vec_at(&tx->notices, i);
        buf_printf(&b, ";%d,%lld,%lld,%lld", (int)n->topic, (long long)n->brand, (long long)n->id,
                   (long long)n->version);
    }
    if (!buf_ok(&b)) {
        buf_clear(&b);
        buf_printf(&b, "%lld;*", (long long)s->pg->sender);
    }
    return buf_str(&b);
}

static void tell(struct pg_store *p, const struct notice *n)
{
    struct store *s = p->store;
    if (!s->notice)
        return;
    pthread_mutex_lock(&p->notice_lock);
    s->notice(s->notice_ctx, n);
    pthread_mutex_unlock(&p->notice_lock);
}

static bool parse(struct str text, struct notice *n)
{
    struct str piece;
    int64_t v[4];
    for (int i = 0; i < 4; i++)
        if (!str_next(&text, ',', &piece) || !str_to_i64(piece, &v[i]))
            return false;
    *n = (struct notice){(enum topic)v[0], v[1], v[2], v[3]};
    return v[0] >= 0 && v[0] < TOPIC_COUNT;
}

/* What this node told itself it has told already. */
static void hear(struct pg_store *p, struct str payload)
{
    struct str piece;
    int64_t sender;
    if (!str_next(&payload, ';', &piece) || !str_to_i64(piece, &sender) || sender == p->sender)
        return;
    while (str_next(&payload, ';', &piece)) {
        struct notice n = {.topic = TOPIC_ALL};
        /* "*", or a topic of a newer program: anything may have changed */
        if (!parse(piece, &n))
            n = (struct notice){.topic = TOPIC_ALL};
        tell(p, &n);
    }
}

static void hear_all(struct pg_store *p, struct pg_conn *c)
{
    PGnotify *n;
    while ((n = PQnotifies(c->pq))) {
        hear(p, str_z(n->extra));
        PQfreemem(n);
    }
}

static enum err connect_and_listen(struct pg_store *p, struct pg_conn **out, struct errinfo *e)
{
    struct pg_conn *c;
    TRY(pg_connect(&c, p, PG_CONNECT_MS, e));
    c->listens = true;
    enum err err = pg_script_on(c, "LISTEN zuruf", PG_CONNECT_MS, e);
    if (err != ERR_OK) {
        pg_disconnect(c);
        return err;
    }
    *out = c;
    return ERR_OK;
}

/* Waits until the connection or, when it is NULL, a wake-up has something; true: it was a wake-up.
 */
static bool wait_for(struct pg_store *p, struct pg_conn *c, int wait_ms, bool *readable)
{
    char bytes[64];
    struct pollfd fds[2] = {{.fd = p->wake[0], .events = POLLIN},
                            {.fd = c ? PQsocket(c->pq) : -1, .events = POLLIN}};
    *readable = false;
    if (poll(fds, 2, wait_ms) <= 0)
        return false;
    *readable = fds[1].revents != 0;
    return fds[0].revents && read(p->wake[0], bytes, sizeof bytes) > 0;
}

/* One turn with a connection; false: it is lost. */
static bool listen_on(struct pg_store *p, struct pg_conn *c)
{
    bool readable;
    struct errinfo e;
    bool asked = wait_for(p, c, -1, &readable);
    if (readable && (!PQconsumeInput(c->pq) || PQstatus(c->pq) != CONNECTION_OK))
        return false;
    if (asked && !p->stopping && pg_script_on(c, "SELECT 1", PG_PING_MS, &e) != ERR_OK) {
        pool_away(p, "it does not answer");
        return false;
    }
    hear_all(p, c);
    return true;
}

static void *listen_all_day(void *arg)
{
    struct pg_store *p = arg;
    struct pg_conn *c = p->listening;
    while (!p->stopping) {
        struct errinfo e;
        bool readable;
        if (c && listen_on(p, c))
            continue;
        if (c)
            pg_disconnect(c);
        c = NULL;
        if (connect_and_listen(p, &c, &e) == ERR_OK) {
            pool_back(p);
            tell(p, &(struct notice){.topic = TOPIC_ALL});
        } else if (!p->stopping) {
            pool_away(p, e.what);
            wait_for(p, NULL, PAUSE_MS, &readable);
        }
    }
    if (c)
        pg_disconnect(c);
    return NULL;
}

enum err listener_start(struct pg_store *p, struct errinfo *e)
{
    if (pipe2(p->wake, O_CLOEXEC | O_NONBLOCK) != 0)
        return err_set(e, ERR_IO, "store", "no pipe: %s", strerror(errno));
    TRY(connect_and_listen(p, &p->listening, e));
    if (thread_start(&p->listener, "listener", listen_all_day, p) != ERR_OK) {
        pg_disconnect(p->listening);
        return err_set(e, ERR_IO, "store", "no thread to listen to other nodes");
    }
    p->listener_runs = true;
    return ERR_OK;
}

void listener_ask(struct pg_store *p)
{
    /* a full pipe has been asked often enough */
    if (write(p->wake[1], "?", 1) < 0 && errno != EAGAIN)
        log_error("store", "the listener is not reached: %s", strerror(errno));
}

void listener_stop(struct pg_store *p)
{
    if (p->listener_runs) {
        p->stopping = true;
        listener_ask(p);
        pthread_join(p->listener, NULL);
        p->listener_runs = false;
    }
    for (int i = 0; i < 2; i++)
        if (p->wake[i] >= 0)
            close(p->wake[i]);
    p->wake[0] = p->wake[1] = -1;
}
