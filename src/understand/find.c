/* find.c - see find.h. */
#include "understand/find.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "understand/model_places.h"

static const char NAME[] = "zuruf.model";

/* The place beside the running program: DIR/zuruf.model. */
static bool beside_program(char *out, size_t size)
{
    ssize_t n = readlink("/proc/self/exe", out, size - 1);
    if (n <= 0)
        return false;
    out[n] = 0;
    char *slash = strrchr(out, '/');
    if (!slash || (size_t)(slash + 1 - out) + sizeof NAME > size)
        return false;
    memcpy(slash + 1, NAME, sizeof NAME);
    return true;
}

enum err model_find(struct model **out, const char *path, struct errinfo *e)
{
    char beside[PATH_MAX];
    const char *given = path ? path : getenv("ZURUF_MODEL");
    if (given && *given)
        return model_open(out, given, e);
    const char *places[] = {beside_program(beside, sizeof beside) ? beside : NULL, MODEL_IN_SOURCE,
                            MODEL_INSTALLED};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        enum err err = places[i] ? model_open(out, places[i], e) : ERR_NOT_FOUND;
        if (err != ERR_NOT_FOUND)
            return err;
    }
    *out = NULL;
    return err_set(e, ERR_NOT_FOUND, NAME, "no model found; name one by --model FILE or ZURUF_MODEL");
}
