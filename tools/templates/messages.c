/* messages.c - the translated texts of a template as entries of a gettext template (.pot). */
#include "tmpl.h"

static void write_entry(const struct unit *u, const struct node *n, struct buf *out)
{
    buf_printf(out, "\n#: %.*s:%d\n", STR_FMT(u->path), n->line);
    if (str_find_char(n->one, '%', 0) >= 0 || str_find_char(n->many, '%', 0) >= 0)
        buf_add_z(out, "#, c-format\n");
    buf_add_z(out, "msgid ");
    tmpl_literal(out, n->one);
    if (n->many.p) {
        buf_add_z(out, "\nmsgid_plural ");
        tmpl_literal(out, n->many);
        buf_add_z(out, "\nmsgstr[0] \"\"\nmsgstr[1] \"\"\n");
    } else {
        buf_add_z(out, "\nmsgstr \"\"\n");
    }
}

static void walk(const struct unit *u, const struct node *n, struct buf *out)
{
    for (; n; n = n->next) {
        if (n->type == NODE_MESSAGE)
            write_entry(u, n, out);
        for (const struct branch *b = n->branches; b; b = b->next)
            walk(u, b->body, out);
        walk(u, n->body, out);
        walk(u, n->otherwise, out);
    }
}

void tmpl_write_messages(const struct unit *u, struct buf *out)
{
    for (size_t i = 0; i < u->views.n; i++)
        walk(u, (*(struct view **)vec_at(&u->views, i))->body, out);
}
