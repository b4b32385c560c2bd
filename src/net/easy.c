/* easy.c - see easy.h. */
#include "net/easy.h"

#include <errno.h>
#include <pthread.h>
#include <sys/socket.h>

#include "base/log.h"
#include "base/trouble.h"
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
    /* Else the end of a transfer waits for the resolver's thread, and so for name servers that do
     * not answer: half a minute and more beyond CONNECT_MS. */
    curl_easy_setopt(c, CURLOPT_QUICK_EXIT, 1L);
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

/* OpenSSL's verdict on a certificate (X509_V_ERR_*, x509_vfy.h), as far as a person can act on it.
 */
static enum trouble certificate_trouble(const struct easy *x)
{
    long verdict = 0;
    curl_easy_getinfo(x->curl, CURLINFO_SSL_VERIFYRESULT, &verdict);
    switch (verdict) {
    case 9: /* CERT_NOT_YET_VALID */
        return TROUBLE_CERT_EARLY;
    case 10: /* CERT_HAS_EXPIRED */
        return TROUBLE_CERT_EXPIRED;
    case 18: /* DEPTH_ZERO_SELF_SIGNED_CERT */
        return TROUBLE_CERT_SELF;
    case 19: /* SELF_SIGNED_CERT_IN_CHAIN */
    case 20: /* UNABLE_TO_GET_ISSUER_CERT_LOCALLY */
    case 21: /* UNABLE_TO_VERIFY_LEAF_SIGNATURE */
        return TROUBLE_CERT_ISSUER;
    case 0:  /* the chain is fine: curl compares the name itself, */
    case 1:  /* and has put UNSPECIFIED here before it asks OpenSSL */
    case 62: /* HOSTNAME_MISMATCH */
        return TROUBLE_CERT_NAME;
    default:
        return TROUBLE_CERT;
    }
}

static enum err explain_connect(const struct easy *x, const char *where, const char *detail,
                                struct errinfo *e)
{
    long reason = 0;
    curl_easy_getinfo(x->curl, CURLINFO_OS_ERRNO, &reason);
    if (reason == ECONNREFUSED)
        return err_trouble(e, ERR_IO, where, TROUBLE_REFUSED, NULL);
    if (reason == EHOSTUNREACH || reason == ENETUNREACH)
        return err_trouble(e, ERR_IO, where, TROUBLE_UNREACHABLE, NULL);
    return err_trouble(e, ERR_IO, where, TROUBLE_CONNECT, "%.200s", detail);
}

enum err easy_explain(const struct easy *x, CURLcode rc, const char *where, struct errinfo *e)
{
    const char *detail = x->error[0] ? x->error : curl_easy_strerror(rc);
    if (x->refused && !x->opened)
        return err_trouble(e, ERR_DENIED, where, TROUBLE_PRIVATE, NULL);
    if (easy_given_up(x))
        return err_trouble(e, ERR_BUSY, where, TROUBLE_STOPPING, NULL);
    switch (rc) {
    case CURLE_OK:
        return ERR_OK;
    case CURLE_COULDNT_RESOLVE_HOST:
        return err_trouble(e, ERR_IO, where, TROUBLE_RESOLVE, NULL);
    case CURLE_COULDNT_CONNECT:
        return explain_connect(x, where, detail, e);
    case CURLE_OPERATION_TIMEDOUT:
        return err_trouble(e, ERR_IO, where, TROUBLE_TIMEOUT, NULL);
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
        return err_trouble(e, ERR_IO, where, TROUBLE_BROKE, NULL);
    case CURLE_PEER_FAILED_VERIFICATION:
        return err_trouble(e, ERR_PEER, where, certificate_trouble(x), "%.200s", detail);
    case CURLE_SSL_CONNECT_ERROR:
        return err_trouble(e, ERR_IO, where, TROUBLE_TLS, NULL);
    case CURLE_SSL_CACERT_BADFILE:
        return err_trouble(e, ERR_INVALID, where, TROUBLE_CA_FILE, NULL);
    case CURLE_USE_SSL_FAILED:
        return err_trouble(e, ERR_PEER, where, TROUBLE_NO_STARTTLS, NULL);
    case CURLE_LOGIN_DENIED:
        return err_trouble(e, ERR_DENIED, where, TROUBLE_LOGIN, NULL);
    default:
        return err_trouble(e, ERR_PEER, where, TROUBLE_NONSENSE, "%.200s", detail);
    }
}
