/* Administrators hear of an alarm by mail: once that it began, once that it is over, in their
 * language, over the brand's own mail account, and no machine is tempted to answer. Against Dovecot
 * and Postfix. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "app/alarm.h"
#include "app/app.h"
#include "backup_sql.h"
#include "base/arena.h"
#include "flow/setup.h"
#include "mail_peer.h"
#include "people/people.h"
#include "store/store.h"
#include "watch_sql.h"

static struct mail_peer peer;
static struct arena arena;
static struct app app;
static char dir[] = "/tmp/zuruf-alarm-XXXXXX";
static int64_t brand, account;

static enum err write_agents(struct tx *tx, void *arg, struct errinfo *e)
{
    const struct agent_new agents[] = {
        {.email = STR("asker@zuruf.test"),
         .name = STR("Ada Prüf"),
         .language = STR("de"),
         .role = ROLE_ADMINISTRATOR,
         .brand = brand,
         .at = clock_now(&clock_system)},
        {.email = STR("sink@zuruf.test"), /* answers, and is not told */
         .name = STR("Ole"),
         .language = STR("de"),
         .role = ROLE_AGENT,
         .brand = brand,
         .at = clock_now(&clock_system)}};
    int64_t id;
    (void)arg;
    for (size_t i = 0; i < 2; i++)
        TRY(agent_create(app.store, tx, &agents[i], &id, e));
    return ERR_OK;
}

static void make_account(void)
{
    struct errinfo e = {0};
    struct account_made made;
    struct account_new in = {
        .channel = STR("mail"), .name = STR("Kundenpost"), .allow_private = true};
    struct str values[] = {mail_peer_url(&peer, "imaps", peer.imaps),
                           mail_peer_url(&peer, "smtps", peer.submissions), STR("care@zuruf.test"),
                           STR(MAIL_PEER_PASSWORD), STR("care@zuruf.test")};
    const char *const keys[] = {"imap_url", "smtp_url", "user", "password", "address"};
    map_init(&in.settings, &arena);
    for (size_t i = 0; i < 5; i++)
        map_set(&in.settings, str_z(keys[i]), &values[i]);
    assert_int_equal(setup_account(app.flow, &arena, brand, 0, &in, &made, &e), ERR_OK);
    account = made.id;
}

static int set_up(void **state)
{
    struct errinfo e = {0};
    (void)state;
    arena_init(&arena);
    mail_peer_start(&peer);
    assert_non_null(mkdtemp(dir));
    setenv("ZURUF_CA_FILE", peer.ca_file, 1);
    setenv("ZURUF_URL", "https://care.example.org", 1);
    assert_int_equal(app_open(&app, &(struct place){.data = dir}, &e), ERR_OK);
    assert_int_equal(
        setup_brand(app.flow, 0, &(struct brand_new){.name = STR("Nordwerk")}, &brand, &e), ERR_OK);
    assert_int_equal(store_write(app.store, write_agents, NULL, &e), ERR_OK);
    make_account();
    return 0;
}

static int tear_down(void **state)
{
    char command[80];
    (void)state;
    app_close(&app);
    mail_peer_stop(&peer);
    arena_deinit(&arena);
    snprintf(command, sizeof command, "rm -r %s", dir);
    return system(command);
}

static enum err write_open(struct tx *tx, void *arg, struct errinfo *e)
{
    (void)arg;
    (void)e;
    int64_t now = flow_now(app.flow);
    const struct watch_sql_open_in in = {.id = store_id(app.store, 0),
                                         .brand = brand,
                                         .account = account,
                                         .kind = INCIDENT_SILENT,
                                         .since = now - 3 * CLOCK_HOUR,
                                         .usual = 12 * CLOCK_MINUTE,
                                         .what = STR(""),
                                         .now = now,
                                         .tell_at = now};
    return watch_sql_open(tx, &in, NULL);
}

static enum err write_end(struct tx *tx, void *arg, struct errinfo *e)
{
    struct watch_sql_open_of_row row;
    (void)arg;
    (void)e;
    TRY(watch_sql_open_of(tx_db(tx), tx_arena(tx), &(struct watch_sql_open_of_in){brand, account},
                          &row));
    int64_t now = flow_now(app.flow);
    return watch_sql_end(tx, &(struct watch_sql_end_in){brand, row.id, now, now, 0}, NULL);
}

static void an_alarm_is_told_once_and_its_end(void **state)
{
    struct errinfo e = {0};
    (void)state;
    assert_int_equal(alarm_round(&app, NULL), 0);
    assert_int_equal(store_write(app.store, write_open, NULL, &e), ERR_OK);
    assert_int_equal(alarm_round(&app, NULL), 1);
    assert_int_equal(alarm_round(&app, NULL), 0);
    mail_peer_wait(&peer, "asker", 1);
    struct str mail = mail_peer_find(&peer, &arena, "asker", "Kundenpost");
    assert_true(str_find(mail, STR("Auto-Submitted: auto-generated"), 0) > 0);
    assert_true(str_find(mail, STR("From: Zuruf <care@zuruf.test>"), 0) > 0);
    assert_true(str_find(mail, STR("Um diese Zeit kommt sonst"), 0) > 0);
    assert_true(str_find(mail, STR("https://care.example.org/desk/channels/"), 0) > 0);
    assert_true(str_find(mail, STR("<alarm-"), 0) > 0);
    assert_int_equal(store_write(app.store, write_end, NULL, &e), ERR_OK);
    assert_int_equal(alarm_round(&app, NULL), 1);
    assert_int_equal(alarm_round(&app, NULL), 0);
    mail_peer_wait(&peer, "asker", 2);
    assert_true(mail_peer_find(&peer, &arena, "asker", "wieder in Ordnung").n > 0);
    assert_int_equal(mail_peer_count(&peer, "sink"), 0);
}

static enum err write_run(struct tx *tx, void *arg, struct errinfo *e)
{
    const char *what = arg;
    int64_t now = flow_now(app.flow);
    (void)e;
    const struct backup_sql_run_add_in in = {.id = store_id(app.store, 0),
                                             .made_at = now,
                                             .ended_at = now,
                                             .host = STR("nord-1"),
                                             .file = STR(""),
                                             .what = str_z(what)};
    return backup_sql_run_add(tx, &in, NULL);
}

static void backup_ends(const char *what)
{
    struct errinfo e = {0};
    assert_int_equal(store_write(app.store, write_run, (void *)(uintptr_t)what, &e), ERR_OK);
}

static void a_failed_backup_is_told_once_while_it_lasts(void **state)
{
    (void)state;
    backup_ends("");
    assert_int_equal(alarm_round(&app, NULL), 0);
    backup_ends("disk_full\t/srv/zuruf");
    size_t before = mail_peer_count(&peer, "asker");
    assert_int_equal(alarm_round(&app, NULL), 1);
    assert_int_equal(alarm_round(&app, NULL), 0);
    mail_peer_wait(&peer, "asker", before + 1);
    struct str mail = mail_peer_find(&peer, &arena, "asker", "Sicherung ist fehlgeschlagen");
    assert_true(str_find(mail, STR("Auto-Submitted: auto-generated"), 0) > 0);
    assert_true(str_find(mail, STR("nord-1"), 0) > 0);
    assert_true(str_find(mail, STR("die Festplatte von /srv/zuruf ist voll"), 0) > 0);
    assert_true(str_find(mail, STR("https://care.example.org/desk/backup"), 0) > 0);
    backup_ends("the next one an hour later");
    assert_int_equal(alarm_round(&app, NULL), 0);
    backup_ends("");
    assert_int_equal(alarm_round(&app, NULL), 0);
    backup_ends("the next night");
    assert_int_equal(alarm_round(&app, NULL), 1);
    mail_peer_wait(&peer, "asker", before + 2);
    assert_int_equal(mail_peer_count(&peer, "sink"), 0);
}

/* Whoever can make an account fail and recover makes a letter each time. */
static void a_flood_of_alarms_is_no_flood_of_letters(void **state)
{
    struct errinfo e = {0};
    size_t before = mail_peer_count(&peer, "asker");
    int sent = 0;
    (void)state;
    for (int i = 0; i < 12; i++) {
        assert_int_equal(store_write(app.store, write_open, NULL, &e), ERR_OK);
        sent += alarm_round(&app, NULL);
        assert_int_equal(store_write(app.store, write_end, NULL, &e), ERR_OK);
        sent += alarm_round(&app, NULL);
    }
    assert_true(sent > 0 && sent <= 10);
    assert_int_equal(alarm_round(&app, NULL), 0);
    mail_peer_wait(&peer, "asker", before + (size_t)sent);
    assert_int_equal(mail_peer_count(&peer, "asker"), before + (size_t)sent);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"case 48: an alarm is told once, and its end, as written by a machine",
         an_alarm_is_told_once_and_its_end, NULL, NULL, NULL},
        cmocka_unit_test(a_failed_backup_is_told_once_while_it_lasts),
        {"case 16: a flood of alarms is no flood of letters",
         a_flood_of_alarms_is_no_flood_of_letters, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests_name("channels/alarm", tests, set_up, tear_down);
}
