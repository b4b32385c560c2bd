/* unpack.c - from one file to a directory, and whether it is whole; see backup.h. The file is a
 * stranger's until its sums have been compared: names come from our own table, sizes from its
 * manifest. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backup/backup.h"
#include "backup/tar.h"
#include "base/arena.h"
#include "base/file.h"
#include "crypt/hmac.h"

enum { BLOCK = 256 * 1024, PATH_SIZE = 4096 };

struct unpacking {
    const char *file, *dir;
    const struct store_watch *watch;
    struct arena *arena;
    struct tar *tar;
    int fd;
    struct backup_manifest manifest;
    struct str json;
    bool found[BACKUP_PARTS_MAX];
    int64_t done, total;
    char *block;
};

static enum err bad(const struct unpacking *u, struct errinfo *e, const char *what)
{
    return err_set(e, ERR_INVALID, "backup", "%s is damaged or no backup: %s", u->file, what);
}

static enum err io(struct errinfo *e, const char *path)
{
    if (errno == ENOSPC || errno == EDQUOT)
        return err_set(e, ERR_LIMIT, "disk", "the disk of %s is full", path);
    return err_set(e, ERR_IO, "restore", "%s: %s", path, strerror(errno));
}

/* The next file must be this text. */
static enum err read_text(struct unpacking *u, const char *name, struct str *out, struct errinfo *e)
{
    struct str found;
    int64_t size;
    TRY(tar_next(u->tar, &found, &size, e));
    if (!str_eq_z(found, name) || size < 1 || size > BACKUP_TEXT_MAX)
        return err_set(e, ERR_INVALID, "backup",
                       "%s is no backup of Zuruf: %s is not where it "
                       "has to be",
                       u->file, name);
    char *p = arena_alloc(u->arena, (size_t)size + 1);
    size_t n = 0, got;
    do {
        TRY(tar_read(u->tar, p + n, (size_t)size - n, &got, e));
        n += got;
    } while (got && n < (size_t)size);
    if (n != (size_t)size)
        return bad(u, e, "it ends too early");
    *out = (struct str){p, n};
    return ERR_OK;
}

static enum err open_head(struct unpacking *u, struct errinfo *e)
{
    struct str sums;
    u->fd = open(u->file, O_RDONLY | O_CLOEXEC);
    if (u->fd < 0)
        return err_set(e, ERR_NOT_FOUND, "backup", "%s: %s", u->file, strerror(errno));
    TRY(tar_open(&u->tar, u->fd, u->file, e));
    TRY(read_text(u, "manifest.json", &u->json, e));
    TRY(manifest_read(u->arena, u->json, &u->manifest, e));
    TRY(read_text(u, "SHA256SUMS", &sums, e));
    if (!str_eq(sums, manifest_sums(u->arena, &u->manifest, u->json)))
        return bad(u, e, "manifest.json and SHA256SUMS do not agree");
    return ERR_OK;
}

static void close_head(struct unpacking *u)
{
    tar_close(u->tar);
    if (u->fd >= 0)
        close(u->fd);
}

static enum err copy_part(struct unpacking *u, const struct backup_part *part, int fd,
                          const char *path, struct errinfo *e)
{
    struct sha256_run run;
    int64_t left = part->bytes;
    size_t got = 0;
    enum err err = ERR_OK;
    sha256_init(&run);
    do {
        err = tar_read(u->tar, u->block, BLOCK, &got, e);
        left -= (int64_t)got;
        if (err == ERR_OK && left < 0)
            err = bad(u, e, "a file in it is longer than its manifest says");
        sha256_add(&run, (struct str){u->block, got});
        if (err == ERR_OK)
            err = file_write_all(fd, u->block, got) ? ERR_OK : io(e, path);
        u->done += (int64_t)got;
        if (err == ERR_OK && u->watch && !u->watch->told(u->watch->ctx, u->done, u->total))
            err = err_set(e, ERR_BUSY, "restore", "ended before it was complete");
    } while (err == ERR_OK && got);
    struct str sum = sha256_end_hex(&run, u->arena);
    if (err == ERR_OK && (left || !str_eq(sum, part->sha256)))
        err = err_set(e, ERR_INVALID, "backup", "%s is damaged: the sum of %.*s in it is wrong",
                      u->file, STR_FMT(part->name));
    return err;
}

/* A new file in dir, on the disk when it returns. */
static enum err write_part(struct unpacking *u, size_t at, struct errinfo *e)
{
    char path[PATH_SIZE];
    const struct backup_part *part = &u->manifest.parts[at];
    snprintf(path, sizeof path, "%s/%.*s", u->dir, STR_FMT(part->name));
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return io(e, path);
    enum err err = copy_part(u, part, fd, path, e);
    if (err == ERR_OK && fsync(fd) != 0)
        err = io(e, path);
    close(fd);
    u->found[at] = true;
    return err;
}

static enum err write_manifest(const struct unpacking *u, struct errinfo *e)
{
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "%s/manifest.json", u->dir);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return io(e, path);
    bool ok = file_write_all(fd, u->json.p, u->json.n) && fsync(fd) == 0;
    enum err err = ok ? ERR_OK : io(e, path);
    close(fd);
    return err;
}

static enum err write_parts(struct unpacking *u, struct errinfo *e)
{
    struct str name;
    int64_t size;
    for (;;) {
        TRY(tar_next(u->tar, &name, &size, e));
        if (!name.n)
            break;
        const struct backup_part *part = manifest_part(&u->manifest, name.p);
        size_t at = part ? (size_t)(part - u->manifest.parts) : 0;
        if (!part || u->found[at] || size != part->bytes)
            return bad(u, e, "it holds other files than its manifest says");
        TRY(write_part(u, at, e));
    }
    for (size_t i = 0; i < u->manifest.part_count; i++)
        if (!u->found[i])
            return err_set(e, ERR_INVALID, "backup", "%s is cut off: %.*s is missing", u->file,
                           STR_FMT(u->manifest.parts[i].name));
    return write_manifest(u, e);
}

static enum err refuse_newer(const struct unpacking *u, int known, struct errinfo *e)
{
    const struct backup_manifest *m = &u->manifest;
    if (m->data.version <= known)
        return ERR_OK;
    return err_set(e, ERR_INVALID, "backup",
                   "%s holds a database of version %d, made by Zuruf %.*s; this is %s and knows "
                   "version %d: restore it with that program or a newer one",
                   u->file, m->data.version, STR_FMT(m->program), ZURUF_VERSION, known);
}

static enum err ask_room(const struct unpacking *u, struct errinfo *e)
{
    int64_t room;
    if (!file_room(u->dir, &room) || room > u->total)
        return ERR_OK;
    return err_set(e, ERR_LIMIT, "disk",
                   "the disk of %s is too full: the backup needs %lld MB there", u->dir,
                   (long long)(u->total >> 20) + 1);
}

enum err backup_describe(const char *file, struct arena *a, struct backup_manifest *out,
                         struct errinfo *e)
{
    struct unpacking u = {.file = file, .arena = a, .fd = -1};
    enum err err = open_head(&u, e);
    close_head(&u);
    *out = u.manifest;
    return err;
}

enum err backup_read_manifest(const char *path, struct arena *a, struct backup_manifest *out,
                              struct errinfo *e)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    enum err err = fd < 0 || fstat(fd, &st) != 0 ? io(e, path) : ERR_OK;
    if (err == ERR_OK && (st.st_size < 1 || st.st_size > BACKUP_TEXT_MAX))
        err = err_set(e, ERR_INVALID, "restore", "%s is no manifest of a backup", path);
    if (err == ERR_OK) {
        char *p = arena_alloc(a, (size_t)st.st_size);
        ssize_t n = read(fd, p, (size_t)st.st_size);
        err = n < 0 ? io(e, path) : manifest_read(a, (struct str){p, (size_t)n}, out, e);
    }
    if (fd >= 0)
        close(fd);
    return err;
}

enum err backup_unpack(const char *file, const char *dir, int known,
                       const struct store_watch *watch, struct arena *a,
                       struct backup_manifest *out, struct errinfo *e)
{
    struct unpacking u = {.file = file, .dir = dir, .watch = watch, .arena = a, .fd = -1};
    u.block = arena_alloc(a, BLOCK);
    enum err err = open_head(&u, e);
    for (size_t i = 0; i < u.manifest.part_count; i++)
        u.total += u.manifest.parts[i].bytes;
    if (err == ERR_OK)
        err = refuse_newer(&u, known, e);
    if (err == ERR_OK)
        err = ask_room(&u, e);
    if (err == ERR_OK)
        err = write_parts(&u, e);
    close_head(&u);
    *out = u.manifest;
    return err;
}

enum err backup_verify(const char *dir, const struct backup_manifest *m,
                       const struct store_watch *watch, struct arena *a, struct errinfo *e)
{
    char path[PATH_SIZE];
    struct store_summary found;
    if (!manifest_part(m, BACKUP_DATABASE))
        return ERR_OK;
    snprintf(path, sizeof path, "%s/%s", dir, BACKUP_DATABASE);
    TRY(store_check_file(path, watch, e));
    TRY(store_summarize(path, watch, a, &found, e));
    return manifest_compare(m, &found, e);
}
