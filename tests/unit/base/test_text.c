/* str, buf, arena, vec, map. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "base/str.h"
#include "base/vec.h"

static void numbers_are_whole_and_in_range(void **state)
{
    (void)state;
    int64_t v;
    assert_true(str_to_i64(STR("-9223372036854775808"), &v) && v == INT64_MIN);
    assert_false(str_to_i64(STR("9223372036854775808"), &v));
    assert_false(str_to_i64(STR(""), &v));
    assert_false(str_to_i64(STR("-"), &v));
    assert_false(str_to_i64(STR("12x"), &v));
    double d;
    assert_true(str_to_double(STR("-1.5e2"), &d) && d == -150);
    assert_false(str_to_double(STR("nan"), &d));
}

static void pieces_and_lines(void **state)
{
    (void)state;
    struct str rest = STR("a,,b"), piece;
    assert_true(str_next(&rest, ',', &piece) && str_eq(piece, STR("a")));
    assert_true(str_next(&rest, ',', &piece) && piece.n == 0);
    assert_true(str_next(&rest, ',', &piece) && str_eq(piece, STR("b")));
    assert_false(str_next(&rest, ',', &piece));
    rest = STR("one\r\ntwo\n");
    assert_true(str_next_line(&rest, &piece) && str_eq(piece, STR("one")));
    assert_true(str_next_line(&rest, &piece) && str_eq(piece, STR("two")));
    assert_false(str_next_line(&rest, &piece));
}

static void a_full_buffer_fails_for_good(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 8);
    buf_add(&b, STR("12345678"));
    assert_true(buf_ok(&b));
    buf_add_char(&b, '9');
    assert_false(buf_ok(&b));
    buf_add(&b, STR("x"));
    assert_int_equal(b.n, 8);
    buf_clear(&b);
    buf_printf(&b, "%d", 42);
    assert_true(buf_ok(&b) && str_eq(buf_str(&b), STR("42")));
    buf_deinit(&b);
}

static void count_up(void *p)
{
    ++*(int *)p;
}

static void arena_runs_what_was_deferred(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a);
    int ran = 0;
    arena_defer(&a, count_up, &ran);
    struct str s = arena_printf(&a, "%s-%d", "x", 7);
    assert_string_equal(s.p, "x-7");
    char *big = arena_alloc(&a, 3000000);
    assert_int_equal(big[2999999], 0);
    arena_clear(&a);
    assert_int_equal(ran, 1);
    arena_deinit(&a);
    assert_int_equal(ran, 1);
}

static void map_and_vec_keep_what_they_got(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a);
    struct map m;
    struct vec v;
    map_init(&m, &a);
    vec_init(&v, &a, sizeof(int));
    for (int i = 0; i < 1000; i++) {
        *(int *)vec_push(&v) = i;
        map_set(&m, arena_printf(&a, "key%d", i), (void *)(intptr_t)(i + 1));
    }
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(*(int *)vec_at(&v, (size_t)i), i);
        assert_int_equal((intptr_t)map_get(&m, arena_printf(&a, "key%d", i)), i + 1);
    }
    assert_null(map_get(&m, STR("key1000")));
    map_set(&m, STR("key5"), NULL);
    assert_null(map_get(&m, STR("key5")));
    assert_int_equal(m.n, 1000);
    arena_deinit(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_whole_and_in_range),
        cmocka_unit_test(pieces_and_lines),
        cmocka_unit_test(a_full_buffer_fails_for_good),
        cmocka_unit_test(arena_runs_what_was_deferred),
        cmocka_unit_test(map_and_vec_keep_what_they_got),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
