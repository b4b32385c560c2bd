/* The routing key: rules read, refused in words, written back, and matched. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "brand/routing.h"
#include "text/json.h"
#include "text/unicode.h"

static int setup(void **state)
{
    static struct arena a;
    text_init();
    arena_init(&a);
    *state = &a;
    return 0;
}

static int teardown(void **state)
{
    arena_deinit(*state);
    return 0;
}

static struct routing_rule read_rule(struct arena *a, const char *conditions, const char *effects)
{
    struct routing_rule rule = {.enabled = true};
    struct errinfo e = {0};
    enum err err = routing_rule_read(a, str_z(conditions), str_z(effects), &rule, &e);
    assert_string_equal(e.what, "");
    assert_int_equal(err, ERR_OK);
    return rule;
}

static struct routing_rule one(struct arena *a, const char *field, const char *value)
{
    return read_rule(a, arena_printf(a, "[{\"field\":\"%s\",\"value\":\"%s\"}]", field, value).p,
                     "{}");
}

static bool fits(struct arena *a, const char *field, const char *value,
                 const struct routing_subject *s)
{
    struct routing_rule rule = one(a, field, value);
    return routing_find(&rule, 1, s) == &rule;
}

static bool words_fit(struct arena *a, const char *value, const char *text)
{
    const struct facts unknown = {0};
    struct routing_subject s = {.folded = text_fold(a, str_z(text)), .facts = &unknown};
    return fits(a, "words", value, &s);
}

static void a_rule_comes_back_as_it_was(void **state)
{
    struct arena *a = *state;
    const char *conditions =
        "[{\"field\":\"words\",\"op\":\"contains\",\"value\":\"Mahnung, Inkasso\"},"
        "{\"field\":\"reach\",\"op\":\"at_least\",\"value\":\"5000\"}]";
    const char *effects =
        "{\"team\":\"9007199254740993\",\"priority\":\"high\",\"tags\":[\"geld\",\"eilt\"]}";
    struct routing_rule rule = read_rule(a, conditions, effects);
    assert_int_equal(rule.conditions_n, 2);
    assert_int_equal(rule.conditions[0].any_n, 2);
    assert_string_equal(rule.conditions[0].any[1].p, "inkasso");
    assert_int_equal(rule.conditions[1].number, 5000);
    assert_true(rule.effects.team == INT64_C(9007199254740993));
    assert_int_equal(rule.effects.priority, PRIORITY_HIGH);
    struct buf b;
    struct json_writer w;
    buf_init_in(&b, a, 4096);
    json_writer_init(&w, &b);
    routing_conditions_write(&w, &rule);
    assert_string_equal(arena_str(a, buf_str(&b)).p, conditions);
    buf_clear(&b);
    json_writer_init(&w, &b);
    routing_effects_write(&w, &rule);
    assert_string_equal(arena_str(a, buf_str(&b)).p, effects);
}

static void a_wrong_rule_is_refused_by_name(void **state)
{
    struct arena *a = *state;
    static const struct {
        const char *conditions, *effects, *where;
    } cases[] = {
        {"{}", "{}", "rule"},
        {"[]", "[]", "rule"},
        {"[{\"field\":\"colour\",\"value\":\"red\"}]", "{}", "field"},
        {"[{\"field\":\"words\",\"value\":\" , \"}]", "{}", "value"},
        {"[{\"field\":\"kind\",\"value\":\"complaint, rant\"}]", "{}", "value"},
        {"[{\"field\":\"language\",\"value\":\"deutsch\"}]", "{}", "value"},
        {"[{\"field\":\"reach\",\"value\":\"many\"}]", "{}", "value"},
        {"[{\"field\":\"reach\",\"value\":\"-1\"}]", "{}", "value"},
        {"[{\"field\":\"reach\",\"value\":\"10, 20\"}]", "{}", "value"},
        {"[]", "{\"priority\":\"urgent\"}", "priority"},
        {"[]", "{\"team\":\"support\"}", "team"},
        {"[]", "{\"tags\":[\"two words\"]}", "tags"},
        {"[]", "{\"tags\":[\"\"]}", "tags"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct routing_rule rule;
        struct errinfo e = {0};
        print_message("# case %zu\n", i);
        assert_int_equal(
            routing_rule_read(a, str_z(cases[i].conditions), str_z(cases[i].effects), &rule, &e),
            ERR_INVALID);
        assert_string_equal(e.where, cases[i].where);
    }
}

static void sizes_are_capped(void **state)
{
    struct arena *a = *state;
    struct routing_rule rule;
    struct errinfo e = {0};
    for (int n = ROUTING_CONDITIONS_MAX; n <= ROUTING_CONDITIONS_MAX + 1; n++) {
        struct buf b;
        buf_init_in(&b, a, 8192);
        for (int i = 0; i < n; i++)
            buf_printf(&b, "%s{\"field\":\"author\",\"value\":\"x\"}", i ? "," : "[");
        buf_add(&b, STR("]"));
        assert_int_equal(routing_rule_read(a, buf_str(&b), STR("{}"), &rule, &e),
                         n > ROUTING_CONDITIONS_MAX ? ERR_LIMIT : ERR_OK);
    }
    struct str value =
        arena_printf(a, "[{\"field\":\"words\",\"value\":\"%0*d\"}]", ROUTING_VALUE_MAX + 1, 0);
    assert_int_equal(routing_rule_read(a, value, STR("{}"), &rule, &e), ERR_LIMIT);
    value = arena_printf(a, "[{\"field\":\"words\",\"value\":\"%0*d\"}]", ROUTING_VALUE_MAX, 0);
    assert_int_equal(routing_rule_read(a, value, STR("{}"), &rule, &e), ERR_OK);
}

static void long_words_are_found_in_compounds(void **state)
{
    struct arena *a = *state;
    assert_true(words_fit(a, "rechnung", "Meine Stromrechnung ist falsch"));
    assert_true(words_fit(a, "Rechnung", "RECHNUNGEN kommen doppelt"));
    assert_true(words_fit(a, "störung", "Schon wieder eine STÖRUNG"));
    assert_false(words_fit(a, "rechnung", "Ich rechne damit"));
}

static void short_words_stand_alone(void **state)
{
    struct arena *a = *state;
    assert_true(words_fit(a, "EV", "Wann kommt die ev-Ladesäule?"));
    assert_true(words_fit(a, "ev", "das ev"));
    assert_false(words_fit(a, "ev", "Der Revisor war da"));
    assert_false(words_fit(a, "ev", "ev2 ist neu"));
    assert_false(words_fit(a, "ev", "die evü")); /* a letter beyond ASCII is one too */
    assert_true(
        words_fit(a, "ev", "level und ev")); /* the first hit is inside a word, the second alone */
}

static void one_of_several_values_is_enough(void **state)
{
    struct arena *a = *state;
    const struct facts unknown = {0};
    struct routing_subject s = {.folded = text_fold(a, STR("Die zweite Mahnung!")),
                                .facts = &unknown};
    struct routing_rule rule = one(a, "words", " Inkasso ,, Mahnung ");
    struct str by = STR_NONE;
    assert_int_equal(rule.conditions[0].any_n, 2);
    assert_true(routing_holds(&rule.conditions[0], &s, &by));
    assert_string_equal(arena_str(a, by).p, "mahnung");
}

static void facts_are_compared_by_word(void **state)
{
    struct arena *a = *state;
    struct facts f = {.f = {[FACT_LANGUAGE] = {LANGUAGE_EN, 0.9f},
                            [FACT_KIND] = {KIND_COMPLAINT, 0.8f},
                            [FACT_REQUEST] = {REQUEST_EXPLICIT, 0.8f},
                            [FACT_SENTIMENT] = {-1, 0}}};
    struct routing_subject s = {.folded = STR("x"),
                                .network = STR("mail"),
                                .account = STR("care"),
                                .author = STR("Kim@Example.org"),
                                .facts = &f};
    assert_true(fits(a, "kind", "question, complaint", &s));
    assert_false(fits(a, "kind", "question", &s));
    assert_true(fits(a, "language", "en", &s));
    assert_true(fits(a, "request", "explicit", &s));
    assert_false(
        fits(a, "sentiment", "negative, neutral, positive", &s)); /* unknown is none of them */
    assert_true(fits(a, "channel", "Mail", &s));
    assert_false(fits(a, "channel", "mai", &s));
    assert_true(fits(a, "account", "care", &s));
    assert_true(fits(a, "author", "@example.org", &s));
    assert_false(fits(a, "author", "@example.com", &s));
}

static void reach_is_at_least(void **state)
{
    struct arena *a = *state;
    const struct facts unknown = {0};
    struct routing_subject s = {.folded = STR("x"), .facts = &unknown, .reach = 4999};
    assert_false(fits(a, "reach", "5000", &s));
    s.reach = 5000;
    assert_true(fits(a, "reach", "5000", &s));
}

static void the_first_whole_match_decides(void **state)
{
    struct arena *a = *state;
    const struct facts f = {.f = {[FACT_KIND] = {KIND_QUESTION, 0.9f}}};
    struct routing_subject s = {.folded = STR("wo bleibt die rechnung"), .facts = &f};
    struct routing_rule rules[] = {
        one(a, "words", "rechnung"),
        read_rule(a,
                  "[{\"field\":\"words\",\"value\":\"rechnung\"},{\"field\":\"kind\",\"value\":"
                  "\"complaint\"}]",
                  "{}"),
        one(a, "kind", "question"),
        read_rule(a, "[]", "{}"),
    };
    rules[0].enabled = false;
    assert_ptr_equal(routing_find(rules, 4, &s), &rules[2]);
    s.facts = &(const struct facts){.f = {[FACT_KIND] = {KIND_PRAISE, 0.9f}}};
    assert_ptr_equal(routing_find(rules, 4, &s), &rules[3]); /* no condition: always */
    assert_null(routing_find(rules, 3, &s));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rule_comes_back_as_it_was),
        cmocka_unit_test(a_wrong_rule_is_refused_by_name),
        cmocka_unit_test(sizes_are_capped),
        cmocka_unit_test(long_words_are_found_in_compounds),
        cmocka_unit_test(short_words_stand_alone),
        cmocka_unit_test(one_of_several_values_is_enough),
        cmocka_unit_test(facts_are_compared_by_word),
        cmocka_unit_test(reach_is_at_least),
        cmocka_unit_test(the_first_whole_match_decides),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
