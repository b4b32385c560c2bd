/* path.c - see path.h. */
#include "http/path.h"

#include "text/unicode.h"

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool percent_decode(struct arena *a, struct str text, bool form, struct str *out)
{
    bool plain = true;
    for (size_t i = 0; i < text.n && plain; i++)
        plain = text.p[i] != '%' && !(form && text.p[i] == '+');
    if (plain) {
        *out = text;
        return true;
    }
    char *p = arena_alloc(a, text.n + 1), *w = p;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (c == '%') {
            bool whole = text.n - i > 2;
            int high = whole ? hex_digit(text.p[i + 1]) : -1;
            int low = whole ? hex_digit(text.p[i + 2]) : -1;
            if (high < 0 || low < 0)
                return false;
            c = (char)(high * 16 + low);
            i += 2;
        } else if (form && c == '+') {
            c = ' ';
        }
        *w++ = c;
    }
    *out = (struct str){p, (size_t)(w - p)};
    return true;
}

/* Nothing may be left that another decoder, a file system or a proxy would read as structure. */
static bool sound_segments(struct str path)
{
    struct str rest = str_sub(path, 1, path.n), segment;
    if (!rest.n)
        return true;
    while (str_next(&rest, '/', &segment)) {
        bool last = !rest.p;
        if ((!segment.n && !last) || str_eq_z(segment, ".") || str_eq_z(segment, ".."))
            return false;
    }
    return true;
}

static bool sound_bytes(struct str path)
{
    for (size_t i = 0; i < path.n; i++) {
        unsigned char c = (unsigned char)path.p[i];
        if (c < 0x20 || c == 0x7f || c == '\\')
            return false;
    }
    return utf8_valid(path);
}

static size_t count(struct str s, char c)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        n += s.p[i] == c;
    return n;
}

enum err path_parse(struct arena *a, struct str target, struct target *out)
{
    *out = (struct target){0};
    if (!target.n || target.p[0] != '/' || str_find_char(target, '#', 0) >= 0)
        return ERR_INVALID;
    ptrdiff_t mark = str_find_char(target, '?', 0);
    out->raw = mark < 0 ? target : str_sub(target, 0, (size_t)mark);
    if (mark >= 0)
        out->query = str_sub(target, (size_t)mark + 1, target.n);
    if (!percent_decode(a, out->raw, false, &out->path) ||
        count(out->path, '/') != count(out->raw, '/') || /* %2F */
        !sound_bytes(out->path) || !sound_segments(out->path))
        return ERR_INVALID;
    return ERR_OK;
}
