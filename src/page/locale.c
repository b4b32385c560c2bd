/* locale.c - see locale.h. GNU MO format: a sorted table of (length, offset) for the originals, one
 * for the translations; plural entries hold their forms one behind the other, ended by NUL. */
#include "page/locale.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "catalogues.h"

struct locale {
    const char *language, *name;
    const struct embedded *catalogue; /* NULL: English, the texts themselves */
};

static const struct locale locales[] = {
    {"de", "Deutsch", &catalogue_de},
    {"en", "English", NULL},
};

enum { PHRASE_MAX = 4096 }; /* of a filled text */
enum { LOCALES = sizeof(locales) / sizeof(*locales), ENGLISH = 1 };

static const struct locale *exact(struct str language)
{
    ptrdiff_t dash = str_find_char(language, '-', 0);
    struct str base = dash < 0 ? language : str_sub(language, 0, (size_t)dash);
    for (size_t i = 0; i < LOCALES; i++)
        if (str_eq_nocase(base, str_z(locales[i].language)))
            return &locales[i];
    return NULL;
}

const struct locale *locale_find(struct str language)
{
    const struct locale *l = exact(language);
    return l ? l : &locales[ENGLISH];
}

/* RFC 9110, 12.5.4: "de-AT, de;q=0.9, en;q=0.5". */
const struct locale *locale_accept(struct str header, const struct locale *fallback)
{
    const struct locale *best = NULL;
    double best_q = 0;
    struct str part;
    while (str_next(&header, ',', &part)) {
        struct str rest = str_trim(part), range, weight;
        double q = 1;
        if (!str_next(&rest, ';', &range))
            continue;
        weight = str_trim(rest);
        if (str_starts_nocase(weight, STR("q=")) &&
            !str_to_double(str_sub(weight, 2, weight.n), &q))
            continue;
        const struct locale *l = exact(str_trim(range));
        if (l && q > best_q) {
            best = l;
            best_q = q;
        }
    }
    return best ? best : fallback;
}

struct str locale_language(const struct locale *l)
{
    return str_z(l->language);
}

const struct locale *locale_at(size_t i)
{
    return i < LOCALES ? &locales[i] : NULL;
}

struct str locale_name(const struct locale *l)
{
    return str_z(l->name);
}

/* ---- catalogues ---- */

struct mo {
    struct str file;
    bool swapped;
    uint32_t count, originals, translations;
};

/* The number at this offset; 0 outside of the file. */
static uint32_t number_at(const struct mo *m, size_t at)
{
    uint32_t v;
    if (at > m->file.n || m->file.n - at < sizeof(v))
        return 0;
    memcpy(&v, m->file.p + at, sizeof(v));
    return m->swapped ? __builtin_bswap32(v) : v;
}

static bool mo_open(struct mo *m, struct str file)
{
    const uint32_t magic = 0x950412de;
    *m = (struct mo){.file = file};
    uint32_t found = number_at(m, 0);
    m->swapped = found == __builtin_bswap32(magic);
    if (found != magic && !m->swapped)
        return false;
    m->count = number_at(m, 8);
    m->originals = number_at(m, 12);
    m->translations = number_at(m, 16);
    return m->count <= file.n / 16;
}

static struct str entry_at(const struct mo *m, uint32_t table, uint32_t i)
{
    size_t at = (size_t)table + (size_t)i * 8;
    size_t n = number_at(m, at), from = number_at(m, at + 4);
    if (from > m->file.n || n > m->file.n - from)
        return STR_NONE;
    return (struct str){m->file.p + from, n};
}

/* The first form alone. */
static struct str first_form(struct str s)
{
    ptrdiff_t end = str_find_char(s, '\0', 0);
    return end < 0 ? s : str_sub(s, 0, (size_t)end);
}

struct str mo_find(struct str file, struct str msgid)
{
    struct mo m;
    if (!mo_open(&m, file))
        return STR_NONE;
    uint32_t from = 0, to = m.count;
    while (from < to) {
        uint32_t middle = from + (to - from) / 2;
        int c = str_cmp(msgid, first_form(entry_at(&m, m.originals, middle)));
        if (c == 0)
            return entry_at(&m, m.translations, middle);
        if (c < 0)
            to = middle;
        else
            from = middle + 1;
    }
    return STR_NONE;
}

struct str locale_text(const struct locale *l, const char *msgid)
{
    struct str text = STR_NONE;
    if (l->catalogue)
        text = first_form(mo_find((struct str){(const char *)l->catalogue->bytes, l->catalogue->n},
                                  str_z(msgid)));
    return text.n ? text : str_z(msgid);
}

struct str locale_fill(struct arena *a, const struct locale *l, const char *msgid,
                       const struct str *args, size_t n, size_t *used)
{
    struct str text = locale_text(l, msgid);
    struct buf b;
    size_t at = 0, k = 0;
    buf_init_in(&b, a, PHRASE_MAX);
    for (ptrdiff_t hit; k < n && (hit = str_find(text, STR("%s"), at)) >= 0; at = (size_t)hit + 2) {
        buf_add(&b, str_sub(text, at, (size_t)hit));
        buf_add(&b, args[k++]);
    }
    buf_add(&b, str_sub(text, at, text.n));
    if (used)
        *used = k;
    return buf_str(&b);
}

struct str locale_plural(const struct locale *l, const char *one, const char *many, int64_t n)
{
    struct str forms = STR_NONE;
    if (l->catalogue)
        forms =
            mo_find((struct str){(const char *)l->catalogue->bytes, l->catalogue->n}, str_z(one));
    struct str text = first_form(forms);
    if (n != 1) /* the rule of German and English; another language brings its own */
        text = text.n < forms.n ? first_form(str_sub(forms, text.n + 1, forms.n)) : STR_NONE;
    return text.n ? text : str_z(n == 1 ? one : many);
}
