/* measure.c - see measure.h. */
#include "understand/measure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "understand/model.h"

enum { RESAMPLINGS = 1000, BINS = 10 };

struct tally {
    size_t right[MODEL_CLASSES_MAX], told[MODEL_CLASSES_MAX + 1], labelled[MODEL_CLASSES_MAX];
    size_t all, all_told, all_right;
};

static void tally_add(struct tally *t, const struct measure_case *c)
{
    t->all++;
    t->labelled[c->label]++;
    if (c->answer < 0)
        return;
    t->all_told++;
    t->told[c->answer]++;
    if (c->answer == c->label) {
        t->right[c->label]++;
        t->all_right++;
    }
}

static double ratio(size_t a, size_t b)
{
    return b ? (double)a / (double)b : 0;
}

static double f1_of(size_t right, size_t told, size_t labelled)
{
    return ratio(2 * right, told + labelled);
}

static double micro_of(const struct tally *t)
{
    return f1_of(t->all_right, t->all_told, t->all);
}

static double macro_of(const struct tally *t, int classes)
{
    double sum = 0;
    size_t n = 0;
    for (int k = 0; k < classes; k++)
        if (t->labelled[k] || t->told[k]) {
            sum += f1_of(t->right[k], t->told[k], t->labelled[k]);
            n++;
        }
    return n ? sum / (double)n : 0;
}

static struct tally *tally_new(void)
{
    struct tally *t = memory_zeroed(1, sizeof *t);
    return t;
}

void measure_classes(const struct measure_case *cases, size_t n, int classes,
                     struct measure_class *out)
{
    struct tally *t = tally_new();
    for (size_t i = 0; i < n; i++)
        tally_add(t, &cases[i]);
    for (int k = 0; k < classes; k++)
        out[k] = (struct measure_class){
            ratio(t->right[k], t->told[k]), ratio(t->right[k], t->labelled[k]),
            f1_of(t->right[k], t->told[k], t->labelled[k]), t->labelled[k]};
    free(t);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void interval(double *values, struct measure_total *out)
{
    qsort(values, RESAMPLINGS, sizeof *values, ascending);
    out->low = values[RESAMPLINGS * 25 / 1000];
    out->high = values[RESAMPLINGS * 975 / 1000 - 1];
}

void measure_totals(const struct measure_case *cases, size_t n, int classes,
                    struct measure_total *micro, struct measure_total *macro)
{
    static const uint64_t STEP = UINT64_C(6364136223846793005);
    double micros[RESAMPLINGS], macros[RESAMPLINGS];
    struct tally *t = tally_new();
    for (size_t i = 0; i < n; i++)
        tally_add(t, &cases[i]);
    micro->f1 = micro_of(t);
    macro->f1 = macro_of(t, classes);
    uint64_t random = 1;
    for (int r = 0; r < RESAMPLINGS; r++) {
        memset(t, 0, sizeof *t);
        for (size_t i = 0; i < n; i++) {
            random = random * STEP + 1442695040888963407U;
            tally_add(t, &cases[(random >> 33) % n]);
        }
        micros[r] = micro_of(t);
        macros[r] = macro_of(t, classes);
    }
    interval(micros, micro);
    interval(macros, macro);
    free(t);
}

double measure_calibration(const struct measure_case *cases, size_t n)
{
    double told[BINS] = {0}, right[BINS] = {0}, off = 0;
    size_t all = 0;
    for (size_t i = 0; i < n; i++) {
        if (cases[i].answer < 0)
            continue;
        int bin = (int)(cases[i].p * BINS);
        bin = bin < 0 ? 0 : bin >= BINS ? BINS - 1 : bin;
        told[bin] += (double)cases[i].p;
        right[bin] += cases[i].answer == cases[i].label;
        all++;
    }
    for (int b = 0; b < BINS; b++)
        off += fabs(told[b] - right[b]);
    return all ? off / (double)all : 0;
}
