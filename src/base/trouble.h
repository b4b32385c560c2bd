/* trouble.h - why another server, an account or a backup cannot do its work: a code with
 * parameters, so that it can be kept and told to each reader in his language, with what to do.
 * Whatever keeps such a reason (account.error, message.what, delivery.what, incident.what,
 * backup_run.what) keeps it as "word TAB parameter TAB ..."; shell and log say it in English.
 * Threads: any. */
#ifndef BASE_TROUBLE_H
#define BASE_TROUBLE_H

#include <stdarg.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

struct arena;

enum { TROUBLE_PARAMS = 2 };

enum trouble {
    TROUBLE_OTHER, /* one parameter: an English sentence that nobody has words for */
    /* the other server cannot be reached */
    TROUBLE_RESOLVE,
    TROUBLE_REFUSED,
    TROUBLE_UNREACHABLE,
    TROUBLE_CONNECT, /* detail */
    TROUBLE_TIMEOUT,
    TROUBLE_BROKE,
    TROUBLE_PACE, /* requests */
    TROUBLE_STOPPING,
    TROUBLE_HELD,
    /* it cannot be trusted */
    TROUBLE_CERT_EXPIRED,
    TROUBLE_CERT_EARLY,
    TROUBLE_CERT_SELF,
    TROUBLE_CERT_ISSUER,
    TROUBLE_CERT_NAME,
    TROUBLE_CERT, /* detail */
    TROUBLE_TLS,
    TROUBLE_NO_STARTTLS,
    TROUBLE_DOWNGRADE,
    /* it answers, but not with what we need */
    TROUBLE_STATUS, /* status */
    TROUBLE_TOO_MANY,
    TROUBLE_SERVER_ILL, /* status */
    TROUBLE_LOGIN,
    TROUBLE_NONSENSE,  /* detail */
    TROUBLE_TOO_LARGE, /* bytes */
    TROUBLE_REDIRECTS, /* number */
    TROUBLE_GONE,
    /* feeds */
    TROUBLE_NO_FEED,
    TROUBLE_FEED_DENIED, /* status */
    TROUBLE_WEB_PAGE,    /* address of a feed */
    TROUBLE_NOT_A_FEED,
    TROUBLE_FEED_XML,
    TROUBLE_FEED_JSON,
    TROUBLE_FEED_LARGE, /* MiB */
    TROUBLE_ENTER_FEED,
    /* mailboxes */
    TROUBLE_NO_FOLDER, /* name */
    TROUBLE_FOLDER_ANEW,
    TROUBLE_NO_UIDVALIDITY,
    TROUBLE_FOLDER_NAME, /* bytes */
    TROUBLE_FOLDER_NAMES,
    TROUBLE_ENTER_MAILBOX,
    /* sending */
    TROUBLE_SENT,
    TROUBLE_SENT_STATUS,    /* status */
    TROUBLE_REFUSED_STATUS, /* status */
    TROUBLE_RECEIVER_MOVED, /* status */
    TROUBLE_ENTER_ADDRESS,
    TROUBLE_ENTER_SECRET,
    TROUBLE_ENTER_SMTP,
    TROUBLE_ANSWER_LARGE, /* bytes */
    TROUBLE_CANNOT_MAIL,
    TROUBLE_RECIPIENT,
    TROUBLE_COMPOSE,      /* detail */
    TROUBLE_MAIL_LOGIN,   /* the server's words */
    TROUBLE_MAIL_REFUSED, /* the server's words */
    TROUBLE_MAIL_LATER,   /* the server's words */
    TROUBLE_MAIL_UNCLEAR,
    TROUBLE_MAIL_BOUNCED,
    TROUBLE_PARENT,
    TROUBLE_DATABASE,
    TROUBLE_STOPPED_SENDING,
    TROUBLE_RESTORED, /* moment */
    /* the account's settings */
    TROUBLE_PRIVATE,
    TROUBLE_PLAIN,
    TROUBLE_CA_FILE,
    TROUBLE_SCHEME, /* two schemes */
    TROUBLE_NO_SERVER,
    TROUBLE_SERVER_NAME,
    TROUBLE_PORT,
    TROUBLE_PORT_SERVICE,
    TROUBLE_CREDENTIALS,
    TROUBLE_ADDRESS_LONG, /* bytes */
    TROUBLE_ADDRESS,
    TROUBLE_CHANNEL, /* key */
    /* backups */
    TROUBLE_DISK_FULL, /* file */
    TROUBLE_DISK_COPY, /* file, MB */
    TROUBLE_COUNT
};

struct trouble_row {
    const char *word; /* as it is kept */
    const char *text; /* English msgid, %s for each parameter */
    const char *todo; /* English msgid of a sentence: what a person does about it; may be NULL */
};

extern const struct trouble_row trouble_table[TROUBLE_COUNT];

/* Fills e (which may be NULL): what is the English sentence, said what is kept. fmt gives the
 * parameters, with a tab between two; NULL without any. Returns code. */
enum err err_trouble(struct errinfo *e, enum err code, const char *where, enum trouble t,
                     const char *fmt, ...) __attribute__((format(printf, 5, 6)));
enum err err_troublev(struct errinfo *e, enum err code, const char *where, enum trouble t,
                      const char *fmt, va_list ap) __attribute__((format(printf, 5, 0)));

/* What is kept of e: said, or the English sentence, or its code's word. */
struct str trouble_kept(const struct errinfo *e, struct arena *a);

/* Reads what was kept. params: TROUBLE_PARAMS, absent ones are STR_NONE. What is of no known form
 * is TROUBLE_OTHER with the whole as its parameter. */
enum trouble trouble_read(struct str kept, struct str *params);
/* In English. */
struct str trouble_english(struct arena *a, struct str kept);

#endif
