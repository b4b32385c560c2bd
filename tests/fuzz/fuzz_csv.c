/* fuzz_csv.c - tables: the reader comes to an end, its cells are UTF-8, and rows that it gave are
 * read back alike. */
#include "fuzz.h"

#include <string.h>

#include "base/arena.h"
#include "text/csv.h"
#include "text/unicode.h"

static void check_again(struct arena *a, const struct csv_row *row)
{
    struct buf b;
    struct csv_writer w;
    struct csv_row again;
    struct csv_reader r;
    buf_init_in(&b, a, 64 * 1024 * 1024);
    csv_writer_init(&w, &b, ',');
    csv_add_text(&w, STR("x,y")); /* settles the separator */
    for (size_t i = 0; i < row->n; i++)
        csv_add_text(&w, row->cells[i]);
    csv_end_row(&w);
    FILE *file = fmemopen(b.p, b.n, "rb");
    assert(file);
    csv_reader_init(&r, file);
    r.separator = ',';
    enum err err = csv_next(&r, a, &again, NULL);
    assert(err == ERR_OK || err == ERR_LIMIT);
    if (!err) {
        assert(again.n == row->n + 1);
        for (size_t i = 0; i < row->n; i++) {
            struct str cell = row->cells[i], got = again.cells[i + 1];
            assert(!got.n || !strchr("=+-@\t\r", got.p[0]) || !got.p[0]);
            assert(str_ends(got, cell) && got.n <= cell.n + 1);
        }
    }
    csv_reader_deinit(&r);
    fclose(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    FILE *file = n ? fmemopen((void *)(uintptr_t)bytes, n, "rb") : NULL;
    if (!file)
        return 0;
    struct arena a;
    struct csv_reader r;
    struct csv_row row;
    arena_init(&a);
    csv_reader_init(&r, file);
    for (size_t rows = 0;; rows++) {
        enum err err = csv_next(&r, &a, &row, NULL);
        if (!err && !row.cells)
            break;
        assert(err != ERR_IO && rows <= n);
        for (size_t i = 0; !err && i < row.n; i++)
            assert(utf8_valid(row.cells[i]));
        if (!err && row.n < CSV_COLUMNS_MAX)
            check_again(&a, &row);
    }
    csv_reader_deinit(&r);
    fclose(file);
    arena_deinit(&a);
    return 0;
}
