/* A backup is whole or refused: one byte changed, cut off anywhere, files that are none of ours,
 * newer versions; and a directory is empty, refused or complete. */
#include "scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backup/backup.h"
#include "backup/tar.h"
#include "base/file.h"
#include "crypt/hmac.h"

enum { KNOWN = 2, KEY_BYTES = 32 };
static const char key_bytes[KEY_BYTES + 1] = "0123456789abcdef0123456789abcdef";

static void put(const char *path, const char *p, size_t n)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_true(file_write_all(fd, p, n));
    close(fd);
}

static struct str get(struct scratch *s, const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY);
    if (fd < 0 || fstat(fd, &st) != 0)
        return STR_NONE;
    char *p = arena_alloc(&s->arena, (size_t)st.st_size + 1);
    assert_int_equal(read(fd, p, (size_t)st.st_size), st.st_size);
    close(fd);
    return (struct str){p, (size_t)st.st_size};
}

static const char *in_folder(struct scratch *s, const char *folder, const char *name)
{
    return arena_printf(&s->arena, "%s/%s/%s", s->dir, folder, name).p;
}

/* A store with some notes, copied, with a key and a configuration beside it. */
static void prepare(struct scratch *s, struct backup_input *in)
{
    struct errinfo e = {0};
    scratch_open(s);
    for (int i = 0; i < 40; i++) {
        struct note_job j = {.id = i + 1, .body = "what people write to us, again and again"};
        assert_int_equal(store_write(s->store, note_write, &j, NULL), ERR_OK);
    }
    *in = (struct backup_input){.database = scratch_file(s, "copy.db"),
                                .part = BACKUP_DATABASE,
                                .key = scratch_file(s, "the-key"),
                                .config = scratch_file(s, "the-conf"),
                                .engine = "sqlite",
                                .made_at = INT64_C(1790000000000)};
    assert_int_equal(store_backup(s->store, in->database, NULL, &e), ERR_OK);
    assert_int_equal(store_summarize(in->database, NULL, &s->arena, &in->data, &e), ERR_OK);
    put(in->key, key_bytes, KEY_BYTES);
    put(in->config, "log = warn\n", 11);
}

static const char *packed(struct scratch *s, const char *name)
{
    struct backup_input in;
    struct errinfo e = {0};
    const char *file = scratch_file(s, name);
    prepare(s, &in);
    assert_int_equal(backup_pack(&in, file, false, NULL, &s->arena, NULL, &e), ERR_OK);
    return file;
}

static enum err restore(struct scratch *s, const char *file, const char *folder, int known,
                        struct errinfo *e)
{
    struct backup_manifest m;
    *e = (struct errinfo){0};
    return backup_restore(file, scratch_file(s, folder), NULL, known, NULL, &s->arena, &m, e);
}

static void assert_refused(struct scratch *s, const char *file, const char *word)
{
    struct errinfo e;
    assert_int_equal(restore(s, file, "refused", KNOWN, &e), ERR_INVALID);
    if (!strstr(e.what, word))
        fail_msg("'%s' does not say '%s'", e.what, word);
    if (rmdir(scratch_file(s, "refused")) != 0)
        assert_int_equal(errno, ENOENT); /* nothing is left in it */
}

static void remove_folder(struct scratch *s, const char *folder)
{
    backup_remove_folder(scratch_file(s, folder));
}

static void round_trip(struct scratch *s, const char *name)
{
    struct backup_input in;
    struct backup_manifest m;
    struct errinfo e = {0};
    struct stat st;
    const char *file = scratch_file(s, name);
    prepare(s, &in);
    assert_int_equal(backup_pack(&in, file, false, NULL, &s->arena, NULL, &e), ERR_OK);
    assert_int_equal(stat(file, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(backup_describe(file, &s->arena, &m, &e), ERR_OK);
    assert_int_equal(m.made_at, in.made_at);
    assert_int_equal(m.data.version, 2);
    assert_int_equal(m.part_count, 3);
    assert_int_equal(restore(s, file, "new", KNOWN, &e), ERR_OK);
    assert_true(str_eq(get(s, in_folder(s, "new", "key")), str_z(key_bytes)));
    assert_true(str_eq(get(s, in_folder(s, "new", "zuruf.conf")), STR("log = warn\n")));
    assert_true(str_eq(get(s, in_folder(s, "new", "zuruf.db")), get(s, in.database)));
    assert_int_equal(stat(in_folder(s, "new", "key"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    remove_folder(s, "new");
}

static void it_comes_back_as_it_was(void **state)
{
    round_trip(*state, "b.tar");
}

static void compressed_too(void **state)
{
    round_trip(*state, "b.tar.zst");
}

static void gzip_too(void **state)
{
    round_trip(*state, "b.tar.gz");
}

/* What an administrator has at hand on any machine. */
static void plain_tools_can_do_it(void **state)
{
    struct scratch *s = *state;
    const char *file = packed(s, "b.tar");
    const char *line = arena_printf(&s->arena,
                                    "cd %s && mkdir new && tar -xf %s -C new && cd new && "
                                    "sha256sum --quiet -c SHA256SUMS",
                                    s->dir, file)
                           .p;
    int status = system(line);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    remove_folder(s, "new");
}

static void a_backup_without_the_key_has_none(void **state)
{
    struct scratch *s = *state;
    struct backup_input in;
    struct errinfo e = {0};
    const char *file = scratch_file(s, "b.tar");
    prepare(s, &in);
    in.key = NULL;
    assert_int_equal(backup_pack(&in, file, false, NULL, &s->arena, NULL, &e), ERR_OK);
    struct str bytes = get(s, file);
    assert_true(str_find(bytes, str_z(key_bytes), 0) < 0);
    assert_int_equal(restore(s, file, "new", KNOWN, &e), ERR_OK);
    assert_null(get(s, in_folder(s, "new", "key")).p);
    remove_folder(s, "new");
}

static void a_file_that_exists_stays(void **state)
{
    struct scratch *s = *state;
    struct backup_input in;
    struct errinfo e = {0};
    const char *file = scratch_file(s, "b.tar");
    prepare(s, &in);
    put(file, "precious", 8);
    assert_int_equal(backup_pack(&in, file, false, NULL, &s->arena, NULL, &e), ERR_CONFLICT);
    assert_true(str_eq(get(s, file), STR("precious")));
    assert_int_equal(backup_pack(&in, file, true, NULL, &s->arena, NULL, &e), ERR_OK);
    assert_int_equal(restore(s, file, "new", KNOWN, &e), ERR_OK);
    assert_null(get(s, scratch_file(s, "b.tar.part")).p);
    remove_folder(s, "new");
}

static bool stop_in_the_middle(void *ctx, int64_t done, int64_t total)
{
    (void)ctx;
    return done * 4 < total * 3;
}

/* More than one step of a copy. */
static enum err write_many(struct tx *tx, void *arg, struct errinfo *e)
{
    static const char body[] = "a line that is nearly as long as the test's schema lets it be, "
                               "and not a letter longer";
    (void)arg;
    for (int i = 0; i < 12000; i++)
        TRY(note_write(tx, &(struct note_job){.id = 1000 + i, .body = body}, e));
    return ERR_OK;
}

static void one_that_is_broken_off_leaves_nothing(void **state)
{
    struct scratch *s = *state;
    struct backup_input in;
    struct backup_manifest m;
    struct errinfo e = {0};
    struct stat st;
    const struct store_watch watch = {stop_in_the_middle, NULL};
    const char *file = scratch_file(s, "b.tar");
    prepare(s, &in);
    assert_int_equal(backup_pack(&in, file, false, &watch, &s->arena, NULL, &e), ERR_BUSY);
    assert_int_not_equal(stat(file, &st), 0);
    assert_int_not_equal(stat(scratch_file(s, "b.tar.part"), &st), 0);
    assert_int_equal(backup_pack(&in, file, false, NULL, &s->arena, NULL, &e), ERR_OK);
    assert_int_equal(
        backup_restore(file, scratch_file(s, "new"), NULL, KNOWN, &watch, &s->arena, &m, &e),
        ERR_BUSY);
    assert_int_equal(rmdir(scratch_file(s, "new")), 0);
    assert_int_equal(store_write(s->store, write_many, NULL, &e), ERR_OK);
    assert_int_equal(store_backup(s->store, scratch_file(s, "copy2.db"),
                                  &(struct store_watch){stop_in_the_middle, NULL}, &e),
                     ERR_BUSY);
    assert_int_not_equal(stat(scratch_file(s, "copy2.db"), &st), 0);
    assert_int_not_equal(stat(scratch_file(s, "copy2.db.part"), &st), 0);
}

/* One changed byte: refused, or it stood where nothing of ours is (the padding of tar). */
static void flip_all(struct scratch *s, const char *name, int turns)
{
    struct errinfo e;
    const char *file = packed(s, name),
               *bad = scratch_file(s, arena_printf(&s->arena, "x-%s", name).p);
    struct str whole = get(s, file), database = get(s, scratch_file(s, "copy.db"));
    int refused = 0;
    char *copy = arena_alloc(&s->arena, whole.n);
    for (int i = 0; i < turns; i++) {
        size_t at = (size_t)i * (whole.n - 1) / (size_t)(turns - 1);
        memcpy(copy, whole.p, whole.n);
        copy[at] = (char)(copy[at] ^ 0x20);
        put(bad, copy, whole.n);
        if (restore(s, bad, "new", KNOWN, &e) != ERR_OK) {
            refused++;
            assert_true(e.what[0] != 0);
        } else if (!str_eq(get(s, in_folder(s, "new", "zuruf.db")), database) ||
                   !str_eq(get(s, in_folder(s, "new", "key")), str_z(key_bytes))) {
            fail_msg("byte %zu was changed, and %s was restored so", at, name);
        }
        remove_folder(s, "new");
    }
    assert_true(refused > turns / 2);
}

static void a_changed_byte_is_refused(void **state)
{
    flip_all(*state, "b.tar", 150);
}

static void a_changed_byte_is_refused_when_compressed(void **state)
{
    flip_all(*state, "b.tar.zst", 150);
}

static void a_cut_file_is_refused(void **state)
{
    struct scratch *s = *state;
    const char *names[] = {"b.tar", "b2.tar.zst", "b3.tar.gz"};
    struct backup_input in;
    struct errinfo e = {0};
    prepare(s, &in);
    for (size_t k = 0; k < 3; k++) {
        const char *file = scratch_file(s, names[k]), *bad = scratch_file(s, "cut");
        assert_int_equal(backup_pack(&in, file, false, NULL, &s->arena, NULL, &e), ERR_OK);
        struct str whole = get(s, file);
        for (size_t i = 0; i < 60; i++) {
            size_t n = i * (whole.n - 2048 * (k == 0)) / 61; /* tar itself ends with zeros */
            put(bad, whole.p, n);
            assert_int_not_equal(restore(s, bad, "new", KNOWN, &e), ERR_OK);
            assert_true(e.what[0] != 0);
            remove_folder(s, "new");
        }
    }
}

#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"
#define ONE_PART "\"parts\":[{\"name\":\"zuruf.db\",\"bytes\":1,\"sha256\":\"" ZEROS "\"}]"

/* An archive with right sums but other things in it, made by the same writer. */
static const char *forged(struct scratch *s, const char *json, const char *extra, bool sums_right)
{
    struct tar *t;
    struct errinfo e = {0};
    const char *file = scratch_file(s, "forged.tar");
    int fd = open(file, O_RDWR | O_CREAT | O_TRUNC, 0600);
    struct str manifest = str_z(json);
    struct str sums = arena_printf(&s->arena, "%s  manifest.json\n%s",
                                   sums_right ? sha256_hex(&s->arena, manifest).p : "00",
                                   strstr(json, ONE_PART) ? ZEROS "  zuruf.db\n" : "");
    assert_int_equal(tar_create(&t, fd, file, &e), ERR_OK);
    assert_int_equal(tar_add(t, "manifest.json", (int64_t)manifest.n, 0, &e), ERR_OK);
    assert_int_equal(tar_write(t, manifest, &e), ERR_OK);
    assert_int_equal(tar_add(t, "SHA256SUMS", (int64_t)sums.n, 0, &e), ERR_OK);
    assert_int_equal(tar_write(t, sums, &e), ERR_OK);
    if (extra) {
        assert_int_equal(tar_add(t, extra, 1, 0, &e), ERR_OK);
        assert_int_equal(tar_write(t, STR("x"), &e), ERR_OK);
    }
    assert_int_equal(tar_finish(t, &e), ERR_OK);
    tar_close(t);
    close(fd);
    return file;
}

#define HEAD                                                                                       \
    "{\"what\":\"zuruf-backup\",\"format\":1,\"program\":\"9.9\",\"engine\":\"sqlite\","           \
    "\"made_at\":\"2026-11-22T03:00:00Z\","

static void foreign_files_are_refused(void **state)
{
    struct scratch *s = *state;
    const char *text = scratch_file(s, "text");
    put(text, "only a letter\n", 14);
    assert_refused(s, text, "no backup");
    put(text, "", 0);
    assert_refused(s, text, "no backup");
    assert_refused(s, forged(s, "{\"what\":\"other\"}", NULL, true), "no backup");
    assert_refused(s, forged(s, "not even JSON", NULL, true), "no backup");
    assert_refused(s, forged(s, HEAD "\"version\":2," ONE_PART ",\"rows\":{}}", "key", true),
                   "other files");
    assert_refused(s, forged(s, HEAD "\"version\":2," ONE_PART ",\"rows\":{}}", "../evil", true),
                   "other things");
    assert_refused(s, forged(s, HEAD "\"version\":2," ONE_PART ",\"rows\":{}}", NULL, false),
                   "do not agree");
    assert_refused(s,
                   forged(s,
                          HEAD "\"version\":2,\"parts\":[{\"name\":\"../key\",\"bytes\":1,"
                               "\"sha256\":\"\"}],\"rows\":{}}",
                          NULL, true),
                   "list of files");
    assert_refused(s, forged(s, HEAD "\"version\":0," ONE_PART ",\"rows\":{}}", NULL, true),
                   "version");
    assert_refused(s, forged(s, HEAD "\"version\":2,\"parts\":[],\"rows\":{}}", NULL, true),
                   "no database");
    assert_refused(s, forged(s, HEAD "\"version\":2," ONE_PART ",\"rows\":{}}", NULL, true),
                   "cut off");
    assert_refused(s, forged(s, HEAD "\"version\":2," ONE_PART ",\"rows\":{}}", "zuruf.db", true),
                   "the sum of zuruf.db");
    struct errinfo e;
    assert_int_equal(restore(s, scratch_file(s, "missing"), "new", KNOWN, &e), ERR_NOT_FOUND);
}

static void archives_with_links_are_refused(void **state)
{
    struct scratch *s = *state;
    const char *file = packed(s, "b.tar");
    static const char *const makes[] = {"ln -s /etc/passwd zuruf.db", "mkdir zuruf.db",
                                        "mkfifo zuruf.db", "ln manifest.json key"};
    for (size_t i = 0; i < sizeof makes / sizeof *makes; i++) {
        const char *line =
            arena_printf(&s->arena,
                         "cd %s && mkdir x && tar -xf %s -C x && cd x && rm -f zuruf.db key && %s "
                         "&& tar -cf ../links.tar manifest.json SHA256SUMS %s",
                         s->dir, file, makes[i], strstr(makes[i], "key") ? "key" : "zuruf.db")
                .p;
        int status = system(line);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        assert_refused(s, scratch_file(s, "links.tar"), "other things");
        rmdir(in_folder(s, "x", "zuruf.db"));
        remove_folder(s, "x");
    }
}

static void newer_ones_are_refused_with_both_versions(void **state)
{
    struct scratch *s = *state;
    struct errinfo e;
    assert_int_equal(restore(s, packed(s, "b.tar"), "new", 1, &e), ERR_INVALID);
    assert_non_null(strstr(e.what, "version 2"));
    assert_non_null(strstr(e.what, "knows version 1"));
    assert_non_null(strstr(e.what, "Zuruf " ZURUF_VERSION));
    remove_folder(s, "new");
    assert_refused(s,
                   forged(s,
                          "{\"what\":\"zuruf-backup\",\"format\":2,\"program\":\"9.9\","
                          "\"engine\":\"sqlite\"}",
                          NULL, true),
                   "format 2");
}

/* The sums are right, but the rows are not those that were counted. */
static void wrong_counts_are_refused(void **state)
{
    struct scratch *s = *state;
    struct backup_input in;
    struct errinfo e = {0};
    const char *file = scratch_file(s, "b.tar");
    prepare(s, &in);
    for (size_t i = 0; i < in.data.table_count; i++)
        if (str_eq_z(in.data.tables[i].name, "note"))
            in.data.tables[i].rows--;
    assert_int_equal(backup_pack(&in, file, false, NULL, &s->arena, NULL, &e), ERR_OK);
    assert_refused(s, file, "40 rows of note");
}

static void a_database_that_is_damaged_is_refused(void **state)
{
    struct scratch *s = *state;
    struct backup_input in;
    struct errinfo e = {0};
    const char *file = scratch_file(s, "b.tar");
    char junk[4096];
    prepare(s, &in);
    memset(junk, 0x55, sizeof junk);
    int fd = open(in.database, O_RDWR);
    assert_int_equal(pwrite(fd, junk, sizeof junk, 4096), sizeof junk);
    close(fd);
    assert_int_equal(backup_pack(&in, file, false, NULL, &s->arena, NULL, &e), ERR_OK);
    assert_int_not_equal(restore(s, file, "new", KNOWN, &e), ERR_OK);
    assert_int_equal(rmdir(scratch_file(s, "new")), 0);
}

static void a_directory_with_anything_in_it_stays(void **state)
{
    struct scratch *s = *state;
    struct errinfo e;
    const char *file = packed(s, "b.tar");
    assert_int_equal(mkdir(scratch_file(s, "new"), 0700), 0);
    put(in_folder(s, "new", "letter"), "x", 1);
    assert_int_equal(restore(s, file, "new", KNOWN, &e), ERR_CONFLICT);
    assert_non_null(strstr(e.what, "letter"));
    assert_true(str_eq(get(s, in_folder(s, "new", "letter")), STR("x")));
    remove_folder(s, "new");
    assert_int_equal(mkdir(scratch_file(s, "new"), 0700), 0);
    assert_int_equal(mkdir(in_folder(s, "new", BACKUP_UNFINISHED), 0700), 0);
    assert_int_equal(restore(s, file, "new", KNOWN, &e), ERR_CONFLICT);
    assert_non_null(strstr(e.what, "did not finish"));
    rmdir(in_folder(s, "new", BACKUP_UNFINISHED));
    remove_folder(s, "new");
}

/* Killed at any moment: the directory is complete, or says that it is not. */
static void killed_restores_are_complete_or_marked(void **state)
{
    struct scratch *s = *state;
    const char *file = packed(s, "b.tar");
    int marked = 0, complete = 0, untouched = 0;
    for (int turn = 0; turn < 40; turn++) {
        struct stat st;
        int go[2];
        assert_int_equal(pipe(go), 0);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            struct errinfo e;
            struct backup_manifest m;
            bool began = write(go[1], "g", 1) == 1;
            enum err err =
                backup_restore(file, scratch_file(s, "new"), NULL, KNOWN, NULL, &s->arena, &m, &e);
            _exit(began && err == ERR_OK ? 0 : 1);
        }
        char c;
        assert_int_equal(read(go[0], &c, 1), 1);
        usleep((useconds_t)(turn * 200));
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        close(go[0]);
        close(go[1]);
        bool there = stat(in_folder(s, "new", "zuruf.db"), &st) == 0;
        if (stat(in_folder(s, "new", BACKUP_UNFINISHED), &st) == 0) {
            marked++;
        } else if (there) {
            struct backup_manifest m;
            struct errinfo e;
            complete++;
            assert_int_equal(
                backup_read_manifest(in_folder(s, "new", "manifest.json"), &s->arena, &m, &e),
                ERR_OK);
            assert_int_equal(backup_verify(scratch_file(s, "new"), &m, NULL, &s->arena, &e),
                             ERR_OK);
            assert_true(str_eq(get(s, in_folder(s, "new", "key")), str_z(key_bytes)));
        } else {
            untouched++;
            assert_null(get(s, in_folder(s, "new", "key")).p);
        }
        remove_folder(s, arena_printf(&s->arena, "new/%s", BACKUP_UNFINISHED).p);
        remove_folder(s, "new");
    }
    print_message("# killed restores: %d untouched, %d marked, %d complete\n", untouched, marked,
                  complete);
    assert_int_equal(untouched + marked + complete, 40);
    assert_true(marked > 0);
}

static void a_full_disk_is_said(void **state)
{
    (void)state;
    struct errinfo e = {0};
    int fd = open("/dev/full", O_WRONLY);
    assert_true(fd >= 0);
    struct tar *t;
    char block[4096] = "x";
    enum err err = tar_create(&t, fd, "full.tar", &e);
    assert_int_equal(err, ERR_OK);
    err = tar_add(t, "zuruf.db", 1000 * sizeof block, 0, &e);
    for (int i = 0; i < 1000 && err == ERR_OK; i++)
        err = tar_write(t, (struct str){block, sizeof block}, &e);
    assert_int_equal(err, ERR_LIMIT);
    assert_non_null(strstr(e.what, "full"));
    tar_close(t);
    close(fd);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)
#define CASE(name, f)                                                                              \
    {                                                                                              \
        "case " name, f, scratch_setup, scratch_teardown, NULL                                     \
    }
    const struct CMUnitTest tests[] = {
        T(it_comes_back_as_it_was),
        T(compressed_too),
        T(gzip_too),
        T(plain_tools_can_do_it),
        T(a_backup_without_the_key_has_none),
        T(a_file_that_exists_stays),
        T(one_that_is_broken_off_leaves_nothing),
        CASE("67: a changed byte is refused", a_changed_byte_is_refused),
        CASE("67: a changed byte is refused, compressed",
             a_changed_byte_is_refused_when_compressed),
        CASE("67: a cut file is refused", a_cut_file_is_refused),
        CASE("67: foreign files are refused", foreign_files_are_refused),
        CASE("67: archives with links are refused", archives_with_links_are_refused),
        T(newer_ones_are_refused_with_both_versions),
        T(wrong_counts_are_refused),
        T(a_database_that_is_damaged_is_refused),
        T(a_directory_with_anything_in_it_stays),
        T(killed_restores_are_complete_or_marked),
        T(a_full_disk_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
