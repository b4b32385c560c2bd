/* serve.c - zuruf serve: opens the directory, starts flow, pages and control socket, and ends them
 * in order: refuse new requests, end streams, let running ones finish, stop senders and pollers,
 * close the store. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/app.h"
#include "app/commands.h"
#include "app/control.h"
#include "app/demo.h"
#include "app/alarm.h"
#include "app/fanout.h"
#include "app/guard.h"
#include "app/metrics.h"
#include "app/options.h"
#include "app/routes.h"
#include "base/arena.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/threads.h"
#include "bus/bus.h"
#include "console/kept.h"
#include "crypt/token.h"
#include "flow/flow.h"
#include "http/server.h"
#include "page/context.h"
#include "page/page.h"
#include "people/denial.h"
#include "people/session.h"
#include "people/throttle.h"
#include "people_sql.h"
#include "store/store.h"

enum {
    WORKERS = 4,
    WORKERS_WAITING = 200,
    PROXIES_MAX = 16,
    CONNECTIONS_MAX = 1000 * 1000,
    STOP_MS = 5000,
    MEMORY_RESERVE = 32 << 20
};

struct server {
    struct app app;
    struct page_context context;
    struct workers *workers;
    struct kept *kept;
    struct bus *bus;
    struct metrics *metrics;
    struct fanout *fanout;
    struct alarm_mailer *alarms;
    struct demo *demo;
    struct control_server *control;
    struct http_server *http;
    char setup_token[64];
};

static void to_bus(void *ctx, const struct notice *n)
{
    struct server *s = ctx;
    kept_notice(s->kept, n);
    bus_publish(s->bus, n);
}

static void set_log_level(const char *name)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    for (int i = 0; i < 4; i++)
        if (strcmp(name, names[i]) == 0)
            log_set_level((enum log_level)i);
}

/* "127.0.0.1, ::1" as a list. */
static void split_proxies(char *text, const char **out)
{
    size_t n = 0;
    char *rest = text;
    for (char *one; n < PROXIES_MAX && (one = strsep(&rest, " ,"));)
        if (*one)
            out[n++] = one;
    out[n] = NULL;
}

static enum err start_pages(struct server *s, struct errinfo *e)
{
    char proxies_text[512];
    const char *proxies[PROXIES_MAX + 1];
    struct app_routes routes;
    app_routes(&routes);
    snprintf(proxies_text, sizeof proxies_text, "%s", config_get(&s->app.config, CONFIG_PROXIES));
    split_proxies(proxies_text, proxies);
    int64_t connections, per_address, streams;
    const struct config *c = &s->app.config;
    TRY(config_number(c, CONFIG_CONNECTIONS, 100, CONNECTIONS_MAX, &connections, e));
    TRY(config_number(c, CONFIG_CONNECTIONS_PER_ADDRESS, 1, CONNECTIONS_MAX, &per_address, e));
    TRY(config_number(c, CONFIG_STREAMS_PER_AGENT, 1, CONNECTIONS_MAX, &streams, e));
    const struct http_options o = {
        .listen = config_get(&s->app.config, CONFIG_LISTEN),
        .tables = routes.tables,
        .table_counts = routes.counts,
        .table_count = routes.n,
        .hooks = guard_hooks,
        .app = &s->context,
        .proxies = proxies,
        .workers = s->workers,
        .connections_max = (int)connections,
        .per_address = (int)per_address,
        .streams_per_agent = (int)streams,
        .access_log = strcmp(config_get(&s->app.config, CONFIG_ACCESS_LOG), "on") == 0,
    };
    TRY(http_start(&s->http, &o, e));
    s->context.http = s->http;
    return ERR_OK;
}

/* Before the pages run: they read it. It opens the set-up only while there is no agent. */
static void make_setup_token(struct server *s)
{
    struct arena a;
    arena_init(&a);
    snprintf(s->setup_token, sizeof s->setup_token, "%.*s", STR_FMT(token_new(&a)));
    arena_deinit(&a);
}

static enum err start(struct server *s, bool demo, struct errinfo *e)
{
    set_log_level(config_get(&s->app.config, CONFIG_LOG));
    s->kept = kept_new();
    s->app.notice = to_bus;
    s->app.notice_ctx = s;
    TRY(app_open_store(&s->app, e));
    s->workers = workers_new("worker", WORKERS, WORKERS_WAITING);
    s->context = (struct page_context){.store = s->app.store,
                                       .flow = s->app.flow,
                                       .sessions = s->app.sessions,
                                       .throttle = throttle_new(),
                                       .key = &s->app.key,
                                       .kept = s->kept,
                                       .url = config_get(&s->app.config, CONFIG_URL),
                                       .setup_token = s->setup_token,
                                       .demo = demo};
    const struct metrics_sources sources = {.context = &s->context,
                                            .model = s->app.model,
                                            .workers = s->workers,
                                            .bus = s->bus,
                                            .config = &s->app.config};
    TRY(metrics_new(&s->metrics, &sources, e));
    s->context.metrics = s->metrics;
    make_setup_token(s);
    TRY(denials_start(&s->context.denials, s->app.store, &clock_system, e));
    TRY(control_listen(&s->control, &s->app, e));
    TRY(flow_start(s->app.flow, e));
    TRY(start_pages(s, e));
    TRY(fanout_start(&s->fanout, s->bus, s->http, e));
    TRY(alarm_start(&s->alarms, &s->app, e));
    return demo ? demo_start(&s->demo, &s->app, s->bus, e) : ERR_OK;
}

/* What has not ended by now will not. Everything that was acknowledged is in the store, so the
 * process goes as if it had been killed, but with its messages settled. */
static void leave_without(struct server *s)
{
    log_error("app", "a request has not ended in %d s; leaving without it", STOP_MS / 1000);
    if (s->app.flow)
        flow_stop(s->app.flow);
    _exit(1);
}

static void stop(struct server *s)
{
    bus_end(s->bus);
    demo_stop(s->demo);
    fanout_stop(s->fanout);
    alarm_stop(s->alarms);
    if (!http_stop(s->http, STOP_MS))
        leave_without(s);
    control_stop(s->control);
    if (s->app.flow)
        flow_stop(s->app.flow);
    workers_free(s->workers);
    denials_stop(s->context.denials);
    throttle_free(s->context.throttle);
    metrics_free(s->metrics);
    app_close(&s->app);
    kept_free(s->kept);
    bus_free(s->bus);
}

/* The first thing a person needs: an address, and a way in. */
static void greet(struct server *s)
{
    struct arena a;
    struct people_sql_agent_count_row agents = {0};
    struct errinfo e = {0};
    char own[128];
    const char *url = s->context.url;
    arena_init(&a);
    if (!url[0]) {
        snprintf(own, sizeof own, "http://%.*s:%d",
                 (int)(strrchr(config_get(&s->app.config, CONFIG_LISTEN), ':') -
                       config_get(&s->app.config, CONFIG_LISTEN)),
                 config_get(&s->app.config, CONFIG_LISTEN), http_port(s->http));
        url = own;
    }
    printf("Zuruf %s is at %s\n", ZURUF_VERSION, url);
    if (people_sql_agent_count(store_reader(s->app.store), &a, &agents) == ERR_OK &&
        agents.n == 0) {
        printf("Set it up here: %s/setup/%s\n", url, s->setup_token);
    } else if (s->demo) {
        struct str token;
        int64_t agent = demo_agent(s->demo);
        if (agent && session_link(s->app.sessions, &a, agent, CLOCK_DAY, &token, &e) == ERR_OK)
            printf("Sign in to the demo (works once): %s/signin/link/%.*s\n", url, STR_FMT(token));
    }
    fflush(stdout);
    arena_deinit(&a);
}

static void wait_for_signal(const sigset_t *signals)
{
    int got = 0;
    while (sigwait(signals, &got) == EINTR) {
    }
    log_info("app", "stopping on signal %d", got);
}

int cmd_serve(int argc, char **argv)
{
    struct place place = {0};
    const char *listen = NULL, *demo = NULL;
    const struct option_row rows[] = {
        OPTION_DATA(place),
        OPTION_DB(place),
        {"listen", "ADDR:PORT", &listen, "where the pages are (127.0.0.1:8080)"},
        {"demo", NULL, &demo, "a fictional brand whose posts stream in"}};
    int done =
        options_read(argc, argv, rows, sizeof rows / sizeof *rows,
                     "[--data DIR] [--db URL] [--listen ADDR:PORT] [--demo]", 0, 0, NULL, NULL);
    if (done >= 0)
        return done;
    struct errinfo e = {0};
    memory_reserve(MEMORY_RESERVE);
    struct server *s = memory_zeroed(1, sizeof *s);
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    s->bus = bus_new();
    enum err err = app_configure(&s->app, &place, &e);
    if (err == ERR_OK && listen)
        config_set(&s->app.config, CONFIG_LISTEN, listen);
    if (err == ERR_OK)
        err = start(s, demo != NULL, &e);
    if (err == ERR_OK) {
        greet(s);
        wait_for_signal(&signals);
    }
    stop(s);
    free(s);
    return err == ERR_OK ? 0 : app_fail(argv[0], &e);
}
