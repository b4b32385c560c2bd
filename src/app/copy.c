/* copy.c - zuruf copy: an installation's data from one database to another, of whatever engine.
 * Both must be free: no server runs on them. What was copied is read again and compared at the end.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/app.h"
#include "app/commands.h"
#include "app/options.h"
#include "app/progress.h"
#include "base/arena.h"
#include "post_sql.h"
#include "schema.h"
#include "store/copy.h"
#include "store/store.h"
#include "text/unicode.h"

enum { INDEXED = 500 };

struct end {
    const char *name; /* as given, without a password */
    bool url;
    struct store *store;
};

static enum err open_end(struct end *end, const char *given, bool makes, struct arena *a,
                         struct errinfo *e)
{
    const char *own = arena_strz(a, given).p;
    *end = (struct end){.name = given, .url = app_is_url(given)};
    app_hide_password(given);
    struct store_options o = {.migrations = schema_table, .migration_count = schema_count};
    if (end->url) {
        o.url = own;
    } else {
        o.path = arena_printf(a, "%s/zuruf.db", own).p;
        if (makes && mkdir(own, 0700) && errno != EEXIST)
            return err_set(e, ERR_IO, own, "this directory cannot be made: %s", strerror(errno));
        if (!makes && access(o.path, F_OK) != 0)
            return err_set(e, ERR_NOT_FOUND, own, "there is no installation here");
    }
    return store_open(&end->store, &o, e);
}

static enum err write_index(struct tx *tx, void *arg, struct errinfo *e)
{
    const struct post_sql_terms_after_row *rows = arg;
    (void)e;
    for (size_t i = 0; i < INDEXED && rows[i].post; i++)
        TRY(post_sql_search_add(tx, &(struct post_sql_search_add_in){rows[i].post, rows[i].terms},
                                NULL));
    return ERR_OK;
}

/* The index is the engine's own: it is made anew of the terms. */
static enum err index_posts(struct store *s, struct progress *p, int64_t total, struct errinfo *e)
{
    struct arena a;
    enum err err = ERR_OK;
    int64_t after = 0, done = 0;
    size_t n = INDEXED;
    arena_init(&a);
    while (err == ERR_OK && n == INDEXED) {
        struct post_sql_terms_after_row *rows, *padded;
        arena_clear(&a);
        err = post_sql_terms_after(store_reader(s), &a,
                                   &(struct post_sql_terms_after_in){after, INDEXED}, &rows, &n);
        if (err != ERR_OK || !n)
            break;
        padded = arena_array(&a, INDEXED + 1, sizeof *padded); /* ends with a row of zeros */
        memcpy(padded, rows, n * sizeof *rows);
        after = rows[n - 1].post;
        err = store_write(s, write_index, padded, e);
        done += (int64_t)n;
        progress_told(p, done, total);
    }
    arena_deinit(&a);
    return err;
}

static int64_t rows_of(const struct copy_count *counts, const char *table)
{
    for (size_t i = 0; i < schema_tables_count; i++)
        if (strcmp(schema_tables[i].name, table) == 0)
            return counts[i].rows;
    return 0;
}

static enum err copy(struct end *from, struct end *to, struct progress *p, struct arena *a,
                     struct copy_count **counts, struct errinfo *e)
{
    const struct store_watch watch = {progress_watch, p};
    p->doing = "copying";
    TRY(store_copy(from->store, to->store, schema_tables, schema_tables_count, &watch, a, counts,
                   e));
    p->doing = "making the search index";
    TRY(index_posts(to->store, p, rows_of(*counts, "post_terms"), e));
    p->doing = "comparing";
    return store_copy_end(from->store, to->store, schema_tables, schema_tables_count, *counts,
                          &watch, e);
}

static void report(const struct end *from, const struct end *to, const struct copy_count *counts)
{
    int64_t rows = 0;
    for (size_t i = 0; i < schema_tables_count; i++) {
        printf("%-18s %10lld rows  %.*s\n", schema_tables[i].name, (long long)counts[i].rows,
               (int)(counts[i].sum.n < 16 ? counts[i].sum.n : 16), counts[i].sum.p);
        rows += counts[i].rows;
    }
    printf("%lld rows copied from %s to %s, and read again: all are alike.\n", (long long)rows,
           from->name, to->name);
    if (to->url)
        printf("Start it with the directory that holds the key: zuruf serve --data %s --db %s\n",
               from->url ? "DIR" : from->name, to->name);
    else
        printf("Put the installation's key there before the first start (%s/key, mode 0600), then: "
               "zuruf serve --data %s\n",
               to->name, to->name);
}

int cmd_copy(int argc, char **argv)
{
    const char *from_place = NULL, *to_place = NULL;
    struct end from = {0}, to = {0};
    struct copy_count *counts = NULL;
    struct errinfo e = {0};
    struct progress p;
    struct arena a;
    const struct option_row rows[] = {
        {"from", "DIR|URL", &from_place,
         "data directory, or postgresql://...; no server runs on it"},
        {"to", "DIR|URL", &to_place, "new directory, or an empty database: postgresql://..."}};
    int done = options_read(argc, argv, rows, sizeof rows / sizeof *rows,
                            "--from DIR|URL --to DIR|URL", 0, 0, NULL, NULL);
    if (done >= 0)
        return done;
    if (!from_place || !to_place) {
        fprintf(stderr, "zuruf copy: name both places: --from and --to\n");
        return 2;
    }
    text_init();
    arena_init(&a);
    progress_init(&p);
    enum err err = open_end(&from, from_place, false, &a, &e);
    if (err == ERR_OK)
        err = open_end(&to, to_place, true, &a, &e);
    if (err == ERR_OK)
        err = copy(&from, &to, &p, &a, &counts, &e);
    progress_end(&p);
    store_close(to.store);
    store_close(from.store);
    if (err == ERR_OK)
        report(&from, &to, counts);
    else
        app_fail(argv[0], &e);
    arena_deinit(&a);
    return err == ERR_OK ? 0 : 1;
}
