/* The sealing key and the store belong together: a node with another key, or with none, is refused
 * and told what to do. */
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

#include "app/app.h"
#include "app/key.h"

static char dir[64], key[96], kept[96];

static int setup(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/zuruf-key-XXXXXX");
    if (!mkdtemp(dir))
        return -1;
    snprintf(key, sizeof key, "%s/key", dir);
    snprintf(kept, sizeof kept, "%s/kept", dir);
    return 0;
}

static int teardown(void **state)
{
    char command[96];
    (void)state;
    snprintf(command, sizeof command, "rm -r %s", dir);
    return system(command);
}

static enum err open_key(struct errinfo *e)
{
    struct app a;
    *e = (struct errinfo){0};
    assert_int_equal(app_configure(&a, &(struct place){.data = dir}, e), ERR_OK);
    assert_int_equal(app_open_database(&a, e), ERR_OK);
    enum err err = key_open(&a, e);
    app_close(&a);
    return err;
}

static void another_key_is_refused_and_none_is_not_replaced(void **state)
{
    struct errinfo e;
    (void)state;
    assert_int_equal(open_key(&e), ERR_OK); /* a new installation makes one */
    assert_int_equal(open_key(&e), ERR_OK);
    assert_int_equal(rename(key, kept), 0);
    assert_int_equal(open_key(&e), ERR_DENIED);
    assert_non_null(strstr(e.what, "is missing. Copy it from another node"));
    assert_int_equal(access(key, F_OK), -1);
    FILE *f = fopen(key, "w");
    assert_non_null(f);
    assert_int_equal(fwrite("01234567890123456789012345678901", 1, 32, f), 32);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(key, 0600), 0);
    assert_int_equal(open_key(&e), ERR_DENIED);
    assert_non_null(strstr(e.what, "is not the key of this installation"));
    assert_int_equal(rename(kept, key), 0);
    assert_int_equal(open_key(&e), ERR_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(another_key_is_refused_and_none_is_not_replaced, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
