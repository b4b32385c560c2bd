/* easy.h - one libcurl handle with what all our connections share: guard, verified TLS, no proxy
 * from the environment, no signals, a way to give up, and errors in plain words. For net/ alone.
 * Threads: one at a time. */
#ifndef NET_EASY_H
#define NET_EASY_H

#include <curl/curl.h>

#include "base/err.h"
#include "net/options.h"

struct easy {
    CURL *curl;
    struct net_options options;
    bool refused; /* the guard refused an address */
    bool opened;  /* a socket was opened */
    char error[CURL_ERROR_SIZE];
};

/* The handle points to x: x must not move until easy_deinit. */
enum err easy_init(struct easy *x, const struct net_options *options, struct errinfo *e) MUST_CHECK;
void easy_deinit(struct easy *x);
/* The caller wants no more of it. */
bool easy_given_up(const struct easy *x);
/* Runs the transfer and gives curl's own verdict. */
CURLcode easy_perform(struct easy *x);
/* What a verdict means: ERR_DENIED (guard, sign-in), ERR_IO (no connection, no answer in time),
 * ERR_PEER (certificate, nonsense), ERR_BUSY (stopping). where: word for errinfo. */
enum err easy_explain(const struct easy *x, CURLcode rc, const char *where, struct errinfo *e);
/* Did curl give up before the peer could be spoken to (name, connection, TLS)? */
bool easy_never_connected(CURLcode rc);

#endif
