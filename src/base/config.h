/* config.h - the few settings a process needs before it can read its store. A value comes,
 * strongest first, from the command line, the environment (ZURUF_LISTEN), the file DIR/zuruf.conf
 * ("listen = ..."), the preset. All else lives in the store and is edited in the desk. Threads:
 * read at start, then immutable. */
#ifndef BASE_CONFIG_H
#define BASE_CONFIG_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum config_key {
    CONFIG_LISTEN,      /* address:port of the pages */
    CONFIG_DB,          /* postgresql://...; empty: the data directory's own database */
    CONFIG_URL,         /* how people reach us, for links in mail; empty: made of listen */
    CONFIG_PROXIES,     /* addresses whose X-Forwarded-* headers count, blanks between */
    CONFIG_CA_FILE,     /* extra trust anchors for outgoing TLS */
    CONFIG_MODEL,       /* classifier; empty: the shipped one */
    CONFIG_LOG,         /* debug, info, warn, error */
    CONFIG_ACCESS_LOG,  /* on: a line for each request */
    CONFIG_UNDO,        /* seconds in which a reply can be taken back */
    CONFIG_CONNECTIONS, /* to the pages, at most */
    CONFIG_CONNECTIONS_PER_ADDRESS, /* of them; behind a listed proxy, requests at a time */
    CONFIG_STREAMS_PER_AGENT,       /* pages of the desk that one agent has open */
    CONFIG_METRICS_FROM,            /* addresses that may read /metrics, blanks between */
    CONFIG_METRICS_TOKEN,           /* bearer token that may; empty: none */
    CONFIG_MAIL_URL, /* server for mail of the program itself; empty: a mail account's */
    CONFIG_MAIL_USER,
    CONFIG_MAIL_PASSWORD,
    CONFIG_MAIL_FROM, /* its sender */
    CONFIG_COUNT
};

struct config_row {
    const char *name, *env, *preset, *help;
};
extern const struct config_row config_table[CONFIG_COUNT];

struct config {
    char *values[CONFIG_COUNT];
};

/* Presets, then the file (when there is one), then the environment. ERR_INVALID names an unknown
 * key or a bad line. */
enum err config_load(struct config *c, const char *file, struct errinfo *e) MUST_CHECK;
/* Overrides one, for the command line. */
void config_set(struct config *c, enum config_key key, const char *value);
const char *config_get(const struct config *c, enum config_key key);
/* A whole number within the bounds; ERR_INVALID names the setting. */
enum err config_number(const struct config *c, enum config_key key, int64_t least, int64_t most,
                       int64_t *out, struct errinfo *e) MUST_CHECK;
void config_deinit(struct config *c);

#endif
