/* trouble.c - see trouble.h. */
#include "base/trouble.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/utf8.h"

enum { TEXT_MAX = 1000 };

#define LOOK_AT_IT N_("Ask who runs that server. It is tried again by itself.")
#define ENTER_ANEW N_("Correct it in the account's settings.")

const struct trouble_row trouble_table[TROUBLE_COUNT] = {
    [TROUBLE_OTHER] = {"other", "%s", NULL},
    [TROUBLE_RESOLVE] =
        {"resolve", N_("the name of the server cannot be resolved"),
         N_("Check the server's name in the account's settings, and whether this machine's name "
            "service works. It is tried again by itself.")},
    [TROUBLE_REFUSED] = {"refused", N_("the server refuses the connection"),
                         N_("Nothing listens there: the server is down, or its port in the "
                            "account's settings is another. It is tried again by itself.")},
    [TROUBLE_UNREACHABLE] =
        {"unreachable", N_("there is no way to the server"),
         N_("Check this machine's network and firewall. It is tried again by itself.")},
    [TROUBLE_CONNECT] = {"connect", N_("no connection to the server: %s"), LOOK_AT_IT},
    [TROUBLE_TIMEOUT] = {"timeout", N_("the server did not answer in time"), LOOK_AT_IT},
    [TROUBLE_BROKE] = {"broke", N_("the connection broke before the answer was whole"), LOOK_AT_IT},
    [TROUBLE_PACE] = {"pace", N_("this server was asked %s times within a minute"), NULL},
    [TROUBLE_STOPPING] = {"stopping", N_("given up because Zuruf is stopping here"), NULL},
    [TROUBLE_HELD] = {"held", N_("held back before it was sent"), NULL},
    [TROUBLE_CERT_EXPIRED] = {"cert_expired", N_("the server's certificate has expired"),
                              N_("Who runs that server has to renew it.")},
    [TROUBLE_CERT_EARLY] =
        {"cert_early", N_("the server's certificate is not valid yet"),
         N_("Compare the clocks of both machines; who runs that server set the certificate up.")},
    [TROUBLE_CERT_SELF] =
        {"cert_self", N_("the server has signed its certificate itself"),
         N_("If that is meant, add the certificate to the file that ca_file names.")},
    [TROUBLE_CERT_ISSUER] =
        {"cert_issuer", N_("nobody we trust has signed the server's certificate"),
         N_("If that is meant, add the signer's certificate to the file that ca_file names.")},
    [TROUBLE_CERT_NAME] = {"cert_name", N_("the server's certificate is for another name"),
                           N_("Enter the name that the certificate is for, or have it renewed.")},
    [TROUBLE_CERT] = {"cert", N_("the server's certificate is not trusted: %s"), LOOK_AT_IT},
    [TROUBLE_TLS] = {"tls", N_("no encrypted connection could be agreed on with the server"),
                     N_("Check whether the port is the one for encrypted connections.")},
    [TROUBLE_NO_STARTTLS] = {"no_starttls", N_("the server offers no encryption (STARTTLS)"),
                             N_("Enter an address that begins with imaps:// or smtps://.")},
    [TROUBLE_DOWNGRADE] = {"downgrade", N_("the server redirects from https to http"), LOOK_AT_IT},
    [TROUBLE_STATUS] = {"status", N_("the server answers with status %s"), LOOK_AT_IT},
    [TROUBLE_TOO_MANY] = {"too_many", N_("the server asks for fewer requests (status 429)"), NULL},
    [TROUBLE_SERVER_ILL] = {"server_ill", N_("the server is out of order (status %s)"), LOOK_AT_IT},
    [TROUBLE_LOGIN] = {"login", N_("the server does not accept the user name or the password"),
                       N_("Enter user name and password anew in the account's settings.")},
    [TROUBLE_NONSENSE] = {"nonsense", N_("the server's answer was of no use: %s"), LOOK_AT_IT},
    [TROUBLE_TOO_LARGE] = {"too_large", N_("the server's answer is larger than %s bytes"), NULL},
    [TROUBLE_REDIRECTS] = {"redirects", N_("the server redirects more than %s times"), ENTER_ANEW},
    [TROUBLE_GONE] = {"gone", N_("the source says that it is gone for good"),
                      N_("Enter its new address in the account, or pause it.")},
    [TROUBLE_NO_FEED] = {"no_feed", N_("there is no feed at this address (status 404)"),
                         ENTER_ANEW},
    [TROUBLE_FEED_DENIED] = {"feed_denied",
                             N_("the server does not let us read the feed (status %s)"), NULL},
    [TROUBLE_WEB_PAGE] = {"web_page", N_("this is a web page; enter the feed that it names: %s"),
                          NULL},
    [TROUBLE_NOT_A_FEED] = {"not_a_feed", N_("this is neither RSS, Atom nor JSON Feed"),
                            ENTER_ANEW},
    [TROUBLE_FEED_XML] = {"feed_xml", N_("the XML is broken before the first entry"), LOOK_AT_IT},
    [TROUBLE_FEED_JSON] = {"feed_json", N_("JSON, but no JSON Feed: \"version\" does not name one"),
                           ENTER_ANEW},
    [TROUBLE_FEED_LARGE] = {"feed_large", N_("the feed is larger than %s MiB"), NULL},
    [TROUBLE_ENTER_FEED] = {"enter_feed", N_("enter the address of the feed"), NULL},
    [TROUBLE_NO_FOLDER] = {"no_folder", N_("the mailbox has no folder %s"), ENTER_ANEW},
    [TROUBLE_FOLDER_ANEW] = {"folder_anew", N_("the folder was made anew meanwhile"), NULL},
    [TROUBLE_NO_UIDVALIDITY] = {"no_uidvalidity", N_("the server tells no UIDVALIDITY"),
                                LOOK_AT_IT},
    [TROUBLE_FOLDER_NAME] = {"folder_name", N_("a folder's name has 1 to %s bytes"), ENTER_ANEW},
    [TROUBLE_FOLDER_NAMES] = {"folder_names", N_("the names of the folders are too long"),
                              ENTER_ANEW},
    [TROUBLE_ENTER_MAILBOX] = {"enter_mailbox", N_("enter the mailbox's own address, as user@host"),
                               NULL},
    [TROUBLE_SENT] = {"sent", N_("accepted by the mail server"), NULL},
    [TROUBLE_SENT_STATUS] = {"sent_status", N_("accepted with status %s"), NULL},
    [TROUBLE_REFUSED_STATUS] = {"refused_status",
                                N_("the receiver refuses the answer with status %s"),
                                N_("Ask who runs the receiver why; then send it again.")},
    [TROUBLE_RECEIVER_MOVED] = {"receiver_moved", N_("the receiver redirects (status %s)"),
                                N_("Enter its new address in the account's settings.")},
    [TROUBLE_ENTER_ADDRESS] = {"enter_address", N_("the account has no address for answers"),
                               ENTER_ANEW},
    [TROUBLE_ENTER_SECRET] = {"enter_secret", N_("enter a secret, answers are signed with it"),
                              NULL},
    [TROUBLE_ENTER_SMTP] = {"enter_smtp", N_("the account has no outgoing mail server"),
                            ENTER_ANEW},
    [TROUBLE_ANSWER_LARGE] = {"answer_large", N_("the answer is larger than %s bytes"), NULL},
    [TROUBLE_CANNOT_MAIL] = {"cannot_mail", N_("this account cannot send mail"), NULL},
    [TROUBLE_RECIPIENT] = {"recipient",
                           N_("the address of the sender or of the recipient is not usable"), NULL},
    [TROUBLE_COMPOSE] = {"compose", N_("the mail cannot be written: %s"), NULL},
    [TROUBLE_MAIL_LOGIN] =
        {"mail_login", N_("the mail server does not accept the user name or the password: %s"),
         N_("Enter user name and password anew in the account's settings, then send it again.")},
    [TROUBLE_MAIL_REFUSED] = {"mail_refused", N_("the mail server refuses the message: %s"),
                              N_("Check the recipient's address.")},
    [TROUBLE_MAIL_LATER] = {"mail_later", N_("the mail server asks to try later: %s"), NULL},
    [TROUBLE_MAIL_UNCLEAR] = {"mail_unclear",
                              N_("the connection broke after the message, it may have arrived"),
                              N_("Look into the sent mail or ask the recipient.")},
    [TROUBLE_MAIL_BOUNCED] = {"mail_bounced",
                              N_("the mail came back: the address does not take it"),
                              N_("Check the recipient's address.")},
    [TROUBLE_PARENT] = {"parent", N_("the post it answers cannot be read"), NULL},
    [TROUBLE_DATABASE] = {"database", N_("the database was lost before the message could leave"),
                          NULL},
    [TROUBLE_STOPPED_SENDING] = {"stopped_sending",
                                 N_("Zuruf stopped while it was being sent; it may have arrived"),
                                 N_("Look there before you send it again.")},
    [TROUBLE_RESTORED] = {"restored",
                          N_("Zuruf was restored from the backup of %s; this may have been sent or "
                             "taken back since"),
                          N_("Look there before you send it.")},
    [TROUBLE_PRIVATE] = {"private",
                         N_("the server has a private or reserved address; allow private addresses "
                            "for this account if it is meant"),
                         NULL},
    [TROUBLE_PLAIN] = {"plain", N_("a connection without encryption is for private networks only"),
                       ENTER_ANEW},
    [TROUBLE_CA_FILE] = {"ca_file", N_("the file of trusted certificates cannot be read"),
                         N_("Check the setting ca_file of the server.")},
    [TROUBLE_SCHEME] = {"scheme", N_("the address must start with %s:// or %s://"), NULL},
    [TROUBLE_NO_SERVER] = {"no_server", N_("the address names no server"), NULL},
    [TROUBLE_SERVER_NAME] = {"server_name", N_("the name of the server is not valid"), NULL},
    [TROUBLE_PORT] = {"port", N_("the port is not valid"), NULL},
    [TROUBLE_PORT_SERVICE] = {"port_service",
                              N_("the port belongs to another service than the web"), NULL},
    [TROUBLE_CREDENTIALS] =
        {"credentials", N_("an address must not hold a user name, a password or a network zone"),
         NULL},
    [TROUBLE_ADDRESS_LONG] = {"address_long", N_("the address is longer than %s bytes"), NULL},
    [TROUBLE_ADDRESS] = {"address", N_("this is not a usable address"), NULL},
    [TROUBLE_CHANNEL] = {"channel", N_("this version has no channel '%s'"), NULL},
    [TROUBLE_DISK_FULL] = {"disk_full", N_("the disk of %s is full; nothing was kept of it"), NULL},
    [TROUBLE_DISK_COPY] = {"disk_copy",
                           N_("the disk of %s is full: a copy needs %s MB; free some or name "
                              "another place"),
                           NULL},
};

/* Control characters of strangers would part what is kept, and what is no UTF-8, as after a cut in
 * the middle of a character, cannot be kept at all. size: of s. */
static void make_plain(char *s, size_t size, char spared)
{
    struct arena a;
    for (char *p = s; *p; p++)
        if (((unsigned char)*p < ' ' && *p != spared) || *p == 0x7f)
            *p = ' ';
    if (utf8_valid(str_z(s)))
        return;
    arena_init(&a);
    struct str sound = utf8_clip(utf8_repair(&a, str_z(s)), size - 1);
    memcpy(s, sound.p, sound.n);
    s[sound.n] = 0;
    arena_deinit(&a);
}

static void fill(struct buf *out, const char *text, const struct str *params, size_t n)
{
    struct str rest = str_z(text);
    ptrdiff_t hit;
    for (size_t i = 0; i < n && (hit = str_find(rest, STR("%s"), 0)) >= 0; i++) {
        buf_add(out, str_sub(rest, 0, (size_t)hit));
        buf_add(out, params[i]);
        rest = str_sub(rest, (size_t)hit + 2, rest.n);
    }
    buf_add(out, rest);
}

enum err err_troublev(struct errinfo *e, enum err code, const char *where, enum trouble t,
                      const char *fmt, va_list ap)
{
    struct arena a;
    char said[sizeof e->said];
    if (!e)
        return code;
    int n = snprintf(said, sizeof said, "%s%s", trouble_table[t].word, fmt ? "\t" : "");
    if (fmt)
        vsnprintf(said + n, sizeof said - (size_t)n, fmt, ap);
    make_plain(said, sizeof said, '\t');
    arena_init(&a);
    struct str english = trouble_english(&a, str_z(said));
    err_set(e, code, where, "%.*s", STR_FMT(english));
    arena_deinit(&a);
    memcpy(e->said, said, sizeof said);
    return code;
}

enum err err_trouble(struct errinfo *e, enum err code, const char *where, enum trouble t,
                     const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    (void)err_troublev(e, code, where, t, fmt, ap);
    va_end(ap);
    return code;
}

struct str trouble_kept(const struct errinfo *e, struct arena *a)
{
    if (e->said[0])
        return arena_strz(a, e->said);
    char what[sizeof e->what];
    snprintf(what, sizeof what, "%s", e->what[0] ? e->what : err_code(e->code));
    make_plain(what, sizeof what, 0);
    return arena_strz(a, what);
}

static size_t params_of(const char *text)
{
    size_t n = 0;
    while ((text = strstr(text, "%s")))
        n++, text += 2;
    return n;
}

/* A stranger's words come last: a tab in them parts nothing. */
enum trouble trouble_read(struct str kept, struct str *params)
{
    struct str rest = kept, word, piece;
    for (size_t i = 0; i < TROUBLE_PARAMS; i++)
        params[i] = STR_NONE;
    if (str_next(&rest, '\t', &word))
        for (int t = TROUBLE_OTHER + 1; t < TROUBLE_COUNT; t++) {
            if (!str_eq_z(word, trouble_table[t].word))
                continue;
            size_t n = params_of(trouble_table[t].text);
            for (size_t i = 0; i + 1 < n && str_next(&rest, '\t', &piece); i++)
                params[i] = piece;
            if (n)
                params[n - 1] = rest;
            return (enum trouble)t;
        }
    params[0] = kept;
    return TROUBLE_OTHER;
}

struct str trouble_english(struct arena *a, struct str kept)
{
    struct str params[TROUBLE_PARAMS];
    struct buf b;
    enum trouble t = trouble_read(kept, params);
    buf_init_in(&b, a, TEXT_MAX);
    fill(&b, trouble_table[t].text, params, TROUBLE_PARAMS);
    return buf_str(&b);
}
