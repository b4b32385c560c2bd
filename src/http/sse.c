/* sse.c - event streams: a hub with all streams, a bounded ring of shared events for each. See
 * sse.h.
 *
 * The hub remembers the last events, too, for those who open a stream a little late.
 *
 * A stream that has nothing to say is suspended; who has something for it puts the event into the
 * ring and resumes the connection, whose thread then comes to read_stream. One lock guards the hub
 * and all rings: what happens under it is short, and never waits for a client. */
#include "http/sse.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <microhttpd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/rand.h"
#include "base/threads.h"
#include "http/inner.h"
#include "http/sse_inner.h"

enum { RING = 64, HISTORY = 1024, EVENT_MAX = 8192, BLOCK = 128, RETRY_MS = 2000 };

/* The bytes of one event, shared by the streams that wait to send it; counted under the hub's lock.
 */
struct event {
    int users;
    int64_t brand, agent; /* whom it is for; 0: all */
    size_t n;
    char bytes[];
};

struct sse_stream {
    struct sse_hub *hub;
    struct sse_stream *previous, *next;
    struct MHD_Connection *connection; /* NULL until opened */
    int64_t brand, agent, session;
    int64_t sent_at; /* monotonic; of the last byte handed out */
    struct event *ring[RING];
    unsigned char first, count;
    size_t offset; /* into ring[first] */
    bool suspended, ending;
};

struct sse_hub {
    pthread_mutex_t lock;
    pthread_cond_t wake; /* of the heart */
    pthread_t heart;
    int64_t heartbeat_ms;
    struct sse_stream *streams;
    int count, per_agent;
    bool stopping, closed;
    uint64_t run;                   /* no other hub has this number: part of each position */
    atomic_ullong told;             /* events so far */
    struct event *history[HISTORY]; /* number n at n % HISTORY, the first one is 1 */
    struct event *resync, *comment, *stopped;
};

static struct event *event_new(const char *bytes, size_t n)
{
    struct event *e = memory_bytes(sizeof *e + n);
    *e = (struct event){.users = 1, .n = n};
    memcpy(e->bytes, bytes, n);
    return e;
}

static void event_drop(struct event *e)
{
    if (--e->users == 0)
        free(e);
}

/* The functions down to sse_open are called with the hub's lock held. */

static void wake_stream(struct sse_stream *s)
{
    if (!s->suspended)
        return;
    s->suspended = false;
    MHD_resume_connection(s->connection);
}

static void empty_ring(struct sse_stream *s)
{
    /* what has begun to go out must go out whole */
    unsigned char keep = s->offset ? 1 : 0;
    while (s->count > keep) {
        s->count--;
        event_drop(s->ring[(s->first + s->count) % RING]);
    }
}

static void push_event(struct sse_stream *s, struct event *e)
{
    if (s->ending)
        return;
    if (s->count == RING) {
        empty_ring(s);
        s->ring[(s->first + s->count++) % RING] = s->hub->resync;
        s->hub->resync->users++;
    }
    s->ring[(s->first + s->count++) % RING] = e;
    e->users++;
}

static void unlink_stream(struct sse_stream *s)
{
    struct sse_hub *hub = s->hub;
    s->offset = 0;
    empty_ring(s);
    if (s->previous)
        s->previous->next = s->next;
    else
        hub->streams = s->next;
    if (s->next)
        s->next->previous = s->previous;
    hub->count--;
}

/* Copies what is next to be said; 0: nothing. */
static size_t take_bytes(struct sse_stream *s, char *to, size_t max)
{
    size_t n = 0;
    while (n < max && s->count) {
        struct event *e = s->ring[s->first];
        size_t part = e->n - s->offset < max - n ? e->n - s->offset : max - n;
        memcpy(to + n, e->bytes + s->offset, part);
        n += part;
        s->offset += part;
        if (s->offset < e->n)
            break;
        s->offset = 0;
        s->first = (unsigned char)((s->first + 1) % RING);
        s->count--;
        event_drop(e);
    }
    return n;
}

/* libmicrohttpd asks for more; runs in the connection's thread. */
static ssize_t read_stream(void *cls, uint64_t at, char *to, size_t max)
{
    (void)at;
    struct sse_stream *s = cls;
    pthread_mutex_lock(&s->hub->lock);
    ssize_t result = (ssize_t)take_bytes(s, to, max);
    if (result == 0 && s->ending) {
        result = MHD_CONTENT_READER_END_OF_STREAM;
    } else if (result == 0) {
        s->suspended = true;
        MHD_suspend_connection(s->connection);
    } else {
        s->sent_at = clock_mono();
    }
    pthread_mutex_unlock(&s->hub->lock);
    return result;
}

void sse_drop(struct sse_stream *s)
{
    pthread_mutex_lock(&s->hub->lock);
    unlink_stream(s);
    pthread_mutex_unlock(&s->hub->lock);
    free(s);
}

static void free_stream(void *cls)
{
    sse_drop(cls);
}

struct MHD_Response *sse_open(struct sse_stream *s, struct MHD_Connection *connection)
{
    pthread_mutex_lock(&s->hub->lock);
    s->connection = connection;
    pthread_mutex_unlock(&s->hub->lock);
    struct MHD_Response *r =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, read_stream, s, free_stream);
    if (!r)
        sse_drop(s);
    return r;
}

static bool is_for(const struct event *e, const struct sse_stream *s)
{
    return (!e->brand || s->brand == e->brand) && (!e->agent || s->agent == e->agent);
}

/* "RUN-NUMBER" of this hub and of a moment that it still knows all events since. */
static bool read_position(const struct sse_hub *hub, struct str position, uint64_t *number)
{
    struct str run;
    int64_t of, n;
    uint64_t told = atomic_load(&hub->told);
    if (!str_next(&position, '-', &run) || !str_to_i64(run, &of) || (uint64_t)of != hub->run ||
        !str_to_i64(position, &n) || n < 0 || (uint64_t)n > told || told - (uint64_t)n > HISTORY)
        return false;
    *number = (uint64_t)n;
    return true;
}

/* What was told between the position and now. */
static void catch_up(struct sse_stream *s, struct str position)
{
    struct sse_hub *hub = s->hub;
    uint64_t told = atomic_load(&hub->told), n;
    if (!read_position(hub, position, &n)) {
        push_event(s, hub->resync);
        return;
    }
    while (n++ < told)
        if (is_for(hub->history[n % HISTORY], s))
            push_event(s, hub->history[n % HISTORY]);
}

struct str sse_position(const struct request *rq)
{
    return arena_printf(rq->arena, "%llu-%llu",
                        (unsigned long long)http_sse_hub(rq->inner->server)->run,
                        (unsigned long long)rq->inner->told);
}

uint64_t sse_hub_told(struct sse_hub *hub)
{
    return atomic_load(&hub->told);
}

/* Locks for itself. */
static bool has_many(struct sse_hub *hub, int64_t agent)
{
    int n = 0;
    pthread_mutex_lock(&hub->lock);
    for (struct sse_stream *s = hub->streams; s && n < hub->per_agent; s = s->next)
        n += s->agent == agent;
    pthread_mutex_unlock(&hub->lock);
    return agent && n >= hub->per_agent;
}

void sse_accept(struct request *rq, struct response *rs)
{
    struct sse_hub *hub = http_sse_hub(rq->inner->server);
    if (has_many(hub, rq->who.agent)) {
        struct errinfo e;
        (void)err_set(&e, ERR_LIMIT, "agent", "You have too many pages open; close some.");
        response_json_error(rq, rs, ERR_LIMIT, &e);
        rs->status = 429;
        return;
    }
    struct sse_stream *s = memory_zeroed(1, sizeof *s);
    *s = (struct sse_stream){.hub = hub,
                             .brand = rq->who.brand,
                             .agent = rq->who.agent,
                             .session = rq->who.session,
                             .sent_at = clock_mono()};
    char first[64];
    struct buf b = {.p = first, .cap = sizeof first, .max = sizeof first};
    buf_add_z(&b, "retry: ");
    buf_add_i64(&b, RETRY_MS + (int64_t)rand_below(RETRY_MS / 2));
    buf_add_z(&b, "\n\n");
    pthread_mutex_lock(&hub->lock);
    s->ring[s->count++] = event_new(b.p, b.n);
    if (request_query(rq, "from").p)
        catch_up(s, request_query(rq, "from"));
    s->ending = hub->stopping;
    s->next = hub->streams;
    if (s->next)
        s->next->previous = s;
    hub->streams = s;
    hub->count++;
    pthread_mutex_unlock(&hub->lock);
    rs->stream = s;
    rs->type = "text/event-stream";
    response_header(rs, "Cache-Control", STR("no-store"));
    response_header(rs, "X-Accel-Buffering", STR("no"));
}

/* Numbered, and in the history. NULL: it is not one short line. */
static struct event *remember(struct sse_hub *hub, const struct sse_news *news)
{
    struct buf b;
    uint64_t number = atomic_load(&hub->told) + 1;
    if (!header_value(news->data) || !header_token(str_z(news->event)) ||
        news->data.n > EVENT_MAX - 128) {
        log_error("http", "event %s is not one short line; it was not sent", news->event);
        return NULL;
    }
    buf_init(&b, EVENT_MAX);
    buf_printf(&b, "id: %llu-%llu\nevent: %.64s\ndata: %.*s\n\n", (unsigned long long)hub->run,
               (unsigned long long)number, news->event, STR_FMT(news->data));
    struct event *e = event_new(b.p, b.n);
    e->brand = news->brand;
    e->agent = news->agent;
    struct event **place = &hub->history[number % HISTORY];
    if (*place)
        event_drop(*place);
    *place = e;
    /* behind the history: who reads the number finds the event there */
    atomic_store(&hub->told, number);
    buf_deinit(&b);
    return e;
}

void sse_publish(struct http_server *server, const struct sse_news *news, size_t n)
{
    struct sse_hub *hub = http_sse_hub(server);
    struct event *events[SSE_NEWS_MAX];
    n = n < SSE_NEWS_MAX ? n : SSE_NEWS_MAX;
    pthread_mutex_lock(&hub->lock);
    for (size_t i = 0; i < n; i++)
        events[i] = remember(hub, &news[i]);
    for (struct sse_stream *s = hub->streams; s; s = s->next) {
        for (size_t i = 0; i < n; i++)
            if (events[i] && is_for(events[i], s))
                push_event(s, events[i]);
        if (s->count)
            wake_stream(s);
    }
    pthread_mutex_unlock(&hub->lock);
}

void sse_end(struct http_server *server, int64_t agent, int64_t session)
{
    struct sse_hub *hub = http_sse_hub(server);
    pthread_mutex_lock(&hub->lock);
    for (struct sse_stream *s = hub->streams; s; s = s->next)
        if ((!agent || s->agent == agent) && (!session || s->session == session)) {
            empty_ring(s); /* what was meant for the old rights is not said any more */
            push_event(s, hub->resync);
            s->ending = true;
            wake_stream(s);
        }
    pthread_mutex_unlock(&hub->lock);
}

/* Wakes each second at most; a comment goes to the streams that were silent for the interval. */
static void *beat(void *p)
{
    struct sse_hub *hub = p;
    int64_t turn = hub->heartbeat_ms < CLOCK_SECOND ? hub->heartbeat_ms / 2 + 1 : CLOCK_SECOND;
    pthread_mutex_lock(&hub->lock);
    while (!hub->closed) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += turn / 1000;
        until.tv_nsec += turn % 1000 * 1000000;
        if (until.tv_nsec >= 1000000000) {
            until.tv_sec++;
            until.tv_nsec -= 1000000000;
        }
        pthread_cond_timedwait(&hub->wake, &hub->lock, &until);
        int64_t silent_since = clock_mono() - hub->heartbeat_ms;
        for (struct sse_stream *s = hub->streams; s; s = s->next)
            if (s->suspended && s->sent_at <= silent_since) {
                push_event(s, hub->comment);
                wake_stream(s);
            }
    }
    pthread_mutex_unlock(&hub->lock);
    return NULL;
}

static struct event *event_new_z(const char *text)
{
    return event_new(text, strlen(text));
}

enum err sse_hub_new(struct sse_hub **out, int64_t heartbeat_ms, int per_agent)
{
    struct sse_hub *hub = calloc(1, sizeof *hub);
    if (!hub)
        return ERR_IO;
    hub->heartbeat_ms = heartbeat_ms;
    hub->per_agent = per_agent;
    hub->run = rand_below(1ULL << 53);
    pthread_mutex_init(&hub->lock, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&hub->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    hub->resync = event_new_z("event: resync\ndata: {}\n\n");
    hub->comment = event_new_z(":\n\n");
    hub->stopped = event_new_z("retry: 5000\n\n");
    if (thread_start(&hub->heart, "http-heartbeat", beat, hub) != ERR_OK) {
        free(hub->resync);
        free(hub->comment);
        free(hub->stopped);
        free(hub);
        return ERR_IO;
    }
    *out = hub;
    return ERR_OK;
}

void sse_hub_free(struct sse_hub *hub)
{
    pthread_mutex_lock(&hub->lock);
    hub->closed = true;
    pthread_cond_signal(&hub->wake);
    pthread_mutex_unlock(&hub->lock);
    pthread_join(hub->heart, NULL);
    event_drop(hub->resync);
    event_drop(hub->comment);
    event_drop(hub->stopped);
    for (size_t i = 0; i < HISTORY; i++)
        if (hub->history[i])
            event_drop(hub->history[i]);
    pthread_cond_destroy(&hub->wake);
    pthread_mutex_destroy(&hub->lock);
    free(hub);
}

void sse_hub_stop(struct sse_hub *hub)
{
    pthread_mutex_lock(&hub->lock);
    hub->stopping = true;
    for (struct sse_stream *s = hub->streams; s; s = s->next) {
        push_event(s, hub->stopped);
        s->ending = true;
        wake_stream(s);
    }
    pthread_mutex_unlock(&hub->lock);
}

int sse_hub_count(struct sse_hub *hub)
{
    pthread_mutex_lock(&hub->lock);
    int n = hub->count;
    pthread_mutex_unlock(&hub->lock);
    return n;
}
