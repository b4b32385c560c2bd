/* form.c - urlencoded fields, and the look-up in either kind of form; see form.h. */
#include "http/form.h"

#include "base/vec.h"
#include "http/path.h"
#include "text/unicode.h"

bool form_sound_text(struct str s)
{
    return str_find_char(s, 0, 0) < 0 && utf8_valid(s);
}

enum err form_parse_urlencoded(struct arena *a, struct str body, struct form *out)
{
    struct vec parts;
    vec_init(&parts, a, sizeof(struct form_part));
    *out = (struct form){0};
    struct str rest = body, piece;
    while (str_next(&rest, '&', &piece)) {
        if (!piece.n)
            continue;
        if (parts.n == FORM_FIELDS_MAX)
            return ERR_LIMIT;
        ptrdiff_t mark = str_find_char(piece, '=', 0);
        size_t cut = mark < 0 ? piece.n : (size_t)mark;
        struct form_part *part = vec_push(&parts);
        if (!percent_decode(a, str_sub(piece, 0, cut), true, &part->name) ||
            !percent_decode(a, str_sub(piece, mark < 0 ? cut : cut + 1, piece.n), true,
                            &part->value) ||
            part->name.n > FORM_NAME_MAX || !form_sound_text(part->name) ||
            !form_sound_text(part->value))
            return ERR_INVALID;
    }
    *out = (struct form){parts.p, parts.n};
    return ERR_OK;
}

enum err form_parse(struct arena *a, struct str type, struct str body, struct form *out)
{
    struct str kind = header_main(type), boundary;
    if (str_eq_nocase(kind, STR("application/x-www-form-urlencoded")))
        return form_parse_urlencoded(a, body, out);
    if (!str_eq_nocase(kind, STR("multipart/form-data")))
        return ERR_NOT_FOUND;
    if (!header_param(a, type, "boundary", &boundary))
        return ERR_INVALID;
    return form_parse_multipart(a, body, boundary, out);
}

const struct form_part *form_next(const struct form *f, const char *name, size_t *at)
{
    while (*at < f->n) {
        const struct form_part *part = &f->parts[(*at)++];
        if (str_eq_z(part->name, name))
            return part;
    }
    return NULL;
}

struct str header_main(struct str value)
{
    ptrdiff_t mark = str_find_char(value, ';', 0);
    return str_trim(mark < 0 ? value : str_sub(value, 0, (size_t)mark));
}

/* Reads `"text"` at *at; a quote inside is written \", any other backslash stands for itself,
 * because old browsers send whole Windows paths. */
static bool read_quoted(struct arena *a, struct str value, size_t *at, struct str *out)
{
    char *p = arena_alloc(a, value.n - *at + 1), *w = p;
    for (size_t i = *at + 1; i < value.n; i++) {
        char c = value.p[i];
        if (c == '"') {
            *at = i + 1;
            *out = (struct str){p, (size_t)(w - p)};
            return true;
        }
        if (c == '\\' && i + 1 < value.n && value.p[i + 1] == '"')
            c = value.p[++i];
        *w++ = c;
    }
    return false;
}

bool header_param(struct arena *a, struct str value, const char *name, struct str *out)
{
    ptrdiff_t start = str_find_char(value, ';', 0);
    size_t at = start < 0 ? value.n : (size_t)start;
    while (at < value.n) {
        at++; /* the ';' */
        ptrdiff_t equals = str_find_char(value, '=', at), next = str_find_char(value, ';', at);
        if (equals < 0)
            return false;
        if (next >= 0 && next < equals) { /* a parameter without value */
            at = (size_t)next;
            continue;
        }
        struct str key = str_trim(str_sub(value, at, (size_t)equals)), found;
        at = (size_t)equals + 1;
        if (at < value.n && value.p[at] == '"') {
            if (!read_quoted(a, value, &at, &found))
                return false;
            ptrdiff_t end = str_find_char(value, ';', at);
            at = end < 0 ? value.n : (size_t)end;
        } else {
            size_t end = next < 0 ? value.n : (size_t)next;
            found = str_trim(str_sub(value, at, end));
            at = end;
        }
        if (str_eq_nocase(key, str_z(name))) {
            *out = found;
            return true;
        }
    }
    return false;
}
