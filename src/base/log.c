/* log.c - see log.h. */
#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/redact.h"

enum {
    MESSAGE_MAX = 1024,
    LINE_MAX_BYTES = 4096, /* what a pipe takes at once (PIPE_BUF), so that lines do not mix */
    ESCAPED_MAX = 12,      /* of one character: three bytes as \xNN */
};

static _Atomic int lowest = LOG_INFO;
static _Thread_local char request_id[LOG_REQUEST_MAX + 1];
static atomic_ullong counts[LOG_LEVELS];

void log_set_level(enum log_level level)
{
    lowest = level;
}

void log_set_request(const char *id)
{
    snprintf(request_id, sizeof request_id, "%s", id ? id : "");
}

uint64_t log_count(enum log_level level)
{
    return counts[level];
}

/* Bytes of a character that must not stand in a line: control characters (also C1: C2 80 to C2 9F),
 * line and paragraph separator, marks and overrides of direction (E2 80 8E to 8F, A8 to AE; E2 81
 * A6 to A9). 0: it may. */
static size_t steering(const unsigned char *p, size_t left)
{
    if (p[0] < 0x20 || p[0] == 0x7f)
        return 1;
    if (p[0] == 0xC2 && left > 1 && p[1] >= 0x80 && p[1] <= 0x9F)
        return 2;
    if (p[0] != 0xE2 || left < 3)
        return 0;
    bool first = p[1] == 0x80 && (p[2] == 0x8E || p[2] == 0x8F || (p[2] >= 0xA8 && p[2] <= 0xAE));
    bool second = p[1] == 0x81 && p[2] >= 0xA6 && p[2] <= 0xA9;
    return first || second ? 3 : 0;
}

struct line {
    char p[LINE_MAX_BYTES];
    size_t n;
};

static void add(struct line *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void add(struct line *l, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(l->p + l->n, sizeof l->p - l->n, fmt, ap);
    va_end(ap);
    if (n > 0)
        l->n += (size_t)n < sizeof l->p - l->n ? (size_t)n : sizeof l->p - l->n - 1;
}

/* key="text"; room stays for the end of the line. */
static void add_quoted(struct line *l, const char *key, const char *text)
{
    const unsigned char *p = (const unsigned char *)text;
    size_t left = strlen(text), end = sizeof l->p - ESCAPED_MAX - 3;
    if (l->n + strlen(key) + 2 > end)
        return;
    add(l, "%s=\"", key);
    while (left && l->n < end) {
        size_t n = steering(p, left);
        for (size_t i = 0; i < n; i++)
            add(l, "\\x%02x", p[i]);
        if (!n && (*p == '"' || *p == '\\'))
            l->p[l->n++] = '\\';
        if (!n)
            l->p[l->n++] = (char)*p;
        p += n ? n : 1;
        left -= n ? n : 1;
    }
    l->p[l->n++] = '"';
}

/* Plain words stand as they are, all else is quoted. */
static void add_field(struct line *l, const struct log_field *f)
{
    char value[MESSAGE_MAX];
    size_t n = redact(value, sizeof value, f->value);
    bool plain = n > 0;
    for (size_t i = 0; i < n; i++)
        plain = plain && value[i] > 0x20 && value[i] < 0x7f && !strchr("\"\\=", value[i]);
    if (l->n + 1 < sizeof l->p)
        l->p[l->n++] = ' ';
    if (plain && l->n + strlen(f->key) + n + 3 < sizeof l->p)
        add(l, "%s=%s", f->key, value);
    else
        add_quoted(l, f->key, value);
}

static void write_line(enum log_level level, const char *module, const char *message,
                       const struct log_field *fields, size_t n)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    struct line l = {.n = 0};
    char redacted[MESSAGE_MAX];
    struct timespec ts;
    struct tm tm;
    clock_gettime(CLOCK_REALTIME, &ts);
    gmtime_r(&ts.tv_sec, &tm);
    l.n = strftime(l.p, sizeof l.p, "time=%Y-%m-%dT%H:%M:%S", &tm);
    add(&l, ".%03ldZ level=%s module=%s ", ts.tv_nsec / 1000000, names[level], module);
    if (request_id[0])
        add(&l, "req=%s ", request_id);
    redact(redacted, sizeof redacted, str_z(message));
    add_quoted(&l, "msg", redacted);
    for (size_t i = 0; i < n; i++)
        add_field(&l, &fields[i]);
    l.p[l.n++] = '\n';
    if (write(STDERR_FILENO, l.p, l.n) < 0)
        return; /* nowhere left to say it */
}

static bool wanted(enum log_level level)
{
    counts[level]++;
    return (int)level >= lowest;
}

void log_fields(enum log_level level, const char *module, const char *message,
                const struct log_field *fields, size_t n)
{
    if (wanted(level))
        write_line(level, module, message, fields, n);
}

static void write_message(enum log_level level, const char *module, const char *fmt, va_list ap)
    __attribute__((format(printf, 3, 0)));
static void write_message(enum log_level level, const char *module, const char *fmt, va_list ap)
{
    char message[MESSAGE_MAX];
    if (!wanted(level))
        return;
    vsnprintf(message, sizeof message, fmt, ap);
    write_line(level, module, message, NULL, 0);
}

#define LEVEL(fn, level)                                                                           \
    void fn(const char *module, const char *fmt, ...)                                              \
    {                                                                                              \
        va_list ap;                                                                                \
        va_start(ap, fmt);                                                                         \
        write_message(level, module, fmt, ap);                                                     \
        va_end(ap);                                                                                \
    }
LEVEL(log_debug, LOG_DEBUG)
LEVEL(log_info, LOG_INFO)
LEVEL(log_warn, LOG_WARN)
LEVEL(log_error, LOG_ERROR)

void log_fatal(const char *module, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    write_message(LOG_ERROR, module, fmt, ap);
    va_end(ap);
    abort();
}
