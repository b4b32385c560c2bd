/* judge: reasons tell the truth, awkward texts are bounded, and facts keep to the domain's words.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "small.h"

static struct arena arena;
static struct model *model;
static struct judge *judge;

static int setup(void **state)
{
    (void)state;
    arena_init(&arena);
    judge = judge_new();
    return model_open_bytes(&model, small_model_bytes(&arena), NULL) == ERR_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    judge_free(judge);
    model_close(model);
    arena_deinit(&arena);
    return 0;
}

static float p_of(struct str text, const struct model_head *h, int class)
{
    struct verdict v[MODEL_HEADS_MAX];
    struct judge_input in = {.text = text};
    judge_text(judge, model, &in, v);
    return judge_probabilities(judge, h)[class];
}

static float odds(float p)
{
    return logf(p / (1 - p));
}

static void removing_a_reason_changes_the_fact_as_told(void **state)
{
    (void)state;
    const char *const texts[] = {"@nordbahn wann öffnet der Schalter in Halle?",
                                 "@nordbahn der Automat in Ulm ist kaputt, das nervt",
                                 "Danke an das nette Team in Bonn, super! 👏👏"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        for (int head = 0; head < model_head_count(model); head++) {
            const struct model_head *h = model_head_at(model, head);
            struct verdict v[MODEL_HEADS_MAX];
            struct verdict_reason r[JUDGE_REASONS];
            struct str text = str_z(texts[i]);
            struct judge_input in = {.text = text};
            judge_text(judge, model, &in, v);
            int value = v[head].value;
            size_t n = judge_reasons(judge, model, h, value, r, JUDGE_REASONS);
            assert_true(n > 0);
            for (size_t k = 0; k < n; k++) {
                struct str rest[] = {str_sub(text, 0, r[k].from), str_sub(text, r[k].to, text.n)};
                float p = p_of(arena_join(&arena, rest, 2, STR("")), h, value);
                assert_true(r[k].from < r[k].to && r[k].to <= text.n && r[k].weight > 0);
                assert_true(k == 0 || r[k].weight <= r[k - 1].weight);
                assert_true(fabsf(odds(v[head].p) - odds(p) - r[k].weight) < 0.001F);
            }
        }
}

static void facts_keep_to_the_words(void **state)
{
    (void)state;
    struct facts f;
    struct judge_input in = {.text = STR("@nordbahn der Automat in Ulm ist kaputt, das nervt")};
    judge_facts(judge, model, &in, &f);
    judge_explain(judge, model, ~0U, &arena, &f);
    assert_int_equal(f.f[FACT_KIND].value, KIND_COMPLAINT);
    assert_int_equal(f.f[FACT_REACTION].value, ANSWER_YES);
    assert_int_equal(f.f[FACT_SENTIMENT].value, -1); /* the model has no such head */
    assert_true(f.f[FACT_KIND].p > 0.25F && f.f[FACT_KIND].p <= 1);
    assert_true(f.reason_count > 0);
    for (size_t i = 0; i < f.reason_count; i++)
        assert_true(f.reasons[i].to <= in.text.n && f.reasons[i].weight > 0);
    in.from_brand = true;
    judge_facts(judge, model, &in, &f);
    assert_int_equal(f.f[FACT_REACTION].value, ANSWER_NO);
    judge_explain(judge, model, 1U << FACT_REACTION, &arena, &f);
    assert_int_equal(f.reason_count, 0); /* who wrote it decided, no word */
}

static void what_carries_nothing_is_unknown(void **state)
{
    (void)state;
    const struct str texts[] = {
        STR(""),
        STR("   \n"),
        STR("?!"),
        STR("123 456"),
        STR("https://a.example/wann"),
        STR("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa AAAA"),
        STR("\xE2\x80\x8B\xCC\x81\xEF\xB8\x8F"), /* nothing that can be seen */
        STR("\xF0\x9F\x98\xA1\xF0\x9F\x98\xA1"),
        STR("\xFF\xFE\x80\xC0\xF5"),
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct facts f;
        struct judge_input in = {.text = texts[i]};
        judge_facts(judge, model, &in, &f);
        judge_explain(judge, model, ~0U, &arena, &f);
        for (int k = 0; k < FACT_COUNT; k++)
            assert_int_equal(f.f[k].value, -1);
    }
}

static void a_script_that_was_never_seen_is_unknown(void **state)
{
    (void)state;
    const struct str texts[] = {STR("שלום לכולם"), STR("列車はどこですか"), STR("أين القطار")};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct facts f;
        struct judge_input in = {.text = texts[i]};
        judge_facts(judge, model, &in, &f);
        assert_int_equal(f.f[FACT_KIND].value, -1);
        assert_int_equal(f.f[FACT_REACTION].value, -1);
    }
}

static void awkward_texts_are_bounded(void **state)
{
    (void)state;
    enum { SIZE = 1 << 20 };
    const char *const units[] = {"\x01\xFE\x80",
                                 "\xD7\xA9\xD7\x9C\xD7\x95\xD7\x9D ",
                                 "\xE2\x80\x8B",
                                 "\xF0\x9F\x98\xA1",
                                 "a",
                                 "a\xCC\x81",
                                 "wann? ",
                                 "@a",
                                 "\xE2\x80\xAE\xE2\x81\xA6x",
                                 "wann \xD7\xA9 \xE5\x88\x97 ",
                                 ":-) ",
                                 "nicht "};
    char *text = malloc(SIZE);
    for (size_t u = 0; u < sizeof units / sizeof *units; u++) {
        size_t unit = strlen(units[u]), n = 0;
        for (; n + unit <= SIZE; n += unit)
            memcpy(text + n, units[u], unit);
        struct facts f;
        struct judge_input in = {.text = {text, n}};
        clock_t before = clock(); /* of the processor: others may have it for long */
        judge_facts(judge, model, &in, &f);
        judge_explain(judge, model, ~0U, &arena, &f);
        assert_true(clock() - before < 4 * CLOCKS_PER_SEC);
        for (size_t i = 0; i < f.reason_count; i++)
            assert_true(f.reasons[i].from < f.reasons[i].to && f.reasons[i].to <= n);
    }
    free(text);
}

static void the_brand_makes_the_difference(void **state)
{
    (void)state;
    struct str names[] = {STR("Nordbahn"), STR("@nordbahn")}, others[] = {STR("@teleblitz")};
    struct verdict ours[MODEL_HEADS_MAX], theirs[MODEL_HEADS_MAX];
    struct judge_input in = {.text = STR("@nordbahn wann öffnet der Schalter in Halle?")};
    const struct model_head *h = model_head_find(model, STR("reaction"));
    int yes = model_class_find(h, STR("yes"));
    in.brand = naming_new(&arena, (struct brand_names){names, 2});
    judge_text(judge, model, &in, ours);
    float p_ours = judge_probabilities(judge, h)[yes];
    in.brand = naming_new(&arena, (struct brand_names){others, 1});
    judge_text(judge, model, &in, theirs);
    assert_true(p_ours > judge_probabilities(judge, h)[yes]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(removing_a_reason_changes_the_fact_as_told),
        cmocka_unit_test(facts_keep_to_the_words),
        cmocka_unit_test(what_carries_nothing_is_unknown),
        cmocka_unit_test(a_script_that_was_never_seen_is_unknown),
        cmocka_unit_test(awkward_texts_are_bounded),
        cmocka_unit_test(the_brand_makes_the_difference),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
