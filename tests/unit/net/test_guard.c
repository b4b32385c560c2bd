/* Addresses the guard lets through and those it does not, in every way of writing them. Nothing
 * here needs a name server: each host is an address or localhost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "net/guard.h"

static const char *const refused[] = {
    /* loopback and this host */
    "http://127.0.0.1/",
    "http://127.0.0.1:8080/",
    "http://127.255.255.254/",
    "http://127.1/",
    "http://127.0.1/",
    "http://0.0.0.0/",
    "http://0/",
    "http://0.1.2.3/",
    "http://localhost/",
    "http://LOCALHOST/",
    "http://localhost./",
    "http://127.0.0.1./",
    "https://127.0.0.1/",
    /* other ways to write IPv4 */
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0x7f.0.0.1/",
    "http://0177.0.0.1/",
    "http://017700000001/",
    "http://0x7f.1/",
    "http://127.0x0.0.1/",
    "http://0xA9FEA9FE/",
    "http://2852039166/",
    "http://0300.0250.1.1/",
    "http://0x0a.0.0.1/",
    "http://%31%32%37.0.0.1/",
    "http:/%32130706433/",
    "http://%/",
    "http://①②⑦.0.0.1/",
    "http://127。0。0。1/",
    "http://１２７.0.0.1/",
    "http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/",
    /* private */
    "http://10.0.0.1/",
    "http://10.255.255.255/",
    "http://172.16.0.1/",
    "http://172.31.255.255/",
    "http://192.168.0.1/",
    "http://192.168.255.255/",
    "http://100.64.0.1/",
    "http://100.127.255.255/",
    /* link-local and metadata */
    "http://169.254.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://169.254.170.2/",
    /* special */
    "http://192.0.0.1/",
    "http://192.0.0.170/",
    "http://192.0.2.1/",
    "http://192.88.99.1/",
    "http://198.18.0.1/",
    "http://198.19.255.255/",
    "http://198.51.100.1/",
    "http://203.0.113.1/",
    "http://224.0.0.1/",
    "http://239.255.255.255/",
    "http://240.0.0.1/",
    "http://255.255.255.255/",
    /* IPv6 */
    "http://[::]/",
    "http://[::1]/",
    "http://[0:0:0:0:0:0:0:1]/",
    "http://[0000::0001]/",
    "http://[fc00::1]/",
    "http://[fd00:ec2::254]/",
    "http://[fe80::1]/",
    "http://[fe80::1%25lo]/",
    "http://[febf::1]/",
    "http://[fec0::1]/",
    "http://[ff02::1]/",
    "http://[ff0e::1]/",
    "http://[2001:db8::1]/",
    "http://[2001::1]/",
    "http://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/",
    "http://[2001:2::1]/",
    "http://[2001:10::1]/",
    "http://[3fff::1]/",
    "http://[100::1]/",
    "http://[64:ff9b:1::1]/",
    "http://[5f00::1]/",
    "http://[4000::1]/",
    /* IPv6 that carries IPv4 */
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[::ffff:10.0.0.1]/",
    "http://[::ffff:169.254.169.254]/",
    "http://[::ffff:0:127.0.0.1]/",
    "http://[::127.0.0.1]/",
    "http://[64:ff9b::127.0.0.1]/",
    "http://[64:ff9b::a9fe:a9fe]/",
    "http://[2002:7f00:1::]/",
    "http://[2002:c0a8:101::1]/",
    "http://[2606:4700::5efe:7f00:1]/",
    "http://[2606:4700::200:5efe:10.0.0.1]/",
    /* not what is asked for at all */
    "ftp://8.8.8.8/",
    "file:///etc/passwd",
    "gopher://8.8.8.8/",
    "dict://8.8.8.8/",
    "ldap://8.8.8.8/",
    "javascript:alert(1)",
    "data:text/plain,x",
    "//8.8.8.8/",
    "8.8.8.8",
    "",
    "http://",
    "http:///x",
    "http://[::1/",
    "http://user@8.8.8.8/",
    "http://user:pw@8.8.8.8/",
    "http://8.8.8.8@127.0.0.1/",
    "http://127.0.0.1#@8.8.8.8/",
    "http://8.8.8.8\\@127.0.0.1/",
    "http://127.0.0.1\\@8.8.8.8/",
    "http://8.8.8.8 .example/",
    "http://8.8.8.8\r\nHost: x/",
    "http://8.8.8.8:22/",
    "http://8.8.8.8:25/",
    "http://8.8.8.8:6667/",
    "http://8.8.8.8:0/",
    "http://8.8.8.8:65536/",
    "http://8.8.8.8:-1/",
    "http://8.8.8.8:80x/",
};

static const char *const allowed[] = {
    "http://8.8.8.8/",
    "https://1.1.1.1/a?b=c#d",
    "HTTP://8.8.8.8:8080/",
    "http://134744072/",
    "http://0x08.8.8.8/",
    "http://9.255.255.255/",
    "http://11.0.0.1/",
    "http://172.15.255.255/",
    "http://172.32.0.1/",
    "http://100.63.255.255/",
    "http://100.128.0.1/",
    "http://169.253.255.255/",
    "http://198.17.255.255/",
    "http://198.20.0.1/",
    "http://223.255.255.255/",
    "http://[2606:4700:4700::1111]/",
    "https://[2a00:1450::1]:8443/",
    "http://[::ffff:8.8.8.8]/",
    "http://[64:ff9b::808:808]/",
    "http://[2002:808:808::1]/",
};

static const char *const allowed_when_private[] = {
    "http://127.0.0.1/",  "http://localhost/",   "http://10.1.2.3/",
    "http://172.16.0.1/", "http://192.168.1.1/", "http://100.64.0.1/",
    "http://[::1]/",      "http://[fd00::1]/",   "http://[::ffff:127.0.0.1]/",
};

static const char *const refused_always[] = {
    "http://0.0.0.0/",
    "http://169.254.169.254/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://192.0.2.1/",
    "http://[fe80::1]/",
    "http://[ff02::1]/",
    "http://[::ffff:169.254.169.254]/",
    "http://[2002:a9fe:a9fe::]/",
    "http://10.0.0.1:25/",
    "ftp://10.0.0.1/",
};

#define EACH(list, i)                                                                              \
    size_t i = 0;                                                                                  \
    i < sizeof(list) / sizeof *(list);                                                             \
    i++

static void refuses_what_is_inside(void **state)
{
    (void)state;
    assert_true(sizeof refused / sizeof *refused >= 97);
    for (EACH(refused, i)) {
        struct errinfo e = {0};
        if (guard_check(str_z(refused[i]), false, &e) == ERR_OK)
            fail_msg("allowed: %s", refused[i]);
        assert_true(e.what[0]);
    }
}

static void allows_the_public_network(void **state)
{
    (void)state;
    for (EACH(allowed, i)) {
        struct errinfo e = {0};
        if (guard_check(str_z(allowed[i]), false, &e) != ERR_OK)
            fail_msg("refused: %s: %s", allowed[i], e.what);
    }
}

static void private_addresses_can_be_allowed(void **state)
{
    (void)state;
    struct errinfo e;
    for (EACH(allowed_when_private, i)) {
        assert_int_not_equal(guard_check(str_z(allowed_when_private[i]), false, &e), ERR_OK);
        if (guard_check(str_z(allowed_when_private[i]), true, &e) != ERR_OK)
            fail_msg("refused: %s: %s", allowed_when_private[i], e.what);
    }
    for (EACH(refused_always, i))
        if (guard_check(str_z(refused_always[i]), true, &e) == ERR_OK)
            fail_msg("allowed: %s", refused_always[i]);
}

static void long_and_odd_input_is_refused(void **state)
{
    (void)state;
    char url[GUARD_URL_MAX + 32];
    memset(url, 'a', sizeof url);
    memcpy(url, "http://8.8.8.8/", 15);
    assert_int_equal(guard_check((struct str){url, sizeof url}, false, NULL), ERR_LIMIT);
    assert_int_equal(guard_check((struct str){url, 100}, false, NULL), ERR_OK);
    assert_int_equal(guard_check((struct str){"http://8.8.8.8/\0x", 17}, false, NULL), ERR_INVALID);
    assert_int_equal(guard_check(STR_NONE, false, NULL), ERR_INVALID);
    assert_int_equal(guard_check(STR("http://no-such-name.invalid/"), false, NULL), ERR_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"case 33: refuses what is inside", refuses_what_is_inside, NULL, NULL, NULL},
        {"case 33: allows the public network", allows_the_public_network, NULL, NULL, NULL},
        cmocka_unit_test(private_addresses_can_be_allowed),
        cmocka_unit_test(long_and_odd_input_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
