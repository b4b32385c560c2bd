/* fuzz_path.c - request targets: an accepted path is UTF-8, starts with '/', and has no segments
 * that lead elsewhere. */
#include "fuzz.h"

#include "http/path.h"
#include "text/unicode.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct arena a;
    arena_init(&a);
    struct target t;
    if (path_parse(&a, (struct str){(const char *)bytes, n}, &t) == ERR_OK) {
        assert(t.path.n && t.path.p[0] == '/' && utf8_valid(t.path));
        assert(str_find(t.path, STR("//"), 0) < 0 && str_find(t.path, STR("/../"), 0) < 0);
        assert(!str_ends(t.path, STR("/..")) && !str_ends(t.path, STR("/.")));
        assert(str_find_char(t.path, 0, 0) < 0 && str_find_char(t.path, '\\', 0) < 0);
    }
    arena_deinit(&a);
    return 0;
}
