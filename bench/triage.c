/* triage.c - what judging posts costs on one core: CPU time of "zuruf triage", JSON in and out
 * included, over tweet-size posts (goal: 50,000 a second) and over long ones of about 1,000 bytes
 * (goal: 10,000 a second), against reading the same JSON Lines alone and, where Debian's fasttext
 * is installed, against its answer for one head with character sequences on the same texts, all in
 * the same run. Prints numerators, denominators and ratios; exit 1 when a goal is missed. Usage:
 * bench_triage ZURUF MODEL LABELS.tsv ... (the last column of each file is the text) */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "text/json.h"

enum {
    POSTS = 100 * 1000,
    LONG_POSTS = 20 * 1000,
    TWEET_MAX = 280,
    LONG_MIN = 1000, /* bytes; posts are joined until there are so many */
    GOAL = 50000,
    LONG_GOAL = 10000
};

struct texts {
    FILE *json;
    FILE *plain; /* the same, a line each */
    size_t n, bytes;
};

static double cpu_seconds(int who)
{
    struct rusage u;
    getrusage(who, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void put_post(struct texts *t, struct buf *line, struct str text)
{
    struct json_writer w;
    buf_clear(line);
    json_writer_init(&w, line);
    json_begin_object(&w);
    json_put_id(&w, "id", (int64_t)++t->n);
    json_put_text(&w, "text", text);
    json_end_object(&w);
    buf_add_char(line, '\n');
    fwrite(line->p, 1, line->n, t->json);
    fprintf(t->plain, "%.*s\n", STR_FMT(text));
    t->bytes += text.n;
}

/* The files' tweet-size texts over and over until there are enough; joined up to `least` bytes. */
static void write_posts(struct texts *t, size_t wanted, size_t least, int files, char **paths)
{
    struct buf line, text;
    size_t before = SIZE_MAX;
    buf_init(&line, 1 << 20);
    buf_init(&text, 1 << 20);
    while (t->n < wanted && t->n != before) {
        before = t->n;
        for (int i = 0; i < files; i++) {
            char row[8192];
            FILE *in = fopen(paths[i], "r");
            if (!in)
                continue;
            for (bool header = true; t->n < wanted && fgets(row, sizeof row, in); header = false) {
                const char *last = strrchr(row, '\t');
                struct str s = str_trim(str_z(last ? last + 1 : row));
                if (header || s.n == 0 || s.n > TWEET_MAX)
                    continue;
                if (text.n)
                    buf_add_char(&text, ' ');
                buf_add(&text, s);
                if (text.n < least)
                    continue;
                put_post(t, &line, buf_str(&text));
                buf_clear(&text);
            }
            fclose(in);
        }
    }
    buf_deinit(&line);
    buf_deinit(&text);
    fflush(t->json);
    fflush(t->plain);
    rewind(t->json);
}

/* CPU seconds for reading each line and writing it again. */
static double copy_alone(FILE *in)
{
    struct json_lines lines;
    struct arena a;
    struct json *v;
    FILE *out = fopen("/dev/null", "w");
    double before = cpu_seconds(RUSAGE_SELF);
    arena_init(&a);
    json_lines_init(&lines, in);
    while (out && json_lines_next(&lines, &a, &v, NULL) == ERR_OK && v) {
        fwrite(lines.text.p, 1, lines.text.n, out);
        arena_clear(&a);
    }
    json_lines_deinit(&lines);
    arena_deinit(&a);
    if (out)
        fclose(out);
    return cpu_seconds(RUSAGE_SELF) - before;
}

/* CPU seconds of a program that reads a file; < 0: it failed. */
static double run(int in, const char *const *words)
{
    double before = cpu_seconds(RUSAGE_CHILDREN);
    lseek(in, 0, SEEK_SET);
    pid_t child = fork();
    if (child == 0) {
        int null = open("/dev/null", O_WRONLY);
        dup2(in, 0);
        dup2(null, 1);
        if (strcmp(words[0], "fasttext") == 0)
            dup2(null, 2);
        execvp(words[0], (char *const *)(uintptr_t)words);
        _exit(127);
    }
    int status = 1;
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
        return -1;
    return cpu_seconds(RUSAGE_CHILDREN) - before;
}

static struct texts texts_new(size_t wanted, size_t least, int files, char **paths)
{
    int json = memfd_create("json", 0), plain = memfd_create("plain", 0);
    struct texts t = {.json = json < 0 ? NULL : fdopen(json, "w+"),
                      .plain = plain < 0 ? NULL : fdopen(plain, "w+")};
    if (!t.json || !t.plain)
        exit(1);
    write_posts(&t, wanted, least, files, paths);
    return t;
}

static void texts_free(struct texts *t)
{
    fclose(t->json);
    fclose(t->plain);
}

/* One head with two classes, as a judge of one question would be made; what its answers are worth
 * is no matter here. Seconds for the texts, loading taken off; < 0: no fasttext. */
static double run_fasttext(const struct texts *t)
{
    char folder[] = "/tmp/zuruf-bench-fasttext-XXXXXX", labelled[64], model[64], file[80],
         row[8192];
    double seconds = -1;
    if (!mkdtemp(folder))
        return -1;
    snprintf(labelled, sizeof labelled, "%s/labelled", folder);
    snprintf(model, sizeof model, "%s/model", folder);
    snprintf(file, sizeof file, "%s.bin", model);
    FILE *out = fopen(labelled, "w");
    rewind(t->plain);
    for (int i = 0; out && i < 3000 && fgets(row, sizeof row, t->plain); i++)
        fprintf(out, "__label__%s %s", strchr(row, '?') ? "asks" : "tells", row);
    if (out)
        fclose(out);
    int empty = memfd_create("empty", 0);
    const char *train[] = {"fasttext", "supervised", "-input",      labelled, "-output", model,
                           "-minn",    "2",          "-maxn",       "5",      "-bucket", "100000",
                           "-dim",     "100",        "-wordNgrams", "3",      "-epoch",  "2",
                           "-thread",  "1",          NULL};
    const char *ask[] = {"fasttext", "predict-prob", file, "-", NULL};
    if (run(empty, train) >= 0) {
        double load = run(empty, ask);
        seconds = run(fileno(t->plain), ask) - load;
    }
    close(empty);
    unlink(labelled);
    unlink(file);
    snprintf(file, sizeof file, "%s.vec", model);
    unlink(file);
    rmdir(folder);
    return seconds;
}

static bool measure(const char *name, struct texts *t, char **argv, double goal)
{
    const char *words[] = {argv[1], "triage", "--model", argv[2], NULL};
    double n = (double)t->n, copy = copy_alone(t->json), triage = run(fileno(t->json), words),
           other = run_fasttext(t);
    if (t->n == 0 || triage <= 0 || copy <= 0) {
        fprintf(stderr, "bench_triage: nothing was measured\n");
        return false;
    }
    printf(
        "triage, %s of %zu bytes: %.2f us a post, JSON alone %.2f us, ratio %.2f; %.0f posts/s on "
        "one core (goal %.0f)\n",
        name, t->bytes / t->n, triage / n * 1e6, copy / n * 1e6, triage / copy, n / triage, goal);
    if (other > 0)
        printf(
            "triage, %s: all facts %.0f posts/s / fasttext, one head, %.0f posts/s, ratio %.2f\n",
            name, n / triage, n / other, other / triage);
    return n / triage >= goal;
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: bench_triage ZURUF MODEL LABELS.tsv ...\n");
        return 2;
    }
    struct texts tweets = texts_new(POSTS, 1, argc - 3, argv + 3),
                 longer = texts_new(LONG_POSTS, LONG_MIN, argc - 3, argv + 3);
    bool ok = measure("posts", &tweets, argv, GOAL);
    ok &= measure("long posts", &longer, argv, LONG_GOAL);
    texts_free(&tweets);
    texts_free(&longer);
    return ok ? 0 : 1;
}
