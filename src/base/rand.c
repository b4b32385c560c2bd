/* rand.c - see rand.h. */
#include "base/rand.h"

#include <errno.h>
#include <sys/random.h>

#include "base/log.h"

void rand_bytes(void *p, size_t n)
{
    char *w = p;
    while (n) {
        ssize_t got = getrandom(w, n, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            log_fatal("base", "the kernel gives no random bytes");
        w += got;
        n -= (size_t)got;
    }
}

uint64_t rand_u64(void)
{
    uint64_t v;
    rand_bytes(&v, sizeof v);
    return v;
}

uint64_t rand_below(uint64_t below)
{
    uint64_t limit = UINT64_MAX - UINT64_MAX % below, v;
    do
        v = rand_u64();
    while (v >= limit);
    return v % below;
}
