/* The commands train, eval and triage, end to end through files: order, unknown fields, bad lines.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../understand/small.h"
#include "app/commands.h"
#include "text/json.h"

static char dir[] = "/tmp/zuruf-triage-XXXXXX";
static struct arena arena;

static const char *in_dir(const char *name)
{
    return arena_printf(&arena, "%s/%s", dir, name).p;
}

static void write_file(const char *name, struct str bytes)
{
    FILE *f = fopen(in_dir(name), "w");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes.p, 1, bytes.n, f), bytes.n);
    fclose(f);
}

/* Runs a command with the named files as standard input and output. */
static int run(int (*command)(int, char **), const char **words, const char *in, const char *out)
{
    int argc = 0, keep_in = dup(0), keep_out = dup(1);
    char *argv[24];
    for (; words[argc]; argc++)
        argv[argc] = (char *)(uintptr_t)words[argc];
    argv[argc] = NULL;
    fflush(stdout);
    assert_non_null(freopen(in ? in_dir(in) : "/dev/null", "r", stdin));
    assert_non_null(freopen(in_dir(out), "w", stdout));
    int status = command(argc, argv);
    fflush(stdout);
    dup2(keep_in, 0);
    dup2(keep_out, 1);
    close(keep_in);
    close(keep_out);
    return status;
}

static int setup(void **state)
{
    (void)state;
    struct buf b;
    arena_init(&arena);
    if (!mkdtemp(dir))
        return -1;
    buf_init_in(&b, &arena, 1 << 20);
    small_examples(&b);
    write_file("small.tsv", buf_str(&b));
    const char *words[] = {"train",
                           "--text",
                           "text",
                           "--brand",
                           "brand",
                           "--head",
                           "kind=kind",
                           "--head",
                           "reaction=reaction",
                           "--from-scratch",
                           "--out",
                           in_dir("model"),
                           in_dir("small.tsv"),
                           NULL};
    return run(cmd_train, words, NULL, "none");
}

static int teardown(void **state)
{
    (void)state;
    const char *const names[] = {"small.tsv", "model", "none", "in", "out"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unlink(in_dir(names[i]));
    rmdir(dir);
    arena_deinit(&arena);
    return 0;
}

static void objects_come_back_in_order_with_facts(void **state)
{
    (void)state;
    write_file(
        "in",
        STR("{\"id\":\"a\", \"text\":\"wann \\u00f6ffnet der Schalter?\",\"x\":{\"y\":[1, 2]}}\n"
            "{\"id\":\"b\",\"text\":\"der Automat ist "
            "kaputt\",\"facts\":{\"kind\":\"old\"},\"z\":null}\n"
            "not json\n"
            "{\"id\":\"c\"}\n"
            "{\"id\":9007199254740993,\"text\":\"Danke, super!\",\"author\":\"@nordbahn\"}\n"));
    const char *words[] = {"triage",    "--model", in_dir("model"), "--brand", "Nordbahn,@nordbahn",
                           "--explain", NULL};
    assert_int_equal(run(cmd_triage, words, "in", "out"), 1); /* two lines were refused */
    FILE *f = fopen(in_dir("out"), "r");
    struct json_lines lines;
    struct json *v;
    json_lines_init(&lines, f);

    assert_int_equal(json_lines_next(&lines, &arena, &v, NULL), ERR_OK);
    assert_true(
        str_starts(lines.text, STR("{\"id\":\"a\", \"text\":\"wann \\u00f6ffnet der Schalter?\","
                                   "\"x\":{\"y\":[1, 2]},\"facts\":{")));
    assert_true(str_eq_z(json_as_text(json_path(v, "facts.kind.value")), "question"));
    struct json *reason = json_at(json_path(v, "facts.reasons"), 0);
    int64_t from = 0, to = 0;
    assert_true(json_i64(reason, "from", &from) && json_i64(reason, "to", &to));
    assert_true(str_eq(json_text(reason, "text"),
                       str_sub(STR("wann öffnet der Schalter?"), (size_t)from, (size_t)to)));

    assert_int_equal(json_lines_next(&lines, &arena, &v, NULL), ERR_OK);
    assert_true(str_eq_z(json_text(v, "id"), "b"));
    assert_true(str_eq_z(json_as_text(json_path(v, "facts.kind.value")), "complaint"));

    int64_t id;
    assert_int_equal(json_lines_next(&lines, &arena, &v, NULL), ERR_OK);
    assert_true(json_i64(v, "id", &id) && id == INT64_C(9007199254740993));
    assert_true(str_eq_z(json_as_text(json_path(v, "facts.reaction.value")), "no"));
    assert_int_equal(json_lines_next(&lines, &arena, &v, NULL), ERR_OK);
    assert_null(v);
    json_lines_deinit(&lines);
    fclose(f);
}

static void eval_prints_its_table(void **state)
{
    (void)state;
    const char *words[] = {"eval",   "--model",   in_dir("model"),     "--text", "text",
                           "--head", "kind=kind", in_dir("small.tsv"), NULL};
    assert_int_equal(run(cmd_eval, words, NULL, "out"), 0);
    char text[2048] = "";
    FILE *f = fopen(in_dir("out"), "r");
    assert_true(fread(text, 1, sizeof text - 1, f) > 0);
    fclose(f);
    assert_non_null(strstr(text, "kind\tquestion\t1.0000\t1.0000\t1.0000\t24\n"));
    assert_non_null(strstr(text, "kind\tmicro\t1.0000\t1.0000\t1.0000\n"));
    assert_non_null(strstr(text, "kind\tmacro\t1.0000\t1.0000\t1.0000\n"));
    words[6] = "kind=absent";
    assert_int_equal(run(cmd_eval, words, NULL, "out"), 1);
    words[6] = "kind";
    assert_int_equal(run(cmd_eval, words, NULL, "out"), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(objects_come_back_in_order_with_facts),
                                       cmocka_unit_test(eval_prints_its_table)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
