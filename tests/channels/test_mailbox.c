/* net/mailbox and net/smtp against Dovecot and Postfix. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/clock.h"
#include "mail_peer.h"
#include "net/mailbox.h"
#include "net/smtp.h"

static struct mail_peer peer;
static struct arena arena;
static struct errinfo why;
static struct mailbox_folder folder;

static struct mailbox_options options(const char *scheme, int port)
{
    return (struct mailbox_options){.url = mail_peer_url(&peer, scheme, port),
                                    .user = STR("care@zuruf.test"),
                                    .password = STR(MAIL_PEER_PASSWORD),
                                    .net = mail_peer_options(&peer)};
}

static struct mailbox *sign_in(const struct mailbox_options *o, enum err expected)
{
    struct mailbox *box;
    assert_int_equal(mailbox_open(o, &box, &why), ERR_OK);
    enum err err = mailbox_select(box, STR("INBOX"), &folder, &why);
    if (err != expected)
        fail_msg("%s: %s", err_code(err), why.what);
    return box;
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

#define MAIL(id, body) "Message-ID: <" id "@elsewhere.test>\r\nSubject: " id "\r\n\r\n" body "\r\n"

static void reads_what_was_delivered(void **state)
{
    (void)state;
    struct mailbox_mail *mails;
    struct str raw;
    size_t n, before = mail_peer_count(&peer, "care");
    mail_peer_deliver(&peer, "care",
                      STR(MAIL("eins", "Hallo\r\n* OK [UIDVALIDITY 1] nicht vom Server")));
    mail_peer_deliver(&peer, "care", STR(MAIL("zwei", "{99}\r\n)")));
    mail_peer_wait(&peer, "care", before + 2);
    struct mailbox_options o = options("imaps", peer.imaps);
    struct mailbox *box = sign_in(&o, ERR_OK);
    assert_true(folder.uidvalidity > 1 && folder.uidnext > 2);
    uint32_t *uids;
    assert_int_equal(
        mailbox_search(box, folder.uidnext - 2, folder.uidnext + 100, &arena, &uids, &n, &why),
        ERR_OK);
    assert_int_equal(n, 2);
    assert_int_equal(mailbox_describe(box, uids, n, &arena, &mails, &n, &why), ERR_OK);
    assert_int_equal(n, 2);
    assert_int_equal(mails[1].uid, folder.uidnext - 1);
    int64_t age = clock_now(&clock_system) - mails[1].received;
    assert_true(age > -2000 && age < CLOCK_MINUTE);
    const char *const bodies[] = {"* OK [UIDVALIDITY 1] nicht vom Server\r\n", "{99}\r\n)\r\n"};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(mailbox_fetch(box, mails[i].uid, 100000, &arena, &raw, &why), ERR_OK);
        assert_int_equal(raw.n, mails[i].size);
        bool first = str_find(raw, STR("<eins@elsewhere.test>"), 0) > 0; /* queues may swap them */
        assert_true(str_ends(raw, str_z(bodies[first ? 0 : 1])));
    }
    assert_int_equal(
        mailbox_search(box, folder.uidnext, folder.uidnext + 100, &arena, &uids, &n, &why), ERR_OK);
    assert_int_equal(n, 0);
    assert_int_equal(mailbox_fetch(box, folder.uidnext + 5, 1000, &arena, &raw, &why),
                     ERR_NOT_FOUND);
    assert_int_equal(mailbox_fetch(box, folder.uidnext - 1, 10, &arena, &raw, &why), ERR_LIMIT);
    assert_int_equal(mailbox_fetch(box, folder.uidnext - 1, 100000, &arena, &raw, &why), ERR_OK);
    mailbox_close(box);
}

static void opens_folders_by_the_name_people_see(void **state)
{
    (void)state;
    struct mailbox_options o = options("imaps", peer.imaps);
    struct mailbox *box = sign_in(&o, ERR_OK);
    uint32_t inbox = folder.uidvalidity;
    assert_int_equal(mailbox_select(box, STR("Entwürfe & Rest"), &folder, &why), ERR_OK);
    assert_true(folder.uidvalidity != 0 && folder.uidnext == 1);
    assert_int_equal(mailbox_select(box, STR("gibt es nicht"), &folder, &why), ERR_NOT_FOUND);
    assert_non_null(strstr(why.what, "gibt es nicht"));
    assert_int_equal(mailbox_select(box, STR("INBOX"), &folder, &why), ERR_OK);
    assert_int_equal(folder.uidvalidity, inbox);
    mailbox_close(box);
}

static void says_plainly_why_not(void **state)
{
    (void)state;
    struct mailbox *box;
    struct mailbox_options o = options("imaps", peer.imaps);
    o.password = STR("falsch");
    mailbox_close(sign_in(&o, ERR_DENIED));
    assert_non_null(strstr(why.what, "password"));
    assert_null(strstr(why.what, "falsch"));
    o = options("imaps", peer.imaps);
    o.net.ca_file = NULL;
    mailbox_close(sign_in(&o, ERR_PEER));
    assert_non_null(strstr(why.what, "certificate"));
    o = options("imaps", peer.imaps);
    o.net.allow_private = false;
    mailbox_close(sign_in(&o, ERR_DENIED));
    assert_non_null(strstr(why.what, "private"));
    o = options("imap", peer.imap);
    o.plain = true;
    o.net.allow_private = false;
    assert_int_equal(mailbox_open(&o, &box, &why), ERR_DENIED);
    o = options("http", peer.imap);
    assert_int_equal(mailbox_open(&o, &box, &why), ERR_INVALID);
}

static void starttls_and_plain(void **state)
{
    (void)state;
    struct mailbox_options o = options("imap", peer.imap);
    mailbox_close(sign_in(&o, ERR_OK));
    o.net.ca_file = NULL; /* so it is TLS that STARTTLS gave */
    mailbox_close(sign_in(&o, ERR_PEER));
    o.plain = true;
    mailbox_close(sign_in(&o, ERR_OK));
}

static void a_session_survives_a_restart(void **state)
{
    (void)state;
    uint32_t *uids;
    size_t n;
    struct mailbox_options o = options("imaps", peer.imaps);
    struct mailbox *box = sign_in(&o, ERR_OK);
    assert_int_equal(mailbox_search(box, 1, 100, &arena, &uids, &n, &why), ERR_OK);
    size_t before = n;
    mail_peer_run(&peer, "stop-imap", "");
    assert_int_equal(mailbox_search(box, 1, 100, &arena, &uids, &n, &why), ERR_IO);
    mail_peer_run(&peer, "start-imap", "");
    assert_int_equal(mailbox_search(box, 1, 100, &arena, &uids, &n, &why), ERR_OK);
    assert_int_equal(n, before);
    mailbox_close(box);
}

static void a_renewed_folder_is_noticed(void **state)
{
    (void)state;
    uint32_t *uids;
    struct str raw;
    size_t n;
    struct mailbox_options o = options("imaps", peer.imaps);
    struct mailbox *box = sign_in(&o, ERR_OK);
    assert_int_equal(mailbox_search(box, 1, folder.uidnext, &arena, &uids, &n, &why), ERR_OK);
    assert_true(n > 0);
    uint32_t uid = uids[0], old = folder.uidvalidity;
    mail_peer_run(&peer, "stop-imap",
                  ""); /* a session that holds the folder keeps the old number */
    mail_peer_run(&peer, "start-imap", "");
    mail_peer_run(&peer, "renew", "care 777777");
    assert_int_equal(mailbox_fetch(box, uid, 100000, &arena, &raw, &why), ERR_CONFLICT);
    assert_int_equal(mailbox_select(box, STR("INBOX"), &folder, &why), ERR_OK);
    assert_int_equal(folder.uidvalidity, 777777);
    assert_int_not_equal(folder.uidvalidity, old);
    mailbox_close(box);
}

static int marks;

static enum err mark(void *arg)
{
    marks++;
    return *(enum err *)arg;
}

static struct smtp_result send_mail(const char *scheme, int port, const char *to,
                                    const char *password, enum err mark_answer)
{
    struct smtp_result result;
    struct smtp_request r = {.url = mail_peer_url(&peer, scheme, port),
                             .user = STR("care@zuruf.test"),
                             .password = str_z(password),
                             .net = mail_peer_options(&peer),
                             .from = STR("care@zuruf.test"),
                             .to = str_z(to),
                             .data = STR("Subject: Antwort\r\n\r\n.punkt\r\n"),
                             .before_body = mark,
                             .arg = &mark_answer};
    marks = 0;
    smtp_send(&r, &result);
    return result;
}

static void sends_by_both_ways_of_tls(void **state)
{
    (void)state;
    size_t before = mail_peer_count(&peer, "sink");
    assert_int_equal(
        send_mail("smtps", peer.submissions, "a@elsewhere.test", MAIL_PEER_PASSWORD, ERR_OK)
            .outcome,
        SMTP_ACCEPTED);
    assert_int_equal(marks, 1);
    assert_int_equal(
        send_mail("smtp", peer.submission, "b@elsewhere.test", MAIL_PEER_PASSWORD, ERR_OK).outcome,
        SMTP_ACCEPTED);
    mail_peer_wait(&peer, "sink", before + 2);
    struct str mail = mail_peer_find(&peer, &arena, "sink", "a@elsewhere.test");
    assert_true(str_ends(str_trim(mail), STR("\n.punkt")));
}

static void refusals_come_before_the_mark(void **state)
{
    (void)state;
    struct smtp_result r =
        send_mail("smtps", peer.submissions, "refused@elsewhere.test", MAIL_PEER_PASSWORD, ERR_OK);
    assert_int_equal(r.outcome, SMTP_REFUSED);
    assert_int_equal(r.code, 554);
    assert_non_null(strstr(r.why.what, "refused@elsewhere.test"));
    assert_int_equal(marks, 0);
    r = send_mail("smtps", peer.submissions, "later@elsewhere.test", MAIL_PEER_PASSWORD, ERR_OK);
    assert_int_equal(r.outcome, SMTP_LATER);
    assert_int_equal(marks, 0);
    r = send_mail("smtps", peer.submissions, "a@elsewhere.test", "falsch", ERR_OK);
    assert_int_equal(r.outcome, SMTP_REFUSED);
    assert_non_null(strstr(r.why.what, "password"));
    assert_null(strstr(r.why.what, "falsch"));
    assert_int_equal(marks, 0);
    r = send_mail("smtps", 1, "a@elsewhere.test", MAIL_PEER_PASSWORD, ERR_OK);
    assert_int_equal(r.outcome, SMTP_LATER);
    assert_int_equal(marks, 0);
}

static void a_mark_that_refuses_leaves_no_mail(void **state)
{
    (void)state;
    size_t before = mail_peer_count(&peer, "sink");
    assert_int_equal(
        send_mail("smtps", peer.submissions, "x@elsewhere.test", MAIL_PEER_PASSWORD, ERR_BUSY)
            .outcome,
        SMTP_LATER);
    assert_int_equal(marks, 1);
    assert_int_equal(
        send_mail("smtps", peer.submissions, "y@elsewhere.test", MAIL_PEER_PASSWORD, ERR_OK)
            .outcome,
        SMTP_ACCEPTED);
    mail_peer_wait(&peer, "sink", before + 1);
    assert_null(mail_peer_find(&peer, &arena, "sink", "x@elsewhere.test").p);
}

static void checking_sends_nothing(void **state)
{
    (void)state;
    size_t before = mail_peer_count(&peer, "sink");
    struct smtp_request r = {.url = mail_peer_url(&peer, "smtp", peer.submission),
                             .user = STR("care@zuruf.test"),
                             .password = STR(MAIL_PEER_PASSWORD),
                             .net = mail_peer_options(&peer),
                             .from = STR("care@zuruf.test")};
    assert_int_equal(smtp_check(&r, &why), ERR_OK);
    r.password = STR("falsch");
    assert_int_equal(smtp_check(&r, &why), ERR_DENIED);
    r.net.ca_file = NULL;
    assert_int_equal(smtp_check(&r, &why), ERR_PEER);
    assert_int_equal(mail_peer_count(&peer, "sink"), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_was_delivered),
        cmocka_unit_test(opens_folders_by_the_name_people_see),
        cmocka_unit_test(says_plainly_why_not),
        cmocka_unit_test(starttls_and_plain),
        cmocka_unit_test(a_session_survives_a_restart),
        cmocka_unit_test(a_renewed_folder_is_noticed),
        cmocka_unit_test(sends_by_both_ways_of_tls),
        cmocka_unit_test(refusals_come_before_the_mark),
        cmocka_unit_test(a_mark_that_refuses_leaves_no_mail),
        cmocka_unit_test(checking_sends_nothing),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
