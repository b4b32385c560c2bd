/* acceptor.c - see acceptor.h. */
#include "http/acceptor.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/bell.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/threads.h"

enum { PAUSE_MS = 50, FULL_PAUSE_MS = 5 };

struct acceptor {
    struct acceptor_house house;
    struct bell stopped;
    atomic_bool stopping;
    pthread_t thread;
    int listen_fd;
    bool scarce; /* said so already */
};

static void refused(struct acceptor *a, int reason)
{
    if (reason == EAGAIN || reason == EINTR || reason == ECONNABORTED)
        return; /* the client was faster, or it is gone */
    if (!a->scarce && !atomic_load(&a->stopping))
        log_error("http", "no new connection can be let in: %s", strerror(reason));
    a->scarce = true;
    bell_wait(&a->stopped, PAUSE_MS);
}

static void let_in(struct acceptor *a)
{
    struct sockaddr_storage from;
    socklen_t n = sizeof from;
    int fd = accept4(a->listen_fd, (struct sockaddr *)&from, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
        refused(a, errno);
        return;
    }
    if (a->scarce)
        log_info("http", "new connections are let in again");
    a->scarce = false;
    a->house.enter(a->house.ctx, fd, (const struct sockaddr *)&from, n);
}

static void *accept_on(void *p)
{
    struct acceptor *a = p;
    while (!atomic_load(&a->stopping)) {
        struct pollfd door = {.fd = a->listen_fd, .events = POLLIN};
        if (a->house.full(a->house.ctx))
            bell_wait(&a->stopped, FULL_PAUSE_MS);
        else if (poll(&door, 1, -1) > 0)
            let_in(a);
    }
    return NULL;
}

enum err acceptor_start(struct acceptor **out, int listen_fd, const struct acceptor_house *house)
{
    struct acceptor *a = memory_zeroed(1, sizeof *a);
    a->house = *house;
    a->listen_fd = listen_fd;
    bell_init(&a->stopped);
    enum err err = thread_start(&a->thread, "accept", accept_on, a);
    if (err != ERR_OK) {
        bell_deinit(&a->stopped);
        free(a);
        return err;
    }
    *out = a;
    return ERR_OK;
}

void acceptor_stop(struct acceptor *a)
{
    if (!a)
        return;
    atomic_store(&a->stopping, true);
    shutdown(a->listen_fd, SHUT_RDWR); /* wakes the thread, and refuses who comes */
    bell_close(&a->stopped);
    pthread_join(a->thread, NULL);
    bell_deinit(&a->stopped);
    free(a);
}
