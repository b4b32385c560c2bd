/* The mail channel against Dovecot and Postfix: what a customer's mail becomes, that none is lost
 * or doubled, and what our answers look like where they arrive. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "channels/channel.h"
#include "mail_peer.h"

static struct mail_peer peer;
static struct arena arena;
static struct poll_result got;
static struct errinfo why;

struct account {
    struct str imap_url, smtp_url, user, password, address, name, folders, since;
    struct map map;
};

/* since: "new" or "all". */
static struct channel_ctx account_open(struct account *s, const char *since)
{
    *s = (struct account){mail_peer_url(&peer, "imaps", peer.imaps),
                          mail_peer_url(&peer, "smtps", peer.submissions),
                          STR("care@zuruf.test"),
                          STR(MAIL_PEER_PASSWORD),
                          STR("care@zuruf.test"),
                          STR("Stadtwerke Österreuth"),
                          STR("INBOX"),
                          str_z(since),
                          {0}};
    map_init(&s->map, &arena);
    map_set(&s->map, STR("imap_url"), &s->imap_url);
    map_set(&s->map, STR("smtp_url"), &s->smtp_url);
    map_set(&s->map, STR("user"), &s->user);
    map_set(&s->map, STR("password"), &s->password);
    map_set(&s->map, STR("address"), &s->address);
    map_set(&s->map, STR("name"), &s->name);
    map_set(&s->map, STR("folders"), &s->folders);
    map_set(&s->map, STR("since"), &s->since);
    return (struct channel_ctx){.arena = &arena,
                                .clock = &clock_system,
                                .settings = &s->map,
                                .account_name = STR("Kundendienst"),
                                .allow_private = true,
                                .ca_file = peer.ca_file};
}

static const struct channel *mail(void)
{
    return channel_find(STR("mail"));
}

static void poll_mail(const struct channel_ctx *c, struct str cursor)
{
    if (mail()->poll(c, cursor, &got, &why) != ERR_OK)
        fail_msg("%s", why.what);
}

/* The cursor behind everything that is there. */
static struct str cursor_now(const struct channel_ctx *c)
{
    poll_mail(c, STR_NONE);
    assert_int_equal(got.count, 0);
    assert_false(got.more);
    return got.cursor;
}

static void deliver(struct str text)
{
    size_t before = mail_peer_count(&peer, "care");
    mail_peer_deliver(&peer, "care", text);
    mail_peer_wait(&peer, "care", before + 1);
}

static const struct item *only_item(const struct channel_ctx *c, struct str cursor)
{
    poll_mail(c, cursor);
    assert_int_equal(got.count, 1);
    assert_int_equal(got.refused_count, 0);
    return &got.items[0];
}

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena);
    mail_peer_start(&peer);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    mail_peer_stop(&peer);
    arena_deinit(&arena);
    return 0;
}

static void a_plain_mail(void **state)
{
    (void)state;
    struct account s;
    struct channel_ctx c = account_open(&s, "new");
    struct str cursor = cursor_now(&c);
    deliver(
        STR("Message-ID: <p1@elsewhere.test>\r\nIn-Reply-To: <b@zuruf.test>\r\n"
            "References: <a@zuruf.test> <b@zuruf.test>\r\nDate: Sun, 22 Nov 2026 09:04:00 +0100\r\n"
            "From: =?iso-8859-1?Q?J=FCrgen_Kr=F6ger?= <J.Kroeger@Elsewhere.test>\r\nTo: "
            "care@zuruf.test\r\n"
            "Subject: AW: Re: =?utf-8?B?U3Ryb21hdXNmYWxs?=\r\n"
            "Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: "
            "quoted-printable\r\n\r\n"
            "Gr=FC=DFe, der Strom ist weg.\r\n\r\nAm 21.11.2026 um 10:00 schrieb Care:\r\n> Wir "
            "pr=FCfen das.\r\n"));
    const struct item *i = only_item(&c, cursor);
    assert_true(str_eq_z(i->external_id, "p1@elsewhere.test"));
    assert_int_equal(i->parent_count, 2);
    assert_true(str_eq_z(i->parents[0], "b@zuruf.test") && str_eq_z(i->parents[1], "a@zuruf.test"));
    assert_true(str_eq_z(i->author_id, "j.kroeger@elsewhere.test"));
    assert_true(str_eq_z(i->author_name, "Jürgen Kröger"));
    assert_true(str_eq_z(i->title, "Stromausfall"));
    assert_true(str_eq_z(i->text, "Grüße, der Strom ist weg."));
    assert_true(str_find(i->quoted, STR("Wir prüfen das."), 0) >= 0);
    assert_true(i->published_at > 0 && i->published_at <= clock_now(&clock_system));
    assert_true(i->is_private && !i->is_ours && !i->is_automatic && !i->is_bounce);
    poll_mail(&c, got.cursor);
    assert_int_equal(got.count, 0);
}

static void parts_and_attachments(void **state)
{
    (void)state;
    struct account s;
    struct channel_ctx c = account_open(&s, "new");
    struct str cursor = cursor_now(&c);
    deliver(STR(
        "Message-ID: <p2@elsewhere.test>\r\nFrom: a@elsewhere.test\r\nTo: care@zuruf.test\r\n"
        "Subject: Bild\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"
        "--x\r\nContent-Type: multipart/alternative; boundary=y\r\n\r\n"
        "--y\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Siehe <b>Foto</b></p>\r\n--y--\r\n"
        "--x\r\nContent-Type: image/png\r\nContent-Disposition: attachment; "
        "filename=\"../../z\xc3\xa4hler.png\""
        "\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--x--\r\n"));
    const struct item *i = only_item(&c, cursor);
    assert_true(str_eq_z(i->text, "Siehe Foto"));
    assert_int_equal(i->attachment_count, 1);
    assert_true(str_eq_z(i->attachments[0].type, "image/png"));
    assert_int_equal(i->attachments[0].data.n, 8);
    assert_int_equal(str_find_char(i->attachments[0].name, '/', 0), -1);
}

static void what_machines_write_is_told(void **state)
{
    (void)state;
    struct account s;
    struct channel_ctx c = account_open(&s, "new");
    struct str cursor = cursor_now(&c);
    deliver(
        STR("Message-ID: <auto@elsewhere.test>\r\nFrom: a@elsewhere.test\r\nTo: care@zuruf.test\r\n"
            "Subject: Abwesend\r\nAuto-Submitted: auto-replied\r\nIn-Reply-To: "
            "<ours@zuruf.test>\r\n\r\nBin weg.\r\n"));
    const struct item *i = only_item(&c, cursor);
    assert_true(i->is_automatic && !i->is_bounce);
    deliver(
        STR("Message-ID: <dsn@elsewhere.test>\r\nFrom: MAILER-DAEMON@elsewhere.test\r\nTo: "
            "care@zuruf.test\r\n"
            "Subject: Undelivered\r\nMIME-Version: 1.0\r\n"
            "Content-Type: multipart/report; report-type=delivery-status; boundary=x\r\n\r\n"
            "--x\r\nContent-Type: text/plain\r\n\r\nNot delivered.\r\n"
            "--x\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; "
            "mx.elsewhere.test\r\n\r\n"
            "Final-Recipient: rfc822; weg@elsewhere.test\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
            "--x\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: "
            "<ours@zuruf.test>\r\nSubject: x\r\n--x--\r\n"));
    i = only_item(&c, got.cursor);
    assert_true(i->is_automatic && i->is_bounce);
    assert_true(i->parent_count > 0 && str_eq_z(i->parents[0], "ours@zuruf.test"));
    deliver(STR(
        "Message-ID: <own@zuruf.test>\r\nFrom: Care <Care@zuruf.test>\r\nTo: a@elsewhere.test\r\n"
        "Subject: Kopie\r\n\r\nVon uns.\r\n"));
    i = only_item(&c, got.cursor);
    assert_true(i->is_ours);
    deliver(STR("Message-ID: <form@zuruf.test>\r\nFrom: care@zuruf.test\r\nReply-To: "
                "kunde@elsewhere.test\r\n"
                "To: care@zuruf.test\r\nSubject: Formular\r\n\r\nAus dem Formular.\r\n"));
    i = only_item(&c, got.cursor);
    assert_true(!i->is_ours && str_eq_z(i->author_id, "kunde@elsewhere.test"));
}

static void a_mail_without_id_has_a_steady_one(void **state)
{
    (void)state;
    struct account s;
    struct channel_ctx c = account_open(&s, "new");
    struct str cursor = cursor_now(&c);
    deliver(STR("From: a@elsewhere.test\r\nMessage-ID:\r\nSubject: ohne\r\n\r\nHallo.\r\n"));
    struct str id = only_item(&c, cursor)->external_id;
    assert_true(id.n > 0);
    assert_true(str_eq(only_item(&c, cursor)->external_id,
                       id)); /* as after a crash before the cursor was saved */
}

/* 300 mails that came while nobody listened, read in batches; each batch is read twice, as if the
 * process had been killed before it saved the first. */
static void nothing_is_lost_or_doubled(void **state)
{
    (void)state;
    enum { ALL = 300 };
    static int seen[ALL];
    struct account s;
    struct channel_ctx c = account_open(&s, "new");
    struct str cursor = cursor_now(&c);
    size_t before = mail_peer_count(&peer, "care");
    for (int k = 0; k < ALL; k++)
        mail_peer_deliver(&peer, "care",
                          arena_printf(&arena,
                                       "Message-ID: <many-%d-@elsewhere.test>\r\n"
                                       "From: a@elsewhere.test\r\nSubject: %d\r\n\r\nNr. %d\r\n",
                                       k, k, k));
    mail_peer_wait(&peer, "care", before + ALL);
    int batches = 0;
    do {
        poll_mail(&c, cursor);
        struct str lost = got.items[0].external_id;
        poll_mail(&c, cursor);
        assert_true(str_eq(got.items[0].external_id, lost));
        if (batches == 2) { /* and the mail server restarts in between */
            mail_peer_run(&peer, "stop-imap", "");
            struct poll_result kept = got;
            assert_int_equal(mail()->poll(&c, cursor, &got, &why), ERR_IO);
            assert_int_equal(got.count, 0);
            mail_peer_run(&peer, "start-imap", "");
            got = kept;
        }
        for (size_t i = 0; i < got.count; i++) {
            int64_t k;
            assert_true(str_to_i64(got.items[i].title, &k) && k >= 0 && k < ALL);
            seen[k]++;
        }
        cursor = got.cursor;
        batches++;
        assert_true(batches < 20);
    } while (got.more);
    assert_int_equal(batches, 6);
    for (int k = 0; k < ALL; k++)
        assert_int_equal(seen[k], 1);
}

static void a_renewed_folder_is_read_anew(void **state)
{
    (void)state;
    struct account s;
    struct channel_ctx c = account_open(&s, "all");
    struct str cursor = STR_NONE;
    size_t first = 0, second = 0;
    do {
        poll_mail(&c, cursor);
        first += got.count;
        cursor = got.cursor;
    } while (got.more);
    assert_int_equal(first, mail_peer_count(&peer, "care"));
    mail_peer_run(&peer, "stop-imap", "");
    mail_peer_run(&peer, "start-imap", "");
    mail_peer_run(&peer, "renew", "care 888888");
    do { /* the same Message-IDs again: the store drops them */
        poll_mail(&c, cursor);
        second += got.count;
        cursor = got.cursor;
    } while (got.more);
    assert_int_equal(second, first);
    poll_mail(&c, cursor);
    assert_int_equal(got.count, 0);
}

static void a_lost_folder_does_not_stop_the_others(void **state)
{
    (void)state;
    struct account s;
    struct channel_ctx c = account_open(&s, "new");
    s.folders = STR("gibtsnicht, INBOX ,Entwürfe & Rest");
    assert_int_equal(mail()->poll(&c, STR_NONE, &got, &why), ERR_NOT_FOUND);
    assert_non_null(strstr(why.what, "gibtsnicht"));
    struct str cursor = got.cursor;
    deliver(STR(
        "Message-ID: <p9@elsewhere.test>\r\nFrom: a@elsewhere.test\r\nSubject: da\r\n\r\nDa.\r\n"));
    assert_int_equal(mail()->poll(&c, cursor, &got, &why), ERR_NOT_FOUND);
    assert_int_equal(got.count, 1);
    assert_int_equal(mail()->poll(&c, got.cursor, &got, &why), ERR_NOT_FOUND);
    assert_int_equal(got.count, 0);
}

static void too_large_is_refused_and_told(void **state)
{
    (void)state;
    struct account s;
    struct channel_ctx c = account_open(&s, "new");
    struct str cursor = cursor_now(&c);
    size_t n = 27 * 1024 * 1024;
    char *text = arena_alloc(&arena, n);
    memset(text, 'x', n);
    static const char head[] =
        "Message-ID: <big@elsewhere.test>\r\nFrom: a@elsewhere.test\r\nSubject: big\r\n\r\n";
    memcpy(text, head, sizeof head - 1);
    for (size_t i = sizeof head + 70; i + 2 < n; i += 72)
        memcpy(text + i, "\r\n", 2);
    deliver((struct str){text, n});
    poll_mail(&c, cursor);
    assert_int_equal(got.count, 0);
    assert_int_equal(got.refused_count, 1);
    assert_true(str_find(got.refused[0].what, STR("bytes"), 0) > 0);
    poll_mail(&c, got.cursor);
    assert_int_equal(got.count + got.refused_count, 0);
}

static int marks;

static enum err mark(void *arg)
{
    (void)arg;
    marks++;
    return ERR_OK;
}

static struct sent_result answer(const struct channel_ctx *c, const char *to, const char *key)
{
    static const struct str thread[] = {
        {"q1@elsewhere.test", 17}, {"a1@zuruf.test", 13}, {"q2@elsewhere.test", 17}};
    const struct outgoing m = {.id = 7,
                               .key = str_z(key),
                               .text = STR("Der Strom ist wieder da. Grüße ^AB\n.ende"),
                               .title = STR("Stromausfall"),
                               .to_id = str_z(to),
                               .to_name = STR("Jürgen"),
                               .parent_id = STR("q2@elsewhere.test"),
                               .thread = thread,
                               .thread_count = 3,
                               .at = INT64_C(1795338240000),
                               .attempt = 1};
    struct sent_result r;
    marks = 0;
    mail()->send(c, &m, (struct sending_mark){mark, NULL}, &r);
    return r;
}

/* A header as it arrived, folding undone. */
static struct str header(struct str text, const char *name)
{
    ptrdiff_t at = str_find(text, arena_printf(&arena, "\n%s: ", name), 0);
    if (at < 0)
        return STR_NONE;
    struct str rest = str_sub(text, (size_t)at + strlen(name) + 3, text.n), line;
    struct str value = STR("");
    while (str_next_line(&rest, &line)) {
        value = arena_printf(&arena, "%.*s %.*s", STR_FMT(value), STR_FMT(str_trim(line)));
        if (!rest.n || (rest.p[0] != ' ' && rest.p[0] != '\t'))
            break;
    }
    return str_trim(value);
}

static void an_answer_arrives_in_its_thread(void **state)
{
    (void)state;
    struct account s;
    struct channel_ctx c = account_open(&s, "new");
    size_t before = mail_peer_count(&peer, "sink");
    struct sent_result r = answer(&c, "j.kroeger@elsewhere.test", "m7.abc@zuruf.test");
    assert_int_equal(r.sent, SENT_ACCEPTED);
    assert_true(str_eq_z(r.external_id, "m7.abc@zuruf.test"));
    assert_int_equal(marks, 1);
    mail_peer_wait(&peer, "sink", before + 1);
    struct str text = mail_peer_find(&peer, &arena, "sink", "<m7.abc@zuruf.test>");
    assert_true(str_eq_z(header(text, "Message-ID"), "<m7.abc@zuruf.test>") ||
                str_eq_z(header(text, "Message-Id"), "<m7.abc@zuruf.test>"));
    assert_true(str_eq_z(header(text, "In-Reply-To"), "<q2@elsewhere.test>"));
    assert_true(str_eq_z(header(text, "References"),
                         "<q1@elsewhere.test> <a1@zuruf.test> <q2@elsewhere.test>"));
    assert_true(str_eq_z(header(text, "Subject"), "Re: Stromausfall"));
    assert_true(str_find(header(text, "From"), STR("care@zuruf.test"), 0) >= 0);
    assert_true(str_find(header(text, "To"), STR("j.kroeger@elsewhere.test"), 0) >= 0);
    assert_true(str_find(header(text, "Date"), STR("22 Nov 2026"), 0) >= 0);
    assert_true(
        str_ends(str_trim(text), STR("\n.ende"))); /* a line with a dot first survives SMTP */
}

static void what_cannot_be_sent_says_why(void **state)
{
    (void)state;
    struct account s;
    struct channel_ctx c = account_open(&s, "new");
    struct sent_result r = answer(&c, "refused@elsewhere.test", "r1@zuruf.test");
    assert_int_equal(r.sent, SENT_REFUSED);
    assert_non_null(strstr(r.why.what, "refused@elsewhere.test"));
    assert_int_equal(answer(&c, "later@elsewhere.test", "r2@zuruf.test").sent, SENT_LATER);
    assert_int_equal(answer(&c, "a@b.test>\r\nRCPT TO:<x@y.test", "r3@zuruf.test").sent,
                     SENT_REFUSED);
    assert_int_equal(answer(&c, "a@elsewhere.test", "r4@zuruf.test>\r\nBcc: x@y.test").sent,
                     SENT_REFUSED);
    s.password = STR("falsch");
    r = answer(&c, "a@elsewhere.test", "r5@zuruf.test");
    assert_int_equal(r.sent, SENT_REFUSED);
    assert_non_null(strstr(r.why.what, "password"));
    s.smtp_url = STR_NONE;
    r = answer(&c, "a@elsewhere.test", "r6@zuruf.test");
    assert_int_equal(r.sent, SENT_REFUSED);
    assert_non_null(strstr(r.why.what, "outgoing mail server"));
    assert_int_equal(marks, 0);
}

static void checking_an_account(void **state)
{
    (void)state;
    struct account s;
    struct channel_ctx c = account_open(&s, "new");
    assert_int_equal(mail()->check(&c, &why), ERR_OK);
    s.address = STR("keine Adresse");
    assert_int_equal(mail()->check(&c, &why), ERR_INVALID);
    s.address = STR("care@zuruf.test");
    s.password = STR("falsch");
    assert_int_equal(mail()->check(&c, &why), ERR_DENIED);
    assert_non_null(strstr(why.what, "password"));
    assert_null(strstr(why.what, "falsch"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_mail),
        cmocka_unit_test(parts_and_attachments),
        cmocka_unit_test(what_machines_write_is_told),
        cmocka_unit_test(a_mail_without_id_has_a_steady_one),
        cmocka_unit_test(nothing_is_lost_or_doubled),
        cmocka_unit_test(a_renewed_folder_is_read_anew),
        cmocka_unit_test(a_lost_folder_does_not_stop_the_others),
        cmocka_unit_test(too_large_is_refused_and_told),
        cmocka_unit_test(an_answer_arrives_in_its_thread),
        cmocka_unit_test(what_cannot_be_sent_says_why),
        cmocka_unit_test(checking_an_account),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
