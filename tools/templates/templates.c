/* templates.c - compiles templates to C: typed fields, escaping by context, wording through
 * gettext.
 *
 *   templates --root DIR --in console/desk.html --out-h F --out-c F [--depfile F] [--sprite F]
 *   templates --root DIR --messages F FILE...          all texts to be translated, as a .pot
 *
 * A file holds declarations:
 *   {{! comment }}                       also between fields
 *   {{use "page/parts.html"}}            structs and partials of another file
 *   {{struct case_row}} fields {{end}}   a field a line: name, type, comment
 *   {{partial row case_row}} ... {{end}} a function that renders one struct: row_render(o, &it)
 *   {{page desk}} fields {{end}} ...     last: the page's struct, then its body to the end of the
 * file Types: str, i64, real, bool, url (an address; http, https, mailto or an own path, all else
 * becomes "#"), html (struct safe_html, the only text written as it is), a struct by value, struct?
 * (a pointer, may be NULL), and [type], an array (pointer and NAME_n). In a body:
 *   {{= path.to.field}}                  escaped for its place: text, quoted attribute, or address
 *   {{if a}} {{if not a and b == "x"}} {{elif n != 3}} {{else}} {{end}}
 *                                        str: not empty, i64: not 0, array: not empty, struct?:
 * there
 *   {{for row in rows}} ... {{else}} nothing there ... {{end}}
 *   {{include row it}}                   "." is the struct of this view; struct? is skipped when
 * absent
 *   {{_ "Reply to %s" person}}  {{n_ "%d case" "%d cases" count}}
 *                                        translated; **word** is strong between tags
 *   {{icon "mail"}} {{icon field}}       an <svg> from the sprite, hidden from screen readers
 *   {{asset "css/zuruf.css"}}            the address of an asset
 *   {{csrf}}                             the hidden field each form needs
 * A run of blanks with a line break vanishes between tags (and beside if, for, include) and is one
 * space beside text; <pre> and <textarea> keep theirs. A path cannot go through a struct? - include
 * a partial instead. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tmpl.h"

enum { OUT_MAX = 8 * 1024 * 1024 };

static void save(const char *path, const struct buf *b)
{
    struct str s = buf_str(b);
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(s.p, 1, s.n, f) != s.n || fclose(f) != 0) {
        fprintf(stderr, "%s: cannot be written\n", path);
        exit(1);
    }
}

/* Each file that was read, so that the build runs again when one of them changes. */
static void save_depfile(struct program *p, const char *path, const char *target,
                         const char *sprite)
{
    struct buf b;
    buf_init_in(&b, p->a, OUT_MAX);
    buf_printf(&b, "%s:", target);
    for (size_t i = 0; i < p->units.n; i++)
        buf_printf(&b, " %.*s/%.*s", STR_FMT(p->root), STR_FMT(p->units.entries[i].key));
    buf_printf(&b, "%s%s\n", sprite ? " " : "", sprite ? sprite : "");
    save(path, &b);
}

static void compile(struct program *p, const char *in, const char *out_h, const char *out_c)
{
    struct unit *u = tmpl_read(p, str_z(in));
    struct buf b;
    buf_init_in(&b, p->a, OUT_MAX);
    tmpl_write_header(u, &b);
    save(out_h, &b);
    buf_clear(&b);
    tmpl_write_source(u, &b);
    save(out_c, &b);
}

static void list_messages(struct program *p, const char *out, char **files, int n)
{
    struct buf b;
    buf_init_in(&b, p->a, OUT_MAX);
    buf_add_z(&b, "msgid \"\"\nmsgstr \"Content-Type: text/plain; charset=UTF-8\\n\"\n");
    for (int i = 0; i < n; i++)
        tmpl_write_messages(tmpl_read(p, str_z(files[i])), &b);
    save(out, &b);
}

static _Noreturn void usage(void)
{
    fputs("usage: templates --root DIR (--in FILE --out-h F --out-c F [--depfile F] [--sprite F] | "
          "--messages F FILE...)\n",
          stderr);
    exit(2);
}

int main(int argc, char **argv)
{
    static const char *const names[] = {"--root",    "--in",     "--out-h",   "--out-c",
                                        "--depfile", "--sprite", "--messages"};
    enum { ROOT, IN, OUT_H, OUT_C, DEPFILE, SPRITE, MESSAGES, OPTIONS };
    const char *o[OPTIONS] = {0};
    int at = 1;
    for (; at + 1 < argc && strncmp(argv[at], "--", 2) == 0; at += 2) {
        int i = 0;
        while (i < OPTIONS && strcmp(names[i], argv[at]) != 0)
            i++;
        if (i == OPTIONS)
            usage();
        o[i] = argv[at + 1];
    }
    struct arena a;
    arena_init(&a);
    struct program p = {.a = &a, .root = str_z(o[ROOT])};
    map_init(&p.units, &a);
    if (o[SPRITE])
        p.sprite = tmpl_load(&p, str_z(o[SPRITE]), OUT_MAX);
    if (o[ROOT] && o[MESSAGES])
        list_messages(&p, o[MESSAGES], argv + at, argc - at);
    else if (o[ROOT] && o[IN] && o[OUT_H] && o[OUT_C] && at == argc)
        compile(&p, o[IN], o[OUT_H], o[OUT_C]);
    else
        usage();
    if (o[DEPFILE] && o[OUT_H])
        save_depfile(&p, o[DEPFILE], o[OUT_H], o[SPRITE]);
    arena_deinit(&a);
    return 0;
}
