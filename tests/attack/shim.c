/* shim.c - preloaded into the server: a name server and a network of its own. The name
 * rebind.example is 8.8.8.8 the first time it is asked for and 127.0.0.1 from then on; both.example
 * is both. Nothing outside of loopback is ever connected to. */
#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

typedef int lookup(const char *, const char *, const struct addrinfo *, struct addrinfo **);
typedef int opening(int, const struct sockaddr *, socklen_t);

static atomic_int asked;

static int join(const char *service, const struct addrinfo *hints, struct addrinfo **out)
{
    lookup *next = (lookup *)dlsym(RTLD_NEXT, "getaddrinfo");
    struct addrinfo *inside = NULL;
    int rc = next("8.8.8.8", service, hints, out);
    if (rc == 0 && next("127.0.0.1", service, hints, &inside) == 0)
        (*out)->ai_next = inside;
    return rc;
}

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **out)
{
    lookup *next = (lookup *)dlsym(RTLD_NEXT, "getaddrinfo");
    if (name && strcmp(name, "both.example") == 0)
        return join(service, hints, out);
    if (name && strcmp(name, "rebind.example") == 0)
        name = atomic_fetch_add(&asked, 1) == 0 ? "8.8.8.8" : "127.0.0.1";
    return next(name, service, hints, out);
}

int connect(int fd, const struct sockaddr *to, socklen_t n)
{
    opening *next = (opening *)dlsym(RTLD_NEXT, "connect");
    struct sockaddr_in in;
    if (to->sa_family == AF_INET && n >= sizeof in) {
        memcpy(&in, to, sizeof in);
        if (ntohl(in.sin_addr.s_addr) >> 24 != 127) {
            errno = ECONNREFUSED;
            return -1;
        }
    }
    return next(fd, to, n);
}
