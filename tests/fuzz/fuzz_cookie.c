/* fuzz_cookie.c - a Cookie header from anybody; what is found lies inside it, and what is written
 * back is one line. */
#include "fuzz.h"

#include "http/cookie.h"
#include "http/header.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct arena a;
    arena_init(&a);
    struct str header = {(const char *)bytes, n}, value = cookie_find(header, "sid");
    if (value.p) {
        assert(value.p >= header.p && value.p + value.n <= header.p + header.n);
        struct str line = cookie_format(&a, "sid", value, -1, true);
        assert(!line.p || header_value(line));
    }
    arena_deinit(&a);
    return 0;
}
