/* Encodings against the RFCs' own vectors, passwords and their gate, tokens, the sealing key and
 * its file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/threads.h"
#include "crypt/encode.h"
#include "crypt/hmac.h"
#include "crypt/password.h"
#include "crypt/seal.h"
#include "crypt/token.h"

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

#define assert_str(s, literal)                                                                     \
    do {                                                                                           \
        struct str got_ = (s);                                                                     \
        assert_int_equal(got_.n, sizeof(literal) - 1);                                             \
        assert_memory_equal(got_.p, literal, sizeof(literal) - 1);                                 \
    } while (0)

static void bytes_become_text_and_back(void **state)
{
    (void)state;
    struct str out;
    assert_str(hex_encode(&arena, STR("\x00\xffzz")), "00ff7a7a");
    assert_true(hex_decode(&arena, STR("00Ff"), &out));
    assert_str(out, "\x00\xff");
    assert_false(hex_decode(&arena, STR("0"), &out));
    assert_false(hex_decode(&arena, STR("0g"), &out));
    assert_str(base64_encode(&arena, STR("foob")), "Zm9vYg==");
    assert_str(base64url_encode(&arena, STR("\xfb\xff")), "-_8");
    assert_true(base64_decode(&arena, STR("Zm9vYg=="), &out));
    assert_str(out, "foob");
    assert_true(base64url_decode(&arena, STR("-_8"), &out));
    assert_str(out, "\xfb\xff");
    assert_true(base64_decode(&arena, STR(""), &out));
    assert_int_equal(out.n, 0);
    const char *bad[] = {"Zm9vYg", "Zm9v Yg==", "-_8=", "Zm9vYg===", "Z"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(base64_decode(&arena, str_z(bad[i]), &out));
}

/* FIPS 180-4 "abc"; RFC 4231 test case 2 */
static void digests_agree_with_the_standards(void **state)
{
    (void)state;
    assert_str(sha256_hex(&arena, STR("abc")),
               "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    struct str mac = hmac_sha256_hex(&arena, STR("Jefe"), STR("what do ya want for nothing?"));
    assert_str(mac, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    assert_true(hmac_sha256_verify_hex(STR("Jefe"), STR("what do ya want for nothing?"), mac));
    assert_false(hmac_sha256_verify_hex(STR("Jefe"), STR("what do ya want for nothing!"), mac));
    assert_false(hmac_sha256_verify_hex(STR("Jefe"), STR("x"), STR("")));
    assert_false(hmac_sha256_verify_hex(STR("Jefe"), STR("x"), STR("zz")));
    assert_true(crypt_equal(STR("same"), STR("same")));
    assert_false(crypt_equal(STR("same"), STR("sama")));
    assert_false(crypt_equal(STR("same"), STR("sam")));
}

static void a_token_is_new_each_time_and_stored_as_a_hash(void **state)
{
    (void)state;
    struct str a = token_new(&arena), b = token_new(&arena);
    assert_int_equal(a.n, TOKEN_TEXT);
    assert_false(str_eq(a, b));
    assert_true(token_plausible(a));
    assert_false(token_plausible(str_sub(a, 0, 42)));
    assert_false(token_plausible(STR("0123456789012345678901234567890123456789 12")));
    assert_true(str_eq(token_hash(&arena, a), token_hash(&arena, a)));
    assert_false(str_eq(token_hash(&arena, a), token_hash(&arena, b)));
    assert_false(str_eq(token_derive(&arena, a, STR("form")), token_derive(&arena, a, STR("x"))));
    assert_false(
        str_eq(token_derive(&arena, a, STR("form")), token_derive(&arena, b, STR("form"))));
}

static void a_password_opens_only_its_own_hash(void **state)
{
    (void)state;
    struct str hash, other;
    struct errinfo e;
    assert_int_equal(password_hash(&arena, STR("Blaue Wände 7"), &hash, &e), ERR_OK);
    assert_int_equal(password_hash(&arena, STR("Blaue Wände 7"), &other, &e), ERR_OK);
    assert_true(str_starts(hash, STR("$argon2id$v=19$m=19456,t=2,p=1$")));
    assert_false(str_eq(hash, other));
    assert_true(password_verify(hash, STR("Blaue Wände 7")));
    assert_false(password_verify(hash, STR("Blaue Wände 8")));
    assert_false(password_verify(STR("plain"), STR("plain")));
    assert_false(password_verify(STR_NONE, STR("")));
    assert_false(password_needs_rehash(hash));
    assert_true(password_needs_rehash(STR("$argon2id$v=19$m=8192,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$"
                                          "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")));
    char *large = arena_alloc(&arena, PASSWORD_BYTES_MAX + 1);
    struct str too_long = {large, PASSWORD_BYTES_MAX + 1};
    assert_int_equal(password_hash(&arena, too_long, &other, &e), ERR_LIMIT);
    assert_false(password_verify(hash, too_long));
}

static double dummy_cost(bool dummy, struct str hash)
{
    struct timespec from, to;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
    if (dummy)
        password_dummy_verify(STR("guess"));
    else
        (void)password_verify(hash, STR("guess"));
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
    return (double)(to.tv_sec - from.tv_sec) * 1e3 + (double)(to.tv_nsec - from.tv_nsec) / 1e6;
}

/* CPU time of one thread, so that a loaded machine does not matter; a skipped hash would be 1000
 * times less. */
static void an_unknown_user_costs_as_much_as_a_known_one(void **state)
{
    (void)state;
    struct str hash;
    assert_int_equal(password_hash(&arena, STR("secret"), &hash, NULL), ERR_OK);
    double known = dummy_cost(false, hash), unknown = dummy_cost(true, hash);
    assert_true(unknown > known / 3 && unknown < known * 3);
}

static void hash_once(void *p)
{
    struct arena a;
    arena_init(&a);
    struct str hash;
    if (password_hash(&a, STR("many"), &hash, NULL) == ERR_OK && password_verify(hash, STR("many")))
        __atomic_add_fetch((int *)p, 1, __ATOMIC_SEQ_CST);
    arena_deinit(&a);
}

static void many_sign_ins_pass_the_gate(void **state)
{
    (void)state;
    int done = 0;
    struct workers *w = workers_new("hash", 6, 12);
    for (int i = 0; i < 8; i++)
        assert_int_equal(workers_run(w, hash_once, &done), ERR_OK);
    workers_free(w);
    assert_int_equal(done, 8);
}

static void a_sealed_secret_opens_only_where_it_belongs(void **state)
{
    (void)state;
    struct seal_key key = {{1, 2, 3}}, other = {{1, 2, 4}};
    struct str sealed = seal(&arena, &key, STR("token-123"), STR("account:17")), out;
    struct errinfo e;
    assert_int_equal(sealed.n, 9 + SEAL_OVERHEAD);
    assert_int_equal(seal_open(&arena, &key, sealed, STR("account:17"), &out, &e), ERR_OK);
    assert_str(out, "token-123");
    assert_int_equal(seal_open(&arena, &key, sealed, STR("account:18"), &out, &e), ERR_INVALID);
    assert_int_equal(seal_open(&arena, &other, sealed, STR("account:17"), &out, &e), ERR_INVALID);
    struct str print = seal_key_fingerprint(&arena, &key);
    assert_int_equal(print.n, 16);
    assert_true(str_eq(print, seal_key_fingerprint(&arena, &key)));
    assert_false(str_eq(print, seal_key_fingerprint(&arena, &other)));
    char *bent = (char *)arena_str(&arena, sealed).p;
    for (size_t i = 0; i < sealed.n; i++) {
        bent[i] ^= 1;
        assert_int_equal(
            seal_open(&arena, &key, (struct str){bent, sealed.n}, STR("account:17"), &out, &e),
            ERR_INVALID);
        bent[i] ^= 1;
        assert_int_equal(
            seal_open(&arena, &key, str_sub(sealed, 0, i), STR("account:17"), &out, &e),
            ERR_INVALID);
    }
    sealed = seal(&arena, &key, STR(""), STR(""));
    assert_int_equal(seal_open(&arena, &key, sealed, STR(""), &out, &e), ERR_OK);
    assert_int_equal(out.n, 0);
}

static void the_key_file_is_made_once_and_guarded(void **state)
{
    (void)state;
    char folder[] = "/tmp/zuruf-key-XXXXXX";
    assert_non_null(mkdtemp(folder));
    const char *path = arena_printf(&arena, "%s/key", folder).p;
    struct seal_key first, again;
    struct errinfo e;
    assert_int_equal(seal_key_open(&first, path, &e), ERR_OK);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(st.st_size, SEAL_KEY_BYTES);
    assert_int_equal(st.st_nlink, 1);
    assert_int_equal(seal_key_open(&again, path, &e), ERR_OK);
    assert_memory_equal(first.bytes, again.bytes, sizeof first.bytes);
    seal_key_deinit(&again);
    assert_memory_not_equal(first.bytes, again.bytes, sizeof first.bytes);

    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(seal_key_open(&again, path, &e), ERR_DENIED);
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(truncate(path, 31), 0);
    assert_int_equal(seal_key_open(&again, path, &e), ERR_INVALID);
    const char *alias = arena_printf(&arena, "%s/link", folder).p;
    assert_int_equal(symlink(path, alias), 0);
    assert_int_equal(seal_key_open(&again, alias, &e), ERR_DENIED);
    assert_int_equal(unlink(alias), 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0); /* nothing else was left behind */
    assert_int_equal(seal_key_open(&again, path, &e), ERR_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_become_text_and_back),
        cmocka_unit_test(digests_agree_with_the_standards),
        cmocka_unit_test(a_token_is_new_each_time_and_stored_as_a_hash),
        cmocka_unit_test(a_password_opens_only_its_own_hash),
        cmocka_unit_test(an_unknown_user_costs_as_much_as_a_known_one),
        cmocka_unit_test(many_sign_ins_pass_the_gate),
        cmocka_unit_test(a_sealed_secret_opens_only_where_it_belongs),
        cmocka_unit_test(the_key_file_is_made_once_and_guarded),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
