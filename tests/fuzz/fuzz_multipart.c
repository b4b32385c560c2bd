/* fuzz_multipart.c - the first line is the content type, the rest the body. Values lie inside the
 * body and never hold the boundary that would have ended them. */
#include "fuzz.h"

#include "http/form.h"

static void check_part(const struct form_part *p, struct str body)
{
    assert(form_sound_text(p->name) && form_sound_text(p->file_name));
    assert(p->is_file || form_sound_text(p->value));
    assert(!p->value.n || (p->value.p >= body.p && p->value.p + p->value.n <= body.p + body.n));
    assert(str_find_char(p->file_name, '/', 0) < 0 && str_find_char(p->file_name, '\\', 0) < 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct arena a;
    arena_init(&a);
    struct str body = {(const char *)bytes, n}, type;
    struct form f;
    if (str_next_line(&body, &type) && form_parse(&a, type, body, &f) == ERR_OK)
        for (size_t i = 0; i < f.n; i++)
            if (!str_starts_nocase(str_trim(type), STR("application/")))
                check_part(&f.parts[i], body);
    arena_deinit(&a);
    return 0;
}
