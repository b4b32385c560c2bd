/* No memory: the reserve goes first, then the one thing that is too large, then the process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"

static const volatile size_t far_too_much = SIZE_MAX / 4;

static void the_reserve_goes_and_comes_back(void **state)
{
    (void)state;
    memory_reserve(1 << 20);
    assert_false(memory_low());
    assert_null(memory_try_resize(NULL, far_too_much));
    assert_false(memory_low()); /* asked for again at once: there is enough for it */
    assert_null(memory_try_resize(NULL, far_too_much));
    assert_true(memory_low()); /* not again so soon */
    int64_t until = clock_mono() + 10000;
    while (memory_low() && clock_mono() < until)
        usleep(10000);
    assert_false(memory_low());
}

static void a_buffer_fails_alone(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, far_too_much);
    buf_add(&b, STR("kept"));
    assert_null(buf_reserve(&b, far_too_much - 4));
    assert_false(buf_ok(&b));
    assert_int_equal(buf_str(&b).n, 4);
    buf_deinit(&b);
}

static void what_must_be_had_ends_the_process_without_a_signal(void **state)
{
    (void)state;
    pid_t pid = fork();
    if (pid == 0) {
        free(memory_bytes(far_too_much));
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reserve_goes_and_comes_back),
        cmocka_unit_test(a_buffer_fails_alone),
        cmocka_unit_test(what_must_be_had_ends_the_process_without_a_signal),
    };
    log_set_level(LOG_ERROR + 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
