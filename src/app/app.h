/* app.h - the opened installation: store, key, model, flow. A command works on it directly, serve
 * adds threads and pages. Threads: made and ended by one. */
#ifndef APP_APP_H
#define APP_APP_H

#include <stdbool.h>

#include "base/config.h"
#include "base/err.h"
#include "crypt/seal.h"
#include "domain/notice.h"

struct flow;
struct model;
struct sessions;
struct store;

/* Which installation a command works on. */
struct place {
    const char *data; /* --data; NULL: $ZURUF_DATA, else "data" */
    const char *db;   /* --db; NULL: as the configuration says */
};
/* Their rows in a command's table of options. */
#define OPTION_DATA(p)                                                                             \
    {                                                                                              \
        "data", "DIR", &(p).data, "data directory (else $ZURUF_DATA, else ./data)"                 \
    }
#define OPTION_DB(p)                                                                               \
    {                                                                                              \
        "db", "URL", &(p).db, "PostgreSQL, postgresql://..., in place of DIR's database"           \
    }

struct app {
    char dir[512];
    struct config config;
    bool as_it_is; /* set behind app_configure: nothing is migrated or settled, only looked at */
    struct seal_key key;
    struct store *store;
    struct model *model;
    struct flow *flow;
    struct sessions *sessions;
    /* Told of each notice, after flow and sessions; serve sets it. May be NULL. */
    void (*notice)(void *ctx, const struct notice *n);
    void *notice_ctx;
};

/* Makes DIR when it is missing. ERR_BUSY: a server has it. A directory that a backup was put into,
 * by zuruf restore or by hand (manifest.json lies in it), is made fit to run once. */
enum err app_open(struct app *a, const struct place *p, struct errinfo *e) MUST_CHECK;
/* Only reads the configuration; app_open_store does the rest. For serve, whose command line
 * overrides some. A password in p->db is made unreadable in the command line that ps shows. */
enum err app_configure(struct app *a, const struct place *p, struct errinfo *e) MUST_CHECK;
enum err app_open_store(struct app *a, struct errinfo *e) MUST_CHECK;
/* The store alone, its first part. */
enum err app_open_database(struct app *a, struct errinfo *e) MUST_CHECK;
void app_close(struct app *a);
/* Tells flow, sessions and pages that something changed which no transaction tells of. */
void app_notice(struct app *a, const struct notice *n);

/* A database server is named, not a directory. */
bool app_is_url(const char *place);
/* Makes the password of a URL unreadable where it stands: in the command line that ps shows. */
void app_hide_password(const char *url);
/* The version of the database that this program knows. */
int app_schema_version(void);
/* The directory a command works in: --data, else $ZURUF_DATA, else "data". */
const char *app_dir(const struct place *p);
/* One line on stderr: "zuruf COMMAND: where: what". Returns 1, the exit code. */
int app_fail(const char *command, const struct errinfo *e);
/* The classifier: --model, $ZURUF_MODEL, beside the program, the installed one, the one in the
 * source tree. */
enum err app_open_model(const char *given, struct model **out, struct errinfo *e) MUST_CHECK;

#endif
