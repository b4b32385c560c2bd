/* keep.c - see keep.h: copy, pack, restore into a scratch folder, compare, and only then let the
 * oldest go. */
#include "flow/keep.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backup/backup.h"
#include "backup_sql.h"
#include "base/arena.h"
#include "base/log.h"
#include "base/trouble.h"
#include "flow/flow_int.h"
#include "people/people.h"
#include "store/lease.h"
#include "text/zone.h"

#define TURN CLOCK_MINUTE
#define LEASE_MS (5 * CLOCK_MINUTE)
#define RENEW_MS CLOCK_MINUTE
#define AGAIN_AFTER CLOCK_HOUR /* a failed one of the plan */
#define KNOWN_FOR (400 * CLOCK_DAY)

enum { NAMES_MAX = 4096 };

/* "zuruf-20261122T030000Z.tar.zst": sorts by time. */
#define NAME_START BACKUP_NAME_START
#define NAME_END ".tar.zst"
enum { NAME_LENGTH = 6 + 16 + 8 };

struct keeping {
    struct flow *f;
    struct lease lease;
    int64_t renewed; /* of clock_mono */
    struct arena arena;
    int64_t agent, made_at;
    struct str file; /* its name in the folder; empty: none was kept */
    struct str path;
    const char *url; /* of PostgreSQL; NULL: SQLite */
    struct backup_input in;
    struct backup_manifest manifest;
    int64_t bytes;
    int keep;
    struct str what; /* why it failed, base/trouble.h; empty: it did not */
};

/* --- state --- */

void keep_init(struct flow *f)
{
    bell_init(&f->keeper.bell);
    f->keeper.begun = clock_now(&f->clock);
}

void keep_deinit(struct flow *f)
{
    bell_deinit(&f->keeper.bell);
}

void keep_state(struct flow *f, struct keep_state *out)
{
    out->phase = (enum keep_phase)atomic_load(&f->keeper.phase);
    out->percent = atomic_load(&f->keeper.percent);
    if (out->phase == KEEP_IDLE && atomic_load(&f->keeper.wanted))
        *out = (struct keep_state){KEEP_COPYING, 0};
}

enum err keep_start(struct flow *f, int64_t agent, struct errinfo *e)
{
    bool wanted = false;
    if (!f->keeper.runs)
        return err_set(e, ERR_INVALID, "backup", "only a running server keeps backups");
    if (atomic_load(&f->keeper.phase) != KEEP_IDLE ||
        !atomic_compare_exchange_strong(&f->keeper.wanted, &wanted, true))
        return err_set(e, ERR_BUSY, "backup", "a backup is running already");
    atomic_store(&f->keeper.who, agent);
    bell_ring(&f->keeper.bell);
    return ERR_OK;
}

int64_t keep_next(int64_t after, bool enabled, int hour, struct str zone)
{
    const struct zone *z = zone_find(zone);
    int64_t day = zone_day(z, after);
    if (!enabled)
        return 0;
    int64_t at = zone_moment(z, day, hour * 60);
    return at > after ? at : zone_moment(z, day + 1, hour * 60);
}

void keep_host(char *out, size_t size)
{
    if (gethostname(out, size) != 0)
        snprintf(out, size, "unknown");
    out[size - 1] = 0;
}

static bool is_ours(const char *name)
{
    size_t n = strlen(name);
    if (n != NAME_LENGTH || strncmp(name, NAME_START, 6) != 0 || strcmp(name + n - 8, NAME_END))
        return false;
    for (const char *p = name + 6; p < name + n - 8; p++)
        if (!strchr("0123456789TZ", *p))
            return false;
    return true;
}

enum err keep_open_file(struct flow *f, struct str file, int *fd, int64_t *size, struct errinfo *e)
{
    char path[1024];
    struct stat st;
    snprintf(path, sizeof path, "%s/" BACKUP_FOLDER "/%.*s", f->o.dir, STR_FMT(file));
    *fd = is_ours(file.n ? file.p : "") ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
    if (*fd < 0 || fstat(*fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        if (*fd >= 0)
            close(*fd);
        return err_set(e, ERR_NOT_FOUND, "backup", "this backup is not on this machine any more");
    }
    *size = st.st_size;
    return ERR_OK;
}

/* --- one backup --- */

static bool told(void *ctx, int64_t done, int64_t total)
{
    struct keeping *k = ctx;
    atomic_store(&k->f->keeper.percent, total > 0 ? (int)(done * 100 / total) : 100);
    if (atomic_load(&k->f->stopping))
        return false;
    if (clock_mono() - k->renewed < RENEW_MS)
        return true;
    k->renewed = clock_mono();
    return lease_renew(&k->lease, LEASE_MS) == ERR_OK;
}

static void enter(struct keeping *k, enum keep_phase phase)
{
    atomic_store(&k->f->keeper.percent, 0);
    atomic_store(&k->f->keeper.phase, phase);
}

static void name_it(struct keeping *k)
{
    struct zone_time t;
    zone_local(zone_find(STR("UTC")), k->made_at, &t);
    k->file = arena_printf(&k->arena, NAME_START "%04d%02d%02dT%02d%02d%02dZ" NAME_END, t.year,
                           t.month, t.day, t.minute / 60, t.minute % 60, t.second);
    k->path = arena_printf(&k->arena, "%s/" BACKUP_FOLDER "/%.*s", k->f->o.dir, STR_FMT(k->file));
}

/* The database as it is now, and what it holds. */
static enum err copy(struct keeping *k, struct str scratch, struct errinfo *e)
{
    const struct store_watch watch = {told, k};
    enter(k, KEEP_COPYING);
    if (k->url)
        return backup_dump(k->url, scratch.p, &watch, &k->arena, &k->in, e);
    k->in.database = scratch.p;
    k->in.part = BACKUP_DATABASE;
    k->in.engine = "sqlite";
    TRY(store_backup(k->f->o.store, scratch.p, &watch, e));
    return store_summarize(scratch.p, &watch, &k->arena, &k->in.data, e);
}

static enum err pack(struct keeping *k, struct errinfo *e)
{
    struct arena *a = &k->arena;
    const struct store_watch watch = {told, k};
    struct stat st;
    k->in.key = arena_printf(a, "%s/" BACKUP_KEY, k->f->o.dir).p;
    k->in.config = arena_printf(a, "%s/" BACKUP_CONFIG, k->f->o.dir).p;
    k->in.made_at = k->made_at;
    enter(k, KEEP_PACKING);
    TRY(backup_pack(&k->in, k->path.p, false, &watch, a, &k->manifest, e));
    if (stat(k->path.p, &st) == 0)
        k->bytes = st.st_size;
    return ERR_OK;
}

/* Into a database of its own beside the real one, where the role may make one; else it is at least
 * read from end to end. */
static enum err check_dump(struct keeping *k, const char *dump, const struct backup_manifest *m,
                           struct errinfo *e)
{
    const struct store_watch watch = {told, k};
    struct str name =
        arena_printf(&k->arena, "zuruf_check_%lld", (long long)store_run(k->f->o.store));
    struct errinfo ignored;
    enum err err = store_database_make(k->url, name.p, e);
    if (err == ERR_DENIED) {
        log_warn("backup",
                 "the dump was only read, not restored: the role may not CREATE DATABASE");
        return backup_read_dump(dump, &k->arena, &watch, e);
    }
    if (err == ERR_OK)
        err = backup_load(dump, k->url, name.p, m, &k->arena, &watch, e);
    if (store_database_drop(k->url, name.p, &ignored) != ERR_OK)
        log_warn("backup", "the scratch database %s stays: %s", name.p, ignored.what);
    return err;
}

/* The proof: what was packed becomes an installation again, with the same sums and rows. */
static enum err check(struct keeping *k, struct errinfo *e)
{
    const struct store_watch watch = {told, k};
    struct backup_manifest found;
    struct str folder;
    enter(k, KEEP_CHECKING);
    TRY(backup_scratch(k->f->o.dir, getpid(), &k->arena, &folder, e));
    if (mkdir(folder.p, 0700) != 0)
        return err_set(e, ERR_IO, "backup", "%s: %s", folder.p, strerror(errno));
    enum err err =
        backup_unpack(k->path.p, folder.p, k->manifest.data.version, &watch, &k->arena, &found, e);
    if (err == ERR_OK)
        err = backup_verify(folder.p, &found, &watch, &k->arena, e);
    if (err == ERR_OK)
        err = manifest_compare(&found, &k->in.data, e);
    if (err == ERR_OK && k->url)
        err = check_dump(k, arena_printf(&k->arena, "%.*s/" BACKUP_DUMP, STR_FMT(folder)).p, &found,
                         e);
    backup_remove_folder(folder.p);
    return err;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)b, *(char *const *)a);
}

/* Only behind a new one that is whole: the newest stay. */
static void let_old_go(struct keeping *k)
{
    struct str folder = arena_printf(&k->arena, "%s/" BACKUP_FOLDER, k->f->o.dir);
    const char **names = arena_array(&k->arena, NAMES_MAX, sizeof *names);
    size_t n = 0;
    DIR *d = opendir(folder.p);
    for (struct dirent *f; d && n < NAMES_MAX && (f = readdir(d));)
        if (is_ours(f->d_name))
            names[n++] = arena_strz(&k->arena, f->d_name).p;
    qsort(names, n, sizeof *names, by_name);
    for (size_t i = (size_t)k->keep; i < n; i++)
        if (unlinkat(dirfd(d), names[i], 0) != 0)
            log_warn("flow", "the old backup %s stays: %s", names[i], strerror(errno));
    if (d)
        closedir(d);
}

static enum err make(struct keeping *k, struct errinfo *e)
{
    struct str scratch;
    TRY(backup_scratch(k->f->o.dir, getpid(), &k->arena, &scratch, e));
    k->made_at = flow_now(k->f);
    name_it(k);
    enum err err = copy(k, scratch, e);
    if (err == ERR_OK)
        err = pack(k, e);
    unlink(scratch.p);
    if (err != ERR_OK)
        return err;
    err = check(k, e);
    if (err != ERR_OK)
        unlink(k->path.p);
    else
        let_old_go(k);
    return err;
}

/* --- what came of it --- */

static enum err write_run(struct tx *tx, void *arg, struct errinfo *e)
{
    const struct keeping *k = arg;
    struct store *s = k->f->o.store;
    char host[256];
    int64_t now = flow_now(k->f), id = store_id(s, 0), rows = 0;
    (void)e;
    keep_host(host, sizeof host);
    for (size_t i = 0; i < k->in.data.table_count; i++)
        rows += k->in.data.tables[i].rows;
    const struct backup_sql_run_add_in in = {.id = id,
                                             .made_at = k->made_at,
                                             .ended_at = now,
                                             .agent = k->agent,
                                             .host = str_z(host),
                                             .file = k->what.n ? STR("") : k->file,
                                             .bytes = k->bytes,
                                             .row_count = rows,
                                             .what = k->what};
    TRY(backup_sql_run_add(tx, &in, NULL));
    tx_notify(tx, (struct notice){.topic = TOPIC_HOUSE});
    TRY(backup_sql_runs_forget(
        tx, &(struct backup_sql_runs_forget_in){store_id(s, now - KNOWN_FOR)}, NULL));
    return lease_release_in(tx, &k->lease);
}

static void run(struct flow *f, int64_t agent, int keep)
{
    struct errinfo e = {0};
    struct keeping k = {.f = f,
                        .agent = agent,
                        .keep = keep,
                        .renewed = clock_mono(),
                        .url = store_url(f->o.store)};
    if (lease_take(f->o.store, "job:backup", LEASE_MS, &k.lease) != ERR_OK)
        return; /* another node is making one */
    arena_init(&k.arena);
    enum err err = make(&k, &e);
    if (err != ERR_OK && atomic_load(&f->stopping)) {
        lease_release(&k.lease);
    } else {
        if (err != ERR_OK) {
            k.what = trouble_kept(&e, &k.arena);
            k.bytes = 0;
            log_error("backup", "no backup was made: %s", e.what[0] ? e.what : err_code(err));
        } else {
            log_info("backup", "%s: %lld bytes, restored and compared", k.path.p,
                     (long long)k.bytes);
        }
        if (store_write(f->o.store, write_run, &k, &e) != ERR_OK)
            log_error("backup", "what came of the backup cannot be written down: %s", e.what);
    }
    arena_deinit(&k.arena);
    atomic_store(&f->keeper.phase, KEEP_IDLE);
}

/* Tonight's moment has passed, and nothing was made since: also after a night that was slept
 * through. A failed one is tried again after an hour. */
static bool is_due(struct flow *f, const struct backup_sql_plan_row *plan, struct arena *a)
{
    struct backup_sql_runs_row *last;
    size_t n;
    if (!plan->enabled ||
        backup_sql_runs(store_reader(f->o.store), a, &(struct backup_sql_runs_in){1}, &last, &n))
        return false;
    int64_t since = n ? last[0].made_at : f->keeper.begun;
    if (n && last[0].what.n)
        return flow_now(f) >= last[0].ended_at + AGAIN_AFTER;
    return flow_now(f) >= keep_next(since, true, (int)plan->hour, plan->timezone);
}

void keep_turn(struct flow *f)
{
    struct arena a;
    struct backup_sql_plan_row plan;
    arena_init(&a);
    if (backup_sql_plan(store_reader(f->o.store), &a, &plan) == ERR_OK) {
        bool wanted = atomic_load(&f->keeper.wanted);
        if (wanted || is_due(f, &plan, &a))
            run(f, wanted ? atomic_load(&f->keeper.who) : 0, (int)plan.keep);
        if (wanted)
            atomic_store(&f->keeper.wanted, false);
    }
    arena_deinit(&a);
}

void *keep_loop(void *flow)
{
    struct flow *f = flow;
    while (!atomic_load(&f->stopping)) {
        keep_turn(f);
        bell_wait(&f->keeper.bell, TURN);
    }
    return NULL;
}
