/* config.c - see config.h. */
#include "base/config.h"

#include <ini.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/str.h"

const struct config_row config_table[CONFIG_COUNT] = {
    [CONFIG_LISTEN] = {"listen", "ZURUF_LISTEN", "127.0.0.1:8080", "address and port of the pages"},
    [CONFIG_DB] = {"db", "ZURUF_DB", "", "PostgreSQL in place of the directory's own database"},
    [CONFIG_URL] = {"url", "ZURUF_URL", "", "how people reach the pages, for links in mail"},
    [CONFIG_PROXIES] = {"proxies", "ZURUF_PROXIES", "",
                        "proxies whose X-Forwarded-* headers count"},
    [CONFIG_CA_FILE] = {"ca_file", "ZURUF_CA_FILE", "",
                        "file with extra trust anchors for outgoing TLS"},
    [CONFIG_MODEL] = {"model", "ZURUF_MODEL", "", "classifier to use instead of the shipped one"},
    [CONFIG_LOG] = {"log", "ZURUF_LOG", "info", "debug, info, warn or error"},
    [CONFIG_ACCESS_LOG] = {"access_log", "ZURUF_ACCESS_LOG", "off",
                           "on: a line in the log for each request"},
    [CONFIG_UNDO] = {"undo", "ZURUF_UNDO", "15", "seconds in which a reply can be taken back"},
    [CONFIG_CONNECTIONS] = {"connections", "ZURUF_CONNECTIONS", "16000",
                            "connections to the pages at a time"},
    [CONFIG_CONNECTIONS_PER_ADDRESS] = {"connections_per_address", "ZURUF_CONNECTIONS_PER_ADDRESS",
                                        "1000",
                                        "of them from one address; behind a listed proxy, requests "
                                        "and open pages of one visitor's address"},
    [CONFIG_STREAMS_PER_AGENT] = {"streams_per_agent", "ZURUF_STREAMS_PER_AGENT", "50",
                                  "pages of the desk that one agent may have open"},
    [CONFIG_METRICS_FROM] = {"metrics_from", "ZURUF_METRICS_FROM", "127.0.0.1 ::1",
                             "addresses that may read /metrics, not through a proxy"},
    [CONFIG_METRICS_TOKEN] = {"metrics_token", "ZURUF_METRICS_TOKEN", "",
                              "bearer token that may read /metrics from anywhere"},
    [CONFIG_MAIL_URL] = {"mail_url", "ZURUF_MAIL_URL", "",
                         "server for alarms by mail, like smtps://mail.example.org; else a mail "
                         "account's"},
    [CONFIG_MAIL_USER] = {"mail_user", "ZURUF_MAIL_USER", "", "user there"},
    [CONFIG_MAIL_PASSWORD] = {"mail_password", "ZURUF_MAIL_PASSWORD", "", "password there"},
    [CONFIG_MAIL_FROM] = {"mail_from", "ZURUF_MAIL_FROM", "", "sender of alarms"},
};

void config_set(struct config *c, enum config_key key, const char *value)
{
    char *copy = strdup(value);
    if (!copy)
        memory_end(strlen(value));
    free(c->values[key]);
    c->values[key] = copy;
}

const char *config_get(const struct config *c, enum config_key key)
{
    return c->values[key];
}

enum err config_number(const struct config *c, enum config_key key, int64_t least, int64_t most,
                       int64_t *out, struct errinfo *e)
{
    const char *text = config_get(c, key);
    if (str_to_i64(str_z(text), out) && *out >= least && *out <= most)
        return ERR_OK;
    return err_set(e, ERR_INVALID, config_table[key].name,
                   "'%s' is no whole number from %lld to %lld", text, (long long)least,
                   (long long)most);
}

void config_deinit(struct config *c)
{
    for (int i = 0; i < CONFIG_COUNT; i++) {
        free(c->values[i]);
        c->values[i] = NULL;
    }
}

struct reading {
    struct config *c;
    char unknown[64];
};

static int take(void *p, const char *section, const char *name, const char *value)
{
    struct reading *r = p;
    (void)section;
    for (int i = 0; i < CONFIG_COUNT; i++)
        if (strcmp(config_table[i].name, name) == 0) {
            config_set(r->c, (enum config_key)i, value);
            return 1;
        }
    strncpy(r->unknown, name, sizeof r->unknown - 1);
    return 0;
}

enum err config_load(struct config *c, const char *file, struct errinfo *e)
{
    struct reading r = {.c = c};
    *c = (struct config){0};
    for (int i = 0; i < CONFIG_COUNT; i++)
        config_set(c, (enum config_key)i, config_table[i].preset);
    if (file && access(file, F_OK) == 0) {
        int line = ini_parse(file, take, &r);
        if (line < 0)
            return err_set(e, ERR_IO, "zuruf.conf", "%s cannot be read", file);
        if (line > 0 && r.unknown[0])
            return err_set(e, ERR_INVALID, "zuruf.conf", "%s, line %d: there is no setting '%s'",
                           file, line, r.unknown);
        if (line > 0)
            return err_set(e, ERR_INVALID, "zuruf.conf", "%s, line %d: expected 'name = value'",
                           file, line);
    }
    for (int i = 0; i < CONFIG_COUNT; i++) {
        const char *value = getenv(config_table[i].env);
        if (value)
            config_set(c, (enum config_key)i, value);
    }
    return ERR_OK;
}
