/* scratch.h - a folder of its own for each test, and a store in it; or, when ZURUF_TEST_PG names a
 * server (tests/with-pg), a PostgreSQL database of its own. */
#ifndef TEST_STORE_SCRATCH_H
#define TEST_STORE_SCRATCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "note_sql.h"
#include "schema.h"
#include "store/store.h"

struct scratch {
    char dir[64], path[96];
    char url[256]; /* of its database; empty: SQLite */
    struct arena arena;
    struct store_options options; /* with the test's schema; change before scratch_open */
    struct store *store;
};

/* cmocka setup and teardown: *state is the scratch, its store not yet open. */
int scratch_setup(void **state);
int scratch_teardown(void **state);
/* Opens its store; fails the test otherwise. */
void scratch_open(struct scratch *s);
void scratch_close(struct scratch *s);
/* Back to no database at all. */
void scratch_wipe(struct scratch *s);
bool scratch_on_pg(const struct scratch *s);
/* Runs a script on its PostgreSQL server, past the store: in its database, or in another (NULL:
 * the server's own). First column of the first row as text of the scratch's arena; "" without. */
const char *scratch_psql(struct scratch *s, const char *database, const char *script);
/* The same where it may fail, as when no server is there: NULL then. */
const char *scratch_psql_try(struct scratch *s, const char *database, const char *script);

/* PATH of a file in its folder. */
const char *scratch_file(struct scratch *s, const char *name);

/* One note of brand 1, as a job for store_write. */
struct note_job {
    int64_t id, parent;
    const char *body;
    bool refuse; /* return ERR_DENIED after writing */
};
enum err note_write(struct tx *tx, void *arg, struct errinfo *e);
int64_t note_count(struct scratch *s);

#endif
