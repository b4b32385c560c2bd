/* Who hears what, in which order, and what a slow listener is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/threads.h"
#include "bus/bus.h"

static void publish(struct bus *b, enum topic topic, int64_t id)
{
    bus_publish(b, &(struct notice){.topic = topic, .brand = 1, .id = id});
}

static void each_hears_its_topics_in_order(void **state)
{
    (void)state;
    struct bus *b = bus_new();
    struct bus_listener *cases = bus_subscribe(b, BUS_TOPIC(TOPIC_CASE), 8);
    struct bus_listener *all = bus_subscribe(b, BUS_ALL_TOPICS, 8);
    struct notice n;
    publish(b, TOPIC_CASE, 1);
    publish(b, TOPIC_POST, 2);
    publish(b, TOPIC_CASE, 3);
    assert_int_equal(bus_next(cases, 0, &n), BUS_NOTICE);
    assert_int_equal(n.id, 1);
    assert_int_equal(bus_next(cases, 0, &n), BUS_NOTICE);
    assert_int_equal(n.id, 3);
    assert_int_equal(bus_next(cases, 0, &n), BUS_TIMEOUT);
    for (int i = 1; i <= 3; i++) {
        assert_int_equal(bus_next(all, 0, &n), BUS_NOTICE);
        assert_int_equal(n.id, i);
    }
    assert_int_equal(bus_next(all, 5, &n), BUS_TIMEOUT);
    bus_unsubscribe(cases);
    publish(b, TOPIC_CASE, 4);
    assert_int_equal(bus_next(all, 0, &n), BUS_NOTICE);
    bus_unsubscribe(all);
    bus_free(b);
}

static void a_slow_listener_is_told_once_that_it_lost(void **state)
{
    (void)state;
    struct bus *b = bus_new();
    struct bus_listener *slow = bus_subscribe(b, BUS_ALL_TOPICS, 2);
    struct bus_listener *roomy = bus_subscribe(b, BUS_ALL_TOPICS, 5);
    struct notice n;
    for (int i = 1; i <= 5; i++)
        publish(b, TOPIC_POST, i);
    assert_int_equal(bus_next(slow, 0, &n), BUS_LOST);
    assert_int_equal(bus_next(slow, 0, &n), BUS_TIMEOUT);
    publish(b, TOPIC_POST, 6);
    assert_int_equal(bus_next(slow, 0, &n), BUS_NOTICE);
    assert_int_equal(n.id, 6);
    assert_int_equal(bus_next(roomy, 0, &n), BUS_LOST); /* the sixth was one too many */
    bus_unsubscribe(slow);
    bus_unsubscribe(roomy);
    bus_free(b);
}

static void all_means_everybody_reads_afresh(void **state)
{
    (void)state;
    struct bus *b = bus_new();
    struct bus_listener *cases = bus_subscribe(b, BUS_TOPIC(TOPIC_CASE), 8);
    struct bus_listener *posts = bus_subscribe(b, BUS_TOPIC(TOPIC_POST), 8);
    struct notice n;
    publish(b, TOPIC_CASE, 1);
    bus_publish(b, &(struct notice){.topic = TOPIC_ALL});
    assert_int_equal(bus_next(cases, 0, &n), BUS_LOST);
    assert_int_equal(bus_next(cases, 0, &n), BUS_TIMEOUT);
    assert_int_equal(bus_next(posts, 0, &n), BUS_LOST);
    publish(b, TOPIC_POST, 2);
    assert_int_equal(bus_next(posts, 0, &n), BUS_NOTICE);
    bus_unsubscribe(cases);
    bus_unsubscribe(posts);
    bus_free(b);
}

struct waiting {
    struct bus_listener *l;
    enum bus_result first, second;
    int64_t id;
};

static void *wait_for_two(void *p)
{
    struct waiting *w = p;
    struct notice n = {0};
    w->first = bus_next(w->l, -1, &n);
    w->id = n.id;
    w->second = bus_next(w->l, 60000, &n);
    return NULL;
}

static void a_waiting_thread_wakes_at_once(void **state)
{
    (void)state;
    struct bus *b = bus_new();
    struct waiting w = {.l = bus_subscribe(b, BUS_ALL_TOPICS, 4)};
    pthread_t t;
    int64_t start = clock_mono();
    assert_int_equal(thread_start(&t, "waits", wait_for_two, &w), ERR_OK);
    publish(b, TOPIC_AGENT, 77);
    bus_end(b);
    pthread_join(t, NULL);
    assert_true(clock_mono() - start < 10000);
    assert_int_equal(w.first, BUS_NOTICE);
    assert_int_equal(w.id, 77);
    assert_int_equal(w.second, BUS_ENDED);
    bus_unsubscribe(w.l);
    bus_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_hears_its_topics_in_order),
        cmocka_unit_test(a_slow_listener_is_told_once_that_it_lost),
        cmocka_unit_test(all_means_everybody_reads_afresh),
        cmocka_unit_test(a_waiting_thread_wakes_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
