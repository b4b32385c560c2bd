/* err.c - see err.h. */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>

const struct err_row err_table[ERR_COUNT] = {
    [ERR_OK] = {"ok", 200, false},           [ERR_NOT_FOUND] = {"not_found", 404, false},
    [ERR_INVALID] = {"invalid", 422, false}, [ERR_CONFLICT] = {"conflict", 409, false},
    [ERR_DENIED] = {"denied", 403, false},   [ERR_LIMIT] = {"limit", 413, false},
    [ERR_BUSY] = {"busy", 503, true},        [ERR_PEER] = {"peer", 502, true},
    [ERR_UNCLEAR] = {"unclear", 502, false}, [ERR_IO] = {"io", 503, true},
    [ERR_BUG] = {"bug", 500, false},
};

const char *err_code(enum err code)
{
    return err_table[code < ERR_COUNT ? code : ERR_BUG].code;
}

enum err err_set(struct errinfo *e, enum err code, const char *where, const char *fmt, ...)
{
    if (!e)
        return code;
    e->code = code;
    e->said[0] = 0;
    snprintf(e->where, sizeof e->where, "%s", where ? where : "");
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(e->what, sizeof e->what, fmt, ap);
    va_end(ap);
    return code;
}
