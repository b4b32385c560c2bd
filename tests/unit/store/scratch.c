/* scratch.c - see scratch.h. */
#include "scratch.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int scratch_setup(void **state)
{
    struct scratch *s = calloc(1, sizeof *s);
    const char *tmp = getenv("TMPDIR");
    snprintf(s->dir, sizeof s->dir, "%s/zuruf-test-XXXXXX", tmp ? tmp : "/tmp");
    if (!mkdtemp(s->dir))
        return -1;
    snprintf(s->path, sizeof s->path, "%s/store.db", s->dir);
    arena_init(&s->arena);
    s->options = (struct store_options){
        .path = s->path, .migrations = schema_table, .migration_count = schema_count, .node = 3};
    *state = s;
    return 0;
}

int scratch_teardown(void **state)
{
    struct scratch *s = *state;
    scratch_close(s);
    DIR *d = opendir(s->dir);
    for (struct dirent *f; d && (f = readdir(d));)
        unlink(scratch_file(s, f->d_name));
    closedir(d);
    rmdir(s->dir);
    arena_deinit(&s->arena);
    free(s);
    return 0;
}

void scratch_open(struct scratch *s)
{
    struct errinfo e = {0};
    enum err err = store_open(&s->store, &s->options, &e);
    assert_string_equal(e.what, "");
    assert_int_equal(err, ERR_OK);
}

void scratch_close(struct scratch *s)
{
    store_close(s->store);
    s->store = NULL;
}

const char *scratch_file(struct scratch *s, const char *name)
{
    return arena_printf(&s->arena, "%s/%s", s->dir, name).p;
}

enum err note_write(struct tx *tx, void *arg, struct errinfo *e)
{
    const struct note_job *j = arg;
    struct note_sql_add_in in = {.id = j->id,
                                 .brand = 1,
                                 .body = str_z(j->body ? j->body : "text"),
                                 .score = 0.5,
                                 .parent = j->parent};
    TRY(note_sql_add(tx, &in, NULL));
    tx_notify(tx, (struct notice){.topic = TOPIC_POST, .brand = 1, .id = j->id});
    return j->refuse ? err_set(e, ERR_DENIED, "test", "refused") : ERR_OK;
}

int64_t note_count(struct scratch *s)
{
    struct note_sql_count_row row;
    assert_int_equal(note_sql_count(store_reader(s->store), &s->arena, &row), ERR_OK);
    return row.n;
}
