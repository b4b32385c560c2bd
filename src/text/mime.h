/* mime.h - mail: from bytes to what a person wrote, and back to bytes.
 *
 * Reading (RFC 5322, 2045-2049, 2231, 3834, 3464) takes whatever a mailbox holds; only size refuses
 * a mail, anything else that is wrong sets damaged. Writing makes plain UTF-8 text mails; a CR or
 * LF in a header value is refused, so that nobody adds headers. Everything lives in the arena.
 * Threads: any. */
#ifndef TEXT_MIME_H
#define TEXT_MIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "text/html.h"

struct arena;
struct buf;

enum {
    MAIL_BYTES_MAX = 25 * 1024 * 1024,
    MAIL_HEAD_MAX = 256 * 1024, /* of a larger head the rest is left out */
    MAIL_PARTS_MAX = 1000,
    MAIL_DEPTH_MAX = 30,
    MAIL_TEXT_MAX = 1024 * 1024,
    MAIL_ADDRESSES_MAX = 200,
    MAIL_REFERENCES_MAX = 100,
    MAIL_ATTACHMENTS_MAX = 100
};

struct mail_address {
    struct str name;    /* one safe line; may be empty */
    struct str address; /* user@host, host in lower case */
};

struct mail_addresses {
    struct mail_address *p;
    size_t n;
};

struct mail_attachment {
    struct str name;       /* a file name without path; "attachment" when none was told */
    struct str type;       /* media type, lower case */
    struct str content_id; /* without <>; may be empty */
    struct str data;
    bool is_inline;
};

struct mail {
    struct str message_id, in_reply_to; /* without <> */
    struct str *references;             /* oldest first, without <> */
    size_t reference_count;
    int64_t date; /* 0: not told */
    struct str subject;
    struct mail_addresses from, to, cc, reply_to;
    struct mail_addresses
        delivered_to;      /* Delivered-To, X-Original-To: where a plus address survives */
    struct str text;       /* what was written new: without history and signature */
    struct str quoted;     /* the history below or around it; may be empty */
    struct str signature;  /* behind "-- "; may be empty */
    struct safe_html html; /* of the HTML part, history included; may be empty */
    struct mail_attachment *attachments;
    size_t attachment_count;
    bool is_auto; /* no person wrote it just now: auto-reply, list, bulk, bounce; never answer by
                     machine */
    bool is_bounce;
    struct str bounced_id;      /* Message-ID of the mail that did not arrive, where it is told */
    struct str bounced_address; /* whom it did not reach, where it is told */
    bool is_damaged;
    struct str *verdicts; /* Authentication-Results, raw, from the top */
    size_t verdict_count;
};

/* Does the address in From say who wrote it? */
enum mail_sender {
    MAIL_SENDER_UNCHECKED, /* nobody whose word counts says anything */
    MAIL_SENDER_CONFIRMED, /* DMARC has passed, or DKIM or SPF for the domain of the address */
    MAIL_SENDER_DOUBTED
};

enum err mail_parse(struct arena *a, struct str bytes, struct mail *out,
                    struct errinfo *e) MUST_CHECK;
/* By the word of one server only, the receiving one, which must remove what others wrote under its
 * name (RFC 8601, 5). authserv_id: how it calls itself in Authentication-Results; empty: nobody's
 * word counts. */
enum mail_sender mail_sender_check(const struct mail *m, struct str authserv_id);
/* One JSON object in the shape that `zuruf parse mail` prints. */
void mail_to_json(struct buf *b, const struct mail *m);

/* Splits a plain text into new text, history and signature, as mail_parse does. Parts are of the
 * text given. */
void mail_split(struct arena *a, struct str whole, struct str *text, struct str *quoted,
                struct str *signature);

struct mail_out {
    struct mail_address from;
    struct mail_address reply_to; /* address empty: none */
    const struct mail_address *to;
    size_t to_count;
    struct str subject;
    struct str message_id, in_reply_to; /* without <>; in_reply_to may be empty */
    const struct str *references;
    size_t reference_count;
    int64_t date;
    struct str text;
    struct str auto_submitted;   /* "auto-generated", "auto-replied"; empty: written by a person */
    struct str list_unsubscribe; /* URL; empty: none */
};

/* RFC 5322 bytes with CRLF. ERR_INVALID names the field that is wrong. */
enum err mail_compose(struct arena *a, const struct mail_out *m, struct str *out,
                      struct errinfo *e) MUST_CHECK;
/* user@host of sane characters, at most 254 bytes; an IDN host in ASCII form. */
bool mail_address_valid(struct str address);

#endif
