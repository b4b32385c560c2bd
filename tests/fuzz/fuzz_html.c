/* fuzz_html.c - HTML from strangers: inert when shown, UTF-8 when read. */
#include "fuzz.h"

#include "base/arena.h"
#include "safe.h"
#include "text/html.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct arena a;
    arena_init(&a);
    struct str s = {(const char *)bytes, n};
    assert_safe(html_sanitise(&a, s, 0).html);
    assert_safe(html_sanitise(&a, s, HTML_IMAGES_AS_LINKS | HTML_OWN_PATHS).html);
    assert_safe(html_from_text(&a, s).html);
    assert(utf8_valid(html_to_text(&a, s)));
    arena_deinit(&a);
    return 0;
}
