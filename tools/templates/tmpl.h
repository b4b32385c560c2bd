/* tmpl.h - the parts of the template compiler: what a template file says, as a tree.
 * read.c makes it, html.c knows where in HTML a value stands, write.c turns it into C, messages.c
 * lists what is to be translated. The language is described in templates.c. Everything lives in one
 * arena until the end; an error ends the program with one line that names file and line. */
#ifndef TEMPLATES_TMPL_H
#define TEMPLATES_TMPL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "base/str.h"
#include "base/vec.h"

enum { TMPL_FILE_MAX = 512 * 1024, TMPL_DEPTH_MAX = 24, TMPL_WORDS_MAX = 24 };

enum type { TYPE_STR, TYPE_I64, TYPE_REAL, TYPE_BOOL, TYPE_URL, TYPE_HTML, TYPE_RECORD };

struct field {
    struct str name, comment;
    enum type type;
    const struct record *record; /* TYPE_RECORD */
    bool array, optional;
};

/* A struct of the view model. */
struct record {
    struct str name;
    struct vec fields; /* struct field */
    struct unit *unit;
};

/* A partial, or the page of a file: a function that renders one record. */
struct view {
    struct str name;
    const struct record *record;
    struct node *body;
    struct unit *unit;
    bool page;
};

enum node_type {
    NODE_TEXT,
    NODE_VALUE,
    NODE_IF,
    NODE_FOR,
    NODE_INCLUDE,
    NODE_MESSAGE,
    NODE_ICON,
    NODE_ASSET,
    NODE_CSRF
};

enum word_type { WORD_NAME, WORD_TEXT, WORD_NUMBER, WORD_SIGN };

struct word {
    enum word_type type;
    struct str s;
};

/* if, elif and else: a test (none: else) and what follows. */
struct branch {
    struct word *test;
    size_t test_n;
    int line;
    struct node *body;
    struct branch *next;
};

struct node {
    enum node_type type;
    int line;
    struct node *next;
    struct str text;               /* NODE_TEXT; name of a view, an icon or an asset */
    bool edge_before, edge_after;  /* NODE_TEXT: no visible neighbour there, blanks may go */
    struct str path;               /* NODE_VALUE, NODE_FOR, NODE_INCLUDE, dynamic NODE_ICON */
    struct str variable;           /* NODE_FOR */
    struct branch *branches;       /* NODE_IF */
    struct node *body, *otherwise; /* NODE_FOR */
    struct str one, many;          /* NODE_MESSAGE; many.p == NULL: no plural */
    struct str *args;
    size_t args_n;
};

/* One template file. */
struct unit {
    struct str path, base;           /* as named; the file's name without folder and ending */
    struct vec records, views, uses; /* struct record *, struct view *, struct unit * */
    struct program *program;
};

struct program {
    struct arena *a;
    struct str root;   /* folder of all templates */
    struct map units;  /* path below root -> struct unit * */
    struct str sprite; /* text of the icon sprite; icons are looked up in it */
};

_Noreturn void tmpl_fail(const struct unit *u, int line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Reads the file below the root, and those it uses. */
struct unit *tmpl_read(struct program *p, struct str path);
struct str tmpl_load(struct program *p, struct str path, size_t max);
/* In the file or one that it uses directly; NULL when there is none. */
const struct record *tmpl_record(const struct unit *u, struct str name);
const struct view *tmpl_view(const struct unit *u, struct str name);
struct field *tmpl_field(const struct record *r, struct str name);

void tmpl_write_header(const struct unit *u, struct buf *out);
void tmpl_write_source(const struct unit *u, struct buf *out);
void tmpl_write_messages(const struct unit *u, struct buf *out);
/* "text" as a C string literal. */
void tmpl_literal(struct buf *out, struct str s);

/* ---- html.c ---- */

enum html_state { HTML_TEXT, HTML_TAG, HTML_EQUALS, HTML_VALUE, HTML_RAW };

/* Where in the page the writer stands. Two branches of an if must end in equal states. */
struct html {
    enum html_state state;
    char quote;
    bool in_name, closing, last_is_tag;
    char element[24], attribute[24],
        keep[16];       /* keep: inside <pre> or <textarea>, or the raw element */
    struct str prefix;  /* static start of the attribute's value */
    bool value_dynamic; /* a value was written into this attribute already */
};

enum place { PLACE_TEXT, PLACE_ATTRIBUTE, PLACE_URL, PLACE_URL_PART };

/* Follows static text, adds it to out with blanks trimmed. */
void html_text(struct html *h, const struct unit *u, const struct node *n, struct buf *out);
/* Where a value would stand now; fails where none may. */
enum place html_place(struct html *h, const struct unit *u, int line);
/* At the border of a branch. */
void html_border(struct html *h);
bool html_same(const struct html *a, const struct html *b);

#endif
