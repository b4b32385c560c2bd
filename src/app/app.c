/* app.c - see app.h. */
#include "app/app.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/key.h"
#include "backup/backup.h"
#include "base/arena.h"
#include "flow/flow.h"
#include "people/session.h"
#include "schema.h"
#include "store/store.h"
#include "text/unicode.h"
#include "understand/model.h"

enum { UNDO_MAX_S = 3600 };

const char *app_dir(const struct place *p)
{
    const char *env = getenv("ZURUF_DATA");
    return p->data ? p->data : env && *env ? env : "data";
}

int app_fail(const char *command, const struct errinfo *e)
{
    fprintf(stderr, "zuruf %s: %s%s%s\n", command, e->where, e->where[0] ? ": " : "",
            e->what[0] ? e->what : err_code(e->code));
    return 1;
}

enum err app_open_model(const char *given, struct model **out, struct errinfo *e)
{
    char beside[600] = "", program[512];
    const char *env = getenv("ZURUF_MODEL");
    if (given && *given)
        return model_open(out, given, e);
    if (env && *env)
        return model_open(out, env, e);
    ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
    if (n > 0) {
        program[n] = 0;
        char *slash = strrchr(program, '/');
        if (slash) {
            *slash = 0;
            snprintf(beside, sizeof beside, "%s/zuruf.model", program);
        }
    }
    const char *const places[] = {beside, "/usr/share/zuruf/zuruf.model", ZURUF_SOURCE_MODEL};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (places[i][0] && access(places[i], R_OK) == 0)
            return model_open(out, places[i], e);
    return err_set(e, ERR_NOT_FOUND, "model",
                   "no classifier found; name one with --model or ZURUF_MODEL");
}

void app_notice(struct app *a, const struct notice *n)
{
    if (a->flow)
        flow_notice(a->flow, n);
    if (a->sessions && (n->topic == TOPIC_AGENT || n->topic == TOPIC_ALL))
        sessions_forget(a->sessions);
    if (a->notice)
        a->notice(a->notice_ctx, n);
}

static void on_notice(void *ctx, const struct notice *n)
{
    app_notice(ctx, n);
}

bool app_is_url(const char *place)
{
    return strncmp(place, "postgresql://", 13) == 0 || strncmp(place, "postgres://", 11) == 0;
}

/* What stands between "user:" and the last '@' before the path. */
void app_hide_password(const char *url)
{
    const char *user = strstr(url, "://");
    const char *host = user ? user + 3 : url;
    for (const char *p = host; *p && *p != '/' && *p != '?'; p++)
        if (*p == '@')
            host = p;
    const char *colon = user ? memchr(user + 3, ':', (size_t)(host - user) - 3) : NULL;
    if (colon && *host == '@')
        memset((char *)(uintptr_t)colon + 1, '*', (size_t)(host - colon) - 1);
}

enum err app_configure(struct app *a, const struct place *p, struct errinfo *e)
{
    char file[600];
    *a = (struct app){0};
    text_init();
    snprintf(a->dir, sizeof a->dir, "%s", app_dir(p));
    snprintf(file, sizeof file, "%s/zuruf.conf", a->dir);
    TRY(config_load(&a->config, file, e));
    if (p->db) {
        config_set(&a->config, CONFIG_DB, p->db);
        app_hide_password(p->db);
    }
    return ERR_OK;
}

static enum err open_store(struct app *a, struct errinfo *e)
{
    char path[600];
    const char *url = config_get(&a->config, CONFIG_DB);
    snprintf(path, sizeof path, "%s/zuruf.db", a->dir);
    if (*url && !app_is_url(url))
        return err_set(e, ERR_INVALID, "db",
                       "write postgresql://user@host/database, or nothing for the directory's own "
                       "database");
    const struct store_options store = {.path = *url ? NULL : path,
                                        .url = *url ? url : NULL,
                                        .migrations = schema_table,
                                        .migration_count = schema_count,
                                        .as_it_is = a->as_it_is,
                                        .notice = on_notice,
                                        .notice_ctx = a};
    return store_open(&a->store, &store, e);
}

int app_schema_version(void)
{
    return schema_table[schema_count - 1].number;
}

/* A restore that was cut off has left something that looks like an installation. */
static enum err refuse_unfinished(const struct app *a, struct errinfo *e)
{
    char path[600];
    snprintf(path, sizeof path, "%s/%s", a->dir, BACKUP_UNFINISHED);
    if (access(path, F_OK) != 0)
        return ERR_OK;
    return err_set(e, ERR_CONFLICT, a->dir,
                   "a restore did not finish here: empty this directory and run zuruf restore "
                   "again");
}

/* The data come from a backup: what that means for what waits is done once, then its manifest is
 * put aside. */
static enum err settle_restored(struct app *a, struct errinfo *e)
{
    char path[600], aside[600];
    struct arena arena;
    struct backup_manifest m;
    snprintf(path, sizeof path, "%s/manifest.json", a->dir);
    snprintf(aside, sizeof aside, "%s/restored.json", a->dir);
    if (access(path, F_OK) != 0)
        return ERR_OK;
    arena_init(&arena);
    enum err err = backup_read_manifest(path, &arena, &m, e);
    if (err == ERR_OK)
        err = flow_restored(a->flow, m.made_at, e);
    if (err == ERR_OK && rename(path, aside) != 0)
        err = err_set(e, ERR_IO, path, "cannot be put aside: %s", strerror(errno));
    arena_deinit(&arena);
    return err;
}

enum err app_open_database(struct app *a, struct errinfo *e)
{
    TRY(refuse_unfinished(a, e));
    if (mkdir(a->dir, 0700) && errno != EEXIST)
        return err_set(e, ERR_IO, a->dir, "this directory cannot be made: %s", strerror(errno));
    return open_store(a, e);
}

enum err app_open_store(struct app *a, struct errinfo *e)
{
    TRY(app_open_database(a, e));
    TRY(key_open(a, e));
    TRY(app_open_model(config_get(&a->config, CONFIG_MODEL), &a->model, e));
    const char *ca_file = config_get(&a->config, CONFIG_CA_FILE);
    int64_t undo_s;
    TRY(config_number(&a->config, CONFIG_UNDO, 0, UNDO_MAX_S, &undo_s, e));
    const struct flow_options flow = {.store = a->store,
                                      .model = a->model,
                                      .key = &a->key,
                                      .dir = a->dir,
                                      .ca_file = ca_file[0] ? ca_file : NULL,
                                      .undo_ms = undo_s * CLOCK_SECOND};
    a->flow = flow_new(&flow);
    a->sessions = sessions_new(a->store, &clock_system);
    return a->as_it_is ? ERR_OK : settle_restored(a, e);
}

enum err app_open(struct app *a, const struct place *p, struct errinfo *e)
{
    enum err err = app_configure(a, p, e);
    if (err == ERR_OK)
        err = app_open_store(a, e);
    if (err != ERR_OK)
        app_close(a);
    return err;
}

void app_close(struct app *a)
{
    if (a->flow)
        flow_stop(a->flow);
    if (a->store)
        store_close(a->store); /* the last notices find flow and sessions alive */
    flow_free(a->flow);
    sessions_free(a->sessions);
    if (a->model)
        model_close(a->model);
    seal_key_deinit(&a->key);
    config_deinit(&a->config);
    *a = (struct app){0};
}
