/* pack.c - from a copied database to one file; see backup.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backup/backup.h"
#include "backup/tar.h"
#include "base/arena.h"
#include "base/file.h"
#include "base/trouble.h"
#include "crypt/hmac.h"

enum { BLOCK = 256 * 1024, PATH_SIZE = 4096 };

struct packing {
    const struct backup_input *in;
    const char *file;
    const struct store_watch *watch;
    struct arena *arena;
    struct backup_manifest manifest;
    int fds[BACKUP_PARTS_MAX]; /* of the parts, in the manifest's order */
    int64_t done, total;
    char *block;
};

static enum err io(struct errinfo *e, const char *path)
{
    if (errno == ENOSPC || errno == EDQUOT)
        return err_trouble(e, ERR_LIMIT, "disk", TROUBLE_DISK_FULL, "%s", path);
    return err_set(e, ERR_IO, "backup", "%s: %s", path, strerror(errno));
}

/* A part's bytes from the start, each block handed on. */
static enum err each_block(struct packing *p, size_t part,
                           enum err (*block)(void *ctx, struct str bytes, struct errinfo *e),
                           void *ctx, struct errinfo *e)
{
    int64_t left = p->manifest.parts[part].bytes;
    if (lseek(p->fds[part], 0, SEEK_SET) != 0)
        return io(e, p->file);
    while (left) {
        size_t want = left < BLOCK ? (size_t)left : BLOCK;
        ssize_t n = read(p->fds[part], p->block, want);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return err_set(e, ERR_IO, "backup", "%.*s became shorter while it was read",
                           STR_FMT(p->manifest.parts[part].name));
        left -= n;
        TRY(block(ctx, (struct str){p->block, (size_t)n}, e));
        p->done += n;
        if (p->watch && !p->watch->told(p->watch->ctx, p->done, p->total))
            return err_set(e, ERR_BUSY, "backup", "ended before it was complete");
    }
    return ERR_OK;
}

static enum err hash_block(void *ctx, struct str bytes, struct errinfo *e)
{
    (void)e;
    sha256_add(ctx, bytes);
    return ERR_OK;
}

static enum err write_block(void *ctx, struct str bytes, struct errinfo *e)
{
    return tar_write(ctx, bytes, e);
}

static enum err add_part(struct packing *p, const char *name, const char *path, bool needed,
                         struct errinfo *e)
{
    struct stat st;
    if (!path)
        return ERR_OK;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT && !needed)
        return ERR_OK;
    if (fd < 0 || fstat(fd, &st) != 0) {
        if (fd >= 0)
            close(fd);
        return io(e, path);
    }
    size_t at = p->manifest.part_count++;
    p->fds[at] = fd;
    p->manifest.parts[at] = (struct backup_part){str_z(name), st.st_size, STR_NONE};
    p->total += 2 * st.st_size;
    return ERR_OK;
}

static enum err hash_parts(struct packing *p, struct errinfo *e)
{
    for (size_t i = 0; i < p->manifest.part_count; i++) {
        struct sha256_run run;
        sha256_init(&run);
        enum err err = each_block(p, i, hash_block, &run, e);
        if (err != ERR_OK) {
            sha256_deinit(&run);
            return err;
        }
        p->manifest.parts[i].sha256 = sha256_end_hex(&run, p->arena);
    }
    return ERR_OK;
}

static enum err add_text(struct tar *t, const char *name, struct str text, int64_t at,
                         struct errinfo *e)
{
    if (!text.n)
        return err_set(e, ERR_LIMIT, "backup", "%s becomes too long", name);
    TRY(tar_add(t, name, (int64_t)text.n, at, e));
    return tar_write(t, text, e);
}

static enum err write_tar(struct packing *p, int fd, struct errinfo *e)
{
    struct tar *t;
    struct backup_manifest *m = &p->manifest;
    struct str json = manifest_write(p->arena, m);
    TRY(tar_create(&t, fd, p->file, e));
    enum err err = add_text(t, "manifest.json", json, m->made_at, e);
    if (err == ERR_OK)
        err = add_text(t, "SHA256SUMS", manifest_sums(p->arena, m, json), m->made_at, e);
    for (size_t i = 0; i < m->part_count && err == ERR_OK; i++) {
        err = tar_add(t, m->parts[i].name.p, m->parts[i].bytes, m->made_at, e);
        if (err == ERR_OK)
            err = each_block(p, i, write_block, t, e);
    }
    if (err == ERR_OK)
        err = tar_finish(t, e);
    tar_close(t);
    return err;
}

static enum err exists(struct errinfo *e, const char *file)
{
    return err_set(e, ERR_CONFLICT, "backup", "%s exists already; name a new file, or say --force",
                   file);
}

/* The unfinished name is locked while it is written: a killed run leaves it to the next one. */
static enum err write_file(struct packing *p, const char *part, bool replace, struct errinfo *e)
{
    int fd = open(part, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return io(e, part);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        close(fd);
        return err_set(e, ERR_BUSY, "backup", "another backup is writing %s", part);
    }
    enum err err = ftruncate(fd, 0) == 0 && fchmod(fd, 0600) == 0 ? ERR_OK : io(e, part);
    if (err == ERR_OK)
        err = write_tar(p, fd, e);
    if (err == ERR_OK && fsync(fd) != 0)
        err = io(e, part);
    if (err == ERR_OK && replace && rename(part, p->file) != 0)
        err = io(e, p->file);
    if (err == ERR_OK && !replace && renameat2(AT_FDCWD, part, AT_FDCWD, p->file, RENAME_NOREPLACE))
        err = errno == EEXIST ? exists(e, p->file) : io(e, p->file);
    if (err != ERR_OK)
        unlink(part);
    close(fd);
    if (err == ERR_OK && !file_sync_folder_of(p->file))
        err = io(e, p->file);
    return err;
}

enum err backup_pack(const struct backup_input *in, const char *file, bool replace,
                     const struct store_watch *watch, struct arena *a, struct backup_manifest *out,
                     struct errinfo *e)
{
    char part[PATH_SIZE];
    struct packing p = {.in = in, .file = file, .watch = watch, .arena = a};
    p.manifest = (struct backup_manifest){.format = BACKUP_FORMAT,
                                          .program = STR(ZURUF_VERSION),
                                          .engine = str_z(in->engine),
                                          .made_at = in->made_at,
                                          .data = in->data};
    if ((size_t)snprintf(part, sizeof part, "%s.part", file) >= sizeof part)
        return err_set(e, ERR_INVALID, "backup", "the path is too long");
    if (!replace && access(file, F_OK) == 0)
        return exists(e, file);
    p.block = arena_alloc(a, BLOCK);
    enum err err = add_part(&p, BACKUP_CONFIG, in->config, false, e);
    if (err == ERR_OK)
        err = add_part(&p, BACKUP_KEY, in->key, true, e);
    if (err == ERR_OK)
        err = add_part(&p, in->part, in->database, true, e);
    if (err == ERR_OK)
        err = hash_parts(&p, e);
    if (err == ERR_OK)
        err = write_file(&p, part, replace, e);
    for (size_t i = 0; i < p.manifest.part_count; i++)
        close(p.fds[i]);
    if (out)
        *out = p.manifest;
    return err;
}
