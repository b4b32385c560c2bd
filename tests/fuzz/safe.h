/* safe.h - what must hold of all HTML that may be shown, as a reader that knows nothing of the
 * sanitiser sees it. */
#ifndef FUZZ_SAFE_H
#define FUZZ_SAFE_H

#include <assert.h>

#include "base/str.h"
#include "text/unicode.h"

static inline bool safe_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* Only tags like <b>, </b>, <a href="…" rel="…">; no quotes or angles elsewhere; links of known
 * schemes. */
static inline void assert_safe(struct str html)
{
    static const struct str attributes[] = {{" href=\"", 7},     {" rel=\"", 6},
                                            {" title=\"", 8},    {" start=\"", 8},
                                            {" colspan=\"", 10}, {" rowspan=\"", 10}};
    assert(utf8_valid(html));
    for (size_t i = 0; i < html.n; i++) {
        if (html.p[i] != '<') {
            assert(html.p[i] != '>' && html.p[i] != '"' && html.p[i] != '\'');
            continue;
        }
        i += 1 + (i + 1 < html.n && html.p[i + 1] == '/');
        struct str name = str_sub(html, i, i + 6);
        assert(!str_starts(name, STR("script")) && !str_starts(name, STR("style")) &&
               !str_starts(name, STR("svg")));
        while (i < html.n && safe_name(html.p[i]))
            i++;
        while (i < html.n && html.p[i] == ' ') {
            size_t k = 0;
            while (k < 6 && !str_starts(str_sub(html, i, i + 12), attributes[k]))
                k++;
            assert(k < 6);
            i += attributes[k].n;
            ptrdiff_t end = str_find_char(html, '"', i);
            assert(end >= 0);
            struct str value = str_sub(html, i, (size_t)end);
            assert(str_find_char(value, '<', 0) < 0 && str_find_char(value, '>', 0) < 0);
            if (k == 0)
                assert(str_starts_nocase(value, STR("http://")) ||
                       str_starts_nocase(value, STR("https://")) ||
                       str_starts_nocase(value, STR("mailto:")) ||
                       (value.n && value.p[0] == '/' && (value.n == 1 || value.p[1] != '/')));
            i = (size_t)end + 1;
        }
        assert(i < html.n && html.p[i] == '>');
    }
}

#endif
