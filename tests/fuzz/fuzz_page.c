/* fuzz_page.c - what pages do with text from strangers: it stays text between tags and in quoted
 * attributes, an address is http, https, mailto or of this site, a piece of an address has no
 * delimiter, and a catalogue that is broken gives nothing from behind its end. */
#include "fuzz.h"

#include <string.h>

#include "base/buf.h"
#include "page/out.h"

enum { PAGE_MAX = 4 * 1024 * 1024 };

static bool has_any(struct str s, const char *these)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] && strchr(these, s.p[i]))
            return true;
    return false;
}

static void check_address(struct str s)
{
    static const char *const starts[] = {"http://", "https://", "mailto:", "/", "#", "?"};
    size_t i = 0, n = sizeof(starts) / sizeof(*starts);
    while (i < n && !str_starts_nocase(s, str_z(starts[i])))
        i++;
    assert(i < n);
    assert(!str_starts(s, STR("//")) && !str_starts(s, STR("/\\")));
    assert(!has_any(s, "\"'<> \t\n"));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct str s = {(const char *)bytes, n};
    struct buf b;
    buf_init(&b, PAGE_MAX);
    struct out o = {.buf = &b, .locale = locale_find(STR("en"))};
    out_text(&o, s);
    assert(!has_any(buf_str(&b), "<>\"'"));
    buf_clear(&b);
    out_url(&o, s);
    check_address(buf_str(&b));
    buf_clear(&b);
    out_url_part(&o, s);
    assert(!has_any(buf_str(&b), "\"'<>/?#&:= "));
    buf_clear(&b);
    struct out_arg args[] = {{.s = s}, {.s = s}};
    out_message(&o, "%2$s **and** %1$s", false, args, 2);
    assert(!has_any(buf_str(&b), "<>\"'"));
    buf_deinit(&b);
    struct str found = mo_find(s, STR("a"));
    assert(!found.p || (found.p >= s.p && found.p + found.n <= s.p + s.n));
    (void)locale_accept(s, o.locale);
    return 0;
}
