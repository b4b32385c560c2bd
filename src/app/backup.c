/* backup.c - zuruf backup: a copy by the running server, or by ourselves when there is none, then
 * packed into one file by this process: the file may lie where the server may not write. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/app.h"
#include "app/commands.h"
#include "app/control.h"
#include "app/options.h"
#include "app/progress.h"
#include "backup/backup.h"
#include "base/arena.h"
#include "schema.h"
#include "store/store.h"
#include "text/json.h"

struct backup_run {
    const char *dir, *file;
    const char *url; /* of PostgreSQL; NULL: SQLite */
    bool without_key, replace;
    struct arena arena;
    struct progress progress;
    struct str copy;
    struct backup_input in;
};

static enum err copy_by_server(struct backup_run *r, struct control *c, struct errinfo *e)
{
    struct json *reply;
    control_watch(c, progress_told, &r->progress);
    TRY(control_call(c, &r->arena, STR("{\"op\":\"backup.copy\"}"), &reply, e));
    if (!clock_parse(json_text(reply, "made_at"), &r->in.made_at))
        r->in.made_at = clock_now(&clock_system);
    r->copy = arena_printf(&r->arena, "%s/%.*s", r->dir, STR_FMT(json_text(reply, "name")));
    return ERR_OK;
}

/* Nobody has it open. It is not brought up to date: a backup comes before an upgrade. */
static enum err copy_alone(struct backup_run *r, struct errinfo *e)
{
    const char *path = arena_printf(&r->arena, "%s/" BACKUP_DATABASE, r->dir).p;
    const struct store_options o = {.path = path,
                                    .migrations = schema_table,
                                    .migration_count = schema_count,
                                    .as_it_is = true};
    const struct store_watch watch = {progress_watch, &r->progress};
    struct store *s;
    if (access(path, F_OK) != 0)
        return err_set(e, ERR_NOT_FOUND, r->dir,
                       "there is no installation here; name its directory with --data");
    TRY(store_open(&s, &o, e));
    r->in.made_at = clock_now(&clock_system);
    enum err err = backup_scratch(r->dir, getpid(), &r->arena, &r->copy, e);
    if (err == ERR_OK)
        err = store_backup(s, r->copy.p, &watch, e);
    store_close(s);
    return err;
}

static enum err copy_file(struct backup_run *r, struct errinfo *e)
{
    struct control *c;
    if (control_connect(&c, r->dir, e) != ERR_OK)
        return copy_alone(r, e);
    enum err err = copy_by_server(r, c, e);
    control_close(c);
    return err;
}

/* The database is asked directly, whether servers are running or not. */
static enum err copy_postgresql(struct backup_run *r, struct errinfo *e)
{
    const struct store_watch watch = {progress_watch, &r->progress};
    TRY(backup_scratch(r->dir, getpid(), &r->arena, &r->copy, e));
    r->in.made_at = clock_now(&clock_system);
    return backup_dump(r->url, r->copy.p, &watch, &r->arena, &r->in, e);
}

static enum err copy_database(struct backup_run *r, struct errinfo *e)
{
    r->progress.doing = "copying the database";
    if (r->url)
        return copy_postgresql(r, e);
    TRY(copy_file(r, e));
    r->in.database = r->copy.p;
    r->in.part = BACKUP_DATABASE;
    r->in.engine = "sqlite";
    return store_summarize(r->copy.p, NULL, &r->arena, &r->in.data, e);
}

static enum err pack(struct backup_run *r, struct backup_manifest *m, struct errinfo *e)
{
    struct arena *a = &r->arena;
    const struct store_watch watch = {progress_watch, &r->progress};
    r->in.key = r->without_key ? NULL : arena_printf(a, "%s/" BACKUP_KEY, r->dir).p;
    r->in.config = arena_printf(a, "%s/" BACKUP_CONFIG, r->dir).p;
    r->progress.doing = "packing";
    return backup_pack(&r->in, r->file, r->replace, &watch, a, m, e);
}

static void report(const struct backup_run *r, const struct backup_manifest *m)
{
    int64_t rows = 0, bytes = 0;
    for (size_t i = 0; i < m->data.table_count; i++)
        rows += m->data.tables[i].rows;
    for (size_t i = 0; i < m->part_count; i++)
        bytes += m->parts[i].bytes;
    printf("%s: %lld rows in %zu tables, %lld bytes, %s\n", r->file, (long long)rows,
           m->data.table_count, (long long)bytes,
           r->without_key ? "without the sealing key: keep DIR/key elsewhere"
                          : "with the sealing key: keep it as secret as the server");
}

static enum err make(struct backup_run *r, struct backup_manifest *m, struct errinfo *e)
{
    if (!r->replace && access(r->file, F_OK) == 0) /* before the work, not behind it */
        return err_set(e, ERR_CONFLICT, r->file, "exists already; name a new file, or say --force");
    enum err err = copy_database(r, e);
    if (err == ERR_OK)
        err = pack(r, m, e);
    if (r->copy.n)
        unlink(r->copy.p);
    return err;
}

int cmd_backup(int argc, char **argv)
{
    struct place place = {0};
    struct app app;
    const char *without_key = NULL, *force = NULL;
    char **rest;
    struct errinfo e = {0};
    struct backup_manifest m;
    const struct option_row rows[] = {
        OPTION_DATA(place),
        OPTION_DB(place),
        {"without-key", NULL, &without_key, "leave out the key of the sealed secrets"},
        {"force", NULL, &force, "replace FILE when it exists"}};
    int done =
        options_read(argc, argv, rows, sizeof rows / sizeof *rows,
                     "[--data DIR] [--db URL] [--without-key] [--force] FILE\n"
                     "FILE is a tar archive; its ending .tar, .tar.gz or .tar.zst says which.",
                     1, 1, &rest, NULL);
    if (done >= 0)
        return done;
    struct backup_run r = {.dir = app_dir(&place),
                           .file = rest[0],
                           .without_key = without_key != NULL,
                           .replace = force != NULL};
    arena_init(&r.arena);
    progress_init(&r.progress);
    enum err err = app_configure(&app, &place, &e);
    if (err == ERR_OK) {
        const char *url = config_get(&app.config, CONFIG_DB);
        r.url = *url ? url : NULL;
        err = make(&r, &m, &e);
    }
    progress_end(&r.progress);
    if (err == ERR_OK)
        report(&r, &m);
    else
        app_fail(argv[0], &e);
    config_deinit(&app.config);
    arena_deinit(&r.arena);
    return err == ERR_OK ? 0 : 1;
}
