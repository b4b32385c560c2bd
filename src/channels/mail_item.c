/* mail_item.c - what of a mail becomes a post; see mail_item.h. */
#include "channels/mail_item.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/vec.h"
#include "channels/shared.h"
#include "crypt/hmac.h"
#include "text/html.h"
#include "text/json.h"
#include "text/mime.h"
#include "text/unicode.h"

enum { EXTRA_MAX = 64 * 1024 };

/* "Re: AW: [Fwd] x" is "x": one conversation keeps one title. */
static struct str bare_subject(struct str s)
{
    static const char *const prefixes[] = {
        "re:", "aw:", "fwd:", "fw:", "wg:", "antw:", "sv:", "tr:"};
    bool again = true;
    while (again) {
        again = false;
        s = str_trim(s);
        for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
            struct str p = str_z(prefixes[i]);
            if (str_starts_nocase(s, p)) {
                s = str_sub(s, p.n, s.n);
                again = true;
            }
        }
    }
    return s;
}

static void add_parent(struct vec *parents, struct str own, struct str id)
{
    if (!id.n || id.n > ITEM_ID_MAX || str_eq(id, own))
        return;
    for (size_t i = 0; i < parents->n; i++)
        if (str_eq(*(struct str *)vec_at(parents, i), id))
            return;
    *(struct str *)vec_push(parents) = id;
}

/* Nearest first: what did not arrive, In-Reply-To, References from the end. */
static void fill_parents(struct arena *a, const struct mail *m, struct item *out)
{
    struct vec parents;
    vec_init(&parents, a, sizeof(struct str));
    add_parent(&parents, out->external_id, m->bounced_id);
    add_parent(&parents, out->external_id, m->in_reply_to);
    for (size_t i = m->reference_count; i > 0; i--)
        add_parent(&parents, out->external_id, m->references[i - 1]);
    out->parents = parents.p;
    out->parent_count = parents.n;
}

static struct str lower(struct arena *a, struct str s)
{
    char *p = arena_alloc(a, s.n + 1);
    for (size_t i = 0; i < s.n; i++)
        p[i] = s.p[i] >= 'A' && s.p[i] <= 'Z' ? (char)(s.p[i] | 0x20) : s.p[i];
    return (struct str){p, s.n};
}

/* The person to answer. A web form writes in our name and puts the person into Reply-To: whoever
 * fills it in can write any address there. */
static void fill_author(const struct channel_ctx *c, const struct mail *m, struct item *out)
{
    struct str own = channel_setting(c, "address");
    struct str checker = channel_setting(c, "authserv");
    struct mail_address from = m->from.n ? m->from.p[0] : (struct mail_address){0};
    out->is_doubted = mail_sender_check(m, checker) == MAIL_SENDER_DOUBTED;
    if (str_eq_nocase(from.address, own) && m->reply_to.n &&
        !str_eq_nocase(m->reply_to.p[0].address, own)) {
        from = m->reply_to.p[0];
        out->is_doubted = checker.n > 0;
    }
    out->author_id = lower(c->arena, utf8_clip(from.address, ITEM_FIELD_MAX));
    out->author_name = text_plain_line(c->arena, from.name, ITEM_FIELD_MAX);
    out->is_ours = own.n && str_eq_nocase(from.address, own) && !out->is_doubted;
}

static void fill_attachments(struct arena *a, const struct mail *m, struct item *out)
{
    struct item_attachment *kept = arena_array(a, ITEM_ATTACHMENTS_MAX, sizeof *kept);
    for (size_t i = 0; i < m->attachment_count && out->attachment_count < ITEM_ATTACHMENTS_MAX;
         i++) {
        const struct mail_attachment *from = &m->attachments[i];
        if (from->data.n <= ITEM_ATTACHMENT_MAX)
            kept[out->attachment_count++] =
                (struct item_attachment){from->name, from->type, from->data};
    }
    out->attachments = kept;
}

static void put_addresses(struct json_writer *w, const char *key, const struct mail_addresses *list)
{
    if (!list->n)
        return;
    json_key(w, key);
    json_begin_list(w);
    for (size_t i = 0; i < list->n; i++)
        json_add_text(w, list->p[i].address);
    json_end_list(w);
}

/* Who else got it, and what an agent may want to know besides. */
static struct str extra(struct arena *a, const struct mail *m)
{
    struct buf b;
    struct json_writer w;
    buf_init_in(&b, a, EXTRA_MAX);
    json_writer_init(&w, &b);
    json_begin_object(&w);
    put_addresses(&w, "to", &m->to);
    put_addresses(&w, "cc", &m->cc);
    put_addresses(&w, "reply_to", &m->reply_to);
    if (m->bounced_address.n)
        json_put_text(&w, "bounced_address", m->bounced_address);
    if (m->is_damaged)
        json_put_bool(&w, "damaged", true);
    json_end_object(&w);
    return buf_ok(&b) ? buf_str(&b) : STR_NONE;
}

enum err mail_item_read(const struct channel_ctx *c, struct str raw, int64_t received,
                        struct item *out, struct errinfo *e)
{
    struct arena *a = c->arena;
    struct mail m;
    TRY(mail_parse(a, raw, &m, e));
    int64_t now = clock_now(c->clock), date = m.date > 0 ? m.date : received;
    *out = (struct item){
        .external_id = m.message_id.n && m.message_id.n <= ITEM_ID_MAX
                           ? m.message_id
                           : arena_printf(a, "sha256:%s", sha256_hex(a, raw).p),
        .title = text_plain_line(a, bare_subject(m.subject), ITEM_FIELD_MAX),
        .text = text_clean(a, m.text.n ? m.text : html_to_text(a, m.html.html), ITEM_TEXT_MAX),
        .quoted = m.quoted,
        .published_at = date > now ? now : date,
        .is_private = true,
        .is_automatic = m.is_auto,
        .is_bounce = m.is_bounce,
        .extra = extra(a, &m),
    };
    if (m.signature
            .n) /* folded away with the history, but kept: it often holds the customer's number */
        out->quoted =
            m.quoted.n ? arena_join(a, (const struct str[]){m.signature, m.quoted}, 2, STR("\n\n"))
                       : m.signature;
    out->quoted = text_clean(a, out->quoted, ITEM_TEXT_MAX);
    fill_parents(a, &m, out);
    fill_author(c, &m, out);
    fill_attachments(a, &m, out);
    return ERR_OK;
}
