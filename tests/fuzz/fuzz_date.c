/* fuzz_date.c - moments as feeds and mails write them, one a line: what was told is a moment that
 * can be written and read back. */
#include "fuzz.h"

#include "base/arena.h"
#include "base/clock.h"
#include "text/date.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct arena a;
    struct str rest = {(const char *)bytes, n}, line;
    arena_init(&a);
    while (str_next_line(&rest, &line)) {
        int64_t at, again;
        if (date_parse(line, &at) && at >= 0 && at < 253402300800000) /* the years up to 9999 */
            assert(date_parse(clock_format(&a, at), &again) && again / 1000 == at / 1000);
    }
    arena_deinit(&a);
    return 0;
}
