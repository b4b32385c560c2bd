/* triage.c - what judging posts costs: CPU time of "zuruf triage" over tweet-size posts, JSON in
 * and out included (goal: 30,000 posts a second on one core), against reading and writing the same
 * JSON Lines alone, in the same run. Prints numerator, denominator and ratio; exit 1 when the goal
 * is missed. Usage: bench_triage ZURUF MODEL LABELS.tsv ... (the last column of each file is the
 * text) */
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

enum { POSTS = 100 * 1000, TWEET_MAX = 280, GOAL = 30000 };

static double cpu_seconds(int who)
{
    struct rusage u;
    getrusage(who, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

/* The files' tweet-size texts as JSON Lines, over and over until there are POSTS. */
static size_t write_posts(FILE *out, int files, char **paths)
{
    struct buf line;
    size_t n = 0, before = 1, bytes = 0;
    buf_init(&line, 1 << 20);
    while (n < POSTS && n != before) {
        before = n;
        for (int i = 0; i < files && n < POSTS; i++) {
            char text[8192];
            FILE *in = fopen(paths[i], "r");
            if (!in)
                continue;
            for (bool header = true; n < POSTS && fgets(text, sizeof text, in); header = false) {
                const char *last = strrchr(text, '\t');
                struct str s = str_trim(str_z(last ? last + 1 : text));
                if (header || s.n == 0 || s.n > TWEET_MAX)
                    continue;
                struct json_writer w;
                buf_clear(&line);
                json_writer_init(&w, &line);
                json_begin_object(&w);
                json_put_id(&w, "id", (int64_t)++n);
                json_put_text(&w, "text", s);
                json_end_object(&w);
                buf_add_char(&line, '\n');
                bytes += fwrite(line.p, 1, line.n, out);
            }
            fclose(in);
        }
    }
    buf_deinit(&line);
    fprintf(stderr, "%zu posts, %zu bytes a line\n", n, n ? bytes / n : 0);
    return n;
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

static double run_triage(const char *program, const char *model, int in)
{
    double before = cpu_seconds(RUSAGE_CHILDREN);
    lseek(in, 0, SEEK_SET);
    pid_t child = fork();
    if (child == 0) {
        int null = open("/dev/null", O_WRONLY);
        dup2(in, 0);
        dup2(null, 1);
        execl(program, program, "triage", "--model", model, (char *)NULL);
        perror(program);
        _exit(127);
    }
    int status = 1;
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
        return -1;
    return cpu_seconds(RUSAGE_CHILDREN) - before;
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: bench_triage ZURUF MODEL LABELS.tsv ...\n");
        return 2;
    }
    int fd = memfd_create("posts", 0);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w+");
    if (!file)
        return 1;
    size_t n = write_posts(file, argc - 3, argv + 3);
    rewind(file);
    double copy = copy_alone(file), triage = run_triage(argv[1], argv[2], fd);
    fclose(file);
    if (n == 0 || triage <= 0 || copy <= 0) {
        fprintf(stderr, "bench_triage: nothing was measured\n");
        return 1;
    }
    printf("triage: %.2f us a post, JSON alone %.2f us, ratio %.2f; %.0f posts/s on one core (goal "
           "%d)\n",
           triage / (double)n * 1e6, copy / (double)n * 1e6, triage / copy, (double)n / triage,
           GOAL);
    return (double)n / triage >= GOAL ? 0 : 1;
}
