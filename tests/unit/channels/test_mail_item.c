/* A mail as a post: whose word it takes for who wrote it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "channels/mail_item.h"

#define SAYS(verdict) "Authentication-Results: mx.x.de; dmarc=" verdict "\r\n"

static struct arena a;
static struct item got;

static void read_item(const char *mail, struct str authserv)
{
    struct map settings;
    struct str address = STR("care@x.de");
    struct errinfo e;
    map_init(&settings, &a);
    map_set(&settings, STR("address"), &address);
    map_set(&settings, STR("authserv"), &authserv);
    const struct channel_ctx c = {.arena = &a, .clock = &clock_system, .settings = &settings};
    assert_int_equal(mail_item_read(&c, str_z(mail), 0, &got, &e), ERR_OK);
}

static void expect(const char *mail, const char *author, bool ours, bool doubted)
{
    read_item(mail, STR("mx.x.de"));
    if (!str_eq_z(got.author_id, author) || got.is_ours != ours || got.is_doubted != doubted)
        fail_msg("%s: by %.*s, ours %d, doubted %d", mail, STR_FMT(got.author_id), got.is_ours,
                 got.is_doubted);
}

static void who_is_not_confirmed_is_doubted(void **state)
{
    (void)state;
    expect(SAYS("pass") "From: a@e.org\r\n\r\nx", "a@e.org", false, false);
    expect(SAYS("fail") "From: a@e.org\r\n\r\nx", "a@e.org", false, true);
    expect("From: a@e.org\r\n\r\nx", "a@e.org", false, false);
    read_item(SAYS("fail") "From: a@e.org\r\n\r\nx", STR(""));
    assert_false(got.is_doubted);
}

static void nobody_speaks_in_our_name(void **state)
{
    (void)state;
    expect(SAYS("pass") "From: care@x.de\r\n\r\nx", "care@x.de", true, false);
    expect(SAYS("fail") "From: care@x.de\r\n\r\nx", "care@x.de", false, true);
    expect("From: care@x.de\r\n\r\nx", "care@x.de", true,
           false); /* from the folder of what was sent */
}

static void a_web_form_proves_nobody(void **state)
{
    (void)state;
    static const char form[] = SAYS("pass") "From: care@x.de\r\nReply-To: a@e.org\r\n\r\nx";
    expect(form, "a@e.org", false, true);
    read_item(form, STR(""));
    assert_false(got.is_doubted);
}

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"case 49: who is not confirmed is doubted", who_is_not_confirmed_is_doubted, NULL, NULL,
         NULL},
        {"case 49: nobody speaks in our name", nobody_speaks_in_our_name, NULL, NULL, NULL},
        {"case 49: a web form proves nobody", a_web_form_proves_nobody, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests(tests, start, stop);
}
