/* What is kept is given back under its own key only, and is stale with the first change of its
 * brand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "console/kept.h"

static struct kept *kept;
static struct buf out;

static int setup(void **state)
{
    (void)state;
    kept = kept_new();
    buf_init(&out, KEPT_BYTES_MAX);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    kept_free(kept);
    buf_deinit(&out);
    return 0;
}

static bool find(int64_t brand, struct str key)
{
    buf_clear(&out);
    return kept_find(kept, kept_generation(kept, brand), key, &out);
}

static void put(int64_t brand, struct str key, struct str bytes)
{
    kept_put(kept, kept_generation(kept, brand), key, bytes);
}

static void only_its_own_key_finds_it(void **state)
{
    (void)state;
    put(1, STR("session 1 /desk"), STR("page of one"));
    assert_true(find(1, STR("session 1 /desk")));
    assert_true(str_eq(buf_str(&out), STR("page of one")));
    assert_false(find(1, STR("session 2 /desk")));
    assert_false(find(1, STR("session 1 /desk?view=mine")));
    assert_false(find(1, STR("session 1 /des")));
    assert_int_equal(out.n, 0);
}

static void keys_in_one_place_do_not_mix(void **state)
{
    (void)state;
    char name[2] = "?";
    for (int round = 0; round < 2; round++)
        for (char c = ' '; c < 127; c++) { /* more keys than places */
            name[0] = c;
            put(1, (struct str){name, 1}, (struct str){name, 1});
            assert_true(find(1, (struct str){name, 1}));
            assert_int_equal(out.n, 1);
            assert_int_equal(out.p[0], c);
        }
    int found = 0;
    for (char c = ' '; c < 127; c++) {
        name[0] = c;
        if (!find(1, (struct str){name, 1}))
            continue;
        found++;
        assert_int_equal(out.p[0], c);
    }
    assert_true(found > 0 && found <= KEPT_PLACES);
}

static void a_change_of_the_brand_makes_it_stale(void **state)
{
    (void)state;
    for (int topic = 0; topic < TOPIC_COUNT; topic++) {
        put(7, STR("k"), STR("old"));
        assert_true(find(7, STR("k")));
        kept_notice(kept, &(struct notice){(enum topic)topic, 7, 1, 0});
        assert_false(find(7, STR("k")));
    }
    put(7, STR("k"), STR("old"));
    kept_notice(kept, &(struct notice){TOPIC_CASE, 8, 1, 0}); /* another brand */
    assert_true(find(7, STR("k")));
    kept_notice(kept, &(struct notice){TOPIC_AGENT, 0, 1, 0}); /* an agent: of any brand */
    assert_false(find(7, STR("k")));
    put(7, STR("k"), STR("old"));
    kept_notice(kept, &(struct notice){TOPIC_AGENT, 8, 1, 0});
    assert_false(find(7, STR("k")));
}

/* Somebody reads, then it changes, then the reader keeps what it has read. */
static void what_was_read_before_a_change_is_never_given(void **state)
{
    (void)state;
    uint64_t before = kept_generation(kept, 3);
    kept_notice(kept, &(struct notice){TOPIC_CASE, 3, 1, 0});
    kept_put(kept, before, STR("k"), STR("old"));
    assert_false(find(3, STR("k")));
}

static void what_is_too_large_is_not_kept(void **state)
{
    (void)state;
    struct str large = {calloc(1, KEPT_BYTES_MAX), KEPT_BYTES_MAX};
    assert_non_null(large.p);
    put(1, STR("k"), large);
    assert_false(find(1, STR("k")));
    put(1, STR("k"), (struct str){large.p, KEPT_BYTES_MAX - 1});
    assert_true(find(1, STR("k")));
    free((char *)(uintptr_t)large.p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(only_its_own_key_finds_it, setup, teardown),
        cmocka_unit_test_setup_teardown(keys_in_one_place_do_not_mix, setup, teardown),
        cmocka_unit_test_setup_teardown(a_change_of_the_brand_makes_it_stale, setup, teardown),
        cmocka_unit_test_setup_teardown(what_was_read_before_a_change_is_never_given, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_is_too_large_is_not_kept, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
