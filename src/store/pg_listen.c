/* pg_listen.c - what the nodes of one installation tell one another, and a thread that listens with
 * a connection of its own. The same thread is asked whether anybody is there when a statement gets
 * no answer.
 *
 * A notification is the number of the store that sent it, then ";topic,brand,id,version" for each
 * notice, or ";*" when they are too many: TOPIC_ALL then.
 *
 * The server lets transactions with a NOTIFY commit one at a time, each with its fsync: 16 callers
 * wrote 194 rows a second that way and 6,094 as it is (docs/figures.md). So only what caches of
 * rights and settings hang on is part of the transaction. What desks are told of cases, posts and
 * messages goes after the commit, from this thread, many at a time and without waiting for the
 * disk; should this process die in between, the next start of any node tells everybody to look
 * again. */
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

enum {
    PAYLOAD_MAX = 7900, /* the server takes less than 8,000 bytes */
    OUTGOING_MAX = 256 << 10,
    PAUSE_MS = 250
};

static struct sql_statement notify = {
    .name = "notify", .pg = "SELECT pg_notify('zuruf', $1)", .types = "t"};

static void wake(struct pg_store *p, const char *why)
{
    /* a full pipe wakes as well */
    if (write(p->wake[1], why, 1) < 0 && errno != EAGAIN)
        log_error("store", "the listener is not reached: %s", strerror(errno));
}

static bool is_strict(enum topic t)
{
    return t == TOPIC_BRAND || t == TOPIC_AGENT || t == TOPIC_ALL;
}

static void add_notice(struct buf *b, const struct notice *n)
{
    buf_printf(b, ";%d,%lld,%lld,%lld", (int)n->topic, (long long)n->brand, (long long)n->id,
               (long long)n->version);
}

static void send_text(struct pg_conn *c, struct str text)
{
    int length = (int)text.n, format = 1;
    const struct pg_call call = {
        .statement = &notify, .n = 1, .values = &text.p, .lengths = &length, .formats = &format};
    pg_send(c, &call, DUE_STATEMENT);
}

void listener_send_strict(struct pg_conn *c, struct tx *tx)
{
    struct buf b;
    size_t n = 0;
    int64_t sender = c->pool->sender;
    buf_init_in(&b, &tx->arena, PAYLOAD_MAX);
    buf_printf(&b, "%lld", (long long)sender);
    for (size_t i = 0; i < tx->notices.n; i++) {
        const struct notice *notice = vec_at(&tx->notices, i);
        if (!is_strict(notice->topic))
            continue;
        add_notice(&b, notice);
        n++;
    }
    if (!buf_ok(&b)) {
        buf_clear(&b);
        buf_printf(&b, "%lld;*", (long long)sender);
    }
    if (n)
        send_text(c, buf_str(&b));
}

void listener_tell(struct pg_store *p, const struct tx *tx)
{
    pthread_mutex_lock(&p->lock);
    bool waits = p->outgoing.n || p->outgoing.failed;
    for (size_t i = 0; i < tx->notices.n; i++) {
        const struct notice *n = vec_at(&tx->notices, i);
        if (!is_strict(n->topic))
            add_notice(&p->outgoing, n);
    }
    bool more = p->outgoing.n || p->outgoing.failed;
    pthread_mutex_unlock(&p->lock);
    if (more && !waits)
        wake(p, "!");
}

/* Cuts the next payload off the list of notices. */
static struct str next_payload(struct str *rest, char *out, size_t size, int64_t sender)
{
    size_t head = (size_t)snprintf(out, size, "%lld", (long long)sender), n = rest->n;
    if (n > PAYLOAD_MAX - head)
        for (n = PAYLOAD_MAX - head; rest->p[n] != ';';)
            n--;
    memcpy(out + head, rest->p, n);
    *rest = str_sub(*rest, n, rest->n);
    return (struct str){out, head + n};
}

/* Sends what has been told so far. */
static bool send_outgoing(struct pg_store *p, struct pg_conn *c)
{
    char payload[PAYLOAD_MAX + 1];
    pthread_mutex_lock(&p->lock);
    bool too_many = !buf_ok(&p->outgoing);
    struct buf b = p->outgoing;
    buf_init(&p->outgoing, OUTGOING_MAX);
    pthread_mutex_unlock(&p->lock);
    struct str rest = too_many ? STR(";*") : buf_str(&b);
    while (rest.n && c->failure.err == ERR_OK) {
        send_text(c, next_payload(&rest, payload, sizeof payload, p->sender));
        PQclear(pg_collect(c, PG_PING_MS));
    }
    buf_deinit(&b);
    if (c->failure.lost && PQstatus(c->pq) == CONNECTION_OK)
        pool_away(p, "it does not answer");
    return c->failure.err == ERR_OK;
}

/* Everybody is told to look again. */
static void tell_all(struct pg_store *p)
{
    pthread_mutex_lock(&p->lock);
    buf_clear(&p->outgoing);
    buf_add_z(&p->outgoing, ";*");
    pthread_mutex_unlock(&p->lock);
    wake(p, "!");
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
    TRY(pg_connect(&c, p, true, e));
    enum err err = pg_script_on(c, "SET synchronous_commit = off; LISTEN zuruf", PG_PING_MS, e);
    if (err != ERR_OK) {
        pg_disconnect(c);
        return err;
    }
    *out = c;
    return ERR_OK;
}

/* Waits until the connection, when there is one, or a wake-up has something; true: the question
 * whether anybody is there. */
static bool wait_for(struct pg_store *p, struct pg_conn *c, int wait_ms, bool *readable)
{
    char bytes[64];
    ssize_t n;
    struct pollfd fds[2] = {{.fd = p->wake[0], .events = POLLIN},
                            {.fd = c ? PQsocket(c->pq) : -1, .events = POLLIN}};
    *readable = false;
    if (poll(fds, 2, wait_ms) <= 0)
        return false;
    *readable = fds[1].revents != 0;
    n = fds[0].revents ? read(p->wake[0], bytes, sizeof bytes) : 0;
    return n > 0 && memchr(bytes, '?', (size_t)n);
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
    bool sent = send_outgoing(p, c);
    hear_all(p, c); /* last: what came with an answer wakes nobody any more */
    return sent;
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
            tell_all(p); /* what was on its way may be lost */
        } else if (!p->stopping) {
            pool_away(p, e.what);
            wait_for(p, NULL, PAUSE_MS, &readable);
        }
    }
    if (c && send_outgoing(p, c))
        hear_all(p, c);
    if (c)
        pg_disconnect(c);
    return NULL;
}

enum err listener_start(struct pg_store *p, struct errinfo *e)
{
    if (pipe2(p->wake, O_CLOEXEC | O_NONBLOCK) != 0)
        return err_set(e, ERR_IO, "store", "no pipe: %s", strerror(errno));
    buf_init(&p->outgoing, OUTGOING_MAX);
    TRY(connect_and_listen(p, &p->listening, e));
    tell_all(p); /* an earlier run may have died before it told what it did */
    if (thread_start(&p->listener, "listener", listen_all_day, p) != ERR_OK) {
        pg_disconnect(p->listening);
        return err_set(e, ERR_IO, "store", "no thread to listen to other nodes");
    }
    p->listener_runs = true;
    return ERR_OK;
}

void listener_ask(struct pg_store *p)
{
    wake(p, "?");
}

void listener_stop(struct pg_store *p)
{
    if (p->listener_runs) {
        p->stopping = true;
        listener_ask(p);
        pthread_join(p->listener, NULL);
        p->listener_runs = false;
    }
    buf_deinit(&p->outgoing);
    for (int i = 0; i < 2; i++)
        if (p->wake[i] >= 0)
            close(p->wake[i]);
    p->wake[0] = p->wake[1] = -1;
}
