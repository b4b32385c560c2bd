/* mime.c - walks a mail's parts over gmime: text, HTML, attachments, reports about mails that did
 * not arrive. */
#include "text/mime.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/vec.h"
#include "text/json.h"
#include "text/mime_int.h"
#include "text/unicode.h"

struct walk {
    struct arena *a;
    struct mail *m;
    struct buf text, html;
    struct vec attachments;
    unsigned parts;
    bool told,
        failed; /* a status report names an action; one of them is "failed" (RFC 3464, 2.3.3) */
};

static void walk_part(struct walk *w, GMimeObject *o, unsigned depth);

/* The decoded bytes, at most MAIL_BYTES_MAX, which no part of a capped mail can pass. */
static struct str content_of(struct walk *w, GMimePart *part)
{
    GMimeDataWrapper *content = g_mime_part_get_content(part);
    if (!content)
        return STR_NONE;
    GMimeStream *mem = g_mime_stream_mem_new();
    g_mime_data_wrapper_write_to_stream(content, mem);
    GByteArray *bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(mem));
    struct str s = arena_str(w->a, (struct str){(const char *)bytes->data, bytes->len});
    g_object_unref(mem);
    return s;
}

static struct str source_of(struct walk *w, GMimeObject *o)
{
    char *z = g_mime_object_to_string(o, NULL);
    struct str s = arena_strz(w->a, z ? z : "");
    g_free(z);
    return s;
}

static struct str media_type(struct arena *a, GMimeObject *o)
{
    GMimeContentType *type = g_mime_object_get_content_type(o);
    char *z = type ? g_mime_content_type_get_mime_type(type) : NULL;
    char *lower = z ? g_ascii_strdown(z, -1) : NULL;
    struct str s =
        text_plain_line(a, lower ? arena_strz(a, lower) : STR("application/octet-stream"), 100);
    g_free(lower);
    g_free(z);
    return s;
}

static void add_attachment(struct walk *w, GMimeObject *o, struct str name, struct str data)
{
    if (w->attachments.n >= MAIL_ATTACHMENTS_MAX) {
        w->m->is_damaged = true;
        return;
    }
    GMimeContentDisposition *how = g_mime_object_get_content_disposition(o);
    const char *id = g_mime_object_get_content_id(o);
    struct mail_attachment *at = vec_push(&w->attachments);
    *at = (struct mail_attachment){
        .name = mail_file_name(w->a, name),
        .type = media_type(w->a, o),
        .content_id = id ? text_plain_line(w->a, arena_strz(w->a, id), 200) : STR_NONE,
        .data = data,
        .is_inline = how && str_eq_nocase(str_z(g_mime_content_disposition_get_disposition(how)),
                                          STR("inline")),
    };
}

/* A text that is shown: decoded, one after the other with an empty line between. */
static void add_text(struct walk *w, GMimePart *part, struct buf *to)
{
    const char *charset = g_mime_object_get_content_type_parameter(GMIME_OBJECT(part), "charset");
    struct str bytes = str_sub(content_of(w, part), 0, MAIL_TEXT_MAX);
    struct str s = text_clean(w->a, utf8_decode(w->a, bytes, str_z(charset)), MAIL_TEXT_MAX);
    if (to->n && s.n)
        buf_add_z(to, "\n\n");
    if (s.n > to->max - to->n) {
        w->m->is_damaged = true;
        s = utf8_clip(s, to->max - to->n);
    }
    buf_add(to, s);
}

/* message/delivery-status (RFC 3464): whom it did not reach. */
static void read_status(struct walk *w, GMimePart *part)
{
    struct str rest = content_of(w, part), line;
    while (str_next_line(&rest, &line)) {
        struct str value = STR_NONE;
        if (str_starts_nocase(line, STR("Final-Recipient:")) ||
            str_starts_nocase(line, STR("Original-Recipient:")))
            value = str_sub(line, (size_t)str_find_char(line, ':', 0) + 1, line.n);
        if (str_starts_nocase(line, STR("Action:"))) {
            w->told = true;
            w->failed |= str_eq_nocase(str_trim(str_sub(line, 7, line.n)), STR("failed"));
        }
        ptrdiff_t semi = str_find_char(value, ';', 0);
        value = mail_id(str_sub(value, semi < 0 ? 0 : (size_t)semi + 1, value.n));
        if (value.n && !w->m->bounced_address.n && mail_address_valid(value))
            w->m->bounced_address = value;
    }
}

/* The id of the mail that a report or bounce is about, out of its quoted headers. */
static void find_bounced_id(struct mail *m, struct str text)
{
    struct str line;
    while (!m->bounced_id.n && str_next_line(&text, &line)) {
        line = str_trim(line);
        if (str_starts_nocase(line, STR("Message-ID:")))
            m->bounced_id = mail_id(str_sub(line, 11, line.n));
    }
}

static void walk_message(struct walk *w, GMimeObject *o)
{
    GMimeMessage *inner = g_mime_message_part_get_message(GMIME_MESSAGE_PART(o));
    struct str subject = STR_NONE, id = STR_NONE;
    if (inner) {
        subject = mail_header(w->a, GMIME_OBJECT(inner), "Subject");
        id = mail_id(mail_header(w->a, GMIME_OBJECT(inner), "Message-ID"));
    }
    if (w->m->is_bounce && !w->m->bounced_id.n)
        w->m->bounced_id = id;
    struct str name =
        subject.n ? arena_printf(w->a, "%.*s.eml", STR_FMT(subject)) : STR("message.eml");
    add_attachment(w, o, name, inner ? source_of(w, GMIME_OBJECT(inner)) : STR_NONE);
}

static void walk_leaf(struct walk *w, GMimePart *part)
{
    GMimeObject *o = GMIME_OBJECT(part);
    struct str type = media_type(w->a, o);
    const char *name = g_mime_part_get_filename(part);
    bool attached = g_mime_part_is_attachment(part) || (name && *name);
    if (str_eq(type, STR("message/delivery-status"))) {
        read_status(w, part);
    } else if (str_eq(type, STR("text/rfc822-headers"))) {
        find_bounced_id(w->m, content_of(w, part));
    } else if (!attached && str_eq(type, STR("text/html"))) {
        add_text(w, part, &w->html);
    } else if (!attached &&
               (str_eq(type, STR("text/plain")) || str_eq(type, STR("text/enriched")))) {
        add_text(w, part, &w->text);
    } else if (!str_eq(type, STR("application/pgp-signature"))) {
        struct str told = name ? arena_strz(w->a, name) : STR_NONE;
        if (!told.n && str_eq(type, STR("text/calendar")))
            told = STR("invitation.ics");
        add_attachment(w, o, told, content_of(w, part));
    }
}

static void walk_part(struct walk *w, GMimeObject *o, unsigned depth)
{
    if (!o || depth > MAIL_DEPTH_MAX || ++w->parts > MAIL_PARTS_MAX) {
        w->m->is_damaged = true;
        return;
    }
    if (GMIME_IS_MULTIPART(o)) {
        const char *report = g_mime_object_get_content_type_parameter(o, "report-type");
        if (str_eq(media_type(w->a, o), STR("multipart/report")) &&
            str_eq_nocase(str_z(report), STR("delivery-status")))
            w->m->is_bounce = w->m->is_auto = true;
        int n = g_mime_multipart_get_count(GMIME_MULTIPART(o));
        for (int i = 0; i < n && w->parts <= MAIL_PARTS_MAX; i++)
            walk_part(w, g_mime_multipart_get_part(GMIME_MULTIPART(o), i), depth + 1);
    } else if (GMIME_IS_MESSAGE_PART(o)) {
        walk_message(w, o);
    } else if (GMIME_IS_PART(o)) {
        walk_leaf(w, GMIME_PART(o));
    }
}

/* Warnings that mean a loss; others are everyday sloppiness. */
static void note_warning(gint64 offset, GMimeParserWarning what, const gchar *item, gpointer ctx)
{
    (void)offset;
    (void)item;
    if (what != GMIME_WARN_UNENCODED_8BIT_HEADER && what != GMIME_WARN_DUPLICATED_HEADER)
        *(bool *)ctx = true;
}

/* Where the head ends: behind its last line. */
static size_t head_length(struct str bytes)
{
    for (ptrdiff_t at = 0; (at = str_find_char(bytes, '\n', (size_t)at)) >= 0; at++) {
        struct str rest = str_sub(bytes, (size_t)at + 1, bytes.n);
        if (str_starts(rest, STR("\n")) || str_starts(rest, STR("\r\n")))
            return (size_t)at + 1;
    }
    return bytes.n;
}

/* gmime makes several objects of each header and each address: the rest of a head that is larger
 * than any real one is left out, by whole lines where it has some. */
static struct str with_small_head(struct arena *a, struct str bytes, bool *damaged)
{
    size_t head = head_length(bytes), kept = MAIL_HEAD_MAX;
    if (head <= MAIL_HEAD_MAX)
        return bytes;
    *damaged = true;
    while (kept && bytes.p[kept - 1] != '\n')
        kept--;
    const struct str parts[] = {str_sub(bytes, 0, kept ? kept : MAIL_HEAD_MAX),
                                str_sub(bytes, head, bytes.n)};
    return arena_join(a, parts, 2, kept ? STR("") : STR("\n"));
}

/* bytes must outlive the message. */
static GMimeMessage *parse(struct str bytes, GByteArray **array, bool *damaged)
{
    GMimeParserOptions *options = g_mime_parser_options_new();
    g_mime_parser_options_set_fallback_charsets(options,
                                                (const char *[]){"utf-8", "windows-1252", NULL});
    g_mime_parser_options_set_warning_callback(options, note_warning, damaged);
    /* read where they are, and never written: a stream made of a buffer copies it */
    *array = g_byte_array_new_take((guint8 *)(uintptr_t)bytes.p, bytes.n);
    GMimeStream *mem = g_mime_stream_mem_new_with_byte_array(*array);
    g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(mem), FALSE);
    GMimeParser *parser = g_mime_parser_new_with_stream(mem);
    GMimeMessage *message = g_mime_parser_construct_message(parser, options);
    g_object_unref(parser);
    g_object_unref(mem);
    g_mime_parser_options_free(options);
    return message;
}

enum err mail_parse(struct arena *a, struct str bytes, struct mail *out, struct errinfo *e)
{
    *out = (struct mail){0};
    if (bytes.n > MAIL_BYTES_MAX)
        return err_set(e, ERR_LIMIT, "", "the mail is larger than %d MiB", MAIL_BYTES_MAX >> 20);
    text_init();
    bool damaged = memchr(bytes.n ? bytes.p : "", 0, bytes.n) != NULL;
    GByteArray *array;
    GMimeMessage *message = parse(with_small_head(a, bytes, &damaged), &array, &damaged);
    if (!message)
        g_byte_array_free(array, FALSE);
    if (!message)
        return err_set(e, ERR_INVALID, "", "this is no mail: it has no headers");
    mail_read_head(a, message, out);
    struct walk w = {.a = a, .m = out};
    buf_init_in(&w.text, a, MAIL_TEXT_MAX);
    buf_init_in(&w.html, a, MAIL_TEXT_MAX);
    vec_init(&w.attachments, a, sizeof(struct mail_attachment));
    GMimeObject *root = g_mime_message_get_mime_part(message);
    if (root)
        walk_part(&w, root, 0);
    g_object_unref(message);
    g_byte_array_free(array, FALSE);
    out->is_damaged |= damaged;
    out->attachments = w.attachments.p;
    out->attachment_count = w.attachments.n;
    if (w.html.n)
        out->html = html_sanitise(a, buf_str(&w.html), 0);
    struct str whole = buf_str(&w.text);
    if (!str_trim(whole).n && w.html.n)
        whole = html_to_text(a, buf_str(&w.html));
    if (w.told && !w.failed)
        out->is_bounce = false; /* "delayed", "delivered": news, not a failure */
    if (out->is_bounce)
        find_bounced_id(out, whole);
    mail_split(a, whole, &out->text, &out->quoted, &out->signature);
    return ERR_OK;
}

static void put_addresses(struct json_writer *w, const char *name,
                          const struct mail_addresses *list)
{
    json_key(w, name);
    json_begin_list(w);
    for (size_t i = 0; i < list->n; i++)
        json_add_text(w, list->p[i].address);
    json_end_list(w);
}

void mail_to_json(struct buf *b, const struct mail *m)
{
    struct json_writer w;
    json_writer_init(&w, b);
    json_begin_object(&w);
    json_put_text(&w, "message_id", m->message_id);
    json_put_text(&w, "in_reply_to", m->in_reply_to);
    json_key(&w, "references");
    json_begin_list(&w);
    for (size_t i = 0; i < m->reference_count; i++)
        json_add_text(&w, m->references[i]);
    json_end_list(&w);
    json_put_time(&w, "date", m->date);
    json_put_text(&w, "subject", m->subject);
    put_addresses(&w, "from", &m->from);
    put_addresses(&w, "to", &m->to);
    put_addresses(&w, "cc", &m->cc);
    json_put_text(&w, "text", m->text);
    json_put_text(&w, "html", m->html.html);
    json_put_text(&w, "quoted", m->quoted);
    json_key(&w, "attachments");
    json_begin_list(&w);
    for (size_t i = 0; i < m->attachment_count; i++) {
        json_begin_object(&w);
        json_put_text(&w, "name", m->attachments[i].name);
        json_put_text(&w, "type", m->attachments[i].type);
        json_put_i64(&w, "size", (int64_t)m->attachments[i].data.n);
        json_end_object(&w);
    }
    json_end_list(&w);
    json_put_bool(&w, "auto", m->is_auto);
    json_put_bool(&w, "bounce", m->is_bounce);
    if (m->is_damaged)
        json_put_bool(&w, "damaged", true);
    json_end_object(&w);
}
