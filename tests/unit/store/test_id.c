/* Ids: unique and sorted whatever the clock does, over restarts, and for any number of past
 * moments. */
#include "scratch.h"

#include <stdlib.h>

#include "base/threads.h"

static const int64_t NOW = INT64_C(1790000000000);

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void assert_unique(int64_t *ids, size_t n)
{
    qsort(ids, n, sizeof *ids, compare);
    assert_true(ids[0] > 0);
    for (size_t i = 1; i < n; i++)
        if (ids[i - 1] == ids[i])
            fail_msg("id %lld was given twice", (long long)ids[i]);
}

static enum err do_nothing(struct tx *tx, void *arg, struct errinfo *e)
{
    (void)tx;
    (void)arg;
    (void)e;
    return ERR_OK;
}

static void present_ids_rise(void **state)
{
    struct scratch *s = *state;
    struct clock_fake clock;
    clock_fake_init(&clock, NOW);
    s->options.clock = &clock.clock;
    scratch_open(s);
    int64_t last = 0;
    for (int i = 0; i < 100000; i++) {
        if (i == 50000)
            clock.at -= CLOCK_DAY; /* the clock is set back */
        if (i == 60000)
            clock.at += 2 * CLOCK_DAY;
        int64_t id = store_id(s->store, 0);
        assert_true(id > last);
        last = id;
    }
    assert_in_range(store_id_time(last), NOW + CLOCK_DAY, NOW + CLOCK_DAY + 1000);
    assert_int_equal(store_id(s->store, clock.at + CLOCK_DAY) > last, 1); /* the future is now */
    assert_in_range(store_id_time(store_id(s->store, clock.at + CLOCK_DAY)), NOW, clock.at + 1000);
}

static void the_last_second_is_now(void **state)
{
    struct scratch *s = *state;
    struct clock_fake clock;
    clock_fake_init(&clock, NOW);
    s->options.clock = &clock.clock;
    scratch_open(s);
    int64_t last = store_id(s->store, 0);
    for (int i = 0; i < 5000; i++) { /* each a little late, as after judging a post */
        clock.at += 3;
        int64_t id = store_id(s->store, clock.at - i % 1000);
        assert_true(id > last);
        last = id;
    }
}

static void a_clock_at_the_end_of_the_numbers_spoils_no_id(void **state)
{
    struct scratch *s = *state;
    struct clock_fake clock;
    clock_fake_init(&clock, INT64_C(4200000000000)); /* 2103 */
    s->options.clock = &clock.clock;
    scratch_open(s);
    enum { EACH = 5000 };
    int64_t *ids = calloc(2 * EACH, sizeof *ids);
    for (int i = 0; i < EACH; i++)
        ids[i] = store_id(s->store, 0);
    clock.at = NOW;
    for (int i = 0; i < EACH; i++) {
        ids[EACH + i] = store_id(s->store, 0);
        assert_in_range(store_id_time(ids[EACH + i]), NOW - 1024, NOW);
    }
    assert_unique(ids, 2 * EACH);
    free(ids);
}

static void past_ids_carry_their_moment(void **state)
{
    struct scratch *s = *state;
    struct clock_fake clock;
    clock_fake_init(&clock, NOW);
    s->options.clock = &clock.clock;
    scratch_open(s);
    int64_t before = 0;
    for (int64_t at = NOW - 400 * CLOCK_DAY; at < NOW; at += CLOCK_DAY) {
        int64_t id = store_id(s->store, at);
        assert_true(id > before);
        assert_in_range(store_id_time(id), at - 1024, at);
        before = id;
    }
    assert_true(store_id(s->store, 0) > before);
    assert_true(store_id(s->store, 1) > 0); /* before 2000: the smallest there are */
    assert_true(store_id(s->store, 1) < store_id(s->store, NOW - 1000 * CLOCK_DAY));
}

static void the_same_moment_a_hundred_thousand_times(void **state)
{
    struct scratch *s = *state;
    struct clock_fake clock;
    clock_fake_init(&clock, NOW);
    s->options.clock = &clock.clock;
    enum { EACH = 100000, ROUNDS = 4 };
    int64_t *ids = calloc(2 * ROUNDS * EACH, sizeof *ids);
    size_t n = 0;
    for (int round = 0; round < ROUNDS; round++) {
        scratch_open(s);
        for (int i = 0; i < EACH; i++) {
            ids[n++] = store_id(s->store, NOW - 5000);
            ids[n++] = store_id(s->store, i % 2 ? 0 : NOW - 5001);
        }
        assert_int_equal(store_write(s->store, do_nothing, NULL, NULL), ERR_OK);
        scratch_close(s);
        clock.at -= CLOCK_HOUR; /* and the machine starts with a wrong clock */
    }
    assert_unique(ids, n);
    free(ids);
}

enum { THREADS = 4, PER_THREAD = 50000 };

struct taker {
    pthread_t thread;
    struct store *store;
    int64_t *ids;
};

static void *take_ids(void *p)
{
    struct taker *t = p;
    for (int i = 0; i < PER_THREAD; i++)
        t->ids[i] = store_id(t->store, i % 2 ? 0 : NOW - i);
    return NULL;
}

static void threads_never_get_the_same(void **state)
{
    struct scratch *s = *state;
    scratch_open(s);
    int64_t *ids = calloc(THREADS * PER_THREAD, sizeof *ids);
    struct taker takers[THREADS];
    for (int i = 0; i < THREADS; i++) {
        takers[i] = (struct taker){.store = s->store, .ids = ids + i * PER_THREAD};
        assert_int_equal(thread_start(&takers[i].thread, "taker", take_ids, &takers[i]), ERR_OK);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(takers[i].thread, NULL);
    assert_unique(ids, THREADS * PER_THREAD);
    free(ids);
}

static void nodes_never_get_the_same(void **state)
{
    struct scratch *s = *state;
    struct clock_fake clock;
    clock_fake_init(&clock, NOW);
    s->options.clock = &clock.clock;
    enum { EACH = 5000 };
    int64_t ids[2 * EACH];
    for (int node = 0; node < 2; node++) {
        s->options.node = node * 255;
        scratch_open(s);
        for (int i = 0; i < EACH; i++)
            ids[node * EACH + i] = store_id(s->store, i % 2 ? 0 : NOW - 1);
        scratch_close(s);
    }
    assert_unique(ids, 2 * EACH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(present_ids_rise, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(the_last_second_is_now, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(a_clock_at_the_end_of_the_numbers_spoils_no_id,
                                        scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(past_ids_carry_their_moment, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(the_same_moment_a_hundred_thousand_times, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(threads_never_get_the_same, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(nodes_never_get_the_same, scratch_setup, scratch_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
