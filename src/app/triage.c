/* triage.c - zuruf triage: JSON Lines in, the same objects with "facts" out, in order.
 *
 * A line that cannot be read is told on stderr and left out; the exit status is 1 then.
 * The line itself is copied and the facts put before its last brace, so fields that are not ours
 * stay as they are, byte for byte; only an object that has "facts" already is written anew. */
#include "app/commands.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "app/app.h"
#include "app/options.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/vec.h"
#include "text/json.h"
#include "understand/judge.h"

enum { OUTPUT_BUFFER = 256 * 1024, LINE_MAX_OUT = 3 * JSON_LINE_MAX + 64 * 1024 };
static const char TOPICS[] = "topics";
static const float TOPIC_LEAST = 0.2F; /* a second topic is named from this probability on */

struct triage {
    struct model *model;
    struct judge *judge;
    const struct naming *brand;
    bool explain;
    struct str
        *values; /* by verdict: what is written before p, made once: "kind":{"value":"idea","p": */
    struct arena arena; /* of the run */
};

/* The text of "name":{"value":"class","p": or, for one of several topics, without the name. */
static struct str value_text(struct arena *a, struct str name, const char *class, size_t n)
{
    struct buf b;
    struct json_writer w;
    buf_init_in(&b, a, 4 * 1024);
    json_writer_init(&w, &b);
    if (name.p) {
        json_add_text(&w, name);
        buf_add_char(&b, ':');
    }
    json_writer_init(&w, &b);
    buf_add_z(&b, "{\"value\":");
    json_add_text(&w, (struct str){class, n});
    buf_add_z(&b, ",\"p\":");
    return buf_str(&b);
}

/* Texts of a head start at this index; the first is that of "unknown". */
static size_t value_index(const struct model_head *h)
{
    return h->column + 2 * (size_t)h->index;
}

static bool is_topics(const struct model_head *h)
{
    return str_eq_z(h->name, TOPICS);
}

static void prepare_values(struct triage *t)
{
    int heads = model_head_count(t->model);
    const struct model_head *last = model_head_at(t->model, heads - 1);
    t->values = arena_array(&t->arena, value_index(last) + (size_t)last->class_count + 1,
                            sizeof *t->values);
    for (int i = 0; i < heads; i++) {
        const struct model_head *h = model_head_at(t->model, i);
        struct str *v = t->values + value_index(h), name = is_topics(h) ? STR_NONE : h->name;
        v[0] = value_text(&t->arena, name, "unknown", 7);
        for (int k = 0; k < h->class_count; k++)
            v[k + 1] = value_text(&t->arena, name, h->classes[k].name.p, h->classes[k].name.n);
    }
}

/* A number from 0 to 1 with four digits; printf would cost more than the judgement. */
static void add_share(struct buf *b, float p)
{
    int v = (int)lrintf(fminf(fmaxf(p, 0), 1) * 10000);
    char digits[] = {(char)('0' + v / 10000),     '.',
                     (char)('0' + v / 1000 % 10), (char)('0' + v / 100 % 10),
                     (char)('0' + v / 10 % 10),   (char)('0' + v % 10)};
    size_t n = sizeof digits;
    while (n > 1 && (digits[n - 1] == '0' || digits[n - 1] == '.'))
        if (digits[--n] == '.')
            break;
    buf_add(b, (struct str){digits, n});
}

static void add_value(const struct triage *t, struct buf *b, const struct model_head *h, int value,
                      float p)
{
    buf_add(b, t->values[value_index(h) + (size_t)(value + 1)]);
    add_share(b, value < 0 ? 0 : p);
    buf_add_char(b, '}');
}

static void add_topics(const struct triage *t, struct buf *b, const struct verdict *verdicts)
{
    const struct model_head *h = model_head_find(t->model, STR("topics"));
    bool first = true;
    buf_add_z(b, "\"topics\":[");
    for (int k = 0; h && verdicts[h->index].value >= 0 && k < h->class_count; k++) {
        float p = judge_probabilities(t->judge, h)[k];
        if (k != verdicts[h->index].value && p < TOPIC_LEAST)
            continue;
        if (!first)
            buf_add_char(b, ',');
        first = false;
        add_value(t, b, h, k, p);
    }
    buf_add_char(b, ']');
}

static void add_reasons(const struct triage *t, struct buf *b, struct str text,
                        const struct verdict *verdicts)
{
    struct json_writer w;
    json_writer_init(&w, b);
    json_begin_list(&w);
    for (int i = 0; i < model_head_count(t->model); i++) {
        const struct model_head *h = model_head_at(t->model, i);
        struct verdict_reason found[JUDGE_REASONS];
        size_t n = verdicts[i].value < 0 ? 0
                                         : judge_reasons(t->judge, t->model, h, verdicts[i].value,
                                                         found, JUDGE_REASONS);
        for (size_t k = 0; k < n; k++) {
            json_begin_object(&w);
            json_key(&w, "fact");
            json_add_text(&w, h->name);
            json_put_i64(&w, "from", (int64_t)found[k].from);
            json_put_i64(&w, "to", (int64_t)found[k].to);
            json_put_text(&w, "text", str_sub(text, found[k].from, found[k].to));
            json_put_double(&w, "weight", round((double)found[k].weight * 1000) / 1000);
            json_end_object(&w);
        }
    }
    json_end_list(&w);
}

static void add_facts(const struct triage *t, struct buf *b, const struct judge_input *in)
{
    struct verdict verdicts[MODEL_HEADS_MAX];
    judge_text(t->judge, t->model, in, verdicts);
    buf_add_z(b, "\"facts\":{");
    for (int i = 0; i < model_head_count(t->model); i++) {
        const struct model_head *h = model_head_at(t->model, i);
        if (is_topics(h))
            continue;
        add_value(t, b, h, verdicts[i].value, verdicts[i].p);
        buf_add_char(b, ',');
    }
    add_topics(t, b, verdicts);
    if (t->explain) {
        buf_add_z(b, ",\"reasons\":");
        add_reasons(t, b, in->text, verdicts);
    }
    buf_add_char(b, '}');
}

/* The object without its end and without facts of its own. */
static void add_object(struct buf *b, struct str line, const struct json *object)
{
    struct json_writer w;
    if (!json_get(object, "facts")) {
        line = str_trim(line);
        if (str_starts(line, STR("\xEF\xBB\xBF")))
            line = str_sub(line, 3, line.n);
        buf_add(b, str_sub(line, 0, line.n - 1));
        return;
    }
    json_writer_init(&w, b);
    json_begin_object(&w);
    for (struct json_member m = {0}; json_next_member(object, &m);) {
        if (str_eq_z(m.name, "facts"))
            continue;
        json_key_str(&w, m.name);
        json_add_value(&w, m.value);
    }
}

static enum err triage_line(const struct triage *t, struct str line, long long number,
                            const struct json *object, struct buf *b, struct errinfo *e)
{
    struct judge_input in = {.text = json_text(object, "text"), .brand = t->brand};
    if (json_kind(object) != JSON_KIND_OBJECT || !in.text.p)
        return err_set(e, ERR_INVALID, "text", "line %lld: an object with a \"text\" is wanted",
                       number);
    struct str author = json_text(object, "author");
    in.from_brand = author.n && t->brand && naming_owns(t->brand, author);
    add_object(b, line, object);
    if (b->n && b->p[b->n - 1] != '{')
        buf_add_char(b, ',');
    add_facts(t, b, &in);
    buf_add_z(b, "}\n");
    return buf_ok(b) ? ERR_OK
                     : err_set(e, ERR_LIMIT, "", "line %lld: the answer would be too long", number);
}

/* Whoever sends posts one by one waits for each answer; a full pipe is answered in large pieces. */
static bool nothing_waits(void)
{
    struct pollfd p = {.fd = 0, .events = POLLIN};
    return poll(&p, 1, 0) == 0;
}

static int triage_run(const struct triage *t)
{
    static char room[OUTPUT_BUFFER];
    struct json_lines lines;
    struct arena a;
    struct buf out;
    struct stat st;
    int status = 0;
    bool live = fstat(0, &st) == 0 && !S_ISREG(st.st_mode);
    setvbuf(stdout, room, _IOFBF, sizeof room);
    arena_init(&a);
    buf_init(&out, LINE_MAX_OUT);
    json_lines_init(&lines, stdin);
    for (;;) {
        struct json *object = NULL;
        struct errinfo e = {0};
        enum err err = json_lines_next(&lines, &a, &object, &e);
        if (err == ERR_OK && !object)
            break;
        if (err == ERR_OK)
            err = triage_line(t, lines.text, lines.line, object, &out, &e);
        if (err != ERR_OK) {
            fprintf(stderr, "zuruf triage: %s\n", e.what);
            status = 1;
            if (err == ERR_IO)
                break;
        } else if (fwrite(out.p, 1, out.n, stdout) != out.n ||
                   (live && nothing_waits() && fflush(stdout) != 0)) {
            break;
        }
        buf_clear(&out);
        arena_clear(&a);
    }
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "zuruf triage: standard output: cannot write: %s\n", strerror(errno));
        status = 1;
    }
    json_lines_deinit(&lines);
    buf_deinit(&out);
    arena_deinit(&a);
    return status;
}

static const struct naming *read_brand(struct arena *a, const char *names)
{
    struct vec list;
    struct str rest = str_z(names), piece;
    vec_init(&list, a, sizeof(struct str));
    while (str_next(&rest, ',', &piece))
        *(struct str *)vec_push(&list) = str_trim(piece);
    return naming_new(a, (struct brand_names){list.p, list.n});
}

int cmd_triage(int argc, char **argv)
{
    struct triage t = {0};
    const char *model = NULL, *brand = NULL, *explain = NULL;
    const struct option_row rows[] = {
        {"model", "FILE", &model,
         "a model made by zuruf train (else $ZURUF_MODEL or the shipped one)"},
        {"brand", "NAMES", &brand,
         "how the brand is called: names, @handles, aliases, divided by commas"},
        {"explain", NULL, &explain,
         "adds reasons: the stretches of the text that decided, as UTF-8 byte offsets"},
    };
    int status = options_read(argc, argv, rows, sizeof rows / sizeof *rows,
                              "[options] < posts.jsonl, one {\"id\", \"text\", ...} a line", 0, 0,
                              NULL, NULL);
    if (status >= 0)
        return status;
    struct errinfo e = {0};
    if (app_open_model(model, &t.model, &e) != ERR_OK)
        return app_fail("triage", &e);
    arena_init(&t.arena);
    t.explain = explain;
    t.brand = brand ? read_brand(&t.arena, brand) : NULL;
    t.judge = judge_new();
    prepare_values(&t);
    status = triage_run(&t);
    judge_free(t.judge);
    arena_deinit(&t.arena);
    model_close(t.model);
    return status;
}
