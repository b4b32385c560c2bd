/* memory.c - what the server keeps resident: after its start and one page; after 100,000 posts by
 * four clients of the API while wrk asks for the inbox; and for each of 1,000 idle event streams of
 * a desk that is signed in. bench_memory ZURUF SOURCE [FOLDER]    exit 1 when a goal is missed
 * Resident counts what is mapped of files too (program, libraries, the model, the store's shared
 * index); the share that is the process's own is printed beside it. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "house.h"

enum { POSTS = 100 * 1000, CLIENTS = 4, BATCH = 100, WARM = 200, STREAMS = 1000 };
static const double MB = 1e6;

struct client {
    pthread_t thread;
    const struct house *house;
    const struct texts *texts;
    int64_t from;
};

static void *post(void *p)
{
    struct client *c = p;
    struct buf scratch;
    int fd = house_connect(c->house);
    buf_init(&scratch, REQUEST_MAX);
    for (int64_t n = 0; n < POSTS / CLIENTS; n += BATCH)
        house_post(c->house, fd, c->texts, c->from + n, BATCH, &scratch);
    buf_deinit(&scratch);
    close(fd);
    return NULL;
}

static pid_t start_wrk(const struct house *h)
{
    char cookie[120], url[80];
    snprintf(cookie, sizeof cookie, "Cookie: %s", h->cookie);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/desk", h->port);
    pid_t child = fork();
    if (child == 0) {
        if (freopen("/dev/null", "w", stdout))
            execlp("wrk", "wrk", "-t1", "-c32", "-d600s", "-H", cookie, url, (char *)NULL);
        _exit(127);
    }
    return child;
}

static void load(const struct house *h, const struct texts *t)
{
    struct client clients[CLIENTS];
    pid_t wrk = start_wrk(h);
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = (struct client){.house = h, .texts = t, .from = (int64_t)i * POSTS / CLIENTS};
        if (pthread_create(&clients[i].thread, NULL, post, &clients[i]))
            fail("no thread");
    }
    for (int i = 0; i < CLIENTS; i++)
        pthread_join(clients[i].thread, NULL);
    kill(wrk, SIGTERM);
    waitpid(wrk, NULL, 0);
}

/* An event stream; returns when its head has come. */
static int subscribe(const struct house *h)
{
    char ask[400], in[4096];
    int n = snprintf(ask, sizeof ask,
                     "GET /desk/events HTTP/1.1\r\nHost: bench\r\nAccept: text/event-stream\r\n"
                     "User-Agent: Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0\r\n"
                     "Cookie: %s\r\n\r\n",
                     h->cookie);
    int fd = house_connect(h);
    if (send(fd, ask, (size_t)n, MSG_NOSIGNAL) != n)
        fail("send");
    for (size_t got = 0; got < sizeof in;) {
        ssize_t more = recv(fd, in + got, sizeof in - got, 0);
        if (more <= 0)
            break;
        got += (size_t)more;
        if (memmem(in, got, "retry: ", 7))
            return fd;
    }
    fail("no event stream");
}

static bool streams(const struct house *h)
{
    static int fds[WARM + STREAMS];
    struct memory before, after;
    for (int i = 0; i < WARM + STREAMS; i++) {
        if (i == WARM) /* stacks and heaps of the threads are no stream's cost */
            house_memory(h, &before);
        fds[i] = subscribe(h);
    }
    house_memory(h, &after);
    bool good = report("memory of an idle event stream", after.rss - before.rss, STREAMS,
                       "bytes / streams", 12000, true);
    for (int i = 0; i < WARM + STREAMS; i++)
        close(fds[i]);
    return good;
}

static void page(const struct house *h)
{
    char ask[300];
    struct buf scratch;
    buf_init(&scratch, REQUEST_MAX);
    int fd = house_connect(h);
    snprintf(ask, sizeof ask, "GET /desk HTTP/1.1\r\nHost: bench\r\nCookie: %s\r\n\r\n", h->cookie);
    errno = 0;
    if (house_ask(fd, str_z(ask), &scratch) != 200)
        fail("no page");
    close(fd);
    buf_deinit(&scratch);
}

static bool resident(const struct house *h, const char *what, double goal)
{
    struct memory m;
    house_memory(h, &m);
    bool good = report(what, m.rss, MB, "bytes / MB", goal, true);
    printf("  of that the process's own, not mapped files        %12.2f MB\n", m.anonymous / MB);
    return good;
}

int main(int argc, char **argv)
{
    struct house h;
    struct texts t;
    if (argc < 3) {
        fprintf(stderr, "usage: bench_memory ZURUF SOURCE [FOLDER]\n");
        return 2;
    }
    setenv("ZURUF_STREAMS_PER_AGENT", "20000", 1);
    setenv("ZURUF_CONNECTIONS_PER_ADDRESS", "20000", 1);
    texts_read(&t, argv[2]);
    house_make(&h, argc > 3 ? argv[3] : "/tmp", NULL);
    house_serve(&h, argv[1]);
    page(&h);
    bool good = resident(&h, "memory, fresh, one page shown", 30);
    good = streams(&h) && good;
    house_stop(&h);
    house_serve(&h, argv[1]);
    load(&h, &t);
    page(&h);
    good = resident(&h, "memory, after 100,000 posts and pages", 100) && good;
    house_remove(&h);
    texts_free(&t);
    return good ? 0 : 1;
}
