/* test_csv.c - tables as text: what spreadsheets write, and what they must not run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/arena.h"
#include "text/csv.h"

static struct arena a;
static struct csv_reader r;
static FILE *file;

static int start(void **state)
{
    (void)state;
    arena_init(&a);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    csv_reader_deinit(&r);
    if (file)
        fclose(file);
    file = NULL;
    arena_deinit(&a);
    return 0;
}

static void over(struct str s)
{
    file = fmemopen((void *)(uintptr_t)s.p, s.n, "rb");
    assert_non_null(file);
    csv_reader_init(&r, file);
}

/* The next row as "cell|cell", or the error's place. */
static const char *next(void)
{
    struct csv_row row;
    struct errinfo e;
    if (csv_next(&r, &a, &row, &e))
        return arena_strz(&a, e.where).p;
    return row.cells ? arena_join(&a, row.cells, row.n, STR("|")).p : "end";
}

static void spreadsheets_are_read(void **state)
{
    (void)state;
    over(STR("\xEF\xBB\xBF\"na;me\";text,a;b\r\n1;\"zwei\r\nZeilen "
             "\"\"so\"\"\";\r\n\r\n;;\nx;a\"\"b \"c\";\"\"\n\"\";y;z"));
    assert_string_equal(next(), "na;me|text,a|b");
    assert_string_equal(next(), "1|zwei\r\nZeilen \"so\"|");
    assert_string_equal(next(), "||");
    assert_string_equal(next(), "x|a\"\"b \"c\"|");
    assert_string_equal(next(), "|y|z");
    assert_string_equal(next(), "end");
    assert_string_equal(next(), "end");
}

static void lines_are_counted_through_quotes(void **state)
{
    (void)state;
    over(STR("a\tb\n\"x\ny\"\tz\n1\t2\n"));
    struct csv_row row;
    struct errinfo e;
    for (int64_t expected = 1; expected <= 4; expected += expected)
        if (csv_next(&r, &a, &row, &e) || row.line != expected)
            fail();
    assert_int_equal(row.n, 2);
}

static void errors_cost_one_record(void **state)
{
    (void)state;
    over(STR("a,b\n\"x\"y,1\nok,2\n\"never closed,3\nok,4\n"));
    assert_string_equal(next(), "a|b");
    assert_string_equal(next(), "line 2");
    assert_string_equal(next(), "ok|2");
    assert_string_equal(next(), "line 4");
    assert_string_equal(next(), "ok|4");
    assert_string_equal(next(), "end");
}

static void a_bad_record_can_be_kept_as_it_came(void **state)
{
    struct csv_row row;
    struct errinfo e;
    (void)state;
    over(STR("a,b\n\"x\"y,\xE4\nok,2\n\"never closed,3\n"));
    assert_string_equal(next(), "a|b");
    assert_int_equal(csv_next(&r, &a, &row, &e), ERR_INVALID);
    assert_string_equal(row.raw.p, "\"x\"y,\xE4\n");
    assert_string_equal(next(), "ok|2");
    assert_int_equal(csv_next(&r, &a, &row, &e), ERR_INVALID);
    assert_string_equal(row.raw.p, "\"never closed,3\n");
}

static void caps_hold(void **state)
{
    (void)state;
    size_t n = 3 * CSV_RECORD_MAX;
    char *big = arena_alloc(&a, n);
    memset(big, 'x', n);
    memcpy(big, "a,b\n", 4);
    memset(big + CSV_RECORD_MAX * 2, ',', 300);
    big[CSV_RECORD_MAX * 2 - 1] = '\n';
    big[CSV_RECORD_MAX * 2 + 300] = '\n';
    memcpy(big + n - 5, "\nc,d\n", 5);
    over((struct str){big, n});
    assert_string_equal(next(), "a|b");
    assert_string_equal(next(), "line 2");
    assert_string_equal(next(), "line 3");
    assert_true(strlen(next()) > 1000000);
    assert_string_equal(next(), "c|d");
}

static void old_encodings_are_understood(void **state)
{
    (void)state;
    over(STR("Stra\xDF"
             "e;\x80\nö;x"));
    assert_string_equal(next(), "Straße|€");
    assert_string_equal(next(), "ö|x");
}

static void no_sheet_runs_what_we_write(void **state)
{
    (void)state;
    struct buf b;
    struct csv_writer w;
    buf_init_in(&b, &a, 1000);
    csv_writer_init(&w, &b, ';');
    csv_add_text(&w, STR("=HYPERLINK(\"x\")"));
    csv_add_text(&w, STR("a;b"));
    csv_add_text(&w, STR("-1"));
    csv_add_i64(&w, -1);
    csv_add_text(&w, STR("plain"));
    csv_add_text(&w, STR(""));
    csv_end_row(&w);
    csv_add_text(&w, STR("\t=1"));
    csv_end_row(&w);
    assert_true(str_eq(
        buf_str(&b), STR("\"'=HYPERLINK(\"\"x\"\")\";\"a;b\";\"'-1\";-1;plain;\r\n\"'\t=1\"\r\n")));
    over(buf_str(&b));
    assert_string_equal(next(), "'=HYPERLINK(\"x\")|a;b|'-1|-1|plain|");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(spreadsheets_are_read, start, stop),
        cmocka_unit_test_setup_teardown(lines_are_counted_through_quotes, start, stop),
        cmocka_unit_test_setup_teardown(errors_cost_one_record, start, stop),
        cmocka_unit_test_setup_teardown(a_bad_record_can_be_kept_as_it_came, start, stop),
        cmocka_unit_test_setup_teardown(caps_hold, start, stop),
        cmocka_unit_test_setup_teardown(old_encodings_are_understood, start, stop),
        {"case 29: no sheet runs what we write", no_sheet_runs_what_we_write, start, stop, NULL},
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
