/* password.c - see password.h. */
#include "crypt/password.h"

#include <pthread.h>
#include <string.h>

#include <sodium.h>

#include "base/log.h"

enum { OPS = 2, MEMORY = 19 * 1024 * 1024, SLOTS = 2 };

/* The gate: a storm of sign-ins waits here instead of taking every core and 19 MiB each. */
static pthread_mutex_t gate_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t gate_free = PTHREAD_COND_INITIALIZER;
static int gate_busy;

static void gate_enter(void)
{
    if (sodium_init() < 0) /* harmless when done before */
        log_fatal("crypt", "libsodium does not start");
    pthread_mutex_lock(&gate_lock);
    while (gate_busy >= SLOTS)
        pthread_cond_wait(&gate_free, &gate_lock);
    gate_busy++;
    pthread_mutex_unlock(&gate_lock);
}

static void gate_leave(void)
{
    pthread_mutex_lock(&gate_lock);
    gate_busy--;
    pthread_cond_signal(&gate_free);
    pthread_mutex_unlock(&gate_lock);
}

enum err password_hash(struct arena *a, struct str password, struct str *out, struct errinfo *e)
{
    if (password.n > PASSWORD_BYTES_MAX)
        return err_set(e, ERR_LIMIT, "password", "A password may have at most %d bytes.",
                       PASSWORD_BYTES_MAX);
    char *text = arena_alloc(a, crypto_pwhash_STRBYTES);
    gate_enter();
    int rc = crypto_pwhash_str_alg(text, password.n ? password.p : "", password.n, OPS, MEMORY,
                                   crypto_pwhash_ALG_ARGON2ID13);
    gate_leave();
    if (rc != 0)
        return err_set(e, ERR_IO, "password",
                       "There is no memory to hash the password; try again.");
    *out = str_z(text);
    return ERR_OK;
}

/* libsodium wants a NUL-terminated text. */
static bool copy_hash(struct str hash, char out[crypto_pwhash_STRBYTES])
{
    if (hash.n == 0 || hash.n >= crypto_pwhash_STRBYTES || memchr(hash.p, 0, hash.n))
        return false;
    memset(out, 0, crypto_pwhash_STRBYTES);
    memcpy(out, hash.p, hash.n);
    return true;
}

bool password_verify(struct str hash, struct str password)
{
    char text[crypto_pwhash_STRBYTES];
    if (password.n > PASSWORD_BYTES_MAX || !copy_hash(hash, text))
        return false;
    gate_enter();
    int rc = crypto_pwhash_str_verify(text, password.n ? password.p : "", password.n);
    gate_leave();
    return rc == 0;
}

bool password_needs_rehash(struct str hash)
{
    char text[crypto_pwhash_STRBYTES];
    return !copy_hash(hash, text) || crypto_pwhash_str_needs_rehash(text, OPS, MEMORY) != 0;
}

void password_dummy_verify(struct str password)
{
    /* well formed, with today's figures; that a password meets 256 bits of zero will not happen */
    (void)password_verify(STR("$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$"
                              "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
                          password);
}
