/* place.c - the folder for backups in a data directory, and scratch names in it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backup/backup.h"
#include "base/arena.h"

#define SCRATCH "scratch-"

void backup_remove_folder(const char *dir)
{
    DIR *d = opendir(dir);
    if (!d)
        return;
    for (struct dirent *f; (f = readdir(d));)
        if (strcmp(f->d_name, ".") != 0 && strcmp(f->d_name, "..") != 0)
            unlinkat(dirfd(d), f->d_name, 0);
    closedir(d);
    rmdir(dir);
}

/* "scratch-PID-..." of a process that is no more. */
static bool is_left_over(const char *name)
{
    long pid;
    return sscanf(name, SCRATCH "%ld-", &pid) == 1 && pid > 1 && kill((pid_t)pid, 0) != 0 &&
           errno == ESRCH;
}

/* A backup of the server's own that was not finished: whoever writes one has it locked. */
static bool is_half(const char *name, const char *path)
{
    if (strncmp(name, BACKUP_NAME_START, strlen(BACKUP_NAME_START)) != 0 ||
        !str_ends(str_z(name), STR(".part")))
        return false;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    bool half = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0;
    if (fd >= 0)
        close(fd);
    return half;
}

static void clean(const char *folder)
{
    char path[4096];
    DIR *d = opendir(folder);
    if (!d)
        return;
    for (struct dirent *f; (f = readdir(d));) {
        snprintf(path, sizeof path, "%s/%s", folder, f->d_name);
        if ((is_left_over(f->d_name) || is_half(f->d_name, path)) && unlink(path) != 0)
            backup_remove_folder(path);
    }
    closedir(d);
}

enum err backup_scratch(const char *dir, int64_t pid, struct arena *a, struct str *path,
                        struct errinfo *e)
{
    static atomic_int made;
    struct str folder = arena_printf(a, "%s/" BACKUP_FOLDER, dir);
    if (mkdir(folder.p, 0700) != 0 && errno != EEXIST)
        return err_set(e, errno == ENOSPC ? ERR_LIMIT : ERR_IO, "backup", "%s: %s", folder.p,
                       strerror(errno));
    clean(folder.p);
    do
        *path = arena_printf(a, "%s/" SCRATCH "%lld-%d", folder.p, (long long)pid,
                             atomic_fetch_add(&made, 1));
    while (access(path->p, F_OK) == 0);
    return ERR_OK;
}
