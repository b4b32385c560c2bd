/* mail.c - one mailbox of the organisation: reads folders over IMAP, answers over SMTP. What the
 * cursor keeps, as JSON:
 * {"from":time,"folders":{"INBOX":{"uidvalidity":n,"last":n,"old_below":n}}}. Messages are taken by
 * UID, so that nothing is lost however long the server was down; after a change of UIDVALIDITY all
 * that came since "from" is read anew and dies on its Message-ID. */
#include <inttypes.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/trouble.h"
#include "base/vec.h"
#include "channels/mail_item.h"
#include "channels/shared.h"
#include "net/mailbox.h"
#include "net/smtp.h"
#include "text/json.h"
#include "text/mime.h"
#include "text/unicode.h"

enum {
    BATCH_MAX = 50,                     /* messages a poll */
    BATCH_BYTES_MAX = 32 * 1024 * 1024, /* stop adding to a batch that is larger */
    FOLDERS_MAX = 20,
    RANGES_A_POLL = 64, /* of MAILBOX_RANGE_MAX UIDs */
    CURSOR_MAX = 64 * 1024
};

/* How far the mail server's clock may be behind ours. */
#define CLOCK_SLACK CLOCK_HOUR

static const struct channel_setting settings[] = {
    {.key = "imap_url",
     .type = SETTING_URL,
     .required = true,
     .label = N_("Incoming mail server"),
     .hint = N_("imaps://host, or imap://host for STARTTLS")},
    {.key = "smtp_url",
     .type = SETTING_URL,
     .label = N_("Outgoing mail server"),
     .hint = N_(
         "smtps://host, or smtp://host:587 for STARTTLS. Without it the account can only listen.")},
    {.key = "user", .type = SETTING_TEXT, .required = true, .label = N_("User name")},
    {.key = "password", .type = SETTING_SECRET, .required = true, .label = N_("Password")},
    {.key = "smtp_user",
     .type = SETTING_TEXT,
     .label = N_("User name for outgoing mail"),
     .hint = N_("If it is another.")},
    {.key = "smtp_password",
     .type = SETTING_SECRET,
     .label = N_("Password for outgoing mail"),
     .hint = N_("If it is another.")},
    {.key = "address",
     .type = SETTING_TEXT,
     .required = true,
     .label = N_("Address of this mailbox")},
    {.key = "name", .type = SETTING_TEXT, .label = N_("Name shown as sender")},
    {.key = "authserv",
     .type = SETTING_TEXT,
     .label = N_("Name under which your mail server confirms senders"),
     .hint = N_("What stands first in Authentication-Results of the mails it receives, such as "
                "mx.example.org. Mails whose sender it does not confirm are marked then.")},
    {.key = "folders",
     .type = SETTING_TEXT,
     .preset = "INBOX",
     .label = N_("Folders"),
     .hint = N_("Separated by commas.")},
    {.key = "since",
     .type = SETTING_CHOICE,
     .preset = "new",
     .choices = "new|all",
     .label = N_("What to read at first"),
     .hint = N_("Only what arrives from now on, or everything in the folders.")},
    {.key = "plain",
     .type = SETTING_FLAG,
     .label = N_("Without encryption"),
     .hint = N_("Only in a private network, and only if private addresses are allowed.")},
};

struct poll {
    const struct channel_ctx *c;
    struct mailbox *box;
    struct json *before; /* the last cursor; NULL at first */
    struct json_writer cursor;
    int64_t from; /* when listening began; 0: with the oldest message */
    struct vec items, refused;
    size_t bytes;
    int ranges;
    bool more, broken; /* broken: the server cannot be read now, other folders neither */
};

struct folder_state {
    uint32_t uidvalidity;
    uint32_t last;      /* highest UID that was handled */
    uint32_t old_below; /* UIDs below were there when the folder was made anew: only those since
                           "from" count */
};

static struct mailbox_options mailbox_options(const struct channel_ctx *c)
{
    return (struct mailbox_options){.url = channel_setting(c, "imap_url"),
                                    .user = channel_setting(c, "user"),
                                    .password = channel_setting(c, "password"),
                                    .plain = shared_flag(c, "plain"),
                                    .net = shared_net(c)};
}

static struct smtp_request smtp_request(const struct channel_ctx *c)
{
    struct str user = channel_setting(c, "smtp_user"),
               password = channel_setting(c, "smtp_password");
    return (struct smtp_request){.url = channel_setting(c, "smtp_url"),
                                 .user = user.n ? user : channel_setting(c, "user"),
                                 .password = password.n ? password : channel_setting(c, "password"),
                                 .from = channel_setting(c, "address"),
                                 .plain = shared_flag(c, "plain"),
                                 .net = shared_net(c)};
}

static void refuse(struct poll *p, struct str folder, uint32_t uid, const struct errinfo *e,
                   struct str raw)
{
    struct arena *a = p->c->arena;
    struct channel_refused *r = vec_push(&p->refused);
    r->external_id = arena_printf(a, "%.*s/%" PRIu32, STR_FMT(folder), uid);
    r->where = arena_printf(a, "folder %.*s, message %" PRIu32, STR_FMT(folder), uid);
    r->what = arena_strz(a, e->what);
    r->raw = utf8_repair(a, str_sub(raw, 0, ITEM_RAW_MAX));
}

/* One message into items or refused. An error means that the connection or the folder is gone. */
static enum err take_mail(struct poll *p, struct str folder, const struct mailbox_mail *m,
                          struct errinfo *e)
{
    struct arena *a = p->c->arena;
    struct errinfo why = {0};
    struct str raw;
    if (m->size > MAIL_BYTES_MAX) {
        err_set(&why, ERR_LIMIT, "",
                "the message has %" PRId64 " bytes, more than the %d that are read", m->size,
                MAIL_BYTES_MAX);
        refuse(p, folder, m->uid, &why, STR_NONE);
        return ERR_OK;
    }
    enum err err = mailbox_fetch(p->box, m->uid, MAIL_BYTES_MAX, a, &raw, e);
    if (err == ERR_NOT_FOUND)
        return ERR_OK;
    if (err == ERR_LIMIT) {
        refuse(p, folder, m->uid, e, STR_NONE);
        return ERR_OK;
    }
    TRY(err);
    p->bytes += raw.n;
    struct item item;
    if (mail_item_read(p->c, raw, m->received, &item, &why) == ERR_OK)
        *(struct item *)vec_push(&p->items) = item;
    else
        refuse(p, folder, m->uid, &why, raw);
    return ERR_OK;
}

static bool batch_is_full(const struct poll *p)
{
    return p->items.n + p->refused.n >= BATCH_MAX || p->bytes >= BATCH_BYTES_MAX;
}

static bool is_wanted(const struct poll *p, const struct folder_state *s,
                      const struct mailbox_mail *m)
{
    return m->uid >= s->old_below || !m->received || m->received >= p->from - CLOCK_SLACK;
}

/* Messages by their UIDs, ascending; s->last follows what was handled, also if this ends early. */
static enum err take_mails(struct poll *p, struct str folder, const uint32_t *uids, size_t n,
                           struct folder_state *s, struct errinfo *e)
{
    for (size_t at = 0; at < n; at += MAILBOX_DESCRIBE_MAX) {
        size_t part = n - at < MAILBOX_DESCRIBE_MAX ? n - at : MAILBOX_DESCRIBE_MAX, told;
        struct mailbox_mail *mails;
        if (batch_is_full(p))
            return ERR_OK;
        TRY(mailbox_describe(p->box, uids + at, part, p->c->arena, &mails, &told, e));
        for (size_t i = 0; i < told; i++) {
            if (batch_is_full(p))
                return ERR_OK;
            if (is_wanted(p, s, &mails[i]))
                TRY(take_mail(p, folder, &mails[i], e));
            s->last = mails[i].uid;
        }
        s->last = uids[at + part - 1]; /* also if that one was deleted meanwhile */
    }
    return ERR_OK;
}

/* What has a UID above s->last and below end. */
static enum err take_folder(struct poll *p, struct str folder, uint32_t end, struct folder_state *s,
                            struct errinfo *e)
{
    while (s->last + 1 < end) {
        uint32_t *uids, from = s->last + 1;
        uint32_t to = end - from > MAILBOX_RANGE_MAX ? from + MAILBOX_RANGE_MAX - 1 : end - 1;
        size_t n;
        if (p->ranges++ >= RANGES_A_POLL) {
            p->more = true;
            return ERR_OK;
        }
        TRY(mailbox_search(p->box, from, to, p->c->arena, &uids, &n, e));
        TRY(take_mails(p, folder, uids, n, s, e));
        if (n && s->last < uids[n - 1]) {
            p->more = true;
            return ERR_OK;
        }
        s->last = to;
    }
    return ERR_OK;
}

static void keep_state(struct poll *p, struct str folder, const struct folder_state *s)
{
    if (!s->uidvalidity)
        return;
    json_key_str(&p->cursor, folder);
    json_begin_object(&p->cursor);
    json_put_i64(&p->cursor, "uidvalidity", s->uidvalidity);
    json_put_i64(&p->cursor, "last", s->last);
    json_put_i64(&p->cursor, "old_below", s->old_below);
    json_end_object(&p->cursor);
}

static uint32_t read_u32(const struct json *v, const char *name)
{
    int64_t n;
    return json_i64(v, name, &n) && n > 0 && n < UINT32_MAX ? (uint32_t)n : 0;
}

/* What the last cursor says of a folder; uidvalidity 0 when it is new. */
static struct folder_state known_state(const struct poll *p, struct str folder)
{
    const struct json *folders = json_get(p->before, "folders");
    for (struct json_member m = {0}; json_next_member(folders, &m);)
        if (str_eq(m.name, folder))
            return (struct folder_state){read_u32(m.value, "uidvalidity"),
                                         read_u32(m.value, "last"), read_u32(m.value, "old_below")};
    return (struct folder_state){0};
}

static void begin_folder(const struct poll *p, const struct mailbox_folder *now,
                         struct folder_state *s)
{
    bool is_new = !s->uidvalidity;
    if (s->uidvalidity == now->uidvalidity)
        return;
    *s = (struct folder_state){.uidvalidity = now->uidvalidity};
    if (!p->from)
        return;
    if (is_new && now->uidnext)
        s->last = now->uidnext - 1; /* what is there already stays outside */
    else
        s->old_below = now->uidnext ? now->uidnext : UINT32_MAX - 1;
}

static enum err poll_folder(struct poll *p, struct str folder, struct errinfo *e)
{
    struct folder_state s = known_state(p, folder);
    struct mailbox_folder now;
    enum err err = ERR_OK;
    if (p->broken || batch_is_full(p)) {
        p->more = p->more || !p->broken;
    } else if ((err = mailbox_select(p->box, folder, &now, e)) == ERR_OK) {
        begin_folder(p, &now, &s);
        err = take_folder(p, folder, now.uidnext ? now.uidnext : UINT32_MAX, &s, e);
    }
    keep_state(p, folder, &s);
    if (err == ERR_CONFLICT) { /* made anew while we read: the next poll sees its new UIDVALIDITY */
        p->more = true;
        return ERR_OK;
    }
    p->broken = p->broken || (err != ERR_OK && err != ERR_NOT_FOUND);
    return err;
}

static void read_cursor(struct poll *p, struct str cursor)
{
    if (cursor.n && json_parse(p->c->arena, cursor, &p->before, NULL) != ERR_OK)
        p->before = NULL;
    if (!json_i64(p->before, "from", &p->from))
        p->from = str_eq_z(channel_setting(p->c, "since"), "all") ? 0 : clock_now(p->c->clock);
}

static enum err poll_folders(struct poll *p, struct errinfo *e)
{
    struct str folders = channel_setting(p->c, "folders"), name;
    enum err failed = ERR_OK;
    for (int i = 0; i < FOLDERS_MAX && str_next(&folders, ',', &name); i++) {
        enum err err = str_trim(name).n ? poll_folder(p, str_trim(name), e) : ERR_OK;
        failed = err != ERR_OK ? err : failed;
    }
    return failed;
}

static enum err mail_poll(const struct channel_ctx *c, struct str cursor, struct poll_result *out,
                          struct errinfo *e)
{
    struct poll p = {.c = c};
    struct buf text;
    *out = (struct poll_result){.cursor = cursor};
    const struct mailbox_options options = mailbox_options(c);
    read_cursor(&p, cursor);
    vec_init(&p.items, c->arena, sizeof(struct item));
    vec_init(&p.refused, c->arena, sizeof(struct channel_refused));
    TRY(mailbox_open(&options, &p.box, e));
    buf_init_in(&text, c->arena, CURSOR_MAX);
    json_writer_init(&p.cursor, &text);
    json_begin_object(&p.cursor);
    json_put_i64(&p.cursor, "from", p.from);
    json_key(&p.cursor, "folders");
    json_begin_object(&p.cursor);
    enum err err = poll_folders(&p, e);
    json_end_object(&p.cursor);
    json_end_object(&p.cursor);
    mailbox_close(p.box);
    if (!buf_ok(&text))
        return err_trouble(e, ERR_LIMIT, "folders", TROUBLE_FOLDER_NAMES, NULL);
    *out = (struct poll_result){.items = p.items.p,
                                .count = p.items.n,
                                .refused = p.refused.p,
                                .refused_count = p.refused.n,
                                .cursor = buf_str(&text),
                                .more = p.more};
    return err;
}

static enum err compose(const struct channel_ctx *c, const struct outgoing *m, struct str *data,
                        struct errinfo *e)
{
    struct str title = m->title.n ? m->title : c->account_name;
    const struct mail_address to = {.name = m->to_name, .address = m->to_id};
    const struct mail_out out = {
        .from = {.name = channel_setting(c, "name"), .address = channel_setting(c, "address")},
        .to = &to,
        .to_count = 1,
        .subject = m->parent_id.n ? arena_printf(c->arena, "Re: %.*s", STR_FMT(title)) : title,
        .message_id = m->key,
        .in_reply_to = m->parent_id,
        .references = m->thread,
        .reference_count = m->thread_count,
        .date = m->at,
        .text = m->text,
    };
    return mail_compose(c->arena, &out, data, e);
}

static void mail_send(const struct channel_ctx *c, const struct outgoing *m,
                      struct sending_mark mark, struct sent_result *out)
{
    static const enum sent meaning[] = {[SMTP_ACCEPTED] = SENT_ACCEPTED,
                                        [SMTP_REFUSED] = SENT_REFUSED,
                                        [SMTP_LATER] = SENT_LATER,
                                        [SMTP_UNCLEAR] = SENT_UNCLEAR};
    struct errinfo e = {0};
    struct smtp_request request = smtp_request(c);
    struct smtp_result result;
    *out = (struct sent_result){0};
    if (!request.url.n || !request.from.n) {
        shared_tell(out, SENT_REFUSED, request.url.n ? TROUBLE_ENTER_MAILBOX : TROUBLE_ENTER_SMTP,
                    NULL);
        return;
    }
    if (compose(c, m, &request.data, &e) != ERR_OK) {
        shared_tell(out, SENT_REFUSED, TROUBLE_COMPOSE, "%.250s", e.what);
        return;
    }
    request.to = m->to_id;
    request.before_body = mark.mark;
    request.arg = mark.arg;
    smtp_send(&request, &result);
    out->sent = meaning[result.outcome];
    out->why = result.why;
    out->whole = result.whole;
    if (out->sent == SENT_ACCEPTED)
        out->external_id = m->key;
}

static enum err mail_check(const struct channel_ctx *c, struct errinfo *e)
{
    const struct mailbox_options options = mailbox_options(c);
    const struct smtp_request request = smtp_request(c);
    struct mailbox *box;
    struct mailbox_folder ignored;
    struct str folders = channel_setting(c, "folders"), name;
    TRY(mailbox_open(&options, &box, e));
    enum err err = ERR_OK;
    while (err == ERR_OK && str_next(&folders, ',', &name))
        if (str_trim(name).n)
            err = mailbox_select(box, str_trim(name), &ignored, e);
    mailbox_close(box);
    if (err == ERR_OK && !mail_address_valid(channel_setting(c, "address")))
        err = err_trouble(e, ERR_INVALID, "address", TROUBLE_ENTER_MAILBOX, NULL);
    if (err == ERR_OK && request.url.n)
        err = smtp_check(&request, e);
    return err;
}

static enum err mail_tell(const struct channel_ctx *c, const struct channel_letter *letter,
                          struct errinfo *e)
{
    const struct mail_address to = {.address = letter->to};
    const struct mail_out m = {
        .from = {.name = STR("Zuruf"), .address = channel_setting(c, "address")},
        .to = &to,
        .to_count = 1,
        .subject = letter->subject,
        .message_id = letter->message_id,
        .date = letter->date,
        .text = letter->text,
        .auto_submitted = STR("auto-generated")};
    struct smtp_request request = smtp_request(c);
    struct smtp_result result;
    if (!request.url.n || !request.from.n)
        return err_trouble(e, ERR_INVALID, "smtp_url", TROUBLE_CANNOT_MAIL, NULL);
    TRY(mail_compose(c->arena, &m, &request.data, e));
    request.to = letter->to;
    smtp_send(&request, &result);
    if (result.outcome == SMTP_ACCEPTED)
        return ERR_OK;
    *e = result.why;
    return e->code = ERR_PEER;
}

const struct channel channel_mail = {
    .key = "mail",
    .label = N_("E-mail"),
    .icon = "mail",
    .settings = settings,
    .setting_count = sizeof settings / sizeof *settings,
    .poll_every = CLOCK_MINUTE,
    .can_reply = true,
    .is_private = true,
    .resend = RESEND_ASK,
    .poll = mail_poll,
    .send = mail_send,
    .check = mail_check,
    .tell = mail_tell,
};
