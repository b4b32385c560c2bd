/* sprite.c - one SVG with all icons: own symbols as they are, and the named lucide icons as
 * symbols.
 *
 *   sprite --lucide DIR --list FILE --own FILE --out F
 *
 * A line of the list is "ours theirs": icon "ours" of our pages is lucide's "theirs". '#' begins a
 * comment. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

enum { FILE_MAX = 1024 * 1024 };

static struct str load(struct arena *a, struct str path)
{
    FILE *f = fopen(arena_str(a, path).p, "rb");
    char *text = arena_alloc(a, FILE_MAX);
    size_t n = f ? fread(text, 1, FILE_MAX, f) : 0;
    if (!f || n == FILE_MAX) {
        fprintf(stderr, "%.*s: cannot be read or is too large\n", STR_FMT(path));
        exit(1);
    }
    fclose(f);
    return (struct str){text, n};
}

/* What stands between the outer <svg ...> and </svg>, on one line. */
static void add_symbol(struct buf *out, struct str ours, struct str svg, struct str path)
{
    ptrdiff_t open = str_find(svg, STR("<svg"), 0);
    ptrdiff_t from = open < 0 ? -1 : str_find_char(svg, '>', (size_t)open);
    ptrdiff_t to = str_find(svg, STR("</svg>"), 0);
    if (from < 0 || to < from) {
        fprintf(stderr, "%.*s: is no SVG icon\n", STR_FMT(path));
        exit(1);
    }
    struct str inner = str_sub(svg, (size_t)from + 1, (size_t)to), line;
    buf_printf(out, "<symbol id=\"i-%.*s\" viewBox=\"0 0 24 24\">", STR_FMT(ours));
    while (str_next_line(&inner, &line))
        buf_add(out, str_trim(line));
    buf_add_z(out, "</symbol>\n");
}

int main(int argc, char **argv)
{
    const char *lucide = NULL, *list = NULL, *own = NULL, *to = NULL;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--lucide") == 0)
            lucide = argv[i + 1];
        else if (strcmp(argv[i], "--list") == 0)
            list = argv[i + 1];
        else if (strcmp(argv[i], "--own") == 0)
            own = argv[i + 1];
        else if (strcmp(argv[i], "--out") == 0)
            to = argv[i + 1];
    }
    if (!lucide || !list || !own || !to) {
        fputs("usage: sprite --lucide DIR --list FILE --own FILE --out F\n", stderr);
        return 2;
    }
    struct arena a;
    struct buf out;
    arena_init(&a);
    buf_init_in(&out, &a, 8 * (size_t)FILE_MAX);
    buf_add_z(&out, "<svg xmlns=\"http://www.w3.org/2000/svg\">\n");
    struct str rest = load(&a, str_z(list)), line;
    while (str_next_line(&rest, &line)) {
        struct str theirs = str_trim(line), ours;
        if (!theirs.n || theirs.p[0] == '#')
            continue;
        str_next(&theirs, ' ', &ours);
        struct str path = arena_printf(&a, "%s/%.*s.svg", lucide, STR_FMT(str_trim(theirs)));
        add_symbol(&out, ours, load(&a, path), path);
    }
    buf_add(&out, load(&a, str_z(own)));
    buf_add_z(&out, "</svg>\n");
    FILE *f = fopen(to, "wb");
    if (!f || !buf_ok(&out) || fwrite(out.p, 1, out.n, f) != out.n || fclose(f) != 0) {
        fprintf(stderr, "%s: cannot be written\n", to);
        return 1;
    }
    arena_deinit(&a);
    return 0;
}
