/* What smtp_send makes of a mail server's answers, with a server that says what the test wants. The
 * real one is in tests/channels. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/threads.h"
#include "net/smtp.h"

/* One dialogue: the answers in order; "" closes the connection instead. */
struct script {
    const char *const *answers;
    int listener, port;
    pthread_t thread;
    char heard[8192]; /* all the client said */
    size_t heard_bytes;
};

static bool says(int fd, const char *line)
{
    return send(fd, line, strlen(line), MSG_NOSIGNAL) == (ssize_t)strlen(line);
}

/* Reads up to the end of a command, or of the message once it began. */
static bool hear(struct script *s, int fd, bool message)
{
    const char *end = message ? "\r\n.\r\n" : "\r\n";
    size_t n = strlen(end);
    while (s->heard_bytes < n || memcmp(s->heard + s->heard_bytes - n, end, n) != 0) {
        ssize_t got = recv(fd, s->heard + s->heard_bytes, sizeof s->heard - 1 - s->heard_bytes, 0);
        if (got <= 0)
            return false;
        s->heard_bytes += (size_t)got;
    }
    return true;
}

static void *talk(void *arg)
{
    struct script *s = arg;
    int fd = accept(s->listener, NULL, NULL);
    bool message = false;
    for (const char *const *a = s->answers; fd >= 0 && *a && **a; a++) {
        if (!says(fd, *a))
            break;
        message = strncmp(*a, "354", 3) == 0;
        if (message && a[1] && !*a[1]) /* closes after the first bytes of the message */
            (void)recv(fd, s->heard + s->heard_bytes, 1, 0);
        else if (!hear(s, fd, message))
            break;
        if (!message)
            s->heard[s->heard_bytes++] = '|';
    }
    close(fd);
    return NULL;
}

static void script_start(struct script *s, const char *const *answers)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;
    memset(s, 0, sizeof *s);
    s->answers = answers;
    s->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(bind(s->listener, (struct sockaddr *)&at, n) == 0 && listen(s->listener, 4) == 0);
    assert_int_equal(getsockname(s->listener, (struct sockaddr *)&at, &n), 0);
    s->port = ntohs(at.sin_port);
    assert_int_equal(thread_start(&s->thread, "script", talk, s), ERR_OK);
}

static void script_end(struct script *s)
{
    shutdown(s->listener, SHUT_RDWR);
    pthread_join(s->thread, NULL);
    close(s->listener);
}

static int marks;
static enum err mark_answer;

static enum err mark(void *arg)
{
    (void)arg;
    marks++;
    return mark_answer;
}

static struct smtp_result run(const char *const *answers, struct script *s, const char *to)
{
    char url[64];
    struct smtp_result result;
    script_start(s, answers);
    int n = snprintf(url, sizeof url, "smtp://127.0.0.1:%d", s->port);
    struct smtp_request r = {.url = {url, (size_t)n},
                             .plain = true,
                             .net.allow_private = true,
                             .from = STR("care@zuruf.test"),
                             .to = str_z(to),
                             .data = STR("Subject: x\r\n\r\nHallo\r\n.\r\nEnde\r\n"),
                             .before_body = mark};
    marks = 0;
    mark_answer = ERR_OK;
    smtp_send(&r, &result);
    script_end(s);
    return result;
}

#define HELLO "220 ready\r\n", "250 hello\r\n"
#define UP_TO_DATA HELLO, "250 sender\r\n", "250 recipient\r\n"

static void an_accepted_message(void **state)
{
    (void)state;
    struct script s;
    const char *const answers[] = {UP_TO_DATA, "354 go\r\n", "250 queued\r\n", NULL};
    struct smtp_result r = run(answers, &s, "a@b.test");
    assert_int_equal(r.outcome, SMTP_ACCEPTED);
    assert_int_equal(marks, 1);
    assert_non_null(strstr(s.heard, "EHLO zuruf.test\r\n|MAIL FROM:<care@zuruf.test>"));
    assert_non_null(strstr(
        s.heard, "RCPT TO:<a@b.test>\r\n|DATA\r\n|Subject: x\r\n\r\nHallo\r\n..\r\nEnde\r\n.\r\n"));
}

static void every_answer_has_one_meaning(void **state)
{
    (void)state;
    static const struct {
        const char *answers[8];
        enum smtp_outcome outcome;
        int marks;
    } table[] = {
        {{UP_TO_DATA, "354 go\r\n", "554 spam\r\n"}, SMTP_REFUSED, 1},
        {{UP_TO_DATA, "354 go\r\n", "451 disk full\r\n"}, SMTP_LATER, 1},
        {{UP_TO_DATA, "354 go\r\n", ""}, SMTP_UNCLEAR, 1},
        {{UP_TO_DATA, "451 not now\r\n"}, SMTP_LATER, 0},
        {{UP_TO_DATA, ""}, SMTP_LATER, 0},
        {{HELLO, "250 sender\r\n", "550 nobody\r\n"}, SMTP_REFUSED, 0},
        {{HELLO, "250 sender\r\n", "450 greylisted\r\n"}, SMTP_LATER, 0},
        {{HELLO, "250 sender\r\n", ""}, SMTP_LATER, 0},
        {{HELLO, "550 sender unknown\r\n"}, SMTP_REFUSED, 0},
        {{"421 too busy\r\n"}, SMTP_LATER, 0},
        {{"554 go away\r\n"}, SMTP_REFUSED, 0},
        {{""}, SMTP_LATER, 0},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct script s;
        struct smtp_result r = run(table[i].answers, &s, "a@b.test");
        if (r.outcome != table[i].outcome || marks != table[i].marks)
            fail_msg("row %zu: outcome %d, marks %d, %s", i, r.outcome, marks, r.why.what);
        assert_true(r.why.what[0]);
    }
}

static void a_mark_that_refuses_leaves_no_message(void **state)
{
    (void)state;
    struct script s;
    char url[64];
    struct smtp_result result;
    const char *const answers[] = {UP_TO_DATA, "354 go\r\n", "250 queued\r\n", NULL};
    script_start(&s, answers);
    int n = snprintf(url, sizeof url, "smtp://127.0.0.1:%d", s.port);
    struct smtp_request r = {.url = {url, (size_t)n},
                             .plain = true,
                             .net.allow_private = true,
                             .from = STR("care@zuruf.test"),
                             .to = STR("a@b.test"),
                             .data = STR("Subject: x\r\n\r\n"),
                             .before_body = mark};
    mark_answer = ERR_CONFLICT;
    smtp_send(&r, &result);
    script_end(&s);
    assert_int_equal(result.outcome, SMTP_LATER);
    assert_non_null(strstr(s.heard, "DATA\r\n"));
    assert_null(strstr(s.heard, "Subject"));
    assert_null(strstr(s.heard, "\r\n.\r\n"));
}

static void an_address_cannot_add_a_command(void **state)
{
    (void)state;
    const char *const bad[] = {"a@b.test>\r\nRCPT TO:<x@y.test",
                               "a b@c.test",
                               "nobody",
                               "@b.test",
                               "a@",
                               "",
                               "a@b.test\n",
                               "<a@b.test>"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct smtp_result result;
        struct smtp_request r = {.url = STR("smtp://127.0.0.1:1"),
                                 .plain = true,
                                 .net.allow_private = true,
                                 .from = STR("care@zuruf.test"),
                                 .to = str_z(bad[i]),
                                 .before_body = mark};
        smtp_send(&r, &result);
        assert_int_equal(result.outcome, SMTP_REFUSED);
    }
}

static void no_encryption_only_where_allowed(void **state)
{
    (void)state;
    struct smtp_result result;
    struct smtp_request r = {.url = STR("smtp://127.0.0.1:1"),
                             .plain = true,
                             .from = STR("a@b.test"),
                             .to = STR("c@d.test")};
    smtp_send(&r, &result);
    assert_int_equal(result.outcome, SMTP_REFUSED);
    struct script s;
    const char *const answers[] = {HELLO, NULL};
    script_start(&s, answers);
    char url[64];
    int n = snprintf(url, sizeof url, "smtp://127.0.0.1:%d", s.port);
    r = (struct smtp_request){.url = {url, (size_t)n},
                              .net.allow_private = true,
                              .from = STR("a@b.test"),
                              .to = STR("c@d.test"),
                              .user = STR("u"),
                              .password = STR("geheim")};
    smtp_send(&r, &result);
    script_end(&s);
    assert_int_equal(result.outcome, SMTP_LATER);
    assert_null(strstr(s.heard, "AUTH"));
    assert_null(strstr(s.heard, "MAIL"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_accepted_message),
        cmocka_unit_test(every_answer_has_one_meaning),
        cmocka_unit_test(a_mark_that_refuses_leaves_no_message),
        {"case 28: an address cannot add a command", an_address_cannot_add_a_command, NULL, NULL,
         NULL},
        cmocka_unit_test(no_encryption_only_where_allowed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
