/* alarm.c - see alarm.h. */
#include "app/alarm.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "account_sql.h"
#include "app/app.h"
#include "backup_sql.h"
#include "base/arena.h"
#include "base/bell.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/threads.h"
#include "brand/view.h"
#include "flow/channel_use.h"
#include "flow/house.h"
#include "page/alarm.h"
#include "page/format.h"
#include "page/locale.h"
#include "people_sql.h"
#include "store/store.h"
#include "watch_sql.h"

#define ROUND (30 * CLOCK_SECOND)
#define CLAIM (5 * CLOCK_MINUTE) /* grows with each try */
#define AGAIN (20 * CLOCK_HOUR)  /* a backup that goes on failing */

enum { TRIES_MAX = 10, LETTERS_AN_HOUR = 10, TEXT_MAX = 64 * 1024 };

struct alarm_mailer {
    struct app *app;
    struct house house; /* as it was last seen */
    struct bell bell;
    atomic_bool stopping;
    pthread_t thread;
};

/* --- the letter --- */

static struct str subject_of(struct arena *a, const struct locale *l,
                             const struct watch_sql_to_tell_row *list, size_t n,
                             const struct alarm_words *first)
{
    struct str what = list[0].ended_at ? locale_text(l, N_("well again")) : first->title;
    struct str more = n > 1 ? arena_printf(a, " (+%zu)", n - 1) : STR("");
    return arena_printf(a, "Zuruf: %.*s: %.*s%.*s", STR_FMT(list[0].name), STR_FMT(what),
                        STR_FMT(more));
}

static void write_letter(struct app *app, struct arena *a, const struct brand_view *b,
                         const struct locale *l, const struct watch_sql_to_tell_row *list, size_t n,
                         struct channel_letter *out)
{
    const char *url = config_get(&app->config, CONFIG_URL);
    struct buf text;
    buf_init_in(&text, a, TEXT_MAX);
    for (size_t i = 0; i < n; i++) {
        struct alarm_words w;
        const struct alarm in = {(int)list[i].kind, list[i].since, list[i].usual, list[i].what};
        alarm_say(a, l, b->calendar.zone, list[i].ended_at ? list[i].ended_at : out->date, &in, &w);
        if (!i)
            out->subject = subject_of(a, l, list, n, &w);
        buf_printf(&text, "%.*s, %.*s\n", STR_FMT(b->name), STR_FMT(list[i].name));
        if (list[i].ended_at)
            buf_printf(&text, "%.*s. (%.*s)\n", STR_FMT(locale_text(l, N_("It is well again"))),
                       STR_FMT(w.title));
        else
            buf_printf(&text, "%.*s.\n%.*s\n%.*s\n", STR_FMT(w.title), STR_FMT(w.detail),
                       STR_FMT(w.todo));
        if (url[0])
            buf_printf(&text, "%s/desk/channels/%lld\n", url, (long long)list[i].account);
        buf_add_char(&text, '\n');
    }
    out->text = buf_str(&text);
}

/* --- the way --- */

/* The server of the settings, as the mail channel wants it. */
static bool given_up(const void *stop)
{
    return stop && atomic_load((const atomic_bool *)stop);
}

static enum err send_by_setting(struct app *app, const atomic_bool *stop, struct arena *a,
                                const struct channel_letter *letter, struct errinfo *e)
{
    static const struct {
        const char *key;
        enum config_key from;
    } rows[] = {{"smtp_url", CONFIG_MAIL_URL},
                {"user", CONFIG_MAIL_USER},
                {"password", CONFIG_MAIL_PASSWORD},
                {"address", CONFIG_MAIL_FROM}};
    const char *ca_file = config_get(&app->config, CONFIG_CA_FILE);
    struct map settings;
    map_init(&settings, a);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct str *value = ARENA_NEW(a, struct str);
        *value = str_z(config_get(&app->config, rows[i].from));
        map_set(&settings, str_z(rows[i].key), value);
    }
    const struct channel_ctx c = {.arena = a,
                                  .clock = &clock_system,
                                  .settings = &settings,
                                  .allow_private = true, /* the operator wrote it down */
                                  .give_up = given_up,
                                  .give_up_arg = stop,
                                  .ca_file = ca_file[0] ? ca_file : NULL};
    return channel_find(STR("mail"))->tell(&c, letter, e);
}

static enum err send_letter(struct app *app, const atomic_bool *stop, struct arena *a,
                            int64_t brand, const struct channel_letter *letter, struct errinfo *e)
{
    struct account_sql_senders_row *rows;
    size_t n;
    if (config_get(&app->config, CONFIG_MAIL_URL)[0])
        return send_by_setting(app, stop, a, letter, e);
    enum err err = err_set(e, ERR_NOT_FOUND, "mail", "there is no mail account to send it");
    TRY(account_sql_senders(store_reader(app->store), a,
                            &(struct account_sql_senders_in){brand, STR("mail")}, &rows, &n));
    for (size_t i = 0; i < n && err != ERR_OK; i++) {
        struct channel_use use;
        err = channel_use(app->flow, a, brand, rows[i].id, &use, e);
        use.ctx.give_up = given_up;
        use.ctx.give_up_arg = stop;
        if (err == ERR_OK)
            err = use.channel->tell(&use.ctx, letter, e);
    }
    return err;
}

/* --- one brand --- */

struct telling {
    const struct watch_sql_to_tell_row *i;
    int64_t now, until;
    bool done, claimed;
};

static enum err write_claim(struct tx *tx, void *arg, struct errinfo *e)
{
    struct telling *t = arg;
    int64_t changed;
    (void)e;
    TRY(watch_sql_claim(tx, &(struct watch_sql_claim_in){t->i->brand, t->i->id, t->now, t->until},
                        &changed));
    t->claimed = changed > 0;
    return ERR_OK;
}

static enum err write_told(struct tx *tx, void *arg, struct errinfo *e)
{
    const struct telling *t = arg;
    (void)e;
    int64_t told = t->i->ended_at || !t->done ? 2 : 1;
    return watch_sql_told(tx, &(struct watch_sql_told_in){t->i->brand, t->i->id, told}, NULL);
}

/* Those that no other node tells meanwhile, in front; their number. */
static size_t claim_all(struct app *app, struct watch_sql_to_tell_row *list, size_t n, int64_t now)
{
    size_t mine = 0;
    for (size_t i = 0; i < n; i++) {
        struct telling t = {.i = &list[i], .now = now, .until = now + CLAIM * (list[i].tries + 1)};
        if (store_write(app->store, write_claim, &t, NULL) == ERR_OK && t.claimed)
            list[mine++] = list[i];
    }
    return mine;
}

static int tell_brand(struct app *app, const atomic_bool *stop, struct arena *a,
                      struct watch_sql_to_tell_row *list, size_t n, int64_t now)
{
    struct people_sql_administrator_mails_row *to;
    struct watch_sql_told_lately_row lately;
    struct db *db = store_reader(app->store);
    const struct brand_view *b = flow_brand(app->flow, list[0].brand, NULL);
    size_t to_n;
    int sent = 0;
    struct errinfo e = {0};
    if (!b)
        return 0;
    if (watch_sql_told_lately(db, a, &(struct watch_sql_told_lately_in){b->id, now - CLOCK_HOUR},
                              &lately) == ERR_OK &&
        lately.n < LETTERS_AN_HOUR &&
        people_sql_administrator_mails(db, a, &(struct people_sql_administrator_mails_in){b->id},
                                       &to, &to_n) == ERR_OK) {
        n = claim_all(app, list, n, now);
        for (size_t i = 0; n && i < to_n; i++) {
            struct channel_letter letter = {
                .to = to[i].email,
                .message_id = arena_printf(a, "alarm-%lld-%d-%zu@zuruf.invalid",
                                           (long long)list[0].id, list[0].ended_at != 0, i),
                .date = now};
            write_letter(app, a, b, locale_find(to[i].language), list, n, &letter);
            sent += send_letter(app, stop, a, b->id, &letter, &e) == ERR_OK;
        }
        if (n && !sent)
            log_warn("app", "nobody can be told of an alarm by mail: %s",
                     to_n ? e.what : "the brand has no administrator");
        for (size_t i = 0; i < n; i++) {
            struct telling t = {.i = &list[i], .done = sent > 0};
            if ((sent || list[i].tries + 1 >= TRIES_MAX) &&
                store_write(app->store, write_told, &t, NULL) != ERR_OK)
                log_error("app", "cannot write down that an alarm was told");
        }
    }
    flow_brand_release(b);
    return sent;
}

/* --- backups --- */

static void write_backup_letter(struct app *app, struct arena *a, const struct brand_view *b,
                                const struct locale *l, const struct backup_sql_to_tell_row *run,
                                struct channel_letter *out)
{
    const char *url = config_get(&app->config, CONFIG_URL);
    struct str what = locale_text(l, N_("The backup failed"));
    struct str when = format_moment(a, l, b->calendar.zone, out->date, run->ended_at);
    struct buf text;
    out->subject = arena_printf(a, "Zuruf: %.*s", STR_FMT(what));
    buf_init_in(&text, a, TEXT_MAX);
    buf_printf(
        &text, "%.*s (%.*s, %.*s).\n%.*s.\n%.*s\n", STR_FMT(what), STR_FMT(run->host),
        STR_FMT(when), STR_FMT(fault_text(a, l, run->what)),
        STR_FMT(locale_text(
            l, N_("It is tried again every hour. If it goes on failing, free some space or "
                  "do what is said above, then make a backup by hand to see that it works."))));
    if (url[0])
        buf_printf(&text, "%s/desk/backup\n", url);
    out->text = buf_str(&text);
}

struct backup_telling {
    int64_t id, now, until;
    bool claimed;
};

static enum err write_backup_claim(struct tx *tx, void *arg, struct errinfo *e)
{
    struct backup_telling *t = arg;
    int64_t changed;
    (void)e;
    TRY(backup_sql_claim(tx, &(struct backup_sql_claim_in){t->id, t->now, t->until}, &changed));
    t->claimed = changed > 0;
    return ERR_OK;
}

static enum err write_backup_told(struct tx *tx, void *arg, struct errinfo *e)
{
    const struct backup_telling *t = arg;
    (void)e;
    return backup_sql_told(tx, &(struct backup_sql_told_in){t->id}, NULL);
}

static bool send_backup_letter(struct app *app, const atomic_bool *stop, struct arena *a,
                               const struct people_sql_house_administrators_row *to, size_t i,
                               const struct backup_sql_to_tell_row *run, int64_t now,
                               struct errinfo *e)
{
    const struct brand_view *b = flow_brand(app->flow, to->brand, e);
    if (!b)
        return false;
    struct channel_letter letter = {
        .to = to->email,
        .message_id = arena_printf(a, "backup-%lld-%zu@zuruf.invalid", (long long)run->id, i),
        .date = now};
    write_backup_letter(app, a, b, locale_find(to->language), run, &letter);
    enum err err = send_letter(app, stop, a, b->id, &letter, e);
    flow_brand_release(b);
    return err == ERR_OK;
}

static int tell_backup(struct app *app, const atomic_bool *stop, struct arena *a, int64_t now)
{
    struct backup_sql_to_tell_row run;
    struct people_sql_house_administrators_row *to;
    size_t to_n;
    int sent = 0;
    struct errinfo e = {0};
    struct db *db = store_reader(app->store);
    if (backup_sql_to_tell(db, a, &(struct backup_sql_to_tell_in){now, now - AGAIN}, &run) !=
            ERR_OK ||
        people_sql_house_administrators(db, a, &to, &to_n) != ERR_OK)
        return 0;
    struct backup_telling t = {.id = run.id, .now = now, .until = now + CLAIM * (run.tries + 1)};
    if (store_write(app->store, write_backup_claim, &t, NULL) != ERR_OK || !t.claimed)
        return 0;
    for (size_t i = 0; i < to_n; i++)
        sent += send_backup_letter(app, stop, a, &to[i], i, &run, now, &e);
    if (!sent)
        log_warn("app", "nobody can be told by mail that the backup failed: %s",
                 to_n ? e.what : "nobody administers every brand");
    if ((sent || run.tries + 1 >= TRIES_MAX) &&
        store_write(app->store, write_backup_told, &t, NULL) != ERR_OK)
        log_error("app", "cannot write down that a failed backup was told");
    return sent;
}

int alarm_round(struct app *app, const atomic_bool *stop)
{
    struct arena a;
    struct watch_sql_to_tell_row *list;
    size_t n;
    int64_t now = flow_now(app->flow);
    arena_init(&a);
    int sent = tell_backup(app, stop, &a, now);
    if (watch_sql_to_tell(store_reader(app->store), &a, &(struct watch_sql_to_tell_in){now}, &list,
                          &n) == ERR_OK)
        while (n) { /* the first one's brand, then the others */
            struct watch_sql_to_tell_row *same = arena_array(&a, n, sizeof *same);
            size_t same_n = 0, left = 0;
            for (size_t i = 0; i < n; i++)
                if (list[i].brand == list[0].brand)
                    same[same_n++] = list[i];
            for (size_t i = 0; i < n; i++)
                if (list[i].brand != same[0].brand)
                    list[left++] = list[i];
            n = left;
            sent += tell_brand(app, stop, &a, same, same_n, now);
        }
    arena_deinit(&a);
    return sent;
}

/* --- the house --- */

static void look_at_house(struct alarm_mailer *m)
{
    struct house now;
    house_look(m->app->flow, &now);
    if (now.saving != m->house.saving || house_is_narrow(&now) != house_is_narrow(&m->house))
        app_notice(m->app, &(struct notice){.topic = TOPIC_HOUSE});
    m->house = now;
}

static void *run(void *p)
{
    struct alarm_mailer *m = p;
    while (!atomic_load(&m->stopping)) {
        look_at_house(m);
        if (store_run(m->app->store))
            alarm_round(m->app, &m->stopping);
        bell_wait(&m->bell, ROUND);
    }
    return NULL;
}

enum err alarm_start(struct alarm_mailer **out, struct app *app, struct errinfo *e)
{
    struct alarm_mailer *m = calloc(1, sizeof *m);
    if (!m)
        return err_set(e, ERR_IO, "", "out of memory");
    m->app = app;
    house_look(app->flow, &m->house);
    bell_init(&m->bell);
    if (thread_start(&m->thread, "alarm", run, m) != ERR_OK) {
        bell_deinit(&m->bell);
        free(m);
        return err_set(e, ERR_IO, "", "no thread for alarms");
    }
    *out = m;
    return ERR_OK;
}

void alarm_stop(struct alarm_mailer *m)
{
    if (!m)
        return;
    atomic_store(&m->stopping, true);
    bell_close(&m->bell);
    pthread_join(m->thread, NULL);
    bell_deinit(&m->bell);
    free(m);
}
