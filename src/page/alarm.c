/* alarm.c - see alarm.h. */
#include "page/alarm.h"

#include "base/arena.h"
#include "base/buf.h"
#include "domain/words.h"
#include "page/format.h"
#include "page/locale.h"

enum { TEXT_MAX = 2000, BLANKS_MAX = 2 };

/* msgid's text with each %s replaced in order. */
static struct str fill(struct arena *a, const struct locale *l, const char *msgid,
                       const struct str *args, size_t n)
{
    struct str text = locale_text(l, msgid);
    struct buf b;
    size_t at = 0;
    buf_init_in(&b, a, TEXT_MAX);
    for (size_t i = 0; i < n; i++) {
        ptrdiff_t hit = str_find(text, STR("%s"), at);
        if (hit < 0)
            break;
        buf_add(&b, str_sub(text, at, (size_t)hit));
        buf_add(&b, args[i]);
        at = (size_t)hit + 2;
    }
    buf_add(&b, str_sub(text, at, text.n));
    return buf_str(&b);
}

/* --- faults --- */

/* As the messages of net/ and channels/ read, %s where they differ; tests/unit/page/test_alarm.c
 * compares with their sources. */
static const char *const faults[] = {
    N_("the server has a private or reserved address; allow private addresses for this account if "
       "it is meant"),
    N_("a connection without encryption is for private networks only"),
    N_("this server was asked %s times within a minute"),
    N_("this account cannot send mail"),
    N_("given up because Zuruf is stopping here"),
    N_("the name of the server cannot be resolved"),
    N_("no connection to the server: %s"),
    N_("the server did not answer in time"),
    N_("the connection broke: %s"),
    N_("the server's certificate is not trusted: %s"),
    N_("the file of trusted certificates cannot be read: %s"),
    N_("the server offers no encryption (STARTTLS)"),
    N_("the server does not accept the user name or the password"),
    N_("the server's answer was of no use: %s"),
    N_("the server's answer is larger than %s bytes"),
    N_("the server redirects from https to http"),
    N_("the server redirects more than %s times"),
    N_("there is no feed at this address (status 404)"),
    N_("the server does not let us read the feed (status %s)"),
    N_("the server asks for fewer requests (status 429)"),
    N_("the server answers with status %s"),
    N_("the mailbox has no folder %s"),
    N_("the folder was made anew meanwhile"),
    N_("the server tells no UIDVALIDITY"),
    N_("a folder's name has 1 to %s bytes"),
    N_("the names of the folders are too long"),
    N_("enter the mailbox's own address, as user@host"),
    N_("enter the address of the feed"),
    N_("this is a web page; enter the feed that it names: %s"),
    N_("this is neither RSS, Atom nor JSON Feed"),
    N_("the XML is broken before the first entry"),
    N_("JSON, but no JSON Feed: \"version\" does not name one"),
    N_("the feed is larger than %s MiB"),
    N_("enter a secret, answers are signed with it"),
    N_("The source says that it is gone for good. Enter a new address or remove the account."),
};

/* What stands for each %s of the pattern; false when it is not of that pattern. */
static bool fits(struct str pattern, struct str text, struct str *args, size_t *n)
{
    size_t at = 0;
    *n = 0;
    for (;;) {
        ptrdiff_t blank = str_find(pattern, STR("%s"), 0);
        struct str head = blank < 0 ? pattern : str_sub(pattern, 0, (size_t)blank);
        if (!str_starts(str_sub(text, at, text.n), head))
            return false;
        at += head.n;
        if (blank < 0)
            return at == text.n;
        pattern = str_sub(pattern, (size_t)blank + 2, pattern.n);
        ptrdiff_t next = str_find(pattern, STR("%s"), 0);
        struct str rest = next < 0 ? pattern : str_sub(pattern, 0, (size_t)next);
        ptrdiff_t end = rest.n ? str_find(text, rest, at) : (ptrdiff_t)text.n;
        if (end < 0 || *n == BLANKS_MAX)
            return false;
        args[(*n)++] = str_sub(text, at, (size_t)end);
        at = (size_t)end;
    }
}

struct str fault_text(struct arena *a, const struct locale *l, struct str english)
{
    struct str args[BLANKS_MAX];
    size_t n;
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        if (fits(str_z(faults[i]), english, args, &n))
            return fill(a, l, faults[i], args, n);
    return english;
}

/* --- incidents --- */

static struct str one(struct arena *a, const struct locale *l, const char *msgid, struct str arg)
{
    return fill(a, l, msgid, &arg, 1);
}

static void say_silent(struct arena *a, const struct locale *l, int64_t quiet, struct str when,
                       const struct alarm *in, struct alarm_words *out)
{
    const struct str args[] = {format_duration(a, l, in->usual), when};
    out->title = one(a, l, N_("Quiet for %s"), format_duration(a, l, quiet));
    out->detail = fill(
        a, l, N_("At this time a post usually comes every %s. The last one came %s."), args, 2);
    out->todo = locale_text(
        l,
        N_("Fetch now, and look on the channel itself whether somebody wrote. If nobody did, say "
           "that it is fine: then this counts as usual, too."));
}

void alarm_say(struct arena *a, const struct locale *l, const struct zone *z, int64_t now,
               const struct alarm *in, struct alarm_words *out)
{
    struct str when =
        in->since ? format_moment(a, l, z, now, in->since) : locale_text(l, N_("never"));
    struct str last = one(a, l, N_("It was last reached %s."), when);
    struct str what = in->what.n ? fault_text(a, l, in->what) : STR_NONE;
    const char *stop = what.n && what.p[what.n - 1] == '.' ? "" : ".";
    out->detail =
        what.n ? arena_printf(a, "%.*s%s %.*s", STR_FMT(what), stop, STR_FMT(last)) : last;
    switch (in->kind) {
    case INCIDENT_SILENT:
        say_silent(a, l, now - in->since, when, in, out);
        break;
    case INCIDENT_LATE:
        out->title = locale_text(l, N_("Nobody fetches it"));
        out->detail = last;
        out->todo =
            locale_text(l, N_("Its time has come, but no server took it up. Look whether one "
                              "runs, and what its log says."));
        break;
    case INCIDENT_DENIED:
        out->title = locale_text(l, N_("The other side does not let us in"));
        out->todo = locale_text(l, N_("Enter password or token anew in the account, save, and try "
                                      "it. Until then nothing is heard there."));
        break;
    case INCIDENT_GONE:
        out->title = locale_text(l, N_("The source is gone"));
        out->todo = locale_text(l, N_("Enter its new address in the account, or pause it."));
        break;
    case INCIDENT_FAILING:
    default:
        out->title = locale_text(l, N_("It cannot be reached"));
        out->todo =
            locale_text(l, N_("It is tried again by itself. If the other side is well, check "
                              "the address and the settings of the account."));
        break;
    }
}
