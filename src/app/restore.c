/* restore.c - zuruf restore: a new directory of a backup, or only a look whether one is whole. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/app.h"
#include "app/commands.h"
#include "app/options.h"
#include "app/progress.h"
#include "backup/backup.h"
#include "base/arena.h"
#include "text/unicode.h"

static void describe(const char *file, const char *verb, const struct backup_manifest *m)
{
    struct arena a;
    int64_t rows = 0;
    arena_init(&a);
    for (size_t i = 0; i < m->data.table_count; i++)
        rows += m->data.tables[i].rows;
    printf("%s: %s. Made %.*s by Zuruf %.*s, version %d of the database, %lld rows in %zu tables, "
           "all as counted then\n",
           file, verb, STR_FMT(clock_format(&a, m->made_at)), STR_FMT(m->program), m->data.version,
           (long long)rows, m->data.table_count);
    arena_deinit(&a);
}

/* Whether it is whole can be told of a dump only as far as it can be read. */
static enum err check_dump(const char *dir, struct arena *a, const struct store_watch *watch,
                           const struct backup_manifest *m, struct errinfo *e)
{
    struct str dump = arena_printf(a, "%s/" BACKUP_DUMP, dir);
    return manifest_part(m, BACKUP_DUMP) ? backup_read_dump(dump.p, a, watch, e) : ERR_OK;
}

/* The same as a restore, into a folder that is thrown away. */
static enum err check(const char *file, const struct store_watch *watch, struct arena *a,
                      struct backup_manifest *m, struct errinfo *e)
{
    const char *tmp = getenv("TMPDIR");
    struct str dir = arena_printf(a, "%s/zuruf-check-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp((char *)(uintptr_t)dir.p))
        return err_set(e, ERR_IO, dir.p, "cannot be made: %s", strerror(errno));
    enum err err = backup_unpack(file, dir.p, app_schema_version(), watch, a, m, e);
    if (err == ERR_OK)
        err = backup_verify(dir.p, m, watch, a, e);
    if (err == ERR_OK)
        err = check_dump(dir.p, a, watch, m, e);
    backup_remove_folder(dir.p);
    return err;
}

static enum err restore(const char *file, const char *dir, const char *url,
                        const struct store_watch *watch, struct arena *a, struct backup_manifest *m,
                        struct errinfo *e)
{
    TRY(backup_restore(file, dir, url, app_schema_version(), watch, a, m, e));
    if (!manifest_part(m, BACKUP_KEY))
        printf("The backup holds no key: put the installation's file as %s/key (mode 0600) there "
               "before the first start. If it is lost for good: zuruf key --new --data %s\n",
               dir, dir);
    if (url)
        printf("The settings of then are in %s/" BACKUP_CONFIG_ASIDE
               "; they name the database of then.\n",
               dir);
    printf("Start it with: zuruf serve --data %s%s\n"
           "Everybody signs in anew; answers that waited then are shown to a person before they "
           "leave.\n",
           dir, url ? " --db URL" : "");
    return ERR_OK;
}

int cmd_restore(int argc, char **argv)
{
    struct place place = {0};
    const char *only_check = NULL;
    char **rest;
    struct errinfo e = {0};
    struct backup_manifest m;
    struct arena a;
    struct progress p;
    const struct option_row rows[] = {
        {"data", "DIR", &place.data, "new or empty directory (else $ZURUF_DATA, else ./data)"},
        {"db", "URL", &place.db, "an empty database of PostgreSQL, for a backup of one"},
        {"check", NULL, &only_check, "restore into a scratch folder only, to see that it is whole"},
    };
    int done = options_read(argc, argv, rows, 3, "[--data DIR [--db URL] | --check] FILE", 1, 1,
                            &rest, NULL);
    if (done >= 0)
        return done;
    text_init();
    arena_init(&a);
    progress_init(&p);
    p.doing = "restoring";
    const struct store_watch watch = {progress_watch, &p};
    enum err err = only_check ? check(rest[0], &watch, &a, &m, &e)
                              : restore(rest[0], app_dir(&place), place.db, &watch, &a, &m, &e);
    progress_end(&p);
    if (err == ERR_OK)
        describe(rest[0], only_check ? "whole" : "restored", &m);
    else
        app_fail(argv[0], &e);
    arena_deinit(&a);
    return err == ERR_OK ? 0 : 1;
}
