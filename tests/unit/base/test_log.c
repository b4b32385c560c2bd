/* One event is one line, whatever strangers put into it; read back from a pipe in the place of
 * stderr. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"

static char text[16384];

/* What was logged since then goes to text. */
static int begin(int ends[2])
{
    assert_int_equal(pipe(ends), 0);
    int before = dup(STDERR_FILENO);
    dup2(ends[1], STDERR_FILENO);
    close(ends[1]);
    return before;
}

static const char *end(int before, const int ends[2])
{
    dup2(before, STDERR_FILENO);
    close(before);
    size_t n = 0;
    for (ssize_t got; (got = read(ends[0], text + n, sizeof text - 1 - n)) > 0;)
        n += (size_t)got;
    close(ends[0]);
    text[n] = 0;
    return text;
}

static int lines(const char *s)
{
    int n = 0;
    for (; *s; s++)
        n += *s == '\n';
    return n;
}

/* The line behind its time. */
static const char *behind_time(const char *s)
{
    const char *at = strstr(s, " level=");
    assert_non_null(at);
    return at + 1;
}

static void a_line_is_logfmt(void **state)
{
    int ends[2], before = begin(ends);
    (void)state;
    log_set_request("req-1234");
    log_info("flow", "said \"%s\"", "a\\b");
    log_set_request(NULL);
    const struct log_field fields[] = {
        {"path", STR("/desk")}, {"status", STR("200")}, {"words", STR("zwei Wörter")},
        {"none", STR("")},      {"sum", STR("a=b")},    {"where", STR("/x?token=abc")}};
    log_fields(LOG_WARN, "http", "request", fields, sizeof fields / sizeof *fields);
    log_debug("flow", "not wanted");
    end(before, ends);
    assert_int_equal(lines(text), 2);
    assert_non_null(
        strstr(text, "level=info module=flow req=req-1234 msg=\"said \\\"a\\\\b\\\"\"\n"));
    assert_string_equal(behind_time(strchr(text, '\n')),
                        "level=warn module=http msg=\"request\" path=/desk status=200 "
                        "words=\"zwei Wörter\" none=\"\" sum=\"a=b\" where=\"/x?token=***\"\n");
}

static void nobody_writes_a_second_line(void **state)
{
    static const char *const hostile[] = {"a\r\nlevel=error msg=\"forged\"",
                                          "a\nb",
                                          "a\rb",
                                          "\x1b[2J\x1b[31mred",
                                          "\x7f\x08",
                                          "\xc2\x85next line",
                                          "\xc2\x9b[31m",
                                          "\xe2\x80\xa8line separator",
                                          "\xe2\x80\xaegnp.exe",
                                          "\xe2\x81\xa6isolate",
                                          "\" level=\"error"};
    int ends[2], before = begin(ends);
    (void)state;
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        const struct log_field f = {"value", str_z(hostile[i])};
        log_info("test", "%s", hostile[i]);
        log_fields(LOG_INFO, "test", hostile[i], &f, 1);
    }
    end(before, ends);
    assert_int_equal(lines(text), 2 * (sizeof hostile / sizeof *hostile));
    for (const char *p = text; *p; p++)
        assert_true(*p == '\n' || ((unsigned char)*p >= 0x20 && *p != 0x7f));
    assert_null(strstr(text, "\xc2\x85"));
    assert_null(strstr(text, "\xe2\x80"));
    assert_null(strstr(text, "\xe2\x81"));
    assert_non_null(strstr(text, "msg=\"a\\x0d\\x0alevel=error msg=\\\"forged\\\"\""));
    assert_non_null(strstr(text, "\\xe2\\x80\\xaegnp.exe"));
}

static void long_texts_are_cut(void **state)
{
    int ends[2], before = begin(ends);
    char *wide = malloc(9000);
    (void)state;
    memset(wide, '\n', 8999);
    wide[8999] = 0;
    const struct log_field f[] = {{"a", str_z(wide)}, {"b", str_z(wide)}};
    log_fields(LOG_INFO, "test", wide, f, 2);
    log_info("test", "%s", wide);
    end(before, ends);
    assert_int_equal(lines(text), 2);
    assert_true(strlen(text) <= 2 * 4096);
    assert_int_equal(text[strlen(text) - 2], '"');
    free(wide);
}

static void lines_are_counted(void **state)
{
    int ends[2], before = begin(ends);
    uint64_t warned = log_count(LOG_WARN), hidden = log_count(LOG_DEBUG);
    (void)state;
    log_warn("test", "once");
    log_debug("test", "not written, but counted");
    assert_int_equal(lines(end(before, ends)), 1);
    assert_int_equal(log_count(LOG_WARN), warned + 1);
    assert_int_equal(log_count(LOG_DEBUG), hidden + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_logfmt),
        cmocka_unit_test(nobody_writes_a_second_line),
        cmocka_unit_test(long_texts_are_cut),
        cmocka_unit_test(lines_are_counted),
    };
    return cmocka_run_group_tests_name("base/log", tests, NULL, NULL);
}
