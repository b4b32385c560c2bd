/* The table of channels is sound, and the demo channel does what it says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "channels/channel.h"

static void every_row_is_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < channel_count; i++) {
        const struct channel *c = channel_table[i];
        assert_ptr_equal(channel_find(str_z(c->key)), c);
        assert_true(c->label[0] && c->icon[0]);
        assert_true((c->poll != NULL) == (c->poll_every > 0));
        assert_true(c->can_reply == (c->send != NULL));
        for (size_t k = 0; k < c->setting_count; k++) {
            const struct channel_setting *s = &c->settings[k];
            assert_true(s->key[0] && s->label[0]);
            assert_true((s->type == SETTING_CHOICE) == (s->choices != NULL));
            for (size_t j = 0; j < k; j++)
                assert_string_not_equal(s->key, c->settings[j].key);
        }
    }
    assert_null(channel_find(STR("nosuch")));
    assert_null(channel_find(STR_NONE));
}

static void a_missing_setting_is_absent(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a);
    struct map settings;
    map_init(&settings, &a);
    struct str url = STR("x"), empty = STR("");
    map_set(&settings, STR("url"), &url);
    map_set(&settings, STR("none"), &empty);
    const struct channel_ctx c = {.arena = &a, .settings = &settings};
    assert_true(str_eq_z(channel_setting(&c, "url"), "x"));
    assert_null(channel_setting(&c, "none").p);
    assert_null(channel_setting(&c, "other").p);
    assert_null(channel_setting(&(struct channel_ctx){.arena = &a}, "url").p);
    arena_deinit(&a);
}

static enum err mark(void *arg)
{
    int *calls = arg;
    return (*calls)++ == 0 ? ERR_OK : ERR_CONFLICT;
}

static void the_demo_accepts_after_the_mark(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a);
    int calls = 0;
    const struct channel *demo = channel_find(STR("demo"));
    const struct channel_ctx c = {.arena = &a, .clock = &clock_system};
    const struct outgoing m = {
        .id = INT64_C(9007199254740993), .key = STR("k"), .text = STR("hi"), .attempt = 1};
    struct sent_result r;
    assert_non_null(demo);
    demo->send(&c, &m, (struct sending_mark){mark, &calls}, &r);
    assert_int_equal(r.sent, SENT_ACCEPTED);
    assert_true(str_eq_z(r.external_id, "demo-9007199254740993"));
    demo->send(&c, &m, (struct sending_mark){mark, &calls}, &r);
    assert_int_equal(r.sent, SENT_LATER);
    assert_int_equal(calls, 2);
    arena_deinit(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_whole),
        cmocka_unit_test(a_missing_setting_is_absent),
        cmocka_unit_test(the_demo_accepts_after_the_mark),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
