/* Work, deadlines, crowds, stopping, and options that cannot be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "site.h"

static struct client c;

/* --- workers --- */

static void a_full_queue_of_work_says_so_at_once(void **state)
{
    (void)state;
    static struct client first, second;
    int token;
    struct http_figures before, after;
    http_figures(site.server, &before);
    client_open(&first, http_port(site.server));
    client_send_z(&first, GET("/work"));
    client_open(&second, http_port(site.server));
    client_send_z(&second, GET("/work"));
    /* one runs and one waits at most, so of four at least two are refused while page threads stay
     * free */
    static struct client more[2];
    enum { OPENED = 2 };
    for (int i = 0; i < OPENED; i++) {
        client_open(&more[i], http_port(site.server));
        client_send_z(&more[i], GET("/work"));
    }
    do {
        assert_int_equal(site_ask(&c, GET("/")), 200);
        http_figures(site.server, &after);
    } while (after.answers[4] < before.answers[4] + 2);
    for (int i = 0; i < 2 + OPENED; i++)
        assert_int_equal(queue_push(site.gate, &token), ERR_OK);
    int worked = 0, busy = 0;
    struct client *all[2 + OPENED] = {&first, &second, &more[0], &more[1]};
    for (int i = 0; i < 2 + OPENED; i++) {
        assert_true(client_wait_answer(all[i], false));
        int status = client_status(all[i]);
        worked += status == 200;
        busy += status == 503;
        if (status == 503)
            assert_string_equal(client_header(all[i], "Retry-After"), "2");
        else
            assert_string_equal(client_body(all[i]), "worked");
        client_close(all[i]);
    }
    assert_int_equal(worked + busy, 2 + OPENED);
    assert_true(worked >= 1);
    assert_true(busy >= 2);
    http_figures(site.server, &after);
    assert_int_equal(after.answers[4] - before.answers[4], busy);
    while (queue_count(site.gate))
        queue_pop(site.gate, 0);
}

/* --- deadlines and crowds, with a server that has small ones --- */

/* deadlines that a test waits for, and such that never come in its way */
enum { SHORT_MS = 300, PATIENT_MS = 60000, PER_ADDRESS = 8, BODIES = 70000 };

static const char *const small_proxies[] = {"127.0.0.2", NULL};

/* A server of its own for the test. */
static struct http_server *start_small(int deadline_ms)
{
    static const struct route *const tables[] = {site_pages};
    const size_t counts[] = {site_page_count};
    struct http_options o = {.listen = "127.0.0.1:0",
                             .tables = tables,
                             .table_counts = counts,
                             .table_count = 1,
                             .threads = 2,
                             .workers = site.workers,
                             .proxies = small_proxies,
                             .per_address = PER_ADDRESS,
                             .bodies_max = BODIES,
                             .head_ms = deadline_ms,
                             .body_ms = deadline_ms,
                             .answer_ms = deadline_ms};
    struct http_server *s = NULL;
    struct errinfo e = {0};
    assert_int_equal(http_start(&s, &o, &e), ERR_OK);
    return s;
}

static int open_connections(const struct http_server *s)
{
    struct http_figures f;
    http_figures(s, &f);
    return f.connections;
}

static void who_is_slow_is_told_and_let_go(void **state)
{
    (void)state;
    static const char *const beginnings[] = {
        "\r\n",
        "G",
        "GET / HT",
        "GET / HTTP/1.1\r\nHo",
        GET("/") "GET /",
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n1",
        "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n1"};
    struct http_server *s = start_small(SHORT_MS);
    for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++) {
        client_open(&c, http_port(s));
        client_send_z(&c, beginnings[i]);
        assert_true(client_wait_end(&c));
        if (!strstr(c.in, "HTTP/1.1 408 "))
            print_error("case %zu: %s\n", i, c.in);
        assert_non_null(strstr(c.in, "HTTP/1.1 408 "));
        assert_non_null(strstr(c.in, "X-Request-Id: "));
        client_close(&c);
    }
    /* who has said nothing is told nothing */
    client_open(&c, http_port(s));
    assert_true(client_wait_end(&c));
    assert_int_equal(c.n, 0);
    client_close(&c);
    /* a byte now and then does not help */
    client_open(&c, http_port(s));
    client_send_z(&c, "GET / HTTP/1.1\r\nX: ");
    while (send(c.fd, "a", 1, MSG_NOSIGNAL) == 1 && recv(c.fd, c.in, 1, MSG_DONTWAIT) < 0)
        usleep(20 * 1000);
    client_close(&c);
    /* after an answer, silence is none of that */
    client_open(&c, http_port(s));
    client_send_z(&c, GET("/"));
    assert_true(client_wait_answer(&c, false));
    usleep(3 * SHORT_MS * 1000);
    client_clear(&c);
    client_send_z(&c, GET("/"));
    assert_true(client_wait_answer(&c, false));
    assert_int_equal(client_status(&c), 200);
    client_close(&c);
    http_stop(s, 1000);
}

static void who_does_not_read_is_let_go(void **state)
{
    (void)state;
    struct http_server *s = start_small(SHORT_MS);
    static char request[100200];
    client_open(&c, http_port(s));
    int n = snprintf(request, sizeof request,
                     "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n");
    memset(request + n, 'a', 60000);
    for (int i = 0; i < 2000; i++) /* until neither side takes more */
        if (send(c.fd, request, (size_t)n + 60000, MSG_NOSIGNAL | MSG_DONTWAIT) != n + 60000)
            break;
    for (int turn = 0; open_connections(s) > 0 && turn < 1000; turn++)
        usleep(10 * 1000);
    assert_int_equal(open_connections(s), 0);
    client_close(&c);
    http_stop(s, 1000);
}

static void an_address_has_so_many_connections_and_no_more(void **state)
{
    (void)state;
    struct http_server *s = start_small(PATIENT_MS);
    static struct client all[PER_ADDRESS];
    for (size_t i = 0; i < PER_ADDRESS; i++) {
        client_open(&all[i], http_port(s));
        client_send_z(&all[i], GET("/"));
        assert_true(client_wait_answer(&all[i], false));
    }
    client_open(&c, http_port(s));
    client_send_z(&c, GET("/"));
    assert_true(client_wait_end(&c));
    assert_int_equal(client_status(&c), 429);
    assert_string_equal(client_header(&c, "Retry-After"), "2");
    client_close(&c);
    client_open_from(&c, http_port(s), "127.0.0.3"); /* somebody else */
    client_send_z(&c, GET("/"));
    assert_true(client_wait_answer(&c, false));
    assert_int_equal(client_status(&c), 200);
    client_close(&c);
    for (size_t i = 0; i < PER_ADDRESS; i++)
        client_close(&all[i]);
    while (open_connections(s) > 0)
        usleep(1000);
    client_open(&c, http_port(s));
    client_send_z(&c, GET("/"));
    assert_true(client_wait_answer(&c, false));
    assert_int_equal(client_status(&c), 200);
    client_close(&c);
    http_stop(s, 1000);
}

static void behind_a_proxy_visitors_count_not_connections(void **state)
{
    (void)state;
    struct http_server *s = start_small(PATIENT_MS);
    static struct client all[PER_ADDRESS + 2];
    static const char slow[] = "POST /echo HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 9.9.9.9\r\n"
                               "Content-Length: 9\r\n\r\n1";
    for (size_t i = 0; i < PER_ADDRESS + 2; i++)
        client_open_from(&all[i], http_port(s), "127.0.0.2");
    for (size_t i = 0; i < PER_ADDRESS; i++)
        client_send_z(&all[i], slow);
    /* of one visitor one more is too many; which one is refused depends on who was first */
    client_send_z(&all[PER_ADDRESS], slow);
    client_send_z(&all[PER_ADDRESS + 1],
                  "GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 9.9.9.8\r\n\r\n");
    assert_true(client_wait_answer(&all[PER_ADDRESS + 1], false));
    assert_int_equal(client_status(&all[PER_ADDRESS + 1]), 200);
    /* nobody ends before all are there */
    struct http_figures f;
    do
        http_figures(s, &f);
    while (f.body_bytes < PER_ADDRESS || f.answers[3] < 1);
    int refused = 0;
    for (size_t i = 0; i <= PER_ADDRESS; i++) {
        client_send_z(&all[i], "23456789");
        assert_true(client_wait_answer(&all[i], false));
        refused += client_status(&all[i]) == 429;
        client_close(&all[i]);
    }
    assert_int_equal(refused, 1);
    client_close(&all[PER_ADDRESS + 1]);
    http_stop(s, 1000);
}

static void all_bodies_together_have_a_limit(void **state)
{
    (void)state;
    struct http_server *s = start_small(PATIENT_MS);
    static struct client first;
    static char request[60200];
    int n = snprintf(request, sizeof request,
                     "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n");
    memset(request + n, 'a', 60000);
    client_open(&first, http_port(s));
    client_send(&first, request, (size_t)n + 59999);
    struct http_figures f;
    do
        http_figures(s, &f);
    while (f.body_bytes < 59999);
    client_open(&c, http_port(s));
    client_send(&c, request, (size_t)n + 60000);
    assert_true(client_wait_answer(&c, false));
    assert_int_equal(client_status(&c), 503);
    client_close(&c);
    client_send_z(&first, "b");
    assert_true(client_wait_answer(&first, false));
    assert_int_equal(client_status(&first), 200);
    client_close(&first);
    http_stop(s, 1000);
}

/* --- stopping, and options that cannot be --- */

static void stopping_waits_for_what_runs(void **state)
{
    (void)state;
    while (queue_count(site.arrived))
        queue_pop(site.arrived, 0);
    client_open(&c, http_port(site.server));
    client_send_z(&c, GET("/work"));
    assert_non_null(queue_pop(site.arrived, 10000));
    static struct client idle;
    client_open(&idle, http_port(site.server));
    client_send_z(&idle, GET("/"));
    assert_true(client_wait_answer(&idle, false));
    int token;
    assert_int_equal(queue_push(site.gate, &token), ERR_OK);
    http_stop(site.server, 5000);
    assert_true(client_wait_end(&c));
    assert_int_equal(client_status(&c), 200);
    assert_string_equal(client_body(&c), "worked");
    assert_true(client_wait_end(&idle));
    client_close(&c);
    client_close(&idle);
    site_start_again();
}

static void stopping_does_not_wait_for_ever(void **state)
{
    (void)state;
    static const char *const ways[] = {GET("/hold"), GET("/work")};
    for (size_t i = 0; i < 2; i++) {
        struct http_server *s = start_small(PATIENT_MS);
        int token;
        while (queue_count(site.arrived))
            queue_pop(site.arrived, 0);
        client_open(&c, http_port(s));
        client_send_z(&c, ways[i]);
        assert_non_null(queue_pop(site.arrived, 10000));
        assert_false(http_stop(s, 50));
        assert_int_equal(queue_push(site.gate, &token), ERR_OK);
        assert_true(http_stop(s, 10000));
        assert_true(client_wait_end(&c));
        assert_string_equal(client_body(&c), "worked");
        client_close(&c);
    }
}

static void stopping_tells_who_is_still_sending(void **state)
{
    (void)state;
    struct http_figures f;
    client_open(&c, http_port(site.server));
    client_send_z(&c, POST "Content-Length: 5\r\n\r\n1");
    do
        http_figures(site.server, &f);
    while (f.body_bytes < 1);
    assert_true(http_stop(site.server, 60000));
    assert_true(client_wait_end(&c));
    assert_int_equal(client_status(&c), 408);
    client_close(&c);
    site_start_again();
}

static void nothing(struct request *rq, struct response *rs)
{
    (void)rq;
    (void)rs;
}

static void options_that_cannot_be_are_refused(void **state)
{
    (void)state;
    static const struct route twice[] = {{METHOD_GET, "/a/:b", RIGHT_NONE, 0, 0, nothing},
                                         {METHOD_GET, "/a/:c", RIGHT_NONE, 0, 0, nothing}};
    static const struct route bad[] = {{METHOD_GET, "a", RIGHT_NONE, 0, 0, nothing}};
    static const struct route worker[] = {{METHOD_GET, "/a", RIGHT_NONE, 0, ROUTE_WORKER, nothing}};
    static const struct {
        const struct route *table;
        size_t n;
        const char *listen;
    } rows[] = {{twice, 2, "127.0.0.1:0"},
                {bad, 1, "127.0.0.1:0"},
                {worker, 1, "127.0.0.1:0"},
                {site_pages, 1, "nonsense"},
                {site_pages, 1, "127.0.0.1:"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct http_options o = {.listen = rows[i].listen,
                                 .tables = &rows[i].table,
                                 .table_counts = &rows[i].n,
                                 .table_count = 1};
        struct http_server *none = NULL;
        struct errinfo e = {0};
        assert_int_equal(http_start(&none, &o, &e), ERR_INVALID);
        assert_true(e.what[0]);
        assert_null(none);
    }
    const struct route *one = site_pages;
    size_t n = 1;
    char taken[32];
    snprintf(taken, sizeof taken, "127.0.0.1:%d", http_port(site.server));
    struct http_options o = {.listen = taken, .tables = &one, .table_counts = &n, .table_count = 1};
    struct http_server *none = NULL;
    struct errinfo e = {0};
    assert_int_equal(http_start(&none, &o, &e), ERR_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_queue_of_work_says_so_at_once),
        cmocka_unit_test(who_is_slow_is_told_and_let_go),
        cmocka_unit_test(who_does_not_read_is_let_go),
        cmocka_unit_test(an_address_has_so_many_connections_and_no_more),
        cmocka_unit_test(behind_a_proxy_visitors_count_not_connections),
        cmocka_unit_test(all_bodies_together_have_a_limit),
        cmocka_unit_test(stopping_waits_for_what_runs),
        cmocka_unit_test(stopping_does_not_wait_for_ever),
        cmocka_unit_test(stopping_tells_who_is_still_sending),
        cmocka_unit_test(options_that_cannot_be_are_refused),
    };
    return cmocka_run_group_tests(tests, site_start, site_stop);
}
