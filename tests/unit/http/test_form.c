/* Forms, cookies, paths and the CSRF table, without a server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "http/cookie.h"
#include "http/csrf.h"
#include "http/form.h"
#include "http/inner.h"

static struct arena arena;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_deinit(&arena);
    return 0;
}

static void assert_str(struct str got, const char *want)
{
    if (!str_eq_z(got, want))
        print_error("got '%.*s', not '%s'\n", STR_FMT(got), want);
    assert_true(str_eq_z(got, want));
}

static struct str value(const struct form *f, const char *name)
{
    size_t at = 0;
    const struct form_part *part = form_next(f, name, &at);
    return part ? part->value : STR_NONE;
}

static void urlencoded_fields_are_read(void **state)
{
    (void)state;
    struct form f;
    assert_int_equal(form_parse_urlencoded(&arena, STR("a=1&b=x+y%26%C3%BC&a=2&&c&=d&e=f=g"), &f),
                     ERR_OK);
    assert_int_equal(f.n, 6);
    assert_str(value(&f, "a"), "1");
    assert_str(value(&f, "b"), "x y&\xc3\xbc");
    assert_str(value(&f, "e"), "f=g");
    assert_str(value(&f, "c"), "");
    assert_null(value(&f, "z").p);
    size_t at = 0;
    (void)form_next(&f, "a", &at);
    assert_str(form_next(&f, "a", &at)->value, "2");
    assert_null(form_next(&f, "a", &at));
    assert_int_equal(form_parse_urlencoded(&arena, STR(""), &f), ERR_OK);
    assert_int_equal(f.n, 0);
    static const char *const bad[] = {"a=%",   "a=%1",  "a=%zz",  "%=a",
                                      "a=%00", "a=%ff", "a=\xff", "a=%ed%a0%80"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(form_parse_urlencoded(&arena, str_z(bad[i]), &f), ERR_INVALID);
    struct buf many;
    buf_init_in(&many, &arena, 1 << 16);
    for (int i = 0; i <= FORM_FIELDS_MAX; i++)
        buf_add_z(&many, "a&");
    assert_int_equal(form_parse_urlencoded(&arena, buf_str(&many), &f), ERR_LIMIT);
}

#define PART(head, data) "--b\r\n" head "\r\n\r\n" data "\r\n"
#define NAMED(name) "Content-Disposition: form-data; name=\"" name "\""

static enum err multipart(const char *body, struct form *f)
{
    return form_parse(&arena, STR("multipart/form-data; boundary=b"), str_z(body), f);
}

static void multipart_fields_and_files_are_read(void **state)
{
    (void)state;
    struct form f;
    assert_int_equal(
        multipart("preamble\r\n" PART(NAMED("text"), "two\r\nlines\r\n-- b") PART(
                      NAMED("empty"), "") PART(NAMED("up") "; filename=\"C:\\dir\\a%22b.png\"\r\n"
                                                           "content-type: image/png",
                                               "\x89PNG\r\n--c\r\n\xff")
                      PART("Content-Disposition: form-data; name=plain", "x")
                          PART(NAMED("none") "; filename=\"\"", "") "--b--\r\nepilogue",
                  &f),
        ERR_OK);
    assert_int_equal(f.n, 5);
    assert_str(value(&f, "text"), "two\r\nlines\r\n-- b");
    assert_str(value(&f, "empty"), "");
    assert_str(value(&f, "plain"), "x");
    assert_true(f.parts[2].is_file);
    assert_str(f.parts[2].name, "up");
    assert_str(f.parts[2].file_name, "a\"b.png");
    assert_str(f.parts[2].type, "image/png");
    assert_str(f.parts[2].value, "\x89PNG\r\n--c\r\n\xff");
    assert_true(f.parts[4].is_file);
    assert_int_equal(f.parts[4].value.n, 0);
    assert_int_equal(multipart("--b--", &f), ERR_OK);
    assert_int_equal(f.n, 0);
    assert_int_equal(multipart("--b \t\r\n" NAMED("a") "\r\n\r\n1\r\n--b--", &f), ERR_OK);
    assert_str(value(&f, "a"), "1");
}

static void multipart_that_is_not_sound_is_refused_whole(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "--b",
        "--b\r\n",
        "--b\r\n\r\nx\r\n--b--",                 /* a part without a name */
        "--b\r\n" NAMED("a") "\r\n\r\n1",        /* no end */
        "--b\r\n" NAMED("a") "\r\n\r\n1--b--",   /* a boundary inside a line is data */
        "--b\r\n" NAMED("a") "\r\n\r\n1\r\n--b", /* cut off */
        "--b\n" NAMED("a") "\n\n1\n--b--",       /* bare line feeds */
        "--b\r\n" NAMED(
            "a") "\r\n\r\n1\r\n--bc\r\n--b--", /* another word in the boundary's place */
        PART("Content-Disposition: attachment; name=\"a\"", "1") "--b--",
        PART("Content-Disposition: form-data; name=\"a", "1") "--b--",
        PART(NAMED("a") "\r\n" NAMED("b"), "1") "--b--", /* named twice */
        PART(NAMED("a") "\r\n folded: x", "1") "--b--",
        PART(NAMED("a"), "\xff") "--b--",
        PART(NAMED("\xff"), "1") "--b--",
        PART(NAMED("a") "; filename=\"\xff\"", "1") "--b--",
    };
    struct form f;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        enum err err = multipart(bad[i], &f);
        if (err != ERR_INVALID)
            print_error("case %zu gave %s\n", i, err_code(err));
        assert_int_equal(err, ERR_INVALID);
    }
}

static void boundaries_may_be_odd(void **state)
{
    (void)state;
    struct form f;
    struct str body =
        STR("--a b'()+_,-./:=?\r\n" NAMED("a") "\r\n\r\n1\r\n--a b'()+_,-./:=?--\r\n");
    assert_int_equal(
        form_parse(&arena, STR("Multipart/Form-Data; charset=utf-8; BOUNDARY=\"a b'()+_,-./:=?\""),
                   body, &f),
        ERR_OK);
    assert_str(value(&f, "a"), "1");
    assert_int_equal(form_parse(&arena, STR("multipart/form-data"), body, &f), ERR_INVALID);
    assert_int_equal(form_parse(&arena, STR("multipart/form-data; boundary="), body, &f),
                     ERR_INVALID);
    char large[80];
    memset(large, 'b', sizeof large);
    struct str seventy_one = {large, 71};
    assert_int_equal(form_parse_multipart(&arena, body, seventy_one, &f), ERR_INVALID);
    assert_int_equal(form_parse(&arena, STR("application/json"), body, &f), ERR_NOT_FOUND);
    assert_int_equal(form_parse(&arena, STR_NONE, body, &f), ERR_NOT_FOUND);
}

static void cookies_are_read_leniently_and_written_strictly(void **state)
{
    (void)state;
    assert_str(cookie_find(STR("a=1; b=2"), "b"), "2");
    assert_str(cookie_find(STR(";;=;x; b = \"q\" ;b=3"), "b"), "q");
    assert_str(cookie_find(STR("b="), "b"), "");
    assert_null(cookie_find(STR("ab=1; B=2"), "b").p);
    assert_null(cookie_find(STR_NONE, "b").p);
    assert_str(cookie_format(&arena, "s", STR("v"), -1, true),
               "s=v; Path=/; HttpOnly; SameSite=Lax; Secure");
    static const char *const bad[] = {"a;b", "a b", "a,b", "a\"b", "a\\b", "\xc3\xbc", "a\r\nb"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_null(cookie_format(&arena, "s", str_z(bad[i]), -1, false).p);
    assert_null(cookie_format(&arena, "a=b", STR("v"), -1, false).p);
    assert_null(cookie_format(&arena, "", STR("v"), -1, false).p);
}

static struct str token_of(struct request *rq)
{
    return rq->who.session ? STR("token") : STR_NONE;
}

static void only_own_pages_may_change_things(void **state)
{
    (void)state;
    /* site: Sec-Fetch-Site; given: X-CSRF-Token, field: the form's; the host is
     * "zuruf.example:8443" */
    static const struct {
        const char *site, *origin, *given, *field;
        bool signed_in, secure, passes;
    } rows[] = {
        {"same-origin", NULL, "token", NULL, true, true, true},
        {"none", NULL, NULL, "token", true, true, true},
        {NULL, NULL, NULL, "token", true, true, true}, /* an old browser: the token decides */
        {NULL, NULL, NULL, NULL, true, true, false},
        {"same-origin", NULL, NULL, NULL, true, true, false},
        {"same-origin", NULL, "tokem", NULL, true, true, false},
        {"same-origin", NULL, "", "token", true, true, false},
        {"same-origin", NULL, NULL, "toke", true, true, false},
        {"cross-site", NULL, "token", "token", true, true, false},
        {"same-site", NULL, "token", "token", true, true, false},
        {"rubbish", NULL, "token", NULL, true, true, false},
        {NULL, "https://zuruf.example:8443", "token", NULL, true, true, true},
        {NULL, "https://ZURUF.example:8443", "token", NULL, true, true, true},
        {NULL, "http://zuruf.example:8443", "token", NULL, true, false, true},
        {NULL, "http://zuruf.example:8443", "token", NULL, true, true, false},
        {NULL, "https://zuruf.example", "token", NULL, true, true, false},
        {NULL, "https://evil.example", "token", NULL, true, true, false},
        {NULL, "https://zuruf.example:8443.evil", "token", NULL, true, true, false},
        {NULL, "null", "token", NULL, true, true, false},
        {NULL, "", "token", NULL, true, true, false},
        {"same-origin", NULL, NULL, NULL, false, true, true}, /* signed out, no token to ask for */
        {"cross-site", NULL, NULL, NULL, false, true,
         false}, /* a foreign page may not sign in either */
        {NULL, "https://evil.example", NULL, NULL, false, true, false},
        {NULL, NULL, NULL, NULL, false, true, true}, /* no browser */
    };
    struct http_hooks hooks = {.csrf_token = token_of};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct header headers[4] = {{STR("host"), STR("zuruf.example:8443")}};
        struct form_part field = {.name = STR("csrf"), .value = str_z(rows[i].field)};
        struct request_inner in = {.headers = headers, .header_count = 1};
        if (rows[i].site)
            headers[in.header_count++] =
                (struct header){STR("sec-fetch-site"), str_z(rows[i].site)};
        if (rows[i].origin)
            headers[in.header_count++] = (struct header){STR("origin"), str_z(rows[i].origin)};
        if (rows[i].given)
            headers[in.header_count++] = (struct header){STR("x-csrf-token"), str_z(rows[i].given)};
        if (rows[i].field)
            in.form = (struct form){&field, 1};
        struct request rq = {.arena = &arena, .inner = &in, .secure = rows[i].secure};
        rq.who.session = rows[i].signed_in;
        if (csrf_passes(&rq, &hooks) != rows[i].passes)
            print_error("row %zu\n", i);
        assert_int_equal(csrf_passes(&rq, &hooks), rows[i].passes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urlencoded_fields_are_read),
        cmocka_unit_test(multipart_fields_and_files_are_read),
        cmocka_unit_test(multipart_that_is_not_sound_is_refused_whole),
        cmocka_unit_test(boundaries_may_be_odd),
        cmocka_unit_test(cookies_are_read_leniently_and_written_strictly),
        {"case 12: only own pages may change things", only_own_pages_may_change_things, NULL, NULL,
         NULL},
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
