/* peer.c - see peer.h. All addresses are compared as IPv6, IPv4 ones mapped. */
#include "http/peer.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "http/inner.h"

static bool parse_address(struct str text, struct in6_addr *out)
{
    char z[INET6_ADDRSTRLEN + 8];
    struct in_addr v4;
    if (text.n > 2 && text.p[0] == '[' && text.p[text.n - 1] == ']')
        text = str_sub(text, 1, text.n - 1);
    if (!text.n || text.n >= sizeof z - 7 || memchr(text.p, 0, text.n))
        return false;
    snprintf(z, sizeof z, "%.*s", STR_FMT(text));
    if (inet_pton(AF_INET6, z, out) == 1)
        return true;
    if (inet_pton(AF_INET, z, &v4) != 1)
        return false;
    memset(out, 0, 10);
    memset(out->s6_addr + 10, 0xff, 2);
    memcpy(out->s6_addr + 12, &v4, 4);
    return true;
}

static struct str format_address(struct arena *a, const struct in6_addr *address)
{
    char z[INET6_ADDRSTRLEN];
    if (IN6_IS_ADDR_V4MAPPED(address))
        inet_ntop(AF_INET, address->s6_addr + 12, z, sizeof z);
    else
        inet_ntop(AF_INET6, address, z, sizeof z);
    return arena_strz(a, z);
}

enum err peers_new(struct arena *a, const char *const *addresses, struct peers *out,
                   struct errinfo *e)
{
    *out = (struct peers){0};
    size_t n = 0;
    while (addresses && addresses[n])
        n++;
    out->proxies = arena_array(a, n, sizeof *out->proxies);
    for (; out->n < n; out->n++)
        if (!parse_address(str_z(addresses[out->n]), &out->proxies[out->n]))
            return err_set(e, ERR_INVALID, "proxies", "%s is no IP address.", addresses[out->n]);
    return ERR_OK;
}

static bool listed(const struct peers *p, const struct in6_addr *address)
{
    for (size_t i = 0; i < p->n; i++)
        if (memcmp(&p->proxies[i], address, sizeof *address) == 0)
            return true;
    return false;
}

bool peers_have(const struct peers *p, struct str address)
{
    struct in6_addr wanted;
    return parse_address(address, &wanted) && listed(p, &wanted);
}

/* Walks one header's list from the right; true when the client was found or the list cannot be
 * trusted further. */
static bool walk_forwarded(const struct peers *p, struct str list, struct in6_addr *client)
{
    while (list.n) {
        size_t from = list.n;
        while (from && list.p[from - 1] != ',')
            from--;
        struct in6_addr hop;
        if (!parse_address(str_trim(str_sub(list, from, list.n)), &hop))
            return true;
        *client = hop;
        if (!listed(p, &hop))
            return true;
        list = str_sub(list, 0, from ? from - 1 : 0);
    }
    return false;
}

bool peer_of_socket(const struct peers *p, const struct sockaddr *from, struct in6_addr *out)
{
    *out = (struct in6_addr){0};
    if (from && from->sa_family == AF_INET6) {
        *out = ((const struct sockaddr_in6 *)(const void *)from)->sin6_addr;
    } else if (from && from->sa_family == AF_INET) {
        memset(out->s6_addr + 10, 0xff, 2);
        memcpy(out->s6_addr + 12, &((const struct sockaddr_in *)(const void *)from)->sin_addr, 4);
    }
    return listed(p, out);
}

bool peer_fill(const struct peers *p, const struct sockaddr *from, struct request *rq,
               struct in6_addr *client)
{
    struct in6_addr proxy;
    bool forwarded = peer_of_socket(p, from, &proxy);
    *client = proxy;
    if (forwarded) {
        const struct request_inner *in = rq->inner;
        bool done = false;
        for (size_t i = in->header_count; i-- && !done;)
            if (str_eq_nocase(in->headers[i].name, STR("X-Forwarded-For")))
                done = walk_forwarded(p, in->headers[i].value, client);
        rq->secure = str_eq_nocase(str_trim(request_header(rq, "X-Forwarded-Proto")), STR("https"));
    }
    rq->remote = format_address(rq->arena, client);
    return forwarded && memcmp(client, &proxy, sizeof proxy) != 0;
}
