/* mime_auth.c - whether the receiving server confirms who wrote a mail: Authentication-Results (RFC
 * 8601), read from its raw bytes, because a server removes what strangers wrote under its name only
 * where it would read that name itself. */
#include <string.h>

#include "base/arena.h"
#include "base/vec.h"
#include "text/mime_int.h"

enum { VERDICTS_MAX = 20, VERDICT_BYTES_MAX = 8192 };

enum { SPF = 1, DKIM = 2, DMARC = 4 };

struct reading {
    struct str domain; /* of the address in From */
    unsigned seen;     /* methods that a header further up told of */
    bool refuted;      /* dmarc=fail */
    bool confirmed;    /* dmarc=pass, or a method that vouches for the domain has passed */
};

/* One method=result with its properties. */
struct result {
    unsigned method;
    struct str word, domain; /* domain: for which the method vouches; may be empty */
};

void mail_read_verdicts(struct arena *a, GMimeObject *o, struct mail *m)
{
    GMimeHeaderList *list = g_mime_object_get_header_list(o);
    int n = g_mime_header_list_get_count(list);
    struct vec found;
    vec_init(&found, a, sizeof(struct str));
    for (int i = 0; i < n && found.n < VERDICTS_MAX; i++) {
        GMimeHeader *h = g_mime_header_list_get_header_at(list, i);
        const char *raw = g_mime_header_get_raw_value(h);
        struct str name = str_z(g_mime_header_get_name(h));
        if (raw && str_eq_nocase(name, STR("Authentication-Results")))
            *(struct str *)vec_push(&found) =
                arena_str(a, str_sub(str_z(raw), 0, VERDICT_BYTES_MAX));
    }
    m->verdicts = found.p;
    m->verdict_count = found.n;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Blanks, line ends and comments, which may hold comments. */
static void skip_blank(struct str *s)
{
    size_t depth = 0, i = 0;
    for (; i < s->n && (depth || is_blank(s->p[i]) || s->p[i] == '('); i++) {
        if (s->p[i] == '(')
            depth++;
        else if (s->p[i] == ')')
            depth--;
        else if (s->p[i] == '\\' && depth)
            i++;
    }
    *s = str_sub(*s, i, s->n);
}

/* Behind the quoted string that begins at i; a backslash spares its next character. */
static size_t behind_quoted(struct str s, size_t i)
{
    for (i++; i < s.n && s.p[i] != '"'; i++)
        i += s.p[i] == '\\';
    return i + 1 < s.n ? i + 1 : s.n;
}

/* Up to a blank or one of ends: a token, a quoted string without its quotes, or an address with one
 * in it ("a b"@e.org), as it is written (no escapes are resolved: what needs one is no domain).
 * Empty: something else stands there. */
static struct str take_until(struct str *s, const char *ends)
{
    size_t i = 0, first;
    skip_blank(s);
    first = s->n && s->p[0] == '"' ? behind_quoted(*s, 0) : 0;
    while (i < s->n && !is_blank(s->p[i]) && !strchr(ends, s->p[i]))
        i = s->p[i] == '"' ? behind_quoted(*s, i) : i + 1;
    struct str word = str_sub(*s, 0, i);
    *s = str_sub(*s, i, s->n);
    return first && first == i ? str_sub(word, 1, i - 1) : word;
}

static struct str take_word(struct str *s)
{
    return take_until(s, ";=(");
}

/* In front of its @ an address may have what looks like the next word: its sender chose that. */
static struct str take_value(struct str *s)
{
    return take_until(s, ";(");
}

static bool take_char(struct str *s, char c)
{
    skip_blank(s);
    if (!s->n || s->p[0] != c)
        return false;
    *s = str_sub(*s, 1, s->n);
    return true;
}

/* What stands behind the last @, or all of it. */
static struct str domain_of(struct str address)
{
    size_t at = address.n;
    while (at > 0 && address.p[at - 1] != '@')
        at--;
    return str_sub(address, at, address.n);
}

/* "method/1=" without the version. */
static unsigned method_of(struct str word)
{
    ptrdiff_t slash = str_find_char(word, '/', 0);
    struct str name = slash < 0 ? word : str_sub(word, 0, (size_t)slash);
    return str_eq_nocase(name, STR("spf"))     ? SPF
           : str_eq_nocase(name, STR("dkim"))  ? DKIM
           : str_eq_nocase(name, STR("dmarc")) ? DMARC
                                               : 0;
}

static bool vouches(unsigned method, struct str property)
{
    switch (method) {
    case SPF:
        return str_eq_nocase(property, STR("smtp.mailfrom"));
    case DKIM:
        return str_eq_nocase(property, STR("header.d")) || str_eq_nocase(property, STR("header.i"));
    case DMARC:
        return str_eq_nocase(property, STR("header.from"));
    default:
        return false;
    }
}

/* Up to the next semicolon or the end. */
static struct result take_result(struct str *s)
{
    struct result r = {0};
    struct str key = take_word(s);
    if (take_char(s, '=')) {
        r.method = method_of(key);
        r.word = take_value(s);
    }
    while (s->n && !take_char(s, ';')) {
        key = take_word(s);
        struct str value = take_char(s, '=') ? take_value(s) : STR_NONE;
        if (vouches(r.method, key))
            r.domain = domain_of(value);
    }
    return r;
}

/* The same domain, or one below it. Not one above: whoever holds a name of their own under a shared
 * domain does not speak for the domain (only a list of public suffixes could tell these apart). */
static bool speaks_for(struct str domain, struct str from)
{
    if (domain.n > from.n || str_find_char(domain, '.', 0) <= 0)
        return false;
    size_t before = from.n - domain.n;
    return str_eq_nocase(str_sub(from, before, from.n), domain) &&
           (!before || from.p[before - 1] == '.');
}

static void weigh(struct reading *r, const struct result *x)
{
    bool passed = str_eq_nocase(x->word, STR("pass"));
    if (x->method == DMARC && str_eq_nocase(x->word, STR("fail")))
        r->refuted = true;
    else if (x->method == DMARC)
        r->confirmed |= passed && (!x->domain.n || str_eq_nocase(x->domain, r->domain));
    else
        r->confirmed |= passed && speaks_for(x->domain, r->domain);
}

/* Whose header it is: the name stands first, as it is; then a version may follow. */
static bool is_of(struct str *s, struct str authserv_id)
{
    while (s->n && is_blank(s->p[0]))
        *s = str_sub(*s, 1, s->n);
    if (!str_starts_nocase(*s, authserv_id))
        return false;
    *s = str_sub(*s, authserv_id.n, s->n);
    if (s->n && s->p[0] != ';' && !is_blank(s->p[0]))
        return false;
    (void)take_word(s);
    return take_char(s, ';');
}

enum mail_sender mail_sender_check(const struct mail *m, struct str authserv_id)
{
    struct reading r = {.domain = m->from.n ? domain_of(m->from.p[0].address) : STR_NONE};
    authserv_id = str_trim(authserv_id);
    for (size_t i = 0; authserv_id.n && i < m->verdict_count; i++) {
        struct str s = m->verdicts[i];
        unsigned here = 0;
        if (!is_of(&s, authserv_id))
            continue;
        while (s.n) {
            struct result x = take_result(&s);
            if (x.method & ~r.seen)
                weigh(&r, &x);
            here |= x.method;
        }
        r.seen |= here;
    }
    if (!r.seen)
        return MAIL_SENDER_UNCHECKED;
    return r.confirmed && !r.refuted && m->from.n == 1 ? MAIL_SENDER_CONFIRMED
                                                       : MAIL_SENDER_DOUBTED;
}
