/* fanout.c - see fanout.h. Runs on its own thread: the writer only puts a notice into a queue. */
#include "app/fanout.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/threads.h"
#include "bus/bus.h"
#include "http/sse.h"

enum { KEPT = 4096, GATHER_MS = 5, DATA_MAX = 96 };

struct fanout {
    struct bus *bus;
    struct bus_listener *listener;
    struct http_server *http;
    pthread_t thread;
    struct sse_news news[SSE_NEWS_MAX]; /* n of them are gathered; the thread's own */
    char data[SSE_NEWS_MAX][DATA_MAX];
    size_t n;
};

static const char *const events[TOPIC_COUNT] = {[TOPIC_CASE] = "case",
                                                [TOPIC_MESSAGE] = "message",
                                                [TOPIC_ACCOUNT] = "account",
                                                [TOPIC_BRAND] = "brand",
                                                [TOPIC_HOUSE] = "house"};

static void flush(struct fanout *f)
{
    if (f->n)
        sse_publish(f->http, f->news, f->n);
    f->n = 0;
}

static void add(struct fanout *f, int64_t brand, const char *event)
{
    f->news[f->n] = (struct sse_news){.brand = brand, .event = event, .data = str_z(f->data[f->n])};
    if (++f->n == SSE_NEWS_MAX)
        flush(f);
}

static void tell(struct fanout *f, const struct notice *n)
{
    if (n->topic == TOPIC_AGENT) {
        flush(f);
        sse_end(f->http, n->id, 0); /* its rights may have changed: the page asks again */
    } else if (events[n->topic]) {
        snprintf(f->data[f->n], DATA_MAX, "{\"id\":\"%lld\",\"version\":%lld}", (long long)n->id,
                 (long long)n->version);
        add(f, n->brand, events[n->topic]);
    }
}

/* What one transaction tells comes within a moment; it goes out together. */
static void *run(void *p)
{
    struct fanout *f = p;
    int64_t until = 0;
    for (;;) {
        struct notice n;
        int64_t left = until - clock_mono();
        enum bus_result r = bus_next(f->listener, !f->n ? -1 : left > 0 ? left : 0, &n);
        if (!f->n)
            until = clock_mono() + GATHER_MS;
        if (r == BUS_NOTICE) {
            tell(f, &n);
        } else if (r == BUS_LOST) {
            snprintf(f->data[f->n], DATA_MAX, "{}");
            add(f, 0, "resync");
        } else {
            flush(f);
        }
        if (r == BUS_ENDED)
            return NULL;
    }
}

enum err fanout_start(struct fanout **out, struct bus *bus, struct http_server *http,
                      struct errinfo *e)
{
    struct fanout *f = memory_zeroed(1, sizeof *f);
    *f = (struct fanout){.bus = bus, .http = http};
    f->listener = bus_subscribe(bus, BUS_ALL_TOPICS & ~BUS_TOPIC(TOPIC_POST), KEPT);
    if (thread_start(&f->thread, "fanout", run, f) != ERR_OK) {
        bus_unsubscribe(f->listener);
        free(f);
        return err_set(e, ERR_IO, "", "no thread to tell the desks");
    }
    *out = f;
    return ERR_OK;
}

void fanout_stop(struct fanout *f)
{
    if (!f)
        return;
    pthread_join(f->thread, NULL); /* ends with the bus */
    bus_unsubscribe(f->listener);
    free(f);
}
