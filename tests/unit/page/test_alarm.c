/* Every reason why a channel cannot work has German words: the sources of the messages are read,
 * and each sentence that an administrator may see is looked up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "domain/words.h"
#include "page/alarm.h"
#include "page/locale.h"
#include "text/zone.h"

static const char *const sources[] = {"net/easy.c",      "net/fetch.c",     "net/mailbox.c",
                                      "channels/feed.c", "channels/mail.c", "channels/api.c"};

/* Of faults of ours, or of one message, which the desk shows elsewhere. */
static const char *const no_words[] = {"out of memory", "described ",
                                       "the message ",  "a request header",
                                       "headers",       "the server's answer is larger"};

/* The adjacent string literals at p as a sentence, each conversion as "7". */
static const char *read_literal(const char *p, char *out, size_t max)
{
    size_t n = 0;
    while ((p = strchr(p, '"')) != NULL) {
        for (p++; *p && *p != '"'; p++) {
            if (*p == '\\')
                p++;
            if (*p == '%' && p[1] != '%') {
                p += strcspn(p, "dsuz");
                p += *p == 'z';
                out[n++] = '7';
            } else {
                out[n++] = *p;
            }
            assert_true(n < max);
        }
        p++;
        if (p[strspn(p, " \n")] != '"')
            break;
    }
    out[n] = 0;
    return p;
}

static size_t check_source(const char *name, struct arena *a)
{
    static char text[200000];
    char path[512], where[100], what[500];
    const struct locale *de = locale_find(STR("de"));
    size_t found = 0;
    snprintf(path, sizeof path, "%s/src/%s", getenv("ZURUF_SOURCE"), name);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    text[fread(text, 1, sizeof text - 1, f)] = 0;
    fclose(f);
    for (const char *p = text; (p = strstr(p, "err_set(e, ERR_")) != NULL;) {
        const char *comma = strchr(p + strlen("err_set(e,"), ',') + 1;
        bool quoted = comma[strspn(comma, " \n")] == '"';
        comma = quoted ? read_literal(comma, where, sizeof where) : comma;
        comma = strchr(comma, ',') + 1;
        p = comma;
        if (comma[strspn(comma, " \n")] != '"')
            continue;
        p = read_literal(comma, what, sizeof what);
        bool skip = strcmp(what, "7") == 0;
        for (size_t i = 0; i < sizeof no_words / sizeof *no_words; i++)
            skip = skip || strncmp(what, no_words[i], strlen(no_words[i])) == 0;
        if (skip)
            continue;
        struct str german = fault_text(a, de, str_z(what));
        if (str_eq_z(german, what))
            fail_msg("%s: no German for '%s'", name, what);
        found++;
    }
    return found;
}

static void every_fault_has_german_words(void **state)
{
    struct arena a;
    size_t found = 0;
    (void)state;
    arena_init(&a);
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++)
        found += check_source(sources[i], &a);
    assert_true(found >= 20);
    struct str de = fault_text(&a, locale_find(STR("de")),
                               STR("no connection to the server: Connection refused (a: b)"));
    assert_string_equal(arena_str(&a, de).p,
                        "keine Verbindung zum Server: Connection refused (a: b)");
    struct str own = STR("the very words of a server");
    assert_true(str_eq(fault_text(&a, locale_find(STR("de")), own), own));
    assert_true(
        str_eq(fault_text(&a, locale_find(STR("en")), STR("the server answers with status 502")),
               STR("the server answers with status 502")));
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
            const struct alarm in = {kind, k ? now - 3 * 3600000 : 0, 720000,
                                     STR("the server answers with status 502")};
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
        cmocka_unit_test(every_fault_has_german_words),
        cmocka_unit_test(every_alarm_says_what_and_what_to_do),
    };
    return cmocka_run_group_tests_name("page/alarm", tests, NULL, NULL);
}
