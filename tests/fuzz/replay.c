/* replay.c - runs a fuzz target over each file of a folder: the corpus as an ordinary test. Fails
 * when the folder holds nothing. Each input is copied into memory of exactly its size, so that
 * sanitizers see a byte too many. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "fuzz.h"

enum { INPUT_MAX = 1 << 20 };

static int run_file(const char *folder, const char *name)
{
    static uint8_t whole[INPUT_MAX];
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "rb");
    if (!f) {
        perror(path);
        return 1;
    }
    size_t n = fread(whole, 1, sizeof whole, f);
    fclose(f);
    uint8_t *exact = malloc(n ? n : 1);
    if (!exact)
        return 1;
    for (size_t i = 0; i < n; i++)
        exact[i] = whole[i];
    LLVMFuzzerTestOneInput(exact, n);
    free(exact);
    return 0;
}

int main(int argc, char **argv)
{
    DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;
    if (!folder) {
        fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 2;
    }
    int files = 0, failed = 0;
    for (struct dirent *d; (d = readdir(folder));) {
        if (d->d_name[0] == '.')
            continue;
        failed += run_file(argv[1], d->d_name);
        files++;
    }
    closedir(folder);
    printf("%d inputs\n", files);
    return failed || !files;
}
