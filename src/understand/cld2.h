/* cld2.h - language of a text by the CLD2 library, which is slow and therefore asked only when the
 * model is not sure or takes it for another language. C face of a C++ part. Threads: any. */
#ifndef UNDERSTAND_CLD2_H
#define UNDERSTAND_CLD2_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Returns the share of the text (0..100) that is in *code (ISO 639, static), 0 when it cannot tell.
 */
int cld2_language(const char *text, size_t n, const char **code);

#ifdef __cplusplus
}
#endif

#endif
