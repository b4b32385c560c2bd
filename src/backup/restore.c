/* restore.c - a backup becomes a data directory; see backup.h. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backup/backup.h"
#include "base/file.h"

enum { PATH_SIZE = 4096 };

static enum err io(struct errinfo *e, const char *path)
{
    return err_set(e, ERR_IO, "restore", "%s: %s", path, strerror(errno));
}

/* A fresh file system has a folder of its own in it. */
static bool counts(const char *name)
{
    return strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && strcmp(name, "lost+found") != 0;
}

static enum err want_empty(const char *dir, struct errinfo *e)
{
    char found[256] = "";
    bool unfinished = false;
    if (mkdir(dir, 0700) != 0 && errno != EEXIST)
        return io(e, dir);
    DIR *d = opendir(dir);
    if (!d)
        return io(e, dir);
    for (struct dirent *f; (f = readdir(d));) {
        unfinished = unfinished || strcmp(f->d_name, BACKUP_UNFINISHED) == 0;
        if (counts(f->d_name))
            snprintf(found, sizeof found, "%s", f->d_name);
    }
    closedir(d);
    if (unfinished)
        return err_set(e, ERR_CONFLICT, "restore",
                       "a restore did not finish in %s: empty that directory and restore again",
                       dir);
    if (found[0])
        return err_set(e, ERR_CONFLICT, "restore",
                       "%s is not empty (%.60s is there); a backup is restored into a new or empty "
                       "directory only",
                       dir, found);
    return ERR_OK;
}

/* The database comes last; as long as the folder is there nobody opens it. The settings of an
 * installation on PostgreSQL name its database: they must not lead the new one to the old. */
static enum err move_parts(const char *part, const char *dir, bool postgresql, struct errinfo *e)
{
    const char *const names[][2] = {
        {BACKUP_KEY, BACKUP_KEY},
        {BACKUP_CONFIG, postgresql ? BACKUP_CONFIG_ASIDE : BACKUP_CONFIG},
        {"manifest.json", "manifest.json"},
        {BACKUP_DATABASE, BACKUP_DATABASE}};
    char from[PATH_SIZE + 64], to[PATH_SIZE + 64];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(from, sizeof from, "%s/%s", part, names[i][0]);
        snprintf(to, sizeof to, "%s/%s", dir, names[i][1]);
        if (rename(from, to) != 0 && errno != ENOENT)
            return io(e, to);
    }
    /* the folder goes when the names are safe */
    if (!file_sync_folder(dir) || rmdir(part) != 0 || !file_sync_folder(dir))
        return io(e, dir);
    return ERR_OK;
}

static enum err want_engine(const struct backup_manifest *m, const char *file, bool postgresql,
                            struct errinfo *e)
{
    if (postgresql && manifest_part(m, BACKUP_DATABASE))
        return err_set(
            e, ERR_INVALID, "restore",
            "%s is of SQLite: restore it with --data alone, then move it with zuruf copy", file);
    if (!postgresql && manifest_part(m, BACKUP_DUMP))
        return err_set(e, ERR_INVALID, "restore",
                       "%s is of PostgreSQL: name a new database with --db", file);
    return ERR_OK;
}

enum err backup_restore(const char *file, const char *dir, const char *url, int known,
                        const struct store_watch *watch, struct arena *a,
                        struct backup_manifest *out, struct errinfo *e)
{
    char part[PATH_SIZE], dump[PATH_SIZE + 64];
    if ((size_t)snprintf(part, sizeof part, "%s/%s", dir, BACKUP_UNFINISHED) >=
        sizeof part - sizeof BACKUP_DATABASE)
        return err_set(e, ERR_INVALID, "restore", "the path is too long");
    TRY(backup_describe(file, a, out, e)); /* before anything is made */
    TRY(want_engine(out, file, url != NULL, e));
    TRY(want_empty(dir, e));
    if (mkdir(part, 0700) != 0)
        return io(e, part);
    enum err err = backup_unpack(file, part, known, watch, a, out, e);
    if (err == ERR_OK)
        err = backup_verify(part, out, watch, a, e);
    snprintf(dump, sizeof dump, "%s/" BACKUP_DUMP, part);
    if (err == ERR_OK && url)
        err = backup_load(dump, url, NULL, out, a, watch, e);
    if (err == ERR_OK && url)
        unlink(dump);
    if (err == ERR_OK)
        return move_parts(part, dir, url != NULL, e);
    backup_remove_folder(part);
    return err;
}
