/* exposition.c - see exposition.h. */
#include "text/exposition.h"

#include <math.h>
#include <stdio.h>

#include "base/buf.h"

static const char *const types[] = {
    [METRIC_GAUGE] = "gauge", [METRIC_COUNTER] = "counter", [METRIC_HISTOGRAM] = "histogram"};

void exposition_init(struct exposition *x, struct buf *out)
{
    *x = (struct exposition){.out = out};
}

void exposition_begin(struct exposition *x, const struct metric *m)
{
    x->open = m;
    buf_printf(x->out, "# HELP %s %s\n# TYPE %s %s\n", m->name, m->help, m->name, types[m->type]);
}

/* Escaped as the format says; other control characters, which it would take, become a blank. */
static void add_text(struct buf *b, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == '\\' || c == '"')
            buf_add_char(b, '\\');
        if (c == '\n')
            buf_add(b, STR("\\n"));
        else
            buf_add_char(b, (unsigned char)c < 0x20 || c == 0x7f ? ' ' : c);
    }
}

/* Name and labels; bound is the value of a last label "le", or NULL. */
static void add_head(struct exposition *x, const char *suffix, const struct str *values,
                     const char *bound)
{
    struct buf *b = x->out;
    char open = '{';
    buf_printf(b, "%s%s", x->open->name, suffix);
    for (size_t i = 0; i < METRIC_LABELS_MAX && x->open->labels[i]; i++, open = ',') {
        buf_printf(b, "%c%s=\"", open, x->open->labels[i]);
        add_text(b, values[i]);
        buf_add_char(b, '"');
    }
    if (bound) {
        buf_printf(b, "%cle=\"%s\"", open, bound);
        open = ',';
    }
    buf_add_z(b, open == ',' ? "} " : " ");
}

static void add_value(struct buf *b, double v)
{
    if (isnan(v))
        buf_add_z(b, "NaN\n");
    else if (isinf(v))
        buf_add_z(b, v < 0 ? "-Inf\n" : "+Inf\n");
    else if (v == floor(v) && fabs(v) < 1e15)
        buf_printf(b, "%lld\n", (long long)v);
    else
        buf_printf(b, "%.10g\n", v);
}

void exposition_add(struct exposition *x, const struct str *values, double v)
{
    add_head(x, "", values, NULL);
    add_value(x->out, v);
}

void exposition_add_histogram(struct exposition *x, const struct str *values,
                              const struct histogram_figures *h)
{
    char bound[32];
    uint64_t n = 0;
    for (int i = 0; i < HISTOGRAM_BOUNDS; i++) {
        n += h->counts[i];
        snprintf(bound, sizeof bound, "%g", (double)histogram_bounds[i] / 1e6);
        add_head(x, "_bucket", values, bound);
        add_value(x->out, (double)n);
    }
    add_head(x, "_bucket", values, "+Inf");
    add_value(x->out, (double)h->n);
    add_head(x, "_sum", values, NULL);
    add_value(x->out, (double)h->sum_us / 1e6);
    add_head(x, "_count", values, NULL);
    add_value(x->out, (double)h->n);
}
