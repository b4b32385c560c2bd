/* mailbox.h - reading a mailbox over IMAP4rev1 (RFC 3501): folders, sizes, single messages. A
 * session keeps its connection and opens it again by itself once when it broke. Messages that are
 * fetched become "seen" for other mail programs; nothing else is changed. Blocking. Threads: a
 * session belongs to one at a time. */
#ifndef NET_MAILBOX_H
#define NET_MAILBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "net/options.h"

struct arena;
struct mailbox;

enum { MAILBOX_RANGE_MAX = 10000, MAILBOX_DESCRIBE_MAX = 25 };

struct mailbox_options {
    struct str url; /* imaps://host[:port], or imap://host[:port] with STARTTLS */
    struct str user, password;
    bool plain; /* imap:// without encryption; refused unless net.allow_private */
    struct net_options net;
};

struct mailbox_folder {
    uint32_t uidvalidity; /* another value: all UIDs known before are void */
    uint32_t uidnext;     /* no message has this UID or a higher one yet; 0: not told */
};

struct mailbox_mail {
    uint32_t uid;
    int64_t size;     /* bytes */
    int64_t received; /* when the server got it, ms; 0: not told */
};

/* No connection yet. ERR_INVALID: the address; ERR_DENIED: plain without allow_private. */
enum err mailbox_open(const struct mailbox_options *o, struct mailbox **out,
                      struct errinfo *e) MUST_CHECK;
void mailbox_close(struct mailbox *m); /* NULL is fine */

/* Signs in where needed and opens a folder for the calls below; its name as people see it, in
 * UTF-8. ERR_NOT_FOUND: no such folder; ERR_DENIED: user or password, or guard; ERR_IO, ERR_PEER as
 * fetch.h. */
enum err mailbox_select(struct mailbox *m, struct str folder, struct mailbox_folder *out,
                        struct errinfo *e) MUST_CHECK;
/* Which messages there are with from <= UID <= to, ascending; at most MAILBOX_RANGE_MAX UIDs are
 * asked for at once. */
enum err mailbox_search(struct mailbox *m, uint32_t from, uint32_t to, struct arena *a,
                        uint32_t **out, size_t *count, struct errinfo *e) MUST_CHECK;
/* Size and time of n <= MAILBOX_DESCRIBE_MAX messages, ascending; one that was deleted meanwhile is
 * missing. */
enum err mailbox_describe(struct mailbox *m, const uint32_t *uids, size_t n, struct arena *a,
                          struct mailbox_mail **out, size_t *count, struct errinfo *e) MUST_CHECK;
/* The whole message as it came. ERR_NOT_FOUND: deleted meanwhile; ERR_CONFLICT: UIDVALIDITY
 * changed, begin again with mailbox_select; ERR_LIMIT: larger than max. */
enum err mailbox_fetch(struct mailbox *m, uint32_t uid, size_t max, struct arena *a,
                       struct str *raw, struct errinfo *e) MUST_CHECK;

#endif
