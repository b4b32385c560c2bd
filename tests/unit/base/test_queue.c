/* Bounded queue and workers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/queue.h"
#include "base/threads.h"

static void a_full_queue_refuses(void **state)
{
    (void)state;
    struct queue *q = queue_new(2);
    int a, b, c;
    assert_int_equal(queue_push(q, &a), ERR_OK);
    assert_int_equal(queue_push(q, &b), ERR_OK);
    assert_int_equal(queue_push(q, &c), ERR_BUSY);
    assert_ptr_equal(queue_pop(q, 0), &a);
    queue_close(q);
    assert_int_equal(queue_push(q, &c), ERR_CONFLICT);
    assert_ptr_equal(queue_pop(q, -1), &b);
    assert_null(queue_pop(q, -1));
    queue_free(q);
}

static atomic_int done;

static void count(void *p)
{
    (void)p;
    done++;
}

static void workers_finish_what_was_queued(void **state)
{
    (void)state;
    struct workers *w = workers_new("test", 3, 200);
    int taken = 0;
    for (int i = 0; i < 150; i++)
        taken += workers_run(w, count, NULL) == ERR_OK;
    workers_free(w);
    assert_int_equal(taken, 150);
    assert_int_equal(done, 150);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_full_queue_refuses),
                                       cmocka_unit_test(workers_finish_what_was_queued)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
