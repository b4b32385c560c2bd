/* model.c - opens and checks model files; see model.h and, for the layout, model_int.h. */
#include "understand/model.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "understand/model_int.h"

uint64_t model_checksum(const unsigned char *p, size_t n)
{
    /* Four lanes, so that the check costs less than reading the file does. */
    uint64_t h[4] = {1, 2, 3, 4}, v;
    size_t skip = offsetof(struct model_header, checksum);
    for (size_t i = 0; i + 8 <= n; i += 8) {
        memcpy(&v, p + i, 8);
        if (i == skip)
            v = 0;
        uint64_t *lane = &h[i / 8 % 4];
        *lane = (*lane ^ v) * UINT64_C(0x9fb21c651e98df25);
        *lane ^= *lane >> 32;
    }
    uint64_t all = n;
    for (int i = 0; i < 4; i++)
        all = (all ^ h[i]) * UINT64_C(0xd6e8feb86659fd93) + 1;
    return all ^ all >> 31;
}

/* reading the heads */

struct cursor {
    const unsigned char *p;
    size_t left;
    bool failed;
};

static const unsigned char *take(struct cursor *c, size_t n)
{
    static const unsigned char zeros[MODEL_NAME_MAX];
    if (c->failed || c->left < n) {
        c->failed = true;
        return zeros;
    }
    const unsigned char *p = c->p;
    c->p += n;
    c->left -= n;
    return p;
}

static struct str take_name(struct cursor *c)
{
    size_t n = *take(c, 1);
    if (n == 0 || n > MODEL_NAME_MAX)
        c->failed = true;
    return (struct str){(const char *)take(c, c->failed ? 0 : n), c->failed ? 0 : n};
}

static float take_float(struct cursor *c)
{
    float v;
    memcpy(&v, take(c, sizeof v), sizeof v);
    if (!isfinite(v) || fabsf(v) > 1e6F)
        c->failed = true;
    return v;
}

static int take_count(struct cursor *c, int least, int most)
{
    uint16_t v;
    memcpy(&v, take(c, sizeof v), sizeof v);
    if (v < least || v > most)
        c->failed = true;
    return v;
}

/* Fills m->heads; the columns are counted. False when the bytes make no heads. */
static bool read_heads(struct model *m, const struct model_header *h)
{
    struct cursor c = {m->bytes + sizeof *h, h->heads_size, false};
    m->head_count = (int)h->heads;
    /* one class takes at least 6 bytes, so the bytes bound the memory */
    size_t most = h->heads_size / 6 + 1;
    m->memory = memory_zeroed(1, h->heads * sizeof *m->heads + most * sizeof(struct model_class));
    m->heads = m->memory;
    struct model_class *classes = (struct model_class *)(m->heads + h->heads);
    size_t column = 0;
    for (int i = 0; i < m->head_count; i++) {
        struct model_head *head = &m->heads[i];
        head->index = i;
        head->name = take_name(&c);
        head->class_count = take_count(&c, 2, MODEL_CLASSES_MAX);
        head->gain = take_float(&c);
        head->classes = classes;
        head->column = column;
        if (c.failed || head->gain <= 0)
            return false;
        column += (size_t)head->class_count - 1;
        for (int k = 0; k < head->class_count; k++, classes++) {
            classes->name = take_name(&c);
            classes->bias = take_float(&c);
            if (c.failed)
                return false;
        }
    }
    return column + MODEL_ROW_HEAD <= m->stride;
}

static enum err damaged(struct errinfo *e, const char *where, const char *what)
{
    return err_set(e, ERR_INVALID, where,
                   "not a usable model: %s; make it again with \"zuruf train\"", what);
}

static enum err check(struct model *m, const char *where, struct errinfo *e)
{
    struct model_header h;
    if (m->size < sizeof h)
        return damaged(e, where, "too short");
    memcpy(&h, m->bytes, sizeof h);
    if (memcmp(h.magic, model_magic, sizeof h.magic) != 0)
        return damaged(e, where, "it does not start as a model file does");
    if (h.format != MODEL_FORMAT || h.feature_set != FEATURE_SET)
        return damaged(e, where, "it was made by another version of Zuruf");
    if (h.file_size != m->size || m->size % 8)
        return damaged(e, where, "it is cut off or something was added");
    if (h.checksum != model_checksum(m->bytes, m->size))
        return damaged(e, where, "its checksum is wrong, so bytes were changed");
    if (h.rows < MODEL_SET || h.rows > MODEL_ROWS_MAX || (h.rows & (h.rows - 1)) ||
        h.stride < MODEL_STRIDE_UNIT || h.stride > MODEL_STRIDE_MAX ||
        h.stride % MODEL_STRIDE_UNIT || h.heads < 1 || h.heads > MODEL_HEADS_MAX ||
        h.heads_size > m->size || h.heads_size % 64 ||
        sizeof h + h.heads_size + (uint64_t)h.rows * h.stride > m->size)
        return damaged(e, where, "its sizes contradict one another");
    if (!(h.scale > 0) || !(h.scale < 1e6F))
        return damaged(e, where, "its scale is no number");
    for (int i = 0; i < FEATURE_BLOCKS; i++)
        if (!(h.blocks[i] >= 0) || !(h.blocks[i] < 1e3F))
            return damaged(e, where, "its scale is no number");
    m->checksum = h.checksum;
    m->rows = h.rows;
    m->stride = h.stride;
    m->table = (const int8_t *)m->bytes + sizeof h + h.heads_size;
    m->seen = (const uint32_t *)(m->table + (size_t)h.rows * h.stride);
    m->seen_count = (m->size - sizeof h - h.heads_size - (size_t)h.rows * h.stride) / 4;
    for (size_t i = 1; i < m->seen_count; i++)
        if (m->seen[i - 1] > m->seen[i])
            return damaged(e, where, "its list of what was seen is out of order");
    memcpy(m->blocks, h.blocks, sizeof m->blocks);
    for (int i = 0; i < MODEL_CODES; i++)
        m->scales[i] = h.scale / 127.0F * exp2f(-0.5F * (float)i);
    if (!read_heads(m, &h))
        return damaged(e, where, "its list of heads is broken");
    return ERR_OK;
}

static enum err finish_open(struct model **out, struct model *m, const char *where,
                            struct errinfo *e)
{
    enum err err = check(m, where, e);
    if (err != ERR_OK) {
        model_close(m);
        m = NULL;
    }
    *out = m;
    return err;
}

static struct model *model_new(void)
{
    struct model *m = memory_zeroed(1, sizeof *m);
    return m;
}

enum err model_open_bytes(struct model **out, struct str bytes, struct errinfo *e)
{
    struct model *m = model_new();
    size_t room = (bytes.n + 63) / 64 * 64 + 64;
    unsigned char *copy = aligned_alloc(64, room);
    if (!copy)
        memory_end(room);
    if (bytes.n)
        memcpy(copy, bytes.p, bytes.n);
    m->bytes = copy;
    m->size = bytes.n;
    return finish_open(out, m, "", e);
}

enum err model_open(struct model **out, const char *path, struct errinfo *e)
{
    *out = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        int why = errno;
        return err_set(e, why == ENOENT || why == ENOTDIR ? ERR_NOT_FOUND : ERR_IO, path,
                       "cannot open the model: %s", strerror(why));
    }
    struct stat st;
    enum err err = ERR_OK;
    void *bytes = MAP_FAILED;
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
        err = err_set(e, ERR_INVALID, path, "the model must be a plain file");
    else if (st.st_size == 0 || st.st_size > MODEL_FILE_MAX)
        err = damaged(e, path, st.st_size ? "too large" : "it is empty");
    else if ((bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0)) == MAP_FAILED)
        err = err_set(e, ERR_IO, path, "cannot map the model: %s", strerror(errno));
    close(fd);
    if (err != ERR_OK)
        return err;
    struct model *m = model_new();
    m->bytes = bytes;
    m->size = (size_t)st.st_size;
    m->mapped = true;
    err = finish_open(out, m, path, e);
    if (err == ERR_OK) /* its check has read all of it; what is used comes back from the cache of
                          the system */
        (void)madvise(bytes, (size_t)st.st_size, MADV_DONTNEED);
    return err;
}

void model_close(struct model *m)
{
    if (!m)
        return;
    if (m->mapped)
        munmap((void *)(uintptr_t)m->bytes, m->size);
    else
        free((void *)(uintptr_t)m->bytes);
    free(m->memory);
    free(m);
}

uint64_t model_fingerprint(const struct model *m)
{
    return m->checksum;
}

int model_compare_seen(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

bool model_has_seen(const struct model *m, uint64_t likeness)
{
    uint32_t wanted = (uint32_t)likeness;
    return bsearch(&wanted, m->seen, m->seen_count, sizeof *m->seen, model_compare_seen);
}

int model_head_count(const struct model *m)
{
    return m->head_count;
}

const struct model_head *model_head_at(const struct model *m, int i)
{
    return &m->heads[i];
}

const struct model_head *model_head_find(const struct model *m, struct str name)
{
    for (int i = 0; i < m->head_count; i++)
        if (str_eq(m->heads[i].name, name))
            return &m->heads[i];
    return NULL;
}

int model_class_find(const struct model_head *h, struct str name)
{
    for (int k = 0; k < h->class_count; k++)
        if (str_eq(h->classes[k].name, name))
            return k;
    return -1;
}
