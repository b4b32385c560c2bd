/* charset.c - utf8_decode: foreign charsets through ICU's converters, and a guess where the name
 * lies. */
#include <string.h>
#include <unicode/ucnv.h>

#include "base/arena.h"
#include "text/unicode.h"

static bool is_one_of(struct str name, const char *const *names)
{
    for (; *names; names++)
        if (str_eq_nocase(name, str_z(*names)))
            return true;
    return false;
}

/* Whether the bytes above ASCII are mostly sound UTF-8, so that repairing loses less than guessing.
 */
static bool is_mostly_utf8(struct str s)
{
    size_t good = 0, bad = 0;
    for (size_t i = 0; i < s.n;) {
        size_t at = i;
        uint32_t c = utf8_next(s, &i);
        if (c >= 0x80) {
            if (c == 0xFFFD && !str_eq(str_sub(s, at, i), STR("\xEF\xBF\xBD")))
                bad++;
            else
                good++;
        }
    }
    return good > bad;
}

struct str utf8_decode(struct arena *a, struct str bytes, struct str charset)
{
    static const char *const unicode[] = {
        "", "utf-8", "utf8", "unicode-1-1-utf-8", "unknown-8bit", "8bit", NULL};
    static const char *const latin[] = {"us-ascii",     "ascii",  "iso-8859-1",
                                        "iso8859-1",    "latin1", "latin-1",
                                        "windows-1252", "cp1252", NULL};
    charset = str_trim(charset);
    if (is_one_of(charset, latin))
        return utf8_from_1252(a, bytes);
    char name[64];
    UErrorCode err = U_ZERO_ERROR;
    UConverter *from = NULL;
    if (!is_one_of(charset, unicode) && charset.n < sizeof name) {
        memcpy(name, charset.p, charset.n);
        name[charset.n] = 0;
        from = ucnv_open(name, &err);
    }
    if (!from || U_FAILURE(err) || bytes.n > INT32_MAX / 4)
        return is_mostly_utf8(bytes) ? utf8_repair(a, bytes) : utf8_from_1252(a, bytes);
    size_t max = bytes.n * 3 + 16;
    char *out = arena_alloc(a, max);
    int32_t n =
        ucnv_toAlgorithmic(UCNV_UTF8, from, out, (int32_t)(max > INT32_MAX ? INT32_MAX : max),
                           bytes.p, (int32_t)bytes.n, &err);
    ucnv_close(from);
    return U_SUCCESS(err) ? utf8_repair(a, (struct str){out, (size_t)n}) : utf8_repair(a, bytes);
}
