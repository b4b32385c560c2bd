/* easy.c - see easy.h. */
#include "net/easy.h"

#include <pthread.h>
#include <sys/socket.h>

#include "base/log.h"
#include "net/guard.h"

enum { CONNECT_MS = 5000, SLOW_BYTES = 16, SLOW_SECONDS = 10 };

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void init_library(void)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        log_fatal("net", "libcurl does not start");
}

static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct easy *x = arg;
    if (purpose != CURLSOCKTYPE_IPCXN || !guard_allows(&address->addr, x->options.allow_private)) {
        x->refused = true;
        return CURL_SOCKET_BAD;
    }
    x->opened = true;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static int on_progress(void *arg, curl_off_t dltotal, curl_off_t dlnow, curl_off_t ultotal,
                       curl_off_t ulnow)
{
    (void)dltotal;
    (void)dlnow;
    (void)ultotal;
    (void)ulnow;
    return easy_given_up(arg);
}

bool easy_given_up(const struct easy *x)
{
    return x->options.give_up && x->options.give_up(x->options.give_up_arg);
}

enum err easy_init(struct easy *x, const struct net_options *options, struct errinfo *e)
{
    pthread_once(&once, init_library);
    *x = (struct easy){.options = *options, .curl = curl_easy_init()};
    if (!x->curl)
        return err_set(e, ERR_IO, "net", "out of memory");
    CURL *c = x->curl;
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_ERRORBUFFER, x->error);
    curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, x);
    curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(c, CURLOPT_XFERINFODATA, x);
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, (long)SLOW_BYTES);
    curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, (long)SLOW_SECONDS);
    curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L);
    /* A proxy from the environment would be what the guard sees, instead of the peer. */
    curl_easy_setopt(c, CURLOPT_PROXY, "");
    if (options->ca_file)
        curl_easy_setopt(c, CURLOPT_CAINFO, options->ca_file);
    return ERR_OK;
}

void easy_deinit(struct easy *x)
{
    curl_easy_cleanup(x->curl);
    x->curl = NULL;
}

CURLcode easy_perform(struct easy *x)
{
    x->refused = x->opened = false;
    x->error[0] = 0;
    return curl_easy_perform(x->curl);
}

bool easy_never_connected(CURLcode rc)
{
    return rc == CURLE_COULDNT_RESOLVE_HOST || rc == CURLE_COULDNT_CONNECT ||
           rc == CURLE_PEER_FAILED_VERIFICATION || rc == CURLE_SSL_CONNECT_ERROR ||
           rc == CURLE_SSL_CACERT_BADFILE || rc == CURLE_USE_SSL_FAILED;
}

enum err easy_explain(const struct easy *x, CURLcode rc, const char *where, struct errinfo *e)
{
    const char *detail = x->error[0] ? x->error : curl_easy_strerror(rc);
    if (x->refused && !x->opened)
        return err_set(e, ERR_DENIED, where,
                       "the server has a private or reserved address; allow private "
                       "addresses for this account if it is meant");
    if (easy_given_up(x))
        return err_set(e, ERR_BUSY, where, "given up because Zuruf is stopping here");
    switch (rc) {
    case CURLE_OK:
        return ERR_OK;
    case CURLE_COULDNT_RESOLVE_HOST:
        return err_set(e, ERR_IO, where, "the name of the server cannot be resolved");
    case CURLE_COULDNT_CONNECT:
        return err_set(e, ERR_IO, where, "no connection to the server: %.200s", detail);
    case CURLE_OPERATION_TIMEDOUT:
        return err_set(e, ERR_IO, where, "the server did not answer in time");
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
        return err_set(e, ERR_IO, where, "the connection broke: %.200s", detail);
    case CURLE_PEER_FAILED_VERIFICATION:
        return err_set(e, ERR_PEER, where, "the server's certificate is not trusted: %.200s",
                       detail);
    case CURLE_SSL_CACERT_BADFILE:
        return err_set(e, ERR_INVALID, where,
                       "the file of trusted certificates cannot be read: %.200s", detail);
    case CURLE_USE_SSL_FAILED:
        return err_set(e, ERR_PEER, where, "the server offers no encryption (STARTTLS)");
    case CURLE_LOGIN_DENIED:
        return err_set(e, ERR_DENIED, where,
                       "the server does not accept the user name or the password");
    default:
        return err_set(e, ERR_PEER, where, "the server's answer was of no use: %.200s", detail);
    }
}
