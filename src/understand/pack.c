/* pack.c - see pack.h; the layout is told in model_int.h. */
#include "understand/pack.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "understand/model_int.h"

static void add_bytes(struct buf *b, const void *p, size_t n)
{
    buf_add(b, (struct str){p, n});
}

static void add_name(struct buf *b, struct str name)
{
    buf_add_char(b, (char)name.n);
    buf_add(b, name);
}

static void add_heads(struct buf *out, const struct examples *ex, const struct problem *p,
                      const struct weights *w, const float *gains)
{
    for (int h = 0; h < p->head_count; h++) {
        struct span span = p->heads[h];
        uint16_t classes = (uint16_t)span.count;
        float gain = gains[h];
        add_name(out, ex->heads[h].name);
        add_bytes(out, &classes, sizeof classes);
        add_bytes(out, &gain, sizeof gain);
        for (size_t k = 0; k < span.count; k++) {
            float bias = gain * (w->bias[span.from + k] - w->bias[span.from]);
            add_name(out, examples_class(ex, h, (int)k));
            add_bytes(out, &bias, sizeof bias);
        }
    }
}

/* The weights of one row against each head's first class. */
static float relative_row(const struct problem *p, const float *w, float *out)
{
    float most = 0;
    size_t n = 0;
    for (int h = 0; h < p->head_count; h++)
        for (size_t k = 1; k < p->heads[h].count; k++) {
            out[n] = w[p->heads[h].from + k] - w[p->heads[h].from];
            most = fmaxf(most, fabsf(out[n++]));
        }
    return most;
}

static float largest_weight(const struct problem *p, const struct weights *w, float *row)
{
    float most = 1e-6F;
    for (uint32_t r = 0; r < p->rows; r++)
        most = fmaxf(most, relative_row(p, w->w + (size_t)r * p->columns, row));
    return most;
}

static void pack_row(int8_t *out, const float *row, size_t n, float most, float scale)
{
    int code = most > 0 ? (int)floorf(2 * log2f(scale / most) + 1e-4F) : MODEL_CODES - 1;
    code = code < 0 ? 0 : code >= MODEL_CODES ? MODEL_CODES - 1 : code;
    float step = scale / 127 * exp2f(-0.5F * (float)code);
    out[1] = (int8_t)((uint8_t)out[1] | (uint8_t)code);
    for (size_t i = 0; i < n; i++)
        out[MODEL_ROW_HEAD + i] = (int8_t)fminf(fmaxf(roundf(row[i] / step), -127), 127);
}

void pack_model(const struct examples *ex, const struct problem *p, const struct weights *w,
                const float *gains, const struct vocabulary *v, const float *blocks,
                const uint32_t *seen, size_t seen_count, struct buf *out)
{
    size_t columns = p->columns - (size_t)p->head_count, start = out->n;
    size_t stride =
        (columns + MODEL_ROW_HEAD + MODEL_STRIDE_UNIT - 1) / MODEL_STRIDE_UNIT * MODEL_STRIDE_UNIT;
    float *row = memory_bytes((columns + 1) * sizeof *row);
    struct model_header h = {.format = MODEL_FORMAT,
                             .feature_set = FEATURE_SET,
                             .rows = p->rows,
                             .stride = (uint32_t)stride,
                             .heads = (uint32_t)p->head_count,
                             .scale = largest_weight(p, w, row)};
    memcpy(h.magic, model_magic, sizeof h.magic);
    memcpy(h.blocks, blocks, sizeof h.blocks);
    add_bytes(out, &h, sizeof h);
    add_heads(out, ex, p, w, gains);
    while ((out->n - start) % 64 && buf_ok(out))
        buf_add_char(out, 0);
    h.heads_size = (uint32_t)(out->n - start - sizeof h);
    size_t size = (size_t)p->rows * stride;
    int8_t *table = (int8_t *)buf_reserve(out, size);
    if (table) {
        memset(table, 0, size);
        for (uint32_t r = 0; r < p->rows; r++) {
            int8_t *to = table + (size_t)r * stride;
            float most = relative_row(p, w->w + (size_t)r * p->columns, row);
            to[0] = (int8_t)v->tags[r];
            to[1] = (int8_t)(uint8_t)(v->codes[r] << 4);
            pack_row(to, row, columns, most, h.scale);
        }
        out->n += size;
        add_bytes(out, seen, seen_count * sizeof *seen);
        if (seen_count % 2)
            add_bytes(out, seen + seen_count - 1, sizeof *seen);
    }
    if (buf_ok(out)) {
        h.file_size = out->n - start;
        memcpy(out->p + start, &h, sizeof h);
        h.checksum = model_checksum((unsigned char *)out->p + start, h.file_size);
        memcpy(out->p + start, &h, sizeof h);
    }
    free(row);
}
