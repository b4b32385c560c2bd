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
#include "base/log.h"
#include "base/threads.h"
#include "text/json.h"

enum { CLIENTS_MAX = 16 };

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
    const unsigned char head[4] = {(unsigned char)s.n, (unsigned char)(s.n >> 8), (unsigned char)(s.n >> 16),
                                   (unsigned char)(s.n >> 24)};
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

static enum err run(struct app *app, struct arena *a, const struct json *request, struct json_writer *reply,
                    struct errinfo *e)
{
    struct str name = json_text(request, "op");
    for (size_t i = 0; i < control_count; i++)
        if (str_eq_z(name, control_table[i].name))
            return control_table[i].run(app, a, request, reply, e);
    return err_set(e, ERR_INVALID, "op", "the running server does not know '%.*s'; is it another version?",
                   STR_FMT(name));
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
};

static int connect_to(const char *dir)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (snprintf(address.sun_path, sizeof address.sun_path, "%s/control.sock", dir) >= (int)sizeof address.sun_path)
        return -1;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address)) {
        close(fd);
        fd = -1;
    }
    return fd;
}

enum err control_open(struct control **out, const char *dir, struct errinfo *e)
{
    struct control *c = calloc(1, sizeof *c);
    if (!c)
        return err_set(e, ERR_IO, "", "out of memory");
    c->fd = connect_to(dir);
    if (c->fd < 0) {
        enum err err = app_open(&c->app, dir, e);
        if (err != ERR_OK) {
            free(c);
            return err;
        }
    }
    *out = c;
    return ERR_OK;
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

enum err control_call(struct control *c, struct arena *a, struct str request, struct json **reply, struct errinfo *e)
{
    struct str bytes;
    int64_t err;
    if (c->fd >= 0) {
        if (!frame_write(c->fd, request) || !frame_read(c->fd, a, &bytes))
            return err_set(e, ERR_IO, "control.sock", "the server ended the connection; look into its log");
    } else {
        struct buf out;
        buf_init_in(&out, a, CONTROL_FRAME_MAX);
        answer(&c->app, a, request, &out);
        bytes = buf_str(&out);
    }
    TRY(json_parse(a, bytes, reply, e));
    if (!json_i64(*reply, "err", &err))
        return ERR_OK;
    struct str where = json_text(*reply, "where"), what = json_text(*reply, "what");
    return err_set(e, err > 0 && err < ERR_COUNT ? (enum err)err : ERR_BUG, where.n ? where.p : "", "%.*s",
                   STR_FMT(what));
}

/* --- the server's side --- */

struct control_server {
    struct app *app;
    int fd;
    char path[108];
    pthread_t thread;
    atomic_bool stopping;
    pthread_mutex_t lock;
    pthread_cond_t left;
    int fds[CLIENTS_MAX]; /* of connected commands; -1: free */
    int clients;
};

struct client {
    struct control_server *server;
    int fd;
};

static bool enter(struct control_server *s, int fd)
{
    bool in = false;
    pthread_mutex_lock(&s->lock);
    for (int i = 0; i < CLIENTS_MAX && !in; i++)
        if (s->fds[i] < 0) {
            s->fds[i] = fd;
            s->clients++;
            in = true;
        }
    pthread_mutex_unlock(&s->lock);
    return in;
}

static void leave(struct control_server *s, int fd)
{
    pthread_mutex_lock(&s->lock);
    for (int i = 0; i < CLIENTS_MAX; i++)
        if (s->fds[i] == fd)
            s->fds[i] = -1;
    close(fd);
    s->clients--;
    pthread_cond_signal(&s->left);
    pthread_mutex_unlock(&s->lock);
}

static void *serve_client(void *p)
{
    struct client *client = p;
    struct arena a;
    struct str request;
    arena_init(&a);
    while (!atomic_load(&client->server->stopping) && frame_read(client->fd, &a, &request)) {
        struct buf out;
        buf_init_in(&out, &a, CONTROL_FRAME_MAX);
        answer(client->server->app, &a, request, &out);
        if (!frame_write(client->fd, buf_str(&out)))
            break;
        arena_clear(&a);
    }
    arena_deinit(&a);
    leave(client->server, client->fd);
    free(client);
    return NULL;
}

static void welcome(struct control_server *s, int fd)
{
    pthread_t thread;
    struct client *client = malloc(sizeof *client);
    if (!client || !enter(s, fd)) {
        free(client);
        close(fd);
        return;
    }
    *client = (struct client){s, fd};
    if (thread_start(&thread, "control", serve_client, client) == ERR_OK) {
        pthread_detach(thread);
    } else {
        leave(s, fd);
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
    pthread_cond_init(&s->left, NULL);
    for (int i = 0; i < CLIENTS_MAX; i++)
        s->fds[i] = -1;
    if (snprintf(s->path, sizeof s->path, "%s/control.sock", app->dir) >= (int)sizeof s->path) {
        free(s);
        return err_set(e, ERR_LIMIT, "data", "the path of the data directory is too long for a socket in it");
    }
    memcpy(address.sun_path, s->path, sizeof s->path);
    unlink(s->path); /* left by a killed run; the store's lock says that no other server lives here */
    s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    mode_t before = umask(0177);
    bool bound = s->fd >= 0 && bind(s->fd, (struct sockaddr *)&address, sizeof address) == 0;
    umask(before);
    if (!bound || listen(s->fd, 8)) {
        enum err err = err_set(e, ERR_IO, "control.sock", "cannot listen there: %s", strerror(errno));
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
    while (s->clients)
        pthread_cond_wait(&s->left, &s->lock);
    pthread_mutex_unlock(&s->lock);
    pthread_cond_destroy(&s->left);
    pthread_mutex_destroy(&s->lock);
    free(s);
}
