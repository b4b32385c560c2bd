/* listen.c - the listening socket; see inner.h. */
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/inner.h"

/* UNSENT_MAX: bytes of answers that the kernel keeps for a client that does not read */
enum { BACKLOG = 4096, UNSENT_MAX = 64 << 10 };

static int open_one(const struct addrinfo *ai)
{
    int fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int on = 1, off = 0, unsent = UNSENT_MAX;
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent,
               sizeof unsent); /* connections inherit */
    if (ai->ai_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (bind(fd, ai->ai_addr, ai->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    int reason = errno;
    close(fd);
    errno = reason;
    return -1;
}

static int port_of(int fd)
{
    struct sockaddr_storage at;
    socklen_t size = sizeof at;
    if (getsockname(fd, (struct sockaddr *)&at, &size) != 0)
        return -1;
    return ntohs(at.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)(void *)&at)->sin6_port
                                          : ((struct sockaddr_in *)(void *)&at)->sin_port);
}

enum err listen_open(const char *where, int *fd, int *port, struct errinfo *e)
{
    const char *colon = where ? strrchr(where, ':') : NULL;
    char host[256];
    size_t n = colon ? (size_t)(colon - where) : sizeof host;
    if (n >= sizeof host || !colon[1])
        return err_set(e, ERR_INVALID, "listen", "'%s' is not host:port.", where ? where : "");
    const char *from = where;
    if (n >= 2 && from[0] == '[' && from[n - 1] == ']') {
        from++;
        n -= 2;
    }
    snprintf(host, sizeof host, "%.*s", (int)n, from);
    struct addrinfo want = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *list = NULL;
    int rc = getaddrinfo(host[0] ? host : NULL, colon + 1, &want, &list);
    if (rc)
        return err_set(e, ERR_INVALID, "listen", "Cannot resolve '%s': %s.", where,
                       gai_strerror(rc));
    *fd = -1;
    for (const struct addrinfo *ai = list; ai && *fd < 0; ai = ai->ai_next)
        *fd = open_one(ai);
    int reason = errno;
    freeaddrinfo(list);
    if (*fd < 0)
        return err_set(e, ERR_IO, "listen", "Cannot listen on %s: %s.", where, strerror(reason));
    *port = port_of(*fd);
    return ERR_OK;
}
