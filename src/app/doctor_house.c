/* doctor_house.c - the database, the accounts, what waits to be sent, the backups. */
#include <inttypes.h>
#include <sys/resource.h>

#include "app/doctor.h"
#include "backup_sql.h"
#include "base/clock.h"
#include "base/trouble.h"
#include "domain/words.h"
#include "flow/channel_use.h"
#include "flow/flow.h"
#include "flow/keep.h"
#include "ops_sql.h"
#include "page/alarm.h"
#include "store/store.h"

#define SKEW_MOST (2 * CLOCK_SECOND)
#define WAIT_MOST (10 * CLOCK_MINUTE)
#define BACKUP_AGE (2 * CLOCK_DAY)
enum { FILES_WANTED = 4096 };

/* True when it has the version that this program's statements are made for. */
static bool look_at_database(struct doctor *d, struct app *app)
{
    struct db *db = store_reader(app->store);
    struct errinfo e = {0};
    struct str engine, check = STR("database");
    int64_t version = 0;
    enum err err = store_engine_name(db, d->arena, &engine);
    if (err == ERR_OK)
        err = store_version(db, &version, &e);
    if (err == ERR_OK)
        err = store_check(app->store, &e);
    if (err != ERR_OK) {
        doctor_found(d, FINDING_FAIL, check, N_("The database is not sound: %s"),
                     N_("Stop the server, keep the file, and restore the last backup into a new "
                        "directory."),
                     SAY(arena_strz(d->arena, e.what[0] ? e.what : err_code(err))));
        return false;
    }
    if (version < app_schema_version()) {
        doctor_found(d, FINDING_WARN, check,
                     N_("The database has version %s, this program knows %s: the next start brings "
                        "it up to date."),
                     N_("Make a backup before: zuruf backup FILE"),
                     SAY(doctor_number(d, version), doctor_number(d, app_schema_version())));
        return false;
    }
    doctor_found(d, FINDING_OK, check, N_("The database is sound (%s, version %s)."), NULL,
                 SAY(engine, doctor_number(d, version)));
    return true;
}

static void look_at_skew(struct doctor *d, struct app *app)
{
    int64_t there, before = clock_now(&clock_system);
    if (store_engine(app->store) == STORE_SQLITE)
        return; /* one machine, one clock */
    if (store_now(store_reader(app->store), &there) != ERR_OK)
        return;
    int64_t here = (before + clock_now(&clock_system)) / 2;
    int64_t off = there > here ? there - here : here - there;
    if (off > SKEW_MOST)
        doctor_found(d, FINDING_WARN, STR("clocks"),
                     N_("The clocks of this machine and of the database differ by %s ms."),
                     N_("Keep both by a time server."), SAY(doctor_number(d, off)));
    else
        doctor_found(d, FINDING_OK, STR("clocks"),
                     N_("The clocks of this machine and of the database agree."), NULL,
                     SAY_NOTHING);
}

static void look_at_limits(struct doctor *d)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return;
    struct str most = doctor_number(d, (int64_t)files.rlim_max);
    if (files.rlim_max < FILES_WANTED)
        doctor_found(d, FINDING_WARN, STR("limits"),
                     N_("The server may open %s files; each visitor needs one."),
                     N_("Set LimitNOFILE=65536 in its systemd unit."), SAY(most));
    else
        doctor_found(d, FINDING_OK, STR("limits"), N_("The server may open %s files."), NULL,
                     SAY(most));
}

/* Signs in there, without sending or fetching anything. */
static bool try_account(struct doctor *d, struct app *app, const struct ops_sql_accounts_all_row *a,
                        struct errinfo *e)
{
    struct channel_use use;
    enum err err = channel_use(app->flow, d->arena, a->brand, a->id, &use, e);
    if (err == ERR_OK && use.channel->check)
        err = use.channel->check(&use.ctx, e);
    e->code = err;
    return err == ERR_OK;
}

static void look_at_account(struct doctor *d, struct app *app,
                            const struct ops_sql_accounts_all_row *a, bool outside)
{
    struct errinfo e = {0};
    struct str check =
        arena_printf(d->arena, "account:%.*s/%.*s", STR_FMT(a->brand_key), STR_FMT(a->key));
    static const char todo[] = N_("Open it in the settings, under Channels, and correct it there.");
    if (a->state == ACCOUNT_STOPPED) {
        doctor_found(d, FINDING_FAIL, check, N_("It has stopped: %s"), todo,
                     SAY(fault_text(d->arena, d->locale, a->error)));
    } else if (a->state == ACCOUNT_PAUSED) {
        doctor_found(d, FINDING_OK, check, N_("It is paused."), NULL, SAY_NOTHING);
    } else if (outside && !try_account(d, app, a, &e)) {
        doctor_found(d, FINDING_FAIL, check, N_("Trying it now failed: %s"), todo,
                     SAY(fault_text(d->arena, d->locale, trouble_kept(&e, d->arena))));
    } else if (a->failures) {
        doctor_found(d, FINDING_WARN, check, N_("It failed %s times in a row, the last time: %s"),
                     todo,
                     SAY(doctor_number(d, a->failures), fault_text(d->arena, d->locale, a->error)));
    } else if (a->success_at) {
        doctor_found(d, FINDING_OK, check, N_("It works; last success %s."), NULL,
                     SAY(doctor_moment(d, a->success_at)));
    } else {
        doctor_found(d, FINDING_OK, check, N_("It is ready."), NULL, SAY_NOTHING);
    }
}

static void look_at_accounts(struct doctor *d, struct app *app, bool outside)
{
    struct ops_sql_accounts_all_row *rows;
    size_t n;
    if (ops_sql_accounts_all(store_reader(app->store), d->arena, &rows, &n) != ERR_OK)
        return;
    for (size_t i = 0; i < n; i++)
        look_at_account(d, app, &rows[i], outside);
    if (!n)
        doctor_found(d, FINDING_WARN, STR("accounts"),
                     N_("There are no accounts: nothing comes in."),
                     N_("Add one in the settings, under Channels."), SAY_NOTHING);
}

static void look_at_outbox(struct doctor *d, struct app *app, bool serving)
{
    struct db *db = store_reader(app->store);
    struct ops_sql_in_doubt_row doubt;
    struct ops_sql_overdue_row late;
    const struct ops_sql_overdue_in in = {clock_now(&clock_system) - WAIT_MOST};
    if (ops_sql_in_doubt(db, d->arena, &doubt) != ERR_OK ||
        ops_sql_overdue(db, d->arena, &in, &late) != ERR_OK)
        return;
    if (late.n && serving)
        doctor_found(d, FINDING_FAIL, STR("outbox"),
                     N_("Answers that should have left more than ten minutes ago: %s."),
                     N_("The log of the server says why; look at the accounts above."),
                     SAY(doctor_number(d, late.n)));
    if (doubt.n)
        doctor_found(d, FINDING_WARN, STR("outbox"),
                     N_("Answers that wait for a person, refused or perhaps not arrived: %s."),
                     N_("Decide about them in the desk; their cases carry a mark."),
                     SAY(doctor_number(d, doubt.n)));
    if (!doubt.n && !(late.n && serving))
        doctor_found(d, FINDING_OK, STR("outbox"), N_("No answer is stuck."), NULL, SAY_NOTHING);
}

static void look_at_backups(struct doctor *d, struct app *app)
{
    struct db *db = store_reader(app->store);
    struct backup_sql_plan_row plan;
    struct backup_sql_whole_row whole = {0};
    struct backup_sql_runs_row *last;
    size_t n;
    struct str check = STR("backup");
    static const char todo[] = N_("Settings, Backup: switch it on, or make one now. Or run "
                                  "zuruf backup FILE by a timer of your own.");
    if (backup_sql_plan(db, d->arena, &plan) != ERR_OK ||
        backup_sql_runs(db, d->arena, &(struct backup_sql_runs_in){1}, &last, &n) != ERR_OK)
        return;
    bool any = backup_sql_whole(db, d->arena, &whole) == ERR_OK;
    if (n && last[0].what.n)
        doctor_found(d, FINDING_FAIL, check, N_("The last backup failed: %s"), todo,
                     SAY(fault_text(d->arena, d->locale, last[0].what)));
    else if (any && clock_now(&clock_system) - whole.made_at > BACKUP_AGE)
        doctor_found(d, FINDING_WARN, check, N_("The last backup is of %s."), todo,
                     SAY(doctor_moment(d, whole.made_at)));
    else if (any)
        doctor_found(d, FINDING_OK, check, N_("The last backup is of %s, and was compared."), NULL,
                     SAY(doctor_moment(d, whole.made_at)));
    else if (plan.enabled)
        doctor_found(d, FINDING_OK, check, N_("There is no backup yet; the first comes tonight."),
                     NULL, SAY_NOTHING);
    else
        doctor_found(d, FINDING_WARN, check, N_("There is no backup, and none is planned."), todo,
                     SAY_NOTHING);
}

void doctor_look_at_house(struct doctor *d, struct app *app, bool serving, bool outside)
{
    if (!look_at_database(d, app))
        return;
    look_at_skew(d, app);
    if (serving)
        look_at_limits(d);
    look_at_accounts(d, app, outside);
    look_at_outbox(d, app, serving);
    look_at_backups(d, app);
    if (serving)
        doctor_look_at_ways(d, app, outside);
}
