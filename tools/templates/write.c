/* write.c - the tree as C: structs and prototypes for the header, one function for each view. */
#include <string.h>

#include "tmpl.h"

/* A variable of an enclosing {{for}}. */
struct scope {
    struct str name;
    const struct field *of; /* the array it walks */
    const struct scope *outer;
};

struct writer {
    const struct unit *u;
    const struct view *v;
    struct arena *a;
    struct buf *out;
    struct buf pending; /* static text not yet written */
    struct html html;
    int indent, loops;
    bool uses_p;
};

/* What a path leads to: the C expression, and the field. */
struct target {
    struct str c;
    const struct field *field; /* NULL: the whole record of the view or of a loop */
    const struct record *record;
    bool array;   /* still the array, not an item */
    bool pointer; /* c is a pointer to the record */
};

void tmpl_literal(struct buf *out, struct str s)
{
    buf_add_char(out, '"');
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c == '"' || c == '\\')
            buf_printf(out, "\\%c", c);
        else if (c == '\n')
            buf_add_z(out, "\\n");
        else if (c < 0x20 || c >= 0x7f || (c == '?' && i && s.p[i - 1] == '?'))
            buf_printf(out, "\\%03o", c);
        else
            buf_add_char(out, (char)c);
    }
    buf_add_char(out, '"');
}

static void indent(struct writer *w)
{
    for (int i = 0; i < w->indent; i++)
        buf_add_z(w->out, "    ");
}

/* Static text in one call, its literal in pieces that keep lines short. */
static void flush(struct writer *w)
{
    struct str s = buf_str(&w->pending);
    if (!s.n)
        return;
    indent(w);
    buf_printf(w->out, "buf_add(o->buf, (struct str){");
    for (size_t i = 0; i < s.n; i += 72) {
        if (i) {
            buf_add_char(w->out, '\n');
            indent(w);
            buf_add_z(w->out, "    ");
        }
        tmpl_literal(w->out, str_sub(s, i, i + 72));
    }
    buf_printf(w->out, ", %zu});\n", s.n);
    buf_clear(&w->pending);
}

/* ---- paths ---- */

static struct target step(struct writer *w, int line, struct target t, struct str name)
{
    if (t.array || !t.record || (t.field && t.field->optional && t.pointer))
        tmpl_fail(w->u, line, "'%.*s' cannot be reached: what stands before it is no plain struct",
                  STR_FMT(name));
    const struct field *f = tmpl_field(t.record, name);
    if (!f)
        tmpl_fail(w->u, line, "struct %.*s has no field '%.*s'", STR_FMT(t.record->name),
                  STR_FMT(name));
    struct str c =
        arena_printf(w->a, "%.*s%s%.*s", STR_FMT(t.c), t.pointer ? "->" : ".", STR_FMT(name));
    return (struct target){
        .c = c, .field = f, .record = f->record, .array = f->array, .pointer = f->optional};
}

static struct target resolve(struct writer *w, int line, struct str path, const struct scope *scope)
{
    struct str rest = path, name;
    struct target t = {.c = STR("p"), .record = w->v->record, .pointer = true};
    if (str_eq_z(path, ".")) {
        w->uses_p = true;
        return t;
    }
    str_next(&rest, '.', &name);
    while (scope && !str_eq(scope->name, name))
        scope = scope->outer;
    if (scope) {
        bool record = scope->of->type == TYPE_RECORD;
        t = (struct target){.c = arena_printf(w->a, record ? "v_%.*s" : "(*v_%.*s)", STR_FMT(name)),
                            .field = record ? NULL : scope->of,
                            .record = scope->of->record,
                            .pointer = record};
    } else {
        w->uses_p = true;
        t = step(w, line, t, name);
    }
    while (str_next(&rest, '.', &name))
        t = step(w, line, t, name);
    return t;
}

/* ---- single values ---- */

static const struct field *want_scalar(struct writer *w, int line, struct str path,
                                       const struct target *t)
{
    if (!t->field || t->array || t->field->type == TYPE_RECORD || t->field->type == TYPE_BOOL)
        tmpl_fail(w->u, line, "'%.*s' is nothing that can be written out", STR_FMT(path));
    return t->field;
}

static void write_value(struct writer *w, const struct node *n, const struct scope *scope)
{
    struct target t = resolve(w, n->line, n->path, scope);
    enum type type = want_scalar(w, n->line, n->path, &t)->type;
    enum place place = html_place(&w->html, w->u, n->line);
    const char *fn = "out_text";
    if (type == TYPE_HTML) {
        if (place != PLACE_TEXT)
            tmpl_fail(w->u, n->line, "HTML may only stand between tags");
        fn = "out_html";
    } else if (type == TYPE_I64) {
        fn = "out_i64";
    } else if (type == TYPE_REAL) {
        fn = "out_real";
    } else if (place == PLACE_URL) {
        fn = "out_url";
    } else if (place == PLACE_URL_PART) {
        fn = "out_url_part";
    }
    flush(w);
    indent(w);
    buf_printf(w->out, "%s(o, %.*s);\n", fn, STR_FMT(t.c));
}

/* Placeholders of the text against the arguments: %s takes text, %d a number, %% is a percent sign.
 */
static void check_placeholders(struct writer *w, const struct node *n, struct str s)
{
    size_t found = 0;
    for (size_t i = 0; i + 1 < s.n; i++) {
        if (s.p[i] != '%')
            continue;
        char c = s.p[++i];
        if (c != 's' && c != 'd' && c != '%')
            tmpl_fail(w->u, n->line, "only %%s, %%d and %%%% are known in texts");
        found += c != '%';
    }
    if (found != n->args_n && !(n->many.p && s.p == n->one.p && found + 1 == n->args_n))
        tmpl_fail(w->u, n->line, "the text has %zu placeholders, but %zu fields follow", found,
                  n->args_n);
}

static void write_message(struct writer *w, const struct node *n, const struct scope *scope)
{
    enum place place = html_place(&w->html, w->u, n->line);
    if (place == PLACE_URL || place == PLACE_URL_PART)
        tmpl_fail(w->u, n->line, "a translated text is no address");
    check_placeholders(w, n, n->one);
    if (n->many.p)
        check_placeholders(w, n, n->many);
    flush(w);
    indent(w);
    buf_printf(w->out, n->many.p ? "out_plural(o, " : "out_message(o, ");
    tmpl_literal(w->out, n->one);
    if (n->many.p) {
        buf_add_z(w->out, ", ");
        tmpl_literal(w->out, n->many);
    }
    buf_printf(w->out, ", %s", place == PLACE_TEXT ? "true" : "false");
    if (!n->args_n)
        buf_add_z(w->out, ", NULL, 0");
    for (size_t i = 0; i < n->args_n; i++) {
        struct target t = resolve(w, n->line, n->args[i], scope);
        enum type type = want_scalar(w, n->line, n->args[i], &t)->type;
        if ((type != TYPE_STR && type != TYPE_I64) || (i == 0 && n->many.p && type != TYPE_I64))
            tmpl_fail(w->u, n->line, "'%.*s' cannot stand in a text", STR_FMT(n->args[i]));
        buf_printf(w->out, "%s{.%s = %.*s, .number = %s}", i ? ", " : ", (struct out_arg[]){",
                   type == TYPE_I64 ? "i" : "s", STR_FMT(t.c), type == TYPE_I64 ? "true" : "false");
    }
    if (n->args_n)
        buf_printf(w->out, "}, %zu", n->args_n);
    buf_add_z(w->out, ");\n");
}

static void write_icon(struct writer *w, const struct node *n, const struct scope *scope)
{
    if (html_place(&w->html, w->u, n->line) != PLACE_TEXT)
        tmpl_fail(w->u, n->line, "an icon may only stand between tags");
    struct str sprite = w->u->program->sprite;
    struct str id = arena_printf(w->a, "id=\"i-%.*s\"", STR_FMT(n->text));
    if (n->text.p && sprite.p && str_find(sprite, id, 0) < 0)
        tmpl_fail(w->u, n->line, "the sprite has no icon '%.*s'", STR_FMT(n->text));
    flush(w);
    indent(w);
    if (n->text.p) {
        buf_printf(w->out, "out_icon(o, STR(\"%.*s\"));\n", STR_FMT(n->text));
        return;
    }
    struct target t = resolve(w, n->line, n->path, scope);
    if (want_scalar(w, n->line, n->path, &t)->type != TYPE_STR)
        tmpl_fail(w->u, n->line, "the name of an icon is a str");
    buf_printf(w->out, "out_icon(o, %.*s);\n", STR_FMT(t.c));
}

static void write_include(struct writer *w, const struct node *n, const struct scope *scope)
{
    if (w->html.state != HTML_TEXT)
        tmpl_fail(w->u, n->line, "a partial may only be included between tags");
    const struct view *v = tmpl_view(w->u, n->text);
    if (!v || v->page)
        tmpl_fail(w->u, n->line, "partial '%.*s' is not known here", STR_FMT(n->text));
    struct target t = resolve(w, n->line, n->path, scope);
    if (t.record != v->record || t.array)
        tmpl_fail(w->u, n->line, "partial %.*s renders struct %.*s", STR_FMT(v->name),
                  STR_FMT(v->record->name));
    flush(w);
    if (t.field && t.field->optional) {
        indent(w);
        buf_printf(w->out, "if (%.*s)\n    ", STR_FMT(t.c));
    }
    indent(w);
    buf_printf(w->out, "%.*s_render(o, %s%.*s);\n", STR_FMT(v->name), t.pointer ? "" : "&",
               STR_FMT(t.c));
    html_border(&w->html);
}

/* ---- tests ---- */

static void write_truth(struct writer *w, int line, struct str path, const struct target *t)
{
    if (t->array)
        buf_printf(w->out, "%.*s_n != 0", STR_FMT(t->c));
    else if (t->field && t->field->optional)
        buf_printf(w->out, "%.*s != NULL", STR_FMT(t->c));
    else if (!t->field || t->field->type == TYPE_RECORD)
        tmpl_fail(w->u, line, "'%.*s' is always there", STR_FMT(path));
    else if (t->field->type == TYPE_BOOL)
        buf_printf(w->out, "%.*s", STR_FMT(t->c));
    else if (t->field->type == TYPE_HTML)
        buf_printf(w->out, "%.*s.html.n != 0", STR_FMT(t->c));
    else if (t->field->type == TYPE_I64 || t->field->type == TYPE_REAL)
        buf_printf(w->out, "%.*s != 0", STR_FMT(t->c));
    else
        buf_printf(w->out, "%.*s.n != 0", STR_FMT(t->c));
}

/* path == "word", path != 3 */
static void write_comparison(struct writer *w, int line, const struct target *t, struct str sign,
                             struct word with)
{
    bool equal = str_eq_z(sign, "==");
    if (!equal && !str_eq_z(sign, "!="))
        tmpl_fail(w->u, line, "only == and != compare");
    enum type type = t->field && !t->array ? t->field->type : TYPE_RECORD;
    if (type == TYPE_STR && with.type == WORD_TEXT) {
        buf_printf(w->out, "%sstr_eq_z(%.*s, ", equal ? "" : "!", STR_FMT(t->c));
        tmpl_literal(w->out, with.s);
        buf_add_char(w->out, ')');
    } else if (type == TYPE_I64 && with.type == WORD_NUMBER) {
        buf_printf(w->out, "%.*s %.*s %.*s", STR_FMT(t->c), STR_FMT(sign), STR_FMT(with.s));
    } else {
        tmpl_fail(w->u, line, "str compares with a text in quotes, i64 with a number");
    }
}

/* term [and term]... or term [or term]... */
static void write_test(struct writer *w, const struct branch *b, const struct scope *scope)
{
    struct str joint = STR_NONE;
    for (size_t i = 0; i < b->test_n;) {
        bool negated = b->test[i].type == WORD_NAME && str_eq_z(b->test[i].s, "not");
        i += negated;
        if (i == b->test_n || b->test[i].type != WORD_NAME)
            tmpl_fail(w->u, b->line, "a test needs a field");
        struct str path = b->test[i++].s;
        struct target t = resolve(w, b->line, path, scope);
        buf_add_z(w->out, negated ? "!(" : "(");
        if (i + 1 < b->test_n && b->test[i].type == WORD_SIGN) {
            write_comparison(w, b->line, &t, b->test[i].s, b->test[i + 1]);
            i += 2;
        } else {
            write_truth(w, b->line, path, &t);
        }
        buf_add_char(w->out, ')');
        if (i == b->test_n)
            break;
        struct str word = b->test[i++].s;
        bool both = str_eq_z(word, "and");
        if ((!both && !str_eq_z(word, "or")) || (joint.p && !str_eq(joint, word)) || i == b->test_n)
            tmpl_fail(w->u, b->line, "terms are joined by and alone, or by or alone");
        joint = word;
        buf_add_z(w->out, both ? " && " : " || ");
    }
}

/* ---- bodies ---- */

static void write_body(struct writer *w, const struct node *n, const struct scope *scope);

static void write_block(struct writer *w, const struct node *body, const struct scope *scope)
{
    html_border(&w->html);
    w->indent++;
    write_body(w, body, scope);
    flush(w);
    w->indent--;
}

static void same_or_fail(struct writer *w, int line, const struct html *a)
{
    if (!html_same(a, &w->html))
        tmpl_fail(w->u, line, "the branches of this tag end at different places of the HTML");
}

static void write_if(struct writer *w, const struct node *n, const struct scope *scope)
{
    struct html start = w->html, end = w->html;
    bool complete = false;
    flush(w);
    for (const struct branch *b = n->branches; b; b = b->next) {
        bool first = b == n->branches;
        w->html = start;
        indent(w);
        complete = !b->test_n;
        if (complete) {
            buf_add_z(w->out, "} else {\n");
        } else {
            buf_add_z(w->out, first ? "if (" : "} else if (");
            write_test(w, b, scope);
            buf_add_z(w->out, ") {\n");
        }
        write_block(w, b->body, scope);
        if (!first)
            same_or_fail(w, b->line, &end);
        end = w->html;
    }
    if (!complete)
        same_or_fail(w, n->line, &start);
    indent(w);
    buf_add_z(w->out, "}\n");
    html_border(&w->html);
}

static void write_for(struct writer *w, const struct node *n, const struct scope *scope)
{
    struct target t = resolve(w, n->line, n->path, scope);
    if (!t.array)
        tmpl_fail(w->u, n->line, "'%.*s' is no array", STR_FMT(n->path));
    for (const struct scope *s = scope; s; s = s->outer)
        if (str_eq(s->name, n->variable))
            tmpl_fail(w->u, n->line, "'%.*s' is taken by a loop around this one",
                      STR_FMT(n->variable));
    struct html start = w->html;
    struct scope inner = {n->variable, t.field, scope};
    static const char *const types[] = {"struct str", "int64_t",    "double",
                                        "bool",       "struct str", "struct safe_html"};
    int i = w->loops++;
    flush(w);
    indent(w);
    buf_printf(w->out, "for (size_t i%d = 0; i%d < %.*s_n; i%d++) {\n", i, i, STR_FMT(t.c), i);
    w->indent++;
    indent(w);
    if (t.field->type == TYPE_RECORD)
        buf_printf(w->out, "const struct %.*s", STR_FMT(t.field->record->name));
    else
        buf_printf(w->out, "const %s", types[t.field->type]);
    buf_printf(w->out, " *v_%.*s = &%.*s[i%d];\n", STR_FMT(n->variable), STR_FMT(t.c), i);
    w->indent--;
    write_block(w, n->body, &inner);
    same_or_fail(w, n->line, &start);
    indent(w);
    buf_add_z(w->out, "}\n");
    if (n->otherwise) {
        indent(w);
        buf_printf(w->out, "if (%.*s_n == 0) {\n", STR_FMT(t.c));
        write_block(w, n->otherwise, scope);
        same_or_fail(w, n->line, &start);
        indent(w);
        buf_add_z(w->out, "}\n");
    }
    html_border(&w->html);
}

static void write_body(struct writer *w, const struct node *n, const struct scope *scope)
{
    for (; n; n = n->next) {
        switch (n->type) {
        case NODE_TEXT:
            html_text(&w->html, w->u, n, &w->pending);
            break;
        case NODE_VALUE:
            write_value(w, n, scope);
            break;
        case NODE_IF:
            write_if(w, n, scope);
            break;
        case NODE_FOR:
            write_for(w, n, scope);
            break;
        case NODE_INCLUDE:
            write_include(w, n, scope);
            break;
        case NODE_MESSAGE:
            write_message(w, n, scope);
            break;
        case NODE_ICON:
            write_icon(w, n, scope);
            break;
        case NODE_ASSET:
            if (html_place(&w->html, w->u, n->line) != PLACE_URL)
                tmpl_fail(w->u, n->line, "an asset stands at the start of an address");
            flush(w);
            indent(w);
            buf_printf(w->out, "out_asset(o, STR(\"%.*s\"));\n", STR_FMT(n->text));
            break;
        case NODE_CSRF:
            flush(w);
            indent(w);
            buf_add_z(w->out, "out_csrf(o);\n");
            break;
        }
    }
}

static void write_view(struct writer *w, const struct view *v)
{
    struct buf whole, *to = w->out;
    buf_init_in(&whole, w->a, 4 * 1024 * 1024);
    w->v = v;
    w->out = &whole;
    w->uses_p = false;
    w->html = (struct html){.state = HTML_TEXT, .last_is_tag = true};
    w->indent = 1;
    write_body(w, v->body, NULL);
    flush(w);
    if (w->html.state != HTML_TEXT)
        tmpl_fail(w->u, v->body ? v->body->line : 1, "%.*s ends inside of a tag or script",
                  STR_FMT(v->name));
    w->out = to;
    buf_printf(to, "\nvoid %.*s_render(struct out *o, const struct %.*s *p)\n{\n%s",
               STR_FMT(v->name), STR_FMT(v->record->name), w->uses_p ? "" : "    (void)p;\n");
    buf_add(to, buf_str(&whole));
    buf_add_z(to, v->body ? "}\n" : "    (void)o;\n}\n");
}

void tmpl_write_source(const struct unit *u, struct buf *out)
{
    struct arena *a = u->program->a;
    struct writer w = {.u = u, .a = a, .out = out};
    buf_init_in(&w.pending, a, TMPL_FILE_MAX);
    buf_printf(out, "/* Made from %.*s by tools/templates. */\n#include \"%.*s_tmpl.h\"\n",
               STR_FMT(u->path), STR_FMT(u->base));
    for (size_t i = 0; i < u->views.n; i++)
        write_view(&w, *(struct view **)vec_at(&u->views, i));
}

static void write_record(const struct record *r, struct buf *out)
{
    static const char *const types[] = {"struct str ", "int64_t ",    "double ",
                                        "bool ",       "struct str ", "struct safe_html "};
    buf_printf(out, "\nstruct %.*s {\n", STR_FMT(r->name));
    for (size_t i = 0; i < r->fields.n; i++) {
        const struct field *f = vec_at(&r->fields, i);
        buf_printf(out, "    %s", f->array || f->optional ? "const " : "");
        if (f->type == TYPE_RECORD)
            buf_printf(out, "struct %.*s ", STR_FMT(f->record->name));
        else
            buf_add_z(out, types[f->type]);
        buf_printf(out, "%s%.*s;", f->array || f->optional ? "*" : "", STR_FMT(f->name));
        if (f->comment.n || f->optional)
            buf_printf(out, " /* %.*s%s */", STR_FMT(f->comment),
                       !f->optional   ? ""
                       : f->comment.n ? "; may be NULL"
                                      : "may be NULL");
        buf_add_char(out, '\n');
        if (f->array)
            buf_printf(out, "    size_t %.*s_n;\n", STR_FMT(f->name));
    }
    if (!r->fields.n)
        buf_add_z(out, "    char none; /* nothing to tell */\n");
    buf_add_z(out, "};\n");
}

void tmpl_write_header(const struct unit *u, struct buf *out)
{
    char guard[96] = "";
    for (size_t i = 0; i < u->base.n && i < 80; i++)
        guard[i] = (char)(u->base.p[i] >= 'a' && u->base.p[i] <= 'z' ? u->base.p[i] - 32 : '_');
    buf_printf(out,
               "/* Made from %.*s by tools/templates. */\n#ifndef %s_TMPL_H\n#define %s_TMPL_H\n\n",
               STR_FMT(u->path), guard, guard);
    buf_add_z(out, "#include \"page/out.h\"\n#include \"text/html.h\"\n");
    for (size_t i = 0; i < u->uses.n; i++)
        buf_printf(out, "#include \"%.*s_tmpl.h\"\n",
                   STR_FMT((*(struct unit **)vec_at(&u->uses, i))->base));
    for (size_t i = 0; i < u->records.n; i++)
        write_record(*(struct record **)vec_at(&u->records, i), out);
    buf_add_char(out, '\n');
    for (size_t i = 0; i < u->views.n; i++) {
        const struct view *v = *(struct view **)vec_at(&u->views, i);
        buf_printf(out, "void %.*s_render(struct out *o, const struct %.*s *p);\n",
                   STR_FMT(v->name), STR_FMT(v->record->name));
    }
    buf_add_z(out, "\n#endif\n");
}
