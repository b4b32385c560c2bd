/* smtp.h - handing one message to a mail server (RFC 5321, 6409). Blocking. Threads: any. */
#ifndef NET_SMTP_H
#define NET_SMTP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"
#include "net/options.h"

struct smtp_request {
    struct str url;            /* smtps://host[:port], or smtp://host[:port] with STARTTLS */
    struct str user, password; /* absent: no sign-in */
    bool plain;                /* smtp:// without encryption; refused unless net.allow_private */
    struct net_options net;
    struct str from, to; /* envelope addresses, user@host */
    struct str data;     /* the message, lines ended by CRLF */
    /* Called once, when the server has taken sender and recipient and asks for the message. An
     * error ends the dialogue before the end of the message, so that the server drops it. */
    enum err (*before_body)(void *arg);
    void *arg;
};

enum smtp_outcome {
    SMTP_ACCEPTED,
    SMTP_REFUSED, /* for good: 5xx, sign-in, or an address that cannot be */
    SMTP_LATER,   /* nothing happened: 4xx, no connection, before_body said no */
    SMTP_UNCLEAR  /* the message went out, its answer did not come */
};

struct smtp_result {
    enum smtp_outcome outcome;
    int code;   /* the server's last, 0 without */
    bool whole; /* with SMTP_LATER: it is about the server, not about this message */
    struct errinfo why;
};

void smtp_send(const struct smtp_request *r, struct smtp_result *out);
/* Connects and signs in. Errors as fetch.h; ERR_DENIED: user or password, or guard. */
enum err smtp_check(const struct smtp_request *r, struct errinfo *e) MUST_CHECK;

#endif
