/* seed.c - what a fault test begins with: a data directory with one brand, made as the setup page
 * makes it. Accounts and agents are then added by the commands, as an administrator does. Usage:
 * fault_seed DIR */
#include <stdio.h>

#include "app/app.h"
#include "flow/setup.h"

int main(int argc, char **argv)
{
    struct app app;
    struct errinfo e = {0};
    static const struct str names[] = {{"Nordlicht", 9}, {"@nordlicht", 10}};
    const struct brand_new brand = {.name = STR("Nordlicht"), .names = names, .names_n = 2};
    int64_t id;
    if (argc != 2) {
        fprintf(stderr, "usage: fault_seed DIR\n");
        return 2;
    }
    enum err err = app_open(&app, &(struct place){.data = argv[1]}, &e);
    if (err == ERR_OK) {
        err = setup_brand(app.flow, 0, &brand, &id, &e);
        app_close(&app);
    }
    return err == ERR_OK ? 0 : app_fail("fault_seed", &e);
}
