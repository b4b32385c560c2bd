/* control.c - frames over a local socket; see control.h. */
#include "app/control.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "app/app.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/threads.h"
#include "text/json.h"

enum { CLIENTS_MAX = 16, TOLD_EVERY_MS = 200 };

/* --- frames --- */

static bool write_all(int fd, const char *p, size_t n)
{
    while (n) {
        ssize_t done = send(fd, p, n, MSG_NOSIGNAL);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return false;
        p += done;
        n -= (size_t)done;
    }
    return true;
}

static bool read_all(int fd, char *p, size_t n)
{
    while (n) {
        ssize_t done = recv(fd, p, n, 0);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return false;
        p += done;
        n -= (size_t)done;
    }
    return true;
}

static bool frame_write(int fd, struct str s)
{
    const unsigned char head[4] = {(unsigned char)s.n, (unsigned char)(s.n >> 8),
                                   (unsigned char)(s.n >> 16), (unsigned char)(s.n >> 24)};
    return write_all(fd, (const char *)head, 4) && write_all(fd, s.p, s.n);
}

static bool frame_read(int fd, struct arena *a, struct str *out)
{
    unsigned char head[4];
    if (!read_all(fd, (char *)head, 4))
        return false;
    size_t n = head[0] | (size_t)head[1] << 8 | (size_t)head[2] << 16 | (size_t)head[3] << 24;
    if (n > CONTROL_FRAME_MAX)
        return false;
    char *p = arena_alloc(a, n);
    *out = (struct str){p, n};
    return read_all(fd, p, n);
}

/* --- operations --- */

static enum err run(struct app *app, struct arena *a, const struct json *request,
                    struct json_writer *reply, struct errinfo *e)
{
    struct str name = json_text(request, "op");
    for (size_t i = 0; i < control_count; i++)
        if (str_eq_z(name, control_table[i].name))
            return control_table[i].run(app, a, request, reply, e);
    return err_set(e, ERR_INVALID, "op",
                   "the running server does not know '%.*s'; is it another version?",
                   STR_FMT(name));
}

/* Whoever waits for the operation that runs on this thread. */
struct listener {
    int fd;                      /* -1: this process */
    const atomic_bool *stopping; /* of the server; NULL in a command */
    void (*told)(void *ctx, int64_t done, int64_t total);
    void *ctx;
    int64_t told_at;
};
static _Thread_local struct listener listener = {.fd = -1};

bool control_told(void *ctx, int64_t done, int64_t total)
{
    char text[96];
    (void)ctx;
    if (listener.told)
        listener.told(listener.ctx, done, total);
    if (listener.stopping && atomic_load(listener.stopping))
        return false;
    if (listener.fd < 0 || clock_mono() - listener.told_at < TOLD_EVERY_MS)
        return true;
    listener.told_at = clock_mono();
    int n = snprintf(text, sizeof text, "{\"progress\":[%lld,%lld]}", (long long)done,
                     (long long)total);
    return frame_write(listener.fd, (struct str){text, (size_t)n});
}

bool control_serving(void)
{
    return listener.fd >= 0;
}

int64_t control_caller(void)
{
    struct ucred peer;
    socklen_t n = sizeof peer;
    if (listener.fd >= 0 && getsockopt(listener.fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) == 0)
        return peer.pid;
    return getpid();
}

/* The whole reply, an error included, as JSON. */
static void answer(struct app *app, struct arena *a, struct str request, struct buf *out)
{
    struct json *v;
    struct json_writer w;
    struct errinfo e = {0};
    json_writer_init(&w, out);
    json_begin_object(&w);
    enum err err = json_parse(a, request, &v, &e);
    if (err == ERR_OK)
        err = run(app, a, v, &w, &e);
    if (err != ERR_OK) {
        buf_clear(out);
        json_writer_init(&w, out);
        json_begin_object(&w);
        json_put_i64(&w, "err", (int64_t)err);
        json_put_text(&w, "where", str_z(e.where));
        json_put_text(&w, "what", str_z(e.what));
    }
    json_end_object(&w);
}

/* --- the command's side --- */

struct control {
    int fd; /* -1: the directory is ours */
    struct app app;
    void (*told)(void *ctx, int64_t done, int64_t total);
    void *ctx;
};

static int connect_to(const char *dir)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (snprintf(address.sun_path, sizeof address.sun_path, "%s/control.sock", dir) >=
        (int)sizeof address.sun_path)
        return -1;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address)) {
        close(fd);
        fd = -1;
    }
    return fd;
}

enum err control_open(struct control **out, const struct place *p, struct errinfo *e)
{
    struct control *c = calloc(1, sizeof *c);
    if (!c)
        return err_set(e, ERR_IO, "", "out of memory");
    c->fd = p->db ? -1 : connect_to(app_dir(p));
    if (c->fd < 0) {
        enum err err = app_open(&c->app, p, e);
        if (err != ERR_OK) {
            free(c);
            return err;
        }
    }
    *out = c;
    return ERR_OK;
}

enum err control_connect(struct control **out, const char *dir, struct errinfo *e)
{
    int fd = connect_to(dir);
    if (fd < 0)
        return err_set(e, ERR_NOT_FOUND, "control.sock", "no server is running on %s", dir);
    *out = calloc(1, sizeof **out);
    if (!*out) {
        close(fd);
        return err_set(e, ERR_IO, "", "out of memory");
    }
    (*out)->fd = fd;
    return ERR_OK;
}

enum err control_open_as_it_is(struct control **out, const struct place *p, struct errinfo *e)
{
    struct control *c = calloc(1, sizeof *c);
    if (!c)
        return err_set(e, ERR_IO, "", "out of memory");
    c->fd = -1;
    enum err err = app_configure(&c->app, p, e);
    c->app.as_it_is = true;
    if (err == ERR_OK)
        err = app_open_store(&c->app, e);
    if (err != ERR_OK) {
        app_close(&c->app);
        free(c);
        return err;
    }
    *out = c;
    return ERR_OK;
}

void control_watch(struct control *c, void (*told)(void *ctx, int64_t done, int64_t total),
                   void *ctx)
{
    c->told = told;
    c->ctx = ctx;
}

void control_close(struct control *c)
{
    if (!c)
        return;
    if (c->fd >= 0)
        close(c->fd);
    else
        app_close(&c->app);
    free(c);
}

/* Reads replies until one is the last. */
static enum err hear(struct control *c, struct arena *a, struct json **reply, struct errinfo *e)
{
    struct str bytes;
    for (;;) {
        if (!frame_read(c->fd, a, &bytes))
            return err_set(e, ERR_IO, "control.sock",
                           "the server ended the connection; look into its log");
        TRY(json_parse(a, bytes, reply, e));
        const struct json *progress = json_get(*reply, "progress");
        int64_t done = 0, total = 0;
        if (json_count(progress) != 2)
            return ERR_OK;
        if (c->told && json_as_i64(json_at(progress, 0), &done) &&
            json_as_i64(json_at(progress, 1), &total))
            c->told(c->ctx, done, total);
    }
}

static enum err act_here(struct control *c, struct arena *a, struct str request,
                         struct json **reply, struct errinfo *e)
{
    struct buf out;
    buf_init_in(&out, a, CONTROL_FRAME_MAX);
    listener = (struct listener){.fd = -1, .told = c->told, .ctx = c->ctx};
    answer(&c->app, a, request, &out);
    listener = (struct listener){.fd = -1};
    return json_parse(a, buf_str(&out), reply, e);
}

enum err control_call(struct control *c, struct arena *a, struct str request, struct json **reply,
                      struct errinfo *e)
{
    int64_t err;
    if (c->fd < 0)
        TRY(act_here(c, a, request, reply, e));
    else if (frame_write(c->fd, request))
        TRY(hear(c, a, reply, e));
    else
        return err_set(e, ERR_IO, "control.sock",
                       "the server ended the connection; look into its log");
    if (!json_i64(*reply, "err", &err))
        return ERR_OK;
    struct str where = json_text(*reply, "where"), what = json_text(*reply, "what");
    return err_set(e, err > 0 && err < ERR_COUNT ? (enum err)err : ERR_BUG, where.n ? where.p : "",
                   "%.*s", STR_FMT(what));
}

/* --- the server's side --- */

struct control_server {
    struct app *app;
    int fd;
    char path[108];
    pthread_t thread;
    atomic_bool stopping;
    pthread_mutex_t lock;
    int fds[CLIENTS_MAX]; /* of connected commands; -1: free */
    pthread_t threads[CLIENTS_MAX];
    bool running[CLIENTS_MAX]; /* started and not yet joined */
};

struct client {
    struct control_server *server;
    int fd, place;
};

/* The place of a new connection; -1 when all are taken. Only the accepting thread asks. */
static int free_place(struct control_server *s)
{
    int place = -1;
    pthread_mutex_lock(&s->lock);
    for (int i = 0; i < CLIENTS_MAX && place < 0; i++)
        if (s->fds[i] < 0)
            place = i;
    pthread_mutex_unlock(&s->lock);
    if (place >= 0 && s->running[place]) { /* its last guest has left; the thread is about to end */
        pthread_join(s->threads[place], NULL);
        s->running[place] = false;
    }
    return place;
}

static void *serve_client(void *p)
{
    struct client *client = p;
    struct control_server *s = client->server;
    struct arena a;
    struct str request;
    arena_init(&a);
    listener = (struct listener){.fd = client->fd, .stopping = &s->stopping};
    while (!atomic_load(&s->stopping) && frame_read(client->fd, &a, &request)) {
        struct buf out;
        buf_init_in(&out, &a, CONTROL_FRAME_MAX);
        answer(s->app, &a, request, &out);
        if (!frame_write(client->fd, buf_str(&out)))
            break;
        arena_clear(&a);
    }
    arena_deinit(&a);
    pthread_mutex_lock(&s->lock);
    close(client->fd);
    s->fds[client->place] = -1;
    pthread_mutex_unlock(&s->lock);
    free(client);
    return NULL;
}

static void welcome(struct control_server *s, int fd)
{
    struct client *client = malloc(sizeof *client);
    int place = free_place(s);
    if (!client || place < 0) {
        free(client);
        close(fd);
        return;
    }
    *client = (struct client){s, fd, place};
    s->fds[place] = fd;
    s->running[place] = thread_start(&s->threads[place], "control", serve_client, client) == ERR_OK;
    if (!s->running[place]) {
        s->fds[place] = -1;
        close(fd);
        free(client);
    }
}

static void *accept_loop(void *p)
{
    struct control_server *s = p;
    while (!atomic_load(&s->stopping)) {
        struct pollfd ready = {s->fd, POLLIN, 0};
        if (poll(&ready, 1, 500) <= 0)
            continue;
        int fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0)
            welcome(s, fd);
    }
    return NULL;
}

enum err control_listen(struct control_server **out, struct app *app, struct errinfo *e)
{
    struct control_server *s = calloc(1, sizeof *s);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (!s)
        return err_set(e, ERR_IO, "", "out of memory");
    s->app = app;
    pthread_mutex_init(&s->lock, NULL);
    for (int i = 0; i < CLIENTS_MAX; i++)
        s->fds[i] = -1;
    if (snprintf(s->path, sizeof s->path, "%s/control.sock", app->dir) >= (int)sizeof s->path) {
        free(s);
        return err_set(e, ERR_LIMIT, "data",
                       "the path of the data directory is too long for a socket in it");
    }
    memcpy(address.sun_path, s->path, sizeof s->path);
    int other = connect_to(app->dir); /* only PostgreSQL's: a file has one server by its lock */
    if (other >= 0) {
        close(other);
        free(s);
        return err_set(e, ERR_BUSY, "data",
                       "another server runs on this directory; give each its own with --data");
    }
    unlink(s->path); /* left by a killed run */
    s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    mode_t before = umask(0177);
    bool bound = s->fd >= 0 && bind(s->fd, (struct sockaddr *)&address, sizeof address) == 0;
    umask(before);
    if (!bound || listen(s->fd, 8)) {
        enum err err =
            err_set(e, ERR_IO, "control.sock", "cannot listen there: %s", strerror(errno));
        if (s->fd >= 0)
            close(s->fd);
        free(s);
        return err;
    }
    if (thread_start(&s->thread, "control", accept_loop, s) != ERR_OK) {
        close(s->fd);
        free(s);
        return err_set(e, ERR_IO, "", "no thread for the control socket");
    }
    *out = s;
    return ERR_OK;
}

void control_stop(struct control_server *s)
{
    if (!s)
        return;
    atomic_store(&s->stopping, true);
    pthread_join(s->thread, NULL);
    close(s->fd);
    unlink(s->path);
    /* an operation under way is finished, its command reads the answer; nobody gets another */
    pthread_mutex_lock(&s->lock);
    for (int i = 0; i < CLIENTS_MAX; i++)
        if (s->fds[i] >= 0)
            shutdown(s->fds[i], SHUT_RD);
    pthread_mutex_unlock(&s->lock);
    for (int i = 0; i < CLIENTS_MAX; i++)
        if (s->running[i])
            pthread_join(s->threads[i], NULL);
    pthread_mutex_destroy(&s->lock);
    free(s);
}
