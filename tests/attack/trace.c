/* trace.c - preloaded into the server: writes down what it gives to its database, between the
 * program and the engine's library. A line in the file ATTACK_TRACE_TO each: "P thread text" for a
 * statement that is prepared or run as text, "X thread" for a run of a prepared one. */
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 16384 };

struct sqlite3;
struct sqlite3_stmt;
struct pg_conn;
struct pg_result;

static void put(const char *what, const char *text)
{
    char line[LINE_MAX_BYTES], thread[16] = "?";
    const char *to = getenv("ATTACK_TRACE_TO");
    int fd = to ? open(to, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
    pthread_getname_np(pthread_self(), thread, sizeof thread);
    int n = snprintf(line, sizeof line - 1, "%s %s %s", what, thread, text ? text : "");
    if (n < 0 || fd < 0)
        abort();
    if (n > (int)sizeof line - 2)
        n = (int)sizeof line - 2;
    for (int i = 0; i < n; i++)
        if (line[i] == '\n')
            line[i] = ' ';
    line[n++] = '\n';
    if (write(fd, line, (size_t)n) != n)
        abort();
    close(fd);
}

/* --- SQLite --- */

int sqlite3_prepare_v3(struct sqlite3 *db, const char *sql, int n, unsigned flags,
                       struct sqlite3_stmt **out, const char **tail);
int sqlite3_prepare_v3(struct sqlite3 *db, const char *sql, int n, unsigned flags,
                       struct sqlite3_stmt **out, const char **tail)
{
    __typeof__(&sqlite3_prepare_v3) next = dlsym(RTLD_NEXT, "sqlite3_prepare_v3");
    put("P", sql);
    return next(db, sql, n, flags, out, tail);
}

int sqlite3_exec(struct sqlite3 *db, const char *sql, int (*fn)(void *, int, char **, char **),
                 void *arg, char **error);
int sqlite3_exec(struct sqlite3 *db, const char *sql, int (*fn)(void *, int, char **, char **),
                 void *arg, char **error)
{
    __typeof__(&sqlite3_exec) next = dlsym(RTLD_NEXT, "sqlite3_exec");
    put("P", sql);
    return next(db, sql, fn, arg, error);
}

int sqlite3_step(struct sqlite3_stmt *s);
int sqlite3_step(struct sqlite3_stmt *s)
{
    __typeof__(&sqlite3_step) next = dlsym(RTLD_NEXT, "sqlite3_step");
    int (*busy)(struct sqlite3_stmt *) = dlsym(RTLD_NEXT, "sqlite3_stmt_busy");
    if (!busy(s))
        put("X", "");
    return next(s);
}

/* --- PostgreSQL --- */

int PQsendPrepare(struct pg_conn *c, const char *name, const char *sql, int n,
                  const unsigned *types);
int PQsendPrepare(struct pg_conn *c, const char *name, const char *sql, int n,
                  const unsigned *types)
{
    __typeof__(&PQsendPrepare) next = dlsym(RTLD_NEXT, "PQsendPrepare");
    put("P", sql);
    return next(c, name, sql, n, types);
}

int PQsendQuery(struct pg_conn *c, const char *sql);
int PQsendQuery(struct pg_conn *c, const char *sql)
{
    __typeof__(&PQsendQuery) next = dlsym(RTLD_NEXT, "PQsendQuery");
    put("P", sql);
    return next(c, sql);
}

struct pg_result *PQexec(struct pg_conn *c, const char *sql);
struct pg_result *PQexec(struct pg_conn *c, const char *sql)
{
    __typeof__(&PQexec) next = dlsym(RTLD_NEXT, "PQexec");
    put("P", sql);
    return next(c, sql);
}

int PQsendQueryPrepared(struct pg_conn *c, const char *name, int n, const char *const *values,
                        const int *lengths, const int *formats, int result_format);
int PQsendQueryPrepared(struct pg_conn *c, const char *name, int n, const char *const *values,
                        const int *lengths, const int *formats, int result_format)
{
    __typeof__(&PQsendQueryPrepared) next = dlsym(RTLD_NEXT, "PQsendQueryPrepared");
    put("X", "");
    return next(c, name, n, values, lengths, formats, result_format);
}
