/* fuzz_urlencoded.c - queries and plain forms: what is accepted is sound text. */
#include "fuzz.h"

#include "http/form.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct arena a;
    arena_init(&a);
    struct form f;
    if (form_parse_urlencoded(&a, (struct str){(const char *)bytes, n}, &f) == ERR_OK) {
        for (size_t i = 0; i < f.n; i++)
            assert(form_sound_text(f.parts[i].name) && form_sound_text(f.parts[i].value));
        for (size_t at = 0; form_next(&f, "a", &at);)
            assert(at <= f.n);
    }
    arena_deinit(&a);
    return 0;
}
