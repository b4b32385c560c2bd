/* When a backup is made by itself: at the hour of the plan, once a night, also after a night that
 * was slept through; again after an hour when it failed; never in a first start's way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "backup/backup.h"
#include "backup_sql.h"
#include "base/arena.h"
#include "flow/flow_int.h"
#include "flow/keep.h"
#include "schema.h"
#include "store/lease.h"
#include "store/store.h"
#include "text/zone.h"

struct house {
    char dir[64], path[96];
    struct arena arena;
    struct clock_fake clock;
    struct store *store;
    struct flow *flow;
};

static int64_t berlin(int day, int hour, int minute)
{
    return zone_moment(zone_find(STR("Europe/Berlin")), clock_days(2026, 11, day),
                       hour * 60 + minute);
}

static int setup(void **state)
{
    struct house *h = calloc(1, sizeof *h);
    struct errinfo e = {0};
    char key[96];
    snprintf(h->dir, sizeof h->dir, "/tmp/zuruf-keep-XXXXXX");
    if (!mkdtemp(h->dir))
        return -1;
    snprintf(h->path, sizeof h->path, "%s/zuruf.db", h->dir);
    snprintf(key, sizeof key, "%s/key", h->dir);
    FILE *f = fopen(key, "w");
    fputs("0123456789abcdef0123456789abcdef", f);
    fclose(f);
    arena_init(&h->arena);
    clock_fake_init(&h->clock, berlin(22, 12, 0));
    const struct store_options o = {.path = h->path,
                                    .migrations = schema_table,
                                    .migration_count = schema_count,
                                    .clock = &h->clock.clock};
    if (store_open(&h->store, &o, &e) != ERR_OK)
        return -1;
    h->flow = flow_new(
        &(struct flow_options){.store = h->store, .clock = &h->clock.clock, .dir = h->dir});
    *state = h;
    return 0;
}

static int teardown(void **state)
{
    struct house *h = *state;
    store_close(h->store);
    flow_free(h->flow);
    backup_remove_folder(arena_printf(&h->arena, "%s/backups", h->dir).p);
    backup_remove_folder(h->dir);
    arena_deinit(&h->arena);
    free(h);
    return 0;
}

static struct backup_sql_runs_row *runs(struct house *h, size_t *n)
{
    struct backup_sql_runs_row *rows;
    assert_int_equal(backup_sql_runs(store_reader(h->store), &h->arena,
                                     &(struct backup_sql_runs_in){20}, &rows, n),
                     ERR_OK);
    return rows;
}

/* What there is after a turn at that moment. */
static size_t runs_at(struct house *h, int64_t at)
{
    size_t n;
    h->clock.at = at;
    keep_turn(h->flow);
    runs(h, &n);
    return n;
}

static void once_a_night_at_its_hour(void **state)
{
    struct house *h = *state;
    size_t n;
    assert_int_equal(runs_at(h, berlin(22, 12, 0)), 0); /* a first start is left alone */
    assert_int_equal(runs_at(h, berlin(23, 2, 59)), 0);
    assert_int_equal(runs_at(h, berlin(23, 3, 0)), 1);
    assert_int_equal(runs_at(h, berlin(23, 3, 1)), 1);
    assert_int_equal(runs_at(h, berlin(24, 2, 59)), 1);
    assert_int_equal(runs_at(h, berlin(24, 3, 5)), 2);
    assert_int_equal(runs_at(h, berlin(27, 15, 0)), 3); /* nights that were slept through: one */
    assert_int_equal(runs_at(h, berlin(27, 15, 1)), 3);
    const struct backup_sql_runs_row *all = runs(h, &n);
    for (size_t i = 0; i < n; i++) {
        assert_string_equal(all[i].what.p, "");
        assert_true(all[i].bytes > 0 && all[i].row_count > 0 && all[i].agent == 0);
    }
}

static void it_is_whole_and_the_oldest_goes(void **state)
{
    struct house *h = *state;
    struct backup_manifest m;
    struct errinfo e = {0};
    size_t n;
    const char *half =
        arena_printf(&h->arena, "%s/backups/zuruf-20261101T030000Z.tar.zst.part", h->dir).p;
    assert_int_equal(mkdir(arena_printf(&h->arena, "%s/backups", h->dir).p, 0700), 0);
    fclose(fopen(half, "w")); /* a server was killed */
    for (int day = 23; day < 28; day++)
        runs_at(h, berlin(day, 3, 0));
    const struct backup_sql_runs_row *all = runs(h, &n);
    assert_int_equal(n, 5);
    for (size_t i = 0; i < n; i++) {
        int fd;
        int64_t size;
        enum err err = keep_open_file(h->flow, all[i].file, &fd, &size, &e);
        assert_int_equal(err, i < 3 ? ERR_OK : ERR_NOT_FOUND);
        if (err == ERR_OK) {
            assert_int_equal(size, all[i].bytes);
            close(fd);
        }
    }
    assert_int_not_equal(access(half, F_OK), 0);
    const char *file = arena_printf(&h->arena, "%s/backups/%s", h->dir, all[0].file.p).p;
    assert_int_equal(backup_describe(file, &h->arena, &m, &e), ERR_OK);
    assert_int_equal(m.made_at, berlin(27, 3, 0));
    assert_int_equal(keep_open_file(h->flow, STR("../key"), &(int){0}, &(int64_t){0}, &e),
                     ERR_NOT_FOUND);
    assert_int_equal(keep_open_file(h->flow, STR("key"), &(int){0}, &(int64_t){0}, &e),
                     ERR_NOT_FOUND);
}

static void a_failed_one_is_tried_again(void **state)
{
    struct house *h = *state;
    const char *folder = arena_printf(&h->arena, "%s/backups", h->dir).p;
    size_t n;
    fclose(fopen(folder, "w")); /* where the folder has to be */
    assert_int_equal(runs_at(h, berlin(23, 3, 0)), 1);
    const struct backup_sql_runs_row *all = runs(h, &n);
    assert_true(all[0].what.n > 0 && all[0].file.n == 0 && all[0].bytes == 0);
    assert_int_equal(runs_at(h, berlin(23, 3, 59)), 1);
    unlink(folder);
    assert_int_equal(runs_at(h, berlin(23, 4, 0)), 2);
    all = runs(h, &n);
    assert_string_equal(all[0].what.p, "");
    assert_int_equal(runs_at(h, berlin(23, 5, 0)), 2);
    assert_int_equal(runs_at(h, berlin(24, 3, 0)), 3);
}

static enum err switch_off(struct tx *tx, void *arg, struct errinfo *e)
{
    (void)arg;
    (void)e;
    return backup_sql_plan_set(
        tx, &(struct backup_sql_plan_set_in){0, 3, STR("Europe/Berlin"), 3, 1}, NULL);
}

static void switched_off_none_is_made(void **state)
{
    struct house *h = *state;
    struct errinfo e = {0};
    assert_int_equal(store_write(h->store, switch_off, NULL, &e), ERR_OK);
    assert_int_equal(runs_at(h, berlin(25, 12, 0)), 0);
    assert_int_equal(keep_next(0, false, 3, STR("Europe/Berlin")), 0);
    assert_int_equal(keep_start(h->flow, 7, &e), ERR_INVALID); /* nobody would make it */
}

/* While another node makes one, this one does nothing. */
static void one_node_at_a_time(void **state)
{
    struct house *h = *state;
    struct lease other;
    assert_int_equal(lease_take(h->store, "job:backup", 2 * CLOCK_DAY, &other), ERR_OK);
    assert_int_equal(runs_at(h, berlin(23, 3, 0)), 0);
    lease_release(&other);
    assert_int_equal(runs_at(h, berlin(23, 3, 1)), 1);
}

static void the_hour_follows_the_clock_on_the_wall(void **state)
{
    const struct str zone = STR("Europe/Berlin");
    const struct zone *z = zone_find(zone);
    (void)state;
    /* 2026-03-29: from two the clock goes to three; 2026-10-25: three comes twice, well, two does
     */
    int64_t spring = clock_days(2026, 3, 29), autumn = clock_days(2026, 10, 25);
    int64_t at = keep_next(zone_moment(z, spring, 0), true, 2, zone);
    assert_true(at > zone_moment(z, spring, 0) && at <= zone_moment(z, spring, 4 * 60));
    at = keep_next(at, true, 2, zone);
    assert_int_equal(at, zone_moment(z, spring + 1, 2 * 60));
    int n = 0;
    for (at = zone_moment(z, autumn, 0); at < zone_moment(z, autumn + 1, 0); n++)
        at = keep_next(at, true, 2, zone);
    assert_int_equal(n, 2); /* that day's, then the next day's */
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(once_a_night_at_its_hour),    T(it_is_whole_and_the_oldest_goes),
        T(a_failed_one_is_tried_again), T(switched_off_none_is_made),
        T(one_node_at_a_time),          T(the_hour_follows_the_clock_on_the_wall),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
