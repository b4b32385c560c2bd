/* seal.c - see seal.h. */
#include "crypt/seal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "base/file.h"
#include "base/rand.h"
#include "crypt/hmac.h"

enum {
    VERSION = 1,
    NONCE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    TAG = crypto_aead_xchacha20poly1305_ietf_ABYTES
};
_Static_assert(SEAL_OVERHEAD == 1 + NONCE + TAG, "overhead of a sealed secret");
_Static_assert(SEAL_KEY_BYTES == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "size of the key");

static enum err read_key(struct seal_key *key, int fd, const char *path, struct errinfo *e)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return err_set(e, ERR_IO, "key", "Cannot look at %s: %s.", path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return err_set(e, ERR_DENIED, "key", "%s is not a plain file.", path);
    if (st.st_mode & (S_IRWXG | S_IRWXO))
        return err_set(e, ERR_DENIED, "key", "Others may read %s; run: chmod 600 %s", path, path);
    if (st.st_size != SEAL_KEY_BYTES)
        return err_set(e, ERR_INVALID, "key",
                       "%s has %lld bytes instead of %d; restore it from the backup.", path,
                       (long long)st.st_size, SEAL_KEY_BYTES);
    if (read(fd, key->bytes, sizeof key->bytes) != (ssize_t)sizeof key->bytes)
        return err_set(e, ERR_IO, "key", "Cannot read %s.", path);
    return ERR_OK;
}

/* Written under another name and linked into place: a crash leaves no half key, and of two
 * processes that start at once the second finds the first one's key. */
static enum err make_key(const char *path, struct errinfo *e)
{
    char *scratch = NULL;
    if (asprintf(&scratch, "%s.new-%ld", path, (long)getpid()) < 0)
        return err_set(e, ERR_IO, "key", "There is no memory for a file name.");
    struct seal_key fresh;
    rand_bytes(fresh.bytes, sizeof fresh.bytes);
    unlink(scratch);
    bool ok = false;
    int fd = open(scratch, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0) {
        ok = write(fd, fresh.bytes, sizeof fresh.bytes) == (ssize_t)sizeof fresh.bytes &&
             fsync(fd) == 0;
        ok = close(fd) == 0 && ok;
    }
    ok = ok && (link(scratch, path) == 0 || errno == EEXIST) && file_sync_folder_of(path);
    int reason = errno;
    unlink(scratch);
    free(scratch);
    seal_key_deinit(&fresh);
    if (!ok)
        return err_set(e, ERR_IO, "key", "Cannot make %s: %s.", path, strerror(reason));
    return ERR_OK;
}

enum err seal_key_open(struct seal_key *key, const char *path, struct errinfo *e)
{
    if (sodium_init() <
        0) /* picks the fastest code for this processor; harmless when done before */
        return err_set(e, ERR_BUG, "key", "libsodium does not start.");
    for (int turn = 0; turn < 2; turn++) {
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        if (fd >= 0) {
            enum err err = read_key(key, fd, path, e);
            close(fd);
            return err;
        }
        if (errno == ELOOP)
            return err_set(e, ERR_DENIED, "key", "%s is not a plain file.", path);
        if (errno != ENOENT)
            break;
        TRY(make_key(path, e));
    }
    return err_set(e, ERR_IO, "key", "Cannot open %s: %s.", path, strerror(errno));
}

struct str seal_key_fingerprint(struct arena *a, const struct seal_key *key)
{
    struct str bytes = {(const char *)key->bytes, sizeof key->bytes};
    return str_sub(hmac_sha256_hex(a, bytes, STR("fingerprint of a sealing key")), 0, 16);
}

void seal_key_deinit(struct seal_key *key)
{
    sodium_memzero(key->bytes, sizeof key->bytes);
}

struct str seal(struct arena *a, const struct seal_key *key, struct str secret,
                struct str belongs_to)
{
    unsigned char *p = arena_alloc(a, secret.n + SEAL_OVERHEAD), *nonce = p + 1;
    p[0] = VERSION;
    rand_bytes(nonce, NONCE);
    unsigned long long n = 0;
    crypto_aead_xchacha20poly1305_ietf_encrypt(nonce + NONCE, &n, (const unsigned char *)secret.p,
                                               secret.n, (const unsigned char *)belongs_to.p,
                                               belongs_to.n, NULL, nonce, key->bytes);
    return (struct str){(const char *)p, 1 + NONCE + (size_t)n};
}

enum err seal_open(struct arena *a, const struct seal_key *key, struct str sealed,
                   struct str belongs_to, struct str *out, struct errinfo *e)
{
    const unsigned char *p = (const unsigned char *)sealed.p;
    if (sealed.n < SEAL_OVERHEAD || p[0] != VERSION)
        return err_set(e, ERR_INVALID, "secret", "This is not a sealed secret.");
    unsigned char *plain = arena_alloc(a, sealed.n - SEAL_OVERHEAD + 1);
    unsigned long long n = 0;
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(
            plain, &n, NULL, p + 1 + NONCE, sealed.n - 1 - NONCE,
            (const unsigned char *)belongs_to.p, belongs_to.n, p + 1, key->bytes) != 0)
        return err_set(e, ERR_INVALID, "secret",
                       "The secret does not open: damaged, or sealed with another key.");
    *out = (struct str){(const char *)plain, (size_t)n};
    return ERR_OK;
}
