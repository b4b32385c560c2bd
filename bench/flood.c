/* flood.c - see flood.h. */
#include "flood.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    PER_ADDRESS = 100,
    REOPENED_A_SECOND = 2000,
    TURN_MS = 50,
    SMALL_WINDOW = 2048,
    SEND_MAX = 256,
    PROBE_PAUSE_MS = 5,
    SAMPLES_MAX = 200000
};

#define HEAD(line) line " HTTP/1.1\r\nHost: flood\r\n"
#define HEADERS_10 "a:b\r\nb:c\r\nc:d\r\nd:e\r\ne:f\r\nf:g\r\ng:h\r\nh:i\r\ni:j\r\nj:k\r\n"
#define FORM "Content-Type: application/x-www-form-urlencoded\r\n"
#define PIECE_32 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define PIECE_256 PIECE_32 PIECE_32 PIECE_32 PIECE_32 PIECE_32 PIECE_32 PIECE_32 PIECE_32

const struct flood_kind flood_kinds[] = {
    {.name = "silent", .opening = ""},
    {.name = "slow-head", .opening = HEAD("GET /signin") "X-A: ", .drip = "a"},
    {.name = "slow-body",
     .opening = HEAD("POST /signin") FORM "Content-Length: 9000\r\n\r\n",
     .drip = "a"},
    {.name = "slow-read", .opening = "", .repeat = HEAD("GET /signin") "\r\n", .repeats = 1000},
    {.name = "large-header",
     .opening = HEAD("GET /signin") "X-A: ",
     .repeat = PIECE_256,
     .repeats = 4096,
     .reads = true},
    {.name = "many-headers",
     .opening = HEAD("GET /signin"),
     .repeat = HEADERS_10,
     .repeats = 10000,
     .reads = true},
    {.name = "large-length",
     .opening = HEAD("POST /signin") FORM "Content-Length: 8589934592\r\n\r\n",
     .repeat = PIECE_256,
     .repeats = 1 << 24,
     .reads = true},
    {.name = "endless-chunks",
     .opening = HEAD("POST /signin") FORM "Transfer-Encoding: chunked\r\n\r\n",
     .repeat = "100\r\n" PIECE_256 "\r\n",
     .repeats = 1 << 24,
     .reads = true},
    {.name = "pipeline",
     .opening = "",
     .repeat = HEAD("GET /healthz") "\r\n",
     .repeats = 10000,
     .reads = true},
    {.name = "logins",
     .opening = HEAD("POST /signin") FORM "Content-Length: 46\r\n\r\n"
                                          "email=bench%40example.com&password=wrong+words1",
     .spread = 4,
     .reads = true},
    {.name = "streams", .opening = HEAD("GET /desk/events"), .reads = true, .signed_in = true},
};
const size_t flood_kind_count = sizeof flood_kinds / sizeof *flood_kinds;

const struct flood_kind *flood_find(const char *name)
{
    for (size_t i = 0; i < flood_kind_count; i++)
        if (strcmp(flood_kinds[i].name, name) == 0)
            return &flood_kinds[i];
    return NULL;
}

/* Finds a word in what comes in pieces. */
struct finder {
    const char *word;
    uint8_t at;
};

struct connection {
    int fd; /* -1: to be opened */
    int repeated;
    size_t sent; /* of the piece that is being sent */
    bool opened, dripping, begun, told;
    char code[3];
    uint8_t digits; /* of the status that is being read, 3: none is */
    struct finder answer, retry, event;
};

struct flood {
    const struct flood_kind *kind;
    struct sockaddr_in to;
    int n, epoll, turn, allowance;
    char opening[1024];
    struct connection *list;
    pthread_t thread;
    pthread_mutex_t lock; /* of the figures, and of ended */
    struct flood_figures figures;
    bool ended;
};

static void give_up(const char *what)
{
    fprintf(stderr, "flood: %s%s%s\n", what, errno ? ": " : "", errno ? strerror(errno) : "");
    exit(2);
}

int64_t flood_micros(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static bool find(struct finder *f, char c)
{
    if (c != f->word[f->at])
        f->at = c == f->word[0];
    else if (!f->word[++f->at]) {
        f->at = 0;
        return true;
    }
    return false;
}

/* --- opening and closing --- */

static void open_one(struct flood *f, int i)
{
    struct connection *c = &f->list[i];
    struct sockaddr_in own = {.sin_family = AF_INET};
    int small = SMALL_WINDOW, on = 1;
    int group = i / (f->kind->spread ? f->kind->spread : PER_ADDRESS);
    *c = (struct connection){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0),
                             .digits = 3,
                             .answer = {"HTTP/1.1 ", 0},
                             .retry = {"retry: ", 0},
                             .event = {"event: ", 0}};
    if (c->fd < 0)
        give_up("no socket; raise the limit of open files");
    own.sin_addr.s_addr = htonl((127u << 24) + (1u << 16) + ((unsigned)group << 8) + 1);
    if (!f->kind->reads)
        setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    struct epoll_event e = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                            .data.u32 = (uint32_t)i};
    if (bind(c->fd, (struct sockaddr *)&own, sizeof own) != 0 ||
        (connect(c->fd, (struct sockaddr *)&f->to, sizeof f->to) != 0 && errno != EINPROGRESS) ||
        epoll_ctl(f->epoll, EPOLL_CTL_ADD, c->fd, &e) != 0)
        give_up("connect");
}

static void close_one(struct flood *f, struct connection *c)
{
    if (c->fd < 0)
        return;
    close(c->fd);
    c->fd = -1;
    if (!c->opened)
        return;
    f->figures.open--;
    f->figures.ended++;
    f->figures.streams -= c->begun;
}

/* --- what comes --- */

static void count_status(struct flood_figures *g, const char code[3])
{
    static const struct {
        const char *code;
        size_t at;
    } known[] = {{"408", offsetof(struct flood_figures, code_408)},
                 {"413", offsetof(struct flood_figures, code_413)},
                 {"414", offsetof(struct flood_figures, code_414)},
                 {"429", offsetof(struct flood_figures, code_429)},
                 {"431", offsetof(struct flood_figures, code_431)},
                 {"503", offsetof(struct flood_figures, code_503)}};
    g->answers++;
    if (code[0] >= '1' && code[0] <= '5')
        g->status[code[0] - '0']++;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (memcmp(code, known[i].code, 3) == 0)
            ++*(int64_t *)(void *)((char *)g + known[i].at);
}

static void look_at(struct flood *f, struct connection *c, const char *p, size_t n)
{
    struct flood_figures *g = &f->figures;
    for (size_t i = 0; i < n; i++) {
        if (c->digits < 3) {
            c->code[c->digits++] = p[i];
            if (c->digits == 3)
                count_status(g, c->code);
        }
        if (find(&c->answer, p[i]))
            c->digits = 0;
        if (!c->begun && find(&c->retry, p[i])) {
            c->begun = true;
            g->streams++;
        }
        if (c->begun && !c->told && find(&c->event, p[i])) {
            c->told = true;
            g->told_last = flood_micros();
            if (!g->told++)
                g->told_first = g->told_last;
        }
    }
}

/* False at the end of the connection. */
static bool read_all(struct flood *f, struct connection *c)
{
    char in[16384];
    for (;;) {
        ssize_t got = recv(c->fd, in, sizeof in, 0);
        if (got < 0 && (errno == EAGAIN || errno == EINTR))
            return true;
        if (got <= 0)
            return false;
        look_at(f, c, in, (size_t)got);
    }
}

/* --- what goes out --- */

/* One piece from c->sent on; 1: all of it went, 0: no more room, -1: the connection is gone. */
static int send_piece(struct connection *c, const char *p, size_t n)
{
    while (c->sent < n) {
        ssize_t went = send(c->fd, p + c->sent, n - c->sent, MSG_NOSIGNAL);
        if (went < 0)
            return errno == EAGAIN || errno == EINTR ? 0 : -1;
        c->sent += (size_t)went;
    }
    c->sent = 0;
    return 1;
}

/* At most SEND_MAX repeats at a time, so that the others have their turn. */
static bool write_some(struct flood *f, struct connection *c)
{
    const struct flood_kind *k = f->kind;
    if (!c->dripping && c->repeated == 0) {
        int went = send_piece(c, f->opening, strlen(f->opening));
        if (went <= 0)
            return went == 0;
        c->repeated = 1;
    }
    for (int i = 0; c->repeated <= k->repeats; i++) {
        if (i == SEND_MAX)
            return true; /* the next turn goes on */
        int went = send_piece(c, k->repeat, strlen(k->repeat));
        if (went <= 0)
            return went == 0;
        c->repeated++;
    }
    c->dripping = true;
    return true;
}

static bool is_sending(const struct flood *f, const struct connection *c)
{
    return c->fd >= 0 && c->opened && !c->dripping && f->kind->repeats > 0;
}

static void on_event(struct flood *f, struct connection *c, uint32_t events)
{
    bool alive = true;
    if (c->fd < 0)
        return;
    if (!c->opened && (events & EPOLLOUT) && !(events & (EPOLLERR | EPOLLHUP))) {
        c->opened = true;
        if (++f->figures.open > f->figures.most)
            f->figures.most = f->figures.open;
    }
    if (events & (EPOLLERR | EPOLLHUP))
        alive = false;
    if (f->kind->reads && (events & EPOLLIN))
        alive = read_all(f, c) && alive;
    /* an answer to a broken request is there, although it was not all sent */
    if (alive && c->opened && !write_some(f, c))
        alive = f->kind->reads && read_all(f, c);
    if (!f->kind->reads && (events & EPOLLRDHUP)) { /* the last word is read after all */
        (void)read_all(f, c);
        alive = false;
    }
    if (!alive)
        close_one(f, c);
}

/* Drips, goes on with what has much to send, and opens anew, within bounds. */
static void turn(struct flood *f)
{
    int turns_a_second = 1000 / TURN_MS;
    f->turn++;
    f->allowance = REOPENED_A_SECOND / turns_a_second;
    for (int i = 0; i < f->n; i++) {
        struct connection *c = &f->list[i];
        if (c->fd < 0 && f->allowance-- > 0)
            open_one(f, i);
        else if (is_sending(f, c) && !write_some(f, c))
            close_one(f, c);
        else if (c->fd >= 0 && c->dripping && f->kind->drip &&
                 (i + f->turn) % turns_a_second == 0 &&
                 send(c->fd, f->kind->drip, strlen(f->kind->drip), MSG_NOSIGNAL) < 0 &&
                 errno != EAGAIN)
            on_event(f, c, EPOLLRDHUP);
    }
}

static void *run(void *p)
{
    struct flood *f = p;
    struct epoll_event events[256];
    int64_t next = 0;
    for (bool ended = false; !ended;) {
        int n = epoll_wait(f->epoll, events, 256, TURN_MS / 5);
        pthread_mutex_lock(&f->lock);
        for (int i = 0; i < n; i++)
            on_event(f, &f->list[events[i].data.u32], events[i].events);
        if (flood_micros() >= next) {
            next = flood_micros() + TURN_MS * 1000;
            turn(f);
        }
        ended = f->ended;
        pthread_mutex_unlock(&f->lock);
    }
    return NULL;
}

static void allow_files(int n)
{
    struct rlimit limit;
    rlim_t need = (rlim_t)n + 200;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < need) {
        limit.rlim_cur = need < limit.rlim_max ? need : limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

struct flood *flood_start(const struct flood_kind *kind, int port, int n, const char *cookie)
{
    struct flood *f = calloc(1, sizeof *f);
    allow_files(n);
    if (!f || !(f->list = calloc((size_t)n, sizeof *f->list)))
        give_up("memory");
    f->kind = kind;
    f->n = n;
    f->to = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
    f->to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    f->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (kind->signed_in)
        snprintf(f->opening, sizeof f->opening, "%sCookie: %s\r\n\r\n", kind->opening, cookie);
    else
        snprintf(f->opening, sizeof f->opening, "%s", kind->opening);
    for (int i = 0; i < n; i++)
        f->list[i].fd = -1;
    pthread_mutex_init(&f->lock, NULL);
    if (f->epoll < 0 || pthread_create(&f->thread, NULL, run, f))
        give_up("thread");
    return f;
}

void flood_read(struct flood *f, struct flood_figures *out)
{
    pthread_mutex_lock(&f->lock);
    *out = f->figures;
    pthread_mutex_unlock(&f->lock);
}

void flood_stop(struct flood *f, struct flood_figures *out)
{
    pthread_mutex_lock(&f->lock);
    f->ended = true;
    pthread_mutex_unlock(&f->lock);
    pthread_join(f->thread, NULL);
    *out = f->figures;
    for (int i = 0; i < f->n; i++)
        if (f->list[i].fd >= 0)
            close(f->list[i].fd);
    close(f->epoll);
    pthread_mutex_destroy(&f->lock);
    free(f->list);
    free(f);
}

/* --- the honest client --- */

struct probe {
    int port;
    char request[600];
    pthread_t thread;
    pthread_mutex_t lock;
    bool ended;
    int n, failed;
    double samples[SAMPLES_MAX];
};

static int probe_connect(const struct probe *p)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    struct timeval patience = {.tv_sec = 20};
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((unsigned short)p->port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0)
        give_up("no socket");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0)
        return fd;
    close(fd);
    return -1;
}

/* One whole answer; false when it is none, or not 200. */
static bool probe_ask(int fd, const char *request)
{
    static _Thread_local char in[1 << 19];
    size_t n = 0, length = strlen(request), want = sizeof in;
    if (send(fd, request, length, MSG_NOSIGNAL) != (ssize_t)length)
        return false;
    while (n < want && n + 1 < sizeof in) {
        ssize_t got = recv(fd, in + n, sizeof in - 1 - n, 0);
        if (got <= 0)
            return false;
        in[n += (size_t)got] = 0;
        const char *end = strstr(in, "\r\n\r\n"), *size = strstr(in, "Content-Length: ");
        if (end && size)
            want = (size_t)(end + 4 - in) + strtoul(size + 16, NULL, 10);
    }
    return strncmp(in, "HTTP/1.1 200 ", 13) == 0;
}

static void *probe_run(void *arg)
{
    struct probe *p = arg;
    int fd = -1;
    for (bool ended = false; !ended;) {
        int64_t from = flood_micros();
        if (fd < 0)
            fd = probe_connect(p);
        bool good = fd >= 0 && probe_ask(fd, p->request);
        double took = (double)(flood_micros() - from) / 1000;
        if (!good && fd >= 0) {
            close(fd);
            fd = -1;
        }
        pthread_mutex_lock(&p->lock);
        p->failed += !good;
        if (p->n < SAMPLES_MAX)
            p->samples[p->n++] = took;
        ended = p->ended;
        pthread_mutex_unlock(&p->lock);
        nanosleep(&(struct timespec){.tv_nsec = PROBE_PAUSE_MS * 1000000L}, NULL);
    }
    if (fd >= 0)
        close(fd);
    return NULL;
}

struct probe *probe_start(int port, const char *path, const char *cookie)
{
    struct probe *p = calloc(1, sizeof *p);
    if (!p)
        give_up("memory");
    p->port = port;
    snprintf(p->request, sizeof p->request, "GET %s HTTP/1.1\r\nHost: probe\r\nCookie: %s\r\n\r\n",
             path, cookie);
    pthread_mutex_init(&p->lock, NULL);
    if (pthread_create(&p->thread, NULL, probe_run, p))
        give_up("thread");
    return p;
}

static int by_size(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

void probe_stop(struct probe *p, struct probe_figures *out)
{
    pthread_mutex_lock(&p->lock);
    p->ended = true;
    pthread_mutex_unlock(&p->lock);
    pthread_join(p->thread, NULL);
    qsort(p->samples, (size_t)p->n, sizeof *p->samples, by_size);
    *out = (struct probe_figures){.answers = p->n, .failed = p->failed};
    if (p->n) {
        out->p50_ms = p->samples[p->n / 2];
        out->p99_ms = p->samples[(p->n - 1) * 99 / 100];
        out->most_ms = p->samples[p->n - 1];
    }
    pthread_mutex_destroy(&p->lock);
    free(p);
}
