/* labelled.c - see labelled.h. */
#include "app/labelled.h"

#include "app/app.h"

enum err labelled_init(const struct labelled *l, struct examples *ex, struct arena *a,
                       struct errinfo *e)
{
    if (!l->text)
        return err_set(e, ERR_INVALID, "--text", "name the column of the texts: --text COL");
    if (!l->heads[0])
        return err_set(e, ERR_INVALID, "--head", "name a head and its column: --head NAME=COL");
    examples_init(ex, a, str_z(l->text), str_z(l->brand));
    for (int i = 0; i < MODEL_HEADS_MAX && l->heads[i]; i++) {
        struct str spec = str_z(l->heads[i]);
        ptrdiff_t at = str_find_char(spec, '=', 0);
        if (at <= 0)
            return err_set(e, ERR_INVALID, "--head", "NAME=COL wanted, not \"%s\"", l->heads[i]);
        TRY(examples_add_head(ex, str_sub(spec, 0, (size_t)at),
                              str_sub(spec, (size_t)at + 1, spec.n), e));
    }
    return ERR_OK;
}

enum err labelled_read(struct examples *ex, char **files, size_t n, struct errinfo *e)
{
    for (size_t i = 0; i < n; i++)
        TRY(examples_read_file(ex, files[i], e));
    return ERR_OK;
}

enum err labelled_base(const char *path, const char *from_scratch, struct model **out,
                       struct errinfo *e)
{
    *out = NULL;
    if (from_scratch)
        return ERR_OK;
    enum err err = app_open_model(path, out, e);
    return err == ERR_NOT_FOUND && !path ? ERR_OK : err;
}

int labelled_fail(const char *command, const struct errinfo *e)
{
    int status = app_fail(command, e);
    return e->where[0] == '-' ? 2 : status; /* what is wrong is an option */
}
