/* Every reason why a channel cannot work has German words, and so has every alarm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/trouble.h"
#include "base/utf8.h"
#include "domain/words.h"
#include "page/alarm.h"
#include "page/locale.h"
#include "text/zone.h"

/* Every code has its words in German, with the same number of parameters, and a way to be read back
 * from what is kept of it. */
static void every_trouble_has_german_words(void **state)
{
    struct arena a;
    const struct locale *de = locale_find(STR("de")), *en = locale_find(STR("en"));
    (void)state;
    arena_init(&a);
    for (int t = TROUBLE_OTHER + 1; t < TROUBLE_COUNT; t++) {
        const struct trouble_row *row = &trouble_table[t];
        struct errinfo e;
        struct str params[TROUBLE_PARAMS];
        assert_non_null(row->word);
        assert_int_equal(err_trouble(&e, ERR_PEER, "here", (enum trouble)t, "%s\t%s", "K1", "K2"),
                         ERR_PEER);
        struct str kept = trouble_kept(&e, &a);
        assert_int_equal(trouble_read(kept, params), t);
        struct str german = fault_text(&a, de, kept), english = fault_text(&a, en, kept);
        assert_string_equal(e.what, arena_str(&a, english).p);
        if (str_eq(german, english))
            fail_msg("no German for '%s'", row->text);
        bool one = strstr(row->text, "%s") != NULL;
        assert_int_equal(str_find(german, STR("K1"), 0) >= 0, one);
        assert_true(str_find(german, STR("%s"), 0) < 0);
        if (row->todo && str_eq(fault_todo(de, kept), fault_todo(en, kept)))
            fail_msg("no German for '%s'", row->todo);
    }
    arena_deinit(&a);
}

/* What was kept without a code, and strangers' bytes. */
static void what_has_no_code_stays_as_it_is(void **state)
{
    struct arena a;
    struct errinfo e;
    const struct locale *de = locale_find(STR("de"));
    (void)state;
    arena_init(&a);
    struct str own = STR("the very words of a server");
    assert_true(str_eq(fault_text(&a, de, own), own));
    assert_false(fault_todo(de, own).n);
    err_set(&e, ERR_IO, "", "a line\nand\tanother");
    assert_string_equal(trouble_kept(&e, &a).p, "a line and another");
    e = (struct errinfo){.code = ERR_BUSY};
    assert_string_equal(trouble_kept(&e, &a).p, "busy");
    (void)err_trouble(&e, ERR_PEER, "", TROUBLE_MAIL_REFUSED, "%s", "550 no\r\nsuch %s user");
    assert_string_equal(e.what, "the mail server refuses the message: 550 no  such %s user");
    assert_string_equal(arena_str(&a, fault_text(&a, de, trouble_kept(&e, &a))).p,
                        "der Mailserver nimmt die Nachricht nicht an: 550 no  such %s user");
    assert_false(strchr(e.what, '\n'));
    char much[2000];
    memset(much, 'x', sizeof much - 1);
    much[sizeof much - 1] = 0;
    (void)err_trouble(&e, ERR_PEER, "", TROUBLE_NONSENSE, "%s", much);
    assert_true(strlen(e.said) < sizeof e.said && strlen(e.what) < sizeof e.what);
    arena_deinit(&a);
}

/* Else the store would refuse it, and with it the state that it belongs to. */
static void what_is_kept_is_always_text(void **state)
{
    struct arena a;
    struct errinfo e;
    char much[400] = "a";
    (void)state;
    arena_init(&a);
    for (size_t i = 1; i + 2 < sizeof much; i += 2)
        memcpy(much + i, "ö", 3);
    (void)err_trouble(&e, ERR_NOT_FOUND, "", TROUBLE_NO_FOLDER, "%.100s", much);
    assert_true(utf8_valid(trouble_kept(&e, &a)));
    assert_true(str_starts(trouble_kept(&e, &a), STR("no_folder\taöö")));
    (void)err_trouble(&e, ERR_PEER, "", TROUBLE_NONSENSE, "%s\xff%s\xc3\t\xe2\x82", "a", much);
    assert_true(utf8_valid(trouble_kept(&e, &a)));
    memset(much, 0xff, sizeof much - 1); /* each one grows to three */
    (void)err_trouble(&e, ERR_PEER, "", TROUBLE_NONSENSE, "%s", much);
    assert_true(utf8_valid(trouble_kept(&e, &a)));
    err_set(&e, ERR_IO, "", "%s", much);
    assert_true(utf8_valid(trouble_kept(&e, &a)));
    (void)err_trouble(&e, ERR_NOT_FOUND, "", TROUBLE_NO_FOLDER, "%s", "INBOX\tEvil");
    assert_string_equal(e.what, "the mailbox has no folder INBOX\tEvil");
    arena_deinit(&a);
}

static void every_alarm_says_what_and_what_to_do(void **state)
{
    struct arena a;
    const struct zone *z = zone_find(STR("Europe/Berlin"));
    const int64_t now = INT64_C(1795428000000);
    (void)state;
    arena_init(&a);
    for (int kind = 0; kind < INCIDENT_KIND_COUNT; kind++)
        for (int k = 0; k < 2; k++) {
            struct alarm_words de, en;
            const struct alarm in = {kind, k ? now - 3 * 3600000 : 0, 720000, STR("status\t502")};
            alarm_say(&a, locale_find(STR("de")), z, now, &in, &de);
            alarm_say(&a, locale_find(STR("en")), z, now, &in, &en);
            assert_true(de.title.n && de.detail.n && de.todo.n);
            assert_false(str_eq(de.title, en.title));
            assert_false(str_eq(de.detail, en.detail));
            assert_false(str_eq(de.todo, en.todo));
            assert_true(str_find(de.detail, STR("%s"), 0) < 0);
        }
    struct alarm_words de;
    alarm_say(&a, locale_find(STR("de")), z, now,
              &(struct alarm){INCIDENT_SILENT, now - 3 * 3600000, 720000, STR("")}, &de);
    assert_true(str_starts(de.title, STR("Seit 3")) && str_find(de.title, STR("still"), 0) > 0);
    arena_deinit(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_trouble_has_german_words),
        cmocka_unit_test(what_has_no_code_stays_as_it_is),
        cmocka_unit_test(what_is_kept_is_always_text),
        cmocka_unit_test(every_alarm_says_what_and_what_to_do),
    };
    return cmocka_run_group_tests_name("page/alarm", tests, NULL, NULL);
}
