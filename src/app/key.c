/* key.c - see key.h; and zuruf key, for who has lost it. */
#include "app/key.h"

#include <stdio.h>
#include <unistd.h>

#include "app/app.h"
#include "app/commands.h"
#include "app/options.h"
#include "base/arena.h"
#include "installation_sql.h"
#include "store/store.h"

#define NAME STR("key")

struct agreeing {
    struct str print;
    bool same;
};

static enum err write_agree(struct tx *tx, void *arg, struct errinfo *e)
{
    struct agreeing *g = arg;
    struct installation_sql_get_row row;
    (void)e;
    TRY(installation_sql_agree(tx, &(struct installation_sql_agree_in){NAME, g->print}, NULL));
    TRY(installation_sql_get(tx_db(tx), tx_arena(tx), &(struct installation_sql_get_in){NAME},
                             &row));
    g->same = str_eq(row.value, g->print);
    return ERR_OK;
}

static enum err open_and_compare(struct app *a, struct arena *arena, const char *path,
                                 struct errinfo *e)
{
    struct installation_sql_get_row known;
    enum err err = installation_sql_get(store_reader(a->store), arena,
                                        &(struct installation_sql_get_in){NAME}, &known);
    if (err != ERR_OK && err != ERR_NOT_FOUND)
        return err_set(e, err, "key", "The store does not tell the fingerprint of its key.");
    if (err == ERR_OK && access(path, F_OK) != 0)
        return err_set(e, ERR_DENIED, "key",
                       "%s is missing. Copy it from another node or from the backup (mode 0600); if"
                       " it is lost for good, run: zuruf key --new",
                       path);
    TRY(seal_key_open(&a->key, path, e));
    struct agreeing g = {.print = seal_key_fingerprint(arena, &a->key)};
    if (err == ERR_OK)
        g.same = str_eq(known.value, g.print);
    else
        TRY(store_write(a->store, write_agree, &g, e));
    if (!g.same)
        return err_set(e, ERR_DENIED, "key",
                       "%s is not the key of this installation (fingerprint %.*s): what it sealed"
                       " cannot be opened. Copy the key of another node or of the backup there.",
                       path, STR_FMT(g.print));
    return ERR_OK;
}

enum err key_open(struct app *a, struct errinfo *e)
{
    char path[600];
    struct arena arena;
    snprintf(path, sizeof path, "%s/key", a->dir);
    arena_init(&arena);
    enum err err = open_and_compare(a, &arena, path, e);
    arena_deinit(&arena);
    return err;
}

static enum err write_forget(struct tx *tx, void *arg, struct errinfo *e)
{
    (void)arg;
    (void)e;
    return installation_sql_forget(tx, &(struct installation_sql_forget_in){NAME}, NULL);
}

static enum err begin_anew(struct app *a, struct errinfo *e)
{
    TRY(app_open_database(a, e));
    TRY(store_write(a->store, write_forget, NULL, e));
    return key_open(a, e);
}

int cmd_key(int argc, char **argv)
{
    struct place place = {0};
    const char *anew = NULL;
    const struct option_row rows[] = {
        OPTION_DATA(place),
        OPTION_DB(place),
        {"new", NULL, &anew, "the old key is lost: take DIR/key, or a new one, from now on"}};
    int done = options_read(argc, argv, rows, sizeof rows / sizeof *rows,
                            "[--data DIR] [--db URL] [--new]\n"
                            "Tells the fingerprint of the key that seals the secrets of accounts.",
                            0, 0, NULL, NULL);
    if (done >= 0)
        return done;
    struct app a;
    struct arena arena;
    struct errinfo e = {0};
    arena_init(&arena);
    enum err err = app_configure(&a, &place, &e);
    if (err == ERR_OK)
        err = anew ? begin_anew(&a, &e) : app_open_store(&a, &e);
    if (err == ERR_OK)
        printf("%.*s%s\n", STR_FMT(seal_key_fingerprint(&arena, &a.key)),
               anew ? "\nEnter the passwords and tokens of all accounts again." : "");
    app_close(&a);
    arena_deinit(&arena);
    return err == ERR_OK ? 0 : app_fail(argv[0], &e);
}
