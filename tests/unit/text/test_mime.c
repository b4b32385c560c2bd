/* test_mime.c - mails as they arrive, cut into what people wrote, and mails as they leave. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "text/mime.h"
#include "text/unicode.h"

static struct arena a;
static struct mail m;
static struct errinfo e;

static int start(void **state)
{
    (void)state;
    arena_init(&a);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    arena_deinit(&a);
    return 0;
}

static void same(struct str got, const char *expected)
{
    if (!str_eq_z(got, expected))
        fail_msg("got <%.*s>, expected <%s>", STR_FMT(got), expected);
}

static void read_mail(struct str s)
{
    assert_int_equal(mail_parse(&a, s, &m, &e), ERR_OK);
}

static void a_usual_mail(void **state)
{
    (void)state;
    read_mail(STR(
        "Message-ID: <1@e.org>\r\nIn-Reply-To: <0@e.org>\r\nReferences: <a@e.org>\r\n <0@e.org>\r\n"
        "Date: Sun, 22 Nov 2026 09:04:00 +0100\r\n"
        "Subject: =?utf-8?q?St=C3=B6rung?= =?iso-8859-1?q?_in_K=F6ln?=\r\n"
        "From: =?utf-8?B?SsO8cmdlbiBN?= <J@E.ORG>\r\nTo: \"Care, Team\" <care@x.de>, Undisclosed: "
        "b@x.de;\r\n"
        "Cc: nobody\r\nDelivered-To: care+t123@x.de\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
        "Content-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\n"
        "Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: "
        "quoted-printable\r\n\r\n"
        "Gr=FC=DFe\r\n--c\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
        "<p onclick=x()>Grüße</p><script>x</script>\r\n--c--\r\n--b\r\n"
        "Content-Type: application/pdf; name*0*=utf-8''R%C3%BC; name*1*=ck%2E; name*2=pdf\r\n"
        "Content-Disposition: attachment; filename=\"../../etc/Zähler.pdf\"\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n--b--\r\n"));
    same(m.message_id, "1@e.org");
    same(m.in_reply_to, "0@e.org");
    assert_int_equal(m.reference_count, 2);
    same(m.references[1], "0@e.org");
    same(clock_format(&a, m.date), "2026-11-22T08:04:00Z");
    same(m.subject, "Störung in Köln");
    same(m.from.p[0].address, "J@e.org");
    same(m.from.p[0].name, "Jürgen M");
    assert_int_equal(m.to.n, 2);
    same(m.to.p[0].name, "Care, Team");
    same(m.to.p[1].address, "b@x.de");
    assert_int_equal(m.cc.n, 0);
    same(m.delivered_to.p[0].address, "care+t123@x.de");
    same(m.text, "Grüße");
    same(m.html.html, "<p>Grüße</p>");
    assert_int_equal(m.attachment_count, 1);
    same(m.attachments[0].name, "Zähler.pdf");
    same(m.attachments[0].type, "application/pdf");
    same(m.attachments[0].data, "hello");
    assert_false(m.is_auto || m.is_bounce);
}

static void html_alone_is_read_as_text(void **state)
{
    (void)state;
    read_mail(STR("From: a@b.de\nContent-Type: text/html; charset=windows-1252\n\n"
                  "<p>Guten Tag \x80</p><blockquote>alt</blockquote>"));
    same(m.text, "Guten Tag €");
    same(m.quoted, "> alt");
}

static void history_is_cut(void **state)
{
    (void)state;
    static const struct {
        const char *whole, *text, *quoted, *signature;
    } cases[] = {
        {"Danke!\n\nOn Sun, Nov 22, 2026 at 9:04 AM Jo <jo@e.org> wrote:\n> alt\n> älter\n",
         "Danke!", "On Sun, Nov 22, 2026 at 9:04 AM Jo <jo@e.org> wrote:\n> alt\n> älter", ""},
        {"Danke!\n\nAm So., 22. Nov. 2026 um 09:04 Uhr schrieb Care Team <\ncare@e.org>:\n\n> "
         "alt\n",
         "Danke!", "Am So., 22. Nov. 2026 um 09:04 Uhr schrieb Care Team <\ncare@e.org>:\n> alt",
         ""},
        {"Am 22.11.2026 um 09:04 schrieb Care:\n> Frage 1\nAntwort 1\n> Frage 2\nAntwort 2\n",
         "Antwort 1\nAntwort 2", "Am 22.11.2026 um 09:04 schrieb Care:\n> Frage 1\n> Frage 2", ""},
        {"Ja.\n-----Original Message-----\nFrom: x\nalt", "Ja.",
         "-----Original Message-----\nFrom: x\nalt", ""},
        {"Ja.\n\n-----Ursprüngliche Nachricht-----\nVon: x\nalt", "Ja.",
         "-----Ursprüngliche Nachricht-----\nVon: x\nalt", ""},
        {"Ja.\n________________________________\nVon: Care <c@e.org>\nGesendet: Sonntag, 22. "
         "November 2026 09:04\n"
         "An: x\nBetreff: y\n\nalt",
         "Ja.",
         "________________________________\nVon: Care <c@e.org>\nGesendet: Sonntag, 22. November "
         "2026 09:04\nAn: x\n"
         "Betreff: y\n\nalt",
         ""},
        {"Ja.\n\nFrom: Care\nSent: Sunday\nTo: x\nSubject: y\nalt", "Ja.",
         "From: Care\nSent: Sunday\nTo: x\nSubject: y\nalt", ""},
        {"Hallo\n-- \nJo Meier\nTel. 1", "Hallo", "", "Jo Meier\nTel. 1"},
        {"Hallo\n\nVon meinem iPhone gesendet\n", "Hallo", "", "Von meinem iPhone gesendet"},
        {"Hallo\n-- \nJo\n\nOn 1 Jan 2026, Care wrote:\n> alt", "Hallo",
         "On 1 Jan 2026, Care wrote:\n> alt", "Jo"},
        {"Von: mir aus gern\nAm Ende schrieb er:\nnichts",
         "Von: mir aus gern\nAm Ende schrieb er:\nnichts", "", ""},
        {"> nur Zitat", "> nur Zitat", "", ""},
        {"", "", "", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct str text, quoted, signature;
        mail_split(&a, str_z(cases[i].whole), &text, &quoted, &signature);
        same(text, cases[i].text);
        same(quoted, cases[i].quoted);
        same(signature, cases[i].signature);
    }
}

static void machines_are_told_from_people(void **state)
{
    (void)state;
    static const char *const machine[] = {"Auto-Submitted: auto-replied",
                                          "Auto-Submitted: auto-generated; x=y",
                                          "Precedence: bulk",
                                          "Precedence: LIST",
                                          "List-Id: <x.y>",
                                          "List-Unsubscribe: <mailto:x@y.z>",
                                          "X-Auto-Response-Suppress: All",
                                          "X-Autoreply: yes",
                                          "Return-Path: <>",
                                          "Feedback-ID: 1:2"};
    static const char *const person[] = {"Auto-Submitted: no", "Precedence: first-class",
                                         "Return-Path: <a@b.de>", "X-Mailer: x"};
    for (size_t i = 0; i < sizeof machine / sizeof machine[0]; i++) {
        read_mail(arena_printf(&a, "From: a@b.de\n%s\n\nx", machine[i]));
        assert_true(m.is_auto);
    }
    for (size_t i = 0; i < sizeof person / sizeof person[0]; i++) {
        read_mail(arena_printf(&a, "From: a@b.de\n%s\n\nx", person[i]));
        assert_false(m.is_auto);
    }
    read_mail(STR("From: No-Reply+1@b.de\n\nx"));
    assert_true(m.is_auto && !m.is_bounce);
    read_mail(STR("From: noreplying@b.de\n\nx"));
    assert_false(m.is_auto);
}

static void bounces_name_the_mail_that_failed(void **state)
{
    (void)state;
    read_mail(STR("From: MAILER-DAEMON@mx.org\nSubject: Undelivered Mail\nMIME-Version: 1.0\n"
                  "Content-Type: multipart/report; report-type=delivery-status; "
                  "boundary=b\n\n--b\n\nSorry.\n--b\n"
                  "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.org\n\n"
                  "Final-Recipient: rfc822; jo@e.org\nAction: failed\nStatus: 5.1.1\n--b\n"
                  "Content-Type: message/rfc822\n\nMessage-ID: <out-7@x.de>\nFrom: "
                  "care@x.de\nSubject: Re\n\nHallo\n"
                  "--b--\n"));
    assert_true(m.is_bounce && m.is_auto);
    same(m.bounced_id, "out-7@x.de");
    same(m.bounced_address, "jo@e.org");
    same(m.text, "Sorry.");
    read_mail(STR("From: Mail Delivery System <mailer-daemon@mx.org>\nSubject: Mail delivery "
                  "failed: returning\n"
                  "X-Failed-Recipients: jo@e.org\n\nfailed\n\n> x\nMessage-Id: <out-8@x.de>\n"));
    assert_true(m.is_bounce);
    same(m.bounced_id, "out-8@x.de");
    same(m.bounced_address, "jo@e.org");
}

static void damage_is_told_and_survived(void **state)
{
    (void)state;
    read_mail(STR("From: a@b.de\nSubject: =?utf-8?q?ohne_Ende\n\nx\0y"));
    assert_true(m.is_damaged);
    same(m.text, "xy");
    assert_true(utf8_valid(m.subject));
    read_mail(STR("From: a@b.de\nSubject: M\xFCller \xC3\xBC\nContent-Type: text/plain; "
                  "charset=no-such\n\n\xFC"));
    assert_true(utf8_valid(m.subject) && str_starts(m.subject, STR("M")));
    same(m.text, "ü");
    read_mail(STR("From: a@b.de\nContent-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: "
                  "text/plain\n\nhalb"));
    same(m.text, "halb");
    struct buf b;
    buf_init_in(&b, &a, 4 * 1024 * 1024);
    buf_add_z(&b, "From: a@b.de\nContent-Type: multipart/mixed; boundary=x\n\n");
    for (int i = 0; i < 10000; i++)
        buf_add_z(&b, "--x\nContent-Type: text/plain\n\ny\n");
    int64_t before = clock_mono();
    read_mail(buf_str(&b));
    assert_true(m.is_damaged && clock_mono() - before < 2000);
    buf_clear(&b);
    buf_add_z(&b, "From: a@b.de\n");
    for (int i = 0; i < 1000; i++)
        buf_printf(&b, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i);
    before = clock_mono();
    read_mail(buf_str(&b));
    assert_true(m.is_damaged && clock_mono() - before < 2000);
    char *big = arena_alloc(&a, MAIL_BYTES_MAX + 1);
    memset(big, 'x', MAIL_BYTES_MAX + 1);
    assert_int_equal(mail_parse(&a, (struct str){big, MAIL_BYTES_MAX + 1}, &m, &e), ERR_LIMIT);
}

static void file_names_are_harmless(void **state)
{
    (void)state;
    static const char *const names[][2] = {{"..\\\\..\\\\x.exe", "x.exe"},
                                           {"/etc/passwd", "passwd"},
                                           {"..", "attachment"},
                                           {"CON.txt", "_CON.txt"},
                                           {"a:b?.txt", "a_b_.txt"},
                                           {".htaccess", "htaccess"},
                                           {"gpj\xE2\x80\xAEx.exe", "gpjx.exe"}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        read_mail(arena_printf(&a,
                               "From: a@b.de\nContent-Type: x/y\nContent-Disposition: attachment; "
                               "filename=\"%s\"\n\nz",
                               names[i][0]));
        assert_int_equal(m.attachment_count, 1);
        same(m.attachments[0].name, names[i][1]);
    }
    char longer[4001];
    memset(longer, 'n', 4000);
    longer[4000] = 0;
    read_mail(arena_printf(&a, "From: a@b.de\nContent-Type: x/y; name=%s.pdf\n\nz", longer));
    assert_true(m.attachments[0].name.n <= 128 && str_ends(m.attachments[0].name, STR(".pdf")));
}

static const struct str earlier[] = {{"0@e.org", 7}, {"1@e.org", 7}};

static struct mail_out plain(struct mail_address *to)
{
    *to = (struct mail_address){.name = STR("Jürgen \"J\" Meier, Köln"), .address = STR("j@e.org")};
    return (struct mail_out){
        .from = {.name = STR("Care"), .address = STR("care@x.de")},
        .to = to,
        .to_count = 1,
        .subject =
            STR("Störung in der sehr langen Straße, die niemals enden will: Köln-Nippes Süd"),
        .message_id = STR("m1@x.de"),
        .in_reply_to = STR("1@e.org"),
        .references = earlier,
        .reference_count = 2,
        .date = INT64_C(1795338240000),
        .text = STR("Grüße\n.\nFrom hier\nende = da\n")};
}

static void what_we_send_reads_back(void **state)
{
    (void)state;
    struct mail_address to;
    struct mail_out o = plain(&to);
    struct str bytes;
    o.auto_submitted = STR("auto-replied");
    assert_int_equal(mail_compose(&a, &o, &bytes, &e), ERR_OK);
    struct str rest = bytes, line;
    while (str_next(&rest, '\n', &line)) {
        assert_true(line.n == 0 || line.p[line.n - 1] == '\r' || rest.n == 0);
        assert_true(line.n <= 200);
        for (size_t i = 0; i < line.n; i++)
            assert_true((unsigned char)line.p[i] < 0x80);
    }
    read_mail(bytes);
    same(m.subject, o.subject.p);
    same(m.to.p[0].name, to.name.p);
    same(m.to.p[0].address, "j@e.org");
    same(m.from.p[0].name, "Care");
    same(m.message_id, "m1@x.de");
    same(m.in_reply_to, "1@e.org");
    assert_int_equal(m.reference_count, 2);
    assert_int_equal(m.date, o.date);
    same(m.text, "Grüße\n.\nFrom hier\nende = da");
    assert_true(m.is_auto && !m.is_damaged);
}

static void nobody_adds_headers(void **state)
{
    (void)state;
    struct mail_address to;
    struct str bytes;
    struct mail_out o = plain(&to);
    o.subject = STR("x\r\nBcc: all@e.org");
    assert_int_equal(mail_compose(&a, &o, &bytes, &e), ERR_INVALID);
    assert_string_equal(e.where, "Subject");
    o = plain(&to);
    to.name = STR("x\nBcc: all@e.org");
    assert_int_equal(mail_compose(&a, &o, &bytes, &e), ERR_INVALID);
    o = plain(&to);
    to.address = STR("a@b.de>\nx");
    assert_int_equal(mail_compose(&a, &o, &bytes, &e), ERR_INVALID);
    o = plain(&to);
    o.message_id = STR("a b");
    assert_int_equal(mail_compose(&a, &o, &bytes, &e), ERR_INVALID);
    o = plain(&to);
    o.to_count = 0;
    assert_int_equal(mail_compose(&a, &o, &bytes, &e), ERR_INVALID);
}

static void addresses_are_checked(void **state)
{
    (void)state;
    static const char *const good[] = {"a@b", "a.b+c@d-e.org", "x_y@1.de"};
    static const char *const bad[] = {"",           "a",        "@b",
                                      "a@",         "a b@c.de", "a@b..c",
                                      ".a@b.de",    "a@-b.de",  "a@b.de,c@d.de",
                                      "a;rm@b.de ", "a@b@c.de", "ä@b.de",
                                      "|sh@b.de\n", "a..b@c.de"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(mail_address_valid(str_z(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (mail_address_valid(str_z(bad[i])))
            fail_msg("taken: %s", bad[i]);
}

static void a_monstrous_head_loses_its_end(void **state)
{
    (void)state;
    static char mail[1 << 20];
    size_t n = (size_t)snprintf(mail, sizeof mail, "Subject: Anfang\r\nFrom: a@e.org\r\n");
    while (n < MAIL_HEAD_MAX + 1000)
        n += (size_t)snprintf(mail + n, sizeof mail - n, "X-More: y\r\n");
    n += (size_t)snprintf(mail + n, sizeof mail - n, "In-Reply-To: <x@y>\r\n\r\nDas Ende");
    read_mail((struct str){mail, n});
    same(m.subject, "Anfang");
    same(m.text, "Das Ende");
    same(m.in_reply_to, "");
    assert_true(m.is_damaged);
    n = (size_t)snprintf(mail, sizeof mail, "From: a@e.org\r\nX: ");
    memset(mail + n, 'x', MAIL_HEAD_MAX);
    n += MAIL_HEAD_MAX;
    n += (size_t)snprintf(mail + n, sizeof mail - n, "\r\n\r\nDas Ende");
    read_mail((struct str){mail, n});
    same(m.text, "Das Ende");
    same(m.from.p[0].address, "a@e.org");
    assert_true(m.is_damaged);
    memset(mail, 'x', sizeof mail); /* no line at all */
    enum err err = mail_parse(&a, (struct str){mail, sizeof mail}, &m, &e);
    assert_true(err == ERR_INVALID || m.is_damaged);
}

/* What the server mx.e.org says of a mail with these headers in front of From: a@shop.e.org. */
static enum mail_sender sender(const char *headers)
{
    read_mail(arena_printf(&a, "%sFrom: A <a@Shop.e.org>\r\nSubject: x\r\n\r\nx", headers));
    return mail_sender_check(&m, STR("mx.e.org"));
}

#define AR "Authentication-Results: "

static void the_receiving_server_says_who_wrote_a_mail(void **state)
{
    (void)state;
    static const char *const confirmed[] = {
        AR "mx.e.org; dmarc=pass header.from=shop.e.org\r\n",
        AR "MX.E.ORG 1; DMARC=Pass\r\n",
        AR "mx.e.org;\r\n spf=fail smtp.mailfrom=x@else.org;\r\n\tdmarc=pass (p=none; fail)\r\n",
        AR "mx.e.org; dkim=pass header.d=shop.e.org header.s=1\r\n",
        AR "mx.e.org; dkim=pass (1024-bit key) reason=\"good\" header.i=@e.org\r\n",
        AR "mx.e.org; dkim=fail header.d=shop.e.org; dkim=pass header.d=e.org; dmarc=none\r\n",
        AR "mx.e.org; spf=pass smtp.mailfrom=\"bounce@shop.e.org\"\r\n",
        AR "mx.e.org; spf=pass smtp.mailfrom=shop.e.org\r\n",
        AR "mx.e.org; spf=pass smtp.mailfrom=prvs=123=a@shop.e.org\r\n",
        AR "mx.e.org; spf=pass smtp.mailfrom=\"a; b=(\"@shop.e.org\r\n",
        AR "mx.e.org; spf=pass smtp.mailfrom=\"\\\"a b\\\"@shop.e.org\"\r\n",
        AR "mx.e.org; dkim=pass header.d=shop.e.org\r\n" AR "mx.e.org; spf=none\r\n",
        AR "mx.e.org; dmarc=pass\r\n" AR "mx.e.org; dmarc=fail\r\n", /* theirs is further down */
    };
    static const char *const doubted[] = {
        AR "mx.e.org; dmarc=fail header.from=shop.e.org\r\n",
        AR "mx.e.org; dmarc=fail; dkim=pass header.d=shop.e.org\r\n",
        AR "mx.e.org; dmarc=fail\r\n" AR "mx.e.org; dmarc=pass\r\n",
        AR "mx.e.org; dmarc=pass header.from=evil.org\r\n",
        AR "mx.e.org; dkim=pass header.d=evil.org; spf=pass smtp.mailfrom=evil.org\r\n",
        AR "mx.e.org; dkim=pass header.d=eshop.e.org\r\n",
        AR "mx.e.org; dkim=pass header.d=hop.e.org\r\n",
        AR "mx.e.org; dkim=pass header.d=org\r\n",
        AR "mx.e.org; dkim=pass header.d=x.shop.e.org\r\n",
        AR "mx.e.org; dkim=pass\r\n",
        AR "mx.e.org; dkim=pass header.b=shop.e.org\r\n",
        AR "mx.e.org; spf=pass smtp.helo=shop.e.org\r\n",
        AR "mx.e.org; spf=softfail (x; dmarc=pass) smtp.mailfrom=shop.e.org\r\n",
        AR "mx.e.org; spf=neutral reason=\"; dmarc=pass\"\r\n",
        AR "mx.e.org; spf=none ((\\(; dmarc=pass\r\n",
        AR "mx.e.org; dmarc=passed; spf=pass=shop.e.org\r\n",
        /* what the sender chose, with quotes and without */
        AR "mx.e.org; spf=pass smtp.mailfrom=shop.e.org=a@evil.org\r\n",
        AR "mx.e.org; spf=pass smtp.mailfrom=\"a@shop.e.org\"@evil.org\r\n",
        AR "mx.e.org; spf=pass smtp.mailfrom=a.\"@shop.e.org\"@evil.org\r\n",
        AR "mx.e.org; spf=none smtp.mailfrom=\"\\\"; dmarc=pass; \"@evil.org\r\n",
        AR "mx.e.org; spf=pass smtp.mailfrom=\"a@shop.e.org\r\n",
        AR "mx.e.org; dmarc=pass\r\nFrom: b@other.org\r\nFrom: c@other.org, d@other.org\r\n",
    };
    static const char *const unchecked[] = {
        "",
        AR "mx.e.org; none\r\n",
        AR "mx.e.org; auth=pass smtp.auth=a\r\n",
        AR "mx.e.org\r\n",
        AR "evil.org; dmarc=pass\r\n",
        AR "mx.e.org.evil.org; dmarc=pass\r\n",
        AR "(mx.e.org) evil.org; dmarc=pass\r\n",
        /* what a server need not read as its own name, and so may not have removed */
        AR "(x) mx.e.org; dmarc=pass\r\n",
        AR "=?utf-8?q?mx=2Ee=2Eorg?=; dmarc=pass\r\n",
        AR "\"mx.e.org\"; dmarc=pass\r\n",
        AR "mx.e.org(x); dmarc=pass\r\n",
        AR "; dmarc=pass\r\n",
        "X-" AR "mx.e.org; dmarc=pass\r\n",
        "Authentication-Result: mx.e.org; dmarc=pass\r\n",
        "ARC-" AR "i=1; mx.e.org; dmarc=pass\r\n",
        "Subject: x" AR "mx.e.org; dmarc=pass\r\n",
    };
    for (size_t i = 0; i < sizeof confirmed / sizeof *confirmed; i++)
        if (sender(confirmed[i]) != MAIL_SENDER_CONFIRMED)
            fail_msg("not confirmed by %s", confirmed[i]);
    for (size_t i = 0; i < sizeof doubted / sizeof *doubted; i++)
        if (sender(doubted[i]) != MAIL_SENDER_DOUBTED)
            fail_msg("not doubted after %s", doubted[i]);
    for (size_t i = 0; i < sizeof unchecked / sizeof *unchecked; i++)
        if (sender(unchecked[i]) != MAIL_SENDER_UNCHECKED)
            fail_msg("believed: %s", unchecked[i]);
    sender(confirmed[0]);
    assert_int_equal(mail_sender_check(&m, STR("")), MAIL_SENDER_UNCHECKED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_usual_mail),
        cmocka_unit_test(html_alone_is_read_as_text),
        cmocka_unit_test(history_is_cut),
        {"case 47: machines are told from people", machines_are_told_from_people, NULL, NULL, NULL},
        {"case 54: bounces name the mail that failed", bounces_name_the_mail_that_failed, NULL,
         NULL, NULL},
        {"case 51: damage is told and survived", damage_is_told_and_survived, NULL, NULL, NULL},
        {"case 51: a monstrous head loses its end", a_monstrous_head_loses_its_end, NULL, NULL,
         NULL},
        {"case 52: file names are harmless", file_names_are_harmless, NULL, NULL, NULL},
        cmocka_unit_test(what_we_send_reads_back),
        {"case 28: nobody adds headers to a mail", nobody_adds_headers, NULL, NULL, NULL},
        cmocka_unit_test(addresses_are_checked),
        {"case 49: the receiving server says who wrote a mail",
         the_receiving_server_says_who_wrote_a_mail, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests(tests, start, stop);
}
