/* peer.h - who is at the other end. X-Forwarded-For and X-Forwarded-Proto count only when the
 * connection comes from a listed proxy; then the rightmost address that is not itself a listed
 * proxy is the client. Threads: immutable after peers_new. */
#ifndef HTTP_PEER_H
#define HTTP_PEER_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/arena.h"
#include "base/err.h"
#include "http/request.h"

struct peers {
    struct in6_addr *proxies;
    size_t n;
};

/* addresses: NULL-terminated, may be NULL. ERR_INVALID: one is no IP address. */
enum err peers_new(struct arena *a, const char *const *addresses, struct peers *out,
                   struct errinfo *e) MUST_CHECK;
/* Whether an address, as peer_fill writes it, is one of them. */
bool peers_have(const struct peers *p, struct str address);
/* The socket's address, IPv4 mapped into IPv6; true when it is a listed proxy's. */
bool peer_of_socket(const struct peers *p, const struct sockaddr *from, struct in6_addr *out);
/* Fills rq->remote and rq->secure from the socket's address and the request's headers, and *client
 * with the address that rq->remote tells; true when a listed proxy named it. */
bool peer_fill(const struct peers *p, const struct sockaddr *from, struct request *rq,
               struct in6_addr *client);

#endif
