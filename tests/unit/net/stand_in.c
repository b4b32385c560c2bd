/* stand_in.c - see stand_in.h. */
#include "stand_in.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/threads.h"

enum { REQUEST_MAX = 1 << 20 };

bool stand_in_say(int fd, struct str bytes)
{
    while (bytes.n) {
        ssize_t sent = send(fd, bytes.p, bytes.n, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        bytes = str_sub(bytes, (size_t)sent, bytes.n);
    }
    return true;
}

bool stand_in_printf(int fd, const char *fmt, ...)
{
    char text[8192];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return n >= 0 && (size_t)n < sizeof text && stand_in_say(fd, (struct str){text, (size_t)n});
}

struct str stand_in_header(const struct stand_in_request *r, const char *name)
{
    struct str head = r->head, line;
    while (str_next_line(&head, &line)) {
        ptrdiff_t colon = str_find_char(line, ':', 0);
        if (colon > 0 && str_eq_nocase(str_sub(line, 0, (size_t)colon), str_z(name)))
            return str_trim(str_sub(line, (size_t)colon + 1, line.n));
    }
    return STR_NONE;
}

/* Reads until the body is as long as announced; false when the client left before. */
static bool read_request(int fd, struct buf *in, struct stand_in_request *r)
{
    int64_t length = 0;
    ptrdiff_t end = -1;
    while (end < 0 || in->n < (size_t)end + 4 + (size_t)length) {
        char *to = buf_reserve(in, 4096);
        ssize_t got = to ? recv(fd, to, 4096, 0) : -1;
        if (got <= 0)
            return false;
        in->n += (size_t)got;
        if (end < 0 && (end = str_find(buf_str(in), STR("\r\n\r\n"), 0)) >= 0) {
            r->head = str_sub(buf_str(in), 0, (size_t)end);
            (void)str_to_i64(stand_in_header(r, "content-length"), &length);
        }
    }
    struct str rest = str_sub(buf_str(in), 0, (size_t)end), line; /* the buffer may have moved */
    r->head = rest;
    r->body = str_sub(buf_str(in), (size_t)end + 4, in->n);
    if (!str_next_line(&rest, &line) || !str_next(&line, ' ', &r->method) ||
        !str_next(&line, ' ', &r->path))
        return false;
    return true;
}

static void *serve(void *arg)
{
    struct stand_in *s = arg;
    int fd;
    while ((fd = accept(s->listener, NULL, NULL)) >= 0) {
        struct stand_in_request r = {0};
        struct buf in;
        buf_init(&in, REQUEST_MAX);
        if (read_request(fd, &in, &r)) {
            r.number = ++s->hits;
            s->answer(s->ctx, fd, &r);
        }
        buf_deinit(&in);
        close(fd);
    }
    return NULL;
}

void stand_in_start(struct stand_in *s,
                    void (*answer)(void *ctx, int fd, const struct stand_in_request *r), void *ctx)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;
    *s = (struct stand_in){
        .answer = answer, .ctx = ctx, .listener = socket(AF_INET, SOCK_STREAM, 0)};
    if (s->listener < 0 || bind(s->listener, (struct sockaddr *)&at, n) != 0 ||
        listen(s->listener, 64) != 0 || getsockname(s->listener, (struct sockaddr *)&at, &n) != 0 ||
        thread_start(&s->thread, "stand-in", serve, s) != ERR_OK) {
        fprintf(stderr, "the stand-in server does not start\n");
        abort();
    }
    s->port = ntohs(at.sin_port);
}

void stand_in_stop(struct stand_in *s)
{
    shutdown(s->listener, SHUT_RDWR); /* wakes accept */
    pthread_join(s->thread, NULL);
    close(s->listener);
}

struct str stand_in_url(const struct stand_in *s, struct arena *a, const char *path)
{
    return arena_printf(a, "http://127.0.0.1:%d%s", s->port, path);
}
