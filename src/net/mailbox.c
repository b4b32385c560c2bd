/* mailbox.c - see mailbox.h. curl's own IMAP verbs are two: a custom command, whose answer's lines
 * all come to the header callback, and "UID FETCH n BODY[]" by a ;UID=n address. Commands are
 * chosen by what curl 7.88 can take: no answer but that of the second holds a literal, which custom
 * commands cut off; a line is shorter than half the buffer, else it is dropped; and there are few
 * lines, for each counts what waits behind it as header bytes, of which 300 KB end a transfer. */
#include "net/mailbox.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/trouble.h"
#include "base/vec.h"
#include "net/easy.h"
#include "net/url.h"
#include "text/unicode.h"

enum {
    COMMAND_MS = 60 * 1000,
    ANSWER_MAX = 1024 * 1024,
    LINE_BUFFER = 256 * 1024, /* MAILBOX_RANGE_MAX numbers of ten digits fit into half of it */
    FOLDER_MAX = 255
};

struct mailbox {
    struct easy easy;
    struct arena arena;           /* the address and the selected folder's name */
    struct str url;               /* without a trailing slash */
    struct str folder;            /* selected, ready for an address */
    struct mailbox_folder status; /* of the last SELECT seen */
    struct vec uids;              /* uint32_t that the current command found */
    struct vec mails;             /* struct mailbox_mail that it described */
    bool fetching;                /* the body is a message, not the lines of a command */
    size_t answer_bytes;
    struct buf body; /* of the message being fetched */
    bool too_large;
};

/* The number behind a word of an answer, as in "(UID 7 RFC822.SIZE 1234)". */
static bool number_after(struct str line, struct str word, int64_t *out)
{
    for (size_t i = 1; i + word.n < line.n; i++) {
        char before = line.p[i - 1];
        if ((before != ' ' && before != '(' && before != '[') ||
            !str_starts_nocase(str_sub(line, i, line.n), word) || line.p[i + word.n] != ' ')
            continue;
        size_t from = i + word.n + 1, to = from;
        while (to < line.n && line.p[to] >= '0' && line.p[to] <= '9')
            to++;
        return str_to_i64(str_sub(line, from, to), out);
    }
    return false;
}

/* INTERNALDATE "17-Jul-1996 02:44:25 -0700" */
static int64_t received(struct str line)
{
    const struct str word = STR("INTERNALDATE \"");
    char date[40];
    ptrdiff_t from = str_find(line, word, 0);
    ptrdiff_t to = from < 0 ? -1 : str_find_char(line, '"', (size_t)from + word.n);
    if (to < 0)
        return 0;
    struct str text = str_trim(str_sub(line, (size_t)from + word.n, (size_t)to));
    if (text.n >= sizeof date)
        return 0;
    memcpy(date, text.p, text.n);
    date[text.n] = 0;
    int64_t at = (int64_t)curl_getdate(date, NULL);
    return at > 0 ? at * CLOCK_SECOND : 0;
}

/* " 3 5 7" */
static void keep_found(struct mailbox *m, struct str numbers)
{
    struct str piece;
    int64_t uid;
    while (str_next(&numbers, ' ', &piece))
        if (str_to_i64(str_trim(piece), &uid) && uid > 0 && uid <= UINT32_MAX)
            *(uint32_t *)vec_push(&m->uids) = (uint32_t)uid;
}

static size_t on_answer(char *p, size_t size, size_t n, void *arg)
{
    struct mailbox *m = arg;
    struct str line = {p, size * n};
    int64_t uid, v;
    m->answer_bytes += line.n;
    if (m->answer_bytes > ANSWER_MAX) {
        m->too_large = true;
        return 0;
    }
    if (!str_starts(line, STR("* ")))
        return line.n;
    if (number_after(line, STR("UIDVALIDITY"), &v) && v > 0 && v <= UINT32_MAX)
        m->status.uidvalidity = (uint32_t)v;
    else if (number_after(line, STR("UIDNEXT"), &v) && v > 0 && v <= UINT32_MAX)
        m->status.uidnext = (uint32_t)v;
    else if (m->uids.arena && str_starts_nocase(line, STR("* SEARCH")))
        keep_found(m, str_sub(line, 8, line.n));
    else if (m->mails.arena && number_after(line, STR("UID"), &uid) && uid > 0 &&
             uid <= UINT32_MAX && number_after(line, STR("RFC822.SIZE"), &v))
        *(struct mailbox_mail *)vec_push(&m->mails) =
            (struct mailbox_mail){(uint32_t)uid, v, received(line)};
    return line.n;
}

static size_t on_body(char *p, size_t size, size_t n, void *arg)
{
    struct mailbox *m = arg;
    if (!m->fetching) /* these lines came to on_answer already */
        return size * n;
    buf_add(&m->body, (struct str){p, size * n});
    if (buf_ok(&m->body))
        return size * n;
    m->too_large = true;
    return 0;
}

enum err mailbox_open(const struct mailbox_options *o, struct mailbox **out, struct errinfo *e)
{
    CURLU *parsed;
    TRY(url_parse(o->url, NULL, URL_IMAP, &parsed, e));
    curl_url_cleanup(parsed);
    if (o->plain && !o->net.allow_private)
        return err_trouble(e, ERR_DENIED, "plain", TROUBLE_PLAIN, NULL);
    struct mailbox *m = calloc(1, sizeof *m);
    if (!m)
        return err_set(e, ERR_IO, "net", "out of memory");
    enum err err = easy_init(&m->easy, &o->net, e);
    if (err != ERR_OK) {
        free(m);
        return err;
    }
    arena_init(&m->arena);
    m->url = arena_str(&m->arena, o->url);
    while (str_ends(m->url, STR("/")))
        m->url.n--;
    CURL *c = m->easy.curl;
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "imap,imaps");
    curl_easy_setopt(c, CURLOPT_USE_SSL, (long)(o->plain ? CURLUSESSL_NONE : CURLUSESSL_ALL));
    curl_easy_setopt(c, CURLOPT_USERNAME, arena_str(&m->arena, o->user).p);
    curl_easy_setopt(c, CURLOPT_PASSWORD, arena_str(&m->arena, o->password).p);
    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)COMMAND_MS);
    curl_easy_setopt(c, CURLOPT_BUFFERSIZE, (long)LINE_BUFFER);
    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_answer);
    curl_easy_setopt(c, CURLOPT_HEADERDATA, m);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, m);
    *out = m;
    return ERR_OK;
}

void mailbox_close(struct mailbox *m)
{
    if (!m)
        return;
    easy_deinit(&m->easy);
    arena_deinit(&m->arena);
    free(m);
}

static bool is_broken_connection(CURLcode rc)
{
    return rc == CURLE_RECV_ERROR || rc == CURLE_SEND_ERROR || rc == CURLE_GOT_NOTHING ||
           rc == CURLE_PARTIAL_FILE;
}

/* Runs one command on the selected folder; reading changes nothing, so a broken connection is tried
 * anew. */
static CURLcode perform(struct mailbox *m, struct str url, const char *command)
{
    CURLcode rc = CURLE_OK;
    curl_easy_setopt(m->easy.curl, CURLOPT_URL, url.p);
    curl_easy_setopt(m->easy.curl, CURLOPT_CUSTOMREQUEST, command);
    m->fetching = !command;
    for (int attempt = 0; attempt < 2; attempt++) {
        m->answer_bytes = 0;
        m->too_large = false;
        m->uids.n = m->mails.n = 0;
        buf_clear(&m->body);
        rc = easy_perform(&m->easy);
        if (!is_broken_connection(rc) || m->too_large)
            break;
    }
    return rc;
}

/* Modified UTF-7 (RFC 3501, 5.1.3): what IMAP takes for names beyond ASCII. */
struct utf7 {
    struct buf *out;
    uint32_t bits;
    int bit_count;
    bool inside;
};

static void utf7_flush(struct utf7 *u, int at_least)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";
    while (u->bit_count >= at_least) {
        buf_add_char(u->out, digits[u->bits >> (u->bit_count - 6) & 63]);
        u->bit_count -= 6;
    }
}

static void utf7_unit(struct utf7 *u, uint32_t unit)
{
    if (!u->inside)
        buf_add_char(u->out, '&');
    u->inside = true;
    u->bits = u->bits << 16 | unit;
    u->bit_count += 16;
    utf7_flush(u, 6);
}

static void utf7_end(struct utf7 *u)
{
    if (!u->inside)
        return;
    if (u->bit_count > 0) {
        u->bits <<= 6 - u->bit_count;
        u->bit_count = 6;
        utf7_flush(u, 6);
    }
    buf_add_char(u->out, '-');
    *u = (struct utf7){.out = u->out};
}

static void encode_folder(struct str text, struct buf *out)
{
    struct utf7 u = {.out = out};
    for (size_t i = 0; i < text.n;) {
        uint32_t point = utf8_next(text, &i);
        if (point >= 0x20 && point < 0x7f) {
            utf7_end(&u);
            buf_add_char(out, (char)point);
            if (point == '&')
                buf_add_char(out, '-');
        } else if (point < 0x10000) {
            utf7_unit(&u, point);
        } else {
            utf7_unit(&u, 0xd800 + ((point - 0x10000) >> 10));
            utf7_unit(&u, 0xdc00 + ((point - 0x10000) & 0x3ff));
        }
    }
    utf7_end(&u);
}

enum err mailbox_select(struct mailbox *m, struct str folder, struct mailbox_folder *out,
                        struct errinfo *e)
{
    struct buf name;
    if (folder.n == 0 || folder.n > FOLDER_MAX)
        return err_trouble(e, ERR_INVALID, "folder", TROUBLE_FOLDER_NAME, "%d", FOLDER_MAX);
    buf_init_in(&name, &m->arena, (size_t)FOLDER_MAX * 4);
    encode_folder(folder, &name);
    char *escaped = curl_easy_escape(m->easy.curl, buf_str(&name).p, (int)buf_str(&name).n);
    if (!escaped)
        return err_set(e, ERR_IO, "net", "out of memory");
    m->folder = arena_strz(&m->arena, escaped);
    curl_free(escaped);
    m->status = (struct mailbox_folder){0};
    m->uids = m->mails = (struct vec){0};
    CURLcode rc =
        perform(m, arena_printf(&m->arena, "%.*s/%s", STR_FMT(m->url), m->folder.p), "NOOP");
    if (rc == CURLE_LOGIN_DENIED && strstr(m->easy.error, "Select failed"))
        return err_trouble(e, ERR_NOT_FOUND, "folder", TROUBLE_NO_FOLDER, "%.100s",
                           arena_str(&m->arena, folder).p);
    if (rc != CURLE_OK)
        return easy_explain(&m->easy, rc, "mailbox", e);
    if (m->status.uidvalidity == 0)
        return err_trouble(e, ERR_PEER, "mailbox", TROUBLE_NO_UIDVALIDITY, NULL);
    *out = m->status;
    return ERR_OK;
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* A command on the selected folder, as it was when it was selected. */
static enum err command(struct mailbox *m, struct arena *a, struct str text, struct errinfo *e)
{
    struct str url = arena_printf(a, "%.*s/%s;UIDVALIDITY=%u", STR_FMT(m->url), m->folder.p,
                                  m->status.uidvalidity);
    CURLcode rc = perform(m, url, text.p);
    if (m->too_large)
        return err_trouble(e, ERR_LIMIT, "mailbox", TROUBLE_TOO_LARGE, "%d", ANSWER_MAX);
    if (rc == CURLE_REMOTE_FILE_NOT_FOUND)
        return err_trouble(e, ERR_CONFLICT, "mailbox", TROUBLE_FOLDER_ANEW, NULL);
    return easy_explain(&m->easy, rc, "mailbox", e);
}

enum err mailbox_search(struct mailbox *m, uint32_t from, uint32_t to, struct arena *a,
                        uint32_t **out, size_t *count, struct errinfo *e)
{
    if (to >= from + MAILBOX_RANGE_MAX)
        to = from + MAILBOX_RANGE_MAX - 1;
    vec_init(&m->uids, a, sizeof(uint32_t));
    m->mails = (struct vec){0};
    /* Two ends: "n:*" would name the last message even when its UID is below n. */
    TRY(command(m, a, arena_printf(a, "UID SEARCH UID %u:%u", from, to), e));
    uint32_t *uids = m->uids.p;
    size_t kept = 0;
    if (m->uids.n > 1)
        qsort(uids, m->uids.n, sizeof *uids, by_number);
    for (size_t i = 0; i < m->uids.n; i++)
        if (uids[i] >= from && uids[i] <= to && (kept == 0 || uids[kept - 1] != uids[i]))
            uids[kept++] = uids[i];
    *out = uids;
    *count = kept;
    return ERR_OK;
}

enum err mailbox_describe(struct mailbox *m, const uint32_t *uids, size_t n, struct arena *a,
                          struct mailbox_mail **out, size_t *count, struct errinfo *e)
{
    struct buf text;
    buf_init_in(&text, a, (size_t)MAILBOX_DESCRIBE_MAX * 16);
    buf_add_z(&text, "UID FETCH ");
    for (size_t i = 0; i < n; i++)
        buf_printf(&text, "%s%u", i ? "," : "", uids[i]);
    buf_add_z(&text, " (UID RFC822.SIZE INTERNALDATE)");
    if (!buf_ok(&text) || n == 0 || n > MAILBOX_DESCRIBE_MAX)
        return err_set(e, ERR_BUG, "mailbox", "described %zu messages at once", n);
    m->uids = (struct vec){0};
    vec_init(&m->mails, a, sizeof(struct mailbox_mail));
    TRY(command(m, a, arena_str(a, buf_str(&text)), e));
    struct mailbox_mail *mails = arena_array(a, n, sizeof *mails);
    *count = 0;
    for (size_t i = 0; i < n;
         i++) /* in our order; servers may tell of others unasked, or of one twice */
        for (size_t k = 0; k < m->mails.n; k++) {
            const struct mailbox_mail *told = vec_at(&m->mails, k);
            if (told->uid == uids[i]) {
                mails[(*count)++] = *told;
                break;
            }
        }
    *out = mails;
    return ERR_OK;
}

enum err mailbox_fetch(struct mailbox *m, uint32_t uid, size_t max, struct arena *a,
                       struct str *raw, struct errinfo *e)
{
    uint32_t expected = m->status.uidvalidity;
    buf_init(&m->body, max);
    struct str url = arena_printf(a, "%.*s/%s;UIDVALIDITY=%u/;UID=%u", STR_FMT(m->url), m->folder.p,
                                  expected, uid);
    CURLcode rc = perform(m, url, NULL);
    enum err err = ERR_OK;
    if (m->too_large)
        err = err_set(e, ERR_LIMIT, "mail", "the message is larger than %zu bytes", max);
    else if (m->status.uidvalidity != expected)
        err = err_trouble(e, ERR_CONFLICT, "mailbox", TROUBLE_FOLDER_ANEW, NULL);
    else if (rc == CURLE_REMOTE_FILE_NOT_FOUND)
        err = err_set(e, ERR_NOT_FOUND, "mail", "the message was deleted meanwhile");
    else if (rc != CURLE_OK)
        err = easy_explain(&m->easy, rc, "mailbox", e);
    if (err != ERR_OK) {
        buf_deinit(&m->body);
        return err;
    }
    *raw = buf_str(&m->body); /* no copy: it may be 25 MB */
    arena_defer(a, free, m->body.p);
    return ERR_OK;
}
