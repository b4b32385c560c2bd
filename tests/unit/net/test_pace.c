/* How often one host is asked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/clock.h"
#include "net/pace.h"

static void a_host_is_asked_so_often_a_minute(void **state)
{
    (void)state;
    int64_t now = 1000000;
    for (int i = 0; i < PACE_MAX; i++)
        assert_true(pace_take(STR("victim.example:443"), now + i));
    assert_false(pace_take(STR("victim.example:443"), now + PACE_MAX));
    assert_true(pace_take(STR("other.example:443"), now + PACE_MAX));
    assert_false(pace_take(STR("victim.example:443"), now + CLOCK_MINUTE - 1));
    assert_true(pace_take(STR("victim.example:443"), now + CLOCK_MINUTE));
}

static void many_hosts_do_not_free_one(void **state)
{
    (void)state;
    struct arena a;
    int64_t now = 5000000;
    int taken = 0;
    arena_init(&a);
    for (int i = 0; i < 100000; i++) { /* a thousand links to one host among those to others */
        if (i % 100 == 0)
            taken += pace_take(STR("victim.example:80"), now + i / 10);
        else if (i % 100 < 3)
            (void)pace_take(arena_printf(&a, "h%d.example:80", i), now + i / 10);
    }
    assert_true(taken >= PACE_MAX);
    assert_true(taken <= PACE_MAX * 4); /* forgotten a few times, when its set was full */
    arena_deinit(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"case 37: a host is asked so often a minute", a_host_is_asked_so_often_a_minute, NULL,
         NULL, NULL},
        {"case 37: many hosts do not free one", many_hosts_do_not_free_one, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
