/* client.c - see client.h. */
#include "client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PATIENCE_MS = 10000 };

void client_open(struct client *c, int port)
{
    client_open_from(c, port, "127.0.0.1");
}

void client_open_from(struct client *c, int port, const char *from)
{
    c->n = 0;
    c->in[0] = 0;
    c->ended = false;
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
    struct sockaddr_in own = {.sin_family = AF_INET};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    inet_pton(AF_INET, from, &own.sin_addr);
    if (c->fd < 0 || bind(c->fd, (struct sockaddr *)&own, sizeof own) != 0 ||
        connect(c->fd, (struct sockaddr *)&to, sizeof to) != 0) {
        perror("client_open");
        abort();
    }
}

void client_close(struct client *c)
{
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
}

void client_send(struct client *c, const char *bytes, size_t n)
{
    while (n) {
        ssize_t sent = send(c->fd, bytes, n, MSG_NOSIGNAL);
        if (sent <= 0)
            return; /* the server has closed; the test will see what it said */
        bytes += sent;
        n -= (size_t)sent;
    }
}

void client_send_z(struct client *c, const char *text)
{
    client_send(c, text, strlen(text));
}

/* One piece more; false at the end or when nothing comes. */
static bool read_more(struct client *c)
{
    struct pollfd p = {.fd = c->fd, .events = POLLIN};
    if (c->ended || c->n + 1 >= sizeof c->in || poll(&p, 1, PATIENCE_MS) != 1)
        return false;
    ssize_t n = recv(c->fd, c->in + c->n, sizeof c->in - 1 - c->n, 0);
    if (n <= 0) {
        c->ended = true;
        return false;
    }
    c->n += (size_t)n;
    c->in[c->n] = 0;
    return true;
}

bool client_wait_for(struct client *c, const char *text)
{
    while (!memmem(c->in, c->n, text, strlen(text)))
        if (!read_more(c))
            return false;
    return true;
}

bool client_wait_end(struct client *c)
{
    while (read_more(c))
        if (c->n + 1 >= sizeof c->in)
            c->n = 0; /* only the end matters */
    return c->ended;
}

bool client_wait_answer(struct client *c, bool head_only)
{
    if (!client_wait_for(c, "\r\n\r\n"))
        return false;
    const char *length = client_header(c, "Content-Length");
    size_t want = length && !head_only ? (size_t)strtoul(length, NULL, 10) : 0;
    size_t head = (size_t)(client_body(c) - c->in);
    while (c->n < head + want)
        if (!read_more(c))
            return false;
    return true;
}

void client_clear(struct client *c)
{
    c->n = 0;
    c->in[0] = 0;
}

int client_status(const struct client *c)
{
    return strncmp(c->in, "HTTP/1.1 ", 9) == 0 ? (int)strtol(c->in + 9, NULL, 10) : 0;
}

const char *client_header(const struct client *c, const char *name)
{
    static char value[2048];
    const char *end = strstr(c->in, "\r\n\r\n");
    size_t n = strlen(name);
    for (const char *line = strstr(c->in, "\r\n"); line && line < end;
         line = strstr(line + 2, "\r\n")) {
        if (strncasecmp(line + 2, name, n) != 0 || line[2 + n] != ':')
            continue;
        const char *from = line + 2 + n + 1;
        from += strspn(from, " ");
        snprintf(value, sizeof value, "%.*s", (int)strcspn(from, "\r"), from);
        return value;
    }
    return NULL;
}

const char *client_body(const struct client *c)
{
    const char *end = strstr(c->in, "\r\n\r\n");
    return end ? end + 4 : c->in + c->n;
}

int client_answers(const struct client *c)
{
    int n = 0;
    for (const char *p = c->in; (p = memmem(p, c->n - (size_t)(p - c->in), "HTTP/1.1 ", 9)); p += 9)
        n++;
    return n;
}
