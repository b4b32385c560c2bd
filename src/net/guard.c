/* guard.c - the tables of refused addresses, and the check without a connection; see guard.h. */
#include "net/guard.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "base/trouble.h"
#include "net/url.h"

struct range4 {
    uint32_t net;
    int bits;
    bool is_private; /* allowed when the administrator allows private addresses; others never */
};

static const struct range4 ranges4[] = {
    {0x00000000, 8, false},  /* 0.0.0.0/8: this host */
    {0x0a000000, 8, true},   /* 10.0.0.0/8 */
    {0x64400000, 10, true},  /* 100.64.0.0/10: carrier NAT */
    {0x7f000000, 8, true},   /* 127.0.0.0/8: loopback */
    {0xa9fe0000, 16, false}, /* 169.254.0.0/16: link-local, metadata services */
    {0xac100000, 12, true},  /* 172.16.0.0/12 */
    {0xc0000000, 24, false}, /* 192.0.0.0/24: IETF protocol assignments */
    {0xc0000200, 24, false}, /* 192.0.2.0/24: documentation */
    {0xc0586300, 24, false}, /* 192.88.99.0/24: old 6to4 relays */
    {0xc0a80000, 16, true},  /* 192.168.0.0/16 */
    {0xc6120000, 15, false}, /* 198.18.0.0/15: benchmarks */
    {0xc6336400, 24, false}, /* 198.51.100.0/24: documentation */
    {0xcb007100, 24, false}, /* 203.0.113.0/24: documentation */
    {0xe0000000, 3, false},  /* 224.0.0.0 and up: multicast, reserved, broadcast */
};

struct range6 {
    uint8_t net[16];
    int bits;
    bool is_private;
};

/* Inside 2000::/3 unless private; what lies outside both is refused without a row. */
static const struct range6 ranges6[] = {
    {{[15] = 1}, 128, true},                     /* ::1: loopback */
    {{0xfc}, 7, true},                           /* fc00::/7: unique local */
    {{0x20, 0x01, 0x00}, 23, false},             /* 2001::/23: Teredo, benchmarks, ORCHID */
    {{0x20, 0x01, 0x0d, 0xb8}, 32, false},       /* 2001:db8::/32: documentation */
    {{0x3f, 0xff, 0x00}, 20, false},             /* 3fff::/20: documentation */
    {{0x26, 0x20, 0x00, 0x4f, 0x80}, 48, false}, /* 2620:4f:8000::/48: AS112 sink */
};

/* Where an IPv6 form carries an IPv4 address. */
struct carrier {
    uint8_t net[16];
    int bits;
    int at; /* byte offset of the IPv4 address */
};

static const struct carrier carriers[] = {
    {{[10] = 0xff, [11] = 0xff}, 96, 12}, /* ::ffff:0:0/96: mapped */
    {{0x00, 0x64, 0xff, 0x9b}, 96, 12},   /* 64:ff9b::/96: NAT64 */
    {{0x20, 0x02}, 16, 2},                /* 2002::/16: 6to4 */
};

static bool prefix_equal(const uint8_t *a, const uint8_t *b, int bits)
{
    int whole = bits / 8, rest = bits % 8;
    if (memcmp(a, b, (size_t)whole) != 0)
        return false;
    return rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

static bool allows4(uint32_t ip, bool allow_private)
{
    for (size_t i = 0; i < sizeof ranges4 / sizeof *ranges4; i++) {
        const struct range4 *r = &ranges4[i];
        if ((ip ^ r->net) >> (32 - r->bits) == 0)
            return r->is_private && allow_private;
    }
    return true;
}

static uint32_t read4(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static bool allows6(const uint8_t ip[16], bool allow_private)
{
    for (size_t i = 0; i < sizeof carriers / sizeof *carriers; i++)
        if (prefix_equal(ip, carriers[i].net, carriers[i].bits))
            return allows4(read4(ip + carriers[i].at), allow_private);
    for (size_t i = 0; i < sizeof ranges6 / sizeof *ranges6; i++)
        if (prefix_equal(ip, ranges6[i].net, ranges6[i].bits))
            return ranges6[i].is_private && allow_private;
    if (ip[0] >> 5 != 1) /* 2000::/3 */
        return false;
    /* ISATAP (RFC 5214): interface id 00-00-5e-fe or 02-00-5e-fe, then the IPv4 address */
    if ((ip[8] & 0xfd) == 0 && ip[9] == 0 && ip[10] == 0x5e && ip[11] == 0xfe)
        return allows4(read4(ip + 12), allow_private);
    return true;
}

bool guard_allows(const struct sockaddr *address, bool allow_private)
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, address, sizeof in);
        return allows4(ntohl(in.sin_addr.s_addr), allow_private);
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 in;
        memcpy(&in, address, sizeof in);
        return allows6(in.sin6_addr.s6_addr, allow_private);
    }
    return false;
}

enum err guard_check(struct str url, bool allow_private, struct errinfo *e)
{
    CURLU *parsed;
    char *host = NULL;
    struct addrinfo *found = NULL;
    TRY(url_parse(url, NULL, URL_WEB, &parsed, e));
    enum err err = url_host(parsed, &host, e);
    if (err != ERR_OK)
        goto out;
    const struct addrinfo wanted = {.ai_socktype = SOCK_STREAM};
    int rc = getaddrinfo(host, NULL, &wanted, &found);
    if (rc != 0) {
        err = err_trouble(e, ERR_IO, "url", TROUBLE_RESOLVE, NULL);
        goto out;
    }
    err = err_trouble(e, ERR_DENIED, "url", TROUBLE_PRIVATE, NULL);
    for (const struct addrinfo *a = found; a; a = a->ai_next)
        if (guard_allows(a->ai_addr, allow_private)) {
            err = ERR_OK;
            break;
        }
out:
    if (found)
        freeaddrinfo(found);
    curl_free(host);
    curl_url_cleanup(parsed);
    return err;
}
