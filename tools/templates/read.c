/* read.c - template text to tree: tags and words, declarations, nested bodies. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tmpl.h"

/* What stands at the reader's place: a stretch of text, or a tag cut into words. */
struct token {
    bool tag;
    int line;
    struct str text;
    struct word words[TMPL_WORDS_MAX];
    size_t n;
};

struct reader {
    struct unit *u;
    struct arena *a;
    struct str text;
    size_t at;
    int line, depth;
    struct token t;
    bool end;
};

_Noreturn void tmpl_fail(const struct unit *u, int line, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fprintf(stderr, "%.*s/%.*s:%d: ", STR_FMT(u->program->root), STR_FMT(u->path), line);
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
    va_end(ap);
    exit(1);
}

struct str tmpl_load(struct program *p, struct str path, size_t max)
{
    FILE *f = fopen(arena_str(p->a, path).p, "rb");
    char *text = arena_alloc(p->a, max + 1);
    size_t n = f ? fread(text, 1, max + 1, f) : 0;
    if (!f || ferror(f) || n > max) {
        fprintf(stderr, "%.*s: cannot be read, or holds more than %zu bytes\n", STR_FMT(path), max);
        exit(1);
    }
    fclose(f);
    return (struct str){text, n};
}

static bool name_char(char c, bool first)
{
    return (c >= 'a' && c <= 'z') || c == '_' || c == '.' || (!first && c >= '0' && c <= '9');
}

static struct str read_quoted(struct reader *r, struct str s, size_t *i)
{
    struct buf text;
    buf_init_in(&text, r->a, TMPL_FILE_MAX);
    for ((*i)++; *i < s.n && s.p[*i] != '"'; (*i)++) {
        if (s.p[*i] == '\\' && *i + 1 < s.n)
            (*i)++;
        buf_add_char(&text, s.p[*i]);
    }
    if (*i >= s.n)
        tmpl_fail(r->u, r->t.line, "a text begins with a quote and does not end");
    (*i)++;
    return text.n ? buf_str(&text) : STR("");
}

static void read_words(struct reader *r, struct str s)
{
    struct token *t = &r->t;
    t->n = 0;
    for (size_t i = 0; i < s.n;) {
        char c = s.p[i];
        size_t from = i;
        if (c == ' ' || c == '\n' || c == '\t') {
            i++;
            continue;
        }
        if (t->n == TMPL_WORDS_MAX)
            tmpl_fail(r->u, t->line, "more than %d words in one tag", TMPL_WORDS_MAX);
        struct word *w = &t->words[t->n++];
        if (c == '"') {
            *w = (struct word){WORD_TEXT, read_quoted(r, s, &i)};
        } else if (name_char(c, true)) {
            while (i < s.n && name_char(s.p[i], false))
                i++;
            *w = (struct word){WORD_NAME, str_sub(s, from, i)};
        } else if (c == '-' || (c >= '0' && c <= '9')) {
            for (i++; i < s.n && s.p[i] >= '0' && s.p[i] <= '9';)
                i++;
            *w = (struct word){WORD_NUMBER, str_sub(s, from, i)};
        } else if (c == '=' || c == '!') {
            i += i + 1 < s.n && s.p[i + 1] == '=' ? 2 : 1;
            *w = (struct word){WORD_SIGN, str_sub(s, from, i)};
        } else {
            tmpl_fail(r->u, t->line, "'%c' has no meaning in a tag", c);
        }
    }
    if (!t->n)
        tmpl_fail(r->u, t->line, "the tag is empty");
}

static int lines_in(struct str s)
{
    int n = 0;
    for (size_t i = 0; i < s.n; i++)
        n += s.p[i] == '\n';
    return n;
}

/* To the next token; comments vanish. */
static void next(struct reader *r)
{
    for (;;) {
        r->t.line = r->line;
        r->end = r->at >= r->text.n;
        if (r->end)
            return;
        ptrdiff_t open = str_find(r->text, STR("{{"), r->at);
        if (open != (ptrdiff_t)r->at) {
            size_t to = open < 0 ? r->text.n : (size_t)open;
            r->t.tag = false;
            r->t.text = str_sub(r->text, r->at, to);
            r->line += lines_in(r->t.text);
            r->at = to;
            return;
        }
        ptrdiff_t close = str_find(r->text, STR("}}"), r->at);
        if (close < 0)
            tmpl_fail(r->u, r->line, "a tag begins with {{ and does not end");
        struct str inner = str_sub(r->text, r->at + 2, (size_t)close);
        r->at = (size_t)close + 2;
        r->line += lines_in(inner);
        if (str_starts(inner, STR("!")))
            continue;
        r->t.tag = true;
        read_words(r, inner);
        return;
    }
}

static bool at_tag(const struct reader *r, const char *word)
{
    return !r->end && r->t.tag && str_eq_z(r->t.words[0].s, word);
}

/* Word i of the tag, which must be of this type. */
static struct str want(struct reader *r, size_t i, enum word_type type, const char *what)
{
    if (i >= r->t.n || r->t.words[i].type != type)
        tmpl_fail(r->u, r->t.line, "{{%.*s}} needs %s", STR_FMT(r->t.words[0].s), what);
    return r->t.words[i].s;
}

static void want_count(struct reader *r, size_t n)
{
    if (r->t.n > n)
        tmpl_fail(r->u, r->t.line, "too many words in {{%.*s}}", STR_FMT(r->t.words[0].s));
}

/* ---- bodies ---- */

static struct node *read_body(struct reader *r);

static struct branch *read_branch(struct reader *r)
{
    struct branch *b = ARENA_NEW(r->a, struct branch);
    b->line = r->t.line;
    b->test_n = r->t.n - 1;
    b->test = arena_array(r->a, r->t.n, sizeof(struct word));
    memcpy(b->test, r->t.words + 1, b->test_n * sizeof(struct word));
    if (str_eq_z(r->t.words[0].s, "else") ? b->test_n != 0 : b->test_n == 0)
        tmpl_fail(r->u, r->t.line, "if and elif need a test, else has none");
    next(r);
    b->body = read_body(r);
    return b;
}

static void want_end(struct reader *r, int line)
{
    if (!at_tag(r, "end"))
        tmpl_fail(r->u, line, "the tag opened here has no {{end}}");
}

static void read_if(struct reader *r, struct node *n)
{
    n->type = NODE_IF;
    struct branch **last = &n->branches;
    do {
        bool otherwise = at_tag(r, "else");
        *last = read_branch(r);
        last = &(*last)->next;
        if (otherwise)
            break;
    } while (at_tag(r, "elif") || at_tag(r, "else"));
    want_end(r, n->line);
}

static void read_for(struct reader *r, struct node *n)
{
    n->type = NODE_FOR;
    n->variable = want(r, 1, WORD_NAME, "a name: {{for row in rows}}");
    if (!str_eq_z(want(r, 2, WORD_NAME, "the word in"), "in"))
        tmpl_fail(r->u, r->t.line, "{{for}} needs the word in");
    n->path = want(r, 3, WORD_NAME, "an array");
    want_count(r, 4);
    next(r);
    n->body = read_body(r);
    if (at_tag(r, "else")) {
        next(r);
        n->otherwise = read_body(r);
    }
    want_end(r, n->line);
}

static void read_message(struct reader *r, struct node *n)
{
    n->type = NODE_MESSAGE;
    n->one = want(r, 1, WORD_TEXT, "an English text in quotes");
    size_t at = 2;
    if (str_eq_z(r->t.words[0].s, "n_"))
        n->many = want(r, at++, WORD_TEXT, "a second text, for many");
    n->args = arena_array(r->a, r->t.n, sizeof(struct str));
    for (; at < r->t.n; at++)
        n->args[n->args_n++] = want(r, at, WORD_NAME, "names of fields behind the text");
    if (n->many.p && !n->args_n)
        tmpl_fail(r->u, n->line, "{{n_}} needs the number that decides");
}

/* The tags that stand alone. */
static void read_single(struct reader *r, struct node *n)
{
    struct str key = r->t.words[0].s;
    if (str_eq_z(key, "=")) {
        n->type = NODE_VALUE;
        n->path = want(r, 1, WORD_NAME, "a field");
        want_count(r, 2);
    } else if (str_eq_z(key, "include")) {
        n->type = NODE_INCLUDE;
        n->text = want(r, 1, WORD_NAME, "a partial");
        n->path = want(r, 2, WORD_NAME, "what to render");
        want_count(r, 3);
    } else if (str_eq_z(key, "_") || str_eq_z(key, "n_")) {
        read_message(r, n);
    } else if (str_eq_z(key, "icon")) {
        n->type = NODE_ICON;
        if (r->t.n > 1 && r->t.words[1].type == WORD_TEXT)
            n->text = r->t.words[1].s;
        else
            n->path = want(r, 1, WORD_NAME, "the name of an icon");
        want_count(r, 2);
    } else if (str_eq_z(key, "asset")) {
        n->type = NODE_ASSET;
        n->text = want(r, 1, WORD_TEXT, "the name of a file in quotes");
        want_count(r, 2);
    } else if (str_eq_z(key, "csrf")) {
        n->type = NODE_CSRF;
        want_count(r, 1);
    } else {
        tmpl_fail(r->u, r->t.line, "{{%.*s}} is not known", STR_FMT(key));
    }
}

static bool body_ends(const struct reader *r)
{
    return r->end || at_tag(r, "end") || at_tag(r, "else") || at_tag(r, "elif");
}

/* A value is visible, so blanks beside it count; what branches or includes is an edge. */
static bool is_edge(const struct node *n)
{
    return !n || n->type == NODE_IF || n->type == NODE_FOR || n->type == NODE_INCLUDE ||
           n->type == NODE_CSRF;
}

static struct node *read_body(struct reader *r)
{
    struct node *first = NULL, **last = &first, *before = NULL;
    if (++r->depth > TMPL_DEPTH_MAX)
        tmpl_fail(r->u, r->t.line, "nested deeper than %d", TMPL_DEPTH_MAX);
    while (!body_ends(r)) {
        struct node *n = ARENA_NEW(r->a, struct node);
        n->line = r->t.line;
        if (!r->t.tag) {
            n->type = NODE_TEXT;
            n->text = r->t.text;
            n->edge_before = is_edge(before);
        } else if (at_tag(r, "if")) {
            read_if(r, n);
        } else if (at_tag(r, "for")) {
            read_for(r, n);
        } else {
            read_single(r, n);
        }
        if (before)
            before->edge_after = is_edge(n);
        next(r);
        *last = n;
        last = &n->next;
        before = n;
    }
    if (before)
        before->edge_after = true;
    r->depth--;
    return first;
}

/* ---- declarations ---- */

static enum type type_of(struct str s, bool *known)
{
    static const char *const names[] = {"str", "i64", "real", "bool", "url", "html"};
    *known = true;
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        if (str_eq_z(s, names[i]))
            return (enum type)i;
    *known = false;
    return TYPE_RECORD;
}

/* "name type comment": [type] is an array, type? may be absent. */
static void read_field(struct reader *r, struct record *rec, struct str line, int number)
{
    ptrdiff_t gap = str_find_char(line, ' ', 0);
    struct field *f = vec_push(&rec->fields);
    f->name = str_sub(line, 0, gap < 0 ? line.n : (size_t)gap);
    struct str rest = gap < 0 ? STR_NONE : str_trim(str_sub(line, (size_t)gap, line.n));
    struct str type = STR_NONE;
    str_next(&rest, ' ', &type);
    f->comment = str_trim(rest);
    for (size_t i = 0; i < f->name.n; i++)
        if (!name_char(f->name.p[i], i == 0) || f->name.p[i] == '.')
            tmpl_fail(r->u, number, "'%.*s' is no name of a field", STR_FMT(f->name));
    f->array = str_starts(type, STR("[")) && str_ends(type, STR("]"));
    f->optional = str_ends(type, STR("?"));
    if (f->array || f->optional)
        type = str_sub(type, f->array, type.n - 1);
    bool known;
    f->type = type_of(type, &known);
    if (!known)
        f->record = tmpl_record(r->u, type);
    if (!known && !f->record)
        tmpl_fail(r->u, number, "type '%.*s' is not known here", STR_FMT(type));
    if (f->optional && known)
        tmpl_fail(r->u, number, "only a struct can be absent");
    if (str_ends(f->name, STR("_n")))
        tmpl_fail(r->u, number, "'%.*s': names that end in _n count arrays", STR_FMT(f->name));
    if (tmpl_field(rec, f->name) != f)
        tmpl_fail(r->u, number, "a second field '%.*s'", STR_FMT(f->name));
}

/* The fields up to {{end}}. */
static struct record *read_record(struct reader *r, struct str name)
{
    int line = r->t.line;
    if (tmpl_record(r->u, name))
        tmpl_fail(r->u, line, "a second struct '%.*s'", STR_FMT(name));
    struct record *rec = ARENA_NEW(r->a, struct record);
    rec->name = name;
    rec->unit = r->u;
    vec_init(&rec->fields, r->a, sizeof(struct field));
    for (next(r); !r->end && !r->t.tag; next(r)) {
        struct str rest = r->t.text, one;
        for (int number = r->t.line; str_next_line(&rest, &one); number++)
            if (str_trim(one).n)
                read_field(r, rec, str_trim(one), number);
    }
    want_end(r, line);
    *(struct record **)vec_push(&r->u->records) = rec;
    return rec;
}

static void read_view(struct reader *r, bool page)
{
    struct view *v = ARENA_NEW(r->a, struct view);
    v->unit = r->u;
    v->page = page;
    v->name = want(r, 1, WORD_NAME, "a name");
    int line = r->t.line;
    if (tmpl_view(r->u, v->name))
        tmpl_fail(r->u, line, "a second '%.*s'", STR_FMT(v->name));
    if (page) {
        want_count(r, 2);
        v->record = read_record(r, v->name);
    } else {
        struct str of = want(r, 2, WORD_NAME, "the struct it renders");
        v->record = tmpl_record(r->u, of);
        if (!v->record)
            tmpl_fail(r->u, line, "struct '%.*s' is not known here", STR_FMT(of));
    }
    *(struct view **)vec_push(&r->u->views) = v;
    next(r);
    v->body = read_body(r);
    if (page && !r->end)
        tmpl_fail(r->u, r->t.line, "{{%.*s}} closes nothing", STR_FMT(r->t.words[0].s));
    if (!page)
        want_end(r, line);
}

static void read_declaration(struct reader *r)
{
    if (!r->t.tag) {
        if (str_trim(r->t.text).n)
            tmpl_fail(r->u, r->t.line, "text outside of a partial or page");
    } else if (at_tag(r, "use")) {
        struct str path = want(r, 1, WORD_TEXT, "the name of a file in quotes");
        *(struct unit **)vec_push(&r->u->uses) = tmpl_read(r->u->program, path);
    } else if (at_tag(r, "struct")) {
        read_record(r, want(r, 1, WORD_NAME, "a name"));
    } else if (at_tag(r, "partial")) {
        read_view(r, false);
    } else if (at_tag(r, "page")) {
        read_view(r, true);
        return;
    } else {
        tmpl_fail(r->u, r->t.line, "only use, struct, partial and page may stand here");
    }
    next(r);
}

static struct str base_of(struct str path)
{
    size_t from = path.n;
    while (from && path.p[from - 1] != '/')
        from--;
    return str_sub(path, from, str_ends(path, STR(".html")) ? path.n - 5 : path.n);
}

struct unit *tmpl_read(struct program *p, struct str path)
{
    struct unit *u = map_get(&p->units, path);
    if (u)
        return u;
    u = ARENA_NEW(p->a, struct unit);
    *u = (struct unit){.path = path, .base = base_of(path), .program = p};
    vec_init(&u->records, p->a, sizeof(void *));
    vec_init(&u->views, p->a, sizeof(void *));
    vec_init(&u->uses, p->a, sizeof(void *));
    map_set(&p->units, path, u);
    struct str full = arena_printf(p->a, "%.*s/%.*s", STR_FMT(p->root), STR_FMT(path));
    struct reader r = {.u = u, .a = p->a, .text = tmpl_load(p, full, TMPL_FILE_MAX), .line = 1};
    for (next(&r); !r.end;)
        read_declaration(&r);
    return u;
}

static const void *find(const struct unit *u, struct str name, bool views)
{
    const struct vec *own = views ? &u->views : &u->records;
    for (size_t i = 0; i < own->n; i++) {
        const void *item = *(void **)vec_at(own, i);
        if (str_eq(views ? ((const struct view *)item)->name : ((const struct record *)item)->name,
                   name))
            return item;
    }
    return NULL;
}

static const void *find_far(const struct unit *u, struct str name, bool views)
{
    const void *item = find(u, name, views);
    for (size_t i = 0; !item && i < u->uses.n; i++)
        item = find(*(struct unit **)vec_at(&u->uses, i), name, views);
    return item;
}

const struct record *tmpl_record(const struct unit *u, struct str name)
{
    return find_far(u, name, false);
}

const struct view *tmpl_view(const struct unit *u, struct str name)
{
    return find_far(u, name, true);
}

struct field *tmpl_field(const struct record *rec, struct str name)
{
    for (size_t i = 0; i < rec->fields.n; i++) {
        struct field *f = vec_at(&rec->fields, i);
        if (str_eq(f->name, name))
            return f;
    }
    return NULL;
}
