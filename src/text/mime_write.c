/* mime_write.c - mail_compose: a plain text mail over gmime, and what an address may be made of. */
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "text/mime_int.h"
#include "text/unicode.h"

bool mail_address_valid(struct str s)
{
    ptrdiff_t at = str_find_char(s, '@', 0);
    if (at <= 0 || at > 64 || s.n > 254 || (size_t)at + 1 >= s.n)
        return false;
    struct str user = str_sub(s, 0, (size_t)at), host = str_sub(s, (size_t)at + 1, s.n);
    for (size_t i = 0; i < user.n; i++) {
        char c = user.p[i];
        bool dot = c == '.' && i > 0 && i + 1 < user.n && user.p[i - 1] != '.';
        bool sane = (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') ||
                    (c && strchr("!#$%&'*+-/=?^_`{|}~", c));
        if (!dot && !sane)
            return false;
    }
    for (size_t i = 0; i < host.n; i++) {
        char c = host.p[i];
        bool inside = i > 0 && i + 1 < host.n && host.p[i - 1] != '.';
        bool sane = (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z');
        if (!sane && !(inside && (c == '-' || c == '.')))
            return false;
    }
    return true;
}

/* One line, whatever it says. */
static bool is_line(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7F)
            return false;
    return utf8_valid(s);
}

static bool is_id(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] <= 0x20 || (unsigned char)s.p[i] >= 0x7F || strchr("<>", s.p[i]))
            return false;
    return s.n <= 512;
}

static enum err check_address(const struct mail_address *one, const char *field, struct errinfo *e)
{
    if (!mail_address_valid(one->address))
        return err_set(e, ERR_INVALID, field, "%s: \"%.*s\" is no mail address", field,
                       STR_FMT(one->address));
    if (!is_line(one->name))
        return err_set(e, ERR_INVALID, field, "%s: the name holds a line end or control character",
                       field);
    return ERR_OK;
}

static enum err check(const struct mail_out *m, struct errinfo *e)
{
    TRY(check_address(&m->from, "From", e));
    if (m->reply_to.address.n)
        TRY(check_address(&m->reply_to, "Reply-To", e));
    if (!m->to_count || m->to_count > MAIL_ADDRESSES_MAX)
        return err_set(e, ERR_INVALID, "To", "To: a mail needs 1 to %d recipients",
                       MAIL_ADDRESSES_MAX);
    for (size_t i = 0; i < m->to_count; i++)
        TRY(check_address(&m->to[i], "To", e));
    if (!is_line(m->subject))
        return err_set(e, ERR_INVALID, "Subject",
                       "Subject: it holds a line end or control character");
    if (!m->message_id.n || !is_id(m->message_id) || !is_id(m->in_reply_to))
        return err_set(e, ERR_INVALID, "Message-ID",
                       "Message-ID or In-Reply-To is empty or holds a blank");
    for (size_t i = 0; i < m->reference_count; i++)
        if (!is_id(m->references[i]))
            return err_set(e, ERR_INVALID, "References", "References: entry %zu holds a blank",
                           i + 1);
    if (!is_line(m->auto_submitted) || !is_line(m->list_unsubscribe))
        return err_set(e, ERR_INVALID, "Auto-Submitted", "a header value holds a line end");
    if (!utf8_valid(m->text) || memchr(m->text.n ? m->text.p : "", 0, m->text.n) ||
        m->text.n > MAIL_TEXT_MAX)
        return err_set(e, ERR_INVALID, "text",
                       "the text is not UTF-8, holds a NUL or is over 1 MiB");
    return ERR_OK;
}

static void add_people(struct arena *a, GMimeMessage *message, GMimeAddressType type,
                       const struct mail_address *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        g_mime_message_add_mailbox(message, type, p[i].name.n ? arena_str(a, p[i].name).p : NULL,
                                   arena_str(a, p[i].address).p);
}

static void add_ids(struct arena *a, GMimeObject *o, const struct mail_out *m)
{
    struct buf b;
    buf_init_in(&b, a, MAIL_TEXT_MAX);
    size_t first =
        m->reference_count > MAIL_REFERENCES_MAX ? m->reference_count - MAIL_REFERENCES_MAX : 0;
    for (size_t i = first; i < m->reference_count; i++)
        buf_printf(&b, "%s<%.*s>", b.n ? " " : "", STR_FMT(m->references[i]));
    if (m->in_reply_to.n)
        g_mime_object_set_header(o, "In-Reply-To",
                                 arena_printf(a, "<%.*s>", STR_FMT(m->in_reply_to)).p, NULL);
    if (b.n)
        g_mime_object_set_header(o, "References", arena_str(a, buf_str(&b)).p, NULL);
}

enum err mail_compose(struct arena *a, const struct mail_out *m, struct str *out, struct errinfo *e)
{
    *out = STR_NONE;
    TRY(check(m, e));
    text_init();
    GMimeMessage *message = g_mime_message_new(FALSE);
    GMimeObject *o = GMIME_OBJECT(message);
    add_people(a, message, GMIME_ADDRESS_TYPE_FROM, &m->from, 1);
    if (m->reply_to.address.n)
        add_people(a, message, GMIME_ADDRESS_TYPE_REPLY_TO, &m->reply_to, 1);
    add_people(a, message, GMIME_ADDRESS_TYPE_TO, m->to, m->to_count);
    g_mime_message_set_subject(message, arena_str(a, m->subject).p, "utf-8");
    GDateTime *date = g_date_time_new_from_unix_utc(m->date / 1000);
    if (date) {
        g_mime_message_set_date(message, date);
        g_date_time_unref(date);
    }
    g_mime_message_set_message_id(message, arena_str(a, m->message_id).p);
    add_ids(a, o, m);
    if (m->auto_submitted.n)
        g_mime_object_set_header(o, "Auto-Submitted", arena_str(a, m->auto_submitted).p, NULL);
    if (m->list_unsubscribe.n)
        g_mime_object_set_header(o, "List-Unsubscribe",
                                 arena_printf(a, "<%.*s>", STR_FMT(m->list_unsubscribe)).p, NULL);
    GMimeTextPart *text = g_mime_text_part_new_with_subtype("plain");
    g_mime_text_part_set_charset(text, "utf-8");
    g_mime_text_part_set_text(text, arena_str(a, m->text).p);
    g_mime_part_set_content_encoding(GMIME_PART(text), GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE);
    g_mime_message_set_mime_part(message, GMIME_OBJECT(text));
    g_object_unref(text);
    GMimeFormatOptions *format = g_mime_format_options_new();
    g_mime_format_options_set_newline_format(format, GMIME_NEWLINE_FORMAT_DOS);
    char *z = g_mime_object_to_string(o, format);
    *out = arena_strz(a, z);
    g_free(z);
    g_mime_format_options_free(format);
    g_object_unref(message);
    return ERR_OK;
}
