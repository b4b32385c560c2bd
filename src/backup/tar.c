/* tar.c - see tar.h. */
#include "backup/tar.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <archive.h>
#include <archive_entry.h>

#include "base/file.h"
#include "base/log.h"
#include "base/trouble.h"

enum { BLOCK = 64 * 1024 };

struct tar {
    struct archive *archive;
    bool writes;
    int fd;         /* written to; */
    int why;        /* errno of the first write that failed: nothing is written any more */
    char file[256]; /* for messages */
    char name[TAR_NAME_MAX + 1];
};

static struct tar *tar_new(const char *name, bool writes)
{
    struct tar *t = calloc(1, sizeof *t);
    if (t)
        t->archive = writes ? archive_write_new() : archive_read_new();
    if (!t || !t->archive)
        log_fatal("backup", "no memory for an archive");
    t->writes = writes;
    snprintf(t->file, sizeof t->file, "%s", name);
    return t;
}

/* What libarchive says is the system's word for a failed write, its own for a bad file. */
static enum err failed(struct tar *t, struct errinfo *e)
{
    int why = t->why ? t->why : archive_errno(t->archive);
    const char *what = t->why ? strerror(t->why) : archive_error_string(t->archive);
    if (t->writes && (why == ENOSPC || why == EDQUOT))
        return err_trouble(e, ERR_LIMIT, "disk", TROUBLE_DISK_FULL, "%s", t->file);
    if (t->writes || why == EIO)
        return err_set(e, ERR_IO, "backup", "%s: %s", t->file, what ? what : strerror(why));
    return err_set(e, ERR_INVALID, "backup", "%s is damaged, cut off or no backup: %s", t->file,
                   what ? what : "it cannot be read");
}

static bool ends(const char *name, const char *end)
{
    return str_ends(str_z(name), str_z(end));
}

/* libarchive is never told of a failure: after one it would not free all that it has. */
static la_ssize_t put(struct archive *a, void *ctx, const void *p, size_t n)
{
    struct tar *t = ctx;
    (void)a;
    if (!t->why && !file_write_all(t->fd, p, n))
        t->why = errno ? errno : EIO;
    return (la_ssize_t)n;
}

enum err tar_create(struct tar **out, int fd, const char *name, struct errinfo *e)
{
    struct tar *t = tar_new(name, true);
    t->fd = fd;
    int rc = archive_write_set_format_pax_restricted(t->archive);
    if (rc == ARCHIVE_OK && (ends(name, ".gz") || ends(name, ".tgz")))
        rc = archive_write_add_filter_gzip(t->archive);
    else if (rc == ARCHIVE_OK && ends(name, ".zst"))
        rc = archive_write_add_filter_zstd(t->archive);
    if (rc == ARCHIVE_OK)
        rc = archive_write_set_bytes_in_last_block(t->archive, 1);
    if (rc == ARCHIVE_OK)
        rc = archive_write_open(t->archive, t, NULL, put, NULL);
    if (rc == ARCHIVE_OK) {
        *out = t;
        return ERR_OK;
    }
    enum err err = failed(t, e);
    tar_close(t);
    return err;
}

enum err tar_add(struct tar *t, const char *name, int64_t size, int64_t at, struct errinfo *e)
{
    struct archive_entry *entry = archive_entry_new();
    if (!entry)
        log_fatal("backup", "no memory for an archive");
    archive_entry_set_pathname(entry, name);
    archive_entry_set_size(entry, size);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0600);
    archive_entry_set_mtime(entry, (time_t)(at / 1000), 0);
    int rc = archive_write_header(t->archive, entry);
    archive_entry_free(entry);
    return rc == ARCHIVE_OK && !t->why ? ERR_OK : failed(t, e);
}

enum err tar_write(struct tar *t, struct str bytes, struct errinfo *e)
{
    while (bytes.n) {
        la_ssize_t n = archive_write_data(t->archive, bytes.p, bytes.n);
        if (n <= 0 || t->why)
            return failed(t, e);
        bytes = str_sub(bytes, (size_t)n, bytes.n);
    }
    return ERR_OK;
}

enum err tar_finish(struct tar *t, struct errinfo *e)
{
    return archive_write_close(t->archive) == ARCHIVE_OK && !t->why ? ERR_OK : failed(t, e);
}

enum err tar_open(struct tar **out, int fd, const char *name, struct errinfo *e)
{
    struct tar *t = tar_new(name, false);
    /* only what tar_create writes: each further format is a parser for foreign bytes */
    bool ok = archive_read_support_format_tar(t->archive) == ARCHIVE_OK &&
              archive_read_support_filter_gzip(t->archive) == ARCHIVE_OK &&
              archive_read_support_filter_zstd(t->archive) == ARCHIVE_OK &&
              archive_read_open_fd(t->archive, fd, BLOCK) == ARCHIVE_OK;
    if (ok) {
        *out = t;
        return ERR_OK;
    }
    enum err err = failed(t, e);
    tar_close(t);
    return err;
}

enum err tar_next(struct tar *t, struct str *name, int64_t *size, struct errinfo *e)
{
    struct archive_entry *entry;
    *name = STR_NONE;
    *size = 0;
    int rc = archive_read_next_header(t->archive, &entry);
    if (rc == ARCHIVE_EOF)
        return ERR_OK;
    if (rc != ARCHIVE_OK)
        return failed(t, e);
    const char *path = archive_entry_pathname(entry);
    if (!path || !path[0] || strlen(path) > TAR_NAME_MAX || strchr(path, '/') ||
        archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry) ||
        !archive_entry_size_is_set(entry))
        return err_set(e, ERR_INVALID, "backup",
                       "%s is no backup of Zuruf: it holds other things than plain files", t->file);
    snprintf(t->name, sizeof t->name, "%s", path);
    *name = str_z(t->name);
    *size = archive_entry_size(entry);
    return ERR_OK;
}

enum err tar_read(struct tar *t, char *p, size_t n, size_t *got, struct errinfo *e)
{
    la_ssize_t r = archive_read_data(t->archive, p, n);
    *got = r > 0 ? (size_t)r : 0;
    return r >= 0 ? ERR_OK : failed(t, e);
}

void tar_close(struct tar *t)
{
    if (!t)
        return;
    if (t->writes) {
        t->why = t->why ? t->why : ECANCELED; /* no end, unless tar_finish wrote it */
        archive_write_free(t->archive);
    } else {
        archive_read_free(t->archive);
    }
    free(t);
}
