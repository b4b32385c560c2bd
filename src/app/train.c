/* train.c - zuruf train: labelled files in, a model file out. */
#include "app/commands.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/app.h"
#include "app/labelled.h"
#include "app/options.h"
#include "base/arena.h"
#include "understand/train.h"

enum { FILES_MAX = 1000 };

struct train_command {
    struct labelled labelled;
    const char *out, *base, *from_scratch;
};

/* Writes beside the target and renames, so that nobody ever maps half a model. */
static enum err write_file(const char *path, struct str bytes, struct errinfo *e)
{
    char part[4096];
    if ((size_t)snprintf(part, sizeof part, "%s.part", path) >= sizeof part)
        return err_set(e, ERR_INVALID, "--out", "the path is too long");
    FILE *f = fopen(part, "wb");
    bool ok =
        f && fwrite(bytes.p, 1, bytes.n, f) == bytes.n && fflush(f) == 0 && fsync(fileno(f)) == 0;
    int why = errno;
    if (f && fclose(f) != 0 && ok) {
        why = errno;
        ok = false;
    }
    if (ok && rename(part, path) != 0) {
        why = errno;
        ok = false;
    }
    if (ok)
        return ERR_OK;
    if (f)
        unlink(part);
    return err_set(e, ERR_IO, path, "cannot write the model: %s", strerror(why));
}

static enum err run(const struct train_command *c, char **files, size_t n, struct arena *a,
                    struct errinfo *e)
{
    struct examples ex;
    struct model *base = NULL;
    struct buf out;
    if (!c->out)
        return err_set(e, ERR_INVALID, "--out", "name the file to write: --out FILE");
    TRY(labelled_init(&c->labelled, &ex, a, e));
    TRY(labelled_read(&ex, files, n, e));
    TRY(labelled_base(c->base, c->from_scratch, &base, e));
    buf_init(&out, MODEL_FILE_MAX);
    enum train_start start = TRAIN_FROM_BASE;
    struct train_options options = {.base = base, .start = &start};
    enum err err = train_model(&ex, &options, &out, e);
    if (start != TRAIN_FROM_BASE)
        fprintf(stderr, "zuruf train: started from nothing, not from the base: %s\n",
                start == TRAIN_BASE_KNOWS_TEXTS ? "it was trained on these texts"
                                                : "there are too many classes for it");
    if (err == ERR_OK)
        err = write_file(c->out, buf_str(&out), e);
    buf_deinit(&out);
    model_close(base);
    return err;
}

int cmd_train(int argc, char **argv)
{
    struct train_command c = {0};
    const struct option_row rows[] = {
        {"text", "COL", &c.labelled.text, "column of the texts"},
        {"head", "NAME=COL", c.labelled.heads,
         "a head and the column of its labels; may be repeated", MODEL_HEADS_MAX},
        {"brand", "COL", &c.labelled.brand, "column of the brand's names, divided by commas"},
        {"out", "FILE", &c.out, "where the model is written"},
        {"base", "FILE", &c.base,
         "start from this model (else the shipped one) unless it knows these texts; up to 64 "
         "classes"},
        {"from-scratch", NULL, &c.from_scratch, "start from nothing"},
    };
    char **files;
    size_t n;
    int status = options_read(argc, argv, rows, sizeof rows / sizeof *rows,
                              "--text COL --head NAME=COL ... --out FILE [options] FILE.tsv ...", 1,
                              FILES_MAX, &files, &n);
    if (status >= 0)
        return status;
    struct arena a;
    struct errinfo e = {0};
    arena_init(&a);
    status = 0;
    if (run(&c, files, n, &a, &e) != ERR_OK)
        status = labelled_fail("train", &e);
    arena_deinit(&a);
    return status;
}
