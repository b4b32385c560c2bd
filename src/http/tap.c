/* tap.c - see tap.h. A table by descriptor: one load a call for everybody else's sockets. */
#include "http/tap.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>

enum { DESCRIPTORS_MAX = 1 << 20 };

static _Atomic(struct tap *) *taps;
static atomic_int taps_n;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

enum err tap_init(void)
{
    struct rlimit limit;
    enum err err = ERR_OK;
    pthread_mutex_lock(&lock);
    if (!taps) {
        int n = DESCRIPTORS_MAX; /* untouched pages cost nothing */
        if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_max < DESCRIPTORS_MAX)
            n = (int)limit.rlim_max;
        taps = calloc((size_t)n, sizeof *taps);
        if (taps)
            taps_n = n;
        else
            err = ERR_IO;
    }
    pthread_mutex_unlock(&lock);
    return err;
}

void tap_set(int fd, struct tap *t)
{
    if (fd >= 0 && fd < taps_n)
        taps[fd] = t;
}

/* Goes before the C library's for the whole process, libraries included (the linker exports it,
 * for they ask for it). */
ssize_t recv(int fd, void *to, size_t n, int flags)
{
    struct tap *t = fd >= 0 && fd < taps_n ? taps[fd] : NULL;
    return t ? t->read(t, fd, to, n) : recvfrom(fd, to, n, flags, NULL, NULL);
}
