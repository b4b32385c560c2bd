/* test_json.c - reading, writing and lines of JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "text/json.h"
#include "text/unicode.h"

static struct arena a;

static int start(void **state)
{
    (void)state;
    arena_init(&a);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    arena_deinit(&a);
    return 0;
}

static struct json *parse(struct str s)
{
    struct json *v;
    struct errinfo e;
    assert_int_equal(json_parse(&a, s, &v, &e), ERR_OK);
    return v;
}

static void getters_walk_without_checks(void **state)
{
    (void)state;
    struct json *v = parse(
        STR("\xEF\xBB\xBF{\"id\":9007199254740993,\"t\":\"a\\u0000b\",\"s\":\"12\",\"n\":null,"
            "\"d\":1.5,\"on\":true,\"l\":[1,\"x\",{}],\"o\":{\"p\":{\"q\":\"tief\"}}}"));
    int64_t n;
    assert_true(json_i64(v, "id", &n) && n == INT64_C(9007199254740993));
    assert_true(json_i64(v, "s", &n) && n == 12);
    assert_false(json_i64(v, "d", &n));
    assert_int_equal(json_text(v, "t").n, 3);
    assert_null(json_text(v, "d").p);
    assert_null(json_get(v, "n"));
    assert_true(json_double(v, "d", 0) == 1.5 && json_double(v, "id", 0) > 9e15);
    assert_true(json_bool(v, "on", false) && json_bool(v, "missing", true) &&
                !json_bool(v, "s", false));
    assert_int_equal(json_count(json_get(v, "l")), 3);
    assert_true(str_eq(json_as_text(json_at(json_get(v, "l"), 1)), STR("x")));
    assert_null(json_at(json_get(v, "l"), 3));
    assert_true(str_eq(json_as_text(json_path(v, "o.p.q")), STR("tief")));
    assert_null(json_path(v, "o.x.q"));
    assert_null(json_get(NULL, "x"));
    assert_int_equal(json_count(NULL), 0);
}

static void what_is_refused_says_where(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      " ",
                                      "{",
                                      "[1,]",
                                      "{\"a\":1,}",
                                      "01",
                                      "\"\x01\"",
                                      "[1] x",
                                      "nul",
                                      "\"\\ud800\"",
                                      "1e999",
                                      "9223372036854775808",
                                      "\"\xFF\"",
                                      "{'a':1}",
                                      "{\"a\\u0000\":1}",
                                      "\xEF\xBB\xBF",
                                      "[NaN]",
                                      "[1.]"};
    struct json *v;
    struct errinfo e;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(json_parse(&a, str_z(bad[i]), &v, &e), ERR_INVALID);
    assert_int_equal(json_parse(&a, STR("{\n \"ä\": tru }"), &v, &e), ERR_INVALID);
    assert_string_equal(e.where, "line 2, column 10");
    char deep[200];
    memset(deep, '[', 100);
    memset(deep + 100, ']', 100);
    assert_int_equal(json_parse(&a, (struct str){deep, 200}, &v, &e), ERR_LIMIT);
    assert_int_equal(json_parse(&a, (struct str){deep + 36, 128}, &v, &e), ERR_OK);
    assert_int_equal(json_parse(&a, STR("\"[[[[\\\"[[[[\""), &v, &e), ERR_OK);
}

static void the_last_of_equal_names_counts(void **state)
{
    (void)state;
    int64_t n;
    assert_true(json_i64(parse(STR("{\"a\":1,\"a\":2}")), "a", &n) && n == 2);
}

static void members_come_in_order(void **state)
{
    (void)state;
    struct json *v = parse(STR("{\"z\":1,\"a\":null,\"m\":[]}"));
    char names[8] = "";
    size_t n = 0;
    for (struct json_member m = {0}; json_next_member(v, &m);)
        names[n++] = m.name.p[0];
    assert_string_equal(names, "zam");
    struct json_member m = {0};
    assert_false(json_next_member(parse(STR("[1]")), &m));
}

static void what_is_written_is_safe_and_reads_back(void **state)
{
    (void)state;
    struct buf b;
    struct json_writer w;
    buf_init_in(&b, &a, 4096);
    json_writer_init(&w, &b);
    json_begin_object(&w);
    json_put_text(&w, "t", STR("</script><!--& \"\\\n\x01\xE2\x80\xA8 \xFFü\0"));
    json_put_id(&w, "id", 42);
    json_put_time(&w, "at", 1000);
    json_put_i64(&w, "n", INT64_MIN);
    json_put_double(&w, "d", 0.1);
    json_put_text(&w, "none", STR_NONE);
    json_key(&w, "l");
    json_begin_list(&w);
    json_add_bool(&w, true);
    json_begin_object(&w);
    json_end_object(&w);
    json_add_value(&w, parse(STR("{\"k\":[1,2.5,\"x\",null,false]}")));
    json_end_list(&w);
    json_end_object(&w);
    assert_true(buf_ok(&b));
    assert_true(str_eq(
        buf_str(&b),
        STR("{\"t\":\"\\u003c/script\\u003e\\u003c!--\\u0026 \\\"\\\\\\n\\u0001\\u2028 "
            "\xEF\xBF\xBDü"
            "\\u0000\",\"id\":\"42\",\"at\":\"1970-01-01T00:00:01Z\",\"n\":-9223372036854775808,"
            "\"d\":0.1,\"none\":null,\"l\":[true,{},{\"k\":[1,2.5,\"x\",null,false]}]}")));
    assert_int_equal(json_text(parse(buf_str(&b)), "t").n,
                     sizeof "</script><!--& \"\\\n\x01--- ---ü" + 0);
    buf_clear(&b);
    json_writer_init(&w, &b);
    json_begin_list(&w);
    json_add_double(&w, -0.0);
    json_add_double(&w, 1);
    json_add_double(&w, 1e300);
    json_add_double(&w, 1.0 / 3);
    json_end_list(&w);
    assert_true(str_eq(buf_str(&b), STR("[-0.0,1.0,1e+300,0.3333333333333333]")));
}

static void a_bad_line_does_not_end_the_file(void **state)
{
    (void)state;
    size_t n = 2 * JSON_LINE_MAX;
    char *big = arena_alloc(&a, n);
    memset(big, 'x', n);
    const char *head = "{\"a\":1}\r\n\n  \n{bad\n", *tail = "\n{\"a\":2}";
    memcpy(big, head, strlen(head));
    memcpy(big + n - strlen(tail), tail, strlen(tail));
    FILE *f = fmemopen(big, n, "rb");
    assert_non_null(f);
    struct json_lines r;
    struct json *v;
    struct errinfo e;
    int64_t k;
    json_lines_init(&r, f);
    assert_int_equal(json_lines_next(&r, &a, &v, &e), ERR_OK);
    assert_true(json_i64(v, "a", &k) && k == 1 && r.line == 1);
    assert_int_equal(json_lines_next(&r, &a, &v, &e), ERR_INVALID);
    assert_string_equal(e.where, "line 4");
    assert_int_equal(json_lines_next(&r, &a, &v, &e), ERR_LIMIT);
    assert_string_equal(e.where, "line 5");
    assert_int_equal(json_lines_next(&r, &a, &v, &e), ERR_OK);
    assert_true(json_i64(v, "a", &k) && k == 2 && r.line == 6);
    assert_true(str_eq(r.text, STR("{\"a\":2}")));
    assert_int_equal(json_lines_next(&r, &a, &v, &e), ERR_OK);
    assert_null(v);
    json_lines_deinit(&r);
    fclose(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(getters_walk_without_checks),
        cmocka_unit_test(what_is_refused_says_where),
        cmocka_unit_test(the_last_of_equal_names_counts),
        cmocka_unit_test(members_come_in_order),
        cmocka_unit_test(what_is_written_is_safe_and_reads_back),
        cmocka_unit_test(a_bad_line_does_not_end_the_file),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
