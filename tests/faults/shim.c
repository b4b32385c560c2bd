/* shim.c - a library for LD_PRELOAD that makes calls of the system fail: the n-th open, read,
 * write, fsync, rename, truncation, accept, allocation of the program's own code, mmap,
 * getaddrinfo, or recv, send and connect towards one port. It also moves the clock, limits the
 * room of the disk, ends the process at a chosen call, and notes what a loss of power would undo.
 * All of it is steered while the program runs, through a small file of numbers that both sides map
 * (tests/faults/shim.py is the other side and names the words in the same order).
 *
 *   FAULT_CONTROL=FILE  the numbers; without it the library does nothing
 *   FAULT_DIR=DIR       only files below it count for read, write, sync, rename, truncate
 *   FAULT_PORT=N        connections to that port count for recv, send, connect
 *   FAULT_UNDO=DIR      where undo records go; without it none are kept
 *
 * Calls of the C library to itself are not seen (fopen and strdup allocate unseen). Under
 * AddressSanitizer allocations are the sanitizer's and do not come here; all else does. */
#undef _FILE_OFFSET_BITS /* both names of a call are taken below */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* one gate a class of calls */
enum gate_name {
    OPEN,
    READ,
    WRITE,
    SYNC,
    RENAME,
    TRUNCATE,
    ACCEPT,
    MALLOC,
    MMAP,
    RESOLVE,
    RECV,
    SEND,
    CONNECT,
    GATES
};
enum action { FAIL, KILL, TEAR, WAIT }; /* TEAR: do half of the write, then KILL */

struct gate {
    _Atomic int64_t calls;       /* so far */
    _Atomic int64_t first, last; /* numbers of the calls that are hit; 0: none */
    _Atomic int64_t error;       /* errno; the code of getaddrinfo; milliseconds of WAIT */
    _Atomic int64_t action;
    _Atomic int64_t hits;
    _Atomic int64_t unused[2];
};

struct control {
    _Atomic int64_t clock_ms; /* added to the time of day */
    _Atomic int64_t limited;  /* 1: room counts */
    _Atomic int64_t room;     /* bytes that files below FAULT_DIR may still grow */
    _Atomic int64_t unused[5];
    struct gate gates[GATES];
};

enum { FILES = 1 << 16, HANGS_MS = 40000 };

static struct control *control;
static const char *undo_dir;
static char dir[PATH_MAX];
static size_t dir_n;
static uintptr_t own_from, own_to; /* the program's code */
static _Atomic unsigned char ours[FILES], far[FILES]; /* below the directory; to the port */
static int port;
static pthread_mutex_t undo_lock = PTHREAD_MUTEX_INITIALIZER;

/* the function of that name behind ours */
#define REAL(name)                                                                                 \
    ({                                                                                             \
        static void *found;                                                                        \
        if (!found)                                                                                \
            found = dlsym(RTLD_NEXT, #name);                                                       \
        (__typeof__(&name))found;                                                                  \
    })

static int find_program(struct dl_phdr_info *info, size_t size, void *unused)
{
    (void)size;
    (void)unused;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        if (p->p_type == PT_LOAD && (p->p_flags & PF_X)) {
            own_from = info->dlpi_addr + p->p_vaddr;
            own_to = own_from + p->p_memsz;
        }
    }
    return 1; /* the first object is the program */
}

__attribute__((constructor)) static void start(void)
{
    const char *file = getenv("FAULT_CONTROL"), *below = getenv("FAULT_DIR"),
               *to = getenv("FAULT_PORT");
    int fd = file ? open(file, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    undo_dir = getenv("FAULT_UNDO");
    port = to ? (int)strtol(to, NULL, 10) : 0;
    if (below && realpath(below, dir))
        dir_n = strlen(dir);
    dl_iterate_phdr(find_program, NULL);
    void *p = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (p != MAP_FAILED)
        control = p;
}

static void die(void)
{
    kill(getpid(), SIGKILL);
    for (;;)
        pause();
}

static void wait_ms(int64_t ms)
{
    struct timespec t = {ms / 1000, ms % 1000 * 1000000};
    while (nanosleep(&t, &t) != 0 && errno == EINTR)
        ;
}

/* Counts a call. 0: let it pass; else the error it shall have. *tear: write a half and die. */
static int64_t hit(enum gate_name name, bool *tear)
{
    if (!control)
        return 0;
    struct gate *g = &control->gates[name];
    int64_t n = atomic_fetch_add(&g->calls, 1) + 1, first = atomic_load(&g->first);
    if (!first || n < first || n > atomic_load(&g->last))
        return 0;
    atomic_fetch_add(&g->hits, 1);
    switch (atomic_load(&g->action)) {
    case TEAR:
        if (!tear)
            die();
        *tear = true;
        return 0;
    case KILL:
        die();
        return 0;
    case WAIT:
        wait_ms(atomic_load(&g->error));
        return 0;
    default:
        return atomic_load(&g->error);
    }
}

static bool fails(enum gate_name name)
{
    int64_t error = hit(name, NULL);
    if (error)
        errno = (int)error;
    return error != 0;
}

static bool is_ours(int fd)
{
    return control && fd >= 0 && fd < FILES && atomic_load(&ours[fd]);
}

static bool below_dir(const char *path)
{
    return dir_n && path && strncmp(path, dir, dir_n) == 0 &&
           (path[dir_n] == '/' || path[dir_n] == 0);
}

/* --- what a loss of power would undo ---
 * FAULT_UNDO/INODE holds, in order, what was written to that file since its last fsync: records of
 * where, the file's size before, and the bytes that stood there. FAULT_UNDO/created holds the
 * inodes of files whose names are not yet safe, which an fsync of the directory makes. */

struct undo_record {
    int64_t at, size_before, n; /* followed by n bytes */
};

static int undo_open(const char *name, int flags)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", undo_dir, name);
    return open(path, flags | O_CREAT | O_CLOEXEC, 0600);
}

static bool name_of(int fd, char *name, size_t size, struct stat *st)
{
    if (!undo_dir || !is_ours(fd) || fstat(fd, st) != 0)
        return false;
    snprintf(name, size, "%llu", (unsigned long long)st->st_ino);
    return true;
}

/* Before n bytes at that place change, or the file is cut there. */
static void undo_note(int fd, int64_t at, int64_t n)
{
    char name[32];
    struct stat st;
    if (!name_of(fd, name, sizeof name, &st))
        return;
    int64_t left = st.st_size > at ? st.st_size - at : 0;
    struct undo_record r = {at, st.st_size, n < left ? n : left};
    size_t size = sizeof r + (size_t)r.n;
    char *bytes = malloc(size);
    pthread_mutex_lock(&undo_lock);
    int out = undo_open(name, O_WRONLY | O_APPEND);
    bool ok = bytes && out >= 0;
    if (ok) {
        memcpy(bytes, &r, sizeof r);
        ok = REAL(pread64)(fd, bytes + sizeof r, (size_t)r.n, at) == r.n &&
             REAL(write)(out, bytes, size) == (ssize_t)size;
    }
    if (!ok)
        die();
    close(out);
    pthread_mutex_unlock(&undo_lock);
    free(bytes);
}

/* All of the file is on the disk now; of a directory: its names. */
static void undo_forget(int fd)
{
    char name[32];
    struct stat st;
    if (!name_of(fd, name, sizeof name, &st))
        return;
    pthread_mutex_lock(&undo_lock);
    int out = undo_open(S_ISDIR(st.st_mode) ? "created" : name, O_WRONLY | O_TRUNC);
    if (out >= 0)
        close(out);
    pthread_mutex_unlock(&undo_lock);
}

static void undo_created(int fd)
{
    char name[32];
    struct stat st;
    if (!name_of(fd, name, sizeof name, &st))
        return;
    pthread_mutex_lock(&undo_lock);
    int out = undo_open("created", O_WRONLY | O_APPEND);
    if (out < 0 || dprintf(out, "%s\n", name) < 0)
        die();
    close(out);
    pthread_mutex_unlock(&undo_lock);
}

/* --- files --- */

static int opened(int fd, const char *path, int flags, bool is_new)
{
    if (fd < 0 || fd >= FILES)
        return fd;
    atomic_store(&ours[fd], (unsigned char)below_dir(path));
    if ((flags & O_CREAT) && is_new)
        undo_created(fd);
    return fd;
}

static bool missing(const char *path)
{
    struct stat st;
    return undo_dir && stat(path, &st) != 0;
}

static mode_t mode_of(int flags, va_list ap)
{
    return flags & (O_CREAT | O_TMPFILE) ? va_arg(ap, mode_t) : 0;
}

#define OPEN_AS(name)                                                                              \
    int name(const char *path, int flags, ...)                                                     \
    {                                                                                              \
        va_list ap;                                                                                \
        va_start(ap, flags);                                                                       \
        mode_t mode = mode_of(flags, ap);                                                          \
        va_end(ap);                                                                                \
        if (fails(OPEN))                                                                           \
            return -1;                                                                             \
        bool is_new = missing(path);                                                               \
        return opened(REAL(name)(path, flags, mode), path, flags, is_new);                         \
    }
OPEN_AS(open)
OPEN_AS(open64)

#define FOPEN_AS(name)                                                                             \
    FILE *name(const char *path, const char *mode)                                                 \
    {                                                                                              \
        return fails(OPEN) ? NULL : REAL(name)(path, mode);                                        \
    }
FOPEN_AS(fopen)
FOPEN_AS(fopen64)

int close(int fd)
{
    if (fd >= 0 && fd < FILES) {
        atomic_store(&ours[fd], 0);
        atomic_store(&far[fd], 0);
    }
    return REAL(close)(fd);
}

ssize_t read(int fd, void *p, size_t n)
{
    return is_ours(fd) && fails(READ) ? -1 : REAL(read)(fd, p, n);
}

ssize_t pread(int fd, void *p, size_t n, off_t at)
{
    return is_ours(fd) && fails(READ) ? -1 : REAL(pread)(fd, p, n, at);
}

ssize_t pread64(int fd, void *p, size_t n, off64_t at)
{
    return is_ours(fd) && fails(READ) ? -1 : REAL(pread64)(fd, p, n, at);
}

/* Takes the room that the file grows by. False: there is not that much. */
static bool take_room(int fd, int64_t end)
{
    struct stat st;
    if (!atomic_load(&control->limited) || fstat(fd, &st) != 0 || end <= st.st_size)
        return true;
    int64_t grow = end - st.st_size;
    if (atomic_fetch_sub(&control->room, grow) >= grow)
        return true;
    atomic_fetch_add(&control->room, grow);
    errno = ENOSPC;
    return false;
}

static ssize_t write_at(int fd, const void *p, size_t n, int64_t at)
{
    bool tear = false;
    int64_t error = hit(WRITE, &tear);
    if (error) {
        errno = (int)error;
        return -1;
    }
    if (!take_room(fd, at + (int64_t)n))
        return -1;
    undo_note(fd, at, (int64_t)n);
    if (tear) {
        ssize_t half = REAL(pwrite64)(fd, p, n / 2, at);
        (void)half;
        die();
    }
    return REAL(pwrite64)(fd, p, n, at);
}

ssize_t write(int fd, const void *p, size_t n)
{
    if (!is_ours(fd))
        return REAL(write)(fd, p, n);
    off64_t at = lseek64(fd, 0, SEEK_CUR);
    ssize_t done = at < 0 ? -1 : write_at(fd, p, n, at);
    if (done > 0)
        lseek64(fd, at + done, SEEK_SET);
    return done;
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
    return is_ours(fd) ? write_at(fd, p, n, at) : REAL(pwrite)(fd, p, n, at);
}

ssize_t pwrite64(int fd, const void *p, size_t n, off64_t at)
{
    return is_ours(fd) ? write_at(fd, p, n, at) : REAL(pwrite64)(fd, p, n, at);
}

/* A failed fsync may have lost what it should have kept, so its undo records stay. */
#define SYNC_AS(name)                                                                              \
    int name(int fd)                                                                               \
    {                                                                                              \
        if (is_ours(fd) && fails(SYNC))                                                            \
            return -1;                                                                             \
        int rc = REAL(name)(fd);                                                                   \
        if (rc == 0)                                                                               \
            undo_forget(fd);                                                                       \
        return rc;                                                                                 \
    }
SYNC_AS(fsync)
SYNC_AS(fdatasync)

static int cut(int fd, int64_t size)
{
    struct stat st;
    if (is_ours(fd) && fails(TRUNCATE))
        return -1;
    bool counts = is_ours(fd) && fstat(fd, &st) == 0;
    if (counts && st.st_size > size) {
        undo_note(fd, size, st.st_size - size);
        atomic_fetch_add(&control->room, st.st_size - size);
    }
    return REAL(ftruncate64)(fd, size);
}

int ftruncate(int fd, off_t size)
{
    return cut(fd, size);
}

int ftruncate64(int fd, off64_t size)
{
    return cut(fd, size);
}

int rename(const char *from, const char *to)
{
    return below_dir(to) && fails(RENAME) ? -1 : REAL(rename)(from, to);
}

int link(const char *from, const char *to)
{
    return below_dir(to) && fails(RENAME) ? -1 : REAL(link)(from, to);
}

int unlink(const char *path)
{
    struct stat st;
    if (below_dir(path)) {
        if (fails(RENAME))
            return -1;
        if (stat(path, &st) == 0)
            atomic_fetch_add(&control->room, st.st_size);
    }
    return REAL(unlink)(path);
}

/* --- the rest --- */

int accept(int fd, struct sockaddr *from, socklen_t *n)
{
    return fails(ACCEPT) ? -1 : REAL(accept)(fd, from, n);
}

int accept4(int fd, struct sockaddr *from, socklen_t *n, int flags)
{
    return fails(ACCEPT) ? -1 : REAL(accept4)(fd, from, n, flags);
}

static bool is_far(int fd)
{
    return control && fd >= 0 && fd < FILES && atomic_load(&far[fd]);
}

int connect(int fd, const struct sockaddr *to, socklen_t n)
{
    bool counts = port && fd >= 0 && fd < FILES && to->sa_family == AF_INET &&
                  ntohs(((const struct sockaddr_in *)to)->sin_port) == port;
    if (counts && fails(CONNECT))
        return -1;
    if (counts)
        atomic_store(&far[fd], 1);
    return REAL(connect)(fd, to, n);
}

/* A connection that failed once is gone, in both directions. */
static bool breaks(enum gate_name name, int fd)
{
    if (!is_far(fd) || !fails(name))
        return false;
    int error = errno;
    shutdown(fd, SHUT_RDWR);
    errno = error;
    return true;
}

/* the program has a recv of its own (src/http/tap.c) and asks for this one */
ssize_t recvfrom(int fd, void *p, size_t n, int flags, struct sockaddr *from, socklen_t *from_n)
{
    return breaks(RECV, fd) ? -1 : REAL(recvfrom)(fd, p, n, flags, from, from_n);
}

ssize_t send(int fd, const void *p, size_t n, int flags)
{
    return breaks(SEND, fd) ? -1 : REAL(send)(fd, p, n, flags);
}

static bool ends(const char *s, const char *end)
{
    size_t n = s ? strlen(s) : 0, k = strlen(end);
    return n >= k && strcmp(s + n - k, end) == 0;
}

/* Beside the gate: a name below none.test does not exist, for one below hangs.test no name server
 * answers. */
int getaddrinfo(const char *node, const char *service, const struct addrinfo *want,
                struct addrinfo **out)
{
    if (ends(node, ".none.test"))
        return EAI_NONAME;
    if (ends(node, ".hangs.test")) {
        wait_ms(HANGS_MS);
        return EAI_AGAIN;
    }
    int64_t error = hit(RESOLVE, NULL);
    return error ? (int)error : REAL(getaddrinfo)(node, service, want, out);
}

#define MMAP_AS(name, type)                                                                        \
    void *name(void *at, size_t n, int protection, int flags, int fd, type offset)                 \
    {                                                                                              \
        return fails(MMAP) ? MAP_FAILED : REAL(name)(at, n, protection, flags, fd, offset);        \
    }
MMAP_AS(mmap, off_t)
MMAP_AS(mmap64, off64_t)

/* glibc's own names: dlsym would allocate */
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);

static bool no_memory(const void *caller)
{
    uintptr_t at = (uintptr_t)caller;
    return control && at >= own_from && at < own_to && fails(MALLOC);
}

void *malloc(size_t n)
{
    return no_memory(__builtin_return_address(0)) ? NULL : __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
    return no_memory(__builtin_return_address(0)) ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
    return no_memory(__builtin_return_address(0)) ? NULL : __libc_realloc(p, n);
}

/* --- the time of day; clocks that measure durations are left alone --- */

int clock_gettime(clockid_t id, struct timespec *t)
{
    int rc = REAL(clock_gettime)(id, t);
    int64_t ms = control ? atomic_load(&control->clock_ms) : 0;
    if (rc != 0 || !ms || (id != CLOCK_REALTIME && id != CLOCK_REALTIME_COARSE))
        return rc;
    int64_t ns = t->tv_nsec + ms % 1000 * 1000000;
    int64_t carry = ns < 0 ? -1 : ns >= 1000000000 ? 1 : 0;
    t->tv_sec += ms / 1000 + carry;
    t->tv_nsec = ns - carry * 1000000000;
    return 0;
}

int gettimeofday(struct timeval *t, void *zone)
{
    struct timespec now;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0)
        return -1;
    *t = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
    return 0;
}

time_t time(time_t *out)
{
    struct timespec now = {0};
    clock_gettime(CLOCK_REALTIME, &now);
    if (out)
        *out = now.tv_sec;
    return now.tv_sec;
}
