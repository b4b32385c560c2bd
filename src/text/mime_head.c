/* mime_head.c - a mail's headers: ids, people, and whether a machine wrote it. */
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/vec.h"
#include "text/date.h"
#include "text/mime_int.h"
#include "text/unicode.h"

enum {
    SUBJECT_MAX = 1024,
    ID_MAX = 512,
    NAME_MAX_BYTES = 256,
    FILE_NAME_MAX = 120,
    GROUPS_MAX = 4
};

struct str mail_header(struct arena *a, GMimeObject *o, const char *name)
{
    const char *value = g_mime_object_get_header(o, name);
    return value ? text_plain_line(a, arena_strz(a, value), 8192) : STR_NONE;
}

struct str mail_id(struct str value)
{
    ptrdiff_t open = str_find_char(value, '<', 0);
    ptrdiff_t close = open < 0 ? -1 : str_find_char(value, '>', (size_t)open);
    if (close > open + 1)
        return str_trim(str_sub(value, (size_t)open + 1, (size_t)close));
    struct str rest = str_trim(value), word = STR_NONE;
    str_next(&rest, ' ', &word);
    return str_find_char(word, '<', 0) >= 0 ? STR_NONE : word;
}

/* Each <id>, or each word where there are no angles. */
static void read_references(struct arena *a, struct str value, struct mail *m)
{
    struct vec ids;
    vec_init(&ids, a, sizeof(struct str));
    bool angles = str_find_char(value, '<', 0) >= 0;
    while (value.n && ids.n < MAIL_REFERENCES_MAX) {
        struct str id;
        if (angles) {
            ptrdiff_t open = str_find_char(value, '<', 0);
            ptrdiff_t close = open < 0 ? -1 : str_find_char(value, '>', (size_t)open);
            if (close < 0)
                break;
            id = str_trim(str_sub(value, (size_t)open + 1, (size_t)close));
            value = str_sub(value, (size_t)close + 1, value.n);
        } else {
            str_next(&value, ' ', &id);
        }
        if (id.n && id.n <= ID_MAX)
            *(struct str *)vec_push(&ids) = id;
    }
    m->references = ids.p;
    m->reference_count = ids.n;
}

static struct str address_of(struct arena *a, const char *told)
{
    struct str s = text_plain_line(a, arena_strz(a, told ? told : ""), 320);
    ptrdiff_t at = str_find_char(s, '@', 0);
    if (at <= 0 || (size_t)at + 1 >= s.n || str_find_char(s, ' ', 0) >= 0)
        return STR_NONE;
    char *p = (char *)(uintptr_t)arena_str(a, s).p; /* its own copy, made here */
    for (size_t i = (size_t)at; i < s.n; i++)
        p[i] = (char)(p[i] >= 'A' && p[i] <= 'Z' ? p[i] + 32 : p[i]);
    return (struct str){p, s.n};
}

static void add_addresses(struct arena *a, InternetAddressList *list, struct vec *out,
                          unsigned depth)
{
    int n = list ? internet_address_list_length(list) : 0;
    for (int i = 0; i < n && out->n < MAIL_ADDRESSES_MAX; i++) {
        InternetAddress *one = internet_address_list_get_address(list, i);
        if (INTERNET_ADDRESS_IS_GROUP(one)) {
            if (depth < GROUPS_MAX)
                add_addresses(a, internet_address_group_get_members(INTERNET_ADDRESS_GROUP(one)),
                              out, depth + 1);
            continue;
        }
        struct str address =
            address_of(a, internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(one)));
        const char *name = internet_address_get_name(one);
        if (!address.n)
            continue;
        *(struct mail_address *)vec_push(out) = (struct mail_address){
            .name = text_plain_line(a, arena_strz(a, name ? name : ""), NAME_MAX_BYTES),
            .address = address};
    }
}

static struct mail_addresses addresses(struct arena *a, InternetAddressList *list)
{
    struct vec out;
    vec_init(&out, a, sizeof(struct mail_address));
    add_addresses(a, list, &out, 0);
    return (struct mail_addresses){out.p, out.n};
}

static struct mail_addresses delivered_to(struct arena *a, GMimeObject *o)
{
    static const char *const names[] = {"Delivered-To", "X-Original-To", "Envelope-To",
                                        "X-Envelope-To"};
    struct vec out;
    vec_init(&out, a, sizeof(struct mail_address));
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct str address = address_of(a, arena_str(a, mail_id(mail_header(a, o, names[i]))).p);
        if (address.n)
            *(struct mail_address *)vec_push(&out) = (struct mail_address){.address = address};
    }
    return (struct mail_addresses){out.p, out.n};
}

/* Senders that are machines by their name (RFC 3834, 2; RFC 2142). */
static bool is_machine(struct str address)
{
    static const char *const names[] = {
        "mailer-daemon", "postmaster",   "noreply",         "no-reply", "no_reply",
        "donotreply",    "do-not-reply", "nicht-antworten", "bounce",   "bounces"};
    ptrdiff_t at = str_find_char(address, '@', 0);
    struct str user = str_sub(address, 0, at < 0 ? 0 : (size_t)at);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        size_t n = strlen(names[i]);
        if (str_starts_nocase(user, str_z(names[i])) && (user.n == n || strchr("+-=_.", user.p[n])))
            return true;
    }
    return false;
}

static bool is_automatic(struct arena *a, GMimeObject *o, const struct mail *m)
{
    struct str submitted = mail_header(a, o, "Auto-Submitted"),
               precedence = mail_header(a, o, "Precedence");
    if (submitted.n && !str_starts_nocase(submitted, STR("no")))
        return true;
    if (str_eq_nocase(precedence, STR("bulk")) || str_eq_nocase(precedence, STR("list")) ||
        str_eq_nocase(precedence, STR("junk")) || str_eq_nocase(precedence, STR("auto_reply")))
        return true;
    static const char *const telling[] = {
        "List-Id",     "List-Unsubscribe", "Feedback-ID",     "X-Auto-Response-Suppress",
        "X-Autoreply", "X-Autorespond",    "X-Autoresponder", "X-Failed-Recipients"};
    for (size_t i = 0; i < sizeof telling / sizeof telling[0]; i++)
        if (g_mime_object_get_header(o, telling[i]))
            return true;
    struct str path = mail_header(a, o, "Return-Path");
    if (str_eq(path, STR("<>")))
        return true;
    return m->from.n && is_machine(m->from.p[0].address);
}

/* Reports from before RFC 3464, told by who sends them and what they are called. */
static bool is_old_bounce(GMimeObject *o, const struct mail *m)
{
    static const char *const subjects[] = {
        "undeliver",        "delivery status",       "delivery fail",       "returned mail",
        "failure notice",   "mail delivery failed",  "delivery has failed", "unzustellbar",
        "nicht zugestellt", "could not be delivered"};
    if (g_mime_object_get_header(o, "X-Failed-Recipients"))
        return true;
    if (!m->from.n || (!str_starts_nocase(m->from.p[0].address, STR("mailer-daemon")) &&
                       !str_starts_nocase(m->from.p[0].address, STR("postmaster"))))
        return false;
    for (size_t i = 0; i < sizeof subjects / sizeof subjects[0]; i++)
        if (str_contains_nocase(m->subject, str_z(subjects[i])))
            return true;
    return false;
}

void mail_read_head(struct arena *a, GMimeMessage *message, struct mail *m)
{
    GMimeObject *o = GMIME_OBJECT(message);
    m->subject = utf8_clip(mail_header(a, o, "Subject"), SUBJECT_MAX);
    m->message_id = utf8_clip(mail_id(mail_header(a, o, "Message-ID")), ID_MAX);
    m->in_reply_to = utf8_clip(mail_id(mail_header(a, o, "In-Reply-To")), ID_MAX);
    read_references(a, mail_header(a, o, "References"), m);
    if (!date_parse(mail_header(a, o, "Date"), &m->date))
        m->date = 0;
    m->from = addresses(a, g_mime_message_get_from(message));
    if (!m->from.n)
        m->from = addresses(a, g_mime_message_get_sender(message));
    m->to = addresses(a, g_mime_message_get_to(message));
    m->cc = addresses(a, g_mime_message_get_cc(message));
    m->reply_to = addresses(a, g_mime_message_get_reply_to(message));
    m->delivered_to = delivered_to(a, o);
    mail_read_verdicts(a, o, m);
    m->is_auto = is_automatic(a, o, m);
    m->is_bounce = is_old_bounce(o, m);
    m->is_auto |= m->is_bounce;
    struct str failed = mail_header(a, o, "X-Failed-Recipients");
    if (mail_address_valid(failed))
        m->bounced_address = failed;
}

static bool is_device(struct str name)
{
    static const char *const devices[] = {"con", "prn", "aux", "nul", "com", "lpt"};
    ptrdiff_t dot = str_find_char(name, '.', 0);
    size_t n = dot < 0 ? name.n : (size_t)dot;
    for (size_t i = 0; i < sizeof devices / sizeof devices[0]; i++)
        if (str_starts_nocase(name, str_z(devices[i])) &&
            (n == 3 || (n == 4 && name.p[3] >= '0' && name.p[3] <= '9')))
            return true;
    return false;
}

struct str mail_file_name(struct arena *a, struct str told)
{
    struct str s = text_plain_line(a, told, 4096);
    for (size_t i = s.n; i > 0; i--)
        if (s.p[i - 1] == '/' || s.p[i - 1] == '\\') {
            s = str_sub(s, i, s.n);
            break;
        }
    while (s.n && (s.p[0] == '.' || s.p[0] == ' ' || s.p[0] == '-')) /* hidden, or an option */
        s = str_sub(s, 1, s.n);
    while (s.n && (s.p[s.n - 1] == '.' || s.p[s.n - 1] == ' '))
        s.n--;
    if (!s.n)
        return STR("attachment");
    struct str tail = STR_NONE;
    if (s.n > FILE_NAME_MAX) { /* the kind of file stays told */
        size_t dot = s.n;
        while (dot > s.n - 12 && s.p[dot - 1] != '.')
            dot--;
        if (s.p[dot - 1] == '.')
            tail = str_sub(s, dot - 1, s.n);
        s = utf8_clip(s, FILE_NAME_MAX - tail.n);
    }
    struct buf b;
    buf_init_in(&b, a, FILE_NAME_MAX + 8);
    if (is_device(s))
        buf_add_char(&b, '_');
    buf_add(&b, s);
    buf_add(&b, tail);
    for (size_t i = 0; i < b.n; i++)
        if (b.p[i] && strchr("<>:\"|?*", b.p[i]))
            b.p[i] = '_';
    return buf_str(&b);
}
