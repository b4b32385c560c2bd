/* fanout.c - see fanout.h. Runs on its own thread: the writer only puts a notice into a queue. */
#include "app/fanout.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/threads.h"
#include "bus/bus.h"
#include "http/sse.h"

enum { KEPT = 4096 };

struct fanout {
    struct bus *bus;
    struct bus_listener *listener;
    struct http_server *http;
    pthread_t thread;
};

static const char *const events[TOPIC_COUNT] = {[TOPIC_CASE] = "case",
                                                [TOPIC_MESSAGE] = "message",
                                                [TOPIC_ACCOUNT] = "account",
                                                [TOPIC_BRAND] = "brand",
                                                [TOPIC_HOUSE] = "house"};

static void tell(struct fanout *f, const struct notice *n)
{
    char data[96];
    if (n->topic == TOPIC_AGENT) {
        sse_end(f->http, n->id, 0); /* its rights may have changed: the page asks again */
        return;
    }
    if (!events[n->topic])
        return;
    int length = snprintf(data, sizeof data, "{\"id\":\"%lld\",\"version\":%lld}", (long long)n->id,
                          (long long)n->version);
    sse_publish(f->http, n->brand, 0, events[n->topic], (struct str){data, (size_t)length});
}

static void *run(void *p)
{
    struct fanout *f = p;
    for (;;) {
        struct notice n;
        enum bus_result r = bus_next(f->listener, -1, &n);
        if (r == BUS_NOTICE)
            tell(f, &n);
        else if (r == BUS_LOST)
            sse_publish(f->http, 0, 0, "resync", STR("{}"));
        else if (r == BUS_ENDED)
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
