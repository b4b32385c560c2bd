/* fuzz_markdown.c - Markdown from strangers: inert when shown. */
#include "fuzz.h"

#include "base/arena.h"
#include "base/buf.h"
#include "safe.h"
#include "text/markdown.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct arena a;
    arena_init(&a);
    assert_safe(markdown_render(&a, (struct str){(const char *)bytes, n}, HTML_OWN_PATHS).html);
    struct buf raw; /* the renderer alone comes to an end too */
    buf_init_in(&raw, &a, 8 * 1024 * 1024);
    markdown_render_raw(&raw, (struct str){(const char *)bytes, n});
    arena_deinit(&a);
    return 0;
}
