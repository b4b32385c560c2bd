/* cookie.c - see cookie.h. */
#include "http/cookie.h"

#include "http/header.h"

struct str cookie_find(struct str header, const char *name)
{
    struct str rest = header, pair;
    while (str_next(&rest, ';', &pair)) {
        pair = str_trim(pair);
        ptrdiff_t mark = str_find_char(pair, '=', 0);
        if (mark <= 0 || !str_eq_z(str_trim(str_sub(pair, 0, (size_t)mark)), name))
            continue;
        struct str value = str_trim(str_sub(pair, (size_t)mark + 1, pair.n));
        if (value.n >= 2 && value.p[0] == '"' && value.p[value.n - 1] == '"')
            value = str_sub(value, 1, value.n - 1);
        return value;
    }
    return STR_NONE;
}

static bool cookie_octets(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c <= 0x20 || c >= 0x7f || c == '"' || c == ',' || c == ';' || c == '\\')
            return false;
    }
    return true;
}

struct str cookie_format(struct arena *a, const char *name, struct str value, int64_t max_age_s,
                         bool secure)
{
    if (!header_token(str_z(name)) || !cookie_octets(value))
        return STR_NONE;
    struct str age =
        max_age_s < 0 ? STR("") : arena_printf(a, "; Max-Age=%lld", (long long)max_age_s);
    return arena_printf(a, "%s=%.*s; Path=/; HttpOnly; SameSite=Lax%.*s%s", name, STR_FMT(value),
                        STR_FMT(age), secure ? "; Secure" : "");
}
