/* seed.c - what a fault test begins with: a data directory with one brand, made as the setup page
 * makes it. Accounts and agents are then added by the commands, as an administrator does. With a
 * NUMBER only an empty database of that schema, as an older version left it. The database is the
 * file in DIR, or the one that ZURUF_DB names. Usage: fault_seed DIR [NUMBER] */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "app/app.h"
#include "base/str.h"
#include "flow/setup.h"
#include "schema.h"
#include "store/store.h"

static enum err make_brand(const char *dir, struct errinfo *e)
{
    struct app app;
    static const struct str names[] = {{"Nordlicht", 9}, {"@nordlicht", 10}};
    const struct brand_new brand = {.name = STR("Nordlicht"), .names = names, .names_n = 2};
    int64_t id;
    TRY(app_open(&app, &(struct place){.data = dir}, e));
    enum err err = setup_brand(app.flow, 0, &brand, &id, e);
    app_close(&app);
    return err;
}

static enum err make_old(const char *dir, int64_t number, struct errinfo *e)
{
    char path[600];
    const char *url = getenv("ZURUF_DB");
    struct store *store;
    struct store_options o = {.url = url, .path = url ? NULL : path, .migrations = schema_table};
    snprintf(path, sizeof path, "%s/zuruf.db", dir);
    mkdir(dir, 0700);
    while (o.migration_count < schema_count && schema_table[o.migration_count].number <= number)
        o.migration_count++;
    TRY(store_open(&store, &o, e));
    store_close(store);
    return ERR_OK;
}

int main(int argc, char **argv)
{
    struct errinfo e = {0};
    int64_t number = 0;
    if (argc < 2 || argc > 3 || (argc == 3 && !str_to_i64(str_z(argv[2]), &number))) {
        fprintf(stderr, "usage: fault_seed DIR [NUMBER]\n");
        return 2;
    }
    enum err err = argc == 3 ? make_old(argv[1], number, &e) : make_brand(argv[1], &e);
    return err == ERR_OK ? 0 : app_fail("fault_seed", &e);
}
