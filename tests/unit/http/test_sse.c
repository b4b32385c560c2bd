/* Event streams over raw sockets: who hears what, clients that do not read, heartbeats, ends and
 * stopping. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "base/clock.h"
#include "client.h"
#include "http/server.h"
#include "http/sse.h"

enum { HEARTBEAT_MS = 40, STREAMS_PER_AGENT = 320 };

static struct http_server *server;

static enum err guard(struct request *rq, enum right right)
{
    (void)right;
    return request_param_i64(rq, "brand", &rq->who.brand) &&
                   request_param_i64(rq, "agent", &rq->who.agent) &&
                   request_param_i64(rq, "session", &rq->who.session)
               ? ERR_OK
               : ERR_DENIED;
}

static void listen_in(struct request *rq, struct response *rs)
{
    sse_accept(rq, rs);
}

static void publish(int64_t brand, int64_t agent, const char *event, struct str data)
{
    sse_publish(server, &(struct sse_news){brand, agent, event, data}, 1);
}

/* Told while the page is being made: behind its beginning, so a late stream hears of it. */
static void page_of_a_busy_moment(struct request *rq, struct response *rs)
{
    publish(rq->who.brand, 0, "meanwhile", STR("{}"));
    buf_add(&rs->body, sse_position(rq));
}

static const struct route routes[] = {
    {METHOD_GET, "/events/:brand/:agent/:session", RIGHT_READ, 0, 0, listen_in},
    {METHOD_GET, "/page/:brand/:agent/:session", RIGHT_READ, 0, 0, page_of_a_busy_moment},
};

static void start_with(int64_t heartbeat_ms)
{
    static const struct route *const tables[] = {routes};
    static const size_t counts[] = {2};
    struct http_options o = {.listen = "127.0.0.1:0",
                             .tables = tables,
                             .table_counts = counts,
                             .table_count = 1,
                             .hooks = {.guard = guard},
                             .threads = 2,
                             .connections_max = 1600, /* the library gives each thread its share */
                             .streams_per_agent = STREAMS_PER_AGENT,
                             .heartbeat_ms = heartbeat_ms};
    struct errinfo e;
    assert_int_equal(http_start(&server, &o, &e), ERR_OK);
}

static int start(void **state)
{
    (void)state;
    start_with(0); /* no beat within a test */
    return 0;
}

static int stop(void **state)
{
    (void)state;
    http_stop(server, 2000);
    return 0;
}

/* Returns when the stream is heard of. */
static void subscribe(struct client *c, const char *who)
{
    char request[200];
    snprintf(request, sizeof request, "GET /events/%s HTTP/1.1\r\nHost: x\r\n\r\n", who);
    client_open(c, http_port(server));
    client_send_z(c, request);
    assert_true(client_wait_for(c, "retry: 2"));
}

static int streams(void)
{
    struct http_figures f;
    http_figures(server, &f);
    return f.streams;
}

static void events_reach_those_they_are_for(void **state)
{
    (void)state;
    static struct client a, b, other;
    subscribe(&a, "1/10/100");
    subscribe(&b, "1/11/101");
    subscribe(&other, "2/10/102");
    assert_int_equal(client_status(&a), 200);
    assert_string_equal(client_header(&a, "Content-Type"), "text/event-stream");
    assert_string_equal(client_header(&a, "X-Accel-Buffering"), "no");
    assert_string_equal(client_header(&a, "Cache-Control"), "no-store");
    publish(1, 0, "case", STR("{\"id\":\"5\"}"));
    publish(1, 11, "mention", STR("{}"));
    publish(2, 0, "case", STR("{\"id\":\"7\"}"));
    publish(1, 0, "bad\nname", STR("{}")); /* refused */
    publish(1, 0, "bad", STR("a\ndata: b"));
    publish(1, 0, "last", STR("{}"));
    publish(2, 0, "last", STR("{}"));
    assert_true(client_wait_for(&a, "event: last\ndata: {}\n\n"));
    assert_true(client_wait_for(&b, "event: last\ndata: {}\n\n"));
    assert_true(client_wait_for(&other, "event: last\ndata: {}\n\n"));
    assert_non_null(strstr(a.in, "event: case\ndata: {\"id\":\"5\"}\n\n"));
    assert_null(strstr(a.in, "mention"));
    assert_null(strstr(a.in, "bad"));
    assert_null(strstr(a.in, "\"7\""));
    assert_non_null(strstr(b.in, "event: mention\n"));
    assert_non_null(strstr(other.in, "\"7\""));
    assert_null(strstr(other.in, "\"5\""));
    client_close(&a);
    client_close(&b);
    client_close(&other);
}

/* The answer's body: where the events were when the request began. */
static void position_of(const char *who, char *out, size_t size)
{
    static struct client c;
    char request[200];
    snprintf(request, sizeof request, "GET /page/%s HTTP/1.1\r\nHost: x\r\n\r\n", who);
    client_open(&c, http_port(server));
    client_send_z(&c, request);
    assert_true(client_wait_answer(&c, false));
    snprintf(out, size, "%s", client_body(&c));
    client_close(&c);
}

static void nothing_is_lost_between_a_page_and_its_stream(void **state)
{
    (void)state;
    static struct client late, now, other;
    char position[100], who[150];
    publish(6, 0, "before", STR("{}"));
    position_of("6/10/100", position, sizeof position);
    publish(6, 0, "between", STR("{\"id\":\"5\"}"));
    publish(7, 0, "foreign", STR("{}"));
    publish(6, 11, "whispered", STR("{}"));
    snprintf(who, sizeof who, "6/10/100?from=%s", position);
    subscribe(&late, who);
    subscribe(&now, "6/10/100");
    snprintf(who, sizeof who, "6/11/100?from=%s", position);
    subscribe(&other, who);
    publish(6, 0, "last", STR("{}"));
    assert_true(client_wait_for(&late, "event: last\ndata: {}\n\n"));
    assert_true(client_wait_for(&now, "event: last\ndata: {}\n\n"));
    assert_true(client_wait_for(&other, "event: last\ndata: {}\n\n"));
    const char *meanwhile = strstr(late.in, "event: meanwhile\n");
    const char *between = strstr(late.in, "event: between\ndata: {\"id\":\"5\"}\n\n");
    assert_non_null(meanwhile);
    assert_non_null(between);
    assert_true(meanwhile < between);
    assert_null(strstr(late.in, "before"));
    assert_null(strstr(late.in, "foreign"));
    assert_null(strstr(late.in, "whispered"));
    assert_null(strstr(late.in, "resync"));
    assert_non_null(strstr(other.in, "event: whispered\n"));
    assert_null(strstr(now.in, "between"));
    client_close(&late);
    client_close(&now);
    client_close(&other);
}

static void who_was_away_goes_on_behind_the_last_event(void **state)
{
    (void)state;
    static struct client c;
    char who[150];
    subscribe(&c, "6/10/100");
    publish(6, 0, "heard", STR("{}"));
    assert_true(client_wait_for(&c, "event: heard\ndata: {}\n\n"));
    const char *id = strstr(c.in, "id: ");
    assert_non_null(id);
    snprintf(who, sizeof who, "6/10/100?from=%.*s", (int)strcspn(id + 4, "\n"), id + 4);
    client_close(&c);
    publish(6, 0, "missed", STR("{}"));
    subscribe(&c, who);
    assert_true(client_wait_for(&c, "event: missed\ndata: {}\n\n"));
    assert_null(strstr(c.in, "heard"));
    assert_null(strstr(c.in, "resync"));
    client_close(&c);
}

static void where_nobody_knows_what_was_missed_all_is_read_anew(void **state)
{
    (void)state;
    enum { REMEMBERED = 1024 };
    static struct client c;
    char old[100], who[150];
    static const char *const strange[] = {"", "0-0", "1-2-3", "x", "-1", "99999999999999999999-1"};
    position_of("6/10/100", old, sizeof old);
    size_t run = strcspn(old, "-");
    for (size_t i = 0; i <= sizeof strange / sizeof *strange; i++) {
        if (i < sizeof strange / sizeof *strange)
            snprintf(who, sizeof who, "6/10/100?from=%s", strange[i]);
        else /* a number that is still to come */
            snprintf(who, sizeof who, "6/10/100?from=%.*s-999999999", (int)run, old);
        subscribe(&c, who);
        assert_true(client_wait_for(&c, "event: resync\ndata: {}\n\n"));
        client_close(&c);
    }
    snprintf(who, sizeof who, "6/10/100?from=%s", old);
    for (int i = 0; i < REMEMBERED - 1; i++) /* with the one that the page told */
        publish(7, 0, "foreign", STR("{}"));
    subscribe(&c, who);
    assert_true(client_wait_for(&c, "event: meanwhile\n"));
    assert_null(strstr(c.in, "resync"));
    client_close(&c);
    publish(7, 0, "foreign", STR("{}"));
    subscribe(&c, who);
    assert_true(client_wait_for(&c, "event: resync\ndata: {}\n\n"));
    assert_null(strstr(c.in, "meanwhile"));
    client_close(&c);
}

static void in_order(const struct client *c, const char *first, const char *second)
{
    const char *one = strstr(c->in, first), *two = strstr(c->in, second);
    assert_non_null(one);
    assert_non_null(two);
    assert_true(one < two);
}

static void news_of_one_moment_come_together_and_in_order(void **state)
{
    (void)state;
    static struct client a, other;
    const struct sse_news news[] = {{1, 0, "first", STR("{}")},
                                    {2, 0, "theirs", STR("{}")},
                                    {1, 0, "bad\nname", STR("{}")},
                                    {1, 10, "mine", STR("{}")},
                                    {0, 0, "all", STR("{}")}};
    subscribe(&a, "1/10/110");
    subscribe(&other, "2/11/111");
    sse_publish(server, news, sizeof news / sizeof *news);
    assert_true(client_wait_for(&a, "event: all\ndata: {}\n\n"));
    assert_true(client_wait_for(&other, "event: all\ndata: {}\n\n"));
    in_order(&a, "event: first\n", "event: mine\n");
    in_order(&a, "event: mine\n", "event: all\n");
    in_order(&other, "event: theirs\n", "event: all\n");
    assert_null(strstr(a.in, "theirs"));
    assert_null(strstr(other.in, "mine"));
    assert_null(strstr(a.in, "bad"));
    client_close(&a);
    client_close(&other);
}

static void who_does_not_read_gets_a_resync(void **state)
{
    (void)state;
    static struct client c;
    char large[4000];
    memset(large, 'x', sizeof large);
    subscribe(&c, "1/10/100");
    /* much more than the socket's buffers and the ring hold; the sender is never held up */
    int64_t from = clock_mono();
    for (int i = 0; i < 4000; i++)
        publish(1, 0, "bulk", (struct str){large, sizeof large});
    assert_true(clock_mono() - from < 5000);
    publish(1, 0, "last", STR("{}"));
    /* read the sea of events in pieces; what was lost is told once, then the newest follow */
    bool resync = false, last = false;
    size_t total = 0;
    while (!last) {
        last = client_wait_for(&c, "event: last");
        resync = resync || strstr(c.in, "event: resync\ndata: {}\n\n");
        total += c.n;
        if (!last && c.n == 0)
            break;
        if (!last) { /* keep the end, a word may be cut in two */
            size_t keep = c.n < 64 ? c.n : 64;
            memmove(c.in, c.in + c.n - keep, keep);
            c.n = keep;
            c.in[keep] = 0;
        }
    }
    assert_true(last);
    assert_true(resync);
    assert_true(total < (size_t)16 * 1000 * 1000);
    client_close(&c);
}

static void ended_sessions_hear_no_more(void **state)
{
    (void)state;
    static struct client a, b, c;
    subscribe(&a, "1/10/100");
    subscribe(&b, "1/10/101");
    subscribe(&c, "1/11/102");
    sse_end(server, 0, 101);
    assert_true(client_wait_for(&b, "event: resync\n")); /* by then with other rights */
    assert_true(client_wait_for(&b, "0\r\n\r\n"));
    publish(1, 0, "secret", STR("{}"));
    assert_true(client_wait_for(&a, "event: secret"));
    assert_true(client_wait_for(&c, "event: secret"));
    assert_null(strstr(b.in, "secret"));
    sse_end(server, 10, 0);
    assert_true(client_wait_for(&a, "0\r\n\r\n"));
    publish(1, 0, "more", STR("{}"));
    assert_true(client_wait_for(&c, "event: more"));
    assert_null(strstr(a.in, "event: more"));
    client_close(&a);
    client_close(&b);
    client_close(&c);
}

static void a_silent_stream_beats_and_notices_who_left(void **state)
{
    (void)state;
    http_stop(server, 2000);
    start_with(HEARTBEAT_MS);
    static struct client c, gone[20];
    subscribe(&c, "1/10/100");
    for (size_t i = 0; i < 20; i++)
        subscribe(&gone[i], "1/10/100");
    assert_int_equal(streams(), 21);
    for (size_t i = 0; i < 20; i++)
        client_close(&gone[i]);
    int beats = 0;
    while (streams() > 1 && beats < 100) { /* each turn waits for a beat of the one that stayed */
        client_clear(&c);
        assert_true(client_wait_for(&c, ":\n\n"));
        beats++;
    }
    assert_int_equal(streams(), 1);
    client_close(&c);
}

static void hundreds_of_clients_hear_at_once(void **state)
{
    (void)state;
    enum { CLIENTS = 300 };
    struct client *all = calloc(CLIENTS, sizeof *all);
    assert_non_null(all);
    for (int i = 0; i < CLIENTS; i++)
        subscribe(&all[i], "3/10/100");
    publish(3, 0, "case", STR("{\"id\":\"5\"}"));
    for (int i = 0; i < CLIENTS; i++) {
        assert_true(client_wait_for(&all[i], "event: case\ndata: {\"id\":\"5\"}\n\n"));
        client_close(&all[i]);
    }
    free(all);
}

static void an_agent_has_so_many_streams_and_no_more(void **state)
{
    (void)state;
    static struct client refused, other;
    struct client *all = calloc(STREAMS_PER_AGENT, sizeof *all);
    assert_non_null(all);
    for (int i = 0; i < STREAMS_PER_AGENT; i++)
        subscribe(&all[i], "5/77/100");
    client_open(&refused, http_port(server));
    client_send_z(&refused, "GET /events/5/77/101 HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_true(client_wait_answer(&refused, false));
    assert_int_equal(client_status(&refused), 429);
    subscribe(&other, "5/78/101");
    client_close(&refused);
    client_close(&other);
    for (int i = 0; i < STREAMS_PER_AGENT; i++)
        client_close(&all[i]);
    free(all);
}

static void stopping_ends_open_streams_politely(void **state)
{
    (void)state;
    static struct client reader, stuck, idle;
    subscribe(&reader, "1/10/100");
    subscribe(&stuck, "4/10/100");
    char large[4000];
    memset(large, 'x', sizeof large);
    for (int i = 0; i < 4000; i++)
        publish(4, 0, "bulk", (struct str){large, sizeof large});
    client_open(&idle, http_port(server));
    client_send_z(&idle, "GET /page/1/1/1 HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_true(client_wait_answer(&idle, false));
    int64_t from = clock_mono();
    /* the stuck one never reads and is cut off when the time is up; the time is long enough for
     * the others on a busy machine */
    http_stop(server, 2000);
    assert_true(clock_mono() - from < 10000);
    assert_true(client_wait_end(&reader));
    assert_non_null(strstr(reader.in, "retry: 5000\n\n"));
    assert_true(client_wait_end(&idle));
    assert_true(client_wait_end(&stuck));
    client_close(&reader);
    client_close(&stuck);
    client_close(&idle);
    start_with(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_reach_those_they_are_for),
        cmocka_unit_test(nothing_is_lost_between_a_page_and_its_stream),
        cmocka_unit_test(who_was_away_goes_on_behind_the_last_event),
        cmocka_unit_test(where_nobody_knows_what_was_missed_all_is_read_anew),
        cmocka_unit_test(news_of_one_moment_come_together_and_in_order),
        cmocka_unit_test(who_does_not_read_gets_a_resync),
        {"case 07: ended sessions hear no more", ended_sessions_hear_no_more, NULL, NULL, NULL},
        cmocka_unit_test(hundreds_of_clients_hear_at_once),
        cmocka_unit_test(an_agent_has_so_many_streams_and_no_more),
        cmocka_unit_test(stopping_ends_open_streams_politely),
        cmocka_unit_test(a_silent_stream_beats_and_notices_who_left),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
