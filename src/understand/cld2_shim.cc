/* cld2_shim.cc - see cld2.h. */
#include "understand/cld2.h"

#include <cstdio> /* the header below uses FILE and does not include it */
#include <cld2/public/compact_lang_det.h>

extern "C" int cld2_language(const char *text, size_t n, const char **code)
{
    CLD2::Language language[3];
    int percent[3], bytes = 0, valid = 0;
    bool reliable = false;
    CLD2::DetectLanguageCheckUTF8(text, static_cast<int>(n), true, &reliable, &valid);
    /* the summary must not see bytes that are no UTF-8 */
    CLD2::DetectLanguageSummary(text, valid, true, language, percent, &bytes, &reliable);
    if (!reliable || language[0] == CLD2::UNKNOWN_LANGUAGE)
        return 0;
    *code = CLD2::LanguageCode(language[0]);
    return percent[0];
}
