/* What must never stand in a log, and what may. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/redact.h"

static void secrets_go(void **state)
{
    static const char *const cases[][2] = {
        {"Authorization: Bearer abc.def-123", "Authorization: ***"},
        {"authorization=Basic dXNlcjpwYXNz", "authorization=***"},
        {"sent Bearer dGhlIHRva2Vu to it", "sent Bearer *** to it"},
        {"Cookie: __Host-s=abc; b=c", "Cookie: ***"},
        {"Set-Cookie: s=abc; HttpOnly", "Set-Cookie: ***"},
        {"line\nCookie: s=1\nnext", "line\nCookie: ***\nnext"},
        {"password=geheim und lang", "password=*** und lang"},
        {"password = 'geheim' host=db", "password = '***' host=db"},
        {"{\"password\":\"geheim\",\"a\":1}", "{\"password\":\"***\",\"a\":1}"},
        {"DB_PASSWORD=x1 y", "DB_PASSWORD=*** y"},
        {"smtp_password: hunter2", "smtp_password: ***"},
        {"Kennwort: hunter2", "Kennwort: ***"},
        {"GET /x?token=abc&b=1", "GET /x?token=***&b=1"},
        {"GET /x?access_token=abc&b=1", "GET /x?access_token=***&b=1"},
        {"token%3Dabc", "token%3D***"},
        {"csrf=abc&text=Hallo", "csrf=***&text=Hallo"},
        {"client_secret=abc", "client_secret=***"},
        {"api_key: k-1", "api_key: ***"},
        {"X-Api-Key: k-1", "X-Api-Key: ***"},
        {"postgresql://zuruf:ge:h@im@db/zuruf", "postgresql://zuruf:***@db/zuruf"},
        {"postgresql://u:p%40x@h:5432/d?sslmode=require",
         "postgresql://u:***@h:5432/d?sslmode=require"},
        {"https://ghp1234567890abcdef@git.example/x", "https://***@git.example/x"},
        {"imaps://care:pw@mail.example.org:993", "imaps://care:***@mail.example.org:993"},
        {"GET /signin/link/abcdefghijklmnopqrstuvwxyz-_0123", "GET /signin/link/***"},
        {"http://h/setup/abcdefghijklmnopqrstuvwxyz now", "http://h/setup/*** now"},
        {"got k3Zt_aB0cD1eF2gH3iJ4kL5mN6oP7qR8sT9uV0wX1yZ2", "got ***"},
        {"eyJhbGciOi.eyJzdWIiOiIx.c2lnbmF0dXJl is old", "*** is old"},
        {"-----BEGIN PRIVATE KEY-----\nMIIE", "***"},
        {"-----BEGIN RSA PRIVATE KEY-----\nMIIE", "***"},
    };
    char out[400];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t n = redact(out, sizeof out, str_z(cases[i][0]));
        assert_string_equal(out, cases[i][1]);
        assert_int_equal(n, strlen(out));
    }
}

static void plain_words_stay(void **state)
{
    static const char *const cases[] = {
        "account 3559886998732800003: the server asks for fewer requests (status 429)",
        "migration 3 (posts) applied",
        "the password is wrong",
        "there is no basic rule for that",
        "connections instead of 16000: raise the limit of open files (ulimit -n)",
        "https://example.org/feed.xml?page=2",
        "mailto:care@example.org, imaps://mail.example.org:993",
        "eine-sehr-lange-adresse-ohne-jede-ziffer-aber-mit-vielen-strichen",
        "GET /desk/case/3559886998732800003 303",
        "time 2026-11-22T09:28:36.955Z; 550e8400-e29b-41d4-a716-446655440000",
        "",
    };
    char out[400];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        redact(out, sizeof out, str_z(cases[i]));
        assert_string_equal(out, cases[i]);
    }
}

static void room_is_kept(void **state)
{
    char out[12];
    (void)state;
    for (size_t max = 1; max <= sizeof out; max++) {
        memset(out, 'x', sizeof out);
        size_t n = redact(out, max, STR("a password=geheim b"));
        assert_true(n < max);
        assert_int_equal(out[n], 0);
        assert_null(strstr(out, "geh"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(secrets_go),
        cmocka_unit_test(plain_words_stay),
        cmocka_unit_test(room_is_kept),
    };
    return cmocka_run_group_tests_name("base/redact", tests, NULL, NULL);
}
