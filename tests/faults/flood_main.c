/* flood_main.c - the floods of bench/flood.h for a test that drives them. Prints "open" when all
 * connections are there (streams: have begun), "told" when every stream has had an event, and after
 * the seconds are over, or at the end of its input when there are none, one line of JSON.
 *   flood PORT KIND N SECONDS PATH COOKIE    PATH: what the honest client beside it asks for */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "flood.h"

static void print(const struct flood_figures *f, const struct probe_figures *p)
{
    printf("{\"most\":%d,\"answers\":%lld,\"ok\":%lld,\"refused\":%lld,\"failed\":%lld,"
           "\"408\":%lld,\"413\":%lld,\"414\":%lld,\"429\":%lld,\"431\":%lld,\"503\":%lld,"
           "\"ended\":%lld,\"told\":%d,\"told_ms\":%.1f,"
           "\"probe\":{\"answers\":%d,\"failed\":%d,\"p50_ms\":%.2f,\"p99_ms\":%.2f,"
           "\"most_ms\":%.2f}}\n",
           f->most, (long long)f->answers, (long long)f->status[2], (long long)f->status[4],
           (long long)f->status[5], (long long)f->code_408, (long long)f->code_413,
           (long long)f->code_414, (long long)f->code_429, (long long)f->code_431,
           (long long)f->code_503, (long long)f->ended, f->told,
           (double)(f->told_last - f->told_first) / 1000, p->answers, p->failed, p->p50_ms,
           p->p99_ms, p->most_ms);
}

/* The input has ended, or there is something to read. */
static bool is_over(int64_t until)
{
    struct pollfd in = {.fd = 0, .events = POLLIN};
    poll(&in, until ? 0 : 1, 10);
    return until ? flood_micros() >= until : in.revents != 0;
}

int main(int argc, char **argv)
{
    const struct flood_kind *kind = argc == 7 ? flood_find(argv[2]) : NULL;
    if (!kind) {
        fprintf(stderr, "usage: flood PORT KIND N SECONDS PATH COOKIE\n");
        return 2;
    }
    int port = (int)strtol(argv[1], NULL, 10), n = (int)strtol(argv[3], NULL, 10);
    double seconds = strtod(argv[4], NULL);
    struct flood_figures f = {0};
    struct probe_figures p;
    struct flood *flood = flood_start(kind, port, n, argv[6]);
    struct probe *probe = probe_start(port, argv[5], argv[6]);
    int64_t until = seconds > 0 ? flood_micros() + (int64_t)(seconds * 1e6) : 0;
    for (bool open = false, told = false; !is_over(until);) {
        flood_read(flood, &f);
        if (!open && (kind->signed_in ? f.streams : f.open) == n) {
            open = true;
            puts("open");
        }
        if (!told && f.told == n) {
            told = true;
            puts("told");
        }
        fflush(stdout);
    }
    probe_stop(probe, &p);
    flood_stop(flood, &f);
    print(&f, &p);
    return 0;
}
