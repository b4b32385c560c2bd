/* multipart.c - multipart/form-data over the whole body (RFC 7578, RFC 2046 section 5.1.1); see
 * form.h. A part ends at CRLF "--" boundary and nowhere else, so what a reader before us saw as
 * data is data here too. */
#include "base/vec.h"
#include "http/form.h"

enum { BOUNDARY_MAX = 70, LINE_MAX_BYTES = 1024 };

struct reader {
    struct arena *arena;
    struct str body;
    struct str marker; /* CRLF "--" boundary */
    size_t at;
};

/* Browsers write a quote, CR or LF in a name as %22, %0D, %0A and leave every other % alone. */
static struct str decode_name(struct arena *a, struct str name)
{
    static const struct {
        struct str code;
        char c;
    } codes[] = {{STR("%22"), '"'}, {STR("%0D"), ' '}, {STR("%0A"), ' '}};
    char *p = arena_alloc(a, name.n + 1), *w = p;
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        for (size_t k = 0; c == '%' && k < sizeof codes / sizeof *codes; k++)
            if (str_starts_nocase(str_sub(name, i, name.n), codes[k].code)) {
                c = codes[k].c;
                i += codes[k].code.n - 1;
                break;
            }
        *w++ = c;
    }
    return (struct str){p, (size_t)(w - p)};
}

static struct str without_folders(struct str name)
{
    size_t from = name.n;
    while (from && name.p[from - 1] != '/' && name.p[from - 1] != '\\')
        from--;
    return str_sub(name, from, name.n);
}

static bool read_disposition(struct arena *a, struct str value, struct form_part *part)
{
    struct str name;
    if (!str_eq_nocase(header_main(value), STR("form-data")) ||
        !header_param(a, value, "name", &name))
        return false;
    part->name = decode_name(a, name);
    if (header_param(a, value, "filename", &name)) {
        part->is_file = true;
        part->file_name = without_folders(decode_name(a, name));
    }
    return part->name.n <= FORM_NAME_MAX && form_sound_text(part->name) &&
           form_sound_text(part->file_name);
}

/* The header lines of a part, up to and with the empty line. */
static bool read_part_head(struct reader *r, struct form_part *part)
{
    bool named = false;
    for (int lines = 0; lines <= FORM_PART_HEADERS_MAX; lines++) {
        ptrdiff_t end = str_find(r->body, STR("\r\n"), r->at);
        if (end < 0 || (size_t)end - r->at > LINE_MAX_BYTES)
            return false;
        struct str line = str_sub(r->body, r->at, (size_t)end);
        r->at = (size_t)end + 2;
        if (!line.n)
            return named;
        ptrdiff_t colon = str_find_char(line, ':', 0);
        if (colon <= 0 || line.p[0] == ' ' ||
            line.p[0] == '\t') /* folded lines are not for forms */
            return false;
        struct str key = str_sub(line, 0, (size_t)colon);
        struct str value = str_trim(str_sub(line, (size_t)colon + 1, line.n));
        if (str_eq_nocase(key, STR("Content-Disposition"))) {
            if (named || !read_disposition(r->arena, value, part))
                return false;
            named = true;
        } else if (str_eq_nocase(key, STR("Content-Type"))) {
            part->type = form_sound_text(value) ? value : STR_NONE;
        }
    }
    return false;
}

/* Behind a boundary: "--" ends the form, CRLF starts a part. */
static bool read_boundary_end(struct reader *r, bool *last)
{
    struct str rest = str_sub(r->body, r->at, r->body.n);
    *last = str_starts(rest, STR("--"));
    if (*last)
        return true;
    while (r->at < r->body.n && (r->body.p[r->at] == ' ' || r->body.p[r->at] == '\t'))
        r->at++;
    if (!str_starts(str_sub(r->body, r->at, r->body.n), STR("\r\n")))
        return false;
    r->at += 2;
    return true;
}

static bool find_first(struct reader *r)
{
    struct str bare = str_sub(r->marker, 2, r->marker.n);
    if (str_starts(r->body, bare)) {
        r->at = bare.n;
        return true;
    }
    ptrdiff_t hit = str_find(r->body, r->marker, 0);
    r->at = hit < 0 ? 0 : (size_t)hit + r->marker.n;
    return hit >= 0;
}

enum err form_parse_multipart(struct arena *a, struct str body, struct str boundary,
                              struct form *out)
{
    *out = (struct form){0};
    if (!boundary.n || boundary.n > BOUNDARY_MAX || str_find_char(boundary, '\r', 0) >= 0 ||
        str_find_char(boundary, '\n', 0) >= 0)
        return ERR_INVALID;
    struct reader r = {.arena = a, .body = body};
    r.marker = arena_printf(a, "\r\n--%.*s", STR_FMT(boundary));
    if (r.marker.n != boundary.n + 4) /* a NUL inside */
        return ERR_INVALID;
    struct vec parts;
    vec_init(&parts, a, sizeof(struct form_part));
    bool last = false;
    if (!find_first(&r))
        return ERR_INVALID;
    while (read_boundary_end(&r, &last) && !last) {
        if (parts.n == FORM_FIELDS_MAX)
            return ERR_LIMIT;
        struct form_part *part = vec_push(&parts);
        if (!read_part_head(&r, part))
            return ERR_INVALID;
        ptrdiff_t end = str_find(body, r.marker, r.at);
        if (end < 0)
            return ERR_INVALID;
        part->value = str_sub(body, r.at, (size_t)end);
        if (!part->is_file && !form_sound_text(part->value))
            return ERR_INVALID;
        r.at = (size_t)end + r.marker.n;
    }
    if (!last)
        return ERR_INVALID;
    *out = (struct form){parts.p, parts.n};
    return ERR_OK;
}
