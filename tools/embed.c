/* embed.c - files as constant bytes in the program.
 *
 *   embed --name SYMBOL --out-h F --out-c F NAME=FILE[+FILE...]...
 *
 * Writes `const struct embedded SYMBOL[]` and `SYMBOL_count` (name, media type, bytes, entity tag),
 * and `SYMBOL_hash`, a digest of all names and bytes: pages address assets below it, so that
 * browsers may keep them for ever. With --single each NAME becomes a symbol SYMBOL_NAME of its own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

enum { FILE_MAX = 4 * 1024 * 1024, OUT_MAX = 64 * 1024 * 1024 };

struct options {
    const char *name, *out_h, *out_c;
    bool single;
};

static const char *type_of(struct str name)
{
    static const char *const types[][2] = {
        {".css", "text/css; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".svg", "image/svg+xml"},
        {".woff2", "font/woff2"},
        {".txt", "text/plain; charset=utf-8"},
        {".png", "image/png"},
        {".mo", "application/octet-stream"},   {".json", "application/json"},
        {".jsonl", "application/x-ndjson"},
    };
    for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
        if (str_ends(name, str_z(types[i][0])))
            return types[i][1];
    fprintf(stderr, "%.*s: no media type is known for it\n", STR_FMT(name));
    exit(1);
}

static void load(struct arena *a, struct buf *b, struct str path)
{
    FILE *f = fopen(arena_str(a, path).p, "rb");
    char *room = buf_reserve(b, FILE_MAX);
    size_t n = f && room ? fread(room, 1, FILE_MAX, f) : 0;
    if (!f || !room || n == FILE_MAX || ferror(f)) {
        fprintf(stderr, "%.*s: cannot be read or is too large\n", STR_FMT(path));
        exit(1);
    }
    b->n += n;
    fclose(f);
}

static void save(const char *path, const struct buf *b)
{
    FILE *f = fopen(path, "wb");
    if (!f || !buf_ok(b) || fwrite(b->p, 1, b->n, f) != b->n || fclose(f) != 0) {
        fprintf(stderr, "%s: cannot be written\n", path);
        exit(1);
    }
}

/* As a string: a compiler reads it many times faster than a list of numbers. */
static void add_bytes(struct buf *out, struct str s)
{
    bool after_octal = false;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (i % 96 == 0)
            buf_add_z(out, i ? "\"\n\"" : "\"");
        if (c == '"' || c == '\\')
            buf_printf(out, "\\%c", c);
        else if (c >= 0x20 && c < 0x7f && c != '?' && !(after_octal && c >= '0' && c <= '7'))
            buf_add_char(out, (char)c);
        else
            buf_printf(out, "\\%03o", c);
        after_octal = c < 0x20 || c >= 0x7f;
    }
    buf_add_z(out, s.n ? "\"" : "\"\"");
}

static uint64_t mix(uint64_t h, struct str s)
{
    return (h ^ str_hash(s)) * UINT64_C(0x9e3779b97f4a7c15);
}

static void write_header(const struct options *o, struct buf *h)
{
    buf_printf(h,
               "/* Made by tools/embed. */\n#ifndef %s_EMBEDDED\n#define %s_EMBEDDED\n\n#include "
               "<stddef.h>\n\n"
               "#ifndef EMBEDDED_STRUCT\n#define EMBEDDED_STRUCT\n"
               "struct embedded {\n    const char *name, *type;\n    const unsigned char *bytes;\n "
               "   size_t n;\n"
               "    const char *etag; /* with its quotes */\n};\n#endif\n\n",
               o->name, o->name);
    if (!o->single)
        buf_printf(h,
                   "extern const struct embedded %s[];\nextern const size_t %s_count;\n"
                   "extern const char %s_hash[]; /* of all names and bytes */\n",
                   o->name, o->name, o->name);
}

static uint64_t write_file(struct arena *a, const struct options *o, struct str arg, size_t i,
                           struct buf *h, struct buf *c, struct buf *table)
{
    struct str paths = arg, name, path;
    struct buf bytes;
    buf_init(&bytes, 4 * (size_t)FILE_MAX);
    if (!str_next(&paths, '=', &name) || !paths.n) {
        fprintf(stderr, "%.*s: must be NAME=FILE\n", STR_FMT(arg));
        exit(2);
    }
    while (str_next(&paths, '+', &path))
        load(a, &bytes, path);
    struct str all = buf_str(&bytes);
    uint64_t hash = str_hash(all);
    buf_printf(c, "\nstatic const unsigned char bytes_%zu[] =\n", i);
    add_bytes(c, all);
    buf_add_z(c, ";\n");
    struct buf row;
    buf_init_in(&row, a, 4096);
    buf_printf(&row, "{\"%.*s\", \"%s\", bytes_%zu, %zu, \"\\\"%016llx\\\"\"}", STR_FMT(name),
               type_of(name), i, all.n, (unsigned long long)hash);
    if (o->single) {
        ptrdiff_t dot = str_find_char(name, '.', 0);
        struct str symbol = str_sub(name, 0, dot < 0 ? name.n : (size_t)dot);
        buf_printf(h, "extern const struct embedded %s_%.*s;\n", o->name, STR_FMT(symbol));
        buf_printf(c, "const struct embedded %s_%.*s = %.*s;\n", o->name, STR_FMT(symbol),
                   STR_FMT(buf_str(&row)));
    } else {
        buf_printf(table, "    %.*s,\n", STR_FMT(buf_str(&row)));
    }
    buf_deinit(&bytes);
    return mix(mix(UINT64_C(1), name), (struct str){(const char *)&hash, sizeof(hash)});
}

static _Noreturn void usage(void)
{
    fputs("usage: embed --name SYMBOL --out-h F --out-c F [--single] NAME=FILE[+FILE...]...\n",
          stderr);
    exit(2);
}

int main(int argc, char **argv)
{
    struct options o = {0};
    int at = 1;
    for (; at < argc && strncmp(argv[at], "--", 2) == 0; at++) {
        if (strcmp(argv[at], "--single") == 0)
            o.single = true;
        else if (at + 1 < argc && strcmp(argv[at], "--name") == 0)
            o.name = argv[++at];
        else if (at + 1 < argc && strcmp(argv[at], "--out-h") == 0)
            o.out_h = argv[++at];
        else if (at + 1 < argc && strcmp(argv[at], "--out-c") == 0)
            o.out_c = argv[++at];
        else
            usage();
    }
    if (!o.name || !o.out_h || !o.out_c)
        usage();
    struct arena a;
    struct buf h, c, table;
    uint64_t hash = 1;
    arena_init(&a);
    buf_init(&h, OUT_MAX);
    buf_init(&c, OUT_MAX);
    buf_init(&table, OUT_MAX);
    write_header(&o, &h);
    const char *slash = strrchr(o.out_h, '/');
    buf_printf(&c, "/* Made by tools/embed. */\n#include \"%s\"\n", slash ? slash + 1 : o.out_h);
    for (int i = at; i < argc; i++)
        hash = hash * 31 + write_file(&a, &o, str_z(argv[i]), (size_t)(i - at), &h, &c, &table);
    if (!o.single)
        buf_printf(&c,
                   "\nconst struct embedded %s[] = {\n%.*s};\nconst size_t %s_count = %d;\n"
                   "const char %s_hash[] = \"%016llx\";\n",
                   o.name, STR_FMT(buf_str(&table)), o.name, argc - at, o.name,
                   (unsigned long long)hash);
    buf_add_z(&h, "\n#endif\n");
    save(o.out_h, &h);
    save(o.out_c, &c);
    buf_deinit(&h);
    buf_deinit(&c);
    buf_deinit(&table);
    arena_deinit(&a);
    return 0;
}
