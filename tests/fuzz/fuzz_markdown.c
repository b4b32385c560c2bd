/* fuzz_markdown.c - Markdown from strangers: inert when shown. */
#include "fuzz.h"

#include "base/arena.h"
#include "safe.h"
#include "text/markdown.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct arena a;
    arena_init(&a);
    assert_safe(markdown_render(&a, (struct str){(const char *)bytes, n}, HTML_OWN_PATHS).html);
    arena_deinit(&a);
    return 0;
}
