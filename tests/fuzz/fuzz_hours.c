/* fuzz_hours.c - business hours and holidays as people write them: what was read is written and
 * read again alike. */
#include "fuzz.h"

#include "base/arena.h"
#include "brand/calendar.h"
#include "console/hours.h"
#include "page/locale.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct arena a;
    struct str text = {(const char *)bytes, n};
    struct calendar_hours *hours, *hours_again;
    struct holiday *days, *days_again;
    struct line_error e = {0};
    size_t count, again;
    arena_init(&a);
    if (hours_read(&a, text, &hours, &count, &e) == ERR_OK) {
        assert(count <= HOURS_MAX);
        const char *const languages[] = {"de", "en"};
        for (size_t i = 0; i < 2; i++) {
            struct str out = hours_write(&a, locale_find(str_z(languages[i])), hours, count);
            assert(hours_read(&a, out, &hours_again, &again, &e) == ERR_OK && again == count);
        }
    } else {
        assert(e.fault != LINE_SOUND && e.line > 0);
    }
    if (holidays_read(&a, text, &days, &count, &e) == ERR_OK) {
        assert(count <= HOLIDAYS_MAX);
        struct str out = holidays_write(&a, days, count);
        assert(holidays_read(&a, out, &days_again, &again, &e) == ERR_OK && again == count);
    }
    arena_deinit(&a);
    return 0;
}
