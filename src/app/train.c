/* train.c - zuruf train: labelled files in, a model file out. */
#include "app/commands.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/labelled.h"
#include "base/arena.h"
#include "understand/find.h"
#include "understand/train.h"

static const char USAGE[] =
    "Usage: zuruf train --text COL --head NAME=COL ... --out FILE [options] FILE...\n"
    "Makes a model from labelled texts: TSV files with a header line, no quoting. A row whose label is empty\n"
    "is left out of that head.\n\n"
    "  --text COL        column of the texts\n"
    "  --head NAME=COL   a head of the model and the column of its labels; may be repeated\n"
    "  --out FILE        where the model is written (replaced at once when it is complete)\n"
    "  --brand COL       column of the brand's names, divided by commas; may be empty in a row\n"
    "  --unlabelled FILE more texts of the same kind (same text column), used where the model is sure; may be repeated\n"
    "  --base FILE       model to start from (default: the shipped one; with more than 64 classes none)\n"
    "  --from-scratch    start from nothing\n";

struct train_command {
    struct labelled labelled;
    const char *out, *base, *unlabelled[16];
    int unlabelled_count;
    bool from_scratch;
};

/* Writes beside the target and renames, so that nobody ever maps half a model. */
static enum err write_file(const char *path, struct str bytes, struct errinfo *e)
{
    char part[4096];
    if ((size_t)snprintf(part, sizeof part, "%s.part", path) >= sizeof part)
        return err_set(e, ERR_INVALID, "--out", "the path is too long");
    FILE *f = fopen(part, "wb");
    bool ok = f && fwrite(bytes.p, 1, bytes.n, f) == bytes.n && fflush(f) == 0 && fsync(fileno(f)) == 0;
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

static enum err open_base(const struct train_command *c, struct model **base, struct errinfo *e)
{
    *base = NULL;
    if (c->from_scratch)
        return ERR_OK;
    enum err err = model_find(base, c->base, e);
    return err == ERR_NOT_FOUND && !c->base ? ERR_OK : err;
}

static enum err run(const struct train_command *c, char **files, int n, struct arena *a, struct errinfo *e)
{
    struct examples ex, more;
    struct model *base = NULL;
    struct buf out;
    if (!c->out)
        return err_set(e, ERR_INVALID, "--out", "name the file to write: --out FILE");
    if (n == 0)
        return err_set(e, ERR_INVALID, "--help", "no labelled file is named");
    TRY(labelled_init(&c->labelled, &ex, a, e));
    TRY(labelled_read(&ex, files, n, e));
    examples_init(&more, a, ex.text_column, ex.brand_column);
    for (int i = 0; i < c->unlabelled_count; i++)
        TRY(examples_read_file(&more, c->unlabelled[i], e));
    TRY(open_base(c, &base, e));
    buf_init(&out, MODEL_FILE_MAX);
    struct train_options options = {.base = base, .unlabelled = c->unlabelled_count ? &more : NULL};
    enum err err = train_model(&ex, &options, &out, e);
    if (err == ERR_OK)
        err = write_file(c->out, buf_str(&out), e);
    buf_deinit(&out);
    model_close(base);
    return err;
}

int cmd_train(int argc, char **argv)
{
    static const struct option OPTIONS[] = {
        {"text", required_argument, NULL, 't'},       {"head", required_argument, NULL, 'h'},
        {"out", required_argument, NULL, 'o'},        {"brand", required_argument, NULL, 'b'},
        {"unlabelled", required_argument, NULL, 'u'}, {"base", required_argument, NULL, 'm'},
        {"from-scratch", no_argument, NULL, 's'},     {"help", no_argument, NULL, '?' + 256},
        {0},
    };
    struct train_command c = {0};
    for (int opt; (opt = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1;) {
        switch (opt) {
        case 't':
            c.labelled.text = optarg;
            break;
        case 'b':
            c.labelled.brand = optarg;
            break;
        case 'h':
            if (c.labelled.head_count <= MODEL_HEADS_MAX)
                c.labelled.heads[c.labelled.head_count++] = optarg;
            break;
        case 'o':
            c.out = optarg;
            break;
        case 'm':
            c.base = optarg;
            break;
        case 's':
            c.from_scratch = true;
            break;
        case 'u':
            if (c.unlabelled_count == (int)(sizeof c.unlabelled / sizeof *c.unlabelled)) {
                fprintf(stderr, "zuruf train: --unlabelled: at most %d files\n", c.unlabelled_count);
                return 2;
            }
            c.unlabelled[c.unlabelled_count++] = optarg;
            break;
        case '?' + 256:
            fputs(USAGE, stdout);
            return 0;
        default:
            return 2;
        }
    }
    struct arena a;
    struct errinfo e = {0};
    arena_init(&a);
    int status = 0;
    if (run(&c, argv + optind, argc - optind, &a, &e) != ERR_OK)
        status = labelled_fail("train", &e);
    arena_deinit(&a);
    return status;
}
