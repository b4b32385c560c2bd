/* fuzz_json_lines.c - JSON Lines: what is read can be written, and what was written is read again
 * alike. */
#include "fuzz.h"

#include "base/arena.h"
#include "base/buf.h"
#include "text/json.h"
#include "text/unicode.h"

static struct str written(struct arena *a, const struct json *v)
{
    struct buf b;
    struct json_writer w;
    buf_init_in(&b, a, 64 * 1024 * 1024);
    json_writer_init(&w, &b);
    json_add_value(&w, v);
    assert(buf_ok(&b));
    return buf_str(&b);
}

/* Getters take whatever there is. */
static void ask(const struct json *v)
{
    int64_t whole;
    double real = json_double(v, "x", 1);
    assert(real == real);
    (void)json_path(v, "a.b.c");
    (void)json_path(v, "a.a-name-that-is-longer-than-any-that-this-function-would-ever-look-for.c");
    (void)json_i64(v, "n", &whole);
    (void)json_i64(v, "big", &whole);
    (void)json_text(v, "t");
    (void)json_bool(v, "x", true);
    (void)json_at(json_get(v, "l"), json_count(json_get(v, "l")));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    FILE *file = n ? fmemopen((void *)(uintptr_t)bytes, n, "rb") : NULL;
    if (!file)
        return 0;
    struct arena a;
    struct json_lines lines;
    struct json *v, *again;
    struct errinfo e;
    arena_init(&a);
    json_lines_init(&lines, file);
    for (;;) {
        enum err err = json_lines_next(&lines, &a, &v, &e);
        if (!err && !v)
            break;
        assert(err != ERR_IO);
        if (err)
            continue;
        ask(v);
        struct str once = written(&a, v);
        assert(utf8_valid(once));
        assert(json_parse(&a, once, &again, &e) == ERR_OK);
        assert(str_eq(written(&a, again), once));
    }
    json_lines_deinit(&lines);
    fclose(file);
    arena_deinit(&a);
    return 0;
}
