/* The disk fails under the store: a file system of our own below SQLite lets the n-th call of a
 * kind fail, n = 1, 2, ... until a run is clean, once and for good, while groups are written. Of
 * each run: what was acknowledged is there, what was refused is not (unless its fsync failed: then
 * nobody knows, and nothing more is acknowledged), the file is sound, and the store goes on when
 * the disk does. */
#include "scratch.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "base/log.h"
#include "base/threads.h"

/* --- the file system --- */

enum call { CALL_OPEN, CALL_READ, CALL_WRITE, CALL_SYNC, CALL_TRUNCATE, CALL_MEMORY, CALLS };

static struct {
    _Atomic int count[CALLS];
    _Atomic int first[CALLS], times[CALLS], code[CALLS];
    _Atomic int hits;
} disk;

struct file {
    sqlite3_file base;
    sqlite3_file *real;
};

static sqlite3_vfs *below;
static sqlite3_io_methods methods;

static int fails(enum call c)
{
    int n = atomic_fetch_add(&disk.count[c], 1) + 1, first = disk.first[c];
    if (!first || n < first || n >= first + disk.times[c])
        return SQLITE_OK;
    atomic_fetch_add(&disk.hits, 1);
    return disk.code[c];
}

static sqlite3_file *real_of(sqlite3_file *f)
{
    return ((struct file *)f)->real;
}

static int x_close(sqlite3_file *f)
{
    int rc = real_of(f)->pMethods->xClose(real_of(f));
    sqlite3_free(real_of(f));
    return rc;
}

static int x_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at)
{
    int rc = fails(CALL_READ);
    return rc ? rc : real_of(f)->pMethods->xRead(real_of(f), p, n, at);
}

static int x_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
    int rc = fails(CALL_WRITE);
    /* a failing write may have done a part */
    if (rc == SQLITE_IOERR_WRITE && n > 1)
        real_of(f)->pMethods->xWrite(real_of(f), p, n / 2, at);
    return rc ? rc : real_of(f)->pMethods->xWrite(real_of(f), p, n, at);
}

static int x_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    int rc = fails(CALL_TRUNCATE);
    return rc ? rc : real_of(f)->pMethods->xTruncate(real_of(f), size);
}

static int x_sync(sqlite3_file *f, int flags)
{
    int rc = fails(CALL_SYNC);
    return rc ? rc : real_of(f)->pMethods->xSync(real_of(f), flags);
}

#define PASS(name, ...) return real_of(f)->pMethods->name(real_of(f), ##__VA_ARGS__)

static int x_size(sqlite3_file *f, sqlite3_int64 *size)
{
    PASS(xFileSize, size);
}

static int x_lock(sqlite3_file *f, int level)
{
    PASS(xLock, level);
}

static int x_unlock(sqlite3_file *f, int level)
{
    PASS(xUnlock, level);
}

static int x_reserved(sqlite3_file *f, int *out)
{
    PASS(xCheckReservedLock, out);
}

static int x_control(sqlite3_file *f, int op, void *arg)
{
    PASS(xFileControl, op, arg);
}

static int x_sector(sqlite3_file *f)
{
    PASS(xSectorSize);
}

static int x_device(sqlite3_file *f)
{
    PASS(xDeviceCharacteristics);
}

static int x_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **out)
{
    int rc = fails(CALL_MEMORY);
    if (rc)
        return rc;
    PASS(xShmMap, page, size, extend, out);
}

static int x_shm_lock(sqlite3_file *f, int offset, int n, int flags)
{
    PASS(xShmLock, offset, n, flags);
}

static void x_shm_barrier(sqlite3_file *f)
{
    real_of(f)->pMethods->xShmBarrier(real_of(f));
}

static int x_shm_unmap(sqlite3_file *f, int drop)
{
    PASS(xShmUnmap, drop);
}

static int x_open(sqlite3_vfs *v, const char *name, sqlite3_file *f, int flags, int *out)
{
    struct file *own = (struct file *)f;
    (void)v;
    own->base.pMethods = NULL;
    int rc = fails(CALL_OPEN);
    if (rc)
        return rc;
    own->real = sqlite3_malloc(below->szOsFile);
    if (!own->real)
        return SQLITE_NOMEM;
    rc = below->xOpen(below, name, own->real, flags, out);
    if (rc != SQLITE_OK) {
        sqlite3_free(own->real);
        return rc;
    }
    own->base.pMethods = &methods;
    return SQLITE_OK;
}

static int x_access(sqlite3_vfs *v, const char *name, int flags, int *out)
{
    (void)v;
    return below->xAccess(below, name, flags, out);
}

static int x_delete(sqlite3_vfs *v, const char *name, int sync)
{
    (void)v;
    return below->xDelete(below, name, sync);
}

static int x_path(sqlite3_vfs *v, const char *name, int n, char *out)
{
    (void)v;
    return below->xFullPathname(below, name, n, out);
}

static int install(void **state)
{
    static sqlite3_vfs vfs;
    (void)state;
    below = sqlite3_vfs_find(NULL);
    methods = (sqlite3_io_methods){.iVersion = 2,
                                   .xClose = x_close,
                                   .xRead = x_read,
                                   .xWrite = x_write,
                                   .xTruncate = x_truncate,
                                   .xSync = x_sync,
                                   .xFileSize = x_size,
                                   .xLock = x_lock,
                                   .xUnlock = x_unlock,
                                   .xCheckReservedLock = x_reserved,
                                   .xFileControl = x_control,
                                   .xSectorSize = x_sector,
                                   .xDeviceCharacteristics = x_device,
                                   .xShmMap = x_shm_map,
                                   .xShmLock = x_shm_lock,
                                   .xShmBarrier = x_shm_barrier,
                                   .xShmUnmap = x_shm_unmap};
    vfs = *below;
    vfs.pNext = NULL;
    vfs.zName = "failing";
    vfs.szOsFile = sizeof(struct file);
    vfs.xOpen = x_open;
    vfs.xAccess = x_access;
    vfs.xDelete = x_delete;
    vfs.xFullPathname = x_path;
    log_set_level(LOG_ERROR + 1); /* what fails is what is tested */
    return sqlite3_vfs_register(&vfs, 1);
}

/* --- a run --- */

enum { WRITERS = 4, EACH = 6, NOTES = WRITERS * EACH };

struct run {
    struct scratch *s;
    int first_id;
    enum err results[NOTES];
};

struct part {
    struct run *run;
    int number;
    pthread_t thread;
};

static void *write_some(void *p)
{
    struct part *part = p;
    for (int i = 0; i < EACH; i++) {
        int at = part->number * EACH + i;
        /* one that fails by itself */
        struct note_job j = {.id = part->run->first_id + at, .refuse = i == 2};
        part->run->results[at] = store_write(part->run->s->store, note_write, &j, NULL);
    }
    return NULL;
}

static void write_all(struct run *r)
{
    struct part parts[WRITERS];
    for (int i = 0; i < WRITERS; i++) {
        parts[i] = (struct part){.run = r, .number = i};
        assert_int_equal(thread_start(&parts[i].thread, "part", write_some, &parts[i]), ERR_OK);
    }
    for (int i = 0; i < WRITERS; i++)
        pthread_join(parts[i].thread, NULL);
}

static void arm(enum call c, int n, int times, int code)
{
    disk.count[c] = 0;
    disk.times[c] = times;
    disk.code[c] = code;
    disk.hits = 0;
    disk.first[c] = n;
}

static bool has_note(struct scratch *s, int64_t id)
{
    struct note_sql_get_row row;
    enum err err =
        note_sql_get(store_reader(s->store), &s->arena, &(struct note_sql_get_in){1, id}, &row);
    assert_true(err == ERR_OK || err == ERR_NOT_FOUND);
    return err == ERR_OK;
}

/* unknown: a refused one may be there, since its fsync failed behind its last write. */
static void compare(struct run *r, bool unknown)
{
    for (int i = 0; i < NOTES; i++) {
        bool there = has_note(r->s, r->first_id + i);
        if (r->results[i] == ERR_OK)
            assert_true(there);
        else if (!unknown || r->results[i] == ERR_DENIED)
            assert_false(there);
    }
}

/* False when the n-th call was not reached: the run was clean. */
static bool one(struct scratch *s, enum call c, int n, int times, int code)
{
    static int next_id = 1;
    struct run r = {.s = s, .first_id = next_id};
    struct errinfo e = {0};
    next_id += NOTES;
    arm(c, n, times, code);
    struct note_sql_count_row row; /* of a connection that is opened now */
    enum err read = note_sql_count(store_reader(s->store), &s->arena, &row);
    assert_true(read == ERR_OK || (read == ERR_IO && disk.hits));
    write_all(&r);
    bool reached = disk.hits > 0;
    bool broken = store_writable(s->store, &e) != ERR_OK && c == CALL_SYNC;
    if (c == CALL_SYNC && reached) {
        assert_true(broken);
        disk.first[c] = 0; /* the disk says that it is well again: it is not believed */
        struct note_job j = {.id = next_id};
        assert_int_equal(store_write(s->store, note_write, &j, NULL), ERR_IO);
        assert_int_equal(store_writable(s->store, &e), ERR_IO);
    }
    disk.first[c] = 0;
    if (!broken)
        compare(&r, false);
    scratch_close(s);
    scratch_open(s);
    assert_int_equal(store_writable(s->store, &e), ERR_OK);
    compare(&r, broken);
    assert_int_equal(store_check(s->store, &e), ERR_OK);
    struct note_job j = {.id = next_id++};
    assert_int_equal(store_write(s->store, note_write, &j, NULL), ERR_OK);
    arena_clear(&s->arena);
    return reached;
}

static void until_clean(void **state, enum call c, int times, int code, int most)
{
    struct scratch *s = *state;
    int n = 1;
    scratch_open(s);
    while (one(s, c, n, times, code))
        assert_true(++n <= most);
    assert_true(n > 1);
}

static void each_write_finds_no_room(void **state)
{
    until_clean(state, CALL_WRITE, 1, SQLITE_FULL, 2000);
}

static void each_write_fails_half_done(void **state)
{
    until_clean(state, CALL_WRITE, 1, SQLITE_IOERR_WRITE, 2000);
}

static void from_each_write_on_there_is_no_room(void **state)
{
    until_clean(state, CALL_WRITE, 1 << 20, SQLITE_FULL, 2000);
}

static void each_fsync_fails(void **state)
{
    until_clean(state, CALL_SYNC, 1, SQLITE_IOERR_FSYNC, 200);
}

static void each_read_fails(void **state)
{
    until_clean(state, CALL_READ, 1, SQLITE_IOERR_READ, 2000);
}

/* A connection opens the file when it is first used, so this fails at its first statement. */
static void a_reader_that_cannot_open_fails_and_tries_again(void **state)
{
    struct scratch *s = *state;
    scratch_open(s);
    struct note_sql_count_row row;
    arm(CALL_OPEN, 1, 2, SQLITE_CANTOPEN);
    struct db *db = store_reader(s->store);
    assert_int_equal(note_sql_count(db, &s->arena, &row), ERR_IO);
    assert_int_equal(db_begin(db), ERR_IO);
    db_end(db);
    assert_int_equal(disk.hits, 2);
    disk.first[CALL_OPEN] = 0;
    assert_int_equal(note_sql_count(db, &s->arena, &row), ERR_OK);
}

/* An opening that fails says so, and the next one goes well. */
static void each_call_of_an_opening_fails(void **state)
{
    static const struct {
        enum call call;
        int code;
    } kinds[] = {{CALL_OPEN, SQLITE_CANTOPEN},
                 {CALL_READ, SQLITE_IOERR_READ},
                 {CALL_WRITE, SQLITE_FULL},
                 {CALL_SYNC, SQLITE_IOERR_FSYNC},
                 {CALL_TRUNCATE, SQLITE_IOERR_TRUNCATE},
                 {CALL_MEMORY, SQLITE_IOERR_SHMMAP}};
    struct scratch *s = *state;
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        bool reached = true;
        for (int n = 1; reached; n++) {
            struct errinfo e = {0};
            assert_true(n < 500);
            arm(kinds[k].call, n, 1, kinds[k].code);
            enum err err = store_open(&s->store, &s->options, &e);
            reached = disk.hits > 0;
            disk.first[kinds[k].call] = 0;
            if (err == ERR_OK)
                scratch_close(s);
            else
                assert_true(e.what[0] && reached);
            scratch_open(s);
            assert_int_equal(store_check(s->store, &e), ERR_OK);
            scratch_close(s);
        }
    }
}

/* A full disk is told, and is over by itself. */
static void a_full_disk_is_told_and_is_over_by_itself(void **state)
{
    struct scratch *s = *state;
    struct errinfo e = {0};
    scratch_open(s);
    struct note_job j = {.id = 1};
    assert_int_equal(store_write(s->store, note_write, &j, NULL), ERR_OK);
    arm(CALL_WRITE, 1, 1 << 20, SQLITE_FULL);
    j.id = 2;
    assert_int_equal(store_write(s->store, note_write, &j, &e), ERR_IO);
    assert_int_equal(store_writable(s->store, &e), ERR_LIMIT);
    assert_non_null(strstr(e.what, "full"));
    assert_int_equal(note_count(s), 1);
    disk.first[CALL_WRITE] = 0;
    assert_int_equal(store_write(s->store, note_write, &j, NULL), ERR_OK);
    assert_int_equal(store_writable(s->store, &e), ERR_OK);
    assert_int_equal(note_count(s), 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_write_finds_no_room),
        TEST(each_write_fails_half_done),
        TEST(from_each_write_on_there_is_no_room),
        TEST(each_fsync_fails),
        TEST(each_read_fails),
        TEST(a_reader_that_cannot_open_fails_and_tries_again),
        TEST(each_call_of_an_opening_fails),
        TEST(a_full_disk_is_told_and_is_over_by_itself),
    };
    return cmocka_run_group_tests(tests, install, NULL);
}
