/* examples.c - see examples.h. */
#include "understand/examples.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "understand/tokens.h"

enum { COLUMNS_MAX = 64, LIKENESS_WORDS = 12, FILE_SIZE_MAX = 1024 * 1024 * 1024 };

struct known_brand {
    struct str names;
    const struct naming *brand;
};

void examples_init(struct examples *ex, struct arena *a, struct str text_column,
                   struct str brand_column)
{
    *ex = (struct examples){.arena = a, .text_column = text_column, .brand_column = brand_column};
    vec_init(&ex->rows, a, sizeof(struct example));
    vec_init(&ex->brands, a, sizeof(struct known_brand));
    ex->tokens = ARENA_NEW(a, struct tokens);
}

enum err examples_add_head(struct examples *ex, struct str name, struct str column,
                           struct errinfo *e)
{
    if (ex->head_count == MODEL_HEADS_MAX)
        return err_set(e, ERR_LIMIT, "--head", "a model has at most %d heads", MODEL_HEADS_MAX);
    if (name.n == 0 || name.n > MODEL_NAME_MAX || column.n == 0)
        return err_set(e, ERR_INVALID, "--head", "NAME=COL wanted, NAME of at most %d bytes",
                       MODEL_NAME_MAX);
    for (int i = 0; i < ex->head_count; i++)
        if (str_eq(ex->heads[i].name, name))
            return err_set(e, ERR_CONFLICT, "--head", "head \"%.*s\" is named twice",
                           STR_FMT(name));
    struct examples_head *h = &ex->heads[ex->head_count++];
    h->name = name;
    h->column = column;
    vec_init(&h->classes, ex->arena, sizeof(struct str));
    return ERR_OK;
}

struct example *examples_row(const struct examples *ex, size_t i)
{
    return vec_at(&ex->rows, i);
}

struct str examples_class(const struct examples *ex, int head, int class)
{
    return *(const struct str *)vec_at(&ex->heads[head].classes, (size_t) class);
}

const struct naming *examples_brand(struct examples *ex, struct str names)
{
    if (names.n == 0)
        return NULL;
    for (size_t i = ex->brands.n; i-- > 0;) {
        const struct known_brand *known = vec_at(&ex->brands, i);
        if (str_eq(known->names, names))
            return known->brand;
    }
    struct vec list;
    vec_init(&list, ex->arena, sizeof(struct str));
    struct str rest = names, piece;
    while (str_next(&rest, ',', &piece))
        *(struct str *)vec_push(&list) = str_trim(piece);
    struct known_brand *known = vec_push(&ex->brands);
    known->names = names;
    known->brand = naming_new(ex->arena, (struct brand_names){list.p, list.n});
    return known->brand;
}

static int class_of(struct examples_head *h, struct str label)
{
    for (size_t k = 0; k < h->classes.n; k++)
        if (str_eq(*(struct str *)vec_at(&h->classes, k), label))
            return (int)k;
    *(struct str *)vec_push(&h->classes) = label;
    return (int)h->classes.n - 1;
}

/* Where the wanted columns stand in a line. */
struct layout {
    size_t count;
    size_t text, brand; /* SIZE_MAX: none */
    size_t heads[MODEL_HEADS_MAX];
};

static size_t split(struct str line, struct str *cells)
{
    size_t n = 0;
    struct str cell;
    line.n++; /* so that an empty last cell is one, too; the byte is never read */
    while (n < COLUMNS_MAX && line.n > 0) {
        const char *tab = memchr(line.p, '\t', line.n - 1);
        cell = (struct str){line.p, tab ? (size_t)(tab - line.p) : line.n - 1};
        cells[n++] = cell;
        line.p += cell.n + 1;
        line.n -= cell.n + 1;
    }
    return n;
}

static size_t column_of(const struct str *cells, size_t n, struct str name)
{
    for (size_t i = 0; i < n; i++)
        if (name.n && str_eq(cells[i], name))
            return i;
    return SIZE_MAX;
}

static enum err read_layout(const struct examples *ex, struct str line, const char *name,
                            struct layout *out, struct errinfo *e)
{
    struct str cells[COLUMNS_MAX];
    struct str missing = STR_NONE;
    if (str_starts(line, STR("\xEF\xBB\xBF")))
        line = str_sub(line, 3, line.n);
    out->count = split(line, cells);
    out->text = column_of(cells, out->count, ex->text_column);
    out->brand = column_of(cells, out->count, ex->brand_column);
    if (out->text == SIZE_MAX)
        missing = ex->text_column;
    bool any = ex->head_count == 0;
    for (int h = 0; h < ex->head_count; h++) {
        out->heads[h] = column_of(cells, out->count, ex->heads[h].column);
        any |= out->heads[h] != SIZE_MAX;
    }
    if (!any)
        missing = ex->heads[0].column;
    if (missing.p)
        return err_set(e, ERR_INVALID, name, "the header line has no column \"%.*s\"",
                       STR_FMT(missing));
    return ERR_OK;
}

/* By the first words; a post shared once more ("RT @name: ...") is like the first. */
static uint64_t likeness(struct tokens *tokens, struct str text)
{
    uint64_t h = 0;
    tokens_read(tokens, text);
    for (size_t i = 0, words = 0; i < tokens->n && words < LIKENESS_WORDS; i++) {
        const struct token *t = &tokens->t[i];
        bool shared =
            i == 0 && t->caps && t->n == 2 && tokens->n > 1 && tokens->t[1].kind == TOKEN_HANDLE;
        if ((t->kind == TOKEN_WORD || t->kind == TOKEN_HASHTAG) && !shared) {
            h = tokens_mix(h + t->hash);
            words++;
        }
    }
    return h ? h : str_hash(text);
}

static enum err read_row(struct examples *ex, const struct layout *layout, struct str line,
                         const char *where, struct errinfo *e)
{
    struct str cells[COLUMNS_MAX];
    size_t n = split(line, cells);
    if (n != layout->count)
        return err_set(e, ERR_INVALID, where, "%zu columns, the header line has %zu", n,
                       layout->count);
    if (ex->rows.n == EXAMPLES_ROWS_MAX)
        return err_set(e, ERR_LIMIT, where, "more than %d rows", EXAMPLES_ROWS_MAX);
    struct example *row = vec_push(&ex->rows);
    row->text = cells[layout->text];
    row->likeness = likeness(ex->tokens, row->text);
    row->brand = layout->brand == SIZE_MAX ? NULL : examples_brand(ex, cells[layout->brand]);
    for (int h = 0; h < MODEL_HEADS_MAX; h++)
        row->labels[h] = -1;
    for (int h = 0; h < ex->head_count; h++) {
        size_t at = layout->heads[h];
        if (at == SIZE_MAX || cells[at].n == 0)
            continue;
        if (cells[at].n > MODEL_NAME_MAX)
            return err_set(e, ERR_INVALID, where, "label of more than %d bytes in column \"%.*s\"",
                           MODEL_NAME_MAX, STR_FMT(ex->heads[h].column));
        int class = class_of(&ex->heads[h], cells[at]);
        if (class >= MODEL_CLASSES_MAX)
            return err_set(e, ERR_LIMIT, where, "more than %d labels in column \"%.*s\"",
                           MODEL_CLASSES_MAX, STR_FMT(ex->heads[h].column));
        row->labels[h] = (int16_t) class;
    }
    return ERR_OK;
}

enum err examples_read(struct examples *ex, struct str bytes, const char *name, struct errinfo *e)
{
    struct str line;
    struct layout layout;
    if (!str_next_line(&bytes, &line))
        return err_set(e, ERR_INVALID, name, "empty: a header line is wanted");
    TRY(read_layout(ex, line, name, &layout, e));
    for (size_t number = 2; str_next_line(&bytes, &line); number++) {
        char where[320];
        snprintf(where, sizeof where, "%s:%zu", name, number);
        if (line.n)
            TRY(read_row(ex, &layout, line, where, e));
    }
    return ERR_OK;
}

enum err examples_read_file(struct examples *ex, const char *path, struct errinfo *e)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0) {
        int why = errno;
        if (fd >= 0)
            close(fd);
        return err_set(e, why == ENOENT ? ERR_NOT_FOUND : ERR_IO, path, "cannot read: %s",
                       strerror(why));
    }
    if (!S_ISREG(st.st_mode) || st.st_size > FILE_SIZE_MAX) {
        close(fd);
        return err_set(e, ERR_INVALID, path, "a plain file of at most 1 GB is wanted");
    }
    size_t size = (size_t)st.st_size, n = 0;
    char *bytes = arena_alloc(ex->arena, size + 1);
    while (n < size) {
        ssize_t got = read(fd, bytes + n, size - n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        n += (size_t)got;
    }
    close(fd);
    return examples_read(ex, (struct str){bytes, n}, path, e);
}
