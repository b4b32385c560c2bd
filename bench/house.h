/* house.h - what the benches of the whole program share: a scratch data directory with a brand, an
 * agent who is signed in and an API account; "zuruf serve" on it as a child of ours; posts in JSON
 * Lines; a small HTTP client; what the child uses. A bench cannot go on after a failure, so
 * everything here ends the program with a message and exit 2. */
#ifndef BENCH_HOUSE_H
#define BENCH_HOUSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

enum { TWEET_MAX = 280, REQUEST_MAX = 4 << 20 };

/* Texts of the shipped labels, their brand's names replaced by ours; a new set of ids each time
 * round. */
struct texts {
    struct arena arena;
    struct str *list;
    size_t n;
};
void texts_read(struct texts *t, const char *source);
void texts_free(struct texts *t);
/* The nth post as a line of the API: 500 authors, each text some hundred times but with its own id.
 */
void texts_post(const struct texts *t, struct buf *out, int64_t n);

struct house {
    char dir[300];
    const char *db;  /* URL of PostgreSQL; NULL: SQLite in dir */
    char token[80];  /* bearer, of the API account */
    char cookie[80]; /* of the agent's session */
    int64_t brand;
    pid_t server; /* 0: not running */
    int port;
};
/* A new directory in folder, seeded; one server at a time. db: as above, an empty database. */
void house_make(struct house *h, const char *folder, const char *db);
/* A directory for another server on the same PostgreSQL. */
void house_join(struct house *h, const struct house *first, const char *folder);
void house_serve(struct house *h, const char *zuruf);
void house_stop(struct house *h);   /* waits for its end */
void house_remove(struct house *h); /* with the directory */

int house_connect(const struct house *h);
/* One request over an open connection; the body of the answer stays in out until the next. Returns
 * the status. */
int house_ask(int fd, struct str request, struct buf *out);
/* A batch of posts from the nth on; ends the program unless all are stored. Returns how many became
 * a case. */
size_t house_post(const struct house *h, int fd, const struct texts *t, int64_t from, int n,
                  struct buf *scratch);

double house_cpu(const struct house *h); /* seconds so far, user and system */
struct memory {
    double rss, anonymous,
        private_dirty; /* bytes; rss counts pages of the file system's cache that are mapped too */
};
void house_memory(const struct house *h, struct memory *m);
int house_sockets(const struct house *h); /* that it has open */

void house_wait(double seconds);
void fail(const char *what) __attribute__((noreturn));
/* One line of the table: what, numerator, denominator, ratio, goal. below: the goal is a most, else
 * a least. */
bool report(const char *what, double numerator, double denominator, const char *unit, double goal,
            bool below);

#endif
