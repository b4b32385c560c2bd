/* model files: training learns, the file survives the way out and back, damage is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "small.h"
#include "understand/descent.h"
#include "understand/model_int.h"

static struct arena arena;
static struct str bytes;

static int setup(void **state)
{
    (void)state;
    arena_init(&arena);
    bytes = small_model_bytes(&arena);
    return bytes.n ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    arena_deinit(&arena);
    return 0;
}

static struct model *opened(struct str b)
{
    struct model *m;
    assert_int_equal(model_open_bytes(&m, b, NULL), ERR_OK);
    return m;
}

static struct str answer(const struct model *m, const char *head, const char *text)
{
    struct verdict v[MODEL_HEADS_MAX];
    struct judge *j = judge_new();
    struct judge_input in = {.text = str_z(text)};
    judge_text(j, m, &in, v);
    const struct model_head *h = model_head_find(m, str_z(head));
    assert_non_null(h);
    assert_true(v[h->index].value >= 0);
    judge_free(j);
    return h->classes[v[h->index].value].name;
}

static void training_learns(void **state)
{
    (void)state;
    struct model *m = opened(bytes);
    assert_int_equal(model_head_count(m), 2);
    assert_true(
        str_eq_z(answer(m, "kind", "@nordbahn wann öffnet der Schalter in Berlin?"), "question"));
    assert_true(
        str_eq_z(answer(m, "kind", "@nordbahn der Aufzug in Berlin ist kaputt"), "complaint"));
    assert_true(str_eq_z(answer(m, "kind", "Danke, super Team!"), "praise"));
    assert_true(str_eq_z(answer(m, "reaction", "@nordbahn when does the desk open?"), "yes"));
    assert_true(str_eq_z(answer(m, "reaction", "ich freue mich auf das Konzert"), "no"));
    model_close(m);
}

static void training_is_repeatable(void **state)
{
    (void)state;
    assert_true(str_eq(bytes, small_model_bytes(&arena)));
}

static void a_file_is_mapped(void **state)
{
    (void)state;
    char path[] = "/tmp/zuruf-model-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0 && write(fd, bytes.p, bytes.n) == (ssize_t)bytes.n);
    close(fd);
    struct model *m;
    struct errinfo e = {0};
    assert_int_equal(model_open(&m, path, &e), ERR_OK);
    assert_true(str_eq_z(answer(m, "kind", "Danke, super Team!"), "praise"));
    model_close(m);
    unlink(path);
    assert_int_equal(model_open(&m, path, &e), ERR_NOT_FOUND);
    assert_string_equal(e.where, path);
    assert_int_equal(model_open(&m, "/tmp", &e), ERR_INVALID);
    assert_int_equal(model_open(&m, "/dev/null", &e), ERR_INVALID);
}

static void every_cut_is_refused(void **state)
{
    (void)state;
    struct model *m;
    for (size_t n = 0; n < bytes.n; n += n < 2048 ? 1 : 4099) {
        struct errinfo e = {0};
        assert_int_equal(model_open_bytes(&m, str_sub(bytes, 0, n), &e), ERR_INVALID);
        assert_null(m);
        assert_true(strlen(e.what) > 0);
    }
}

static void every_changed_byte_is_refused(void **state)
{
    (void)state;
    struct model *m;
    char *copy = malloc(bytes.n);
    memcpy(copy, bytes.p, bytes.n);
    for (size_t i = 0; i < bytes.n; i += i < 2048 ? 1 : 1009) {
        copy[i] ^= 0x10;
        assert_int_equal(model_open_bytes(&m, (struct str){copy, bytes.n}, NULL), ERR_INVALID);
        copy[i] ^= 0x10;
    }
    free(copy);
}

/* With the checksum made right again, as an attacker would. */
static enum err open_forged(char *copy, size_t n)
{
    struct model *m;
    struct model_header h;
    memcpy(&h, copy, sizeof h);
    h.checksum = model_checksum((unsigned char *)copy, n);
    memcpy(copy, &h, sizeof h);
    enum err err = model_open_bytes(&m, (struct str){copy, n}, NULL);
    model_close(m);
    return err;
}

static void forged_heads_never_reach_outside(void **state)
{
    (void)state;
    struct model_header h;
    memcpy(&h, bytes.p, sizeof h);
    char *copy = malloc(bytes.n);
    size_t refused = 0;
    for (size_t i = 8; i < sizeof h + h.heads_size; i++)
        for (int v = 0; v < 256; v += 51) {
            memcpy(copy, bytes.p, bytes.n);
            copy[i] = (char)v;
            refused += open_forged(copy, bytes.n) != ERR_OK; /* or harmless: a name, a bias */
        }
    assert_true(refused > 100);
    memcpy(copy, bytes.p, bytes.n);
    h.feature_set++;
    memcpy(copy, &h, sizeof h);
    assert_int_equal(open_forged(copy, bytes.n), ERR_INVALID);
    memcpy(copy, bytes.p, bytes.n);
    memset(copy + sizeof h + h.heads_size + (size_t)h.rows * h.stride, 0xff,
           sizeof(uint32_t)); /* seen first */
    assert_int_equal(open_forged(copy, bytes.n), ERR_INVALID);
    free(copy);
}

static void permuted_weights_change_the_facts(void **state)
{
    (void)state;
    struct model_header h;
    memcpy(&h, bytes.p, sizeof h);
    char *copy = malloc(bytes.n);
    memcpy(copy, bytes.p, bytes.n);
    char *rows = copy + sizeof h + h.heads_size;
    /* the tags stay where they are, the weights of each row go to the next one that is in use */
    size_t last = SIZE_MAX;
    int8_t first[MODEL_STRIDE_MAX];
    for (size_t r = 0; r < h.rows; r++) {
        char *row = rows + r * h.stride;
        if (!row[0])
            continue;
        if (last == SIZE_MAX)
            memcpy(first, row + 1, h.stride - 1);
        else
            memcpy(rows + last * h.stride + 1, row + 1, h.stride - 1);
        last = r;
    }
    memcpy(rows + last * h.stride + 1, first, h.stride - 1);
    assert_int_equal(open_forged(copy, bytes.n), ERR_OK);
    struct model *right = opened(bytes), *wrong = opened((struct str){copy, bytes.n});
    size_t changed = 0, all = 0;
    struct judge *j = judge_new();
    for (size_t i = 0; i < sizeof small_places / sizeof *small_places; i++) {
        struct str texts[] = {
            arena_printf(&arena, "@nordbahn wann öffnet %s?", small_places[i]),
            arena_printf(&arena, "Danke an das Team in %s", small_places[i]),
            arena_printf(&arena, "@nordbahn in %s ist der Automat kaputt", small_places[i])};
        for (size_t t = 0; t < 3; t++, all++) {
            struct verdict a[MODEL_HEADS_MAX], b[MODEL_HEADS_MAX];
            struct judge_input in = {.text = texts[t]};
            judge_text(j, right, &in, a);
            judge_text(j, wrong, &in, b);
            changed += a[0].value != b[0].value;
        }
    }
    assert_true(changed * 3 > all);
    judge_free(j);
    model_close(right);
    model_close(wrong);
    free(copy);
}

static void a_base_is_carried_on(void **state)
{
    (void)state;
    struct model *base = opened(bytes), *m;
    struct examples ex;
    struct buf file;
    struct train_options options = {.base = base};
    examples_init(&ex, &arena, STR("text"), STR_NONE);
    assert_int_equal(examples_add_head(&ex, STR("kind"), STR("kind"), NULL), ERR_OK);
    assert_int_equal(examples_read(&ex,
                                   STR("text\tkind\n"
                                       "Zug ausgefallen\tcomplaint\nRolltreppe defekt\tcomplaint\n"
                                       "Wo ist der Bus?\tquestion\nWann kommt er?\tquestion\n"
                                       "Danke!\tpraise\nSchönen Abend\tother\n"),
                                   "more", NULL),
                     ERR_OK);
    buf_init_in(&file, &arena, 64 << 20);
    assert_int_equal(train_model(&ex, &options, &file, NULL), ERR_OK);
    m = opened(buf_str(&file));
    /* what only the base has seen, and what only the new rows tell */
    assert_true(str_eq_z(answer(m, "kind", "ich freue mich auf das Konzert heute Abend in Mainz"),
                         "other"));
    assert_true(str_eq_z(answer(m, "kind", "der Automat ist kaputt, das nervt"), "complaint"));
    assert_true(str_eq_z(answer(m, "kind", "Rolltreppe defekt"), "complaint"));
    /* it has seen what its base saw and its own, and nothing else */
    assert_true(m->seen_count > base->seen_count);
    for (size_t i = 0; i < base->seen_count; i++)
        assert_true(model_has_seen(m, base->seen[i]));
    for (size_t i = 0; i < ex.rows.n; i++) {
        uint64_t likeness = examples_row(&ex, i)->likeness;
        assert_true(model_has_seen(m, likeness) && !model_has_seen(base, likeness));
        assert_false(model_has_seen(m, likeness + 1));
    }
    model_close(m);
    model_close(base);
}

/* Training from this base is as training from nothing, and says why. */
static void assert_left_out(const struct model *base, enum train_start why)
{
    enum train_start start = TRAIN_FROM_BASE;
    assert_true(str_eq(small_model_from(&arena, base, &start), bytes));
    assert_int_equal(start, why);
}

static void a_base_of_the_same_texts_is_left_out(void **state)
{
    (void)state;
    struct model *base = opened(bytes);
    struct buf text;
    struct examples ex;
    buf_init_in(&text, &arena, 1 << 20);
    small_examples(&text);
    buf_add_z(&text, "Wer hat gestern im Stadion gewonnen?\tother\tno\t\n");
    examples_init(&ex, &arena, STR("text"), STR_NONE);
    assert_int_equal(examples_read(&ex, buf_str(&text), "small", NULL), ERR_OK);
    for (size_t i = 0; i + 1 < ex.rows.n; i++)
        assert_true(model_has_seen(base, examples_row(&ex, i)->likeness));
    assert_false(model_has_seen(base, examples_row(&ex, ex.rows.n - 1)->likeness));
    assert_left_out(base, TRAIN_BASE_KNOWS_TEXTS);
    model_close(base);
}

/* A base as large as a file may be would take gigabytes of weights. */
static void a_base_of_too_many_rows_is_left_out(void **state)
{
    (void)state;
    struct model_header h;
    struct model *base;
    memcpy(&h, bytes.p, sizeof h);
    size_t heads = sizeof h + h.heads_size;
    h.rows = 1 << 22;
    h.file_size = heads + (uint64_t)h.rows * h.stride;
    char *copy = calloc(1, h.file_size);
    assert_non_null(copy);
    memcpy(copy, bytes.p, heads);
    memcpy(copy, &h, sizeof h);
    h.checksum = model_checksum((unsigned char *)copy, h.file_size);
    memcpy(copy, &h, sizeof h);
    assert_int_equal(model_open_bytes(&base, (struct str){copy, h.file_size}, NULL), ERR_OK);
    free(copy);
    assert_left_out(base, TRAIN_BASE_TOO_LARGE);
    model_close(base);
}

static void labels_times_classes_are_bounded(void **state)
{
    (void)state;
    struct examples ex;
    struct errinfo e = {0};
    struct buf text, out;
    buf_init_in(&text, &arena, 1 << 20);
    buf_add_z(&text, "text\tlabel\n");
    for (int i = 0; i < DESCENT_DUALS_MAX / MODEL_HEADS_MAX / MODEL_CLASSES_MAX + 1; i++)
        buf_printf(&text, "x\t%d\n", i < MODEL_CLASSES_MAX ? i : 0);
    examples_init(&ex, &arena, STR("text"), STR_NONE);
    for (int h = 0; h < MODEL_HEADS_MAX; h++)
        assert_int_equal(examples_add_head(&ex, arena_printf(&arena, "h%d", h), STR("label"), NULL),
                         ERR_OK);
    assert_int_equal(examples_read(&ex, buf_str(&text), "many", NULL), ERR_OK);
    buf_init(&out, 1 << 20);
    assert_int_equal(train_model(&ex, &(struct train_options){0}, &out, &e), ERR_LIMIT);
    assert_non_null(strstr(e.what, "fewer rows"));
    buf_deinit(&out);
}

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 16;
}

/* A word that tells something, and one that tells nothing. */
static struct str two_words(int word, uint32_t *random)
{
    static const char *const words[] = {"pampelmuse", "rhabarber", "schnittlauch"};
    char other[] = "....";
    for (size_t k = 0; k < 4; k++)
        other[k] = (char)('a' + next_random(random) % 26);
    return arena_printf(&arena, "%s %s", words[word], other);
}

/* From training to judging: what is so in three posts of four is told with 0.75, by a head of two
 * classes (a mix of all heads) as by one of three (a gain). */
static void probabilities_mean_what_they_say(void **state)
{
    (void)state;
    enum { ROWS = 3000, ASKED = 300 };
    struct examples ex;
    struct buf text, file;
    uint32_t random = 1;
    buf_init_in(&text, &arena, 1 << 20);
    buf_init_in(&file, &arena, 64 << 20);
    buf_add_z(&text, "text\tthree\ttwo\n");
    for (int i = 0; i < ROWS; i++) {
        int word = i % 3, said = next_random(&random) % 4 ? word : (word + 1 + i / 3 % 2) % 3;
        bool yes = (next_random(&random) % 4 == 0) != (word == 0);
        buf_printf(&text, "%.*s\tc%d\t%s\n", STR_FMT(two_words(word, &random)), said,
                   yes ? "yes" : "no");
    }
    examples_init(&ex, &arena, STR("text"), STR_NONE);
    assert_int_equal(examples_add_head(&ex, STR("three"), STR("three"), NULL), ERR_OK);
    assert_int_equal(examples_add_head(&ex, STR("two"), STR("two"), NULL), ERR_OK);
    assert_int_equal(examples_read(&ex, buf_str(&text), "shares", NULL), ERR_OK);
    assert_int_equal(train_model(&ex, &(struct train_options){0}, &file, NULL), ERR_OK);
    struct model *m = opened(buf_str(&file));
    struct judge *j = judge_new();
    const struct model_head *three = model_head_at(m, 0), *two = model_head_at(m, 1);
    for (int word = 0; word < 3; word++) {
        double p_three = 0, p_two = 0;
        int class = model_class_find(three, arena_printf(&arena, "c%d", word));
        int answer = model_class_find(two, str_z(word == 0 ? "yes" : "no"));
        for (int i = 0; i < ASKED; i++) {
            struct verdict v[MODEL_HEADS_MAX];
            struct judge_input in = {.text = two_words(word, &random)};
            judge_text(j, m, &in, v);
            p_three += (double)judge_probabilities(j, three)[class] / ASKED;
            p_two += (double)judge_probabilities(j, two)[answer] / ASKED;
        }
        assert_true(p_three > 0.66 && p_three < 0.84);
        assert_true(p_two > 0.66 && p_two < 0.84);
    }
    judge_free(j);
    model_close(m);
}

static void examples_are_checked(void **state)
{
    (void)state;
    struct examples ex;
    struct errinfo e = {0};
    examples_init(&ex, &arena, STR("text"), STR_NONE);
    assert_int_equal(examples_add_head(&ex, STR("a"), STR("label"), NULL), ERR_OK);
    assert_int_equal(examples_add_head(&ex, STR("a"), STR("other"), &e), ERR_CONFLICT);
    assert_int_equal(examples_read(&ex, STR("text\tx\n"), "f.tsv", &e), ERR_INVALID);
    assert_non_null(strstr(e.what, "label"));
    assert_int_equal(examples_read(&ex, STR("text\tlabel\none\tx\ntwo\n"), "f.tsv", &e),
                     ERR_INVALID);
    assert_string_equal(e.where, "f.tsv:3");
    assert_int_equal(examples_read(&ex, STR("label\ttext\n\tnone\ny\t\"quoted\"\r\n"), "f.tsv", &e),
                     ERR_OK);
    assert_int_equal(ex.rows.n, 3);
    assert_int_equal(examples_row(&ex, 1)->labels[0], -1);
    assert_true(str_eq_z(examples_row(&ex, 2)->text, "\"quoted\""));
    assert_true(str_eq_z(examples_class(&ex, 0, examples_row(&ex, 2)->labels[0]), "y"));
    /* one class alone is nothing to learn */
    struct buf out;
    struct train_options options = {.rows = (const uint32_t[]){0, 1}, .row_count = 2};
    buf_init(&out, 1 << 20);
    assert_int_equal(train_model(&ex, &options, &out, &e), ERR_INVALID);
    buf_deinit(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(training_learns),
        cmocka_unit_test(training_is_repeatable),
        cmocka_unit_test(a_file_is_mapped),
        cmocka_unit_test(every_cut_is_refused),
        cmocka_unit_test(every_changed_byte_is_refused),
        cmocka_unit_test(forged_heads_never_reach_outside),
        cmocka_unit_test(permuted_weights_change_the_facts),
        cmocka_unit_test(a_base_is_carried_on),
        cmocka_unit_test(a_base_of_the_same_texts_is_left_out),
        cmocka_unit_test(a_base_of_too_many_rows_is_left_out),
        cmocka_unit_test(labels_times_classes_are_bounded),
        cmocka_unit_test(probabilities_mean_what_they_say),
        cmocka_unit_test(examples_are_checked),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
