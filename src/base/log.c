/* log.c - see log.h. */
#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static _Atomic int lowest = LOG_INFO;
static _Thread_local char request_id[32];

void log_set_level(enum log_level level)
{
    lowest = level;
}

void log_set_request(const char *id)
{
    snprintf(request_id, sizeof request_id, "%s", id ? id : "");
}

static size_t quote(char *out, size_t max, const char *s)
{
    size_t n = 0;
    for (; *s && n + 5 < max; s++) {
        unsigned char c = (unsigned char)*s;
        if (c == '"' || c == '\\') {
            out[n++] = '\\';
            out[n++] = *s;
        } else if (c < 0x20 || c == 0x7f) {
            n += (size_t)snprintf(out + n, max - n, "\\x%02x", c);
        } else {
            out[n++] = *s;
        }
    }
    return n;
}

static void write_line(enum log_level level, const char *module, const char *fmt, va_list ap)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    if ((int)level < lowest)
        return;
    char message[1024], line[2048];
    vsnprintf(message, sizeof message, fmt, ap);
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    struct tm tm;
    gmtime_r(&ts.tv_sec, &tm);
    size_t n = strftime(line, sizeof line, "time=%Y-%m-%dT%H:%M:%S", &tm);
    n += (size_t)snprintf(line + n, sizeof line - n, ".%03ldZ level=%s module=%s ",
                          ts.tv_nsec / 1000000, names[level], module);
    if (request_id[0])
        n += (size_t)snprintf(line + n, sizeof line - n, "req=%s ", request_id);
    n += (size_t)snprintf(line + n, sizeof line - n, "msg=\"");
    n += quote(line + n, sizeof line - n - 3, message);
    line[n++] = '"';
    line[n++] = '\n';
    if (write(STDERR_FILENO, line, n) < 0)
        return; /* nowhere left to say it */
}

#define LEVEL(fn, level)                                                                           \
    void fn(const char *module, const char *fmt, ...)                                              \
    {                                                                                              \
        va_list ap;                                                                                \
        va_start(ap, fmt);                                                                         \
        write_line(level, module, fmt, ap);                                                        \
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
    write_line(LOG_ERROR, module, fmt, ap);
    va_end(ap);
    abort();
}
