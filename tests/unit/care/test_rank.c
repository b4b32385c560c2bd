/* The order of the queue, and the clock of a case. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/clock.h"
#include "care/rank.h"

static const int64_t DUE = INT64_C(1795300000000);

/* Somebody of whom nothing is known: no part counts. */
static struct rank_input plain(void)
{
    return (struct rank_input){.due_at = DUE,
                               .kind = -1,
                               .request = -1,
                               .sentiment = -1,
                               .need = 0.5,
                               .priority = PRIORITY_NORMAL};
}

static struct rank rank_of(struct rank_input in)
{
    struct rank r;
    rank_compute(&in, &r);
    int64_t sum = 0;
    for (int i = 0; i < RANK_PART_COUNT; i++)
        sum += r.minutes[i];
    assert_true(r.rank_at == in.due_at - sum * CLOCK_MINUTE); /* what is told is what orders */
    return r;
}

static void without_a_reason_the_clock_decides(void **state)
{
    (void)state;
    struct rank r = rank_of(plain());
    assert_true(r.rank_at == DUE);
}

static void each_part_moves_the_moment(void **state)
{
    (void)state;
    struct rank_input in = plain();
    in.kind = KIND_COMPLAINT;
    assert_int_equal(rank_of(in).minutes[RANK_KIND], 15);
    in.kind = KIND_QUESTION;
    assert_int_equal(rank_of(in).minutes[RANK_KIND], 5);
    in.kind = KIND_PRAISE;
    assert_int_equal(rank_of(in).minutes[RANK_KIND], 0);
    in.request = REQUEST_EXPLICIT;
    assert_int_equal(rank_of(in).minutes[RANK_REQUEST], 10);
    in.request = REQUEST_IMPLICIT;
    assert_int_equal(rank_of(in).minutes[RANK_REQUEST], 5);
    in.sentiment = SENTIMENT_NEGATIVE;
    assert_int_equal(rank_of(in).minutes[RANK_SENTIMENT], 10);
    in.sentiment = SENTIMENT_POSITIVE;
    assert_int_equal(rank_of(in).minutes[RANK_SENTIMENT], 0);
    in.need = 1;
    assert_int_equal(rank_of(in).minutes[RANK_NEED], 10);
    in.need = 0.1;
    assert_int_equal(rank_of(in).minutes[RANK_NEED], 0);
    in.again = 1;
    assert_int_equal(rank_of(in).minutes[RANK_AGAIN], 15);
    in.again = 50;
    assert_int_equal(rank_of(in).minutes[RANK_AGAIN], 30);
    in.priority = PRIORITY_HIGH;
    assert_int_equal(rank_of(in).minutes[RANK_PRIORITY], 45);
    in.priority = PRIORITY_LOW;
    assert_int_equal(rank_of(in).minutes[RANK_PRIORITY], -60);
}

static void reach_counts_in_steps(void **state)
{
    (void)state;
    static const struct {
        int64_t reach;
        int minutes;
    } steps[] = {{0, 0},     {199, 0},    {200, 5},     {1000, 10},     {4999, 10},
                 {5000, 20}, {20000, 30}, {100000, 40}, {INT64_MAX, 40}};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct rank_input in = plain();
        in.reach = steps[i].reach;
        assert_int_equal(rank_of(in).minutes[RANK_REACH], steps[i].minutes);
    }
}

static void an_angry_late_complaint_goes_before_praise(void **state)
{
    (void)state;
    struct rank_input angry = plain(), praise = plain(), urgent = plain();
    angry.kind = KIND_COMPLAINT;
    angry.sentiment = SENTIMENT_NEGATIVE;
    angry.due_at = DUE + 20 * CLOCK_MINUTE; /* due later, and yet first */
    praise.kind = KIND_PRAISE;
    urgent.due_at = DUE - 2 * CLOCK_HOUR; /* no mood outweighs two hours */
    assert_true(rank_of(angry).rank_at < rank_of(praise).rank_at);
    assert_true(rank_of(urgent).rank_at < rank_of(angry).rank_at);
}

static void the_parts_come_back_from_the_store(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a);
    struct rank_input in = plain();
    in.kind = KIND_COMPLAINT;
    in.reach = 1000;
    in.priority = PRIORITY_LOW;
    struct rank r = rank_of(in), back;
    struct str text = rank_write(&a, &r);
    assert_string_equal(arena_str(&a, text).p, "{\"kind\":15,\"reach\":10,\"priority\":-60}");
    assert_true(rank_read(&a, text, &back));
    assert_memory_equal(back.minutes, r.minutes, sizeof r.minutes);
    assert_false(rank_read(&a, STR("{\"kind\":"), &back));
    arena_deinit(&a);
}

static void a_clock_has_four_states(void **state)
{
    (void)state;
    static const struct {
        int64_t left;
        enum clock_state is;
        int percent;
    } steps[] = {{4 * CLOCK_HOUR, CLOCK_CALM, 100},
                 {2 * CLOCK_HOUR, CLOCK_CALM, 50},
                 {2 * CLOCK_HOUR - 1, CLOCK_PLAIN, 49},
                 {30 * CLOCK_MINUTE, CLOCK_PLAIN, 12},
                 {30 * CLOCK_MINUTE - 1, CLOCK_SOON, 12},
                 {0, CLOCK_SOON, 0},
                 {-1, CLOCK_LATE, 0},
                 {-CLOCK_DAY, CLOCK_LATE, 0}};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct case_clock c = case_clock_at(DUE, DUE - 4 * CLOCK_HOUR, DUE - steps[i].left);
        assert_int_equal(c.state, steps[i].is);
        assert_true(c.left == steps[i].left);
        assert_int_equal(c.percent, steps[i].percent);
    }
    assert_int_equal(case_clock_at(0, 0, DUE).state, CLOCK_NONE);
    assert_int_equal(case_clock_at(DUE, DUE, DUE - 1).percent, 0); /* no time was given at all */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_reason_the_clock_decides),
        cmocka_unit_test(each_part_moves_the_moment),
        cmocka_unit_test(reach_counts_in_steps),
        cmocka_unit_test(an_angry_late_complaint_goes_before_praise),
        cmocka_unit_test(the_parts_come_back_from_the_store),
        cmocka_unit_test(a_clock_has_four_states),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
