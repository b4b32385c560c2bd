/* smtp.c - see smtp.h. */
#include "net/smtp.h"

#include <string.h>

#include "base/arena.h"
#include "base/trouble.h"
#include "net/easy.h"
#include "net/url.h"

enum { TOTAL_MS = 120 * 1000, ADDRESS_MAX = 254, LINE_MAX_KEPT = 200 };

struct dialogue {
    const struct smtp_request *request;
    struct easy easy;
    struct arena arena;
    size_t at; /* bytes of the message handed over */
    bool marked;
    enum err held;               /* why the message was not sent to its end */
    char refusal[LINE_MAX_KEPT]; /* the server's first line of 4xx or 5xx */
};

static size_t on_line(char *p, size_t size, size_t n, void *arg)
{
    struct dialogue *d = arg;
    struct str line = str_trim((struct str){p, size * n});
    if (line.n < 4 || (line.p[0] != '4' && line.p[0] != '5') || d->refusal[0])
        return size * n;
    size_t keep = line.n < sizeof d->refusal - 1 ? line.n : sizeof d->refusal - 1;
    for (size_t i = 0; i < keep; i++) /* a stranger's bytes: plain ASCII only */
        d->refusal[i] = line.p[i] >= ' ' && line.p[i] < 0x7f ? line.p[i] : '?';
    return size * n;
}

static size_t on_body_wanted(char *to, size_t size, size_t n, void *arg)
{
    struct dialogue *d = arg;
    const struct smtp_request *r = d->request;
    if (!d->marked) {
        d->held = r->before_body ? r->before_body(r->arg) : ERR_OK;
        if (d->held != ERR_OK)
            return CURL_READFUNC_ABORT;
        d->marked = true;
    }
    if (easy_given_up(&d->easy)) { /* before its end, so the server drops it */
        d->held = ERR_BUSY;
        return CURL_READFUNC_ABORT;
    }
    size_t take = r->data.n - d->at < size * n ? r->data.n - d->at : size * n;
    if (take)
        memcpy(to, r->data.p + d->at, take);
    d->at += take;
    return take;
}

/* What may stand between < and > without adding a command of its own. */
static bool address_is_sound(struct str s)
{
    ptrdiff_t at = str_find_char(s, '@', 0);
    if (at < 1 || (size_t)at + 1 >= s.n || s.n > ADDRESS_MAX)
        return false;
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7f || s.p[i] == '<' || s.p[i] == '>')
            return false;
    return true;
}

static enum err prepare(struct dialogue *d, struct errinfo *e)
{
    const struct smtp_request *r = d->request;
    CURLU *url;
    TRY(url_parse(r->url, NULL, URL_SMTP, &url, e));
    curl_url_cleanup(url);
    if (r->plain && !r->net.allow_private)
        return err_trouble(e, ERR_DENIED, "plain", TROUBLE_PLAIN, NULL);
    TRY(easy_init(&d->easy, &r->net, e));
    CURL *c = d->easy.curl;
    /* The path is the name we greet with: the sender's domain, not that of some container. */
    struct str base = r->url, host = STR_NONE;
    while (str_ends(base, STR("/")))
        base.n--;
    if (address_is_sound(r->from))
        host = str_sub(r->from, (size_t)str_find_char(r->from, '@', 0) + 1, r->from.n);
    curl_easy_setopt(c, CURLOPT_URL,
                     arena_printf(&d->arena, "%.*s/%.*s", STR_FMT(base), STR_FMT(host)).p);
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(c, CURLOPT_USE_SSL, (long)(r->plain ? CURLUSESSL_NONE : CURLUSESSL_ALL));
    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)TOTAL_MS);
    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_line);
    curl_easy_setopt(c, CURLOPT_HEADERDATA, d);
    if (r->user.n) {
        curl_easy_setopt(c, CURLOPT_USERNAME, arena_str(&d->arena, r->user).p);
        curl_easy_setopt(c, CURLOPT_PASSWORD, arena_str(&d->arena, r->password).p);
    }
    return ERR_OK;
}

static void tell(struct smtp_result *out, enum smtp_outcome outcome, enum trouble t,
                 const char *detail)
{
    out->outcome = outcome;
    (void)err_trouble(&out->why, ERR_PEER, "smtp", t, "%s", detail);
}

/* Is it about the server and not about this message? RFC 5321, 4.2.1: 421 closes the channel. */
static bool concerns_all(long code, const struct dialogue *d)
{
    return code == 421 || code == 454 || (code < 400 && !d->marked);
}

static void judge(struct dialogue *d, CURLcode rc, struct smtp_result *out)
{
    long code = 0;
    curl_easy_getinfo(d->easy.curl, CURLINFO_RESPONSE_CODE, &code);
    out->code = (int)code;
    if (rc == CURLE_OK)
        tell(out, SMTP_ACCEPTED, TROUBLE_SENT, "");
    else if (d->held != ERR_OK)
        tell(out, SMTP_LATER, TROUBLE_HELD, "");
    else if (code >= 500 && rc == CURLE_LOGIN_DENIED)
        tell(out, SMTP_REFUSED, TROUBLE_MAIL_LOGIN, d->refusal);
    else if (code >= 500 && d->refusal[0])
        tell(out, SMTP_REFUSED, TROUBLE_MAIL_REFUSED, d->refusal);
    else if (code >= 400 && d->refusal[0])
        tell(out, SMTP_LATER, TROUBLE_MAIL_LATER, d->refusal);
    else if (d->marked)
        tell(out, SMTP_UNCLEAR, TROUBLE_MAIL_UNCLEAR, "");
    else {
        out->outcome = SMTP_LATER;
        (void)easy_explain(&d->easy, rc, "smtp", &out->why);
    }
    out->whole = out->outcome == SMTP_LATER && d->held == ERR_OK && concerns_all(code, d);
}

void smtp_send(const struct smtp_request *r, struct smtp_result *out)
{
    struct dialogue d = {.request = r};
    *out = (struct smtp_result){0};
    if (!address_is_sound(r->from) || !address_is_sound(r->to)) {
        tell(out, SMTP_REFUSED, TROUBLE_RECIPIENT, "");
        return;
    }
    arena_init(&d.arena);
    if (prepare(&d, &out->why) != ERR_OK) {
        out->outcome = SMTP_REFUSED;
        arena_deinit(&d.arena);
        return;
    }
    CURL *c = d.easy.curl;
    struct curl_slist *to =
        curl_slist_append(NULL, arena_printf(&d.arena, "<%.*s>", STR_FMT(r->to)).p);
    curl_easy_setopt(c, CURLOPT_MAIL_FROM, arena_printf(&d.arena, "<%.*s>", STR_FMT(r->from)).p);
    curl_easy_setopt(c, CURLOPT_MAIL_RCPT, to);
    curl_easy_setopt(c, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(c, CURLOPT_INFILESIZE_LARGE, (curl_off_t)r->data.n);
    curl_easy_setopt(c, CURLOPT_READFUNCTION, on_body_wanted);
    curl_easy_setopt(c, CURLOPT_READDATA, &d);
    judge(&d, to ? easy_perform(&d.easy) : CURLE_OUT_OF_MEMORY, out);
    curl_slist_free_all(to);
    easy_deinit(&d.easy);
    arena_deinit(&d.arena);
}

enum err smtp_check(const struct smtp_request *r, struct errinfo *e)
{
    struct dialogue d = {.request = r};
    arena_init(&d.arena);
    enum err err = prepare(&d, e);
    if (err == ERR_OK) {
        curl_easy_setopt(d.easy.curl, CURLOPT_CUSTOMREQUEST, "NOOP");
        curl_easy_setopt(d.easy.curl, CURLOPT_NOBODY, 1L);
        CURLcode rc = easy_perform(&d.easy);
        if (rc != CURLE_OK)
            err = easy_explain(&d.easy, rc, "smtp", e);
        easy_deinit(&d.easy);
    }
    arena_deinit(&d.arena);
    return err;
}
