/* doctor_place.c - directory, key, settings, disk, model and clock, as the command finds them. */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <unistd.h>

#include "app/doctor.h"
#include "backup/backup.h"
#include "base/clock.h"
#include "base/file.h"
#include "flow/house.h"
#include "text/zone.h"
#include "understand/model.h"

#define LOG_LARGE (INT64_C(512) << 20)
#define CLOCK_EARLIEST INT64_C(1780000000000) /* 2026: the program is younger */

static struct str file_of(const struct doctor *d, const char *dir, const char *name)
{
    return arena_printf(d->arena, "%s/%s", dir, name);
}

static struct str user_name(const struct doctor *d, uid_t uid)
{
    const struct passwd *p = getpwuid(uid);
    return p ? arena_strz(d->arena, p->pw_name) : arena_printf(d->arena, "%u", (unsigned)uid);
}

static struct str mode_of(const struct doctor *d, const struct stat *st)
{
    return arena_printf(d->arena, "%03o", (unsigned)st->st_mode & 0777);
}

static bool look_at_directory(struct doctor *d, const char *dir, struct stat *st)
{
    struct str name = str_z(dir), check = STR("directory");
    struct stat unfinished;
    if (stat(dir, st) != 0 || !S_ISDIR(st->st_mode)) {
        doctor_found(
            d, FINDING_FAIL, check, N_("There is no data directory %s."),
            N_("Name the right one with --data, or start zuruf serve: it makes a new one."),
            SAY(name));
        return false;
    }
    if (stat(file_of(d, dir, BACKUP_UNFINISHED).p, &unfinished) == 0) {
        doctor_found(d, FINDING_FAIL, check, N_("A restore did not finish in %s."),
                     N_("Empty the directory and run zuruf restore again."), SAY(name));
        return false;
    }
    if (st->st_mode & (S_IRWXG | S_IRWXO))
        doctor_found(d, FINDING_WARN, check,
                     N_("Others on this machine may look into %s (mode %s)."),
                     N_("Run: chmod 700 %s"), SAY(name, mode_of(d, st), name));
    else
        doctor_found(d, FINDING_OK, check, N_("The data directory %s is open to %s alone."), NULL,
                     SAY(name, user_name(d, st->st_uid)));
    return true;
}

static void look_at_owner(struct doctor *d, const char *dir, const struct stat *folder,
                          const char *name)
{
    struct stat st;
    struct str path = file_of(d, dir, name);
    if (stat(path.p, &st) == 0 && st.st_uid != folder->st_uid)
        doctor_found(d, FINDING_FAIL, STR("owner"),
                     N_("%s belongs to %s, its directory to %s: one of them cannot work there."),
                     N_("Run: chown %s %s"),
                     SAY(path, user_name(d, st.st_uid), user_name(d, folder->st_uid),
                         user_name(d, folder->st_uid), path));
}

/* True when it can be used. An installation that is new has none yet. */
static bool look_at_key(struct doctor *d, const char *dir, bool has_data)
{
    struct stat st;
    struct str path = file_of(d, dir, BACKUP_KEY), check = STR("key");
    if (lstat(path.p, &st) != 0) {
        if (has_data)
            doctor_found(d, FINDING_FAIL, check,
                         N_("The sealing key %s is missing: passwords and tokens of accounts "
                            "cannot be read."),
                         N_("Put it back from a backup or another node, mode 0600. If it is lost "
                            "for good: zuruf key --new"),
                         SAY(path));
        return false;
    }
    if (!S_ISREG(st.st_mode) || st.st_size != SEAL_KEY_BYTES) {
        doctor_found(d, FINDING_FAIL, check, N_("%s is no sealing key."),
                     N_("Put it back from a backup or another node, mode 0600."), SAY(path));
        return false;
    }
    if (st.st_mode & (S_IRWXG | S_IRWXO)) {
        doctor_found(d, FINDING_FAIL, check,
                     N_("Others may read the sealing key %s (mode %s); no server starts so."),
                     N_("Run: chmod 600 %s"), SAY(path, mode_of(d, &st), path));
        return false;
    }
    doctor_found(d, FINDING_OK, check, N_("The sealing key is there, for its owner alone."), NULL,
                 SAY_NOTHING);
    return true;
}

static void look_at_disk(struct doctor *d, const char *dir)
{
    struct stat st;
    int64_t left;
    if (!file_room(dir, &left))
        return;
    int64_t has = stat(file_of(d, dir, BACKUP_DATABASE).p, &st) == 0 ? st.st_size : 0;
    int64_t log = stat(file_of(d, dir, BACKUP_DATABASE "-wal").p, &st) == 0 ? st.st_size : 0;
    struct str check = STR("disk"), name = str_z(dir), room = doctor_size(d, left);
    static const char todo[] = N_("Free some space, or move the directory to a larger disk.");
    if (left < HOUSE_ROOM_LEAST)
        doctor_found(d, FINDING_FAIL, check,
                     N_("Only %s are left on the disk of %s: soon nothing can be saved."), todo,
                     SAY(room, name));
    else if (left < HOUSE_ROOM_WANTED || left < 3 * has)
        doctor_found(d, FINDING_WARN, check,
                     N_("%s are left on the disk of %s, the database has %s: backups may not fit."),
                     todo, SAY(room, name, doctor_size(d, has)));
    else
        doctor_found(d, FINDING_OK, check, N_("%s are left on the disk; the database has %s."),
                     NULL, SAY(room, doctor_size(d, has)));
    if (log > LOG_LARGE)
        doctor_found(d, FINDING_WARN, STR("log"), N_("The log of the database has grown to %s."),
                     N_("Something has been reading for long, such as a backup. If it stays so, "
                        "restart the server."),
                     SAY(doctor_size(d, log)));
}

static void look_at_config(struct doctor *d, const struct place *p)
{
    struct app app = {0};
    struct errinfo e = {0};
    struct model *model = NULL;
    if (app_configure(&app, p, &e) != ERR_OK)
        doctor_found(d, FINDING_FAIL, STR("settings"), N_("The settings cannot be used: %s"),
                     N_("Correct zuruf.conf or the environment; until then no server starts."),
                     SAY(arena_strz(d->arena, e.what)));
    else
        doctor_found(d, FINDING_OK, STR("settings"),
                     N_("The settings of the process are in order."), NULL, SAY_NOTHING);
    if (app.config.values[CONFIG_MODEL] &&
        app_open_model(config_get(&app.config, CONFIG_MODEL), &model, &e) == ERR_OK) {
        model_close(model);
        doctor_found(d, FINDING_OK, STR("model"), N_("The classifier is there."), NULL,
                     SAY_NOTHING);
    } else {
        doctor_found(d, FINDING_FAIL, STR("model"), N_("The classifier cannot be used: %s"),
                     N_("Install zuruf.model beside the program or in /usr/share/zuruf."),
                     SAY(arena_strz(d->arena, e.what)));
    }
    config_deinit(&app.config);
}

static void look_at_clock(struct doctor *d)
{
    struct timex t = {0};
    int64_t now = clock_now(&clock_system);
    const struct zone *berlin = zone_find(STR("Europe/Berlin"));
    bool zones = zone_known(STR("Europe/Berlin")) &&
                 zone_offset(berlin, clock_days(2026, 7, 1) * CLOCK_DAY) == 2 * CLOCK_HOUR &&
                 zone_offset(berlin, clock_days(2026, 1, 1) * CLOCK_DAY) == CLOCK_HOUR;
    int state = adjtimex(&t);
    if (now < CLOCK_EARLIEST)
        doctor_found(d, FINDING_FAIL, STR("clock"), N_("This machine believes it is %s."),
                     N_("Set its clock, and keep it by systemd-timesyncd or chrony."),
                     SAY(doctor_moment(d, now)));
    else if (state < 0 || state == TIME_ERROR || (t.status & STA_UNSYNC))
        doctor_found(d, FINDING_WARN, STR("clock"),
                     N_("No time server keeps the clock of this machine (%s)."),
                     N_("Switch on systemd-timesyncd or chrony; on a virtual machine its host may "
                        "do it."),
                     SAY(doctor_moment(d, now)));
    else
        doctor_found(d, FINDING_OK, STR("clock"), N_("A time server keeps the clock (%s)."), NULL,
                     SAY(doctor_moment(d, now)));
    doctor_found(d, zones ? FINDING_OK : FINDING_FAIL, STR("zones"),
                 zones ? N_("Time zones are known.") : N_("Time zones are not known or wrong."),
                 zones ? NULL : N_("Install the ICU data of the system (libicu72)."), SAY_NOTHING);
}

bool doctor_look_at_place(struct doctor *d, const struct place *p)
{
    const char *dir = app_dir(p);
    struct stat folder, st;
    look_at_clock(d);
    look_at_config(d, p);
    if (!look_at_directory(d, dir, &folder))
        return false;
    look_at_owner(d, dir, &folder, BACKUP_DATABASE);
    look_at_owner(d, dir, &folder, BACKUP_KEY);
    look_at_owner(d, dir, &folder, BACKUP_CONFIG);
    look_at_disk(d, dir);
    bool has_data = stat(file_of(d, dir, BACKUP_DATABASE).p, &st) == 0;
    return look_at_key(d, dir, has_data);
}
