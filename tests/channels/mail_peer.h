/* mail_peer.h - the mail system of tests/channels/mail-server, from a test's point of view. What
 * goes in and what came out is done by other means than the code under test where that matters:
 * delivered mail is read from disk. */
#ifndef MAIL_PEER_H
#define MAIL_PEER_H

#include <stddef.h>

#include "base/arena.h"
#include "base/str.h"
#include "net/options.h"

#define MAIL_PEER_PASSWORD "geheim und lang"

struct mail_peer {
    char dir[64];
    char ca_file[96];
    int imap, imaps, smtp, submission, submissions;
    struct arena arena;
};

/* Ends the program with a word about what is missing when the servers do not start. */
void mail_peer_start(struct mail_peer *p);
void mail_peer_stop(struct mail_peer *p); /* also removes its directory */
/* stop-imap, start-imap, "renew care 7": a command of mail-server. */
void mail_peer_run(const struct mail_peer *p, const char *command, const char *arguments);

/* "imaps://localhost:NNN" */
struct str mail_peer_url(struct mail_peer *p, const char *scheme, int port);
struct net_options mail_peer_options(const struct mail_peer *p);

/* Brings a mail from outside to user@zuruf.test, as any server on the internet would. */
void mail_peer_deliver(struct mail_peer *p, const char *user, struct str mail);
/* Mails in the user's INBOX on disk. */
size_t mail_peer_count(const struct mail_peer *p, const char *user);
/* Waits until there are n; fails the program after a minute. */
void mail_peer_wait(const struct mail_peer *p, const char *user, size_t n);
/* The newest mail on disk that holds the text; STR_NONE without one. */
struct str mail_peer_find(const struct mail_peer *p, struct arena *a, const char *user,
                          const char *text);

#endif
