/* redact.c - see redact.h. One walk: at each place the first shape that fits says how much is kept
 * and how much goes. */
#include "base/redact.h"

#include <stdbool.h>
#include <string.h>

enum {
    RUN_MIN = 40,  /* letters and digits without a break: longer than any word or id of ours */
    USER_MIN = 16, /* a user without a password, so long, is a token */
};

/* The bytes at a place: so many are kept, so many go behind them. gone 0: no secret here. */
struct found {
    size_t kept, gone;
};

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_word(char c)
{
    return is_letter(c) || is_digit(c) || c == '_' || c == '-';
}

/* Bytes from there on to the first that ends a value. */
static size_t value_length(struct str s, size_t from, const char *ends)
{
    size_t n = from;
    while (n < s.n && (unsigned char)s.p[n] >= 0x20 && !strchr(ends, s.p[n]))
        n++;
    return n - from;
}

/* Behind a name: blanks, ':' or '=' (or %3D), blanks, a quotation mark. 0: none of that. */
static size_t assignment(struct str s, size_t at)
{
    size_t n = at;
    while (n < s.n && (s.p[n] == '"' || s.p[n] == '\'' || s.p[n] == ' '))
        n++;
    if (n < s.n && (s.p[n] == ':' || s.p[n] == '='))
        n++;
    else if (str_starts_nocase(str_sub(s, n, s.n), STR("%3d")))
        n += 3;
    else
        return 0;
    while (n < s.n && (s.p[n] == ' ' || s.p[n] == '"' || s.p[n] == '\''))
        n++;
    return n - at;
}

/* name: value */
static struct found find_named(struct str s, size_t at)
{
    static const struct {
        const char *name;
        bool line; /* the secret ends with the line */
    } names[] = {{"authorization", true}, {"cookie", true},      {"password", false},
                 {"passwort", false},     {"kennwort", false},   {"passwd", false},
                 {"passphrase", false},   {"pwd", false},        {"secret", false},
                 {"token", false},        {"api_key", false},    {"api-key", false},
                 {"apikey", false},       {"access_key", false}, {"private_key", false},
                 {"csrf", false},         {"session", false},    {"signature", false}};
    struct str rest = str_sub(s, at, s.n);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct str name = str_z(names[i].name);
        if (!str_starts_nocase(rest, name))
            continue;
        size_t sign = assignment(rest, name.n);
        if (!sign)
            continue;
        size_t kept = name.n + sign;
        size_t gone = value_length(rest, kept, names[i].line ? "" : " \t&;,\"')}]");
        return (struct found){kept, gone};
    }
    return (struct found){0, 0};
}

/* Bearer X, Basic X */
static struct found find_scheme(struct str s, size_t at)
{
    static const char *const schemes[] = {"bearer ", "basic "};
    struct str rest = str_sub(s, at, s.n);
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        struct str scheme = str_z(schemes[i]);
        size_t gone =
            str_starts_nocase(rest, scheme) ? value_length(rest, scheme.n, " \t,;\"'") : 0;
        if (gone >= 8) /* else it is a word of a sentence */
            return (struct found){scheme.n, gone};
    }
    return (struct found){0, 0};
}

/* ://user:password@host; the last '@' counts, for careless people have one in their password */
static struct found find_userinfo(struct str s, size_t at)
{
    struct str rest = str_sub(s, at, s.n);
    size_t end = 3, mark = 0;
    if (!str_starts(rest, STR("://")))
        return (struct found){0, 0};
    end += value_length(rest, 3, " \t/?#\"'");
    for (size_t i = 3; i < end; i++)
        if (rest.p[i] == '@')
            mark = i;
    ptrdiff_t colon = mark ? str_find_char(str_sub(rest, 0, mark), ':', 3) : -1;
    if (colon >= 0)
        return (struct found){(size_t)colon + 1, mark - (size_t)colon - 1};
    return mark >= 3 + USER_MIN ? (struct found){3, mark - 3} : (struct found){0, 0};
}

/* /signin/link/X, /setup/X: whoever has the address is let in */
static struct found find_path(struct str s, size_t at)
{
    static const char *const paths[] = {"/signin/link/", "/setup/"};
    struct str rest = str_sub(s, at, s.n);
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct str path = str_z(paths[i]);
        size_t gone = str_starts(rest, path) ? value_length(rest, path.n, " \t/?#\"'") : 0;
        if (gone >= USER_MIN)
            return (struct found){path.n, gone};
    }
    return (struct found){0, 0};
}

/* Tokens and keys without a name: long runs of letters with digits, web tokens (eyJ...). */
static struct found find_run(struct str s, size_t at)
{
    struct str rest = str_sub(s, at, s.n);
    size_t n = 0, dots = 0;
    bool letters = false, digits = false, web = str_starts(rest, STR("eyJ"));
    for (; n < rest.n && (is_word(rest.p[n]) || (web && rest.p[n] == '.')); n++) {
        letters = letters || is_letter(rest.p[n]);
        digits = digits || is_digit(rest.p[n]);
        dots += rest.p[n] == '.';
    }
    bool secret = (n >= RUN_MIN && letters && digits) || (web && dots >= 2 && n >= 20);
    return (struct found){0, secret ? n : 0};
}

static struct found find_key(struct str s, size_t at)
{
    struct str rest = str_sub(s, at, s.n);
    ptrdiff_t kind =
        str_starts(rest, STR("-----BEGIN ")) ? str_find(rest, STR("PRIVATE KEY"), 0) : -1;
    return (struct found){0, kind >= 0 && kind < 40 ? rest.n : 0};
}

static struct found find(struct str s, size_t at)
{
    static struct found (*const shapes[])(struct str, size_t) = {find_key, find_userinfo,
                                                                 find_path};
    static struct found (*const words[])(struct str, size_t) = {find_named, find_scheme, find_run};
    struct found f = {0, 0};
    for (size_t i = 0; !f.gone && i < sizeof shapes / sizeof *shapes; i++)
        f = shapes[i](s, at);
    /* my_password= counts like password=, but a run is looked at once, from its start */
    bool starts = at == 0 || !is_letter(s.p[at - 1]);
    for (size_t i = 0; !f.gone && starts && i < sizeof words / sizeof *words; i++)
        if (words[i] != find_run || at == 0 || !is_word(s.p[at - 1]))
            f = words[i](s, at);
    return f;
}

static size_t put(char *out, size_t max, size_t n, struct str s)
{
    for (size_t i = 0; i < s.n && n + 1 < max; i++)
        out[n++] = s.p[i];
    return n;
}

size_t redact(char *out, size_t max, struct str text)
{
    size_t n = 0;
    for (size_t at = 0; at < text.n && n + 1 < max;) {
        struct found f = find(text, at);
        size_t kept = f.gone ? f.kept : 1;
        n = put(out, max, n, str_sub(text, at, at + kept));
        if (f.gone)
            n = put(out, max, n, STR("***"));
        at += kept + f.gone;
    }
    out[n] = 0;
    return n;
}
