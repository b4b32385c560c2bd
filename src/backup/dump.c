/* dump.c - copies of PostgreSQL, by pg_dump and pg_restore; see backup.h. They are run without a
 * shell, and learn how to connect from their environment. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backup/backup.h"
#include "base/arena.h"
#include "base/vec.h"

extern char **environ;

enum { TURN_US = 100 * 1000, SAID_MAX = 1000 };

struct program {
    const char *const *argv;
    const char *const *environment; /* beside our own */
    const char *grows;              /* a file whose size tells the progress; NULL: none */
    int64_t expected;
    const struct store_watch *watch;
    struct arena *arena;
};

/* Ours without what a PG variable would say otherwise, and the given. */
static char **environment_of(const struct program *p)
{
    struct vec env;
    vec_init(&env, p->arena, sizeof(char *));
    for (char **v = environ; *v; v++)
        if (strncmp(*v, "PG", 2) != 0)
            *(char **)vec_push(&env) = *v;
    for (const char *const *v = p->environment; v && *v; v++)
        *(const char **)vec_push(&env) = *v;
    vec_push(&env);
    return env.p;
}

static enum err start(const struct program *p, pid_t *pid, int *said, struct errinfo *e)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none;
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
        return err_set(e, ERR_IO, "backup", "no pipe: %s", strerror(errno));
    sigemptyset(&none);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&files, ends[1], STDERR_FILENO);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    int rc = posix_spawnp(pid, p->argv[0], &files, &attributes, (char *const *)(uintptr_t)p->argv,
                          environment_of(p));
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    close(ends[1]);
    *said = ends[0];
    if (rc == 0)
        return ERR_OK;
    close(ends[0]);
    if (rc == ENOENT)
        return err_set(e, ERR_NOT_FOUND, p->argv[0],
                       "is not installed; install postgresql-client, or back up the database by "
                       "its own means and keep the key of the data directory with it");
    return err_set(e, ERR_IO, p->argv[0], "cannot be run: %s", strerror(rc));
}

/* Keeps the beginning of what it says on stderr. */
static void listen_to(int fd, char *said, size_t *n)
{
    char rest[256];
    for (;;) {
        size_t room = SAID_MAX - 1 - *n;
        ssize_t got = room ? read(fd, said + *n, room) : read(fd, rest, sizeof rest);
        if (got <= 0)
            return;
        if (room)
            *n += (size_t)got;
    }
}

static bool go_on(const struct program *p)
{
    struct stat st;
    int64_t size = p->grows && stat(p->grows, &st) == 0 ? st.st_size : 0;
    return !p->watch ||
           p->watch->told(p->watch->ctx, size < p->expected ? size : p->expected, p->expected);
}

static enum err judge(const struct program *p, int status, char *said, struct errinfo *e)
{
    char *line = strstr(said, "error: ");
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return ERR_OK;
    line = line ? line + 7 : said;
    line[strcspn(line, "\n")] = 0;
    bool full = strstr(said, strerror(ENOSPC)) != NULL;
    return err_set(e, full ? ERR_LIMIT : ERR_IO, p->argv[0], "%.240s",
                   line[0] ? line : "it failed");
}

static enum err run(const struct program *p, struct errinfo *e)
{
    pid_t pid;
    int fd = -1, status = 0;
    char said[SAID_MAX] = "";
    size_t n = 0;
    bool stopped = false;
    TRY(start(p, &pid, &fd, e));
    while (waitpid(pid, &status, WNOHANG) == 0) {
        listen_to(fd, said, &n);
        if (!stopped && !go_on(p)) {
            kill(pid, SIGTERM);
            stopped = true;
        }
        usleep(TURN_US);
    }
    listen_to(fd, said, &n);
    close(fd);
    said[n] = 0;
    if (stopped)
        return err_set(e, ERR_BUSY, "backup", "ended before it was complete");
    return judge(p, status, said, e);
}

enum err backup_dump(const char *url, const char *path, const struct store_watch *watch,
                     struct arena *a, struct backup_input *in, struct errinfo *e)
{
    struct store_export x;
    TRY(store_export_open(url, NULL, a, &x, e));
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        store_export_close(&x);
        return err_set(e, errno == ENOSPC ? ERR_LIMIT : ERR_IO, "backup", "%s: %s", path,
                       strerror(errno));
    }
    close(fd);
    const char *const argv[] = {"pg_dump",
                                "--format=custom",
                                "--no-owner",
                                "--no-privileges",
                                "--no-password",
                                arena_printf(a, "--snapshot=%.*s", STR_FMT(x.snapshot)).p,
                                arena_printf(a, "--file=%s", path).p,
                                NULL};
    const struct program p = {argv, x.environment, path, x.bytes, watch, a};
    enum err err = !x.data.table_count
                       ? err_set(e, ERR_NOT_FOUND, "store", "the database holds nothing yet")
                       : run(&p, e);
    store_export_close(&x);
    in->database = path;
    in->part = BACKUP_DUMP;
    in->engine = "postgresql";
    in->data = x.data;
    if (err != ERR_OK)
        unlink(path);
    return err;
}

/* All or nothing, into a database that is empty. */
static enum err load(const char *dump, const struct store_export *to, struct arena *a,
                     const struct store_watch *watch, struct errinfo *e)
{
    const char *const argv[] = {"pg_restore",
                                "--exit-on-error",
                                "--single-transaction",
                                "--no-owner",
                                "--no-privileges",
                                "--no-password",
                                arena_printf(a, "--dbname=%.*s", STR_FMT(to->database)).p,
                                dump,
                                NULL};
    const struct program p = {argv, to->environment, NULL, 1, watch, a};
    return run(&p, e);
}

enum err backup_load(const char *dump, const char *url, const char *database,
                     const struct backup_manifest *m, struct arena *a,
                     const struct store_watch *watch, struct errinfo *e)
{
    struct store_export x;
    TRY(store_export_open(url, database, a, &x, e));
    store_export_close(&x); /* its snapshot would keep locks */
    if (x.data.table_count)
        return err_set(e, ERR_CONFLICT, "restore",
                       "the database %.*s is not empty; a backup is restored into a new one only",
                       STR_FMT(x.database));
    TRY(load(dump, &x, a, watch, e));
    TRY(store_export_open(url, database, a, &x, e));
    enum err err = manifest_compare(m, &x.data, e);
    store_export_close(&x);
    return err;
}

enum err backup_read_dump(const char *dump, struct arena *a, const struct store_watch *watch,
                          struct errinfo *e)
{
    const char *const argv[] = {"pg_restore", "--file=/dev/null", dump, NULL};
    const struct program p = {argv, NULL, NULL, 1, watch, a};
    return run(&p, e);
}
