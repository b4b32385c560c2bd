/* Routing rules as sentences, and the words of their values both ways. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "console/sentence.h"

static struct arena arena;
static struct request german, english;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena);
    german.arena = english.arena = &arena;
    memcpy(german.who.language, "de", 3);
    memcpy(english.who.language, "en", 3);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_deinit(&arena);
    return 0;
}

static void assert_text(struct str got, const char *want)
{
    assert_string_equal(arena_str(&arena, got).p, want);
}

static struct routing_rule read_rule(const char *conditions, const char *effects)
{
    struct routing_rule rule = {0};
    assert_int_equal(routing_rule_read(&arena, str_z(conditions), str_z(effects), &rule, NULL),
                     ERR_OK);
    return rule;
}

static void a_rule_reads_as_a_sentence(void **state)
{
    (void)state;
    struct team team = {7, STR("Rechnung"), STR("mail")};
    struct brand_view brand = {.teams = &team, .teams_n = 1};
    struct routing_rule rule =
        read_rule("[{\"field\":\"kind\",\"value\":\"complaint\"},"
                  "{\"field\":\"words\",\"value\":\"Mahnung, Inkasso\"}]",
                  "{\"team\":\"7\",\"priority\":\"high\",\"tags\":[\"mahnung\"]}");
    assert_text(sentence_when(&english, &rule),
                "The kind is Complaint and the text holds “Mahnung” or “Inkasso”");
    assert_text(sentence_when(&german, &rule),
                "Die Art ist Beschwerde und der Text enthält „Mahnung“ oder „Inkasso“");
    assert_text(sentence_then(&english, &brand, &rule.effects),
                "team Rechnung, priority high, tags mahnung");
}

static void a_rule_without_conditions_or_team_says_so(void **state)
{
    (void)state;
    struct brand_view brand = {0};
    struct routing_rule rule = read_rule("[]", "{\"team\":\"7\",\"priority\":\"normal\"}");
    assert_text(sentence_when(&english, &rule), "Everything");
    assert_text(sentence_then(&english, &brand, &rule.effects),
                "no team"); /* 7 is of another brand */
}

static void values_go_there_and_back(void **state)
{
    (void)state;
    assert_text(sentence_value(&german, ROUTING_KIND, STR("complaint,praise")), "Beschwerde, Lob");
    assert_text(sentence_value_read(&german, ROUTING_KIND, STR("Beschwerde, lob")),
                "complaint, praise");
    assert_text(sentence_value_read(&german, ROUTING_KIND, STR("complaint")), "complaint");
    assert_text(sentence_value_read(&english, ROUTING_CHANNEL, STR("WhatsApp , mail")),
                "whatsapp, mail");
    assert_text(sentence_value_read(&german, ROUTING_WORDS, STR("Beschwerde")), "Beschwerde");
    assert_text(sentence_value_read(&german, ROUTING_KIND, STR("Quatsch")), "quatsch");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rule_reads_as_a_sentence),
        cmocka_unit_test(a_rule_without_conditions_or_team_says_so),
        cmocka_unit_test(values_go_there_and_back),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
