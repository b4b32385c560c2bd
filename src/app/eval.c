/* eval.c - zuruf eval: how well a model answers labelled files, or how well one would that is
 * trained on them. Prints TSV: head, class, precision, recall, f1, n; then head, "micro" and
 * "macro", f1, lo, hi (bootstrap 95 %); then head, "ece", how far the told probabilities are off.
 */
#include "app/commands.h"

#include <stdio.h>
#include <stdlib.h>

#include "app/labelled.h"
#include "app/options.h"
#include "base/arena.h"
#include "understand/judge.h"
#include "understand/measure.h"
#include "understand/train.h"

enum { FOLDS_MAX = 100, FILES_MAX = 1000 };

struct eval_command {
    struct labelled labelled;
    const char *model, *base, *from_scratch, *fold_count;
    int64_t folds;
};

/* Answers of all heads for all rows, one list a head. */
struct outcome {
    struct measure_case *cases[MODEL_HEADS_MAX];
    size_t n[MODEL_HEADS_MAX];
};

static void outcome_init(struct outcome *o, const struct examples *ex, struct arena *a)
{
    *o = (struct outcome){0};
    for (int h = 0; h < ex->head_count; h++)
        o->cases[h] = arena_array(a, ex->rows.n + 1, sizeof *o->cases[h]);
}

/* Of a class that no row has: how many classes there are. */
static int16_t class_index(const struct examples *ex, int head, struct str name)
{
    int n = (int)ex->heads[head].classes.n, k = 0;
    while (k < n && !str_eq(examples_class(ex, head, k), name))
        k++;
    return (int16_t)k;
}

static void answer_row(struct outcome *o, const struct examples *ex, const struct model *m,
                       struct judge *j, size_t i)
{
    const struct example *row = examples_row(ex, i);
    struct verdict verdicts[MODEL_HEADS_MAX];
    struct judge_input in = {.text = row->text, .brand = row->brand};
    judge_text(j, m, &in, verdicts);
    for (int h = 0; h < ex->head_count; h++) {
        const struct model_head *head = model_head_find(m, ex->heads[h].name);
        if (row->labels[h] < 0 || !head)
            continue;
        const struct verdict *v = &verdicts[head->index];
        struct measure_case c = {row->labels[h], -1, v->p};
        if (v->value >= 0)
            c.answer = class_index(ex, h, head->classes[v->value].name);
        o->cases[h][o->n[h]++] = c;
    }
}

static enum err measure_model(const struct eval_command *c, const struct examples *ex,
                              struct outcome *o, struct errinfo *e)
{
    struct model *m;
    TRY(model_open(&m, c->model, e));
    enum err err = ERR_OK;
    for (int h = 0; h < ex->head_count && err == ERR_OK; h++)
        if (!model_head_find(m, ex->heads[h].name))
            err = err_set(e, ERR_INVALID, "--head", "the model has no head \"%.*s\"",
                          STR_FMT(ex->heads[h].name));
    struct judge *j = judge_new();
    for (size_t i = 0; i < ex->rows.n && err == ERR_OK; i++)
        answer_row(o, ex, m, j, i);
    judge_free(j);
    model_close(m);
    return err;
}

static int64_t fold_of(const struct examples *ex, size_t i, int64_t folds)
{
    /* other bits than those by which training holds texts back to calibrate */
    return (int64_t)((examples_row(ex, i)->likeness >> 20) % (uint64_t)folds);
}

static enum err measure_fold(const struct eval_command *c, const struct examples *ex,
                             const struct model *base, int64_t fold, uint32_t *rows,
                             struct outcome *o, struct errinfo *e)
{
    struct train_options options = {.base = base, .rows = rows};
    struct buf bytes;
    struct model *m = NULL;
    for (size_t i = 0; i < ex->rows.n; i++)
        if (fold_of(ex, i, c->folds) != fold)
            rows[options.row_count++] = (uint32_t)i;
    buf_init(&bytes, MODEL_FILE_MAX);
    enum err err = train_model(ex, &options, &bytes, e);
    if (err == ERR_OK)
        err = model_open_bytes(&m, buf_str(&bytes), e);
    buf_deinit(&bytes);
    if (err != ERR_OK)
        return err;
    struct judge *j = judge_new();
    for (size_t i = 0; i < ex->rows.n; i++)
        if (fold_of(ex, i, c->folds) == fold)
            answer_row(o, ex, m, j, i);
    judge_free(j);
    model_close(m);
    return ERR_OK;
}

static enum err measure_folds(const struct eval_command *c, const struct examples *ex,
                              struct outcome *o, struct arena *a, struct errinfo *e)
{
    struct model *base = NULL;
    TRY(labelled_base(c->base, c->from_scratch, &base, e));
    uint32_t *rows = arena_array(a, ex->rows.n + 1, sizeof *rows);
    enum err err = ERR_OK;
    for (int64_t fold = 0; fold < c->folds && err == ERR_OK; fold++)
        err = measure_fold(c, ex, base, fold, rows, o, e);
    model_close(base);
    return err;
}

static void print_total(struct str head, const char *kind, const struct measure_total *t)
{
    printf("%.*s\t%s\t%.4f\t%.4f\t%.4f\n", STR_FMT(head), kind, t->f1, t->low, t->high);
}

static void print(const struct examples *ex, const struct outcome *o, struct arena *a)
{
    for (int h = 0; h < ex->head_count; h++) {
        struct str name = ex->heads[h].name;
        int classes = (int)ex->heads[h].classes.n;
        struct measure_class *c = arena_array(a, (size_t)classes + 1, sizeof *c);
        struct measure_total micro, macro;
        if (o->n[h] == 0)
            continue;
        measure_classes(o->cases[h], o->n[h], classes, c);
        measure_totals(o->cases[h], o->n[h], classes, &micro, &macro);
        for (int k = 0; k < classes; k++) {
            struct str class = examples_class(ex, h, k);
            printf("%.*s\t%.*s\t%.4f\t%.4f\t%.4f\t%zu\n", STR_FMT(name), STR_FMT(class),
                   c[k].precision, c[k].recall, c[k].f1, c[k].n);
        }
        print_total(name, "micro", &micro);
        print_total(name, "macro", &macro);
        printf("%.*s\tece\t%.4f\n", STR_FMT(name), measure_calibration(o->cases[h], o->n[h]));
    }
}

static enum err run(struct eval_command *c, char **files, size_t n, struct arena *a,
                    struct errinfo *e)
{
    struct examples ex;
    struct outcome o;
    if (!c->model == !c->fold_count)
        return err_set(e, ERR_INVALID, "--model", "either --model FILE or --folds N is wanted");
    if (c->fold_count &&
        (!str_to_i64(str_z(c->fold_count), &c->folds) || c->folds < 2 || c->folds > FOLDS_MAX))
        return err_set(e, ERR_INVALID, "--folds", "a number from 2 to %d is wanted", FOLDS_MAX);
    TRY(labelled_init(&c->labelled, &ex, a, e));
    TRY(labelled_read(&ex, files, n, e));
    outcome_init(&o, &ex, a);
    TRY(c->model ? measure_model(c, &ex, &o, e) : measure_folds(c, &ex, &o, a, e));
    print(&ex, &o, a);
    if (fflush(stdout) != 0)
        return err_set(e, ERR_IO, "standard output", "cannot write");
    return ERR_OK;
}

int cmd_eval(int argc, char **argv)
{
    struct eval_command c = {0};
    const struct option_row rows[] = {
        {"model", "FILE", &c.model, "measure this model"},
        {"folds", "N", &c.fold_count, "train N times, each time measure on the part left out"},
        {"base", "FILE", &c.base,
         "with --folds: start from this model (else the shipped one); see \"zuruf train\""},
        {"from-scratch", NULL, &c.from_scratch, "with --folds: start from nothing"},
        {"text", "COL", &c.labelled.text, "column of the texts"},
        {"head", "NAME=COL", c.labelled.heads,
         "a head and the column of its labels; may be repeated", MODEL_HEADS_MAX},
        {"brand", "COL", &c.labelled.brand, "column of the brand's names, divided by commas"},
    };
    char **files;
    size_t n;
    int status =
        options_read(argc, argv, rows, sizeof rows / sizeof *rows,
                     "--model FILE | --folds N, --text COL --head NAME=COL ... FILE.tsv ...", 1,
                     FILES_MAX, &files, &n);
    if (status >= 0)
        return status;
    struct arena a;
    struct errinfo e = {0};
    arena_init(&a);
    status = 0;
    if (run(&c, files, n, &a, &e) != ERR_OK)
        status = labelled_fail("eval", &e);
    arena_deinit(&a);
    return status;
}
